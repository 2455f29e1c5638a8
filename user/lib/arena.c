// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pages.h"

#define FIRST_BLOCK 1024
#define LAST_BLOCK (64 * 1024)
#define ALIGN 16

struct block {
	struct block *next;
	size_t used, size;
	size_t pages;		/* what pages__new() gave; 0: of calloc */
	_Alignas(ALIGN) char data[];
};

struct arena {
	struct block *head;	/* the one being filled; full and big ones follow */
	size_t next_size;
	size_t bytes;
};

int arena__new(struct arena **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->next_size = FIRST_BLOCK;
	return 0;
}

void arena__free(struct arena *a)
{
	struct block *b, *next;

	if (!a)
		return;
	for (b = a->head; b; b = next) {
		next = b->next;
		if (b->pages)
			pages__free(b, b->pages);
		else
			free(b);
	}
	free(a);
}

static struct block *new_block(struct arena *a, size_t size)
{
	size_t bytes = sizeof(struct block) + size, pages = 0;
	struct block *b = bytes >= PAGES_MIN ? pages__new(bytes, &pages) : calloc(1, bytes);

	if (!b)
		return NULL;
	b->size = size;
	b->pages = pages;
	a->bytes += bytes;
	return b;
}

/* A big piece gets a block of its own, behind the one being filled. */
static void *alloc_big(struct arena *a, size_t size)
{
	struct block *b = new_block(a, size);

	if (!b)
		return NULL;
	b->used = size;
	if (a->head) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		a->head = b;
	}
	return b->data;
}

void *arena__alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!b || b->size - b->used < size) {
		if (size > a->next_size / 2)
			return alloc_big(a, size);
		b = new_block(a, a->next_size);
		if (!b)
			return NULL;
		b->next = a->head;
		a->head = b;
		if (a->next_size < LAST_BLOCK)
			a->next_size *= 2;
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

void *arena__array(struct arena *a, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes))
		return NULL;
	return arena__alloc(a, bytes);
}

void *arena__memdup(struct arena *a, const void *src, size_t size)
{
	void *p = src ? arena__alloc(a, size) : NULL;

	if (p && size)
		memcpy(p, src, size);
	return p;
}

char *arena__strdup(struct arena *a, const char *s)
{
	return s ? arena__memdup(a, s, strlen(s) + 1) : NULL;
}

char *arena__printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	s = arena__alloc(a, (size_t)n + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena__bytes(const struct arena *a)
{
	return a->bytes;
}
