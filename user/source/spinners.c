// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/spinners.h"

#include <stddef.h>
#include <string.h>

#define NOWHERE UINT32_MAX

/* How far below the lock its words point, at best, within the object.  The lock that it
 * spins for is named there in any case. */
static uint32_t nearest(const struct lk_spinner *s, uint64_t lock, uint32_t object)
{
	uint32_t best = NOWHERE, i;

	for (i = 0; i < s->nr_words && i < LK_SPINNER_WORDS; i++) {
		uint64_t word = s->words[i];

		if (word - s->lock < 8 || word > lock || lock - word > object)
			continue;
		if (lock - word < best)
			best = (uint32_t)(lock - word);
	}
	return best;
}

bool spinners__holder(const struct lk_spinner *list, uint32_t nr, uint64_t lock, uint32_t object,
		      struct spinner_hint *out)
{
	uint32_t i, below, nr_exact = 0, nr_near = 0;
	struct spinner_hint exact = { 0 }, near = { 0 };

	for (i = 0; i < nr; i++) {
		if (!list[i].lock || list[i].lock == lock)
			continue;
		below = nearest(&list[i], lock, object);
		if (!below) {
			exact = (struct spinner_hint){ &list[i], i, 0 };
			nr_exact++;
		} else if (below != NOWHERE) {
			near = (struct spinner_hint){ &list[i], i, below };
			nr_near++;
		}
	}
	*out = nr_exact ? exact : near;
	return nr_exact ? nr_exact == 1 : nr_near == 1;
}

/* The paravirtual one is used under a hypervisor in place of the native one. */
static const struct {
	const char *name;
	uint32_t flags;
} slow_paths[LK_NR_SPIN_CODE] = {
	{ "native_queued_spin_lock_slowpath", LK_F_SPIN },
	{ "__pv_queued_spin_lock_slowpath", LK_F_SPIN },
	{ "queued_read_lock_slowpath", LK_F_SPIN | LK_F_READ },
	{ "queued_write_lock_slowpath", LK_F_SPIN | LK_F_WRITE },
	{ "queued_spin_lock_slowpath", LK_F_SPIN },	/* built without paravirtual spinlocks */
};

void spinners__add_function(void *code, const char *name, uint64_t from, uint64_t to)
{
	struct lk_spin_code *c = code;
	size_t i;

	if (!strstr(name, "lock_slowpath"))
		return;
	for (i = 0; i < LK_NR_SPIN_CODE; i++)
		if (!strcmp(name, slow_paths[i].name))
			c[i] = (struct lk_spin_code){ from, to, slow_paths[i].flags, 0 };
}
