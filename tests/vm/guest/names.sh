#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: names.sh SECONDS      the test module's locks under record, then loads on locks of
#                              known names, each under stat
. ./lib.sh
seconds=$1

lockscope record -o /out/module.ndjson 2>/out/module.err &
record=$!
await 60 started /out/module.ndjson || fail "record did not start: $(cat /out/module.err)"
echo run >/proc/lk_names/ctl || fail "the module's locks were not waited for"
cat /proc/lk_names/truth >/out/truth.ndjson
ls /sys/kernel/btf >/out/btf
kill -INT $record
wait $record; echo "record exit $?" >/out/status
lockscope report --json /out/module.ndjson >/out/report.ndjson 2>/out/report.err
echo "report exit $?" >>/out/status

dir=/tmp/fs
mkdir -p $dir
dd if=/dev/zero of=/tmp/image bs=1M count=64 2>/dev/null
if mke2fs -q -F /tmp/image 2>/dev/null; then mount -o loop /tmp/image $dir 2>/dev/null; fi

# One start for loads whose locks cannot be taken for each other's.
loads() {
	group=$1 script=
	shift
	for load; do
		script="$script lockload $load -s $seconds --dir $dir || exit 1;"
	done
	# The command is waited for, however slow the machine.
	lockscope stat --json -o /out/$group.ndjson -- sh -c "$script" >/out/$group.out \
		2>/out/$group.err || fail "$group: $(cat /out/$group.err)"
}

loads files rename mmap
loads pipes pipe messaging fs
loads processes shared-offset fork socket
loads others unix-read sigmask futex-bucket
exit 0
