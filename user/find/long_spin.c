// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * long_spin.c - waits for spinlocks and rwlocks past the threshold.
 */
#include "find/detectors.h"
#include "find/waits.h"

static int run(const struct find_input *in, struct findings *out)
{
	const struct wait_rule rule = {
		.kind = FIND_LONG_SPIN,
		.spins = true,
		.threshold_ns = in->cfg->long_spin_ns,
		.one = "has spun",
		.many = "spin",
		.past = "spun",
		.past_many = "spun",
	};

	return waits__find(in, &rule, out);
}

const struct detector detector_long_spin = { "long_spin", run };
