// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/hash.h"

#include <string.h>

uint64_t hash__bytes(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325ull;	/* FNV-1a */
	size_t i;

	for (i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return hash__u64(h);
}

uint64_t hash__str(const char *s)
{
	return hash__bytes(s, strlen(s));
}
