// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The full screen of `top` after some keys, at any size. */
#include "screens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "view/screen.h"

static uint32_t key_of(const char *name)
{
	static const struct {
		const char *name;
		uint32_t key;
	} names[] = {
		{ "Enter", SK_ENTER }, { "Esc", SK_ESCAPE },	{ "Down", SK_DOWN },
		{ "Up", SK_UP },       { "End", SK_END },	{ "PgDn", SK_PAGE_DOWN },
		{ "Tab", SK_TAB },     { "Left", SK_LEFT },	{ "Bs", SK_BACKSPACE },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].name, name))
			return names[i].key;
	return (uint8_t)name[0];
}

static int show(struct screen *s, struct grid *g, const struct screen_input *input,
		const struct screens_options *opt)
{
	int err = grid__resize(g, opt->width, opt->height);

	screen__resize(s, opt->width);
	if (!err)
		err = screen__update(s, input);
	if (!err)
		screen__draw(s, g);
	return err;
}

static int press(struct screen *s, struct grid *g, const struct screen_input *input,
		 const struct screens_options *opt)
{
	char *keys = strdup(opt->keys), *rest = keys, *key;
	int err = keys ? show(s, g, input, opt) : -ENOMEM;

	while (!err && (key = strsep(&rest, ","))) {
		screen__key(s, key_of(key));
		err = show(s, g, input, opt);
	}
	free(keys);
	return err;
}

int screens__put(FILE *out, const struct view_input *in, const struct screens_options *opt)
{
	struct screen_settings set;
	struct history *history = NULL;
	struct screen *s = NULL;
	struct grid g = { .utf8 = in->style.utf8 };
	struct screen_input input = {
		.in = in,
		.facts = { .own_share = 0.012, .bpf_share = 0.003, .nr_cpus = 4,
			   .replay = true, .at_end = true },
	};
	int err = history__new(&history);

	screen_settings__defaults(&set);
	set.sum = true;
	input.history = history;
	input.facts.t_ns = in->snap ? in->snap->t_ns : 0;
	if (!err)
		err = history__add(history, in->model, 0);
	if (!err)
		err = screen__new(&s, &set, true);
	if (!err)
		err = press(s, &g, &input, opt);
	if (!err)
		err = grid__print(&g, out, opt->looks);
	screen__free(s);
	history__free(history);
	grid__free(&g);
	return err;
}

/* Every view, open and not, on one screen after another. */
int screens__put_all(FILE *out, const struct view_input *in)
{
	return screens__put(out, in, &(struct screens_options){
		.width = 60, .height = 12,
		.keys = "Enter,3,Enter,4,5,6,Enter,/,x,Enter" });
}
