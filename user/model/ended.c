// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/ended.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/vec.h"

void ended__free(struct ended *e)
{
	free(e->waits);
	free(e->holds);
	arena__free(e->arena);
}

/* A copy of s, or NULL for NULL; *err is set when memory is out. */
static const char *keep(struct ended *e, const char *s, int *err)
{
	const char *copy = arena__strdup(e->arena, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

int ended__add_wait(struct ended *e, const struct rec_wait *w)
{
	struct rec_wait *copy;
	int err = 0;

	if (w->wait_ns < 0 ||
	    (uint64_t)w->wait_ns < (w->spin ? e->keep_spin_ns : e->keep_wait_ns))
		return 0;
	if ((!e->arena && arena__new(&e->arena)) ||
	    !VEC_ROOM(e->waits, e->nr_waits, e->cap_waits))
		return -ENOMEM;
	copy = &e->waits[e->nr_waits];
	*copy = *w;
	copy->who.comm = keep(e, w->who.comm ? w->who.comm : "", &err);
	copy->lock.str = keep(e, w->lock.str, &err);
	e->nr_waits += !err;
	return err;
}

int ended__add_hold(struct ended *e, const struct rec_hold *h)
{
	struct rec_hold *copy;
	int err = 0;

	if ((!e->arena && arena__new(&e->arena)) ||
	    !VEC_ROOM(e->holds, e->nr_holds, e->cap_holds))
		return -ENOMEM;
	copy = &e->holds[e->nr_holds];
	*copy = *h;
	copy->who.comm = keep(e, h->who.comm ? h->who.comm : "", &err);
	copy->lock.str = keep(e, h->lock.str, &err);
	copy->site.sym = keep(e, h->site.sym, &err);
	copy->site.module = keep(e, h->site.module, &err);
	copy->site.line = keep(e, h->site.line, &err);
	e->nr_holds += !err;
	return err;
}

void ended__forget(struct ended *e)
{
	e->nr_waits = e->nr_holds = 0;
	arena__free(e->arena);
	e->arena = NULL;
}
