// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/root.h"

#include <errno.h>

#include "find/chain.h"
#include "find/describe.h"

int roots__add(struct roots *r, struct finding *f, uint32_t task)
{
	const struct chain *c;

	if (!r->chains) {
		r->chains = chain__find_all(r->s, r->arena);
		if (!r->chains)
			return -ENOMEM;
	}
	c = &r->chains[task];
	if (c->root == SNAP_NONE)
		return 0;
	f->has_root = true;
	f->root_in_cycle = c->in_cycle;
	f->root_confidence = c->certainty;
	return describe__task(&f->root, r->s, c->root, c->hold, r->arena);
}

const char *root__text(const struct finding *f, struct arena *arena)
{
	char *who;

	if (!f->has_root)
		return "";
	who = describe__who(&f->root.who, arena);
	if (!who)
		return NULL;
	if (f->root_in_cycle)
		return arena__printf(arena, "; they wait for a cycle at %s", who);
	return arena__printf(arena, "; root %s%s%s%s", who,
			     f->root_confidence == SURE_CERTAIN ? "" : " (",
			     f->root_confidence == SURE_CERTAIN ?
				     "" : certainty__name(f->root_confidence),
			     f->root_confidence == SURE_CERTAIN ? "" : ")");
}
