// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Which libc a process has: this one's own, and images that lie.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "source/futex_judge.h"
#include "source/user_libc.h"

#define BASE 0x10000
#define NOTE_AT 0x400
#define DYN_AT 0x600
#define VERDEF_AT 0x800
#define NAMES_AT 0xc00
#define SIZE 0x2000

static void names_of_files(void **state)
{
	(void)state;
	assert_int_equal(user_libc__named("/usr/lib/x86_64-linux-gnu/libc.so.6"), USER_LIBC_GLIBC);
	assert_int_equal(user_libc__named("/lib64/libc.so.6 (deleted)"), USER_LIBC_GLIBC);
	assert_int_equal(user_libc__named("/lib/x86_64-linux-gnu/libc-2.31.so"), USER_LIBC_GLIBC);
	assert_int_equal(user_libc__named("/lib/ld-musl-x86_64.so.1"), USER_LIBC_OTHER);
	assert_int_equal(user_libc__named("/lib/libc.musl-x86_64.so.1"), USER_LIBC_OTHER);
	assert_int_equal(user_libc__named("/usr/lib/musl/lib/libc.so"), USER_LIBC_OTHER);
	assert_int_equal(user_libc__named("/usr/lib/libcap.so.2"), USER_LIBC_NONE);
	assert_int_equal(user_libc__named("/usr/lib/libc.so.6/other"), USER_LIBC_NONE);
	assert_int_equal(user_libc__named("/usr/lib/libc.so.60"), USER_LIBC_NONE);
	assert_int_equal(user_libc__named(""), USER_LIBC_NONE);
}

static void our_own(void **state)
{
	uint32_t n = (uint32_t)strtoul(strchr(gnu_get_libc_version(), '.') + 1, NULL, 10), got;
	struct user_libcs l = { 0 };

	(void)state;
	got = user_libcs__glibc(&l, (uint32_t)getpid());
	/* a release need not define anything new */
	assert_true(got <= n && got + 3 >= n && got >= 25);
	assert_int_equal(l.nr_files, 1);
	user_libcs__begin(&l);
	assert_int_equal(user_libcs__glibc(&l, (uint32_t)getpid()), got);
	assert_int_equal(l.nr_files, 1);
	assert_int_equal(user_libcs__glibc(&l, UINT32_MAX), 0);
}

static void what_a_version_tells(void **state)
{
	(void)state;
	assert_true(futex_lock__is_of(FUTEX_OWNED, 0));
	assert_false(futex_lock__is_of(FUTEX_MUTEX, 0));
	assert_true(futex_lock__is_of(FUTEX_MUTEX, 3));
	assert_false(futex_lock__is_of(FUTEX_RWLOCK, 24));
	assert_true(futex_lock__is_of(FUTEX_RWLOCK, 25));
	assert_false(futex_lock__is_of(FUTEX_NO_LOCK, 36));
}

/* An image that a test changes: a libc of two versions, and a note of its ABI. */
struct fake {
	int mem;
	char *at;	/* of BASE */
	Elf64_Ehdr *eh;
	Elf64_Phdr *ph;
	Elf64_Dyn *dyn;
	Elf64_Verdef *def;
	uint32_t *abi;
};

static void put_versions(struct fake *f)
{
	static const char *const versions[] = { "GLIBC_2.31", "GLIBC_2.4", "GLIBC_PRIVATE" };
	uint32_t i;

	f->def = (void *)(f->at + VERDEF_AT);
	for (i = 0; i < 3; i++) {
		char *p = (char *)f->def + i * 64;

		*(Elf64_Verdef *)p = (Elf64_Verdef){ .vd_version = 1, .vd_cnt = 1, .vd_aux = 32,
						     .vd_next = i < 2 ? 64 : 0 };
		*(Elf64_Verdaux *)(p + 32) = (Elf64_Verdaux){ .vda_name = i * 32 };
		strcpy(f->at + NAMES_AT + i * 32, versions[i]);
	}
}

static void put_note(struct fake *f)
{
	static const uint32_t other[] = { 4, 4, NT_GNU_BUILD_ID, 0x554e47, 7 };
	static const uint32_t note[] = { 4, 16, NT_GNU_ABI_TAG, 0x554e47, ELF_NOTE_OS_LINUX, 3, 2, 0 };

	memcpy(f->at + NOTE_AT, other, sizeof(other));
	f->abi = (void *)(f->at + NOTE_AT + sizeof(other));
	memcpy(f->abi, note, sizeof(note));
	f->abi += 4;
	f->ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_vaddr = NOTE_AT,
				 .p_filesz = sizeof(other) + sizeof(note) };
}

