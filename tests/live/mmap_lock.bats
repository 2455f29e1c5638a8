#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# A process whose mmap_lock is stuck: on a file system that is frozen for the time of the
# test, one thread waits with a page fault, and another to unmap that page.

load helpers

setup() {
	live_setup
	IMAGE=$T/image
	MOUNTED=$T/mnt
	mkdir "$MOUNTED"
	truncate -s 16M "$IMAGE"
	mkfs.ext4 -q -F "$IMAGE"
	mount -o loop "$IMAGE" "$MOUNTED"
}

teardown() {
	fsfreeze --unfreeze "$MOUNTED" 2>/dev/null || true
	live_teardown
	umount "$MOUNTED"
}

# answers: the process's memory can be read
answers() {
	timeout -s KILL 0.3 head -c 1 "/proc/$1/cmdline"
}

# children PID: not by pgrep, which reads the command line of every process
children() {
	grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d/ -f3 | xargs
}

@test "the memory of a process does not answer: it is said, and everything else goes on" {
	background stuck "$O/tests/load/mmapstuck" "$MOUNTED/file"
	await test -s "$T/stuck.json"
	pid=$(head -n 1 "$T/stuck.json" | jq .pid)
	blocked=$(head -n 1 "$T/stuck.json" | jq -c .blocked)
	fsfreeze --freeze "$MOUNTED"
	kill -USR1 "$pid"
	await grep -q '"stuck":true' "$T/stuck.json"
	! answers "$pid"

	scene other mutex-abba
	lockscope record record -o "$T/record.json"
	seen record "$(of_scene other '.kind == "deadlock" and .confidence == "likely"')"
	await grep -q "\"unread_pid\":$pid\b" "$T/record.json"
	none_seen "$T/record.json" "any(.. | .tid? // empty; IN($blocked[]))"
	# ends at once, leaves nothing behind
	helpers=$(children "$PID")
	[ "$(cat "/proc/${helpers%% *}/comm")" = lockscope-probe ]
	started=$SECONDS
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	[ $((SECONDS - started)) -lt 5 ]
	for helper in $helpers; do await test ! -e "/proc/$helper"; done
	check_stream "$T/record.json" complete
	# nor is its waiting for that memory a part of what was seen
	none_seen "$T/record.json" 'any(.. | .comm? // empty; . == "lockscope-probe")'
	run "$LOCKSCOPE" snapshot
	[ "$status" -eq 0 ]
	[[ $output == *"the memory of process $pid did not answer"* ]]

	# once it answers, its deadlock is named too
	fsfreeze --unfreeze "$MOUNTED"
	await answers "$pid"
	lockscope watch watch --json
	seen watch ".kind == \"deadlock\" and ([.cycle[].tid] | sort) == ($blocked | sort)"
}
