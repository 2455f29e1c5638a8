#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# A machine whose /proc/locks does not answer, as when a CPU keeps RCU from going on:
# in a mount namespace it is a fifo, and opening it waits for whoever writes.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

# stuck NAME ARGS...: as lockscope, but with /proc/locks as $T/locks; not waited for
stuck() {
	local name=$1
	shift
	[ -p "$T/locks" ] || mkfifo "$T/locks"
	background "$name" unshare -m sh -c \
		'mount --bind "$1" /proc/locks && shift && exec "$@"' - "$T/locks" "$LOCKSCOPE" "$@"
}

# reads_go_on FILE: ten of them, more than the looks that hang could delay by a second
reads_go_on() {
	[ "$(jq -Rc 'fromjson? | select(.type == "read")' "$1" | wc -l)" -ge 10 ]
}

@test "/proc/locks hangs: everything else goes on, and the end does not wait" {
	scene scene flock-abba
	stuck record record -o "$T/record.json"
	await has_header "$T/record.json"
	await reads_go_on "$T/record.json"
	started=$SECONDS
	end INT "$PID"
	[ "$STATUS" -eq 0 ]
	[ $((SECONDS - started)) -lt 5 ]
	check_stream "$T/record.json" complete
	none_seen "$T/record.json" "$(of_scene scene '.kind == "deadlock"')"
	# and it is no secret
	jq -es 'map(select(.type == "lost")) | last | .looks >= 1' "$T/record.json"
}

@test "/proc/locks answers late: the deadlock is named then" {
	scene scene flock-abba
	stuck watch watch --json
	await has_header "$T/watch.json"
	sleep 1	# nothing but time makes a look late
	none_seen "$T/watch.json" "$(of_scene scene '.kind == "deadlock"')"
	# an answer for each look; one that comes while a look is just closing its end is in vain
	background feeder sh -c 'while :; do cat /proc/locks >"$1"; done' - "$T/locks"
	f=$(seen watch "$(of_scene scene '.kind == "deadlock" and .state == "open"')")
	is_cycle_of "$f" scene
	[ "$(jq -r .confidence <<<"$f")" = certain ]
}
