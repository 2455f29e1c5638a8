// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * task_address.c - where the kernel has its task_struct of each TID, for what wants to lie
 * well: "ADDRESS ADDRESS…\n" in hexadecimal.  Exit 2 when one cannot be told.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sides.h"

int main(int argc, char **argv)
{
	struct side side = { 0 };
	struct live_asked *asked;
	int i, err;

	side__open(&side, false);
	err = live_asked__new(&asked, &side.s->bpf);
	if (err)
		side__die("cannot ask for tasks", err);
	live_asked__begin(asked);
	for (i = 1; i < argc && err >= 0; i++)
		err = live_asked__add(asked, (uint32_t)strtoul(argv[i], NULL, 10));
	if (err < 0)
		side__die("cannot ask for a task", err);
	live_asked__done(asked);
	side__look(&side);
	for (i = 1; i < argc; i++) {
		const struct lk_task *t = live_look__find(&side.look,
							  (uint32_t)strtoul(argv[i], NULL, 10));

		if (!t)
			side__die(argv[i], ESRCH);
		printf("%s%" PRIx64, i > 1 ? " " : "", (uint64_t)t->task);
	}
	printf("\n");
	live_asked__free(asked);
	side__close(&side);
	return 0;
}
