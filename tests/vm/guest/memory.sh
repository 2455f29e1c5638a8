#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The memory behind waits of every kind, for the unit tests of the search for earlier waits.
# Leaves in /out: memory.txt, memory.err. The recipe is in tests/unit/memory/README.
. ./lib.sh

record_memory 1000 60 >/out/memory.txt 2>/out/memory.err &
recorder=$!
await 60 has ready /out/memory.err
start mutex_chain
for s in $(names '"expect":"deadlock".*"stuck":true'); do
	case $s in rt_mutex*) ;; *) start "$s" ;; esac
done
wait $recorder || fail "record_memory: $(cat /out/memory.err)"
exit 0
