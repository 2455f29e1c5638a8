// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/replay_parts.h"

#define MAX_DEPTH 16		/* our records nest 4 deep */
#define MAX_CONTAINERS 100000	/* each costs json-c up to 700 bytes, so 70 MB at most */
#define MAX_VALUES 500000	/* and each plain value some 70, so 35 MB more */
#define MAX_FRAMES 1024
#define MAX_STACK_ID (1u << 27)	/* ids count up from 1; readers may index by them */
#define MAX_ARGS 4096
#define MAX_TASKS (1u << 22)	/* PID_MAX_LIMIT: no machine has more threads */

int decoder__new(struct decoder **out)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->tok = json_tokener_new_ex(MAX_DEPTH);
	if (!d->tok) {
		free(d);
		return -ENOMEM;
	}
	json_tokener_set_flags(d->tok, JSON_TOKENER_STRICT);
	*out = d;
	return 0;
}

static void forget(struct decoder *d)
{
	json_object_put(d->root);
	d->root = NULL;
	free(d->frames);
	free(d->holders);
	free(d->sites);
	free(d->args);
	d->frames = d->sites = NULL;
	d->holders = NULL;
	d->args = NULL;
}

void decoder__free(struct decoder *d)
{
	if (!d)
		return;
	forget(d);
	json_tokener_free(d->tok);
	free(d);
}

const char *decoder__why(const struct decoder *d)
{
	return d->why;
}

uint64_t decoder__unknown_types(const struct decoder *d)
{
	return d->unknown_types;
}

uint64_t decoder__unknown_members(const struct decoder *d)
{
	return d->unknown_members;
}

static const struct field header_fields[] = {
	ROW(rec_header, "version", version, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_header, "kernel", kernel, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_header, "host", host, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_header, "level", level, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_header, "began_at", began_at, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_header, "boot_ns", boot_ns, FIELD_U64, FIELD_OPTIONAL),
};

static const struct field schema_fields[] = {
	{ "schema", FIELD_I32, 0, offsetof(struct rec_header, schema), 1, INT32_MAX },
};

static const struct field threshold_fields[] = {
	ROW(rec_thresholds, "long_wait_ns", long_wait_ns, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_thresholds, "long_spin_ns", long_spin_ns, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_thresholds, "long_hold_ns", long_hold_ns, FIELD_U64, FIELD_OPTIONAL),
};

static int read_args(struct decoder *d, struct field_reader *r, struct json_object *args)
{
	size_t nr = args ? json_object_array_length(args) : 0;

	if (nr > MAX_ARGS)
		return field_reader__fail(r, "\"command\" has %zu words", nr);
	d->args = calloc(nr + 1, sizeof(*d->args));
	if (!d->args)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct json_object *arg = json_object_array_get_idx(args, i);

		if (!json_object_is_type(arg, json_type_string))
			return field_reader__fail(r, "\"command\" has an impossible value");
		d->args[i] = (char *)json_object_get_string(arg);
	}
	return 0;
}

static int decode_header(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_header *h = &rec->header;
	struct json_object *args, *thresholds;
	struct field_reader sub;
	int err;

	err = field_reader__read(r, COUNTED(schema_fields), h);
	if (err)
		return err;
	/* Before anything else: a newer schema may have other members. */
	if (h->schema > REC_SCHEMA)
		return -EPROTONOSUPPORT;
	h->version = h->kernel = h->host = h->began_at = "";
	h->level = "unknown";
	err = field_reader__read(r, COUNTED(header_fields), h);
	if (!err)
		err = field_reader__nested(r, "command", json_type_array, false, &args);
	if (!err)
		err = read_args(d, r, args);
	if (!err)
		err = field_reader__nested(r, "thresholds", json_type_object, false, &thresholds);
	if (err)
		return err;
	h->command = d->args;
	if (!thresholds)
		return 0;
	field_reader__init(&sub, thresholds, d->why);
	err = field_reader__read(&sub, COUNTED(threshold_fields), &h->thresholds);
	d->unknown_members += field_reader__unknown(&sub);
	return err;
}

