// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A lock in every place that memory comes from, and inside of every shape of struct.
 * Each row has a function that waits for it and whose argument tells the type, as in most
 * code of the kernel; those of the blind rows take a void pointer.
 */
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "row.h"

#define noipa noinline __attribute__((noipa))

struct lk_bucket {
	spinlock_t lock;
	long users;
	struct rw_semaphore sem;
};

struct lk_nested {
	long pad[3];
	struct {
		char c[40];
		struct {
			long x;
			struct mutex deep;
		} inner;
	} outer;
	union {
		struct {
			long y;
			spinlock_t in_union;
		};
		char z[64];
	};
	struct lk_bucket buckets[4];
	struct mutex grid[2][3];
	rwlock_t table_lock;
	struct semaphore slots;
	struct rt_mutex boosted;
};

/* Both members of the union have a mutex at its start: nobody can tell which. */
struct lk_either {
	long pad[5];
	union {
		struct mutex one;
		struct {
			struct mutex lock;
			long more;
		} other;
	};
};

struct lk_unnamed { long pad[7]; struct mutex lock; long tail[9]; };
struct lk_twin_a { long pad[2]; struct mutex first; long a[40]; };
struct lk_twin_b { long b[30]; struct mutex second; long pad[12]; };
struct lk_each { long pad; spinlock_t spin; struct mutex mutex; };
struct lk_big { long pad[100]; struct mutex lock; long tail[2000]; };

/* One of each size class of kmalloc. */
struct lk_k8 { int pad; spinlock_t lock; };
struct lk_k16 { long pad; spinlock_t lock; };
struct lk_k32 { struct { long pad; rwlock_t lock; } in; int users[4]; };
struct lk_k64 { long pad[2]; struct mutex lock; };
struct lk_k96 { long pad[3]; struct rw_semaphore lock; long tail; };
struct lk_k128 { struct semaphore lock; long tail[11]; };
struct lk_k192 { long pad[11]; struct { struct mutex lock; } state; long tail[8]; };
struct lk_k256 { long pad[20]; struct rw_semaphore lock; };
struct lk_k512 { long pad[40]; struct mutex lock; long tail[10]; };
struct lk_k1k { struct lk_bucket buckets[10]; long tail[40]; };
struct lk_k2k { long pad[150]; struct mutex lock[3]; long tail[60]; };
struct lk_k4k { long pad[400]; spinlock_t lock; long tail[90]; };
struct lk_k8k { long pad[900]; struct mutex lock; long tail[90]; };
struct lk_cg { long pad[17]; struct mutex lock; long tail[5]; };

static DEFINE_MUTEX(lk_static_mutex);
static DECLARE_RWSEM(lk_static_rwsem);
static DEFINE_SPINLOCK(lk_static_spin);
static struct lk_nested lk_static_nested;
static DEFINE_PER_CPU(struct lk_each, lk_each_cpu);
static struct lk_each __percpu *dynamic_cpu;

static void init_nothing(void *object)
{
	/* A cache with a constructor is never merged. */
}

static struct kmem_cache *nested_cache, *either_cache, *unnamed_cache, *twin_a, *twin_b;

static int make_caches(void)
{
	nested_cache = kmem_cache_create("lk_nested_cache", sizeof(struct lk_nested), 0, 0,
					 init_nothing);
	either_cache = kmem_cache_create("lk_either", sizeof(struct lk_either), 0, 0, init_nothing);
	unnamed_cache = kmem_cache_create("lk_things", sizeof(struct lk_unnamed), 0, 0,
					  init_nothing);
	twin_a = kmem_cache_create("lk_twin_a", sizeof(struct lk_twin_a), 0, 0, NULL);
	twin_b = kmem_cache_create("lk_twin_b", sizeof(struct lk_twin_b), 0, 0, NULL);
	return nested_cache && either_cache && unnamed_cache && twin_a && twin_b ? 0 : -ENOMEM;
}

