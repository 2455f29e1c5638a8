// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/futex_sleeps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vec.h"

#define YOUNG_NS 100000000ULL		/* younger sleeps are not looked into */
#define AGAIN_NS 250000000ULL		/* how soon a lock is read again, */
#define AGAIN_STEADY_NS 1000000000ULL	/* and when it said the same for long */
#define STEADY 8
#define PAUSE_MAX_NS 60000000000ULL	/* what was no lock mostly never is */
#define SHOWN 2
#define NOT_SHOWN UINT32_MAX

static int by_tid(const void *a, const void *b)
{
	const struct futex_sleep *x = a, *y = b;

	return x->f.tid < y->f.tid ? -1 : x->f.tid > y->f.tid;
}

static struct futex_sleep *find(const struct futex_sleep *list, size_t nr, uint32_t tid,
				uint64_t start_ns, uint64_t switches)
{
	struct futex_sleep key = { .f.tid = tid };
	struct futex_sleep *s = nr ? bsearch(&key, list, nr, sizeof(key), by_tid) : NULL;

	return s && s->f.start_ns == start_ns && s->f.switches == switches ? s : NULL;
}

const struct futex_sleep *futex_sleeps__find(const struct futex_sleeps *s, uint32_t tid,
					     uint64_t start_ns, uint64_t switches)
{
	return find(s->list, s->nr, tid, start_ns, switches);
}

static void free_list(struct futex_sleep *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		free(list[i].found);
	free(list);
}

static void drop_locks(struct futex_sleeps *s)
{
	free(s->locks);
	free(s->holders);
	s->locks = NULL;
	s->holders = NULL;
	s->nr_locks = s->nr_holders = 0;
}

void futex_sleeps__free(struct futex_sleeps *s)
{
	drop_locks(s);
	free_list(s->list, s->nr);
	memset(s, 0, sizeof(*s));
}

static void add(struct futex_sleeps *s, const struct lk_futex *rec, struct futex_sleep *before,
		uint64_t now_ns)
{
	struct futex_sleep *n = &s->list[s->nr++];

	if (before) {
		*n = *before;
		before->found = NULL;
		return;
	}
	*n = (struct futex_sleep){ .f = *rec, .since_ns = rec->t_ns, .at_least = !s->nr_looks,
				   .query = -1, .pause_ns = AGAIN_NS };
	n->next_ns = n->at_least ? now_ns : rec->t_ns + YOUNG_NS;
}

int futex_sleeps__look(struct futex_sleeps *s, const struct lk_futex *recs, size_t nr,
		       uint64_t now_ns)
{
	struct futex_sleep *old = s->list, *list = calloc(nr ? nr : 1, sizeof(*list));
	size_t nr_old = s->nr, i;

	if (!list)
		return -ENOMEM;
	s->list = list;
	s->nr = 0;
	for (i = 0; i < nr; i++)
		add(s, &recs[i], find(old, nr_old, recs[i].tid, recs[i].start_ns, recs[i].switches),
		    now_ns);
	qsort(s->list, s->nr, sizeof(*s->list), by_tid);
	s->nr_looks++;
	drop_locks(s);
	free_list(old, nr_old);
	return 0;
}

static bool is_semop(const struct lk_futex *f)
{
	return f->flags & LK_FUTEX_SEMOP;
}

bool futex_sleeps__any_semop(const struct futex_sleeps *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (is_semop(&s->list[i].f))
			return true;
	return false;
}

static bool is_same_word(const struct futex_query *q, const struct lk_futex *f)
{
	return q->pid == f->pid && q->uaddr == f->uaddr && q->val == f->val &&
	       q->semop == is_semop(f) && q->nr_ops == f->nr_ops && q->ipc_ns == f->ipc_ns &&
	       q->pi == !!(f->flags & LK_FUTEX_PI) && q->shared == !!(f->flags & LK_FUTEX_SHARED);
}

/* The query about the word that this sleep is on; queries of one round are few words,
 * the last ones first: threads of one process lie side by side. */
static int32_t find_query(const struct futex_query *out, uint32_t nr, const struct lk_futex *f)
{
	uint32_t i;

	for (i = nr; i > 0; i--)
		if (is_same_word(&out[i - 1], f))
			return (int32_t)(i - 1);
	return -1;
}

static void fill_query(struct futex_query *q, const struct futex_sleep *s)
{
	*q = (struct futex_query){
		.uaddr = s->f.uaddr, .start_ns = s->f.start_ns, .tid = s->f.tid, .pid = s->f.pid,
		.ns_tid = s->f.ns_tid, .val = s->f.val, .pi = s->f.flags & LK_FUTEX_PI,
		.shared = s->f.flags & LK_FUTEX_SHARED,
		.semop = is_semop(&s->f), .nr_ops = s->f.nr_ops, .ipc_ns = s->f.ipc_ns,
		.wants_name = !s->found || !s->found->name[0],
	};
}

