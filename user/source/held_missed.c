// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/held_missed.h"

#include <stddef.h>

static void halve(struct held_missed *m)
{
	uint32_t i;

	for (i = 0; i < m->nr / 2; i++) {
		m->spans[i].from_ns = m->spans[2 * i].from_ns;
		m->spans[i].to_ns = m->spans[2 * i + 1].to_ns;
	}
	m->nr /= 2;
}

void held_missed__note(struct held_missed *m, uint64_t count, uint64_t now_ns)
{
	if (count != m->count) {
		struct held_missed_span *last = m->nr ? &m->spans[m->nr - 1] : NULL;

		if (last && last->to_ns == m->looked_ns) {
			last->to_ns = now_ns;
		} else {
			if (m->nr == HELD_MISSED_SPANS)
				halve(m);
			m->spans[m->nr++] = (struct held_missed_span){ m->looked_ns, now_ns };
		}
	}
	m->count = count;
	m->looked_ns = now_ns;
}

uint64_t held_missed__last(const struct held_missed *m, uint64_t until_ns)
{
	uint32_t lo = 0, hi = m->nr;

	/* the last span that began by then */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (m->spans[mid].from_ns <= until_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return 0;
	return m->spans[lo - 1].to_ns < until_ns ? m->spans[lo - 1].to_ns : until_ns;
}
