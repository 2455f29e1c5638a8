// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Which struct an object from kmalloc may be. */
#include "cmocka_all.h"

#include <string.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "source/typeguess.h"

/* kiocb -> file -> pipe_inode_info; three structs of one size class have a mutex first. */
enum {
	T_INT = 1, T_MUTEX, T_KIOCB, T_FILE, T_PIPE, T_OTHER, T_FAR, T_BIG, T_TO_FILE, T_TO_PIPE,
	T_TO_OTHER, T_SB, T_TO_SB, T_TWO, T_TO_BIG, T_TO_VOID, T_SUPER, T_FS_INFO, T_GROUPS,
	T_TO_GROUPS, T_LISTS, T_NODE, T_CROWD, T_RANGE, NR_TYPES,
};

static const struct {
	const char *name;
	uint32_t size, pointer_to;
	struct type_member members[4];
} table[NR_TYPES] = {
	[T_MUTEX] = { "mutex", 32, 0, { { "owner", T_INT, 0 } } },
	[T_KIOCB] = { "kiocb", 48, 0, { { "ki_filp", T_TO_FILE, 0 }, { "odd", T_TO_BIG, 8 } } },
	[T_FILE] = { "file", 200, 0, { { "private", T_TO_PIPE, 0 }, { "other", T_TO_OTHER, 8 } } },
	[T_PIPE] = { "pipe_inode_info", 168, 0, { { "mutex", T_MUTEX, 0 } } },
	[T_OTHER] = { "other_thing", 180, 0, { { "lock", T_MUTEX, 0 } } },
	[T_FAR] = { "far_away", 150, 0, { { "lock", T_MUTEX, 0 } } },
	[T_BIG] = { "kiocb_state", 400, 0, { { "lock", T_MUTEX, 0 } } },
	[T_SB] = { "super_block", 1300, 0, { { "rename", T_MUTEX, 64 } } },
	/* super -> anything; extfs_info -> groups; a node has lists in it */
	[T_SUPER] = { "super", 700, 0, { { "info", T_TO_VOID, 0 } } },
	[T_FS_INFO] = { "extfs_info", 600, 0, { { "groups", T_TO_GROUPS, 0 } } },
	[T_GROUPS] = { "groups", 8192, 0, { { "lock", T_MUTEX, 0 } } },
	[T_CROWD] = { "crowd", 8000, 0, { { "lock", T_MUTEX, 0 } } },
	[T_LISTS] = { "lists", 64, 0, { { "lock", T_MUTEX, 16 } } },
	[T_NODE] = { "node", 2000, 0, { { "lists", T_LISTS, 64 } } },
	[T_RANGE] = { "range", 1900, 0, { { "lock", T_MUTEX, 80 } } },
	[T_TO_GROUPS] = { .pointer_to = T_GROUPS },
	[T_TO_VOID] = { .pointer_to = -1U },
	[T_TO_FILE] = { .pointer_to = T_FILE },
	[T_TO_PIPE] = { .pointer_to = T_PIPE },
	[T_TO_OTHER] = { .pointer_to = T_OTHER },
	[T_TO_SB] = { .pointer_to = T_SB },
	[T_TO_BIG] = { .pointer_to = T_BIG },
};

static void get(void *ctx, uint32_t id, struct type_info *out)
{
	(void)ctx;
	*out = (struct type_info){ .name = "", .alias = "", .id = id };
	if (id >= NR_TYPES)
		return;
	out->kind = table[id].pointer_to ? TYPE_POINTER : table[id].size ? TYPE_STRUCT : TYPE_OTHER;
	out->name = table[id].name ? table[id].name : "";
	out->size = table[id].size;
	out->target = table[id].pointer_to == -1U ? 0 : table[id].pointer_to;
	while (out->nr < 4 && table[id].members[out->nr].name)
		out->nr++;
}

static void member(void *ctx, const struct type_info *in, uint32_t i, struct type_member *out)
{
	(void)ctx;
	*out = table[in->id].members[i];
}

static const struct types types = { .nr = NR_TYPES - 1, .nr_base = NR_TYPES - 1, .get = get, .member = member };

static struct guess_clues clues(uint32_t root, const char *function)
{
	return (struct guess_clues){ .min_bytes = 128, .max_bytes = 192, .kind = KIND_MUTEX,
				     .roots = { root }, .nr_roots = root ? 1 : 0,
				     .functions = { function }, .nr_functions = 1 };
}

