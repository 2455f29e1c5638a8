// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "record/klog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ull

static const struct {
	const char *name;
	uint32_t lines;	/* its stack, its registers, its chain of locks */
} kinds[NR_KLOG_KINDS] = {
	[KLOG_HUNG_TASK] = { "hung_task", 40 },
	[KLOG_BLOCKER] = { "blocker", 0 },
	[KLOG_SOFT_LOCKUP] = { "soft_lockup", 60 },
	[KLOG_HARD_LOCKUP] = { "hard_lockup", 60 },
	[KLOG_RCU_STALL] = { "rcu_stall", 60 },
	[KLOG_WORKQUEUE] = { "workqueue_stall", 30 },
	[KLOG_HOG] = { "cpu_hog", 0 },
	[KLOG_LOCKDEP] = { "lockdep", 120 },
	[KLOG_LOCKS_HELD] = { "locks_held", 48 },
	[KLOG_ATOMIC_SLEEP] = { "atomic_sleep", 40 },
	[KLOG_SPINLOCK] = { "spinlock", 40 },
	[KLOG_RT_DEADLOCK] = { "rt_deadlock", 40 },
	[KLOG_OOPS] = { "oops", 60 },
	[KLOG_STORAGE] = { "storage", 2 },
	[KLOG_OOM] = { "oom", 2 },
};

const char *klog_kind__name(enum klog_kind k)
{
	return (unsigned int)k < NR_KLOG_KINDS ? kinds[k].name : "unknown";
}

uint32_t klog_kind__lines(enum klog_kind k)
{
	return (unsigned int)k < NR_KLOG_KINDS ? kinds[k].lines : 0;
}

/* The number at s, which must have one; else 0. */
static uint64_t number(const char *s)
{
	while (*s == ' ')
		s++;
	return isdigit((unsigned char)*s) ? strtoull(s, NULL, 10) : 0;
}

/* The number behind word in text; otherwise when it is not there. */
static uint64_t number_after(const char *text, const char *word, uint64_t otherwise)
{
	const char *at = strstr(text, word);

	at = at ? at + strlen(word) : NULL;
	return at && (*at == ' ' || isdigit((unsigned char)*at)) ? number(at) : otherwise;
}

/* "COMM<sep>TID" between from and to: a comm may have anything in it, also sep, so
 * the last one counts. */
static void who(const char *from, const char *to, char sep, char *comm, uint32_t *tid)
{
	const char *at = to;
	size_t len;

	while (at > from && isdigit((unsigned char)at[-1]))
		at--;
	if (at == to || at <= from + 1 || at[-1] != sep)
		return;
	*tid = (uint32_t)number(at);
	len = (size_t)(at - 1 - from);
	len = len < KLOG_COMM_LEN ? len : KLOG_COMM_LEN - 1;
	memcpy(comm, from, len);
	comm[len] = '\0';
}

/* The task that stands between two words. */
static void who_between(const char *text, const char *before, const char *after, char sep,
			char *comm, uint32_t *tid)
{
	const char *from = strstr(text, before), *to, *next;

	if (!from)
		return;
	from += strlen(before);
	to = strstr(from, after);
	while (to && (next = strstr(to + 1, after)))	/* a comm can have the words, too */
		to = next;
	if (to)
		who(from, to, sep, comm, tid);
}

static void hung_task(const char *text, struct klog_line *out)
{
	who_between(text, "INFO: task ", " blocked ", ':', out->comm, &out->tid);
	out->ns = number_after(text, "for more than", 0) * NS_PER_S;
}

static void blocker(const char *text, struct klog_line *out)
{
	static const char *const words[] = { " is blocked on ", " <reader> blocked on ",
					     " <writer> blocked on ", " blocked on " };
	const char *owner = strstr(text, "likely owned by task "), *end;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !out->tid; i++)
		who_between(text, "INFO: task ", words[i], ':', out->comm, &out->tid);
	if (!owner)
		return;
	owner += strlen("likely owned by task ");
	end = strstr(owner, " <");
	end = end ? end : owner + strlen(owner);
	while (end > owner && (end[-1] == '.' || end[-1] == ' '))
		end--;
	who(owner, end, ':', out->by_comm, &out->by_tid);
}

static void soft_lockup(const char *text, struct klog_line *out)
{
	const char *open = strstr(text, "! ["), *close = strrchr(text, ']');

	out->cpu = (int32_t)number_after(text, "CPU#", (uint64_t)-1);
	out->ns = number_after(text, "stuck for", 0) * NS_PER_S;
	if (open && close > open + 3)
		who(open + 3, close, ':', out->comm, &out->tid);
}

static void hard_lockup(const char *text, struct klog_line *out)
{
	out->cpu = (int32_t)number_after(text, "hard LOCKUP on cpu", (uint64_t)-1);
}

static void workqueue(const char *text, struct klog_line *out)
{
	out->cpu = (int32_t)number_after(text, "cpus=", (uint64_t)-1);
	out->ns = number_after(text, "stuck for", 0) * NS_PER_S;
}

static void hog(const char *text, struct klog_line *out)
{
	const char *from = strstr(text, "workqueue: "), *to = strstr(text, " hogged CPU");
	size_t len;

	if (!from || to <= from + 11)
		return;
	from += 11;
	len = (size_t)(to - from) < KLOG_COMM_LEN ? (size_t)(to - from) : KLOG_COMM_LEN - 1;
	memcpy(out->comm, from, len);
	out->comm[len] = '\0';
	out->ns = number_after(text, "hogged CPU for >", 0) * 1000;
}

