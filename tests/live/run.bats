#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Tracing this kernel: contention, commands, signals, and what is left behind.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

@test "stat counts the contended mutex of a pipe and names who takes it" {
	"$LOCKSCOPE" stat --json -- "$LOCKLOAD" pipe -s 2 >"$T/stat.json" 2>"$T/stat.err"
	grep -q '"type":"header"' "$T/stat.json"
	# lockload's own lines end up in between: the command shares stdout
	# (anon_pipe_write since 6.14)
	grep '^{"type":' "$T/stat.json" >"$T/records.json"
	jq -es '
		(map(select(.type == "stack")) | map({key: (.id | tostring), value: [.frames[].sym]})
			| from_entries) as $stacks
		| [.[] | select(.type == "agg" and .kind == "mutex"
			and any($stacks[.stack | tostring][]?; strings | test("pipe_write$")))]
		| (map(.count) | add) > 0 and all(.[]; .mode == "exclusive"
			and (.hist | length) == 64 and (.hist | add) == .count
			and .max_ns <= .total_ns)' "$T/records.json"
	run "$LOCKSCOPE" stat --by caller -- "$LOCKLOAD" pipe -s 1
	[ "$status" -eq 0 ]
	[[ $output == *pipe_write* ]]
	[[ $output == *mutex* ]]
}

# Waits of busy locks reach the statistics some at a time: none may be left behind at the
# end, nor be counted twice by looks in between.
@test "statistics are exact: every wait that ended is in them, once" {
	local load
	for load in shared-offset pipe; do
		"$LOCKSCOPE" stat --json --interval 50 -o "$T/stat.json" -- "$LOCKLOAD" $load -s 1 >/dev/null
		jq -es '
			(map(select(.type == "cost")) | last | .waits) as $waits
			| ([.[] | select(.type == "agg")]
				| group_by([.lock, .kind, .mode, .spin, .stack]) | map(last)) as $rows
			| all(.[] | select(.type == "lost"); .maps == 0)
			and $waits > 1000 and ($rows | map(.count) | add) == $waits
			and all($rows[]; (.hist | add) == .count and .max_ns <= .total_ns)' "$T/stat.json"
	done
}

@test "a command after --: its output, its status, and the end with it" {
	run "$LOCKSCOPE" stat -- sh -c 'echo from the command; exit 7'
	[ "$status" -eq 0 ]
	[[ $output == *"from the command"* ]]
	[[ $output == *7* ]]
	"$LOCKSCOPE" watch --json -- sh -c 'exit 7' >"$T/watch.json"
	check_stream "$T/watch.json" complete
	[ "$(tail -n 1 "$T/watch.json" | jq .command_status)" -eq 7 ]
	"$LOCKSCOPE" watch --json -- sh -c 'kill -TERM $$' >"$T/watch.json"
	[ "$(tail -n 1 "$T/watch.json" | jq .command_status)" -eq 143 ]
	run "$LOCKSCOPE" stat -- /nonexistent/command
	[ "$status" -ne 0 ]
	[[ $output == */nonexistent/command* ]]
}

# Two looks at one load: what one of them has no room for, it counts.
seen_by_both() {
	"$LOCKSCOPE" stat --comm lockload --json -o "$T/all.json" -- \
		"$LOCKSCOPE" stat --max-tasks 2 --json -o "$T/few.json" -- \
		"$LOCKLOAD" shared-offset -t 16 -s 1 >/dev/null
	jq -s '[.[] | select(.type == "agg")]
		| group_by([.lock, .kind, .mode, .spin, .stack, .tid]) | map(last.count) | add // 0' "$T/all.json"
}

@test "waits of tasks that find no room are counted as lost" {
	local all lost=0 waits
	for _ in $(seq 10); do
		all=$(seen_by_both)
		lost=$(jq -s 'map(select(.type == "lost")) | last.maps' "$T/few.json")
		waits=$(jq -s 'map(select(.type == "cost")) | last.waits' "$T/few.json")
		[ "$lost" -lt 1000 ] || break	# else the threads hardly met
	done
	[ "$lost" -ge 1000 ]
	# the inner one also sees its own start
	[ $((waits + lost)) -ge $((all * 98 / 100)) ]
	[ $((waits + lost)) -le $((all * 102 / 100 + 100)) ]
}

@test "SIGINT and SIGTERM end a run cleanly" {
	for signal in INT TERM; do
		lockscope record record -o "$T/record.json"
		end "$signal" "$PID"
		[ "$STATUS" -eq 0 ]
		check_stream "$T/record.json" complete
	done
}

@test "started and stopped 20 times: nothing is left" {
	for _ in $(seq 20); do
		lockscope watch watch --json
		bpf_ids "$PID" >>"$T/ids.txt"
		end INT "$PID"
		[ "$STATUS" -eq 0 ]
	done
	[ "$(grep -c ^prog "$T/ids.txt")" -ge 40 ]
	await all_gone "$T/ids.txt"
}

@test "SIGKILL leaves nothing attached" {
	lockscope watch watch --json
	bpf_ids "$PID" >"$T/ids.txt"
	grep -q ^prog "$T/ids.txt"
	grep -q ^link "$T/ids.txt"
	! all_gone "$T/ids.txt"
	end KILL "$PID"
	await all_gone "$T/ids.txt"
}

