// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mutate.h"

#define MAX_FILE (1u << 20)
#define ROOM 4096	/* what mutations may add */

struct bytes {
	char *at;
	size_t len, cap;
};

/* The form in work, for the signal handler. */
static char form[96];

static void on_death(int sig)
{
	ssize_t ignored = write(STDERR_FILENO, form, strlen(form));

	(void)ignored;
	signal(sig, SIG_DFL);
	raise(sig);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(next_random(state) % n) : 0;
}

static int load(const char *path, struct bytes *b)
{
	FILE *in = fopen(path, "re");

	if (!in)
		return -errno;
	b->cap = MAX_FILE + ROOM;
	b->at = malloc(b->cap);
	if (!b->at) {
		fclose(in);
		return -ENOMEM;
	}
	b->len = fread(b->at, 1, MAX_FILE, in);
	fclose(in);
	return 0;
}

static void replace(struct bytes *b, size_t at, size_t len, const char *by, size_t by_len)
{
	if (at + len > b->len || b->len - len + by_len > b->cap)
		return;
	memmove(b->at + at + by_len, b->at + at + len, b->len - at - len);
	memcpy(b->at + at, by, by_len);
	b->len = b->len - len + by_len;
}

/* Begin and length (with newline) of the line that holds byte at. */
static size_t line_at(const struct bytes *b, size_t at, size_t *len)
{
	size_t begin = at, end = at;

	while (begin && b->at[begin - 1] != '\n')
		begin--;
	while (end < b->len && b->at[end] != '\n')
		end++;
	*len = end - begin + (end < b->len);
	return begin;
}

static void break_number(struct bytes *b, uint64_t *rnd)
{
	static const char *const numbers[] = {
		"0", "1", "-1", "4294967295", "4294967296", "2147483648", "18446744073709551615",
		"9223372036854775807", "-9223372036854775808", "99999999999999999999999", "1.5",
		"1e300", "null", "true", "\"7\"", "[]", "{}", "2", "3", "63",
	};
	const char *by = numbers[below(rnd, sizeof(numbers) / sizeof(numbers[0]))];
	size_t at = below(rnd, b->len), end;

	while (at < b->len && !isdigit((unsigned char)b->at[at]))
		at++;
	while (at && isdigit((unsigned char)b->at[at - 1]))
		at--;
	for (end = at; end < b->len && isdigit((unsigned char)b->at[end]); end++)
		;
	replace(b, at, end - at, by, strlen(by));
}

static void break_lines(struct bytes *b, uint64_t *rnd)
{
	size_t len, begin = line_at(b, below(rnd, b->len), &len), other_len, other;
	char *copy = malloc(len + 1);

	if (!copy)
		return;
	memcpy(copy, b->at + begin, len);
	other = line_at(b, below(rnd, b->len), &other_len);
	switch (below(rnd, 3)) {
	case 0:
		replace(b, begin, len, "", 0);
		break;
	case 1:
		if (len < ROOM / 8)
			replace(b, other, 0, copy, len);
		break;
	default:
		if (begin + len <= other) {
			replace(b, begin, len, "", 0);
			replace(b, other - len, 0, copy, len);
		}
	}
	free(copy);
}

static void break_once(struct bytes *b, uint64_t *rnd)
{
	static const char *const pieces[] = { "{", "}", "[", "]", "\"", "\\", ",", "null", "\n",
					      "\xff", "\\u0000", "\\ud800", "\x1b[2J", "%n", "0x" };
	const char *piece = pieces[below(rnd, sizeof(pieces) / sizeof(pieces[0]))];

	if (!b->len)
		return;
	switch (below(rnd, 8)) {
	case 0:
		b->at[below(rnd, b->len)] ^= (char)(1 << below(rnd, 8));
		break;
	case 1:
		b->at[below(rnd, b->len)] = (char)next_random(rnd);
		break;
	case 2:
		replace(b, below(rnd, b->len), 0, piece, strlen(piece));
		break;
	case 3:
	case 4:
		break_lines(b, rnd);
		break;
	default:
		break_number(b, rnd);
	}
}

/* Through a file in memory, as a user would: the reader opens it by name. */
static int try_form(const struct bytes *b, int (*fn)(void *ctx, const char *path), void *ctx)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	char path[64];
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, b->at, b->len) != (ssize_t)b->len) {
		err = -EIO;
		goto out;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	alarm(20);
	fn(ctx, path);
	alarm(0);
out:
	close(fd);
	return err;
}

int mutate__each(const char *path, const struct mutate_options *opt,
		 int (*fn)(void *ctx, const char *path), void *ctx)
{
	struct bytes whole = { 0 }, b = { 0 };
	int err = load(path, &whole);

	if (!err)
		err = load(path, &b);
	signal(SIGALRM, on_death);
	signal(SIGABRT, on_death);
	for (size_t len = 0; !err && opt->cut && len < whole.len; len++) {
		snprintf(form, sizeof(form), "the first %zu bytes\n", len);
		b.len = len;
		err = try_form(&b, fn, ctx);
	}
	for (unsigned long i = 0; !err && i < opt->nr; i++) {
		uint64_t rnd = (opt->seed + i + 1) * 0x9e3779b97f4a7c15u;

		snprintf(form, sizeof(form), "mutate=1 seed=%lu\n", opt->seed + i);
		memcpy(b.at, whole.at, whole.len);
		b.len = whole.len;
		for (size_t n = 1 + below(&rnd, 6); n; n--)
			break_once(&b, &rnd);
		err = try_form(&b, fn, ctx);
	}
	free(whole.at);
	free(b.at);
	return err;
}