static void locks_held(const char *text, struct klog_line *out)
{
	const char *to = strrchr(text, ':'), *from = strstr(text, "held by ");

	if (from && to && to > from)
		who(from + 8, to, '/', out->comm, &out->tid);
}

static void scheduling(const char *text, struct klog_line *out)
{
	const char *from = strstr(text, "atomic: "), *to = strrchr(text, '/');

	if (from && to && to > from + 8)
		who(from + 8, to, '/', out->comm, &out->tid);
}

static void on_cpu(const char *text, struct klog_line *out)
{
	const char *from;

	out->cpu = (int32_t)number_after(text, "CPU#", (uint64_t)-1);
	from = strstr(text, ", ");
	if (from && strchr(from, '/'))
		who(from + 2, from + strlen(from), '/', out->comm, &out->tid);
}

static void oom(const char *text, struct klog_line *out)
{
	out->tid = (uint32_t)number_after(text, "Killed process", 0);
}

/* Where no parser is named, the line names nobody.  The first row that fits counts. */
static const struct {
	enum klog_kind kind;
	const char *word, *also;	/* both have to be in the line; also may be NULL */
	void (*parse)(const char *text, struct klog_line *out);
} rows[] = {
	{ KLOG_HUNG_TASK, "INFO: task ", "for more than ", hung_task },
	{ KLOG_BLOCKER, "INFO: task ", "blocked on a", blocker },
	{ KLOG_SOFT_LOCKUP, "BUG: soft lockup - CPU#", NULL, soft_lockup },
	{ KLOG_HARD_LOCKUP, "atchdog detected hard LOCKUP", NULL, hard_lockup },
	{ KLOG_RCU_STALL, "detected stalls on ", NULL, NULL },
	{ KLOG_RCU_STALL, "self-detected stall on CPU", NULL, NULL },
	{ KLOG_RCU_STALL, "detected expedited stalls on ", NULL, NULL },
	{ KLOG_RCU_STALL, "kthread starved for ", "rcu", NULL },
	{ KLOG_WORKQUEUE, "BUG: workqueue lockup", NULL, workqueue },
	{ KLOG_HOG, "hogged CPU for >", "workqueue: ", hog },
	{ KLOG_LOCKDEP, "possible circular locking dependency detected", NULL, NULL },
	{ KLOG_LOCKDEP, "possible recursive locking detected", NULL, NULL },
	{ KLOG_LOCKDEP, "possible irq lock inversion dependency detected", NULL, NULL },
	{ KLOG_LOCKDEP, "-unsafe lock order detected", NULL, NULL },
	{ KLOG_LOCKDEP, "inconsistent lock state", NULL, NULL },
	{ KLOG_LOCKDEP, "lock held when returning to user space", NULL, NULL },
	{ KLOG_LOCKDEP, "bad unlock balance detected", NULL, NULL },
	{ KLOG_LOCKDEP, "held lock freed!", NULL, NULL },
	{ KLOG_LOCKDEP, "still has locks held!", NULL, NULL },
	{ KLOG_LOCKDEP, "Invalid wait context", NULL, NULL },
	{ KLOG_LOCKDEP, "deadlock detected by lockdep", NULL, NULL },
	{ KLOG_LOCKS_HELD, " locks held by ", ":", locks_held },
	{ KLOG_LOCKS_HELD, "1 lock held by ", ":", locks_held },
	{ KLOG_ATOMIC_SLEEP, "BUG: scheduling while atomic: ", NULL, scheduling },
	{ KLOG_ATOMIC_SLEEP, "BUG: sleeping function called from invalid context", NULL, NULL },
	{ KLOG_SPINLOCK, "BUG: spinlock ", NULL, on_cpu },
	{ KLOG_SPINLOCK, "BUG: rwlock ", NULL, on_cpu },
	{ KLOG_RT_DEADLOCK, "rtmutex deadlock detected", NULL, NULL },
	{ KLOG_OOPS, "BUG: unable to handle ", NULL, NULL },
	{ KLOG_OOPS, "BUG: kernel NULL pointer dereference", NULL, NULL },
	{ KLOG_OOPS, "kernel BUG at ", NULL, NULL },
	{ KLOG_OOPS, "general protection fault", "[#", NULL },
	{ KLOG_OOPS, "Oops: ", "[#", NULL },
	{ KLOG_OOPS, "Internal error: Oops", NULL, NULL },
	{ KLOG_OOPS, "Kernel panic - ", NULL, NULL },
	{ KLOG_STORAGE, "I/O error", NULL, NULL },
	{ KLOG_STORAGE, " not responding, ", NULL, NULL },
	{ KLOG_STORAGE, " has not responded in ", NULL, NULL },
	{ KLOG_STORAGE, "timeout, aborting", NULL, NULL },
	{ KLOG_STORAGE, "timeout, reset controller", NULL, NULL },
	{ KLOG_STORAGE, "hard resetting link", NULL, NULL },
	{ KLOG_STORAGE, "rejecting I/O to ", NULL, NULL },
	{ KLOG_STORAGE, "-fs error (device", NULL, NULL },
	{ KLOG_STORAGE, "emounting filesystem read-only", NULL, NULL },
	{ KLOG_OOM, "Killed process ", NULL, oom },
};

bool klog__parse(const char *text, struct klog_line *out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strstr(text, rows[i].word) || (rows[i].also && !strstr(text, rows[i].also)))
			continue;
		memset(out, 0, sizeof(*out));
		out->kind = rows[i].kind;
		out->cpu = -1;
		if (rows[i].parse)
			rows[i].parse(text, out);
		return true;
	}
	return false;
}
