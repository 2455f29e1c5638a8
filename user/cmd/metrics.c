// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/textfile.h"
#include "view/prometheus.h"

#define EVERY_TICKS 5
#define PATIENCE_MS 2000	/* with a file system, at the begin and at the end */

struct metrics {
	struct run *run;
	struct textfile *file;
	struct prometheus *prom;
	bool looks, changed, written, ended;
	int ticks;
	int told;		/* the reason that was told last */
};

static void warn_of_name(const struct run *r, const char *path)
{
	size_t len = strlen(path);

	if (len < 6 || strcmp(path + len - 5, ".prom"))
		run__note(r, "%s: node_exporter reads only files whose name ends in .prom", path);
}

int metrics__new(struct metrics **out, struct run *r, bool looks)
{
	const char *path = r->opt->prometheus;
	struct metrics *m;
	int rc;

	*out = NULL;
	if (!path)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m || prometheus__new(&m->prom)) {
		free(m);
		return lk_error__set(&r->err, -ENOMEM, "out of memory");
	}
	m->run = r;
	m->looks = looks;
	rc = textfile__new(&m->file, path, &r->err);
	if (rc) {
		metrics__free(m);
		return rc;
	}
	warn_of_name(r, path);
	*out = m;
	return 0;
}

static int make_text(struct metrics *m, bool running, char **text, size_t *len)
{
	struct prometheus_input in = { .running = running, .looks = m->looks, .waits = true };
	struct view_input view;
	FILE *out;
	int err = run__view_input(m->run, &view);

	*text = NULL;
	if (err)
		return err;
	in.view = &view;
	out = open_memstream(text, len);
	if (!out)
		return -ENOMEM;
	err = prometheus__write(m->prom, out, &in);
	if (fclose(out) && !err)
		err = -ENOMEM;
	if (err)
		free(*text);
	return err;
}

static int put(struct metrics *m, bool running, struct lk_error *why)
{
	char *text;
	size_t len;
	int err = make_text(m, running, &text, &len);

	return err ? err : textfile__put(m->file, text, len, why);
}

int metrics__write(struct metrics *m)
{
	struct lk_error why = { 0 };
	int rc;

	if (!m)
		return 0;
	rc = put(m, true, &why);
	m->ticks = 0;
	m->changed = rc == -EBUSY;	/* it has not been told yet */
	if (!m->written && !rc) {
		m->written = true;
		return textfile__wait(m->file, PATIENCE_MS, &m->run->err);
	}
	if (rc == -ENOMEM)
		return rc;
	if (rc != -EBUSY && rc != m->told && why.what[0])
		cmd__say("%s", why.what);
	if (rc != -EBUSY)
		m->told = rc;
	return 0;
}

int metrics__tick(struct metrics *m)
{
	return m && (++m->ticks >= EVERY_TICKS || m->changed) ? metrics__write(m) : 0;
}

void metrics__finding(struct metrics *m, const struct finding *f)
{
	if (!m)
		return;
	m->changed = true;
	prometheus__finding(m->prom, f);
}

int metrics__end(struct metrics *m)
{
	struct lk_error before = { 0 };	/* of an earlier write: this one counts */
	int rc;

	if (!m)
		return 0;
	m->ended = true;
	rc = textfile__wait(m->file, PATIENCE_MS, &m->run->err);
	if (rc == -ETIMEDOUT)
		return rc;
	m->run->err = (struct lk_error){ 0 };
	rc = put(m, false, &before);
	return rc == -ENOMEM ? rc : textfile__wait(m->file, PATIENCE_MS, &m->run->err);
}

/* A run can end without its end: its reader has gone, or it failed. */
void metrics__free(struct metrics *m)
{
	struct lk_error why = { 0 };

	if (!m)
		return;
	if (m->written && !m->ended && !textfile__wait(m->file, PATIENCE_MS, &why) &&
	    !put(m, false, &why))
		textfile__wait(m->file, PATIENCE_MS, &why);
	prometheus__free(m->prom);
	textfile__free(m->file);
	free(m);
}
