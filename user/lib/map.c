// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

#define MIN_SLOTS 16

/* Key 0 marks an empty slot, so a real key 0 lives beside the table. */
struct slot {
	uint64_t key, value;
};

struct u64map {
	struct slot *slots;
	size_t mask;
	size_t nr;		/* in the table, without key 0 */
	bool has_zero;
	uint64_t zero_value;
};

static size_t slots_for(size_t nr)
{
	size_t n = MIN_SLOTS;

	while (n / 2 < nr)
		n *= 2;
	return n;
}

int u64map__new(struct u64map **out, size_t nr_expected)
{
	struct u64map *m;
	size_t n;

	*out = NULL;
	if (nr_expected > SIZE_MAX / 8 / sizeof(struct slot))
		return -ENOMEM;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	n = slots_for(nr_expected);
	m->slots = calloc(n, sizeof(*m->slots));
	if (!m->slots) {
		free(m);
		return -ENOMEM;
	}
	m->mask = n - 1;
	*out = m;
	return 0;
}

void u64map__free(struct u64map *m)
{
	if (!m)
		return;
	free(m->slots);
	free(m);
}

/* The slot of a key, or the empty one where it belongs. */
static size_t find_slot(const struct slot *slots, size_t mask, uint64_t key)
{
	size_t i = hash__u64(key) & mask;

	while (slots[i].key && slots[i].key != key)
		i = (i + 1) & mask;
	return i;
}

static int grow(struct u64map *m)
{
	size_t n = (m->mask + 1) * 2, i;
	struct slot *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (i = 0; i <= m->mask; i++)
		if (m->slots[i].key)
			slots[find_slot(slots, n - 1, m->slots[i].key)] = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->mask = n - 1;
	return 0;
}

int u64map__set(struct u64map *m, uint64_t key, uint64_t value)
{
	size_t i;

	if (!key) {
		m->has_zero = true;
		m->zero_value = value;
		return 0;
	}
	i = find_slot(m->slots, m->mask, key);
	if (!m->slots[i].key) {
		if (m->nr + 1 > (m->mask + 1) / 2) {
			if (grow(m))
				return -ENOMEM;
			i = find_slot(m->slots, m->mask, key);
		}
		m->slots[i].key = key;
		m->nr++;
	}
	m->slots[i].value = value;
	return 0;
}

bool u64map__get(const struct u64map *m, uint64_t key, uint64_t *value)
{
	size_t i;

	if (!key) {
		if (m->has_zero && value)
			*value = m->zero_value;
		return m->has_zero;
	}
	i = find_slot(m->slots, m->mask, key);
	if (!m->slots[i].key)
		return false;
	if (value)
		*value = m->slots[i].value;
	return true;
}

void u64map__prefetch(const struct u64map *m, uint64_t key)
{
	__builtin_prefetch(&m->slots[hash__u64(key) & m->mask]);
}

/* Closes the gap: moves back what was pushed past it, so no tombstones. */
bool u64map__del(struct u64map *m, uint64_t key)
{
	size_t i, j, home;

	if (!key) {
		bool had = m->has_zero;

		m->has_zero = false;
		return had;
	}
	i = find_slot(m->slots, m->mask, key);
	if (!m->slots[i].key)
		return false;
	for (j = (i + 1) & m->mask; m->slots[j].key; j = (j + 1) & m->mask) {
		home = hash__u64(m->slots[j].key) & m->mask;
		if (((j - home) & m->mask) >= ((j - i) & m->mask)) {
			m->slots[i] = m->slots[j];
			i = j;
		}
	}
	m->slots[i].key = 0;
	m->nr--;
	return true;
}

size_t u64map__nr(const struct u64map *m)
{
	return m->nr + m->has_zero;
}

void u64map__clear(struct u64map *m)
{
	memset(m->slots, 0, (m->mask + 1) * sizeof(*m->slots));
	m->nr = 0;
	m->has_zero = false;
}

bool u64map__next(const struct u64map *m, size_t *pos, uint64_t *key, uint64_t *value)
{
	const struct slot *s;

	/* position 0 is key 0, position i + 1 is slot i */
	if (*pos == 0) {
		(*pos)++;
		if (m->has_zero) {
			if (key)
				*key = 0;
			if (value)
				*value = m->zero_value;
			return true;
		}
	}
	for (; *pos <= m->mask + 1; (*pos)++) {
		s = &m->slots[*pos - 1];
		if (!s->key)
			continue;
		(*pos)++;
		if (key)
			*key = s->key;
		if (value)
			*value = s->value;
		return true;
	}
	return false;
}
