// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/symbol_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* No function and no lock is larger; an address further off is in no symbol. */
#define CODE_REACH (1 << 20)
#define DATA_REACH (1 << 16)

static int add(struct symbol_list *t, struct symbol sym)
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
static int parse_line(struct symbol_table *t, char *line)
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
			sym.module = (uint32_t)(module - t->text);
		}
	}
	sym.name = (uint32_t)(p - t->text);
	if (strchr("tTwW", type))
		return add(&t->code, sym);
	/* Per-CPU symbols are offsets, or addresses in what was thrown away at boot. */
	if (strchr("aA?", type))
		return sym.module ? add(&t->per_cpu, sym) : 0;
	return strchr("dDbBrR", type) ? add(&t->data, sym) : 0;
}

/* The kernel lists its own by address. */
static void sort(struct symbol_list *t)
{
	size_t i;

	for (i = 1; i < t->nr; i++) {
		if (by_addr(&t->list[i - 1], &t->list[i]) <= 0)
			continue;
		qsort(t->list, t->nr, sizeof(*t->list), by_addr);
		return;
	}
}

int symbol_table__parse(struct symbol_table *t)
{
	char *line, *next;
	int err = 0;

	for (line = t->text; !err && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		err = parse_line(t, line);
	}
	sort(&t->code);
	sort(&t->data);
	sort(&t->per_cpu);
	return err;
}

void symbol_table__free(struct symbol_table *t)
{
	free(t->text);
	free(t->code.list);
	free(t->data.list);
	free(t->per_cpu.list);
	*t = (struct symbol_table){ 0 };
}

static const struct symbol *find(const struct symbol_list *t, uint64_t addr, uint64_t reach)
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

/* Symbols that only mark where something begins or ends in the image, or that the
 * compiler made: no lock is called so. */
static bool is_mark(const char *name)
{
	static const char *const marks[] = {
		"__start_", "__stop_", "__bss_", "_end", "_edata", "_sdata", "__end_", "__init_",
		"__per_cpu_", "__brk_", "__nosave_", "_sinittext", "__key.", "__func__.", "__UNIQUE_ID",
		"__compound_literal", ".L", "__already_done",
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strncmp(name, marks[i], strlen(marks[i])))
			return true;
	return false;
}

const struct symbol *symbol_table__data(const struct symbol_table *t, uint64_t addr)
{
	const struct symbol_list *l = &t->data;
	const struct symbol *s = find(l, addr, DATA_REACH), *end = l->list + l->nr;
	uint64_t at = s ? s->addr : 0;

	while (s && s < end && s->addr == at && is_mark(t->text + s->name))
		s++;
	return s && s < end && s->addr == at ? s : NULL;
}

const struct symbol *symbol_table__code(const struct symbol_table *t, uint64_t addr)
{
	return find(&t->code, addr, CODE_REACH);
}

const struct symbol *symbol_table__per_cpu(const struct symbol_table *t, uint64_t offset)
{
	return find(&t->per_cpu, offset, DATA_REACH);
}
