#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: userstack.sh [LIBDW]
# A deadlock of two pthread mutexes in known functions, seen with libdw, where there is
# one, and without. Leaves in /out truth.json, with.json, with.txt, without.json, judged by
# tests/vm/check.
. ./lib.sh

userstack >/out/truth.json &
await 20 test -s /out/truth.json || fail "userstack does not start"
if [ -n "$1" ]; then
	# libdw is read from a disk that is memory, but by a slow processor
	lockscope snapshot --json --for 8 >/out/with.json 2>/out/with.err
	echo "with exit $?" >>/out/status
	lockscope snapshot --for 8 >/out/with.txt 2>&1
	rm "$1"
fi
lockscope snapshot --json --for 4 >/out/without.json 2>/out/without.err
echo "without exit $?" >>/out/status
exit 0
