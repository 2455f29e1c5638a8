#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# User stacks: where in its program a thread waits, whatever became of the program's file.

load helpers

USERSTACK=$O/tests/load/userstack

setup() { live_setup; }

teardown() {
	live_teardown
	umount "$T/mnt" "$T/private" 2>/dev/null || true
}

# runs COMMAND...: a userstack; it describes itself in $T/scene.json
runs() {
	background scene "$@"
	await test -s "$T/scene.json"
}

# snapshot ARGS...: into $T/snapshot.json, checked
snapshot() {
	"$LOCKSCOPE" snapshot --json "$@" >"$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
}

# found FILTER: in its deadlock $f, with $s, the scene, and functions: stack(TID) the frames of
# that member; own(TID; FILE) the functions of that file, innermost first
found() {
	jq -e --argjson s "$(cat "$T/scene.json")" '. as $all
		| first(.findings[] | select(.kind == "deadlock"
			and ([.cycle[].tid] | sort) == ($s.tids | sort))) as $f
		| def stack($tid): ($f.cycle[] | select(.tid == $tid)).user_stack as $id
			| first($all.stacks[] | select(.id == $id)).frames;
		def own($tid; $file): [stack($tid)[] | select(.module == $file) | .sym];
		'"$1" "$T/snapshot.json"
}

NAMED='own($s.out; $file) == ["pay_out", "transfer_out", "work"]
	and own($s.in; $file) == ["pay_in", "transfer_in", "work"]'

# shows CHECK...: a snapshot of which that is true; on a busy machine the child that unwinds
# may not be done in the second that one takes
shows() {
	local seconds
	for seconds in 1 3 9 27; do
		snapshot --for $seconds
		! "$@" || return 0
	done
	return 1
}

# says COMMAND REGEX...: the same of what a command says as text, line by line
says() {
	local command=$1 seconds regex
	shift
	for seconds in 1 3 9 27; do
		"$LOCKSCOPE" "$command" $([ "$command" = diagnose ] || echo --for $seconds) >"$T/said.txt" || [ $? -eq 3 ]
		for regex; do grep -Eq "$regex" "$T/said.txt" || continue 2; done
		return 0
	done
	return 1
}

named() {
	shows found "\"$1\" as \$file | $NAMED"
}

