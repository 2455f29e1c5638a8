#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Every scenario of the test module under `watch` and `record`. Leaves in /out
# watch.ndjson, record.ndjson, report.ndjson, truth.ndjson; what they must say is
# judged outside (tests/vm/check). Only waits for things to happen, judges nothing.
. ./lib.sh

watch_and_record

# Those that are judged by a finding wait for it; absence shows in the check.
expect() {
	case $(truth "$1") in
	*'"expect":"deadlock","owners":"none"'*) await 10 both long_wait "$1" ;;
	# Of several readers the lock's word names the last at most.
	*'"scenario":"rwsem_reader_'*) await 10 both_any long_wait "$1" ;;
	*'"expect":"deadlock"'*) await 20 both deadlock "$1" ;;
	*'"expect":"root"'*) await 15 both long_wait "$1" ;;
	*'"expect":"long_spin"'*) await 10 has long_spin /out/watch.ndjson ;;
	esac
}

quiet_ones

for s in $(names '"expect":"long_spin"'); do
	start "$s" 1500
	keep_truth "$s"
	expect "$s"
	await 30 truth_says "$s" ended true
done

for s in mutex_killable_abba mutex_interruptible_abba; do
	(echo "run $s 0" >$ctl) 2>/dev/null &
	victim=$!
	(echo "run $s 1" >$ctl) &
	other=$!
	await 30 truth_says "$s" formed true || fail "$s did not form"
	keep_truth "$s"
	await 20 both deadlock "$s"
	kill -9 $victim
	wait $other
	await 15 has "\"kind\":\"deadlock\".*\"state\":\"closed\".*\"tid\":$victim," /out/watch.ndjson
done

for s in long_hold_queue mutex_chain completion_cycle semaphore_timeout_abba; do
	start "$s"
	keep_truth "$s"
	expect "$s"
	[ "$s" = semaphore_timeout_abba ] || stop "$s"
done

for s in $(names '"expect":"deadlock".*"stuck":true'); do
	start "$s"
	keep_truth "$s"
	expect "$s"
done

end_and_report
lockscope report /out/record.ndjson >/out/report.txt 2>&1
lockscope features >/out/features.txt 2>&1
exit 0
