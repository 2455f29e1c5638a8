#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Real deadlocks of file locks, and shapes that look like one.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

# found SCENE_MODE...: watch and snapshot both name it, certain
found() {
	local f
	scene scene "$@"
	lockscope watch watch --json --for $((DEADLINE * 2))
	f=$(seen watch "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	is_cycle_of "$f" scene
	[ "$(jq -r .confidence <<<"$f")" = certain ]
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/watch.json" complete

	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
	f=$(jq -c --argjson s "$(cat "$T/scene.json")" \
		'.findings[] | select(.kind == "deadlock")
		 | select([.cycle[].tid] | inside($s.blocked))' "$T/snapshot.json")
	is_cycle_of "$f" scene
	[ "$(jq -r .confidence <<<"$f")" = certain ]
}

@test "two processes that flock two files in opposite order" {
	found flock-abba
	# what people script against
	f=$(findings "$T/watch.json" "$(of_scene scene '.kind == "deadlock"')" | head -n 1)
	jq -e '.id >= 1 and .rev == 1 and (.summary | type) == "string"
		and (.members | length) == 2 and (.edges | length) == 2
		and all(.edges[]; .breakable_by == "signal")
		and all(.cycle[]; .waits_for.kind == "flock")
		and all(.cycle[]; .waits_for.lock | test("^flock:[0-9]+:[0-9]+:[0-9]+$"))
		and (.evidence | length) > 0' <<<"$f"
	run "$LOCKSCOPE" snapshot
	[ "$status" -eq 0 ]
	[[ $output == *deadlock* ]]
	[[ $output == *"$(of scene '.files[0]' | tr -d '"')"* ]]
}

@test "a cycle of five processes" {
	found flock-cycle 5
}

@test "OFD locks" {
	found ofd-abba
	findings "$T/watch.json" "$(of_scene scene '.kind == "deadlock"
		and all(.cycle[]; .waits_for.kind == "ofd")')"
}

@test "a flock and a POSIX lock" {
	found mixed-abba
	findings "$T/watch.json" "$(of_scene scene '.kind == "deadlock"
		and ([.cycle[].waits_for.kind] | sort) == ["flock", "posix"]')"
}

@test "two threads of one process" {
	found thread-flock
	[ "$(of scene '.pids | length')" -eq 1 ]
	[ "$(of scene '.tids | length')" -eq 2 ]
}

@test "children that share the descriptors could unlock: no deadlock" {
	scene scene flock-shared
	lockscope watch watch --json --long-wait 100
	# both waits are seen, so is the silence about a deadlock
	for tid in $(of scene '.blocked[]'); do
		seen watch ".kind == \"long_wait\" and any(.tasks[]; .tid == $tid)"
	done
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	none_seen "$T/watch.json" "$(of_scene scene '.kind == "deadlock"')"
	"$LOCKSCOPE" snapshot --json --for 2 >"$T/snapshot.json"
	jq -e --argjson s "$(cat "$T/scene.json")" '
		([.findings[] | select(.kind == "deadlock") | .members[].tid | select(IN($s.tids[]))] == [])
		and ([.locks[] | select(.name | IN($s.files[])) | .waiters[]] | sort) == ($s.blocked | sort)
		and all(.locks[] | select(.name | IN($s.files[])); (.owners | length) == 2)' \
		"$T/snapshot.json"
}

@test "children that share the descriptors and are stuck too: a deadlock" {
	scene scene flock-shared-stuck
	lockscope watch watch --json
	f=$(seen watch "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	jq -en --argjson f "$f" --argjson s "$(cat "$T/scene.json")" '
		([$f.members[].tid] | sort) == (($s.tids + $s.sharers) | unique)
		and all($f.edges[]; .rule == "or") and $f.confidence == "certain"'
}

@test "a killed process closes the finding under the same id" {
	scene scene flock-abba
	lockscope watch watch --json
	f=$(seen watch "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	id=$(jq .id <<<"$f")
	kill -KILL "$(of scene '.pids[0]')"
	closed=$(seen watch ".kind == \"deadlock\" and .id == $id and .state == \"closed\"")
	[ "$(jq .rev <<<"$closed")" -gt "$(jq .rev <<<"$f")" ]
	end INT "$PID"
	# and stays closed
	[ "$(findings "$T/watch.json" ".id == $id" | tail -n 1 | jq -r .state)" = closed ]
}

@test "a chain of POSIX locks: the root, and no deadlock" {
	scene scene posix-chain 4
	lockscope watch watch --json --long-wait 100
	f=$(seen watch "$(of_scene scene '.kind == "root_blocker" and .state == "open"')")
	[ "$(jq .root.tid <<<"$f")" = "$(of scene '.tids[0]')" ]
	[ "$(jq '[.tasks[].tid] | sort' -c <<<"$f")" = "$(of scene '.blocked | sort')" ]
	none_seen "$T/watch.json" "$(of_scene scene '.kind == "deadlock"')"
}

@test "a queue behind one flock" {
	scene scene flock-queue 10
	lockscope watch watch --json --long-wait 100
	f=$(seen watch "$(of_scene scene '.kind == "root_blocker" and (.tasks | length) == 10')")
	[ "$(jq .root.tid <<<"$f")" = "$(of scene '.tids[0]')" ]
}

@test "a lease: its breaker waits, and time will break it" {
	scene scene lease
	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	jq -e --argjson s "$(cat "$T/scene.json")" '
		any(.tasks[]; .tid == $s.blocked[0] and .wait.kind == "lease"
			and .wait.breakable_by == "timeout")' "$T/snapshot.json"
}

@test "a recording replays to the same deadlock" {
	scene scene flock-cycle 3
	lockscope record record -o "$T/record.json"
	seen record "$(of_scene scene '.kind == "deadlock"')"
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/record.json" complete
	"$LOCKSCOPE" report --json "$T/record.json" >"$T/report.json"
	check_stream "$T/report.json" complete
	f=$(findings "$T/report.json" "$(of_scene scene '.kind == "deadlock" and .state == "open"')" | head -n 1)
	is_cycle_of "$f" scene
	[ "$(jq -r .confidence <<<"$f")" = certain ]
	[[ $("$LOCKSCOPE" report "$T/record.json") == *deadlock* ]]
}

@test "a filter hides a cycle only when none of its tasks passes" {
	scene scene flock-abba
	pid=$(of scene '.pids[0]')
	"$LOCKSCOPE" snapshot --json -p "$pid" | jq -e --argjson p "$pid" \
		'any(.findings[]; .kind == "deadlock" and any(.cycle[]; .pid == $p) and (.cycle | length) == 2)'
	"$LOCKSCOPE" snapshot --json -p $$ | jq -e '[.findings[] | select(.kind == "deadlock")] == []'
	"$LOCKSCOPE" snapshot --json --kind mutex | jq -e '[.findings[] | select(.kind == "deadlock")] == []'
}

@test "--fail-on deadlock: 3 when there is one, 0 when there is none" {
	run "$LOCKSCOPE" snapshot -p $$ --fail-on deadlock
	[ "$status" -eq 0 ]
	scene scene flock-abba
	run "$LOCKSCOPE" snapshot --fail-on deadlock
	[ "$status" -eq 3 ]
	lockscope watch watch --json --fail-on deadlock
	seen watch "$(of_scene scene '.kind == "deadlock"')"
	kill -0 "$PID"	# it goes on
	end INT "$PID"
	[ "$STATUS" -eq 3 ]
}
