#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Level held with --spin: who holds the locks that others spin on. The spinning tasks
# keep the processors 2 and 3 to themselves for some seconds. Then holders again, through
# kprobes. Leaves what scenarios.sh leaves, and what those commands said.
. ./lib.sh

# Nor may lockscope be what an interrupt on one of them has interrupted.
taskset -p 3 $$ >/dev/null
# An emulated processor stands still for tens of ms with whatever it holds: what counts
# as long has to be more than that.
watch_and_record --level held --spin --long-spin 300

# spin NAME KIND...: until both have found each, for 12 s at most.
spin() {
	name=$1
	start $name 12000
	keep_truth $name
	shift
	for kind in "$@"; do await 15 both_any $kind $name; done
	stop $name
}

spin spin_long long_spin long_hold
spin rwlock_long long_spin long_hold
spin spin_abba deadlock
spin rwlock_abba deadlock
spin spin_irq deadlock

(echo "run sleep_in_atomic 0" >$ctl) &
sleeper=$!
await 30 truth_says sleep_in_atomic holds '\[{' || fail "sleep_in_atomic: no spinlock held"
keep_truth sleep_in_atomic
echo "go sleep_in_atomic" >$ctl || fail "go sleep_in_atomic"
wait $sleeper
await 10 both_any sleep_in_atomic sleep_in_atomic
sleep 1
end_and_report

# fallback HOOKS: where fentry is refused, the same is seen through kprobes.
fallback() {
	lockscope watch --json --level held --spin --long-spin 300 --hooks $1 >/out/$1.ndjson 2>/out/$1.err &
	watch=$!
	comes_up $watch $1
	for s in long_hold_queue spin_long; do
		start $s 12000
		truth $s >>/out/$1.truth
		await 20 found_any long_hold $s /out/$1.ndjson
		stop $s
	done
	kill -INT $watch
	wait $watch
	echo "watch $1 exit $?" >>/out/status
}
case $(uname -r) in
6.1.*) # built without fprobe
	lockscope watch --level held --spin --hooks kprobe-multi >/dev/null 2>/out/kprobe-multi.err
	echo $? >/out/kprobe-multi.refused
	;;
*) fallback kprobe-multi ;;
esac
fallback kprobe
exit 0
