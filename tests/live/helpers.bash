# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# helpers.bash - what the native tests share. They run as root on this kernel, with
# real locks; nothing sleeps a fixed time where an event can be awaited.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
O=${O:-$ROOT/.output}
[[ $O == /* ]] || O=$ROOT/$O
LOCKSCOPE=$O/lockscope
FILEDEADLOCK=$O/tests/load/filedeadlock
LOCKLOAD=$O/tests/load/lockload
PYTHON=/usr/bin/python3
DEADLINE=20	# seconds any awaited event may take on a busy machine

live_setup() {
	[ "$(id -u)" = 0 ] || { echo "live tests run as root" >&2; return 1; }
	T=$BATS_TEST_TMPDIR
	STARTED=()
}

live_teardown() {
	local pid
	for pid in "${STARTED[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	# what failed is explained by what was written
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		tail -n 40 "$T"/*.err "$T"/*.txt 2>/dev/null || true
		tail -c 4000 "$T"/*.json 2>/dev/null || true
	fi
}

# await COMMAND...: until it succeeds
await() {
	local end=$((SECONDS + DEADLINE))
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "in vain waited $DEADLINE s for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# background NAME COMMAND...: its output in $T/NAME.json, messages in $T/NAME.err,
# its pid in PID. SIGINT is not ignored, as it is for a shell's background jobs.
background() {
	local name=$1
	shift
	rm -f "$T/$name.json"	# that of an earlier one is not to be taken for this one's
	env --default-signal=INT,TERM,PIPE "$@" >"$T/$name.json" 2>"$T/$name.err" 3>&- &
	PID=$!
	STARTED+=("$PID")
}

# end SIGNAL PID: its status in STATUS
end() {
	kill "-$1" "$2" 2>/dev/null || true
	STATUS=0
	wait "$2" || STATUS=$?
}

# scene NAME MODE [N]: a scene of filedeadlock; its description in $T/NAME.json
scene() {
	local name=$1
	shift
	background "$name" "$FILEDEADLOCK" "$@" --dir "$T"
	await test -s "$T/$name.json"
}

# of NAME FILTER: what a scene says of itself
of() {
	jq -c "$2" "$T/$1.json"
}

# lockscope NAME ARGS...: in the background, returned from once it traces
lockscope() {
	local name=$1
	shift
	background "$name" "$LOCKSCOPE" "$@"
	await has_header "$T/$name.json"
}

has_header() {
	[ "$(head -n 1 "$1" | jq -r .type)" = header ]
}

# findings FILE FILTER: those it passes, one a line; fails when there is none (jq -e
# does not before 1.7). A line that is still being written is none yet.
findings() {
	jq -Rc "fromjson? | select(.type == \"finding\") | select($2)" "$1" | grep .
}

# seen NAME FILTER: awaits such a finding of a running lockscope, and prints the first
seen() {
	await findings "$T/$1.json" "$2"
	findings "$T/$1.json" "$2" | head -n 1
}

# check_stream FILE [complete]: every line is valid JSON, the first a header, the
# last an end when it is to be complete; and all is as the schema says.
check_stream() {
	[ -s "$1" ]
	jq -c . "$1" >/dev/null
	[ "$(wc -l <"$1")" = "$(jq -c . "$1" | wc -l)" ]
	[ "$(head -n 1 "$1" | jq -r .type)" = header ]
	if [ "${2:-}" = complete ]; then
		[ "$(tail -n 1 "$1" | jq -r .type)" = end ]
		[ "$(tail -n 1 "$1" | jq -r .records)" = "$(($(wc -l <"$1") - 1))" ]
	fi
	check_schema "$1"
}

# check_schema [--snapshot] FILE
check_schema() {
	"$ROOT/tests/schema/validate" "$@"
}

# of_scene SCENE FILTER: a filter that also wants a task of the scene in it, since
# others may lock files on this machine, too
of_scene() {
	echo "($2) and any(.. | .tid? // empty; IN($(of "$1" '.tids[]' | paste -sd,)))"
}

# none_seen FILE FILTER
none_seen() {
	! findings "$1" "$2"
}

# is_cycle_of FINDING SCENE: the finding is exactly the deadlock of that scene
is_cycle_of() {
	jq -en --argjson f "$1" --argjson s "$(cat "$T/$2.json")" '
		($f.cycle | length) as $n
		| ([$f.cycle[].tid] | sort) == ($s.blocked | sort)
		and all(range($n); . as $i | $f.cycle[$i] as $me | $f.cycle[($i + 1) % $n] as $next
			| $me.waits_for.lock == $next.holds.lock
			and $me.waits_for.kind == $next.holds.kind
			and ($me.waits_for.name | IN($s.files[]))
			and $me.waits_for.mode == "write" and $next.holds.mode == "write")
		and ([$f.cycle[].waits_for.name] | sort) == ($s.files | sort)'
}

# bpf_ids PID: the BPF programs, maps and links that a process has open
bpf_ids() {
	cat "/proc/$1/fdinfo/"* 2>/dev/null |
		awk '/^(prog_id|map_id|link_id):/ { sub("_id:", "", $1); print $1, $2 }' | sort -u
}

# all_gone FILE: none of those in the file is there any more
all_gone() {
	local what id
	while read -r what id; do
		! bpftool "$what" show id "$id" >/dev/null 2>&1 || return 1
	done <"$1"
}