static void free_caches(void)
{
	kmem_cache_destroy(nested_cache);
	kmem_cache_destroy(either_cache);
	kmem_cache_destroy(unnamed_cache);
	kmem_cache_destroy(twin_a);
	kmem_cache_destroy(twin_b);
}

static __always_inline void pass(enum lk_kind kind, void *lock)
{
	switch (kind) {
	case LK_MUTEX: mutex_lock(lock); mutex_unlock(lock); break;
	case LK_RWSEM: down_write(lock); up_write(lock); break;
	case LK_SEMAPHORE: down(lock); up(lock); break;
	case LK_RT_MUTEX: rt_mutex_lock(lock); rt_mutex_unlock(lock); break;
	case LK_SPINLOCK: spin_lock((spinlock_t *)lock); spin_unlock((spinlock_t *)lock); break;
	case LK_RWLOCK: write_lock((rwlock_t *)lock); write_unlock((rwlock_t *)lock); break;
	}
}

#define WAITER(id, struct_, member, kind) \
	static noipa void lk_wait_##id(struct struct_ *o) { pass(kind, &o->member); }
#define BLIND(id, struct_, member, kind) \
	static noipa void lk_wait_##id(void *o) { pass(kind, &((struct struct_ *)o)->member); }
#define LONE(id, var, kind) \
	static noipa void lk_wait_##id(void *o) { pass(kind, &var); }