@test "two at once: each sees the same" {
	lockscope one watch --json
	one=$PID
	lockscope two watch --json
	two=$PID
	scene scene flock-abba
	for name in one two; do
		is_cycle_of "$(seen $name "$(of_scene scene '.kind == "deadlock" and .state == "open"')")" scene
	done
	end INT "$one"
	[ "$STATUS" -eq 0 ]
	end INT "$two"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/one.json" complete
	check_stream "$T/two.json" complete
}

@test "tasks that come and go while they are read" {
	background load "$LOCKLOAD" fork -t 4 -s 60
	"$LOCKSCOPE" record --for 3 -o "$T/record.json" --long-wait 1
	check_stream "$T/record.json" complete
	jq -es 'map(select(.type == "read")) | length > 2' "$T/record.json"
	# every task and owner that is named was named whole
	jq -es 'all(.[] | select(.type == "task"); .tid > 0 and (.comm | type) == "string")' \
		"$T/record.json"
}

@test "names with control characters and broken UTF-8" {
	printf 'x' >"$T/lo"$'\e\n'"ck"$'\xff'
	background holder "$PYTHON" -c '
import ctypes, fcntl, glob, os, sys
name = sys.argv[2].encode("latin-1").decode("unicode_escape").encode("latin-1")
ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
f = open(glob.glob(os.fsencode(sys.argv[1]) + b"/lo*")[0])
if len(sys.argv) > 3:
    print(os.getpid(), flush=True)
fcntl.flock(f, fcntl.LOCK_EX)
print(os.getpid(), flush=True)
sys.stdin.read() if len(sys.argv) > 3 else __import__("signal").pause()
' "$T" 'a\x1b[31m\xff\xfe"\\\n'
	await test -s "$T/holder.json"
	background waiter "$PYTHON" -c '
import ctypes, fcntl, glob, os, sys
ctypes.CDLL(None).prctl(15, b"w\x01\xc3(\t\x7f", 0, 0, 0)
f = open(glob.glob(os.fsencode(sys.argv[1]) + b"/lo*")[0])
print(os.getpid(), flush=True)
fcntl.flock(f, fcntl.LOCK_EX)' "$T"
	waiter=$PID
	await test -s "$T/waiter.json"
	lockscope record record -o "$T/record.json" --long-wait 100 --kind flock
	seen record ".kind == \"long_wait\" and any(.tasks[]; .tid == $waiter)"
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	check_stream "$T/record.json" complete
	iconv -f UTF-8 -t UTF-8 "$T/record.json" >/dev/null
	jq -es --argjson w "$waiter" 'any(.[]; .type == "task" and .tid == $w
		and (.comm | startswith("w\u0001")))' "$T/record.json"
	# text for a terminal has no control characters in it
	"$LOCKSCOPE" snapshot >"$T/snapshot.txt"
	grep -q "$waiter" "$T/snapshot.txt"
	! grep -q $'[\x01\x1b\x7f]' "$T/snapshot.txt"
	iconv -f UTF-8 -t UTF-8 "$T/snapshot.txt" >/dev/null
	"$LOCKSCOPE" report "$T/record.json" >"$T/report.txt"
	! grep -q $'[\x01\x1b\x7f]' "$T/report.txt"
}

@test "every command writes valid JSON" {
	scene scene flock-abba
	background load "$LOCKLOAD" pipe -s 60
	# a second of records takes the schema's checker minutes
	for command in "watch 1" "stat 1" "record 0.1"; do
		"$LOCKSCOPE" "${command% *}" --json --for "${command#* }" -o "$T/${command% *}.json"
		check_stream "$T/${command% *}.json" complete
	done
	"$LOCKSCOPE" top -b --json -n 2 -d 0.3 -o "$T/top.json"
	check_stream "$T/top.json" complete
	"$LOCKSCOPE" features --json -o "$T/features.json"
	check_stream "$T/features.json" complete
	"$LOCKSCOPE" report --json "$T/record.json" -o "$T/report.json"
	check_stream "$T/report.json" complete
	"$LOCKSCOPE" snapshot --json -o "$T/snapshot.json"
	jq -e '.schema == 1 and (.taken_at | test("^[0-9-]+T[0-9:.]+Z$"))' "$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
	"$LOCKSCOPE" snapshot --dot | grep -q '^digraph'
}

@test "top in batch mode" {
	background load "$LOCKLOAD" pipe -s 60
	run "$LOCKSCOPE" top -b -n 2 -d 0.5
	[ "$status" -eq 0 ]
	[[ $output == *mutex* ]]
}

@test "programs fitted to the few types they know are those fitted to all of the kernel's" {
	"$O/tests/live/fit_truth" >"$T/fit"
}

@test "on a terminal a start shows its stages, on a line that is gone before anything is told" {
	on_terminal() { TERM=$1 script -qec "$2 2>&1 >$T/out" /dev/null; }
	stages=$(on_terminal xterm "$LOCKSCOPE snapshot")
	[[ $stages == *"lockscope: loading programs"$'\r\e[K'* ]]
	[[ $stages == *$'\r\e[K' ]]
	[[ $stages != *$'\n'* ]]
	grep -q '^lost: ' "$T/out"
	# a message is not written behind it
	[[ $(on_terminal xterm "$LOCKSCOPE report --folded $BATS_TEST_DIRNAME/../golden/in/flock-abba.ndjson") == \
		*"lockscope: writing"$'\r\e[K'"lockscope: no statistics"* ]]
	[[ $(on_terminal xterm "$LOCKSCOPE -q snapshot") != *loading* ]]
	[[ $(on_terminal dumb "$LOCKSCOPE snapshot") != *loading* ]]
	[[ $("$LOCKSCOPE" snapshot 2>&1) != *loading* ]]
}
