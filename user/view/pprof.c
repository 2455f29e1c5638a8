// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Waits as a profile for pprof: https://github.com/google/pprof, proto/profile.proto.
 * Messages go out as they are made; what is kept is one entry a string, function
 * and location.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "lib/arena.h"
#include "lib/fmt.h"
#include "lib/gzip.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/proto.h"
#include "model/intern.h"
#include "view/export.h"
#include "view/text_parts.h"
#include "view/ways.h"

/* Numbers of fields, as in profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION,
	PROFILE_FUNCTION, PROFILE_STRING_TABLE, PROFILE_TIME_NANOS = 9, PROFILE_DURATION_NANOS,
	PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT, PROFILE_DEFAULT_SAMPLE_TYPE,
	VALUE_TYPE = 1, VALUE_UNIT,
	SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE, SAMPLE_LABEL,
	LABEL_KEY = 1, LABEL_STR, LABEL_NUM,
	MAPPING_ID = 1, MAPPING_FILENAME = 5, MAPPING_HAS_FUNCTIONS = 7,
	LOCATION_ID = 1, LOCATION_MAPPING_ID, LOCATION_ADDRESS, LOCATION_LINE,
	LINE_FUNCTION_ID = 1,
	FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILENAME,
};

#define TEXT_MAX 600
#define FRAMES_MAX 128

struct pprof {
	struct gzip *z;
	struct arena *arena;
	struct intern *strings;
	/* each to its number: strings by their one copy, mappings by the number of their
	 * name, functions by those of name and mapping, locations by address and function */
	struct u64map *string_ids, *mapping_ids, *function_ids, *location_ids;
	struct proto part, inner, out;
	int error;		/* the first */
};

static void fail(struct pprof *p, int err)
{
	if (err && !p->error)
		p->error = err;
}

/* Sends p->out, fields of the profile itself, and empties it. */
static void send(struct pprof *p)
{
	fail(p, p->out.error);
	if (!p->error)
		fail(p, gzip__write(p->z, p->out.data, p->out.len));
	proto__clear(&p->out);
}

static void send_part(struct pprof *p, uint32_t field)
{
	proto__message(&p->out, field, &p->part);
	proto__clear(&p->part);
	send(p);
}

/* The number under key; *is_new: it has just got one, from 1 on. */
static uint64_t number(struct pprof *p, struct u64map *map, uint64_t key, bool *is_new)
{
	uint64_t id = 0;

	*is_new = !u64map__get(map, key, &id);
	if (*is_new) {
		id = u64map__nr(map) + 1;
		fail(p, u64map__set(map, key, id));
	}
	return id;
}

/* text must be valid UTF-8.  The table's first string has to be "". */
static uint64_t string(struct pprof *p, const char *text)
{
	const char *one = intern__str(p->strings, text);
	bool is_new;
	uint64_t id;

	if (!*text)
		return 0;
	if (!one) {
		fail(p, -ENOMEM);
		return 0;
	}
	id = number(p, p->string_ids, (uintptr_t)one, &is_new);
	if (is_new) {
		proto__str(&p->out, PROFILE_STRING_TABLE, one);
		send(p);
	}
	return id;
}

static uint64_t foreign_string(struct pprof *p, const char *text)
{
	char safe[TEXT_MAX];

	return string(p, fmt__safe(safe, sizeof(safe), text, true));
}

static uint64_t mapping(struct pprof *p, const char *module)
{
	char name[TEXT_MAX];
	uint64_t filename, id;
	bool is_new;

	snprintf(name, sizeof(name), "[%s]", module ? module : "kernel");
	filename = foreign_string(p, name);
	id = number(p, p->mapping_ids, filename, &is_new);
	if (is_new) {
		proto__u64(&p->part, MAPPING_ID, id);
		proto__u64(&p->part, MAPPING_FILENAME, filename);
		proto__u64(&p->part, MAPPING_HAS_FUNCTIONS, 1);
		send_part(p, PROFILE_MAPPING);
	}
	return id;
}

