#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# The whole triage: a machine that is well, one with a deadlock, one whose file system
# is frozen and a process whose memory is stuck.

load helpers

setup() { live_setup; }
teardown() {
	thaw
	live_teardown
	! mountpoint -q "$T/mnt" || await umount "$T/mnt"
}

thaw() { ! mountpoint -q "$T/mnt" || fsfreeze --unfreeze "$T/mnt" 2>/dev/null || true; }

# freeze: a file system of its own, frozen, with a process in it whose memory is stuck
# and another that wants to write; who they are is in $T/stuck.json and $WRITER
freeze() {
	mkdir "$T/mnt"
	truncate -s 32M "$T/image"
	mkfs.ext4 -q -F "$T/image"
	mount -o loop "$T/image" "$T/mnt"
	head -c 65536 /dev/zero >"$T/mnt/map"
	sync -f "$T/mnt/map"
	background stuck "$O/tests/load/mmapstuck" "$T/mnt/map"
	await test -s "$T/stuck.json"
	fsfreeze --freeze "$T/mnt"
	kill -USR1 "$PID"
	await grep -q '"stuck":true' "$T/stuck.json"
	head -n 1 "$T/stuck.json" >"$T/who.json"
	background writer touch "$T/mnt/new"
	WRITER=$PID
	await grep -q "^State:.D" "/proc/$WRITER/status"
}

# diagnose ARGS...: its object in $T/diagnosis.json, its status in $status
diagnose() {
	status=0
	"$LOCKSCOPE" diagnose --json "$@" >"$T/diagnosis.json" 2>"$T/diagnose.err" || status=$?
	check_schema --diagnosis "$T/diagnosis.json"
}

# says FILTER: of the last diagnosis
says() {
	jq -e "$1" "$T/diagnosis.json"
}

# What else runs on this machine may block for a second, rightly told: until it does not.
is_well() {
	"$LOCKSCOPE" diagnose >"$T/well.txt"
}

@test "a machine that is well: a few lines, exit 0" {
	await is_well
	grep -q "^HEALTHY: \|^NOTICE: " "$T/well.txt"
	grep -q "makes progress" "$T/well.txt"
	! grep -q ^HEALTHY "$T/well.txt" || [ "$(wc -l <"$T/well.txt")" -le 6 ]
}

@test "a deadlock is the verdict, with both paths and a way out" {
	scene scene flock-abba
	diagnose --save "$T/kept.json"
	[ "$status" -eq 3 ]
	says '.verdict == "deadlock" and .progress.switches > 0'
	f=$(jq -c --argjson s "$(cat "$T/scene.json")" \
		'.findings[] | select(.kind == "deadlock")
		 | select([.cycle[].tid] | inside($s.blocked))' "$T/diagnosis.json")
	is_cycle_of "$f" scene
	for tid in $(of scene '.blocked[]'); do
		says "any(.blocked[]; .in_deadlock and any(.tasks[]; .tid == $tid))"
	done
	for pid in $(of scene '.pids[]'); do
		says "any(.programs[]; .pid == $pid and (.command | contains(\"flock-abba\")))"
	done

	# kept, it is explained again, and read by older commands
	check_stream "$T/kept.json" complete
	diagnose "$T/kept.json"
	[ "$status" -eq 3 ]
	says '.verdict == "deadlock" and (.programs | length) >= 2'
	[[ $("$LOCKSCOPE" diagnose "$T/kept.json" || true) == DEADLOCK:*"LOCK ORDER"*"WHAT TO DO"* ]]
	[[ $("$LOCKSCOPE" report "$T/kept.json") == *deadlock* ]]

	# --fail-on asks for something else
	"$LOCKSCOPE" diagnose --fail-on leak,long_spin >/dev/null
}

@test "a frozen file system, and a process whose memory is stuck" {
	freeze
	diagnose --long-wait 100
	[ "$status" -eq 3 ]
	says '.verdict == "stalled"'
	for tid in $(jq '.faulter, .unmapper' "$T/who.json") "$WRITER"; do
		says "any(.blocked[]; any(.tasks[]; .tid == $tid and .blocked_ns > 0))"
	done
	says "any(.blocked[]; .cause == \"frozen_fs\" and any(.tasks[]; .tid == $WRITER))"
	says 'any(.advice[]; contains("fsfreeze"))'
	# what could not be read is said: the command line needs the memory that is stuck
	says "any(.absent[]; .why | contains(\"/proc/$(jq .pid "$T/who.json")/cmdline\"))"

	# to be kept on what is frozen: the diagnosis comes all the same
	status=0
	timeout 30 "$LOCKSCOPE" diagnose --long-wait 100 --save "$T/mnt/kept" >"$T/text" 2>"$T/text.err" || status=$?
	[ "$status" -eq 1 ]
	[[ $(head -n 1 "$T/text") == STALLED:* ]]
	grep -q "was not written" "$T/text.err"
}

@test "without BPF: what /proc knows, and what is missing" {
	freeze
	status=0
	timeout 30 setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-all \
		"$LOCKSCOPE" diagnose --long-wait 100 --json >"$T/diagnosis.json" || status=$?
	[ "$status" -eq 3 ]
	check_schema --diagnosis "$T/diagnosis.json"
	says '.verdict == "stalled" and .level == "none" and any(.absent[]; .what | contains("lock"))'
	says "any(.blocked[]; any(.tasks[]; .tid == $WRITER))"
}
