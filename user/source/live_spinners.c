// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_spinners.h"

#include <errno.h>
#include <stdlib.h>

#include "lockscope.skel.h" /* after abi.h: it uses its types */

struct live_spinners {
	struct source_live *s;
	struct lk_spinner *list;	/* by CPU, as of the last look */
	const struct lk_task **tasks;	/* of the look */
	bool any;
};

int live_spinners__new(struct live_spinners **out, struct source_live *s)
{
	struct live_spinners *p = calloc(1, sizeof(*p));

	*out = p;
	if (!p)
		return -ENOMEM;
	p->s = s;
	p->list = calloc(s->bpf.nr_cpus, sizeof(*p->list));
	p->tasks = calloc(s->bpf.nr_cpus, sizeof(*p->tasks));
	if (!p->list || !p->tasks)
		return -ENOMEM;
	/* With --spin the slow paths are hooked, and a wait belongs to the entry of its take. */
	if (s->cfg.spin)
		return 0;
	symbols__each_function(s->symbols, spinners__add_function, s->bpf.skel->bss->spin_code);
	__atomic_store_n(&s->bpf.skel->bss->irq_regs_from_rq,
			 live_names__from_run_queue(s->names, "__irq_regs"), __ATOMIC_RELEASE);
	return 0;
}

void live_spinners__free(struct live_spinners *p)
{
	if (!p)
		return;
	free(p->list);
	free(p->tasks);
	free(p);
}

/* The spin of that CPU's own record, whole; false: it does not spin, or not any more. */
static bool copy(const struct lk_spinner *from, struct lk_spinner *to)
{
	uint64_t lock = __atomic_load_n(&from->lock, __ATOMIC_ACQUIRE), id = from->id;

	if (!lock)
		return false;
	memcpy(to, from, sizeof(*to));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&from->lock, __ATOMIC_ACQUIRE) == lock && from->id == id &&
	       to->lock == lock;
}

void live_spinners__update(struct live_spinners *p, const struct live_look *look)
{
	uint32_t i;

	if (p->any)
		memset(p->list, 0, p->s->bpf.nr_cpus * sizeof(*p->list));
	p->any = false;
	for (i = 0; i < look->nr_waiting; i++) {
		const struct lk_task *t = look->waiting[i];
		struct lk_spinner *s;

		if (!live_kind__spins(t->wait.flags) || t->cpu >= p->s->bpf.nr_cpus)
			continue;
		s = &p->list[t->cpu];
		if (!copy(&p->s->bpf.spinners[t->cpu], s) || s->lock != t->wait.lock ||
		    s->tid != t->tid) {
			s->lock = 0;
			continue;
		}
		p->tasks[t->cpu] = t;
		p->any = true;
	}
}

bool live_spinners__holder(const struct live_spinners *p, uint64_t lock, struct spinner_hint *out,
			   const struct lk_task **task)
{
	uint32_t object = p->any ? live_names__object_offset(p->s->names, lock) : 0;

	if (!p->any || !spinners__holder(p->list, p->s->bpf.nr_cpus, lock, object, out))
		return false;
	*task = p->tasks[out->cpu];
	return true;
}
