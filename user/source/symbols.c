// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names and modules are offsets into one text, or 200,000 symbols would cost
 * 16 bytes more each. */
struct symbol {
	uint64_t addr;
	uint32_t name;
	uint32_t module;	/* 0: the kernel itself */
};

struct table {
	struct symbol *list;
	size_t nr, cap;
};

struct symbols {
	char *text;		/* all of kallsyms, cut into strings in place */
	struct table code, data;
};

/* No function and no lock is larger; an address further off is in no symbol. */
#define CODE_REACH (1 << 20)
#define DATA_REACH (1 << 16)

static int table__add(struct table *t, struct symbol sym)
{
	if (t->nr == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 65536;
		struct symbol *list = realloc(t->list, cap * sizeof(*list));

		if (!list)
			return -ENOMEM;
		t->list = list;
		t->cap = cap;
	}
	t->list[t->nr++] = sym;
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* /proc files have no size: read until the end. */
static int read_all(const char *path, char **out)
{
	size_t cap = 1 << 22, len = 0;
	char *text = malloc(cap);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n;

	if (fd < 0 || !text) {
		err = fd < 0 ? -errno : -ENOMEM;
		goto out;
	}
	while ((n = read(fd, text + len, cap - len - 1)) > 0) {
		len += (size_t)n;
		if (len + 1 < cap)
			continue;
		char *more = realloc(text, cap * 2);

		if (!more) {
			err = -ENOMEM;
			goto out;
		}
		text = more;
		cap *= 2;
	}
	if (n < 0)
		err = -errno;
	text[len] = '\0';
out:
	if (fd >= 0)
		close(fd);
	if (err)
		free(text);
	else
		*out = text;
	return err;
}

static uint64_t parse_hex(char **p)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return v;
	}
}

/* "ffffffff81000000 T name\t[module]": one line, cut in place. */
static int parse_line(struct symbols *s, char *line)
{
	struct symbol sym = { 0 };
	char *p = line, *module;
	char type;

	sym.addr = parse_hex(&p);
	if (!sym.addr || p[0] != ' ' || !p[1] || p[2] != ' ')
		return 0;
	type = p[1];
	p += 3;
	module = strchr(p, '\t');
	if (module) {
		*module++ = '\0';
		if (*module == '[') {
			module++;
			module[strcspn(module, "]")] = '\0';
			/* Programs of ours and others come as [bpf]: not code to show. */
			sym.module = (uint32_t)(module - s->text);
		}
	}
	sym.name = (uint32_t)(p - s->text);
	if (strchr("tTwW", type))
		return table__add(&s->code, sym);
	/* Per-CPU symbols (aA) are offsets, no addresses. */
	return strchr("dDbBrR", type) ? table__add(&s->data, sym) : 0;
}

int symbols__new(struct symbols **out, const char *path)
{
	struct symbols *s = calloc(1, sizeof(*s));
	char *line, *next;
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	err = read_all(path, &s->text);
	for (line = s->text; !err && line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		err = parse_line(s, line);
	}
	if (err) {
		symbols__free(s);
		return err;
	}
	qsort(s->code.list, s->code.nr, sizeof(struct symbol), by_addr);
	qsort(s->data.list, s->data.nr, sizeof(struct symbol), by_addr);
	*out = s;
	return s->code.nr ? 0 : -EPERM;
}

void symbols__free(struct symbols *s)
{
	if (!s)
		return;
	free(s->text);
	free(s->code.list);
	free(s->data.list);
	free(s);
}

static void resolve(const struct symbols *s, const struct table *t, uint64_t addr, uint64_t reach,
		    struct rec_frame *frame)
{
	size_t lo = 0, hi = t->nr;

	*frame = (struct rec_frame){ .addr = addr };
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->list[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr - t->list[lo - 1].addr >= reach)
		return;
	/* Of several names at one address the first listed. */
	for (lo--; lo && t->list[lo - 1].addr == t->list[lo].addr; lo--)
		;
	frame->sym = s->text + t->list[lo].name;
	frame->off = addr - t->list[lo].addr;
	if (t->list[lo].module)
		frame->module = s->text + t->list[lo].module;
}

void symbols__code(const struct symbols *s, uint64_t addr, struct rec_frame *frame)
{
	resolve(s, &s->code, addr, CODE_REACH, frame);
}

void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame)
{
	resolve(s, &s->data, addr, DATA_REACH, frame);
}

size_t symbols__nr(const struct symbols *s)
{
	return s->code.nr;
}
