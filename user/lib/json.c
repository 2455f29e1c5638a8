// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include "lib/json.h"
#include "lib/utf8.h"

#define MAX_DEPTH 63

void json__init(struct json *j, FILE *out)
{
	*j = (struct json){ .out = out };
}

static void put(struct json *j, const char *bytes, size_t len)
{
	if (j->error || !len)
		return;
	errno = 0;
	if (fwrite_unlocked(bytes, 1, len, j->out) != len)
		j->error = errno ? -errno : -EIO;
}

static void put_str(struct json *j, const char *str)
{
	put(j, str, strlen(str));
}

/* What goes to the stream at once: each call into it costs more than the bytes. */
#define KEY_MAX 64
#define WORD_MAX 32
struct chunk {
	char bytes[KEY_MAX + WORD_MAX];
	size_t len;
};

static void chunk_add(struct chunk *c, const char *bytes, size_t len)
{
	memcpy(c->bytes + c->len, bytes, len);
	c->len += len;
}

/* The comma and the key before a value, which is at most WORD_MAX long. */
static void begin_chunk(struct json *j, struct chunk *c, const char *key)
{
	uint64_t bit = 1ULL << j->depth;
	size_t len = key ? strlen(key) : 0;

	c->len = 0;
	if (j->depth && (j->filled & bit))
		c->bytes[c->len++] = ',';
	j->filled |= bit;
	if (!key)
		return;
	c->bytes[c->len++] = '"';
	if (len > KEY_MAX - 4) {
		put(j, c->bytes, c->len);
		put(j, key, len);
		c->len = 0;
	} else {
		chunk_add(c, key, len);
	}
	chunk_add(c, "\":", 2);
}

static void put_chunk(struct json *j, struct chunk *c, const char *bytes, size_t len)
{
	chunk_add(c, bytes, len);
	put(j, c->bytes, c->len);
}

static void open_level(struct json *j, const char *key, const char *bracket)
{
	struct chunk c;

	begin_chunk(j, &c, key);
	put_chunk(j, &c, bracket, 1);
	if (j->depth >= MAX_DEPTH) {
		if (!j->error)
			j->error = -EINVAL;
		return;
	}
	j->depth++;
	j->filled &= ~(1ULL << j->depth);
}

static void close_level(struct json *j, const char *bracket)
{
	if (!j->depth) {
		if (!j->error)
			j->error = -EINVAL;
		return;
	}
	j->depth--;
	put(j, bracket, 1);
}

void json__object(struct json *j, const char *key)
{
	open_level(j, key, "{");
}

void json__end_object(struct json *j)
{
	close_level(j, "}");
}

void json__array(struct json *j, const char *key)
{
	open_level(j, key, "[");
}

void json__end_array(struct json *j)
{
	close_level(j, "]");
}

int json__done(struct json *j)
{
	if (!j->error && j->depth)
		j->error = -EINVAL;
	put(j, "\n", 1);
	return j->error;
}

/* The escape for a character that must not stand as it is, or NULL. */
static const char *escape_of(uint32_t cp, char buf[8])
{
	switch (cp) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	case UTF8_BAD:
		return UTF8_REPAIR;
	case '<':
	case '>':
	case '&':
		break;
	default:
		if (cp > 0xffff || !utf8__is_unsafe(cp))
			return NULL;
	}
	snprintf(buf, 8, "\\u%04x", (unsigned int)cp);
	return buf;
}

/* What nearly all text is made of. */
static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void json__str(struct json *j, const char *key, const char *str)
{
	size_t left, whole = 0;
	struct chunk c;
	char buf[8];

	if (!str) {
		json__null(j, key);
		return;
	}
	begin_chunk(j, &c, key);
	put_chunk(j, &c, "\"", 1);
	left = strlen(str);
	/* str + whole is where the next character is; before it waits what can be
	 * written as it is. */
	while (whole < left) {
		const char *escape;
		uint32_t cp;
		size_t n;

		if (is_plain(str[whole])) {
			whole++;
			continue;
		}
		n = utf8__next(str + whole, left - whole, &cp);
		escape = escape_of(cp, buf);
		if (!escape) {
			whole += n;
			continue;
		}
		put(j, str, whole);
		put_str(j, escape);
		str += whole + n;
		left -= whole + n;
		whole = 0;
	}
	put(j, str, whole);
	put(j, "\"", 1);
}

static void put_word(struct json *j, const char *key, const char *from, const char *end)
{
	struct chunk c;

	begin_chunk(j, &c, key);
	put_chunk(j, &c, from, (size_t)(end - from));
}

void json__verbatim(struct json *j, const char *key, const char *json)
{
	struct chunk c;

	begin_chunk(j, &c, key);
	put(j, c.bytes, c.len);
	put_str(j, json);
}

/* The digits of value, right-aligned before end; at least nr_min of them.  A large trace
 * is mostly numbers, and printf() was half the time of writing one. */
static char *digits(char *end, uint64_t value, unsigned int base, int nr_min)
{
	for (; value || nr_min > 0; value /= base, nr_min--)
		*--end = "0123456789abcdef"[value % base];
	return end;
}

void json__u64(struct json *j, const char *key, uint64_t value)
{
	char buf[24], *end = buf + sizeof(buf);

	put_word(j, key, digits(end, value, 10, 1), end);
}

void json__i64(struct json *j, const char *key, int64_t value)
{
	char buf[24], *end = buf + sizeof(buf);
	char *from = digits(end, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, 1);

	if (value < 0)
		*--from = '-';
	put_word(j, key, from, end);
}

void json__bool(struct json *j, const char *key, bool value)
{
	const char *word = value ? "true" : "false";

	put_word(j, key, word, word + strlen(word));
}

void json__null(struct json *j, const char *key)
{
	const char *word = "null";

	put_word(j, key, word, word + strlen(word));
}

void json__micros(struct json *j, const char *key, uint64_t ns)
{
	char buf[32], *end = buf + sizeof(buf);
	char *from = digits(end, ns % 1000, 10, 3);

	*--from = '.';
	put_word(j, key, digits(from, ns / 1000, 10, 1), end);
}

void json__hex(struct json *j, const char *key, uint64_t value)
{
	char buf[24], *end = buf + sizeof(buf);
	char *from;

	end[-1] = '"';
	from = digits(end - 1, value, 16, 1);
	memcpy(from -= 3, "\"0x", 3);
	put_word(j, key, from, end);
}
