// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From a cache's name and an offset to the member that is the lock. */
#include "cmocka_all.h"

#include <string.h>

#include "source/cachename.h"
#include "source/typepath.h"

/* A small kernel: what the tests do not name is TYPE_OTHER. */
enum {
	T_INT = 1, T_MUTEX, T_RAW, T_SPIN, T_SPIN_T, T_RWSEM, T_INODE, T_EXT4, T_ANON, T_BUCKETS,
	T_BUCKET, T_UNION, T_FLEX, T_FLEX_ARRAY, T_LOOP, T_TASK, T_SEM, T_TCP, T_BITS, T_RW_ANON,
	T_RW, T_GRID, T_ROW, T_GRID_OWNER, NR_TYPES,
};

static const struct {
	const char *name;	/* of the struct */
	uint32_t size;
	struct type_member members[6];
	uint32_t nr, target;	/* of an array; target 0: it is a struct */
	uint32_t is_typedef_of;
	const char *alias;
} table[NR_TYPES] = {
	[T_RAW] = { "raw_spinlock", 4, { { "raw_lock", T_INT, 0 } } },
	[T_SPIN] = { "spinlock", 4, { { "rlock", T_RAW, 0 } } },
	[T_SPIN_T] = { .is_typedef_of = T_SPIN, .alias = "spinlock_t" },
	[T_MUTEX] = { "mutex", 32, { { "owner", T_INT, 0 }, { "wait_lock", T_RAW, 8 } } },
	[T_RWSEM] = { "rw_semaphore", 40, { { "count", T_INT, 0 }, { "wait_lock", T_RAW, 24 } } },
	[T_SEM] = { "semaphore", 24, { { "lock", T_RAW, 0 } } },
	[T_INODE] = { "inode", 120, { { "i_lock", T_SPIN_T, 8 }, { "i_rwsem", T_RWSEM, 16 },
				      { "", T_ANON, 60 }, { "sem", T_SEM, 96 } } },
	[T_ANON] = { "", 36, { { "i_mutex", T_MUTEX, 4 } } },
	[T_EXT4] = { "ext4_inode_info", 200, { { "i_data", T_INT, 0 }, { "vfs_inode", T_INODE, 40 },
					       { "xattr_sem", T_RWSEM, 160 } } },
	[T_BUCKET] = { "bucket", 8, { { "count", T_INT, 0 }, { "lock", T_SPIN_T, 4 } } },
	[T_BUCKETS] = { .nr = 5, .target = T_BUCKET },
	[T_FLEX_ARRAY] = { .nr = 0, .target = T_BUCKET },
	[T_FLEX] = { "table", 16, { { "buckets", T_BUCKETS, 0 }, { "more", T_FLEX_ARRAY, 40 } } },
	[T_UNION] = { "either", 40, { { "a", T_MUTEX, 0 }, { "b", T_MUTEX, 0 }, { "c", T_RWSEM, 0 } } },
	[T_LOOP] = { "loop", 8, { { "again", T_LOOP, 0 } } },
	[T_TASK] = { "task_struct", 64, { { "alloc_lock", T_SPIN_T, 12 } } },
	[T_TCP] = { "tcp_sock", 96, { { "lock", T_SPIN_T, 0 } } },
	[T_BITS] = { "bits", 8, { { "flag", T_INT, UINT32_MAX }, { "lock", T_SPIN_T, 4 } } },
	[T_RW_ANON] = { "", 8, { { "raw_lock", T_INT, 0 } } },
	[T_RW] = { .is_typedef_of = T_RW_ANON, .alias = "rwlock_t" },
	[T_ROW] = { .nr = 3, .target = T_BUCKET },
	[T_GRID] = { .nr = 2, .target = T_ROW },
	[T_GRID_OWNER] = { "grid", 64, { { "rw", T_RW, 0 }, { "at", T_GRID, 8 } } },
};

static void get(void *ctx, uint32_t id, struct type_info *out)
{
	uint32_t n = 0;

	(void)ctx;
	*out = (struct type_info){ .name = "", .alias = "" };
	if (id < NR_TYPES && table[id].is_typedef_of) {
		out->alias = table[id].alias;
		id = table[id].is_typedef_of;
	}
	out->id = id;
	if (id >= NR_TYPES || (!table[id].size && !table[id].target))
		return;
	out->kind = table[id].target ? TYPE_ARRAY : TYPE_STRUCT;
	out->name = table[id].name ? table[id].name : "";
	out->size = table[id].size;
	while (n < 6 && table[id].members[n].name)
		n++;
	out->nr = table[id].target ? table[id].nr : n;
	out->target = table[id].target;
}

static void member(void *ctx, const struct type_info *in, uint32_t i, struct type_member *out)
{
	(void)ctx;
	*out = table[in->id].members[i];
}

static uint32_t find(void *ctx, const char *name)
{
	uint32_t id;

	(void)ctx;
	for (id = 1; id < NR_TYPES; id++)
		if (table[id].name && !strcmp(table[id].name, name))
			return id;
	return 0;
}

static const struct types types = { .nr = NR_TYPES - 1, .get = get, .member = member, .find = find };

static void expect(uint32_t id, uint32_t off, enum lock_kind kind, int nr, const char *path)
{
	char got[160];

	assert_int_equal(typepath__find(&types, id, off, kind, got, sizeof(got)), nr);
	assert_string_equal(got, path);
	assert_int_equal(typepath__has(&types, id, off, kind), nr > 0);
}

