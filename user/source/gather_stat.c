// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/gather_stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PF_KTHREAD 0x00200000u

int gather_stat__parse(struct gather_stat *out, const char *text)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long flags;
	unsigned long long user, system, start;
	size_t len;
	int cpu, nr;

	if (!open || !close || close < open)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->tid = (uint32_t)strtoul(text, NULL, 10);
	len = (size_t)(close - open - 1);
	len = len < sizeof(out->comm) ? len : sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, len);
	/* proc(5): 3 state, 9 flags, 14 utime, 15 stime, 22 starttime, 39 processor */
	nr = sscanf(close + 1, " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %llu %llu %*d %*d %*d "
		    "%*d %*d %*d %llu %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u "
		    "%*d %d", &out->state, &flags, &user, &system, &start, &cpu);
	if (nr < 5)
		return -EINVAL;
	out->kernel = flags & PF_KTHREAD;
	out->user_ticks = user;
	out->system_ticks = system;
	out->start_ticks = start;
	out->cpu = nr == 6 ? cpu : -1;
	return 0;
}

uint64_t gather_stat__last_ran(const char *sched)
{
	static const char name[] = "se.exec_start";
	const char *at = strstr(sched, name);
	unsigned long long ms, rest = 0;
	char digits[7] = "000000";
	size_t len;

	at = at ? at + strlen(name) + strspn(at + strlen(name), " :\t") : NULL;
	if (!at || sscanf(at, "%llu", &ms) != 1)
		return 0;
	at += strspn(at, "0123456789");
	if (*at == '.') {
		len = strspn(at + 1, "0123456789");
		memcpy(digits, at + 1, len < 6 ? len : 6);
		rest = strtoull(digits, NULL, 10);
	}
	return ms * 1000000 + rest;
}

int gather_stat__frame(char *line, const char **sym, uint64_t *off, const char **module)
{
	char *at = strstr(line, "] "), *plus, *close;

	*module = NULL;
	if (line[0] != '[' || line[1] != '<' || !at)
		return -EINVAL;
	at += 2;
	plus = strchr(at, '+');
	if (!plus || plus == at)
		return -EINVAL;
	*plus++ = '\0';
	*sym = at;
	*off = strtoull(plus, NULL, 16);
	at = strchr(plus, '[');
	close = at ? strchr(at, ']') : NULL;
	if (close) {
		*close = '\0';
		*module = at + 1;
	}
	return 0;
}