@test "the functions of the program, without frame pointers and debug info; in text too" {
	runs "$USERSTACK"
	named userstack
	found 'stack($s.out) | any(.[]; .sym == "start_thread" or .sym == null)
		and any(.[]; (.module // "") | startswith("libc.so"))'
	says snapshot 'user stack:' '^ +pay_out\+0x[0-9a-f]+ \[userstack\]$'
	# the paths that take the locks are the program's
	says diagnose '^ +pay_in\+0x[0-9a-f]+ \[userstack\]$' \
		'^ +then wanted futex .* at pay_in\+0x[0-9a-f]+ \[userstack\]$' \
		'^ +then wanted futex .* at pay_out\+0x[0-9a-f]+ \[userstack\]$'
}

@test "a finding has them; a recording tells the same" {
	lockscope watch watch --json
	lockscope record record --comm userstack -o "$T/record.json"
	record=$PID
	runs "$USERSTACK"
	for w in watch record; do
		f=$(seen $w "$(of_scene scene '.kind == "deadlock" and all(.cycle[]; .user_stack)')")
		jq -es --argjson f "$f" --argjson s "$(cat "$T/scene.json")" '
			([.[] | select(.type == "stack")] | INDEX(.id)) as $stacks
			| [$f.cycle[] | select(.tid == $s.out)
				| $stacks[.user_stack | tostring].frames[]
				| select(.module == "userstack").sym]
			== ["pay_out", "transfer_out", "work"]' <(grep '^{"type":"stack".*}$' "$T/$w.json")
	done
	end INT "$record"
	check_stream "$T/record.json" complete
	"$LOCKSCOPE" report "$T/record.json" >"$T/report.txt"
	grep -Eq '^ +transfer_in\+0x[0-9a-f]+ \[userstack\]$' "$T/report.txt"
}

@test "a program that was deleted" {
	cp "$USERSTACK" "$T/gone"
	runs "$T/gone"
	rm "$T/gone"
	named gone
}

@test "a program that another one has taken the place of" {
	cp "$USERSTACK" "$T/app"
	runs "$T/app"
	rm "$T/app"
	cp "$FILEDEADLOCK" "$T/app"
	named app
}

@test "a program in a mount namespace of its own" {
	mkdir "$T/private"
	runs unshare -m sh -c "mount -t tmpfs none '$T/private' && cp '$USERSTACK' '$T/private/inside' &&
		exec '$T/private/inside'"
	[ ! -e "$T/private/inside" ]
	named inside
}

@test "a stripped program: file and offset" {
	strip -o "$T/bare" "$USERSTACK"
	runs "$T/bare"
	shows found 'all($f.cycle[]; .user_stack)'
	# they lie where the one with symbols has its functions
	for f in out:pay_out out:transfer_out in:pay_in; do
		read -r from size < <(nm -S "$USERSTACK" | awk -v f="${f#*:}" '$4 == f { print $1, $2 }')
		found "stack(\$s.${f%:*}) | any(.[]; .module == \"bare\" and .sym == null
			and .off > $((16#$from)) and .off <= $((16#$from + 16#$size)))"
	done
	says snapshot '^ +bare\+0x[0-9a-f]+$'
}

# patch FILE SECTION: noise in its place, always the same
patch() {
	objcopy -O binary --only-section="$2" --set-section-flags "$2=alloc" "$1" "$T/section" 2>/dev/null
	"$PYTHON" - "$1" "$T/section" <<-'END'
		import random, sys
		data, old = bytearray(open(sys.argv[1], "rb").read()), open(sys.argv[2], "rb").read()
		at = data.find(old)
		assert old and at > 0
		random.seed(7)
		data[at:at + len(old)] = random.randbytes(len(old))
		open(sys.argv[1], "wb").write(data)
	END
}

@test "a file that lies: at worst no stack of that program" {
	for section in .eh_frame .eh_frame_hdr .symtab .strtab; do
		cp "$USERSTACK" "$T/liar"
		patch "$T/liar" "$section" || continue
		runs "$T/liar"
		snapshot
		found 'true'
		end KILL "$PID"
	done
	runs "$USERSTACK"
	named userstack
}

@test "no libdw: it is said, and all else is as it was" {
	lib=$(ldconfig -p | awk '/libdw\.so\.1/ { print $NF; exit }')
	runs "$USERSTACK"
	unshare -m sh -c "mount --bind /dev/null '$(readlink -f "$lib")' && exec '$LOCKSCOPE' snapshot --json" \
		>"$T/snapshot.json"
	check_schema --snapshot "$T/snapshot.json"
	found 'all($f.cycle[]; .user_stack == null)
		and $all.lost.user_stacks == 2 and $all.lost.user_stacks_why == "no_libdw"
		and $all.lost.user_stacks_pid == $s.pid'
	run unshare -m sh -c "mount --bind /dev/null '$(readlink -f "$lib")' && exec '$LOCKSCOPE' snapshot"
	[[ $output == *"2 user stacks could not be read"*"libdw"* ]]
	run unshare -m sh -c "mount --bind /dev/null '$(readlink -f "$lib")' && exec '$LOCKSCOPE' features --json"
	[ "$(jq -r 'select(.id == "user_stacks").state' <<<"$output")" = no ]
}

# Only the stuck process, $pid, is without.
tells_the_rest() {
	jq -e --argjson pid "$pid" '.lost.user_stacks_pid == $pid' "$T/snapshot.json" &&
		found "\"userstack\" as \$file | $NAMED" &&
		grep "user stack.* could not be read, the last of process $pid: .* did not answer in time" \
			"$T/snapshot.txt"
}

@test "a process whose mmap_lock is stuck: none, it is said, and others have theirs" {
	mkdir "$T/mnt"
	truncate -s 16M "$T/image"
	mkfs.ext4 -q -F "$T/image"
	mount -o loop "$T/image" "$T/mnt"
	: >"$T/locked"
	background holder flock --no-fork "$T/locked" sleep 1000
	background stuck "$O/tests/load/mmapstuck" "$T/mnt/file" "$T/locked"
	await test -s "$T/stuck.json"
	read -r pid flocker < <(head -n 1 "$T/stuck.json" | jq -r '"\(.pid) \(.flocker)"')
	fsfreeze --freeze "$T/mnt"
	kill -USR1 "$pid"
	await grep -q '"stuck":true' "$T/stuck.json" || { fsfreeze --unfreeze "$T/mnt"; return 1; }
	runs "$USERSTACK"
	# On a busy machine the child that comes after may need more than what is left of 3 s.
	for seconds in 3 6 12 24; do
		"$LOCKSCOPE" snapshot --json --for $seconds >"$T/snapshot.json"
		"$LOCKSCOPE" snapshot --for $seconds >"$T/snapshot.txt"
		! tells_the_rest || break
	done
	fsfreeze --unfreeze "$T/mnt"
	check_schema --snapshot "$T/snapshot.json"
	jq -e --argjson t "$flocker" '
		any(.tasks[]; .tid == $t and .wait.kind == "flock" and .user_stack == null)
		and .lost.user_stacks >= 1 and .lost.user_stacks_why == "late"' "$T/snapshot.json"
	tells_the_rest
}

all_in_main() {
	jq -e --argjson s "$(cat "$T/scene.json")" '. as $all
		| first(.findings[] | select(.kind == "deadlock" and ([.cycle[].tid] | sort) == ($s.blocked | sort)))
		| all(.cycle[]; .user_stack as $id
			| first($all.stacks[] | select(.id == $id)).frames | any(.[]; .sym == "main"))' "$T/snapshot.json"
}

@test "who waits for a file lock, and who has it" {
	scene scene flock-abba
	shows all_in_main
}

@test "its child is killed: another one answers" {
	lockscope watch watch --json
	watch=$PID
	killed=$(cat "/proc/$watch/task/"*/children)
	[ -n "$killed" ]
	kill -KILL $killed
	runs "$USERSTACK"
	seen watch "$(of_scene scene '.kind == "deadlock" and all(.cycle[]; .user_stack)')"
	end INT "$watch"
	check_stream "$T/watch.json" complete
	jq -es 'all(.[] | select(.type == "lost"); .user_stacks == null)' "$T/watch.json"
}

@test "its child does not answer, and the run ends: those it owes are counted" {
	lockscope watch watch --json
	watch=$PID
	stopped=$(cat "/proc/$watch/task/"*/children)
	[ -n "$stopped" ]
	kill -STOP $stopped
	scene scene flock-queue 3
	seen watch "$(of_scene scene '.kind == "long_wait"')" # of 1 s: its looks have asked by then
	end INT "$watch"
	check_stream "$T/watch.json" complete
	jq -es --argjson s "$(cat "$T/scene.json")" 'map(select(.type == "lost")) | last
		| .user_stacks == 4 and .user_stacks_why == "late" and (.user_stacks_pid | IN($s.pids[]))' "$T/watch.json"
}

# Each wait has the stack of its own sleep, never that of the one before.
@test "threads that go from lock to lock" {
	runs "$USERSTACK" moving
	"$LOCKSCOPE" record --comm userstack --for 8 -o "$T/record.json"
	jq -cn --argjson s "$(cat "$T/scene.json")" '
		reduce (inputs | select(.type == "stack" or .type == "task")) as $r ({stacks: {}, right: 0, wrong: 0};
			if $r.type == "stack" then
				.stacks[$r.id | tostring] = [$r.frames[] | select(.module == "userstack").sym]
			elif $r.user_stack == null or $r.wait == null or $r.pid != $s.pid then .
			elif .stacks[$r.user_stack | tostring] ==
				[{($s.ledger): "pay_in", ($s.cash): "pay_out"}[$r.wait.lock], "wait_by_turns"]
			then .right += 1 else .wrong += 1 end) | del(.stacks)
		' "$T/record.json" >"$T/counts.json"
	jq -e '.right >= 20 and .wrong == 0' "$T/counts.json"
}

some_of_a_crowd() {
	jq -e --argjson q "$(cat "$T/queue.json")" --argjson w "$(cat "$T/work.json")" '
		([.tasks[] | select(.user_stack and (.tid | IN($q.tids[])))] | length) == 17
		and any(.tasks[]; .tid == $q.tids[0] and .user_stack and .wait == null)
		and .lost.user_stacks == null
		and all(.tasks[]; .tid | IN($w.tids[]) | not)' "$T/snapshot.json"
}

@test "a crowd: some of those that wait longest, and who keeps them waiting" {
	scene queue mutex-queue 40
	scene work condvar 60
	shows some_of_a_crowd
}