static const struct field frame_fields[] = {
	ROW(rec_frame, "addr", addr, FIELD_HEX, 0),
	ROW(rec_frame, "sym", sym, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_frame, "off", off, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_frame, "module", module, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_frame, "line", line, FIELD_STR, FIELD_OPTIONAL),
};

int decoder__read_frame(struct decoder *d, struct json_object *obj, struct rec_frame *frame)
{
	struct field_reader r;
	int err;

	field_reader__init(&r, obj, d->why);
	if (!json_object_is_type(obj, json_type_object))
		return field_reader__fail(&r, "a frame is no object");
	err = field_reader__read(&r, COUNTED(frame_fields), frame);
	d->unknown_members += field_reader__unknown(&r);
	return err;
}

static const struct field stack_fields[] = {
	{ "id", FIELD_U32, 0, offsetof(struct rec_stack, id), 1, MAX_STACK_ID },
};

static int decode_stack(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct json_object *frames;
	size_t nr;
	int err = field_reader__read(r, COUNTED(stack_fields), &rec->stack);

	if (!err)
		err = field_reader__nested(r, "frames", json_type_array, true, &frames);
	if (err)
		return err;
	nr = json_object_array_length(frames);
	if (nr > MAX_FRAMES)
		return field_reader__fail(r, "a stack of %zu frames", nr);
	d->frames = calloc(nr + 1, sizeof(*d->frames));
	if (!d->frames)
		return -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++)
		err = decoder__read_frame(d, json_object_array_get_idx(frames, i), &d->frames[i]);
	rec->stack.nr_frames = (uint32_t)nr;
	rec->stack.frames = d->frames;
	return err;
}

static int decode_line(struct decoder *d, struct field_reader *r, struct record *rec)
{
	(void)d;
	return field_reader__read(r, COUNTED(frame_fields), &rec->line);
}

static const struct field read_fields[] = {
	ROW(rec_read, "seq", seq, FIELD_U64, 0),
	ROW(rec_read, "t_ns", t_ns, FIELD_TIME, 0),
	{ "tasks", FIELD_U32, 0, offsetof(struct rec_read, nr_tasks), 0, MAX_TASKS },
	{ "locks", FIELD_U32, 0, offsetof(struct rec_read, nr_locks), 0, MAX_TASKS },
	ROW(rec_read, "confirm", confirm, FIELD_BOOL, FIELD_MAY_MISS),
};

static int decode_read(struct decoder *d, struct field_reader *r, struct record *rec)
{
	(void)d;
	return field_reader__read(r, COUNTED(read_fields), &rec->read);
}

static const struct field lost_fields[] = {
	ROW(rec_lost, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_lost, "ring", ring, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "maps", maps, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "recursion", recursion, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "stack_collisions", stack_collisions, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "held_overflow", held_overflow, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "looks", looks, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "lines", lines, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "unread", unread, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "unread_pid", unread_pid, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "user_stacks", user_stacks, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "user_stacks_pid", user_stacks_pid, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_lost, "user_stacks_why", user_stacks_why, FIELD_USER_STACK_WHY, FIELD_OPTIONAL),
};

static int decode_lost(struct decoder *d, struct field_reader *r, struct record *rec)
{
	(void)d;
	return field_reader__read(r, COUNTED(lost_fields), &rec->lost);
}

static const struct field end_fields[] = {
	ROW(rec_end, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_end, "records", records, FIELD_U64, 0),
};

static int decode_end(struct decoder *d, struct field_reader *r, struct record *rec)
{
	static const struct field status = { "command_status", FIELD_I32, FIELD_OPTIONAL,
					     offsetof(struct rec_end, command_status), 0, 0 };
	struct json_object *value;
	int err = field_reader__read(r, COUNTED(end_fields), &rec->end);

	(void)d;
	if (!err)
		err = field_reader__read(r, &status, 1, &rec->end);
	rec->end.has_status = json_object_object_get_ex(r->obj, status.name, &value) && value;
	return err;
}

