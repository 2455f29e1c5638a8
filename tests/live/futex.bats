#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Locks of user space: real deadlocks, shapes that look like one, and memory that lies.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

# named MODE: watch names the deadlock of that scene, its tasks and no others, likely
named() {
	scene scene "$@"
	lockscope watch watch --json --long-wait 100
	F=$(seen watch "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	jq -en --argjson f "$F" --argjson s "$(cat "$T/scene.json")" '
		($f.cycle | length) as $n
		| ([$f.cycle[].tid] | sort) == ($s.blocked | sort) and $f.confidence == "likely"
		and all(range($n); $f.cycle[.].waits_for.lock == $f.cycle[(. + 1) % $n].holds.lock)'
}

# silent MODE...: while another deadlock is named, this scene has none
silent() {
	scene silent "$@"
	named mutex-abba
	none_seen "$T/watch.json" "$(of_scene silent '.kind != ""')"
}

@test "two threads that take two pthread mutexes in opposite order" {
	named mutex-abba
	jq -e 'all(.cycle[]; .waits_for.kind == "futex" and .waits_for.mode == "exclusive"
			and (.waits_for.lock | test("^futex:[0-9]+:0x[0-9a-f]+$"))
			and .waits_for.name_source == "user"
			and (.waits_for.name | test("^filedeadlock:own_locks(\\+0x[0-9a-f]+)?$")))
		and all(.edges[]; .breakable_by == "kill" and .certainty == "likely")' <<<"$F"
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/watch.json" complete

	"$LOCKSCOPE" snapshot --json >"$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
	jq -e --argjson s "$(cat "$T/scene.json")" 'any(.findings[];
		.kind == "deadlock" and ([.cycle[].tid] | sort) == ($s.blocked | sort))' "$T/snapshot.json"
}

@test "a mutex of each kind and an rwlock, in a cycle of five threads" {
	named mutex-kinds
	[ "$(jq '[.cycle[].waits_for.mode] | sort' -c <<<"$F")" = \
		'["exclusive","exclusive","exclusive","exclusive","write"]' ]
}

@test "a thread that takes its mutex again" {
	named mutex-self
}

@test "two processes and shared mutexes" {
	named mutex-shared
	jq -e 'all(.cycle[]; .waits_for.lock | test("^futex:[0-9]+:[0-9]+:[0-9]+:[0-9]+$"))' <<<"$F"
}

@test "one cycle through a pthread mutex, a flock and an OFD lock" {
	named mutex-flock-ofd
	[ "$(jq '[.cycle[].waits_for.kind] | sort' -c <<<"$F")" = '["flock","futex","ofd"]' ]
}

@test "a timeout will break it" {
	named mutex-timed
	jq -e 'all(.edges[]; .breakable_by == "timeout")' <<<"$F"
}

@test "a kill closes the finding; a recording replays to it" {
	scene scene mutex-abba
	lockscope record record -o "$T/record.json"
	f=$(seen record "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	kill -KILL "$(of scene '.pids[0]')"
	seen record ".kind == \"deadlock\" and .id == $(jq .id <<<"$f") and .state == \"closed\""
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/record.json" complete
	"$LOCKSCOPE" report --json "$T/record.json" >"$T/report.json"
	findings "$T/report.json" "$(of_scene scene '.kind == "deadlock" and .confidence == "likely"')"
}

# What a program's libc is says what its locks look like. That of the other tests is
# linked into the program.
@test "a libc of the system: the same locks" {
	FILEDEADLOCK=$O/tests/load/dynamic/filedeadlock
	named mutex-kinds
}

@test "a program of which nobody knows the libc, one of another libc: no locks of glibc" {
	objcopy --remove-section .note.ABI-tag "$FILEDEADLOCK" "$T/unknown"
	FILEDEADLOCK=$T/unknown scene unknown mutex-abba
	cc -shared -o "$T/ld-musl-none.so.1" -x c /dev/null
	export LD_PRELOAD=$T/ld-musl-none.so.1
	FILEDEADLOCK=$O/tests/load/dynamic/filedeadlock scene other mutex-abba
	unset LD_PRELOAD
	grep -q ld-musl-none "/proc/$(of other '.pids[0]')/maps"
	named mutex-abba
	none_seen "$T/watch.json" "$(of_scene unknown '.kind != ""')"
	none_seen "$T/watch.json" "$(of_scene other '.kind != ""')"
}

@test "a program of musl's: no locks of glibc" {
	command -v musl-gcc || skip "no musl-gcc"
	musl-gcc -static -D_GNU_SOURCE -O2 -pthread -o "$T/musl" "$ROOT"/tests/load/filedeadlock*.c \
		2>/dev/null || skip "musl's headers lack what the scenes need"
	FILEDEADLOCK=$T/musl scene musl mutex-abba
	named mutex-abba
	none_seen "$T/watch.json" "$(of_scene musl '.kind != ""')"
}

# Nothing that only the program says to be a lock is certain. The wait for a PI mutex is one
# for the kernel's own rt_mutex; who holds that is whom the program named.
@test "a chain of PI mutexes, a queue behind a mutex: the root, and no deadlock" {
	scene chain pi-chain
	scene queue mutex-queue 3
	lockscope watch watch --json --long-wait 100
	f=$(seen watch "$(of_scene chain '.kind == "long_wait"') and .root.tid == $(of chain '.tids[0]')")
	jq -e '.confidence == "likely" or .locks[0].kind == "rt_mutex"' <<<"$f"
	f=$(seen watch "$(of_scene queue '.kind == "root_blocker"')")
	[ "$(jq .root.tid <<<"$f")" = "$(of queue '.tids[0]')" ]
	none_seen "$T/watch.json" "$(of_scene chain '.kind == "deadlock" or
		(.confidence == "certain" and any(.locks[]; .kind == "futex"))')"
	none_seen "$T/watch.json" "$(of_scene queue '.kind == "deadlock" or .confidence == "certain"')"
}

@test "threads that wait for work are no finding" {
	silent condvar 100
}

@test "memory that lies: likely at most inside of the process, nothing about others" {
	silent lie-of-init
	scene lie lie
	f=$(seen watch "$(of_scene lie '.kind == "deadlock"')")
	none_seen "$T/watch.json" "$(of_scene lie '.confidence == "certain"')"
}