/* id, struct, member, kind, memory, place, symbol, cache, CPU */
#define NESTED(X, by, memory, place, symbol, cache)                                             \
	X(by##_deep, lk_nested, outer.inner.deep, LK_MUTEX, memory, place, symbol, cache, 0)    \
	X(by##_union, lk_nested, in_union, LK_SPINLOCK, memory, place, symbol, cache, 0)        \
	X(by##_spin, lk_nested, buckets[2].lock, LK_SPINLOCK, memory, place, symbol, cache, 0)  \
	X(by##_sem, lk_nested, buckets[3].sem, LK_RWSEM, memory, place, symbol, cache, 0)       \
	X(by##_grid, lk_nested, grid[1][2], LK_MUTEX, memory, place, symbol, cache, 0)          \
	X(by##_rwlock, lk_nested, table_lock, LK_RWLOCK, memory, place, symbol, cache, 0)       \
	X(by##_count, lk_nested, slots, LK_SEMAPHORE, memory, place, symbol, cache, 0)          \
	X(by##_rt, lk_nested, boosted, LK_RT_MUTEX, memory, place, symbol, cache, 0)

#define KMALLOC(X, by, struct_, member, kind) \
	X(by, struct_, member, kind, kzalloc(sizeof(struct struct_), GFP_KERNEL), "kmalloc", NULL, NULL, 0)

#define TYPED(X)                                                                                \
	NESTED(X, static, &lk_static_nested, "static", "lk_static_nested", NULL)                \
	NESTED(X, cache, kmem_cache_alloc(nested_cache, GFP_KERNEL), "cache", NULL,            \
	       "lk_nested_cache")                                                               \
	X(either, lk_either, one, LK_MUTEX, kmem_cache_alloc(either_cache, GFP_KERNEL),        \
	  "cache", NULL, "lk_either", 0)                                                        \
	X(unnamed, lk_unnamed, lock, LK_MUTEX, kmem_cache_alloc(unnamed_cache, GFP_KERNEL),    \
	  "cache", NULL, "lk_things", 0)                                                        \
	X(twin_a, lk_twin_a, first, LK_MUTEX, kmem_cache_zalloc(twin_a, GFP_KERNEL), "merged",  \
	  NULL, "lk_twin_a", 0)                                                                 \
	X(twin_b, lk_twin_b, second, LK_MUTEX, kmem_cache_zalloc(twin_b, GFP_KERNEL), "merged", \
	  NULL, "lk_twin_b", 0)                                                                 \
	X(cpu0, lk_each, mutex, LK_MUTEX, per_cpu_ptr(&lk_each_cpu, 0), "percpu",               \
	  "lk_each_cpu", NULL, 0)                                                               \
	X(cpu1, lk_each, spin, LK_SPINLOCK, per_cpu_ptr(&lk_each_cpu, 1), "percpu",             \
	  "lk_each_cpu", NULL, 1)                                                               \
	X(cpu_dynamic, lk_each, mutex, LK_MUTEX, per_cpu_ptr(dynamic_cpu, 0), "alloc_percpu",   \
	  NULL, NULL, 0)                                                                        \
	KMALLOC(X, k8, lk_k8, lock, LK_SPINLOCK)                                                \
	KMALLOC(X, k16, lk_k16, lock, LK_SPINLOCK)                                              \
	KMALLOC(X, k32, lk_k32, in.lock, LK_RWLOCK)                                             \
	KMALLOC(X, k64, lk_k64, lock, LK_MUTEX)                                                 \
	KMALLOC(X, k96, lk_k96, lock, LK_RWSEM)                                                 \
	KMALLOC(X, k128, lk_k128, lock, LK_SEMAPHORE)                                           \
	KMALLOC(X, k192, lk_k192, state.lock, LK_MUTEX)                                         \
	KMALLOC(X, k256, lk_k256, lock, LK_RWSEM)                                               \
	KMALLOC(X, k512, lk_k512, lock, LK_MUTEX)                                               \
	KMALLOC(X, k1k, lk_k1k, buckets[7].sem, LK_RWSEM)                                       \
	KMALLOC(X, k2k, lk_k2k, lock[1], LK_MUTEX)                                              \
	KMALLOC(X, k4k, lk_k4k, lock, LK_SPINLOCK)                                              \
	KMALLOC(X, k8k, lk_k8k, lock, LK_MUTEX)                                                 \
	X(cg, lk_cg, lock, LK_MUTEX, kzalloc(sizeof(struct lk_cg), GFP_KERNEL_ACCOUNT),         \
	  "kmalloc", NULL, NULL, 0)                                                             \
	X(vmalloc, lk_big, lock, LK_MUTEX, vzalloc(sizeof(struct lk_big)), "vmalloc", NULL,     \
	  NULL, 0)                                                                              \
	X(pages, lk_big, lock, LK_MUTEX, kzalloc(sizeof(struct lk_big), GFP_KERNEL), "pages",   \
	  NULL, NULL, 0)

#define UNTYPED(X)                                                                              \
	KMALLOC(X, blind_k64, lk_k64, lock, LK_MUTEX)                                           \
	KMALLOC(X, blind_k96, lk_k96, lock, LK_RWSEM)                                           \
	KMALLOC(X, blind_k128, lk_k128, lock, LK_SEMAPHORE)                                     \
	KMALLOC(X, blind_k192, lk_k192, state.lock, LK_MUTEX)                                   \
	KMALLOC(X, blind_k1k, lk_k1k, buckets[7].sem, LK_RWSEM)                                 \
	KMALLOC(X, blind_k4k, lk_k4k, lock, LK_SPINLOCK)                                        \
	X(blind_twin_a, lk_twin_a, first, LK_MUTEX, kmem_cache_zalloc(twin_a, GFP_KERNEL),      \
	  "merged", NULL, "lk_twin_a", 0)                                                       \
	X(blind_twin_b, lk_twin_b, second, LK_MUTEX, kmem_cache_zalloc(twin_b, GFP_KERNEL),     \
	  "merged", NULL, "lk_twin_b", 0)

#define LONELY(X)                               \
	X(mutex, lk_static_mutex, LK_MUTEX)     \
	X(rwsem, lk_static_rwsem, LK_RWSEM)     \
	X(spin, lk_static_spin, LK_SPINLOCK)

#define AS_WAITER(id, struct_, member, kind, ...) WAITER(id, struct_, member, kind)
#define AS_BLIND(id, struct_, member, kind, ...) BLIND(id, struct_, member, kind)
TYPED(AS_WAITER)
UNTYPED(AS_BLIND)
LONELY(LONE)

/* The holder's stack and the waiter's own are core.c's matter. */
static noipa void lk_wait_stack(void *o) { pass(LK_MUTEX, o); }

#define ID_TYPED(id, ...) ROW_##id,
#define ID_LONE(id, ...) ROW_##id,
enum { TYPED(ID_TYPED) UNTYPED(ID_TYPED) LONELY(ID_LONE) ROW_on_own, ROW_on_other, NR_ROWS };

#define ROW(id, struct_, member, kind_, memory, place_, symbol_, cache_, cpu_, blind_)         \
	[ROW_##id] = { .name = #id, .kind = kind_, .place = place_, .symbol = symbol_,         \
		       .type = #struct_, .path = #member, .cache = cache_, .cpu = cpu_,        \
		       .site = "lk_wait_" #id, .blind = blind_,                                \
		       .bytes = sizeof(struct struct_), .wait = (void *)lk_wait_##id },
#define AS_TYPED_ROW(...) ROW(__VA_ARGS__, false)
#define AS_BLIND_ROW(...) ROW(__VA_ARGS__, true)
#define AS_LONE_ROW(id, var, kind_)                                                            \
	[ROW_##id] = { .name = #id, .kind = kind_, .place = "static", .symbol = #var,          \
		       .site = "lk_wait_" #id, .object = &var, .lock = &var,                   \
		       .wait = lk_wait_##id },

static struct lk_row rows[NR_ROWS + 1] = {
	TYPED(AS_TYPED_ROW)
	UNTYPED(AS_BLIND_ROW)
	LONELY(AS_LONE_ROW)
	[ROW_on_own] = { .name = "on_own", .kind = LK_MUTEX, .place = "own stack",
			 .site = "lk_wait_stack", .wait = lk_wait_stack },
	[ROW_on_other] = { .name = "on_other", .kind = LK_MUTEX, .place = "holder's stack",
			   .site = "lk_wait_stack", .wait = lk_wait_stack },
};

#define MAKE(id, struct_, member, kind_, memory, ...)                                          \
	{                                                                                      \
		struct struct_ *o = memory;                                                    \
		rows[ROW_##id].object = o;                                                     \
		if (!o)                                                                        \
			return -ENOMEM;                                                        \
		rows[ROW_##id].lock = &o->member;                                              \
		lk_kind__init(kind_, &o->member);                                              \
	}

int lk_rows__make(void)
{
	dynamic_cpu = alloc_percpu(struct lk_each);
	if (!dynamic_cpu || make_caches())
		return -ENOMEM;
	TYPED(MAKE)
	UNTYPED(MAKE)
	return 0;
}

static void free_object(const struct lk_row *r)
{
	static struct kmem_cache **const caches[] = { &nested_cache, &either_cache,
						      &unnamed_cache, &twin_a, &twin_b };
	static const char *const names[] = { "lk_nested_cache", "lk_either", "lk_things",
					     "lk_twin_a", "lk_twin_b" };
	int i;

	for (i = 0; r->cache && i < ARRAY_SIZE(names); i++)
		if (r->object && !strcmp(names[i], r->cache))
			kmem_cache_free(*caches[i], r->object);
	if (!strcmp(r->place, "kmalloc") || !strcmp(r->place, "pages"))
		kfree(r->object);
	if (!strcmp(r->place, "vmalloc"))
		vfree(r->object);
}

void lk_rows__free(void)
{
	int i;

	for (i = 0; i < NR_ROWS; i++)
		free_object(&rows[i]);
	free_caches();
	free_percpu(dynamic_cpu);
}

struct lk_row *lk_rows__at(int i)
{
	return i >= 0 && i < NR_ROWS ? &rows[i] : NULL;
}
