#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: guest-pairs.sh "KIND..." ["TRACER|COMMAND"...]
#
# Instructions of an uncontended pair of each kind of lock, with no tracer and under each
# COMMAND in turn; a command prints a JSON header or a line with "Tracing" once it is attached.
# There is one CPU, and its clock counts instructions. Leaves in /out
#   pairs   TRACER KIND MIN MEDIAN MAX PAIRS, five times each
#   attach  TRACER HOOKS SECONDS LINKING: from its start until it is attached, and
#           how much of that the system calls took that make the links
#   failed  what those said that did not attach: TRACER: WORDS
#   TRACER.log  what the command said
. ./lib.sh

kinds=$1
shift
trace=/sys/kernel/tracing
bpf_calls=$trace/events/syscalls
uptime_s() { read -r up rest </proc/uptime; echo "$up"; }

watch_bpf_calls() {
	echo "$1" >$bpf_calls/sys_enter_bpf/enable
	echo "$1" >$bpf_calls/sys_exit_bpf/enable
}

# Seconds in the bpf calls seen that make a link: commands 17 (BPF_RAW_TRACEPOINT_OPEN)
# and 28 (BPF_LINK_CREATE); the trace prints them in hex.
linking_s() {
	awk '{ for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) { at = $i + 0; break } }
		/sys_bpf\(cmd: (0x)?(11|1c),/ { began = at; next }
		/sys_bpf -> / && began { sum += at - began; began = 0 }
		END { printf "%.6f", sum }' $trace/trace
}

measure() {
	for round in 1 2 3 4 5; do
		for kind in $kinds; do
			echo "$kind" >/proc/lk_bench || fail "no kind $kind"
			echo "$1 $kind $(cat /proc/lk_bench)" >>/out/pairs
		done
	done
}

# Waits for the line in a read, since polling would take the one CPU from the tracer.
until_tracing() {
	while read -r line; do
		echo "$line" >>"/out/$1.log"
		case $line in *Tracing* | *'"type":"header"'*) return 0 ;; esac
	done
	return 1
}

not_tracing() {
	exec 3<&-
	watch_bpf_calls 0
	wait $tracer
	echo "$1: $(head -n 1 "/out/$1.log")" >>/out/failed
}

under() {
	echo >$trace/trace
	watch_bpf_calls 1
	began=$(uptime_s)
	$2 >/tmp/said 2>&1 &
	tracer=$!
	exec 3</tmp/said
	until_tracing "$1" <&3 || { not_tracing "$1"; return; }
	ready=$(uptime_s)
	watch_bpf_calls 0
	cat <&3 >>"/out/$1.log" &
	hooks=$(cat /proc/$tracer/fdinfo/* | grep -c '^link_type:')
	echo "$1 $hooks $began $ready $(linking_s)" |
		awk '{ print $1, $2, $4 - $3, $5 }' >>/out/attach
	sleep 3 # what follows an attach (RCU, freed trampolines) is over
	measure "$1"
	kill $tracer
	wait $tracer 2>/dev/null # no "Terminated"
	exec 3<&-
	sleep 3
}

mkfifo /tmp/said
echo mono >$trace/trace_clock
sleep 20 # what follows a boot is over
measure none
for t; do
	under "${t%%|*}" "${t#*|}"
done
exit 0
