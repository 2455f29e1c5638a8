// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The key r: a recording from now on, the snapshot of this moment, or the screen. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "cmd/top_int.h"
#include "cmd/when.h"

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && !strcmp(name + len - end_len, end);
}

/* Never over what is there, nor through a link somebody has laid. */
static int open_new(const char *name, FILE **out)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	*out = fdopen(fd, "w");
	if (*out)
		return 0;
	close(fd);
	return -ENOMEM;
}

static int close_file(FILE *out, int err)
{
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int save_screen(struct top *t, FILE *out)
{
	return grid__print(&t->grid, out, false);
}

static int save_snapshot(struct top *t, FILE *out)
{
	struct view_input in;
	char taken_at[WHEN_LEN];
	int err = run__view_input(&t->run, &in);

	if (err)
		return err;
	return in.snap ? view_json__snapshot(out, &in, when__now(taken_at, sizeof(taken_at))) :
			 -ENODATA;
}

static int put(struct top_save *save, const struct record *rec, const struct rec_lock *lock,
	       uint32_t stack)
{
	int err = stream__stack(&save->stream, stack);

	if (!err && lock)
		err = stream__name(&save->stream, lock);
	return err ? err : stream__record(&save->stream, rec);
}

/* The stacks and names a record refers to come before it, the first time. */
static int put_record(struct top_save *save, const struct record *rec)
{
	int err = 0;

	switch (rec->type) {
	case REC_WAIT:
	case REC_WAIT_BEGIN:
		err = stream__stack(&save->stream, rec->wait.owner_stack);
		return err ? err : put(save, rec, &rec->wait.lock, rec->wait.stack);
	case REC_HOLD:
		return put(save, rec, &rec->hold.lock, rec->hold.stack);
	case REC_AGG:
		return put(save, rec, &rec->agg.lock, rec->agg.stack);
	case REC_TASK:	/* a stack may stand inside a read */
		if (rec->task.has_wait)
			err = stream__stack(&save->stream, rec->task.wait.stack);
		if (!err)
			err = stream__stack(&save->stream, rec->task.user_stack);
		return err ? err : put(save, rec, NULL, rec->task.stack);
	case REC_HOLD_AGG:
		return put(save, rec, &rec->hold_agg.lock, 0);
	default:
		return put(save, rec, NULL, 0);
	}
}

/* Every row there is: at the begin, and once more at the end. */
static int put_statistics(struct top *t)
{
	const struct model *m = session__model(t->run.session);
	struct record rec = { .type = REC_AGG };
	const struct stat_row *rows;
	const struct hold_row *holds;
	size_t nr;
	int err = 0;

	rows = model__stats(m, &nr);
	for (size_t i = 0; !err && i < nr; i++) {
		rec.agg = rows[i].agg;
		err = put_record(&t->save, &rec);
	}
	holds = model__holds(m, &nr);
	rec.type = REC_HOLD_AGG;
	for (size_t i = 0; !err && i < nr; i++) {
		rec.hold_agg = holds[i].agg;
		err = put_record(&t->save, &rec);
	}
	return err;
}

static int begin_recording(struct top *t, FILE *out)
{
	const struct model *m = session__model(t->run.session);
	struct record rec = { .type = REC_HEADER, .header = *model__header(m) };
	int err;

	stream__init(&t->save.stream, out, m);
	err = stream__record(&t->save.stream, &rec);
	return err ? err : put_statistics(t);
}

void top_save__record(struct top *t, const struct record *rec)
{
	if (t->save.file && !t->save.error && rec->type != REC_HEADER && rec->type != REC_END)
		t->save.error = put_record(&t->save, rec);
}

void top_save__finding(struct top *t, const struct finding *f)
{
	if (t->save.file && !t->save.error)
		t->save.error = stream__finding(&t->save.stream, f);
}

void top_save__end(struct top *t)
{
	struct top_save *save = &t->save;
	struct record end = { .type = REC_END };
	int err = save->error;

	if (!save->file)
		return;
	end.end.t_ns = moment__time(session__model(t->run.session));
	if (!err)
		err = put_statistics(t);
	if (!err)
		err = stream__end(&save->stream, &end);
	err = close_file(save->file, err);
	stream__free(&save->stream);
	*save = (struct top_save){ .error = err };
}

static void tell(struct top *t, const char *what, int err)
{
	const char *name = screen__save_name(t->screen);

	if (err == -EEXIST)
		screen__say(t->screen, "%s is there already", name);
	else if (err)
		screen__say(t->screen, "cannot write %s: %s", name, strerror(-err));
	else
		screen__say(t->screen, "%s %s", what, name);
}

static void begin(struct top *t)
{
	const char *name = screen__save_name(t->screen);
	bool is_screen = ends_in(name, ".txt"), is_snapshot = ends_in(name, ".json");
	FILE *out = NULL;
	int err;

	if (t->path && !is_screen && !is_snapshot) {
		screen__say(t->screen, "this is a recording; .json and .txt can be saved");
		return;
	}
	err = open_new(name, &out);
	if (err) {
		tell(t, "", err);
		return;
	}
	if (is_screen || is_snapshot) {
		err = is_screen ? save_screen(t, out) : save_snapshot(t, out);
		tell(t, "saved to", close_file(out, err));
		return;
	}
	t->save = (struct top_save){ .file = out };
	t->save.error = begin_recording(t, out);
	tell(t, "r ends the recording to", t->save.error);
	if (t->save.error)
		top_save__end(t);
}

void top_save__toggle(struct top *t)
{
	if (!t->save.file) {
		begin(t);
		return;
	}
	top_save__end(t);
	tell(t, "recorded to", t->save.error);
}