uint32_t futex_sleeps__ask(struct futex_sleeps *s, uint64_t now_ns, bool confirm,
			   bool (*skip)(void *ctx, uint32_t pid), void *ctx, struct futex_query *out,
			   uint32_t *left)
{
	uint32_t nr = 0;
	size_t k;

	*left = 0;
	for (k = 0; k < s->nr; k++) {
		struct futex_sleep *t = &s->list[(s->from + k) % s->nr];

		t->query = -1;
		if ((now_ns < t->next_ns && !(confirm && t->found)) || skip(ctx, t->f.pid))
			continue;
		t->query = find_query(out, nr, &t->f);
		if (t->query >= 0)
			continue;
		if (nr == FUTEX_PROBE_MAX) {
			++*left;
			continue;
		}
		t->query = (int32_t)nr;
		fill_query(&out[nr++], t);
	}
	if (*left)
		s->from += FUTEX_PROBE_MAX;
	return nr;
}

static void format_sem(struct futex_found *n, const struct futex_query *q)
{
	const struct sysv_claim *c = &q->sem;
	int32_t semid = (int32_t)q->val;

	snprintf(n->id, sizeof(n->id), "sysv_sem:%u:%d:%u", q->ipc_ns, semid, c->num);
	if (c->foreign)
		snprintf(n->name, sizeof(n->name), "set %d of IPC namespace %u, number %u", semid,
			 q->ipc_ns, c->num);
	else
		snprintf(n->name, sizeof(n->name), "set %d (key 0x%x), number %u", semid,
			 (uint32_t)c->key, c->num);
	n->claim.wanted = c->for_zero ? MODE_READ : MODE_EXCLUSIVE;
}

static void format(struct futex_found *n, const struct futex_query *q)
{
	if (q->semop) {
		format_sem(n, q);
		return;
	}
	if (q->is_of_file)
		snprintf(n->id, sizeof(n->id), "futex:%u:%u:%" PRIu64 ":%" PRIu64, q->major, q->minor,
			 q->ino, q->offset);
	else
		snprintf(n->id, sizeof(n->id), "futex:%u:0x%" PRIx64, q->pid, q->claim.addr);
	snprintf(n->evidence, sizeof(n->evidence), "a %s in the memory of process %u that names thread %u",
		 futex_lock__name(q->claim.what), q->pid, q->owner);
}

static bool says_same(const struct futex_found *n, const struct futex_query *q)
{
	if (q->semop)	/* both were all zero before they were filled in */
		return !memcmp(&n->sem, &q->sem, sizeof(n->sem));
	return n->owner == q->owner && n->claim.what == q->claim.what &&
	       n->claim.addr == q->claim.addr && n->claim.wanted == q->claim.wanted;
}

static int take(struct futex_sleep *t, const struct futex_query *q, uint64_t now_ns)
{
	struct futex_found *n = t->found;

	if (q->err || !(q->owner || q->semop)) {
		free(n);
		t->found = NULL;
		t->next_ns = now_ns + t->pause_ns;
		t->pause_ns = t->pause_ns < PAUSE_MAX_NS / 2 ? t->pause_ns * 2 : PAUSE_MAX_NS;
		return 0;
	}
	if (!n) {
		n = t->found = calloc(1, sizeof(*n));
		if (!n)
			return -ENOMEM;
	}
	n->nr_same = says_same(n, q) ? n->nr_same + 1 : 1;
	n->claim = q->claim;
	n->sem = q->sem;
	n->owner = q->owner;
	n->t_ns = now_ns;
	format(n, q);
	if (q->name[0])
		memcpy(n->name, q->name, sizeof(n->name));
	t->pause_ns = AGAIN_NS;
	t->next_ns = n->nr_same < SHOWN ? now_ns :
		     now_ns + (n->nr_same < STEADY ? AGAIN_NS : AGAIN_STEADY_NS);
	return 0;
}

int futex_sleeps__answer(struct futex_sleeps *s, const struct futex_query *q, uint32_t nr,
			 uint64_t now_ns)
{
	static const struct futex_query unknown = { .err = -ETIMEDOUT };
	size_t i;
	int err = 0;

	for (i = 0; i < s->nr && !err; i++) {
		struct futex_sleep *t = &s->list[i];

		if (t->query >= 0)
			err = take(t, (uint32_t)t->query < nr ? &q[t->query] : &unknown, now_ns);
		t->query = -1;
	}
	drop_locks(s);
	return err;
}

bool futex_sleep__is_shown(const struct futex_sleep *s)
{
	return s->found && s->found->lock != NOT_SHOWN;
}

/* Those of one lock side by side, what was read last first. */
static int by_lock(const void *a, const void *b)
{
	const struct futex_found *x = (*(struct futex_sleep *const *)a)->found;
	const struct futex_found *y = (*(struct futex_sleep *const *)b)->found;
	int c = strcmp(x->id, y->id);

	return c ? c : x->t_ns < y->t_ns ? 1 : x->t_ns > y->t_ns ? -1 : 0;
}