static int make(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->mem = memfd_create("image", 0);
	assert_int_equal(ftruncate(f->mem, BASE + SIZE), 0);
	f->at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->mem, BASE);
	assert_true(f->at != MAP_FAILED);
	f->eh = (void *)f->at;
	f->ph = (void *)(f->eh + 1);
	f->dyn = (void *)(f->at + DYN_AT);
	*f->eh = (Elf64_Ehdr){ .e_ident = ELFMAG, .e_phoff = sizeof(*f->eh), .e_phnum = 3,
			       .e_phentsize = sizeof(Elf64_Phdr) };
	f->eh->e_ident[EI_CLASS] = ELFCLASS64;
	f->ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_filesz = SIZE };
	f->ph[1] = (Elf64_Phdr){ .p_type = PT_DYNAMIC, .p_vaddr = DYN_AT };
	/* one as a loader leaves it, one as it is in the file */
	f->dyn[0] = (Elf64_Dyn){ DT_STRTAB, { BASE + NAMES_AT } };
	f->dyn[1] = (Elf64_Dyn){ DT_VERDEF, { VERDEF_AT } };
	put_versions(f);
	put_note(f);
	*state = f;
	return 0;
}

static int drop(void **state)
{
	struct fake *f = *state;

	munmap(f->at, SIZE);
	close(f->mem);
	free(f);
	return 0;
}

static void an_image(void **state)
{
	struct fake *f = *state;

	assert_int_equal(user_libc__defines(f->mem, BASE), 31);
	assert_int_equal(user_libc__contains(f->mem, BASE), 26);
	f->abi[1] = 4;
	f->abi[2] = 0;
	assert_int_equal(user_libc__contains(f->mem, BASE), 26);
	f->abi[1] = 2;	/* of an old glibc, whose rwlocks look otherwise */
	f->abi[2] = 6;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	f->abi[1] = 5;
	f->abi[0] = 1;	/* of another system */
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	f->abi[0] = ELF_NOTE_OS_LINUX;
	f->ph[1].p_type = PT_INTERP;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	assert_int_equal(user_libc__defines(f->mem, BASE), 0);
}

static void hostile_images(void **state)
{
	struct fake *f = *state;
	uint32_t *note = (void *)(f->at + NOTE_AT);

	f->def->vd_next = 0xfffffff0;	/* out of the image */
	assert_int_equal(user_libc__defines(f->mem, BASE), 31);
	f->def->vd_aux = UINT32_MAX;
	assert_int_equal(user_libc__defines(f->mem, BASE), 0);
	f->dyn[0].d_un.d_ptr = UINT64_MAX - 3;
	f->dyn[1].d_un.d_ptr = UINT64_MAX;
	assert_int_equal(user_libc__defines(f->mem, BASE), 0);
	note[0] = UINT32_MAX;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	note[0] = 4;
	f->ph[2].p_filesz = UINT64_MAX;
	assert_int_equal(user_libc__contains(f->mem, BASE), 26);
	f->ph[2].p_vaddr = UINT64_MAX;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	f->eh->e_phnum = UINT16_MAX;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	f->eh->e_phnum = 3;
	f->eh->e_phoff = UINT64_MAX;
	assert_int_equal(user_libc__contains(f->mem, BASE), 0);
	assert_int_equal(user_libc__defines(f->mem, BASE + SIZE), 0);
	assert_int_equal(user_libc__defines(f->mem, UINT64_MAX), 0);
	assert_int_equal(user_libc__defines(-1, BASE), 0);
}

/* Versions that lead to each other, and a table without an end. */
static void endless_images(void **state)
{
	struct fake *f = *state;
	Elf64_Dyn *d;

	f->def->vd_next = (uint32_t)-64;
	assert_int_equal(user_libc__defines(f->mem, BASE), 31);
	for (d = f->dyn; (char *)(d + 1) < f->at + SIZE; d++)
		d->d_tag = DT_NEEDED;
	assert_int_equal(user_libc__defines(f->mem, BASE), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make, drop)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_files),
		cmocka_unit_test(our_own),
		cmocka_unit_test(what_a_version_tells),
		T(an_image),
		T(hostile_images),
		T(endless_images),
	};

	return cmocka_run_group_tests_name("user_libc", tests, NULL, NULL);
}