static const struct {
	const char *name;
	enum rec_type type;
	int (*decode)(struct decoder *d, struct field_reader *r, struct record *rec);
} types[] = {
	{ "header", REC_HEADER, decode_header },
	{ "stack", REC_STACK, decode_stack },
	{ "line", REC_LINE, decode_line },
	{ "lock_name", REC_LOCK_NAME, decoder__lock_name },
	{ "wait_begin", REC_WAIT_BEGIN, decoder__wait_begin },
	{ "wait", REC_WAIT, decoder__wait },
	{ "hold", REC_HOLD, decoder__hold },
	{ "agg", REC_AGG, decoder__agg },
	{ "hold_agg", REC_HOLD_AGG, decoder__hold_agg },
	{ "read", REC_READ, decode_read },
	{ "task", REC_TASK, decoder__task },
	{ "lock", REC_LOCK, decoder__lock },
	{ "lost", REC_LOST, decode_lost },
	{ "message", REC_MESSAGE, decoder__message },
	{ "setting", REC_SETTING, decoder__setting },
	{ "machine", REC_MACHINE, decoder__machine },
	{ "thread", REC_THREAD, decoder__thread },
	{ "process", REC_PROCESS, decoder__process },
	{ "absent", REC_ABSENT, decoder__absent },
	{ "end", REC_END, decode_end },
	/* made again from the rest, so that a recording shows what this build finds */
	{ "finding", REC_FINDING, NULL },
	/* about the run that recorded, not about the machine */
	{ "cost", NR_REC_TYPES, NULL },
	{ "feature", NR_REC_TYPES, NULL },
	{ "top", NR_REC_TYPES, NULL },
};

/* What json-c would build from it must stay small, whatever the line says. */
static const char *refuse(const char *text, size_t len)
{
	size_t containers = 0, commas = 0;

	if (memchr(text, '\0', len))
		return "a NUL byte";
	for (size_t i = 0; i < len; i++) {
		containers += text[i] == '{' || text[i] == '[';
		commas += text[i] == ',';
	}
	return containers > MAX_CONTAINERS || commas > MAX_VALUES ?
		       "too many values in one record" : NULL;
}

static int parse(struct decoder *d, struct field_reader *r, const char *text, size_t len)
{
	const char *bad = refuse(text, len);
	enum json_tokener_error error;

	if (bad)
		return field_reader__fail(r, "%s", bad);
	json_tokener_reset(d->tok);
	d->root = json_tokener_parse_ex(d->tok, text, (int)len);
	error = json_tokener_get_error(d->tok);
	if (error == json_tokener_continue)
		return field_reader__fail(r, "incomplete JSON");
	if (error != json_tokener_success)
		return field_reader__fail(r, "no JSON: %s", json_tokener_error_desc(error));
	if (json_tokener_get_parse_end(d->tok) != len)
		return field_reader__fail(r, "text after the record");
	if (!json_object_is_type(d->root, json_type_object))
		return field_reader__fail(r, "no JSON object");
	r->obj = d->root;
	return 0;
}

int decoder__decode(struct decoder *d, const char *text, size_t len, struct record *rec)
{
	static const struct field type_field = { "type", FIELD_STR, 0, 0, 0, 0 };
	const char *type = NULL;
	struct field_reader r;
	int err;

	forget(d);
	memset(rec, 0, sizeof(*rec));
	field_reader__init(&r, NULL, d->why);
	err = parse(d, &r, text, len);
	if (!err)
		err = field_reader__read(&r, &type_field, 1, &type);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, type))
			continue;
		if (!types[i].decode)
			return 0;
		rec->type = types[i].type;
		err = types[i].decode(d, &r, rec);
		d->unknown_members += err ? 0 : field_reader__unknown(&r);
		return err ? err : 1;
	}
	d->unknown_types++;
	return 0;
}
