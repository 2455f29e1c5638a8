// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "source/replay.h"
#include "source/replay_decode.h"
#include "source/replay_line.h"
#include "source/replay_read.h"

struct replay {
	struct source source;	/* first: a source is a replay */
	struct line_reader *lines;
	struct line line;
	struct decoder *decoder;
	struct decoder *header_decoder;	/* keeps the header's strings */
	struct record header;
	struct read_buffer *read;
	replay_fault_fn fault_fn;
	void *fault_ctx;
	uint64_t last_seq, nr_written;	/* lines that are not blank */
	bool has_header, has_end, any_read;
	bool line_waits;	/* the first line was no header and is yet to be read */
	bool in_dropped;	/* what comes belongs to a read that was left out */
	bool stopped;
	struct replay_counts nr;
};

static void fault_at(struct replay *r, uint64_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fault_at(struct replay *r, uint64_t line, const char *fmt, ...)
{
	struct replay_fault fault = { .line = line };
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	fault.what = what;
	r->nr.faults++;
	if (r->fault_fn)
		r->fault_fn(r->fault_ctx, &fault);
}

/* What a line that is no record is to the reader. */
static void fault_line(struct replay *r, const char *why)
{
	fault_at(r, r->line.nr, r->line.ended ? "%s" : "the file ends inside a record (%s)", why);
}

/* The next line that has something in it: 1, 0 at the end, -errno. */
static int next_line(struct replay *r)
{
	char why[64];
	int got;

	if (r->line_waits) {
		r->line_waits = false;
		return 1;
	}
	while ((got = line_reader__next(r->lines, &r->line)) > 0) {
		r->nr.lines++;
		if (r->line.too_long) {
			r->nr_written++;
			snprintf(why, sizeof(why), "longer than %u MB", LINE_MAX_BYTES >> 20);
			fault_line(r, why);
			continue;
		}
		while (r->line.len && strchr(" \t\r", r->line.text[r->line.len - 1]) &&
		       r->line.text[r->line.len - 1])
			r->line.len--;
		if (!r->line.len)
			continue;
		r->nr_written++;
		return 1;
	}
	return got;
}

/* Finds the header: it is the first line that is a record, or missing. */
static int read_header(struct replay *r, const char *path, struct lk_error *err)
{
	int got;

	while ((got = next_line(r)) > 0) {
		got = decoder__decode(r->header_decoder, r->line.text, r->line.len, &r->header);
		if (got == -EBADMSG)
			fault_line(r, decoder__why(r->header_decoder));
		else if (got)
			break;
	}
	if (got == -EPROTONOSUPPORT) {
		lk_error__set(err, got, "%s has schema %d; this lockscope reads up to schema %d",
			      path, r->header.header.schema, REC_SCHEMA);
		lk_error__hint(err, "read it with a newer lockscope");
		return got;
	}
	if (got < 0)
		return lk_error__set(err, got, "cannot read %s: %s", path, strerror(-got));
	if (got == 1 && r->header.type == REC_HEADER) {
		r->has_header = true;
		return 0;
	}
	r->line_waits = got == 1;	/* else the file is at its end */
	fault_at(r, r->line_waits ? r->line.nr : 0,
		 r->nr_written ? "no header: the begin of the recording is missing" :
				 "the file is empty: no recording");
	memset(&r->header, 0, sizeof(r->header));
	r->header.header = (struct rec_header){
		.schema = REC_SCHEMA, .version = "", .kernel = "", .host = "",
		.level = "unknown", .began_at = "",
	};
	return 0;
}

static int replay_header(struct source *s, record_fn sink, void *ctx)
{
	struct replay *r = (struct replay *)s;
	int err = sink(ctx, &r->header);

	return err < 0 ? err : 0;
}

/* A read stays unfinished when a record of another kind, or the end, comes. */
static void drop_unfinished(struct replay *r)
{
	const struct rec_read *read = read_buffer__read(r->read);
	uint32_t tasks, locks;

	if (!read_buffer__is_open(r->read))
		return;
	read_buffer__count(r->read, &tasks, &locks);
	fault_at(r, r->line.nr,
		 "read %" PRIu64 " is incomplete and left out: %u of %u tasks, %u of %u locks",
		 read->seq, tasks, read->nr_tasks, locks, read->nr_locks);
	r->nr.reads_dropped++;
	r->in_dropped = true;
	read_buffer__drop(r->read);
}

/* A sink that cannot use a record (-EPROTO) is told about the next one. */
static int judge(struct replay *r, int err)
{
	if (err != -EPROTO)
		return err < 0 ? err : 0;
	fault_at(r, r->line.nr, "the record does not fit those before it");
	return 0;
}

static int pass_if_whole(struct replay *r, record_fn sink, void *ctx)
{
	if (!read_buffer__is_whole(r->read))
		return 0;
	r->nr.reads++;
	return judge(r, read_buffer__pass(r->read, sink, ctx));
}

static int take_read(struct replay *r, const struct record *rec, record_fn sink, void *ctx)
{
	drop_unfinished(r);
	/* Two looks at the machine confirm a deadlock, so one must not count twice. */
	if (r->any_read && rec->read.seq <= r->last_seq) {
		fault_at(r, r->line.nr, "read %" PRIu64 " after read %" PRIu64 " is left out",
			 rec->read.seq, r->last_seq);
		r->nr.reads_dropped++;
		r->in_dropped = true;
		return 0;
	}
	r->any_read = true;
	r->in_dropped = false;
	r->last_seq = rec->read.seq;
	read_buffer__begin(r->read, &rec->read);
	return pass_if_whole(r, sink, ctx);
}

static int take_part(struct replay *r, const struct record *rec, record_fn sink, void *ctx)
{
	const char *what = rec->type == REC_TASK ? "task" : "lock";
	int err;

	if (!read_buffer__is_open(r->read)) {
		if (!r->in_dropped)
			fault_at(r, r->line.nr, "a %s that belongs to no read", what);
		r->in_dropped = true;	/* said once: the rest of that read follows */
		return 0;
	}
	err = read_buffer__add(r->read, rec);
	if (err == -EPROTO) {
		fault_at(r, r->line.nr, "a %s more than read %" PRIu64 " has; the read is left out",
			 what, read_buffer__read(r->read)->seq);
		r->nr.reads_dropped++;
		r->in_dropped = true;
		read_buffer__drop(r->read);
		return 0;
	}
	return err ? err : pass_if_whole(r, sink, ctx);
}

static void check_end(struct replay *r, const struct rec_end *end)
{
	r->has_end = true;
	if (end->records != r->nr_written - 1)
		fault_at(r, r->line.nr, "the end counts %" PRIu64 " records, %" PRIu64 " are there",
			 end->records, r->nr_written - 1);
}

static int take(struct replay *r, const struct record *rec, record_fn sink, void *ctx)
{
	if (r->has_end) {
		fault_at(r, r->line.nr,
			 "the recording goes on behind its end; the rest is left out");
		r->stopped = true;
		return 0;
	}
	switch (rec->type) {
	case REC_HEADER:
		fault_at(r, r->line.nr, "another recording begins here; it is left out");
		r->stopped = true;
		return 0;
	case REC_READ:
		return take_read(r, rec, sink, ctx);
	case REC_TASK:
	case REC_LOCK:
		return take_part(r, rec, sink, ctx);
	case REC_STACK:
		break;
	default:
		drop_unfinished(r);
		if (rec->type == REC_END)
			check_end(r, &rec->end);
	}
	return judge(r, sink(ctx, rec));
}

static int take_line(struct replay *r, record_fn sink, void *ctx)
{
	struct record rec;
	int got = decoder__decode(r->decoder, r->line.text, r->line.len, &rec);

	if (got == 1)
		return take(r, &rec, sink, ctx);
	if (got == -EBADMSG) {
		fault_line(r, decoder__why(r->decoder));
		return 0;
	}
	if (got == -EPROTONOSUPPORT) {
		rec.type = REC_HEADER;
		return take(r, &rec, sink, ctx);
	}
	return got;
}

static int replay_drain(struct source *s, record_fn sink, void *ctx)
{
	struct replay *r = (struct replay *)s;
	int got = 0, err = 0;

	if (r->stopped)
		return -ENODATA;
	while (!err && !r->stopped && (got = next_line(r)) > 0)
		err = take_line(r, sink, ctx);
	if (err || got < 0)
		return err ? err : got;
	drop_unfinished(r);
	if (!r->has_end && r->nr_written)
		fault_at(r, 0, "no end: the recording was cut short");
	r->stopped = true;
	return 0;
}

static int replay_read(struct source *s, bool confirm, record_fn sink, void *ctx)
{
	(void)s, (void)confirm, (void)sink, (void)ctx;
	return 0;
}

static int replay_collect(struct source *s, record_fn sink, void *ctx)
{
	(void)s, (void)sink, (void)ctx;
	return 0;
}

static int replay_fds(struct source *s, struct pollfd *fds, int max)
{
	(void)s, (void)fds, (void)max;
	return 0;
}

static void replay_free(struct source *s)
{
	struct replay *r = (struct replay *)s;

	line_reader__free(r->lines);
	decoder__free(r->decoder);
	decoder__free(r->header_decoder);
	read_buffer__free(r->read);
	free(r);
}

static const struct source_ops replay_ops = {
	.name = "replay",
	.header = replay_header,
	.drain = replay_drain,
	.read = replay_read,
	.collect = replay_collect,
	.fds = replay_fds,
	.free = replay_free,
};

int source_replay__new(struct source **out, const char *path, replay_fault_fn fault_fn,
		       void *fault_ctx, struct lk_error *err)
{
	struct replay *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return lk_error__set(err, -ENOMEM, "out of memory");
	r->source.ops = &replay_ops;
	r->fault_fn = fault_fn;
	r->fault_ctx = fault_ctx;
	code = line_reader__new(&r->lines, path);
	if (code) {
		lk_error__set(err, code, "cannot open %s: %s", path, strerror(-code));
		goto fail;
	}
	code = decoder__new(&r->decoder);
	if (!code)
		code = decoder__new(&r->header_decoder);
	if (!code)
		code = read_buffer__new(&r->read);
	if (code) {
		lk_error__set(err, code, "out of memory");
		goto fail;
	}
	code = read_header(r, path, err);
	if (code)
		goto fail;
	*out = &r->source;
	return 0;
fail:
	replay_free(&r->source);
	return code;
}

void source_replay__counts(const struct source *s, struct replay_counts *out)
{
	const struct replay *r = (const struct replay *)s;

	*out = r->nr;
	out->unknown_types = decoder__unknown_types(r->decoder);
	out->unknown_members = decoder__unknown_members(r->decoder) +
			       decoder__unknown_members(r->header_decoder);
}