static void the_one_named_like_a_function_stands_out(void **state)
{
	struct guess_clues c = clues(T_KIOCB, "anon_pipe_write");

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), T_PIPE);
	c = clues(T_KIOCB, "other_write");
	assert_int_equal(typeguess__find(&types, &c), T_OTHER);
}

static void two_that_are_alike_are_none(void **state)
{
	struct guess_clues c = clues(T_KIOCB, "vfs_write");

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), 0);
	c = clues(0, "vfs_write");
	assert_int_equal(typeguess__find(&types, &c), 0);
}

static void an_argument_itself_is_nearest(void **state)
{
	struct guess_clues c = clues(T_PIPE, "vfs_write");

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), T_PIPE);
}

/* "pipeline" is another word than "pipe". */
static void words_are_compared_whole(void **state)
{
	struct guess_clues c = clues(T_KIOCB, "pipeline_write");

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), 0);
}

static void size_and_offset_have_to_fit(void **state)
{
	struct guess_clues c = clues(T_KIOCB, "pipe_write");

	(void)state;
	c.max_bytes = 160;
	c.min_bytes = 128;
	/* only far_away fits, and nothing leads to it */
	assert_int_equal(typeguess__find(&types, &c), 0);
	c = clues(T_KIOCB, "pipe_write");
	c.off = 8;
	assert_int_equal(typeguess__find(&types, &c), 0);
	c = clues(T_KIOCB, "pipe_write");
	c.kind = KIND_RWSEM;
	assert_int_equal(typeguess__find(&types, &c), 0);
}

/* super.info is what the functions named extfs_... keep there. */
static void a_pointer_without_a_type_leads_to_what_the_functions_are_named_after(void **state)
{
	struct guess_clues c = { .min_bytes = 4096, .max_bytes = 8192, .kind = KIND_MUTEX,
				 .roots = { T_SUPER }, .nr_roots = 1, .functions = { "extfs_free" },
				 .nr_functions = 1 };

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), T_GROUPS);
	c.functions[0] = "vfs_free";
	assert_int_equal(typeguess__find(&types, &c), 0);
	c.functions[0] = "extfs_free";
	c.roots[0] = T_KIOCB;		/* has no such pointer */
	assert_int_equal(typeguess__find(&types, &c), 0);
}

static void a_part_that_a_function_returns_tells_its_whole(void **state)
{
	struct guess_clues c = { .min_bytes = 1024, .max_bytes = 2048, .kind = KIND_MUTEX, .off = 80,
				 .roots = { T_LISTS }, .nr_roots = 1, .functions = { "take" },
				 .nr_functions = 1 };

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), T_NODE);
	c.nr_roots = 0;
	assert_int_equal(typeguess__find(&types, &c), 0);
}

static void what_only_the_module_knows_stands_out(void **state)
{
	struct guess_clues c = clues(T_FILE, "take");
	struct types of_module = types;

	(void)state;
	assert_int_equal(typeguess__find(&types, &c), 0);	/* two are one pointer away */
	of_module.nr_base = T_PIPE;
	assert_int_equal(typeguess__find(&of_module, &c), 0);
	c.of_module = true;
	assert_int_equal(typeguess__find(&of_module, &c), T_OTHER);
}

static void what_has_a_cache_is_not_from_kmalloc(void **state)
{
	struct guess_clues c = clues(T_FILE, "take");
	struct u64map *cached;

	(void)state;
	assert_int_equal(u64map__new(&cached, 0), 0);
	assert_int_equal(u64map__set(cached, hash__str("other_thing"), 1), 0);
	c.cached = cached;
	assert_int_equal(typeguess__find(&types, &c), T_PIPE);
	u64map__free(cached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_named_like_a_function_stands_out),
		cmocka_unit_test(two_that_are_alike_are_none),
		cmocka_unit_test(an_argument_itself_is_nearest),
		cmocka_unit_test(words_are_compared_whole),
		cmocka_unit_test(size_and_offset_have_to_fit),
		cmocka_unit_test(a_pointer_without_a_type_leads_to_what_the_functions_are_named_after),
		cmocka_unit_test(a_part_that_a_function_returns_tells_its_whole),
		cmocka_unit_test(what_only_the_module_knows_stands_out),
		cmocka_unit_test(what_has_a_cache_is_not_from_kmalloc),
	};

	return cmocka_run_group_tests_name("typeguess", tests, NULL, NULL);
}