static void make_futex(struct rec_lock_state *l, const struct futex_found *n, struct rec_holder *h)
{
	*h = (struct rec_holder){ .tid = n->owner, .mode = n->claim.held, .certainty = SURE_LIKELY,
				  .since_ns = LK_NO_TIME, .cpu = -1 };
	*l = (struct rec_lock_state){ .rule = RULE_AND, .complete = true, .verified = true,
				      .nr_holders = 1, .holders = h, .nr_readers = -1 };
	rec_lock__set_str(&l->lock, n->id, KIND_FUTEX);
}

static void tell_sem(struct futex_found *n, const struct rec_lock_state *l)
{
	const char *last = n->sem.for_zero ? "is waited for to become 0" :
			   n->sem.is_last ? "was operated on last by its waiter" : "has no owner";

	if (l->complete)
		snprintf(n->evidence, sizeof(n->evidence), "a semaphore has no owner: these have lowered "
			 "it with SEM_UNDO and not raised it since, but others may raise it");
	else if (n->sem.foreign)
		snprintf(n->evidence, sizeof(n->evidence),
			 "it is of another IPC namespace, which cannot be asked");
	else if (l->nr_holders)
		snprintf(n->evidence, sizeof(n->evidence), "a semaphore has no owner: process %u is the "
			 "last that operated on it, a hint at most", n->sem.last);
	else
		snprintf(n->evidence, sizeof(n->evidence), "it %s", last);
}

/* The semaphore that these sleeps are for, found last by the first of them. */
static int make_sem(struct rec_lock_state *l, struct futex_sleep *const *shown, size_t nr,
		    const struct lk_sem_undo *undos, size_t nr_undos, struct rec_holder *holders)
{
	struct sysv_waiter *w = calloc(nr, sizeof(*w));
	size_t i;

	if (!w)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		w[i] = (struct sysv_waiter){ shown[i]->f.ipc_ns, (int32_t)shown[i]->f.val,
					     shown[i]->f.tid, shown[i]->f.pid,
					     &shown[i]->found->sem };
	memset(l, 0, sizeof(*l));
	sysv__holders(w, nr, undos, nr_undos, l, holders);
	rec_lock__set_str(&l->lock, shown[0]->found->id, KIND_SYSV_SEM);
	tell_sem(shown[0]->found, l);
	free(w);
	return 0;
}

/* The lock of the first of these, and of all that follow it with the same. */
static int make_lock(struct futex_sleeps *s, struct futex_sleep *const *shown, size_t nr,
		     const struct lk_sem_undo *undos, size_t nr_undos)
{
	struct rec_lock_state *l = &s->locks[s->nr_locks];
	struct rec_holder *h = &s->holders[s->nr_holders];
	struct futex_found *n = shown[0]->found;
	size_t i;
	int err = 0;

	for (i = 0; i < nr && !strcmp(shown[i]->found->id, n->id); i++)
		shown[i]->found->lock = s->nr_locks;
	if (is_semop(&shown[0]->f))
		err = make_sem(l, shown, i, undos, nr_undos, h);
	else
		make_futex(l, n, h);
	if (err)
		return err;
	l->name = n->name[0] ? n->name : NULL;
	l->name_source = l->name ? "user" : NULL;
	l->evidence = n->evidence;
	s->nr_holders += l->nr_holders;
	s->nr_locks++;
	return (int)i;
}

/* What counts, by lock; and how much room its holders may need. */
static size_t collect(struct futex_sleeps *s, uint64_t fresh_ns, struct futex_sleep **shown,
		      size_t *room)
{
	size_t i, nr = 0;

	*room = 1;
	for (i = 0; i < s->nr; i++) {
		struct futex_found *n = s->list[i].found;

		if (!n)
			continue;
		n->lock = NOT_SHOWN;
		if (n->nr_same < SHOWN || n->t_ns < fresh_ns)
			continue;
		shown[nr++] = &s->list[i];
		*room += is_semop(&s->list[i].f) ? SYSV_HOLDERS_MAX : 1;
	}
	if (nr)
		qsort(shown, nr, sizeof(*shown), by_lock);
	return nr;
}

int futex_sleeps__make_locks(struct futex_sleeps *s, uint64_t fresh_ns,
			     const struct lk_sem_undo *undos, size_t nr_undos)
{
	struct futex_sleep **shown = malloc((s->nr ? s->nr : 1) * sizeof(*shown));
	size_t i, nr, room;
	int done = 0;

	drop_locks(s);
	if (!shown)
		return -ENOMEM;
	nr = collect(s, fresh_ns, shown, &room);
	s->locks = calloc(nr ? nr : 1, sizeof(*s->locks));
	s->holders = calloc(room, sizeof(*s->holders));
	if (!s->locks || !s->holders)
		done = -ENOMEM;
	for (i = 0; i < nr && done >= 0; i += (size_t)done)
		done = make_lock(s, shown + i, nr - i, undos, nr_undos);
	free(shown);
	return done < 0 ? done : 0;
}
