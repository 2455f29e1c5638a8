# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What the guest scripts share; busybox sh.

ctl=/proc/lk_test/ctl
fail() { echo "guest: $*"; exit 1; }

# await SECONDS COMMAND...: until it succeeds; returns 1 after SECONDS.
await() {
	tries=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
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
