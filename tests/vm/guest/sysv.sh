#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# SysV semaphores: a deadlock, and what may be one as well as idle. Leaves in /out each scene's
# truth, watch.ndjson, snapshot.json; judged by tests/vm/check.
. ./lib.sh

if [ ! -e /proc/sysvipc/sem ]; then
	echo none >/out/status
	exit 0
fi
for s in abba plain given idle; do
	filedeadlock sysv-$s --dir /tmp >/out/$s.truth 2>/out/$s.err &
	eval "$s=$!"
done
for s in abba plain given idle; do
	await 20 test -s /out/$s.truth || fail "$s did not form: $(cat /out/$s.err)"
done

numbers() { sed "s/.*\"$1\":\[\([0-9,]*\)\].*/\1/" /out/abba.truth | tr ',' ' '; }
victim=$(numbers pids | cut -d' ' -f1)
told() { grep '"kind":"deadlock"' /out/watch.ndjson | grep "\"state\":\"$1\"" | grep -q "\"tid\":$victim,"; }

lockscope watch --json --long-wait 200 >/out/watch.ndjson 2>/out/watch.err &
watch=$!
comes_up $watch watch
await 30 told open
lockscope snapshot --json --long-wait 200 --for 15 >/out/snapshot.json 2>/out/snapshot.err
echo "snapshot exit $?" >>/out/status
kill -KILL $victim
await 20 told closed
kill -INT $watch
wait $watch
echo "watch exit $?" >>/out/status
# shellcheck disable=SC2154
kill -TERM $abba $plain $given $idle
wait $abba $plain $given $idle
# the header line is all that is left of them
await 10 test "$(wc -l </proc/sysvipc/sem)" = 1
wc -l </proc/sysvipc/sem >/out/sets
exit 0
