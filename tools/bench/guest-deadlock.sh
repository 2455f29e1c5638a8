#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Deadlocks whose lock words name the owners, one after another, under `watch`.
# Leaves in /out watch.ndjson and the scenarios' names.
. ./lib.sh

lockscope watch --json >/out/watch.ndjson 2>/out/watch.err &
watch=$!
await 60 started /out/watch.ndjson || fail "watch did not start: $(cat /out/watch.err)"
for kind in mutex rwsem rt_mutex ww_mutex mixed; do
	for shape in abba cycle3 cycle8; do
		s=${kind}_$shape
		grep -q "\"scenario\":\"$s\"" /proc/lk_test/list || continue
		echo "start $s" >$ctl || fail "start $s"
		await 30 truth_says "$s" formed_once true || fail "$s did not form"
		echo "$s" >>/out/scenarios
		await 15 found deadlock "$s" /out/watch.ndjson
	done
done
kill -INT $watch
wait $watch
exit 0
