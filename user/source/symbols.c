// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/worker.h"

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

/* Lines of kallsyms. */
struct part {
	char *text;		/* cut into strings in place */
	struct table code, data;
};

/* Reads modules again.  The thread's alone while it works. */
struct reader {
	char *kallsyms, *modules;	/* paths */
	uint64_t known;		/* which modules are read */
	struct part fresh;	/* with text: what has been read anew */
};

struct symbols {
	struct part kernel;	/* never changes */
	struct part modules;
	/* Names that were given away, of modules that may go: hash -> string. */
	struct u64map *names;
	struct arena *strings;
	struct worker *worker;	/* NULL: a kernel without modules */
	struct reader *reader;
	bool reading;
	uint64_t looked_ns;
};

/* No function and no lock is larger; an address further off is in no symbol. */
#define CODE_REACH (1 << 20)
#define DATA_REACH (1 << 16)
#define LOOK_NS 1000000000ull
#define WAIT_NS 200000000ull

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
static int parse_line(struct part *part, char *line)
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
			sym.module = (uint32_t)(module - part->text);
		}
	}
	sym.name = (uint32_t)(p - part->text);
	if (strchr("tTwW", type))
		return table__add(&part->code, sym);
	/* Per-CPU symbols (aA) are offsets, no addresses. */
	return strchr("dDbBrR", type) ? table__add(&part->data, sym) : 0;
}

static int part__parse(struct part *part)
{
	char *line, *next;
	int err = 0;

	for (line = part->text; !err && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		err = parse_line(part, line);
	}
	if (part->code.nr)
		qsort(part->code.list, part->code.nr, sizeof(struct symbol), by_addr);
	if (part->data.nr)
		qsort(part->data.list, part->data.nr, sizeof(struct symbol), by_addr);
	return err;
}

static void part__free(struct part *part)
{
	free(part->text);
	free(part->code.list);
	free(part->data.list);
	*part = (struct part){ 0 };
}

/* Moves the lines of modules out of text, into one of their own. */
static char *take_modules(char *text)
{
	char *line, *next, *to = text, *modules, *at;
	size_t len;

	modules = at = malloc(strlen(text) + 1);
	for (line = text; modules && *line; line = next) {
		char **dst;

		len = strcspn(line, "\n");
		len += line[len] == '\n';
		next = line + len;
		dst = memchr(line, '\t', len) ? &at : &to;
		memmove(*dst, line, len);
		*dst += len;
	}
	if (!modules)
		return NULL;
	*at = *to = '\0';
	/* All else is the kernel's, tens of megabytes. */
	at = realloc(modules, (size_t)(at - modules) + 1);
	return at ? at : modules;
}

/* Which modules there are; a hash.  How often each is used says nothing. */
static int identify(const char *path, uint64_t *out)
{
	char *text = NULL, *line, *next;
	int err = read_all(path, &text);

	*out = 1;
	for (line = text; !err && *line; line = next) {
		char name[64], state[16], addr[24];
		unsigned long size;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		/* "ext4 987136 2 mbcache,jbd2, Live 0xffffffffc0a00000" */
		if (sscanf(line, "%63s %lu %*s %*s %15s %23s", name, &size, state, addr) != 4 ||
		    strcmp(state, "Live"))
			continue;
		*out = hash__add(hash__add(hash__add(*out, hash__str(name)), size),
				 hash__str(addr));
	}
	if (!err)
		free(text);
	return err;
}

/* In the thread.  What fails is tried again the next time. */
static void read_modules(void *arg)
{
	struct reader *r = arg;
	char *text = NULL;
	uint64_t found;

	if (identify(r->modules, &found) || found == r->known || read_all(r->kallsyms, &text))
		return;
	r->fresh.text = take_modules(text);
	free(text);
	if (!r->fresh.text)
		return;
	if (part__parse(&r->fresh))
		part__free(&r->fresh);
	else
		r->known = found;
}

static void reader__free(struct reader *r)
{
	if (!r)
		return;
	part__free(&r->fresh);
	free(r->kallsyms);
	free(r->modules);
	free(r);
}

