// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * long_wait.c - waits for sleeping locks and file locks past the threshold.
 */
#include "find/detectors.h"
#include "find/waits.h"

static int run(const struct find_input *in, struct findings *out)
{
	const struct wait_rule rule = {
		.kind = FIND_LONG_WAIT,
		.spins = false,
		.threshold_ns = in->cfg->long_wait_ns,
		.one = "has waited",
		.many = "wait",
		.past = "waited",
		.past_many = "waited",
	};

	return waits__find(in, &rule, out);
}

const struct detector detector_long_wait = { "long_wait", run };
