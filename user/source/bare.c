// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/bare.h"

#include <errno.h>
#include <stdlib.h>

struct source_bare {
	struct source base;
	struct rec_header header;
};

static int bare_header(struct source *base, record_fn sink, void *ctx)
{
	const struct record rec = { .type = REC_HEADER,
				    .header = ((struct source_bare *)base)->header };

	return sink(ctx, &rec);
}

static int bare_nothing(struct source *base, record_fn sink, void *ctx)
{
	(void)base, (void)sink, (void)ctx;
	return 0;
}

static int bare_read(struct source *base, bool confirm, record_fn sink, void *ctx)
{
	(void)confirm;
	return bare_nothing(base, sink, ctx);
}

static int bare_fds(struct source *base, struct pollfd *fds, int max)
{
	(void)base, (void)fds, (void)max;
	return 0;
}

static void bare_free(struct source *base)
{
	free(base);
}

static const struct source_ops bare_ops = {
	.name = "bare",
	.header = bare_header,
	.drain = bare_nothing,
	.read = bare_read,
	.collect = bare_nothing,
	.fds = bare_fds,
	.free = bare_free,
};

int source_bare__new(struct source **out, const struct rec_header *header)
{
	struct source_bare *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct source){ .ops = &bare_ops, .is_live = true };
	s->header = *header;
	*out = &s->base;
	return 0;
}