static int start_reader(struct symbols *s, const char *kallsyms, const char *modules)
{
	struct reader *r = calloc(1, sizeof(*r));

	s->reader = r;
	if (!r)
		return -ENOMEM;
	r->kallsyms = strdup(kallsyms);
	r->modules = strdup(modules);
	if (!r->kallsyms || !r->modules)
		return -ENOMEM;
	/* Before the symbols: a module that comes in between is then news. */
	return identify(modules, &r->known) ? 0 : worker__new(&s->worker);
}

int symbols__new(struct symbols **out, const char *kallsyms, const char *modules)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	err = start_reader(s, kallsyms, modules);
	err = err ? err : u64map__new(&s->names, 0);
	err = err ? err : arena__new(&s->strings);
	err = err ? err : read_all(kallsyms, &s->kernel.text);
	if (!err) {
		s->modules.text = take_modules(s->kernel.text);
		err = s->modules.text ? 0 : -ENOMEM;
	}
	err = err ? err : part__parse(&s->kernel);
	err = err ? err : part__parse(&s->modules);
	if (err) {
		symbols__free(s);
		return err;
	}
	*out = s;
	return symbols__nr(s) ? 0 : -EPERM;
}

void symbols__free(struct symbols *s)
{
	if (!s)
		return;
	if (worker__free(s->worker))
		reader__free(s->reader);
	part__free(&s->kernel);
	part__free(&s->modules);
	u64map__free(s->names);
	arena__free(s->strings);
	free(s);
}

void symbols__refresh(struct symbols *s, uint64_t now_ns)
{
	if (!s->worker || !symbols__nr(s))
		return;
	if (!s->reading && s->looked_ns && now_ns - s->looked_ns < LOOK_NS)
		return;
	if (!s->reading) {
		s->looked_ns = now_ns;
		s->reading = !worker__start(s->worker, read_modules, s->reader);
		if (!worker__wait(s->worker, WAIT_NS))
			return;
	} else if (!worker__wait(s->worker, 0)) {
		return;
	}
	s->reading = false;
	if (!s->reader->fresh.text)
		return;
	part__free(&s->modules);
	s->modules = s->reader->fresh;
	s->reader->fresh = (struct part){ 0 };
}

/* A string that stays when its module goes. */
static const char *keep(const struct symbols *s, const char *name)
{
	uint64_t key = hash__str(name), known;
	char *copy;

	if (u64map__get(s->names, key, &known) && !strcmp((const char *)(uintptr_t)known, name))
		return (const char *)(uintptr_t)known;
	copy = arena__strdup(s->strings, name);
	if (copy)
		u64map__set(s->names, key, (uintptr_t)copy);
	return copy;
}

/* The last symbol that begins at addr or before, NULL when there is none in reach. */
static const struct symbol *find(const struct table *t, uint64_t addr, uint64_t reach)
{
	size_t lo = 0, hi = t->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->list[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr - t->list[lo - 1].addr >= reach)
		return NULL;
	/* Of several names at one address the first listed. */
	for (lo--; lo && t->list[lo - 1].addr == t->list[lo].addr; lo--)
		;
	return &t->list[lo];
}

static void resolve(const struct symbols *s, const struct symbol *kernel,
		    const struct symbol *module, uint64_t addr, struct rec_frame *frame)
{
	*frame = (struct rec_frame){ .addr = addr };
	if (module && (!kernel || module->addr > kernel->addr)) {
		frame->sym = keep(s, s->modules.text + module->name);
		frame->module = module->module ? keep(s, s->modules.text + module->module) : NULL;
		frame->off = addr - module->addr;
	} else if (kernel) {
		frame->sym = s->kernel.text + kernel->name;
		frame->off = addr - kernel->addr;
	}
}

void symbols__code(const struct symbols *s, uint64_t addr, struct rec_frame *frame)
{
	resolve(s, find(&s->kernel.code, addr, CODE_REACH),
		find(&s->modules.code, addr, CODE_REACH), addr, frame);
}

void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame)
{
	resolve(s, find(&s->kernel.data, addr, DATA_REACH),
		find(&s->modules.data, addr, DATA_REACH), addr, frame);
}

size_t symbols__nr(const struct symbols *s)
{
	return s->kernel.code.nr + s->modules.code.nr;
}
