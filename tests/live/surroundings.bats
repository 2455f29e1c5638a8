#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Bad input and bad surroundings: a clear message, the promised exit status.

load helpers

setup() { live_setup; }

teardown() {
	[ -z "${KPTR:-}" ] || echo "$KPTR" >/proc/sys/kernel/kptr_restrict
	[ -z "${OPEN_DIR:-}" ] || rm -rf "$OPEN_DIR"
	live_teardown
}

@test "usage errors: exit 2, and what was wrong" {
	for args in "nonsense" "watch --nonsense" "watch --for" "watch --for x" "watch --for -1" \
		    "stat --kind nonsense" "stat --sort nonsense" "watch --fail-on nonsense" \
		    "stat -p 1,x" "snapshot --json --dot" "watch surplus" "record --long-wait 0"; do
		# shellcheck disable=SC2086
		run "$LOCKSCOPE" $args
		echo "$args: $status: $output"
		[ "$status" -eq 2 ]
		[ -n "$output" ]
	done
	run "$LOCKSCOPE"
	[ "$status" -eq 2 ]
	# data to stdout, messages to stderr
	[ -z "$("$LOCKSCOPE" watch --nonsense 2>/dev/null || true)" ]
}

@test "help and version: stdout, 0" {
	for args in --help -h --version "watch --help" "help"; do
		# shellcheck disable=SC2086
		[ "$args" = help ] || [ -n "$("$LOCKSCOPE" $args 2>/dev/null)" ]
	done
}

@test "a level this build has not got: 4" {
	run "$LOCKSCOPE" watch --level lockdep --for 1
	[ "$status" -eq 4 ]
	run "$LOCKSCOPE" watch --level nonsense --for 1
	[ "$status" -eq 2 ]
}

@test "not root: 4, and what to do" {
	OPEN_DIR=$(mktemp -d)
	chmod 755 "$OPEN_DIR"
	cp "$LOCKSCOPE" "$OPEN_DIR/lockscope"
	cd "$OPEN_DIR"
	for command in "watch --for 1" "snapshot" "stat --for 1" "record --for 1 -o -"; do
		# shellcheck disable=SC2086
		run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
			"$OPEN_DIR/lockscope" $command
		[ "$status" -eq 4 ]
		[[ $output == *root* ]]
	done
	# what needs no privilege works
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$OPEN_DIR/lockscope" --version
	[ "$status" -eq 0 ]
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$OPEN_DIR/lockscope" features
	[ "$status" -eq 0 ]
}

@test "no BTF: 4, and what to do" {
	mkdir "$T/empty"
	run unshare -m sh -c 'mount --bind "$1" /sys/kernel/btf && exec "$2" stat --for 1' \
		- "$T/empty" "$LOCKSCOPE"
	[ "$status" -eq 4 ]
	[[ $output == *BTF* ]]
}

@test "inside a pid namespace: says that it sees only a part" {
	run unshare -pf --mount-proc "$LOCKSCOPE" snapshot
	[ "$status" -eq 0 ]
	[[ $output == *"pid namespace"* ]]
	run "$LOCKSCOPE" snapshot
	[[ $output != *"pid namespace"* ]]
}

@test "kptr_restrict=2: works, and says why names are missing" {
	KPTR=$(cat /proc/sys/kernel/kptr_restrict)
	echo 2 >/proc/sys/kernel/kptr_restrict
	run "$LOCKSCOPE" stat -- "$LOCKLOAD" pipe -s 1
	[ "$status" -eq 0 ]
	[[ $output == *kptr_restrict* ]]
	[[ $output == *mutex* ]]
}

@test "metrics replace a file, and nothing else" {
	mkfifo "$T/fifo"
	for command in "stat --for 1" "watch --for 1"; do
		# shellcheck disable=SC2086
		run "$LOCKSCOPE" $command --prometheus "$T/fifo"
		[ "$status" -eq 1 ]
		[[ $output == *"no regular file"* ]]
		[ -p "$T/fifo" ]
	done
}

@test "a full disk is an error, not a shorter file" {
	for command in "record --for 1" "watch --json --for 1" "stat --for 1" "snapshot" "features"; do
		# shellcheck disable=SC2086
		run "$LOCKSCOPE" $command -o /dev/full
		echo "$command: $status: $output"
		[ "$status" -eq 1 ]
		[[ $output == *"No space left"* ]]
	done
	run bash -c '"$1" features >/dev/full' - "$LOCKSCOPE"
	[ "$status" -eq 1 ]
	# one that fills up on the way
	mkdir "$T/small"
	run unshare -m bash -c 'mount -t tmpfs -o size=256k none "$1" &&
		exec "$2" record -o "$1/file" -- "$3" pipe -s 3' - "$T/small" "$LOCKSCOPE" "$LOCKLOAD"
	[ "$status" -eq 1 ]
	[[ $output == *"No space left"* ]]
}

@test "a closed pipe ends a run quietly with 0" {
	for command in "watch --json --for $DEADLINE" "record -o - --for $DEADLINE" \
		       "top -b --json -d 0.2 --for $DEADLINE" "features" "snapshot"; do
		# shellcheck disable=SC2086
		run bash -c '"$@" 2>"$0" | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}' \
			"$T/pipe.err" "$LOCKSCOPE" $command
		echo "$command: $status"
		[ "$status" -eq 0 ]
		! grep -qi 'pipe' "$T/pipe.err"
	done
}

@test "an output that cannot be opened: 1, and its name" {
	run "$LOCKSCOPE" record --for 1 -o /nonexistent/dir/file
	[ "$status" -eq 1 ]
	[[ $output == */nonexistent/dir/file* ]]
}

@test "a recording cut short is read as far as it is whole" {
	scene scene flock-abba
	"$LOCKSCOPE" record --for 2 -o "$T/record.json"
	head -c -200 "$T/record.json" >"$T/cut.json"
	run "$LOCKSCOPE" report "$T/cut.json"
	[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
	[[ $output == *"cut short"* || $output == *end* ]]
	[[ $output == *deadlock* ]]
	run "$LOCKSCOPE" report /nonexistent
	[ "$status" -eq 1 ]
	: >"$T/empty.json"
	run "$LOCKSCOPE" report "$T/empty.json"
	[ "$status" -eq 1 ]
}
