// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/export.h"

#include <errno.h>
#include "cmd/table.h"
#include "view/export.h"

static int write_dot(FILE *out, const struct run *r, const struct view_input *in, int64_t end_ns)
{
	(void)r, (void)end_ns;
	return view_dot__snapshot(out, in);
}

static int write_folded(FILE *out, const struct run *r, const struct view_input *in, int64_t end_ns)
{
	(void)r, (void)end_ns;
	return view_folded__waits(out, in);
}

static int write_pprof(FILE *out, const struct run *r, const struct view_input *in, int64_t end_ns)
{
	(void)r;
	return view_pprof__waits(out, in, end_ns);
}

static int write_csv(FILE *out, const struct run *r, const struct view_input *in, int64_t end_ns)
{
	struct stat_options st;

	(void)end_ns;
	table__options(r->opt, &st);
	if (r->opt->limit == OPT_UNSET)
		st.limit = 0;
	return view_csv__stat(out, in, &st);
}

static const struct form {
	size_t offset;		/* of its flag in the options */
	const char *name;
	bool binary;
	int (*write)(FILE *out, const struct run *r, const struct view_input *in, int64_t end_ns);
} forms[] = {
	{ offsetof(struct cmd_options, dot), "dot", false, write_dot },
	{ offsetof(struct cmd_options, folded), "folded", false, write_folded },
	{ offsetof(struct cmd_options, pprof), "pprof", true, write_pprof },
	{ offsetof(struct cmd_options, csv), "csv", false, write_csv },
};

static const struct form *wanted(const struct cmd_options *opt)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (*(const bool *)((const char *)opt + forms[i].offset))
			return &forms[i];
	return NULL;
}

bool export__wanted(const struct cmd_options *opt)
{
	return wanted(opt);
}

int export__check(struct run *r)
{
	const struct form *form = wanted(r->opt);

	if (!form || !form->binary || !output__is_terminal(r->out))
		return 0;
	lk_error__set(&r->err, -EINVAL, "--%s is binary and not for a terminal", form->name);
	lk_error__hint(&r->err, "name a file with -o, or use a pipe");
	r->err.status = EXIT_USAGE;
	return -EINVAL;
}

int export__write(struct run *r, int64_t end_ns)
{
	struct view_input in;
	int err = run__view_input(r, &in);

	return err ? err : wanted(r->opt)->write(output__file(r->out), r, &in, end_ns);
}
