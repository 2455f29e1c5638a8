#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Every scenario of the test module under `watch` and `record`. Leaves in /out
# watch.ndjson, record.ndjson, report.ndjson, truth.ndjson; what they must say is
# judged outside (tests/vm/check). Only waits for things to happen, judges nothing.
. ./lib.sh

list=/proc/lk_test/list
names() { sed -n "s/^{\"scenario\":\"\([^\"]*\)\".*$1.*/\1/p" $list; }
keep_truth() { truth "$1" >>/out/truth.ndjson; }

lockscope watch --json >/out/watch.ndjson 2>/out/watch.err &
watch=$!
lockscope record -o /out/record.ndjson 2>/out/record.err &
record=$!
await 60 started /out/watch.ndjson || fail "watch did not start: $(cat /out/watch.err)"
await 60 started /out/record.ndjson || fail "record did not start: $(cat /out/record.err)"

start() {
	echo "start $1 $2" >$ctl || fail "start $1"
	await 30 truth_says "$1" formed_once true || fail "$1 did not form"
}
stop() {
	echo "stop $1" >$ctl || fail "stop $1"
	await 30 truth_says "$1" ended true || fail "$1 did not end"
}

# Both commands have to have seen it: they read at their own times.
both() {
	found "$1" "$2" /out/watch.ndjson && found "$1" "$2" /out/record.ndjson
}

# Those that are judged by a finding wait for it; absence shows in the check.
expect() {
	case $(truth "$1") in
	*'"expect":"deadlock","owners":"none"'*) await 10 both long_wait "$1" ;;
	*'"expect":"deadlock"'*) await 20 both deadlock "$1" ;;
	*'"expect":"root"'*) await 15 both long_wait "$1" ;;
	*'"expect":"long_spin"'*) await 10 has long_spin /out/watch.ndjson ;;
	esac
}

# The quiet ones have to have had their chance: many rounds under contention.
busy() { [ "$(truth "$1" | sed 's/.*"loops":\([0-9]*\).*/\1/')" -ge 200 ]; }

for s in $(names '"expect":"quiet"'); do
	start "$s"
	case $s in *cross_release) ;; *) await 20 busy "$s" || fail "$s made no rounds" ;; esac
	keep_truth "$s"
	stop "$s"
done

for s in spin_long rwlock_long; do
	start "$s" 1500
	keep_truth "$s"
	expect "$s"
	await 30 truth_says "$s" ended true
done

for s in mutex_killable_abba mutex_interruptible_abba; do
	(echo "run $s 0" >$ctl) 2>/dev/null &
	victim=$!
	(echo "run $s 1" >$ctl) &
	other=$!
	await 30 truth_says "$s" formed true || fail "$s did not form"
	keep_truth "$s"
	await 20 both deadlock "$s"
	kill -9 $victim
	wait $other
	await 15 has "\"kind\":\"deadlock\".*\"state\":\"closed\".*\"tid\":$victim," /out/watch.ndjson
done

for s in long_hold_queue mutex_chain completion_cycle semaphore_timeout_abba; do
	start "$s"
	keep_truth "$s"
	expect "$s"
	[ "$s" = semaphore_timeout_abba ] || stop "$s"
done

for s in $(names '"expect":"deadlock".*"stuck":true'); do
	start "$s"
	keep_truth "$s"
	expect "$s"
done

kill -INT $watch $record
wait $watch; echo "watch exit $?" >/out/status
wait $record; echo "record exit $?" >>/out/status
lockscope report --json /out/record.ndjson >/out/report.ndjson 2>/out/report.err
echo "report exit $?" >>/out/status
lockscope report /out/record.ndjson >/out/report.txt 2>&1
lockscope features >/out/features.txt 2>&1
exit 0
