#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: load.sh SECONDS      a file-system, fork and mmap load; nothing is wrong
. ./lib.sh

dir=/tmp/fs
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
# Most of a recording of such a load is short waits: only what findings need comes out.
grep -v '"type":"agg"' /out/record.ndjson | awk '
	/"type":"wait"/ { if (match($0, /"wait_ns":[0-9]+/) && substr($0, RSTART + 10, RLENGTH - 10) + 0 < 5000000) next }
	{ print }' >/out/record.long.ndjson
tail -3 /out/record.ndjson >/out/record.tail
rm -f /out/record.ndjson
grep -c . /out/load.* >/dev/null || fail "no load ran"
exit 0
