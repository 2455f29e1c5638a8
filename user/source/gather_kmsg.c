// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/gather_kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "\x0a" and the like, as /dev/kmsg has what is not printable.  No NUL comes of it. */
static void unescape(char *text)
{
	char *to = text, digits[3] = { 0 };

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]) &&
		    isxdigit((unsigned char)from[3])) {
			memcpy(digits, from + 2, 2);
			*to = (char)strtoul(digits, NULL, 16);
			from += 4;
			to += *to != '\0';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

int gather_kmsg__parse(struct gather_kmsg *out, char *record)
{
	unsigned long long seq, us;
	char *text = strchr(record, ';');
	unsigned int priority;

	if (!text || sscanf(record, "%u,%llu,%llu,", &priority, &seq, &us) != 3)
		return -EINVAL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	unescape(text);
	*out = (struct gather_kmsg){ .seq = seq, .us = us, .level = priority & 7, .text = text };
	return 0;
}
