#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Threads of nobody's that plant what looks like a lock and its owner, or like a waiter in
# the queue of one: nothing that rests on it is certain.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

FAKEWAIT=$O/tests/load/fakewait

# fake MODE [STDIN]: what it says of itself is in $T/fake.json
fake() {
	background fake "$FAKEWAIT" "$@"
	await test -s "$T/fake.json"
}

# waits_in NR: both of its threads are in that system call
waits_in() {
	local tid
	for tid in $(of fake '.tids[]'); do
		await grep -q "^$1 " "/proc/$tid/syscall"
	done
}

# nothing_certain: no command says so of anything that these threads are in
nothing_certain() {
	local by='any(.. | .tid? // empty; IN($f.tids[]))'
	none_seen "$T/watch.json" "$(of_scene fake '.confidence == "certain" or .root_confidence == "certain"
		or any(.edges[]?; .certainty == "certain")')"
	"$LOCKSCOPE" snapshot --json --long-wait 100 >"$T/snapshot.json"
	"$LOCKSCOPE" diagnose --json --long-wait 100 >"$T/diagnose.json" || [ $? = 3 ]
	for file in snapshot diagnose; do
		jq -e --argjson f "$(cat "$T/fake.json")" "all(.findings[] | select($by);
			.confidence != \"certain\" and .root_confidence != \"certain\")" "$T/$file.json"
	done
	check_schema --snapshot "$T/snapshot.json"
	# no lock is said to be surely held by one of them, none of the kernel's to be waited for
	jq -e --argjson f "$(cat "$T/fake.json")" '
		all(.tasks[] | select(IN(.tid; $f.tids[])); all(.holds[]; .certainty != "certain")
			and (.wait == null or .wait.kind == "futex"))
		and all(.locks[] | select(any((.owners + .waiters)[]; IN($f.tids[]))); .kind == "futex")' \
		"$T/snapshot.json"
}

# lies MODE: its two threads seem to wait for each other, which is believed as far as one's
# own memory is: likely
lies() {
	fake "$1"
	waits_in 202
	lockscope watch watch --json --long-wait 100
	F=$(seen watch "$(of_scene fake '.kind == "deadlock"')")
	jq -en --argjson f "$F" --argjson s "$(cat "$T/fake.json")" '$f.confidence == "likely"
		and ([$f.members[].tid] | sort) == ($s.tids | sort)'
	nothing_certain
}

@test "mutexes whose owner is said to be another thread" {
	lies mutex
}

@test "rwlocks whose writer is said to be another thread" {
	lies rwlock
}

@test "words as of PI futexes, without PI" {
	lies pi
}

# The kernel believes the word: it makes that thread the owner of an rt_mutex, and the others
# do wait for it.  That it is a lock of this thread is the program's word.
@test "a PI futex that names a thread which has not locked it" {
	fake lock-pi
	waits_in 202
	lockscope watch watch --json --long-wait 100
	F=$(seen watch "$(of_scene fake '.kind == "long_wait"')")
	jq -en --argjson f "$F" --argjson s "$(cat "$T/fake.json")" '$f.locks[0].kind == "rt_mutex"
		and $f.root.tid == $s.pids[0] and $f.root_confidence == "likely"'
	none_seen "$T/watch.json" "$(of_scene fake '.kind != "long_wait" and .confidence == "certain"')"
	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	jq -e --argjson s "$(cat "$T/fake.json")" 'any(.tasks[]; .tid == $s.pids[0]
		and any(.holds[]; .kind == "rt_mutex" and .certainty == "likely"))
		and any(.locks[]; .owners == $s.pids and (.evidence | test("a program named in a PI futex")))' \
		"$T/snapshot.json"
}

# With the addresses that it would have to know: the test gives them away.
@test "bits of select() that look like a waiter in a kernel lock's queue in user memory" {
	slow_at() {
		awk -v f="^($1)([.].*)?\$" '$2 ~ /[tT]/ && $3 ~ f { print $1; exit }' /proc/kallsyms
	}
	mkfifo "$T/addresses"
	background fake bash -c "exec '$FAKEWAIT' ring <'$T/addresses'"
	exec 5>"$T/addresses"
	await test -s "$T/fake.json"
	printf '%x %x %s\n' $((0x$(slow_at '__mutex_lock|__mutex_lock_slowpath') + 0x10)) \
		$((0x$(slow_at rwsem_down_write_slowpath) + 0x10)) \
		"$("$O/tests/live/task_address" $(of fake '.tids[]'))" >&5
	exec 5>&-
	waits_in 270
	lockscope watch watch --json --long-wait 100
	scene scene flock-abba
	seen watch "$(of_scene scene '.kind == "deadlock"')" >/dev/null
	none_seen "$T/watch.json" "$(of_scene fake '.kind != ""')"
	nothing_certain
}
