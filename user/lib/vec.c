// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/vec.h"

#include <stdint.h>
#include <stdlib.h>

void *vec__grow(void *items, size_t *cap, size_t need, size_t item_size)
{
	size_t n = *cap, bytes;

	if (need <= n && items)
		return items;
	n += n / 2 + 8;
	if (n < need)
		n = need;
	if (__builtin_mul_overflow(n, item_size, &bytes))
		return NULL;
	items = realloc(items, bytes);
	if (items)
		*cap = n;
	return items;
}
