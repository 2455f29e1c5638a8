#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Everything that can be stuck is so before lockscope starts. Leaves in /out
# snapshot.json, snapshot.txt, diagnose.json, quiet.ndjson, truth.ndjson, spins.ndjson, spins.truth; judged by tests/vm/check.
. ./lib.sh

# The quiet ones, under contention, each met by a first look.
for s in $(names '"expect":"quiet"'); do
	start "$s"
	lockscope snapshot --json --for 0.3 >>/out/quiet.ndjson 2>>/out/quiet.err
	echo "$s exit $?" >>/out/status
	stop "$s"
done

# CPUs that spin: they keep the processors 2 and 3 to themselves for some seconds, and
# lockscope must not be what an interrupt on one of them has interrupted.
taskset -p 3 $$ >/dev/null
for s in spin_abba rwlock_abba; do
	start "$s" 25000
	truth "$s" >>/out/spins.truth
	# In a starved guest a CPU's ticks may come too late for a read.
	for try in 1 2 3; do
		lockscope snapshot --json --long-spin 300 --for 4 >/tmp/spins 2>>/out/spins.err
		status=$?
		[ "$(grep -o '"found_by":"sample"' /tmp/spins | wc -l)" -ge 2 ] && break
	done
	cat /tmp/spins >>/out/spins.ndjson
	echo "$s exit $status" >>/out/status
	stop "$s"
done
taskset -p f $$ >/dev/null

start_and_keep() {
	start "$1"
	keep_truth "$1"
}
start_and_keep mutex_chain
stuck=$(names '"expect":"deadlock".*"stuck":true' | tr '\n' ' ')
for s in $stuck; do
	case $s in rt_mutex*) ;; *) start_and_keep "$s" ;; esac
done
# On 7.2 each spins on the other as an owner that runs, inside an RCU read section: after
# 21 s the kernel rightly complains.
for s in $stuck; do
	case $s in rt_mutex*) start_and_keep "$s" ;; esac
done
# It ends by itself after 5 s, which a starved guest may need to look: then once more.
for try in 1 2; do
	start semaphore_timeout_abba
	truth semaphore_timeout_abba >/tmp/timeout
	lockscope snapshot --json >/out/snapshot.json 2>/out/snapshot.err
	status=$?
	truth_says semaphore_timeout_abba ended true || break
	stop semaphore_timeout_abba
done
cat /tmp/timeout >>/out/truth.ndjson
echo "snapshot exit $status" >>/out/status
lockscope snapshot >/out/snapshot.txt 2>&1
lockscope diagnose --json >/out/diagnose.json 2>/out/diagnose.err
echo $? >/out/diagnose.status
lockscope diagnose >/out/diagnose.txt 2>&1
# Tasks that the kernel has parked, since it saw the deadlock itself: in no queue any more.
dmesg | grep -A3 'rtmutex deadlock' | grep -o 'Comm: lk_[a-z0-9_]*' | sort -u >/out/parked
exit 0
