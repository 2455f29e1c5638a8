#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Runs in a test guest with lk_test loaded: every scenario forms, those that
# can end do end, the module leaves cleanly between, and the truth it tells is
# consistent. Leaves /out/truth.ndjson and /out/stacks. Exit 1: see stdout.

ctl=/proc/lk_test/ctl
failed=0
fail() { echo "FAIL $*"; failed=1; }
field() { sed -n "s/.*\"scenario\":\"$1\".*\"$2\":\([^,]*\),.*/\1/p" /proc/lk_test/truth; }
names() { sed -n "s/^{\"scenario\":\"\([^\"]*\)\".*$1.*/\1/p" /proc/lk_test/list; }

# await NAME FIELD VALUE
await() {
	n=0
	until grep -q "\"scenario\":\"$1\".*\"$2\":$3" /proc/lk_test/truth; do
		n=$((n + 1))
		[ $n -lt 100 ] || { fail "$1: $2 never became $3"; return 1; }
		usleep 50000
	done
}

keep_truth() { grep "\"scenario\":\"$1\"" /proc/lk_test/truth | tee -a /out/truth.ndjson; }

start() { echo "start $1" >$ctl || fail "start $1"; }

# Those that end: start, await, stop, twice, so that a second start works too.
bounded() {
	for s in $(names '"stuck":false,"users":false'); do
		for round in 1 2; do
			start "$s"
			echo "go $s" >$ctl
			await "$s" formed_once true
			[ $round = 2 ] || keep_truth "$s"
			echo "stop $s" >$ctl || fail "stop $s"
			await "$s" ended true
		done
	done
}

# Two user tasks, the first of them killed out of the cycle.
killable() {
	for s in mutex_killable_abba mutex_interruptible_abba; do
		(echo "run $s 0" >$ctl) 2>/dev/null &
		victim=$!
		(echo "run $s 1" >$ctl) &
		other=$!
		await "$s" formed true
		keep_truth "$s"
		kill -9 $victim
		wait $other || fail "$s: the other did not go on"
		await "$s" ended true
		keep_truth "$s" | grep -q '"result":-4' || fail "$s: no -EINTR"
	done
}

# A user task that comes back from a system call with a lock still held.
leak() {
	(echo "run leak_return 0" >$ctl; exec sleep 1000) &
	await leak_return formed true
	keep_truth leak_return | grep -q "\"tid\":$!,.*\"holds\":\[{" || fail "leak_return"
	kill $!
}

stacks() {
	for t in $(tr '{' '\n' <"$1" | sed -n 's/^"tid":\([0-9]*\).*/\1/p'); do
		[ -e /proc/$t ] || continue # ended
		echo "== $t $(cat /proc/$t/comm)"
		cat /proc/$t/stack
	done
}

# Those that never end, all of them at once at the end.
stuck() {
	for s in $(names '"stuck":true'); do
		start "$s"
		await "$s" formed true
	done
	for s in $(names '"stuck":true'); do
		keep_truth "$s"
		[ "$(field "$s" formed)" = true ] || fail "$s: not formed any more"
		echo "stop $s" >$ctl 2>/dev/null && fail "stop $s: must be refused"
	done
	grep '"stuck"' /proc/lk_test/list >/dev/null && stacks /proc/lk_test/truth >/out/stacks
	rmmod lk_test 2>/dev/null && fail "rmmod with stuck tasks"
}

bounded
killable
leak
if [ -n "$1" ]; then # the module's file: leave and come back
	rmmod lk_test || fail "rmmod"
	insmod "$1" || fail "insmod again"
fi
stuck
[ $failed = 0 ] && echo "all $(wc -l </proc/lk_test/list) scenarios formed"
exit $failed
