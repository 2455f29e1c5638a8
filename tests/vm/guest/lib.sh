# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What the guest scripts share; busybox sh.

ctl=/proc/lk_test/ctl
fail() { echo "guest: $*"; exit 1; }

uptime_seconds() { cut -d. -f1 /proc/uptime; }

# await SECONDS COMMAND...: until it succeeds; returns 1 after SECONDS, on a machine that
# is not busy: a guest may get a fraction of a processor.
await() {
	until=$(($(uptime_seconds) + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(uptime_seconds)" -le $until ] || return 1
		usleep 100000
	done
}

has() { grep -q "$1" "$2"; }

# started FILE: lockscope records once its header is out.
started() { has '"type":"header"' "$1"; }

truth() { grep "\"scenario\":\"$1\"" /proc/lk_test/truth; }
truth_says() { truth "$1" | grep -q "\"$2\":$3"; }
first_tid() { truth "$1" | sed -n 's/.*"tasks":\[{"tid":\([0-9]*\).*/\1/p'; }

# found KIND SCENARIO FILE: a finding of that kind names the scenario's first task.
found() { grep "\"kind\":\"$1\"" "$3" | grep -q "\"tid\":$(first_tid "$2"),"; }

# Both commands have to have seen it: they read at their own times.
both() {
	found "$1" "$2" /out/watch.ndjson && found "$1" "$2" /tmp/record.findings
}

# The same for a finding that names any of the scenario's tasks.
any_tid() { truth "$1" | grep -o '"tid":[0-9]*,' | tr '\n' '|' | sed 's/|$//'; }
found_any() { grep "\"kind\":\"$1\"" "$3" | grep -qE "$(any_tid "$2")"; }
both_any() {
	found_any "$1" "$2" /out/watch.ndjson && found_any "$1" "$2" /tmp/record.findings
}

names() { sed -n "s/^{\"scenario\":\"\([^\"]*\)\".*$1.*/\1/p" /proc/lk_test/list; }
keep_truth() { truth "$1" >>/out/truth.ndjson; }

# start NAME [PARAM]
start() {
	echo "start $1 $2" >$ctl || fail "start $1"
	await 30 truth_says "$1" formed_once true || fail "$1 did not form"
}
stop() {
	echo "stop $1" >$ctl || fail "stop $1"
	await 30 truth_says "$1" ended true || fail "$1 did not end"
}

# The quiet ones have to have had their chance: many rounds under contention.
busy() { [ "$(truth "$1" | sed 's/.*"loops":\([0-9]*\).*/\1/')" -ge 200 ]; }

quiet_ones() {
	for s in $(names '"expect":"quiet"'); do
		start "$s"
		case $s in *cross_release) ;; *) await 20 busy "$s" || fail "$s made no rounds" ;; esac
		keep_truth "$s"
		stop "$s"
	done
}

# comes_up PID NAME: until it records, or has ended, or it takes too long.
comes_up() {
	await 120 started_or_gone $1 /out/$2.ndjson
	started /out/$2.ndjson || fail "$2 did not start: $(cat /out/$2.err)"
}
started_or_gone() { started "$2" || ! kill -0 "$1"; }

# watch_and_record OPTIONS...: both run when it returns; their ids are $watch and $record.
watch_and_record() {
	lockscope watch --json "$@" >/out/watch.ndjson 2>/out/watch.err &
	watch=$!
	lockscope record -o /out/record.ndjson "$@" 2>/out/record.err &
	record=$!
	comes_up $watch watch
	comes_up $record record
	# Looking through a whole recording again and again takes an emulated guest minutes.
	tail -n +1 -f /out/record.ndjson |
		awk '/"type":"finding"/ { print; fflush() }' >/tmp/record.findings &
}

end_and_report() {
	kill -INT $watch $record
	wait $watch; echo "watch exit $?" >/out/status
	wait $record; echo "record exit $?" >>/out/status
	lockscope report --json /out/record.ndjson >/out/report.ndjson 2>/out/report.err
	echo "report exit $?" >>/out/status
}

# With all emulated processors busy, a task of the lowest priority that was preempted as an
# RCU reader may not run for longer than the 21 s that a kernel thinks long.
patient_rcu() { echo 100 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout || fail "RCU's patience"; }
