// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "lib/pages.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

/* A look at 100,000 waiters takes some 36 MB, and the next is seldom of one size to the
 * byte. */
#define GRAIN (64UL << 10)
#define NR_KEPT 32
#define KEPT_BYTES_MAX (40UL << 20)

/* At the start of a piece that is kept. */
struct kept {
	size_t bytes;
};

/* Each is taken and put by one exchange: no thread waits for another, and a child that
 * is forked in between finds nothing half done. */
static _Atomic(struct kept *) kept[NR_KEPT];
static atomic_size_t kept_bytes;

/* A piece of at least bytes, of which not too much would be left over, or NULL. */
static struct kept *take(size_t bytes)
{
	struct kept *k;
	size_t i;

	for (i = 0; i < NR_KEPT; i++) {
		k = atomic_exchange(&kept[i], NULL);
		if (k && k->bytes >= bytes && k->bytes / 4 * 3 <= bytes) {
			atomic_fetch_sub(&kept_bytes, k->bytes);
			return k;
		}
		if (k) {
			struct kept *none = NULL;

			if (!atomic_compare_exchange_strong(&kept[i], &none, k)) {
				atomic_fetch_sub(&kept_bytes, k->bytes);
				munmap(k, k->bytes);
			}
		}
	}
	return NULL;
}

static bool keep(struct kept *k)
{
	struct kept *none;
	size_t i;

	if (atomic_fetch_add(&kept_bytes, k->bytes) + k->bytes <= KEPT_BYTES_MAX)
		for (i = 0; i < NR_KEPT; i++) {
			none = NULL;
			if (atomic_compare_exchange_strong(&kept[i], &none, k))
				return true;
		}
	atomic_fetch_sub(&kept_bytes, k->bytes);
	return false;
}

void *pages__new(size_t bytes, size_t *got)
{
	struct kept *k;
	void *p;

	*got = (bytes + GRAIN - 1) & ~(GRAIN - 1);
	k = take(*got);
	if (k) {
		*got = k->bytes;
		return memset(k, 0, bytes);
	}
	p = mmap(NULL, *got, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void pages__free(void *p, size_t got)
{
	struct kept *k = p;

	if (!k)
		return;
	k->bytes = got;
	if (!keep(k))
		munmap(k, got);
}