static uint64_t function(struct pprof *p, const char *name, uint64_t of_mapping)
{
	uint64_t text = foreign_string(p, name), id;
	bool is_new;

	id = number(p, p->function_ids, text << 32 | of_mapping, &is_new);
	if (is_new) {
		proto__u64(&p->part, FUNCTION_ID, id);
		proto__u64(&p->part, FUNCTION_NAME, text);
		proto__u64(&p->part, FUNCTION_SYSTEM_NAME, text);
		send_part(p, PROFILE_FUNCTION);
	}
	return id;
}

/* sym NULL: called by its address. */
static uint64_t location(struct pprof *p, uint64_t addr, const char *sym, const char *module)
{
	uint64_t in = mapping(p, module), fn, id;
	char text[FMT_LEN];
	bool is_new;

	snprintf(text, sizeof(text), "0x%" PRIx64, addr);
	fn = function(p, sym ? sym : text, in);
	id = number(p, p->location_ids, hash__add(hash__u64(addr), fn), &is_new);
	if (is_new) {
		proto__u64(&p->part, LOCATION_ID, id);
		proto__u64(&p->part, LOCATION_MAPPING_ID, in);
		proto__u64(&p->part, LOCATION_ADDRESS, addr);
		proto__u64(&p->inner, LINE_FUNCTION_ID, fn);
		proto__message(&p->part, LOCATION_LINE, &p->inner);
		proto__clear(&p->inner);
		send_part(p, PROFILE_LOCATION);
	}
	return id;
}

/* Label numbers are looked up before, since new strings are sent in between. */
struct labels {
	struct {
		uint64_t key, str, num;
	} list[6];
	size_t nr;
};

static void label(struct pprof *p, struct labels *l, const char *key, const char *text)
{
	l->list[l->nr].key = string(p, key);
	l->list[l->nr].num = 0;
	l->list[l->nr++].str = foreign_string(p, text);
}

static void put_labels(struct pprof *p, const struct labels *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		proto__u64(&p->inner, LABEL_KEY, l->list[i].key);
		proto__u64(&p->inner, LABEL_STR, l->list[i].str);
		proto__u64(&p->inner, LABEL_NUM, l->list[i].num);
		proto__message(&p->part, SAMPLE_LABEL, &p->inner);
		proto__clear(&p->inner);
	}
}

static void set_labels(struct pprof *p, struct labels *l, const struct rec_agg *agg, const char *lock)
{
	label(p, l, "lock", lock);
	label(p, l, "kind", kind__name(agg->lock.kind));
	label(p, l, "mode", mode__name(agg->mode));
	if (!agg->by_task)
		return;
	label(p, l, "task", agg->who.comm);
	l->list[l->nr].key = string(p, "tid");
	l->list[l->nr].str = 0;
	l->list[l->nr++].num = agg->who.tid;
}

static void put_sample(struct pprof *p, const uint64_t *locations, size_t nr,
		       const struct labels *l, uint64_t count, uint64_t ns)
{
	const uint64_t values[] = {
		count < INT64_MAX ? count : INT64_MAX,
		ns < INT64_MAX ? ns : INT64_MAX,
	};

	proto__packed(&p->part, SAMPLE_LOCATION_ID, locations, nr);
	proto__packed(&p->part, SAMPLE_VALUE, values, 2);
	put_labels(p, l);
	send_part(p, PROFILE_SAMPLE);
}

static int take_way(void *ctx, const struct way *way)
{
	struct pprof *p = ctx;
	uint64_t locations[FRAMES_MAX];
	uint32_t nr = way->nr_frames < FRAMES_MAX ? way->nr_frames : FRAMES_MAX;
	struct labels l = { .nr = 0 };
	char id[TEXT_MAX];

	for (uint32_t i = 0; i < nr; i++)
		locations[i] = location(p, way->frames[i].addr, way->frames[i].sym,
					way->frames[i].module);
	if (!nr)
		locations[nr++] = location(p, 0, "(stack not walked)", NULL);
	set_labels(p, &l, way->agg, way->name && way->name->name ? way->name->name :
		   rec_lock__format(&way->agg->lock, id, sizeof(id)));
	put_sample(p, locations, nr, &l, way->count, way->ns);
	return p->error;
}

