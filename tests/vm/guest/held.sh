#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: held.sh MODULE      level held; MODULE is the test module's file
#
# What began before lockscope did, what is quiet, what leaks, a module that goes and
# comes back, long holds, and at the end the deadlocks whose holders only held stacks
# know. Leaves what scenarios.sh leaves; tests/vm/check judges. The times at which
# phases ended are in /out/marks, as seconds since boot.
. ./lib.sh

# Where lockscope looks for the module's debug info; /out/libdw says whether it can read it.
mkdir -p "/lib/modules/$(uname -r)/extra"
cp "$1" "/lib/modules/$(uname -r)/extra/" || fail "cannot install the module"
find /usr/lib /lib -name 'libdw.so.1' 2>/dev/null >/out/libdw

mark() { echo "$1 $(cut -d' ' -f1 /proc/uptime)" >>/out/marks; }

# Roles of scenarios that user tasks play, in the background: their ids in $roles.
run_roles() {
	roles=
	for role in $2; do
		(echo "run $1 $role" >$ctl) 2>/dev/null &
		roles="$roles $!"
	done
}

# What is already held and waited for when lockscope comes.
before() {
	start long_hold_queue
	run_roles mutex_killable_abba "0 1"
	await 30 truth_says mutex_killable_abba formed true || fail "mutex_killable_abba did not form"
	echo "start semaphore_early_holder" >$ctl || fail "start semaphore_early_holder"
	await 30 truth_says semaphore_early_holder holds '\[{' ||
		fail "semaphore_early_holder: none held"
}

# Once lockscope runs: two more join the holder of the semaphore, then all of it ends.
after() {
	echo "go semaphore_early_holder" >$ctl
	await 30 truth_says semaphore_early_holder formed true || fail "semaphore_early_holder did not form"
	for s in long_hold_queue mutex_killable_abba semaphore_early_holder; do
		truth $s >>/out/before.ndjson
	done
	sleep 7 # what is only likely has to stand for 5 s
	kill -9 $roles
	stop semaphore_early_holder
	stop long_hold_queue
	mark before
}

# A frozen file system stays frozen when the one that froze it is gone.
freeze() {
	mkdir -p /tmp/fs
	dd if=/dev/zero of=/tmp/image bs=1M count=16 2>/dev/null
	mke2fs -q -F /tmp/image >/dev/null 2>&1 && mount -o loop /tmp/image /tmp/fs ||
		fail "no file system to freeze"
	fsfreeze --freeze /tmp/fs || fail "fsfreeze"
	echo x >/tmp/fs/file &
	writer=$!
	sleep 3
	fsfreeze --unfreeze /tmp/fs || fail "fsfreeze --unfreeze"
	wait $writer
	umount /tmp/fs
	mark freeze
}

leaks() {
	start leak_exit
	keep_truth leak_exit
	await 10 both_any leak leak_exit
	start leak_read
	keep_truth leak_read
	await 10 both_any leak leak_read
	(echo "run leak_return 0" >$ctl; exec sleep 1000) &
	leaker=$!
	await 30 truth_says leak_return formed true || fail "leak_return did not form"
	keep_truth leak_return
	await 15 both_any leak leak_return
	kill $leaker
	wait $leaker
}

# The same code at the same addresses, most of the time, with locks that are all new.
reload() {
	cat /sys/module/lk_test/sections/.text >/out/text.1
	rmmod lk_test || fail "rmmod"
	mark rmmod
	insmod "$1" || fail "insmod again"
	cat /sys/module/lk_test/sections/.text >/out/text.2
}

# One that ends: until lockscope has found what it should, at most SECONDS.
# passing NAME SECONDS KIND
passing() {
	start "$1"
	keep_truth "$1"
	await "$2" both_any "$3" "$1"
	stop "$1"
}

before
# Emulated processors stand still for tens of ms with whatever they hold.
watch_and_record --level held --spin --long-spin 1000
after
quiet_ones
freeze
leaks
reload "$1"

# A module's names come when lockscope has read them: a revision then tells.
named() {
	grep '"kind":"long_hold"' "$1" | grep -E "$(any_tid long_hold_queue)" |
		grep -q '"module":"lk_test"'
}
both_named() { named /out/watch.ndjson && named /tmp/record.findings; }
start long_hold_queue
keep_truth long_hold_queue
await 30 both_named
stop long_hold_queue
await 10 has '"kind":"long_hold".*"state":"closed"' /out/watch.ndjson
for s in completion_cycle mutex_nest60; do passing $s 15 long_wait; done
start semaphore_timeout_abba
keep_truth semaphore_timeout_abba
await 20 truth_says semaphore_timeout_abba ended true

quiet="semaphore_free_holder semaphore_gone_holder"
stuck="mutex_abba mixed_cycle8 semaphore_abba semaphore_all_stuck rwsem_rw_abba rwsem_rdwr_abba
	rwsem_reader_first rwsem_reader_last rwsem_recursive_read percpu_rwsem_ww_abba
	percpu_rwsem_rw_abba"
for s in $quiet $stuck; do start $s; done
for s in $quiet $stuck; do keep_truth $s; done
all_found() {
	for s in $stuck; do
		case $s in
		percpu_rwsem_rw_abba) both long_wait $s || return 1 ;;
		*) both_any deadlock $s || return 1 ;;
		esac
	done
}
await 40 all_found
sleep 2
for s in $quiet; do stop $s; done
end_and_report
# Statistics with far too little room.
lockscope stat --level held --max-locks 16 --json -o /out/few.ndjson -- \
	sh -c 'ls -lR /sys/kernel >/dev/null; true' >/out/few.out 2>/out/few.err
echo "stat exit $?" >>/out/status
exit 0
