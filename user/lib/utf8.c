// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/utf8.h"

struct range {
	uint32_t first, last;
};

/* Unicode 15, table 3-7: the second byte decides what overlong forms, surrogates
 * and values past U+10FFFF are; the later ones are always 80..BF. */
static const struct lead {
	uint8_t first, last;	/* of the lead byte */
	uint8_t more;		/* bytes after it */
	uint8_t min, max;	/* of the second byte */
} leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f },
	{ 0xee, 0xef, 2, 0x80, 0xbf }, { 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

static const struct lead *lead_of(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8__next(const char *s, size_t len, uint32_t *cp)
{
	const uint8_t *b = (const uint8_t *)s;
	const struct lead *lead;
	uint32_t value;

	*cp = b[0];
	if (b[0] < 0x80)
		return 1;
	*cp = UTF8_BAD;
	lead = lead_of(b[0]);
	if (!lead)
		return 1;
	value = b[0] & (0x3fu >> lead->more);
	for (size_t i = 1; i <= lead->more; i++) {
		uint8_t min = i == 1 ? lead->min : 0x80;
		uint8_t max = i == 1 ? lead->max : 0xbf;

		if (i >= len || b[i] < min || b[i] > max)
			return i;
		value = value << 6 | (b[i] & 0x3f);
	}
	*cp = value;
	return lead->more + 1;
}

/* Of rising ranges: the first that does not end before cp decides. */
static bool in_ranges(uint32_t cp, const struct range *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (cp <= ranges[i].last)
			return cp >= ranges[i].first;
	return false;
}

size_t utf8__put(uint32_t cp, char *buf)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t nr = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = nr; i-- > 1; cp >>= 6)
		buf[i] = (char)(0x80 | (cp & 0x3f));
	buf[0] = (char)(lead[nr > 1 ? nr : 0] | cp);
	return nr;
}

bool utf8__is_unsafe(uint32_t cp)
{
	static const struct range unsafe[] = {
		{ 0x00, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },
		{ 0x61c, 0x61c },     { 0x180e, 0x180e },   { 0x200b, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0xd800, 0xdfff },
		{ 0xfeff, 0xfeff },   { 0xfff9, 0xfffb },   { 0xfffe, 0xffff },
		{ 0xe0000, 0xe0fff }, { 0xf0000, UINT32_MAX },
	};

	return in_ranges(cp, unsafe, sizeof(unsafe) / sizeof(unsafe[0]));
}

int utf8__width(uint32_t cp)
{
	static const struct range zero[] = {
		{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },
		{ 0x64b, 0x65f },   { 0x200b, 0x200f }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e },	  { 0x3041, 0xa4cf },	{ 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },	  { 0xff00, 0xff60 },	{ 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (cp < 0x300)
		return 1;
	if (in_ranges(cp, zero, sizeof(zero) / sizeof(zero[0])))
		return 0;
	return in_ranges(cp, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}
