#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Waits that began before lockscope did.

load helpers

# SEARCH_ROUNDS=200 makes the comparison of the search with the tracepoints longer.
SEARCH_TRUTH=$O/tests/live/search_truth
STUCKWAIT=$O/tests/load/stuckwait

setup() { live_setup; }
teardown() {
	[ -z "${FROZEN:-}" ] || fsfreeze --unfreeze "$FROZEN" || true
	live_teardown
	[ -z "${FROZEN:-}" ] || umount "$FROZEN" || true
}

# stuck ARGS...: stuckwait in the background, once it stands
stuck() {
	background stuck "$STUCKWAIT" "$T" "$@"
	await test -s "$T/stuck.json"
}

snapshot() {
	"$LOCKSCOPE" snapshot --json --for 0.5 >"$T/snapshot.json" 2>"$T/snapshot.err"
}

# Why the snapshot does not say what stuckwait does; nothing when it does.
differences() {
	jq -nr --slurpfile want "$T/stuck.json" --slurpfile got "$T/snapshot.json" '
		$got[0] as $s | $want[0].waits[] as $w
		| ($s.tasks[] | select(.tid == $w.tid) | .wait) // {} | . as $wait
		| ([$s.locks[] | select(.lock == $wait.lock) | .owners[]]) as $holders
		| select(($wait.kind == $w.kind and $wait.mode == $w.mode and $holders[0] == $w.holder
			and $holders - [$w.holder, $want[0].reader] == []
			and ($wait.found_by == "stack" or $wait.found_by == "fields")
			and $wait.since_at_least and $wait.since_ns < 0) | not)
		| "\($w): \($wait) held by \($holders)"'
}

@test "waits for an inode, a pipe and a directory that began before: kind, mode, holder" {
	stuck
	snapshot
	[ "$(jq '.waits | length' "$T/stuck.json")" -eq 6 ]
	run differences
	[ -z "$output" ]
	# the word remembers the last reader only
	jq -e --slurpfile want "$T/stuck.json" '$want[0].reader as $r | [.locks[] | select(.owners[1] == $r)]
		| length == 1 and (.[0].evidence | test("held by 2 readers.*; \($r) has it, or its object, on its stack"))' \
		"$T/snapshot.json"
	# nobody waits in a circle
	[ "$(jq '[.findings[] | select(.kind == "deadlock")] | length' "$T/snapshot.json")" -eq 0 ]
	check_schema --snapshot "$T/snapshot.json"
}

@test "watch finds them at its first look, keeps their ids, and closes them at their end" {
	stuck
	stuck_pid=$PID
	lockscope record record -o "$T/record.json"
	lockscope watch watch --json
	pipe=$(jq '.waits[] | select(.kind == "mutex") | .tid' "$T/stuck.json" | head -n 1)
	holder=$(jq '.waits[] | select(.kind == "mutex") | .holder' "$T/stuck.json" | head -n 1)
	f=$(seen watch ".kind == \"long_wait\" and .state == \"open\" and any(.tasks[]; .tid == $pipe)")
	[ "$(jq .root.tid <<<"$f")" -eq "$holder" ]
	[ "$(jq -r .confidence <<<"$f")" = certain ]
	ids() { # of the few lines of that task: a recording may be long
		grep "\"tid\":$pipe,.*\"found_by\"" "$T/record.json" | jq -Rc "fromjson? | select(.type == \"task\" and .tid == $pipe) | .wait.id"
	}
	three_looks() { [ "$(ids | wc -l)" -ge 3 ]; }
	await three_looks
	[ "$(ids | sort -u | wc -l)" -eq 1 ]
	kill -KILL "$stuck_pid"
	seen watch ".id == $(jq .id <<<"$f") and .state == \"closed\""
}

@test "a writer behind a frozen file system waits for a percpu_rwsem that names nobody" {
	command -v mkfs.ext4 fsfreeze || skip "no mkfs.ext4 or fsfreeze"
	truncate -s 16M "$T/image"
	mkfs.ext4 -q -F "$T/image"
	mkdir "$T/fs"
	mount -o loop "$T/image" "$T/fs" || skip "no loop device"
	FROZEN=$T/fs
	fsfreeze --freeze "$T/fs"
	background writer sh -c 'echo >"$1"' - "$T/fs/file"
	writer=$PID
	blocked() { grep -q '^[0-9]* (.*) D' "/proc/$writer/stat"; }
	await blocked
	snapshot
	jq -e --argjson tid "$writer" '.tasks[] | select(.tid == $tid) | .wait
		| .kind == "percpu_rwsem" and .mode == "read" and .found_by == "stack"' "$T/snapshot.json"
}

@test "threads that come and go during the looks make no deadlock, and leave nothing" {
	stuck churn
	churn=$PID
	for _ in 1 2 3 4 5; do
		snapshot
		# others may have deadlocks of files and programs on this machine
		jq -e 'all(.findings[] | select(.kind == "deadlock"); all(.edges[];
			.kind | IN("flock", "posix", "ofd", "lease", "futex", "sysv_sem")))' "$T/snapshot.json"
	done
	kill -KILL "$churn"
	wait "$churn" || true
	snapshot
	[ "$(jq "[.tasks[] | select(.pid == $churn)] | length" "$T/snapshot.json")" -eq 0 ]
}

# search KIND=NR... , under the load that runs: nothing wrong, at most 3 % not found
search() {
	local rounds=${SEARCH_ROUNDS:-20} arg wanted=()
	for arg in "$@"; do wanted+=("${arg%=*}=$((${arg#*=} * rounds / 20))"); done
	# Starved, it would see few waits that stand for as long as its round takes.
	nice -n -20 "$SEARCH_TRUTH" "$rounds" "${wanted[@]}" >"$T/search.json" 2>"$T/search.err"
	jq -e '.wrong == 0 and .missed * 100 <= .compared * 3' "$T/search.json"
}

@test "what the search finds under load is what the tracepoints have seen" {
	background mutexes "$LOCKLOAD" shared-offset -t 4 -s 600
	background rwsems "$LOCKLOAD" mmap -t 4 -s 600
	search mutex=60 rwsem=60
}

@test "threads that come and go while it searches: nothing is found that nobody has seen" {
	stuck churn
	background more "$LOCKLOAD" fork -t 4 -s 600
	search rwsem=400
	jq -e '.found > 0 and .invented == 0' "$T/search.json"
}

@test "the same of percpu_rwsems: locking files while somebody lists all file locks" {
	background files "$LOCKLOAD" flock -t 6 -s 600 --dir "$T"
	background lists sh -c 'while :; do read -r _ </proc/locks; done'
	search percpu_rwsem=60
}
