#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A lock nobody contends for, with and without lockscope, in turn. Leaves
# /out/runs.ndjson. There is one CPU, and its clock counts instructions.
. ./lib.sh

work="lockload uncontended -n 100000 --json"
keep() { echo "{\"tracer\":\"$1\",\"load\":$2}" >>/out/runs.ndjson; }

$work >/dev/null || fail "no load"
for round in 1 2 3; do
	keep none "$($work)"
	keep lockscope "$(lockscope stat -q -o /dev/null -- $work)"
done
exit 0
