/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A lock in a known place, with what a perfect tracer would call it. */
#ifndef LK_ROW_H
#define LK_ROW_H

#include <linux/types.h>

enum lk_kind { LK_MUTEX, LK_RWSEM, LK_SEMAPHORE, LK_RT_MUTEX, LK_SPINLOCK, LK_RWLOCK };

struct lk_row {
	const char *name;
	enum lk_kind kind;
	/* static percpu cache merged kmalloc vmalloc pages stack */
	const char *place;
	const char *symbol;	/* the variable it is in; NULL: none */
	const char *type;	/* the struct it is in; NULL: none */
	const char *path;	/* the member of that */
	const char *cache;	/* NULL: none, or one of kmalloc's */
	int cpu;		/* of a per-CPU variable */
	const char *site;	/* the function that waits */
	bool blind;		/* no function says what type it is */
	void *object, *lock;
	size_t bytes;		/* of the object */
	void (*wait)(void *object);	/* takes the lock and gives it back */
};

/* Makes all objects.  0 or -errno; lk_rows__free in any case. */
int lk_rows__make(void);
void lk_rows__free(void);
/* Row i, or NULL past the end. */
struct lk_row *lk_rows__at(int i);

void lk_kind__init(enum lk_kind kind, void *lock);
void lk_kind__take(enum lk_kind kind, void *lock);
void lk_kind__give(enum lk_kind kind, void *lock);
const char *lk_kind__name(enum lk_kind kind);

#endif
