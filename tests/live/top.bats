# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# The full screen of top in a real terminal: keys, sizes, a recording, live locks.

load helpers
load terminal

setup() {
	live_setup
	DEADLINE=60	# a terminal, a shell and lockscope, each of which a busy machine delays
}

teardown() {
	end_terminal
	live_teardown
}

replay() {
	terminal "$1" "$2" "$LOCKSCOPE top '$ROOT/tests/golden/in/$3.ndjson'"
}

@test "a recording: every view, opened and left again" {
	replay 120 30 mutex-behind
	shown '^1 Locks'
	keys 4
	looks_like chains
	keys 5
	looks_like graph
	keys 3 Down Enter
	looks_like task
	keys Escape
	keys 6 Enter
	looks_like finding
	keys Escape
	keys '?'
	looks_like help
	keys q
	shown '^ended with 0'
}

@test "a recording is stepped through in time" {
	replay 100 20 mutex-behind
	shown 'look 2, the last'
	keys 6
	shown ' deadlock '
	keys g
	shown 'look 1$'
	gone ' deadlock '
	keys p
	shown 'this is the first look'
	keys n
	shown 'look 2$'
	shown ' deadlock '
	keys Left
	shown 'look 1$'
	gone ' deadlock '
	keys G
	shown 'look 2, the last'
	keys Right
	shown 'the recording ends here'
	keys q
	shown 'ended with 0'
}

@test "a filter, the order and settings, which come back" {
	replay 120 20 stat-table
	shown '^1 Locks'
	keys / r w s e m Enter
	shown 'filter: rwsem'
	gone ' spinlock '
	shown ' rwsem '
	keys Escape
	shown ' spinlock '
	keys '<'
	shown 'sorted by waits'
	keys R W
	shown "settings kept in $T/config/lockscope/toprc"
	grep -qx 'sort = count' "$T/config/lockscope/toprc"
	grep -qx 'reverse = yes' "$T/config/lockscope/toprc"
	keys q
	shown 'ended with 0'
	end_terminal
	printf 'sort = count\nnonsense\ndelay = -1\n\377\0' >"$T/config/lockscope/toprc"
	replay 120 20 stat-table
	shown 'toprc: 3 lines make no sense'
	keys q
	shown 'ended with 0'
}

@test "every size, no colours, no UTF-8" {
	replay 80 24 mutex-behind
	shown '^1 Locks'
	keys 4
	shown 'mover/201 is in a cycle'
	for size in "40 10" "200 50" "20 4" "120 30"; do
		# shellcheck disable=SC2086
		resize $size
		shown 'DEADLOCK #5'
	done
	shown '└ syncer/202'
	keys q
	shown 'ended with 0'
	end_terminal
	terminal 80 24 "export TERM=vt100 LC_ALL=C NO_COLOR=1
		$LOCKSCOPE top '$ROOT/tests/golden/in/mutex-behind.ndjson'"
	shown 'DEADLOCK #5'
	keys 4
	shown '`- syncer/202'
	[ -z "$(screen | LC_ALL=C tr -d '\000-\177')" ]
	keys q
	shown 'ended with 0'
}

@test "a terminal that is none gets tables" {
	terminal 80 24 "TERM=dumb $LOCKSCOPE top -n 1 '$ROOT/tests/golden/in/stat-table.ndjson'"
	shown 'ended with 0'
	on_screen 'total wait'
	"$LOCKSCOPE" top --json "$ROOT/tests/golden/in/stat-table.ndjson" >"$T/top.json"
	check_stream "$T/top.json" complete
	jq -es 'any(.[]; .type == "top" and (.rows | length) > 3)' "$T/top.json"
}

@test "live: a deadlock is in red, and opens" {
	background load "$LOCKLOAD" pipe -s 60
	terminal 120 30 "$LOCKSCOPE top -d 0.2"
	shown 'waits/s'
	shown ' mutex '
	shown 'own [0-9.]+ %'
	scene scene flock-abba
	shown 'DEADLOCK #[0-9]+ \(certain\)'
	# white on red, whatever the terminal calls that
	tmux -S "$TMUX_SOCKET" capture-pane -pe | grep -a 'DEADLOCK' | grep -qaE $'\e\\[[0-9;]*41'
	keys 6 Enter
	shown 'waits .*flock'
	keys Escape
	keys 3
	shown 'TASK +WAITS'
	shown 'locker-1.* waits .*flock'
	end KILL "$PID"
	gone 'DEADLOCK'
	keys q
	shown 'ended with 0'
	# the terminal is as it was: lines, echo, signals
	await test -s "$T/stty"
	grep -qE '(^| )icanon' "$T/stty"
	grep -qE '(^| )echo( |;|$)' "$T/stty"
}

@test "live: pause, sum, filters, a recording from a key" {
	background load "$LOCKLOAD" pipe -s 60
	terminal 120 30 "cd '$T' && $LOCKSCOPE top -d 0.2"
	shown ' mutex '
	keys Space
	shown '\[paused\]'
	keys Space
	gone '\[paused\]'
	keys a
	shown 'a last period'
	keys K
	keys r w s e m Enter
	gone ' mutex '
	keys K Enter
	shown ' mutex '
	keys u
	keys nobody-of-that-name Enter
	shown 'no such user'
	keys u
	keys C-u Enter
	keys r
	keys C-u
	keys a.ndjson Enter
	shown '\[recording\]'
	keys 3
	shown 'lockload'
	keys r
	shown 'recorded to a.ndjson'
	keys r
	keys C-u
	keys a.ndjson Enter
	shown 'is there already'
	keys q
	shown 'ended with 0'
	check_stream "$T/a.ndjson" complete
	"$LOCKSCOPE" report "$T/a.ndjson" | grep -q ' mutex '
}

@test "live: a terminal that goes away ends it" {
	terminal 80 24 "echo \$\$ >'$T/pid'; exec $LOCKSCOPE top -d 0.2"
	shown 'waiting now'
	bpf_ids "$(cat "$T/pid")" >"$T/ids"
	[ -s "$T/ids" ]
	end_terminal
	await test ! -d "/proc/$(cat "$T/pid")"
	await all_gone "$T/ids"
}