static void put_unaccounted(struct pprof *p, const struct stat_sum *none)
{
	const uint64_t at = location(p, 0, "(stack not walked)", NULL);
	struct labels l = { .nr = 0 };

	label(p, &l, "lock", "(locks that found no room)");
	put_sample(p, &at, 1, &l, none->count, none->total_ns);
}

static void put_value_type(struct pprof *p, uint32_t field, const char *type, const char *unit)
{
	uint64_t type_id = string(p, type), unit_id = string(p, unit);

	proto__u64(&p->part, VALUE_TYPE, type_id);
	proto__u64(&p->part, VALUE_UNIT, unit_id);
	send_part(p, field);
}

/* RFC 3339 in UTC, to the second; 0: it is none. */
static uint64_t seconds_of(const char *began_at)
{
	struct tm tm = { 0 };
	time_t at;

	if (!began_at || sscanf(began_at, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
				&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	at = timegm(&tm);
	return at > 0 && at < INT64_MAX / 1000000000 ? (uint64_t)at : 0;
}

static void put_about(struct pprof *p, const struct rec_header *h, int64_t end_ns)
{
	char text[TEXT_MAX];
	uint64_t comment, by_default;

	put_value_type(p, PROFILE_SAMPLE_TYPE, "contentions", "count");
	put_value_type(p, PROFILE_SAMPLE_TYPE, "delay", "nanoseconds");
	put_value_type(p, PROFILE_PERIOD_TYPE, "contentions", "count");
	proto__u64(&p->out, PROFILE_PERIOD, 1);
	by_default = string(p, "delay");
	proto__u64(&p->out, PROFILE_DEFAULT_SAMPLE_TYPE, by_default);
	if (end_ns != LK_NO_TIME && end_ns > 0)
		proto__u64(&p->out, PROFILE_DURATION_NANOS, (uint64_t)end_ns);
	send(p);
	if (!h)
		return;
	snprintf(text, sizeof(text), "lockscope %s, kernel %s on %s, level %s",
		 h->version ? h->version : "", h->kernel ? h->kernel : "",
		 h->host ? h->host : "", h->level ? h->level : "");
	comment = foreign_string(p, text);
	proto__packed(&p->out, PROFILE_COMMENT, &comment, 1);
	proto__u64(&p->out, PROFILE_TIME_NANOS, seconds_of(h->began_at) * 1000000000);
	send(p);
}

static int begin(struct pprof *p, FILE *out)
{
	int err = gzip__new(&p->z, out);

	if (err || arena__new(&p->arena) || intern__new(&p->strings, p->arena) ||
	    u64map__new(&p->string_ids, 0) || u64map__new(&p->mapping_ids, 0) ||
	    u64map__new(&p->function_ids, 0) || u64map__new(&p->location_ids, 0))
		return -ENOMEM;
	proto__str(&p->out, PROFILE_STRING_TABLE, "");
	send(p);
	return p->error;
}

int view_pprof__waits(FILE *out, const struct view_input *in, int64_t end_ns)
{
	struct pprof p = { 0 };
	struct stat_sum none;
	int err = begin(&p, out), rc;

	if (!err) {
		mapping(&p, NULL);	/* the first is what pprof takes for the program */
		put_about(&p, model__header(in->model), end_ns);
		err = ways__each(in, take_way, &p, &none);
	}
	if (!err && none.count)
		put_unaccounted(&p, &none);
	rc = gzip__finish(p.z);
	u64map__free(p.string_ids);
	u64map__free(p.mapping_ids);
	u64map__free(p.function_ids);
	u64map__free(p.location_ids);
	intern__free(p.strings);
	arena__free(p.arena);
	proto__free(&p.part);
	proto__free(&p.inner);
	proto__free(&p.out);
	return err ? err : p.error ? p.error : rc ? rc : text__result(out);
}
