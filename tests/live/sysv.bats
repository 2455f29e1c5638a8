#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# SysV semaphores: what is told of a lock, and the quiet about all that may be a signal.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

# quiet_beside_a_deadlock MODE: while another scene's deadlock is named, this one has
# no finding; then its snapshot is in $T/snapshot.json
quiet_beside_a_deadlock() {
	scene quiet "$@"
	scene scene sysv-abba
	lockscope watch watch --json --long-wait 100
	seen watch "$(of_scene scene '.kind == "deadlock"')" >/dev/null
	none_seen "$T/watch.json" "$(of_scene quiet '.kind != ""')"
	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
}

# shown FILTER: a lock of the quiet scene in the snapshot that it passes
shown() {
	jq -e --argjson q "$(cat "$T/quiet.json")" "any(.locks[];
		.kind == \"sysv_sem\" and any(.waiters[]; IN(\$q.blocked[])) and ($1))" "$T/snapshot.json"
}

@test "two processes that lower two semaphores with SEM_UNDO: a possible deadlock" {
	scene scene sysv-abba
	lockscope record record -o "$T/record.json"
	F=$(seen record "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	jq -en --argjson f "$F" --argjson s "$(cat "$T/scene.json")" '
		([$f.cycle[].tid] | sort) == ($s.blocked | sort) and $f.confidence == "possible"
		and all($f.edges[]; .rule == "or" and .breakable_by == "signal")
		and all($f.cycle[]; .waits_for.kind == "sysv_sem"
			and (.waits_for.lock | test("^sysv_sem:[0-9]+:[0-9]+:[01]$"))
			and (.waits_for.name | test("^set [0-9]+ \\(key 0x0\\), number [01]$")))
		and any($f.evidence[]; test("no owner.*SEM_UNDO"))'
	kill -KILL "$(of scene '.pids[0]')"
	seen record ".kind == \"deadlock\" and .id == $(jq .id <<<"$F") and .state == \"closed\""
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/record.json" complete
	"$LOCKSCOPE" report --json "$T/record.json" >"$T/report.json"
	findings "$T/report.json" "$(of_scene scene '.kind == "deadlock" and .confidence == "possible"')"
}

@test "who holds one that others wait for is their root" {
	scene scene sysv-queue 3
	lockscope watch watch --json --long-wait 100
	F=$(seen watch "$(of_scene scene '.kind == "root_blocker"')")
	[ "$(jq .root.tid <<<"$F")" = "$(of scene '.tids[0]')" ]
	none_seen "$T/watch.json" "$(of_scene scene '.kind == "deadlock" or .confidence == "certain"')"
}

@test "the same two without SEM_UNDO may be idle: a hint, and no finding" {
	quiet_beside_a_deadlock sysv-plain
	shown '.owners != [] and (.complete | not) and .rule == "or"
		and (.evidence | test("process [0-9]+ is the last that operated on it"))'
}

@test "who has lowered it and does again may be idle: no finding, no holder" {
	quiet_beside_a_deadlock sysv-self
	shown '.owners == [] and (.complete | not)'
}

@test "threads of one process have their adjustments in common: no holder" {
	quiet_beside_a_deadlock sysv-threads
	shown '.owners == [] and (.complete | not)'
}

@test "raised with SEM_UNDO by one that did not lower it, it may be work: no finding" {
	quiet_beside_a_deadlock sysv-given
	shown '.complete | not'
}

# The kernel's own BTF under other names: what a kernel without CONFIG_SYSVIPC has.
@test "a kernel without SysV semaphores: everything else is there" {
	"$PYTHON" - "$T/btf" <<-'END'
		import re, sys
		data = open("/sys/kernel/btf/vmlinux", "rb").read()
		for name in b"sem_undo", b"sem_undo_list", b"sysv_sem", b"sysvsem":
		    assert data.count(b"\0" + name + b"\0") == 1, name
		    data = data.replace(b"\0" + name + b"\0", b"\0" + b"x" * len(name) + b"\0")
		open(sys.argv[1], "wb").write(data)
	END
	scene scene mutex-abba
	scene quiet sysv-abba
	lockscope watch watch --json --btf "$T/btf"
	seen watch "$(of_scene scene '.kind == "deadlock"')" >/dev/null
	"$LOCKSCOPE" snapshot --json --btf "$T/btf" >"$T/snapshot.json"
	shown '.complete | not'
	none_seen "$T/watch.json" "$(of_scene quiet '.kind != ""')"
}

@test "processes that wait for work are no finding" {
	quiet_beside_a_deadlock sysv-idle 5
	shown '(.waiters | length) == 5 and (.complete | not)'
	"$LOCKSCOPE" diagnose --json >"$T/diagnose.json" || true
	jq -e --argjson q "$(cat "$T/quiet.json")" '
		all(.blocked[].tasks[]; .tid | IN($q.tids[]) | not)' "$T/diagnose.json"
}

@test "a set of another IPC namespace: its waits, and nothing about holders" {
	background quiet unshare --ipc "$FILEDEADLOCK" sysv-abba --dir "$T"
	await test -s "$T/quiet.json"
	lockscope watch watch --json --long-wait 100
	scene scene sysv-queue 3
	seen watch "$(of_scene scene '.kind == "root_blocker"')" >/dev/null
	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	shown '.owners == [] and (.complete | not) and (.evidence | test("another IPC namespace"))'
	none_seen "$T/watch.json" "$(of_scene quiet '.kind != ""')"
}

@test "a scene leaves no semaphores behind, killed or not" {
	local before
	before=$(ipcs -s | wc -l)
	scene scene sysv-idle
	[ "$(ipcs -s | wc -l)" -gt "$before" ]
	end KILL "$PID"
	await eval '[ "$(ipcs -s | wc -l)" -le '"$before"' ]'
	scene scene sysv-idle
	end TERM "$PID"
	await eval '[ "$(ipcs -s | wc -l)" -le '"$before"' ]'
}