static void nested_and_unnamed_structs_are_walked(void **state)
{
	(void)state;
	expect(T_INODE, 16, KIND_RWSEM, 1, "i_rwsem");
	expect(T_EXT4, 56, KIND_RWSEM, 1, "vfs_inode.i_rwsem");
	expect(T_EXT4, 160, KIND_RWSEM, 1, "xattr_sem");
	/* a member of an unnamed struct has no name of that in its path */
	expect(T_EXT4, 40 + 60 + 4, KIND_MUTEX, 1, "vfs_inode.i_mutex");
}

static void the_lock_in_a_lock_is_told_by_its_kind(void **state)
{
	(void)state;
	expect(T_INODE, 16 + 24, KIND_SPINLOCK, 1, "i_rwsem.wait_lock");
	expect(T_INODE, 96, KIND_SEMAPHORE, 1, "sem");
	expect(T_INODE, 96, KIND_SPINLOCK, 1, "sem.lock");
	/* the outermost of those that mean the same: not i_lock.rlock */
	expect(T_INODE, 8, KIND_SPINLOCK, 1, "i_lock");
}

static void a_lock_of_another_kind_is_none(void **state)
{
	(void)state;
	expect(T_INODE, 16, KIND_MUTEX, 0, "");
	expect(T_INODE, 17, KIND_RWSEM, 0, "");
	expect(T_INODE, 20, KIND_SPINLOCK, 0, "");
	expect(T_EXT4, 0, KIND_MUTEX, 0, "");
	expect(T_INODE, 4000, KIND_RWSEM, 0, "");
	expect(T_INT, 0, KIND_SPINLOCK, 0, "");
	expect(NR_TYPES + 7, 0, KIND_SPINLOCK, 0, "");
	expect(T_BITS, 4, KIND_SPINLOCK, 1, "lock");
}

static void arrays_have_an_index(void **state)
{
	(void)state;
	expect(T_FLEX, 3 * 8 + 4, KIND_SPINLOCK, 1, "buckets[3].lock");
	expect(T_FLEX, 40 + 9 * 8 + 4, KIND_SPINLOCK, 1, "more[9].lock");
	expect(T_GRID_OWNER, 8 + 24 + 8 + 4, KIND_SPINLOCK, 1, "at[1][1].lock");
	expect(T_GRID_OWNER, 0, KIND_RWLOCK, 1, "rw");
}

static void what_a_union_leaves_open_is_counted(void **state)
{
	(void)state;
	expect(T_UNION, 0, KIND_MUTEX, 2, "a");
	expect(T_UNION, 0, KIND_RWSEM, 1, "c");
}

static void a_struct_in_itself_ends(void **state)
{
	(void)state;
	expect(T_LOOP, 0, KIND_SPINLOCK, 0, "");
}

static void a_short_buffer_cuts_the_path(void **state)
{
	char path[6];

	(void)state;
	assert_int_equal(typepath__find(&types, T_EXT4, 56, KIND_RWSEM, path, sizeof(path)), 1);
	assert_string_equal(path, "vfs_i");
}

static void caches_are_named_after_their_structs(void **state)
{
	(void)state;
	assert_int_equal(cachename__struct(&types, "task_struct", 64), T_TASK);
	assert_int_equal(cachename__struct(&types, "ext4_inode_cache", 208), T_EXT4);
	assert_int_equal(cachename__struct(&types, "inode_cache", 120), T_INODE);
	assert_int_equal(cachename__struct(&types, "bucket_cache", 8), T_BUCKET);
	assert_int_equal(cachename__struct(&types, "TCP", 96), T_TCP);
	assert_int_equal(cachename__struct(&types, "UDP", 96), 0);
	assert_int_equal(cachename__struct(&types, "", 96), 0);
}

static void a_struct_of_another_size_is_another_one(void **state)
{
	(void)state;
	assert_int_equal(cachename__struct(&types, "task_struct", 60), 0);
	assert_int_equal(cachename__struct(&types, "task_struct", 500), 0);
}

static void anything_may_be_in_kmalloc(void **state)
{
	(void)state;
	assert_true(cachename__is_kmalloc("kmalloc-cg-1k"));
	assert_true(cachename__is_kmalloc("kmalloc-rnd-07-32"));
	assert_true(cachename__is_kmalloc("dma-kmalloc-8"));
	assert_false(cachename__is_kmalloc("kmalloc_like"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_and_unnamed_structs_are_walked),
		cmocka_unit_test(the_lock_in_a_lock_is_told_by_its_kind),
		cmocka_unit_test(a_lock_of_another_kind_is_none),
		cmocka_unit_test(arrays_have_an_index),
		cmocka_unit_test(what_a_union_leaves_open_is_counted),
		cmocka_unit_test(a_struct_in_itself_ends),
		cmocka_unit_test(a_short_buffer_cuts_the_path),
		cmocka_unit_test(caches_are_named_after_their_structs),
		cmocka_unit_test(a_struct_of_another_size_is_another_one),
		cmocka_unit_test(anything_may_be_in_kmalloc),
	};

	return cmocka_run_group_tests_name("typepath", tests, NULL, NULL);
}
