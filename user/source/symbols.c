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
#include "source/symbol_table.h"

/* Reads modules again.  The thread's alone while it works. */
struct reader {
	char *kallsyms, *modules;	/* paths */
	uint64_t known;		/* which modules are read */
	struct symbol_table fresh;	/* with text: what has been read anew */
};

struct symbols {
	struct symbol_table kernel;	/* never changes */
	struct symbol_table modules;
	/* Names that were given away, of modules that may go: hash -> string. */
	struct u64map *names;
	struct arena *strings;
	struct worker *worker;	/* NULL: a kernel without modules */
	struct reader *reader;
	bool reading;
	uint64_t looked_ns;
	int kallsyms_fd;	/* behind the kernel's own, until the rest is read; -1 */
};

#define LOOK_NS 1000000000ull
#define WAIT_NS 200000000ull

/* Reads on until the end, for /proc files have no size, or until a piece has been read
 * with stop in it; before *out, freed or taken over, stays what is there. */
static int read_on(int fd, char **out, const char *stop)
{
	size_t len = *out ? strlen(*out) : 0, cap = len + (1 << 22);
	char *text = realloc(*out, cap);
	ssize_t n = 0;

	while (text && (n = read(fd, text + len, cap - len - 1)) > 0) {
		text[len + (size_t)n] = '\0';
		*out = text;
		if (stop && strstr(text + len, stop))
			return 0;
		len += (size_t)n;
		if (len + 1 < cap)
			continue;
		cap *= 2;
		text = realloc(text, cap);
	}
	if (!text)
		return -ENOMEM;
	*out = text;
	text[len] = '\0';
	return n < 0 ? -errno : 0;
}

static int read_all(const char *path, char **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	*out = NULL;
	err = read_on(fd, out, NULL);
	close(fd);
	if (err) {
		free(*out);
		*out = NULL;
	}
	return err;
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
	if (symbol_table__parse(&r->fresh))
		symbol_table__free(&r->fresh);
	else
		r->known = found;
}

static void reader__free(struct reader *r)
{
	if (!r)
		return;
	symbol_table__free(&r->fresh);
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

/* The kernel's own come first; modules and BPF programs have a name in brackets. */
static int read_kernel(struct symbols *s)
{
	char *line;
	int err = read_on(s->kallsyms_fd, &s->kernel.text, "\t[");

	if (err)
		return err;
	line = strstr(s->kernel.text, "\t[");
	while (line && line > s->kernel.text && line[-1] != '\n')
		line--;
	s->modules.text = strdup(line ? line : "");
	if (line)
		*line = '\0';
	return s->modules.text ? symbol_table__parse(&s->kernel) : -ENOMEM;
}

int symbols__new(struct symbols **out, const char *kallsyms, const char *modules)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->kallsyms_fd = open(kallsyms, O_RDONLY | O_CLOEXEC);
	err = s->kallsyms_fd < 0 ? -errno : start_reader(s, kallsyms, modules);
	err = err ? err : u64map__new(&s->names, 0);
	err = err ? err : arena__new(&s->strings);
	err = err ? err : read_kernel(s);
	if (err) {
		symbols__free(s);
		return err;
	}
	*out = s;
	return s->kernel.code.nr ? 0 : -EPERM;
}

int symbols__read_rest(struct symbols *s)
{
	int err = read_on(s->kallsyms_fd, &s->modules.text, NULL);
	char *text = err ? NULL : realloc(s->modules.text, strlen(s->modules.text) + 1);

	close(s->kallsyms_fd);
	s->kallsyms_fd = -1;
	if (text)
		s->modules.text = text;
	return err ? err : symbol_table__parse(&s->modules);
}

void symbols__free(struct symbols *s)
{
	if (!s)
		return;
	if (worker__free(s->worker))
		reader__free(s->reader);
	if (s->kallsyms_fd >= 0)
		close(s->kallsyms_fd);
	symbol_table__free(&s->kernel);
	symbol_table__free(&s->modules);
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
	symbol_table__free(&s->modules);
	s->modules = s->reader->fresh;
	s->reader->fresh = (struct symbol_table){ 0 };
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
	resolve(s, symbol_table__code(&s->kernel, addr), symbol_table__code(&s->modules, addr), addr, frame);
}

void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame)
{
	resolve(s, symbol_table__data(&s->kernel, addr), symbol_table__data(&s->modules, addr), addr, frame);
}

void symbols__per_cpu(const struct symbols *s, uint64_t offset, struct rec_frame *frame)
{
	resolve(s, NULL, symbol_table__per_cpu(&s->modules, offset), offset, frame);
}

uint64_t symbols__address(const struct symbols *s, const char *name)
{
	/* What becomes read-only after boot may lie between code. */
	const struct symbol_list *tables[] = { &s->kernel.data, &s->kernel.code };
	size_t i, j;

	for (j = 0; j < 2; j++)
		for (i = 0; i < tables[j]->nr; i++)
			if (!strcmp(s->kernel.text + tables[j]->list[i].name, name))
				return tables[j]->list[i].addr;
	return 0;
}

void symbols__each_function(const struct symbols *s,
			    void (*fn)(void *ctx, const char *name, uint64_t from, uint64_t to),
			    void *ctx)
{
	const struct symbol_list *t = &s->kernel.code;
	uint64_t to = 0;
	size_t i, next = 0;

	for (i = 0; i < t->nr; i++) {
		/* Of several names at one address each is told, with the same end. */
		while (next < t->nr && t->list[next].addr == t->list[i].addr)
			next++;
		to = next < t->nr ? t->list[next].addr : t->list[i].addr + 1;
		fn(ctx, s->kernel.text + t->list[i].name, t->list[i].addr, to);
	}
}

size_t symbols__nr(const struct symbols *s)
{
	return s->kernel.code.nr + s->modules.code.nr;
}
