#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: soak.sh SECONDS ROUNDS
#
# Level held with --spin under every load at once for SECONDS, then ROUNDS of coming
# and going while one processor is under load, every other one by SIGKILL. `snapshot`
# looks on all the while and tells, once all is at rest, what is still believed to be
# held. Leaves in /out: watch.ndjson, snapshot.json, after.json, status, rounds, hooks.
. ./lib.sh

dir=/tmp/fs
# Emulated processors stand still for tens of ms with whatever they hold.
held="--level held --spin --long-spin 1000"

# load NAME OPTIONS...: nice, for lockscope must get somewhere under emulation.
load() {
	# shellcheck disable=SC2016
	sh -c 'renice -n 15 -p $$ >/dev/null; exec taskset $0 lockload "$@"' "$cpus" "$@" \
		-s 100000 --dir $dir >/out/load."$1" 2>&1 &
	loads="$loads $!"
}

# start_loads MASK: on the processors of the mask.
start_loads() {
	cpus=$1 loads=
	for l in fs fork mmap rename pipe pipe-create socket flock; do load $l -t 2; done
	load messaging -t 16
}

# None must have ended by itself.
stop_loads() {
	kill -TERM $loads || fail "a load has ended: $(cat /out/load.*)"
	wait $loads
}

# looks NUMBER COMMAND...: a round that ends by itself.
looks() {
	number=$1
	shift
	lockscope "$@" $held --for 1 >/dev/null 2>>/out/rounds.err
	echo "round $number exit $?" >>/out/rounds
}

# Comes, looks for a second, and goes; or is killed at some point of that.
round() {
	case $(($1 % 4)) in
	0) looks "$1" stat ;;
	2) looks "$1" record -o /dev/null ;;
	*)
		lockscope watch --json $held >/tmp/round 2>>/out/rounds.err &
		victim=$!
		# before the last hook is in, and after
		if [ $(($1 % 4)) = 1 ]; then sleep 1; else await 60 started /tmp/round; fi
		kill -KILL $victim
		wait $victim
		echo "round $1 killed $?" >>/out/rounds
		;;
	esac
}

# What runs while the snapshot looks on; it is taken at the end of this.
if [ "$1" = look ]; then
	touch /tmp/looking
	await 100000 test -e /tmp/rest
	sleep 3
	exit 0
fi

patient_rcu
mkdir -p $dir
dd if=/dev/zero of=/tmp/image bs=1M count=64 2>/dev/null
if mke2fs -q -F /tmp/image >/dev/null 2>&1; then mount -o loop /tmp/image $dir; fi

lockscope watch --json $held >/out/watch.ndjson 2>/out/watch.err &
watch=$!
comes_up $watch watch
lockscope snapshot --json $held -- "$0" look >/out/snapshot.json 2>/out/snapshot.err &
snapshot=$!
await 120 test -e /tmp/looking || fail "snapshot did not start: $(cat /out/snapshot.err)"

start_loads f
sleep "$1"
stop_loads
kill -INT $watch
wait $watch; echo "watch exit $?" >/out/status
# Processors take turns under emulation: with all of them busy a round takes four times as long.
start_loads 8
i=0
while [ $i -lt "$2" ]; do
	i=$((i + 1))
	round $i
done
stop_loads
touch /tmp/rest
wait $snapshot; echo "snapshot exit $?" >>/out/status

# No hook of it is left, and it still loads. Programs go some time after their loader.
hooks=/sys/kernel/tracing/enabled_functions
unhooked() { [ -z "$(cat $hooks)" ]; }
await 30 unhooked
cat $hooks >/out/hooks
lockscope snapshot --json $held >/out/after.json 2>/out/after.err
echo "after exit $?" >>/out/status
exit 0
