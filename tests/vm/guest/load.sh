#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: load.sh SECONDS      a file-system, fork and mmap load; nothing is wrong
. ./lib.sh

dir=/tmp/fs
patient_rcu
mkdir -p $dir
dd if=/dev/zero of=/tmp/image bs=1M count=64 2>/dev/null
if mke2fs -q -F /tmp/image 2>/dev/null; then mount -o loop /tmp/image $dir 2>/dev/null; fi

lockscope watch --json >/out/watch.ndjson 2>/out/watch.err &
watch=$!
lockscope record -o /out/record.ndjson --stacks sample 2>/out/record.err &
record=$!
await 60 started /out/watch.ndjson || fail "watch did not start: $(cat /out/watch.err)"
await 60 started /out/record.ndjson || fail "record did not start: $(cat /out/record.err)"

pids=
for l in fs fork mmap rename pipe flock; do
	lockload $l -t 3 -s "$1" --dir $dir >/out/load.$l 2>&1 &
	pids="$pids $!"
done
wait $pids
kill -INT $watch $record
wait $watch; echo "watch exit $?" >/out/status
wait $record; echo "record exit $?" >>/out/status
# Most of a recording of such a load is waits of the same tasks for the same locks: one of
# each is enough, however short: both tracers time a wait for themselves, and an emulated
# processor may lose its turn between their two programs.
grep -v '"type":"agg"' /out/record.ndjson | awk '
	function member(name) { return match($0, "\"" name "\":[^,}]*") ? substr($0, RSTART, RLENGTH) : "" }
	/"type":"wait"/ { key = member("tid") member("lock"); if (key in seen) next; seen[key] = 1 }
	{ print }' >/out/record.long.ndjson
tail -3 /out/record.ndjson >/out/record.tail
rm -f /out/record.ndjson
grep -c . /out/load.* >/dev/null || fail "no load ran"
exit 0
