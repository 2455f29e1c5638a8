// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "lib/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#if defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

#define RULES_MAX 160

/* What may be called whatever its arguments are: reads, memory, time, the end. */
static const uint32_t harmless[] = {
	SYS_read, SYS_pread64, SYS_readv, SYS_lseek, SYS_close, SYS_fstat, SYS_newfstatat, SYS_statx,
	SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap,
	SYS_brk, SYS_madvise, SYS_futex, SYS_clock_gettime, SYS_getrandom, SYS_getpid, SYS_gettid,
	SYS_uname, SYS_sched_getaffinity, SYS_sched_yield, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_exit, SYS_exit_group,
#ifdef SYS_stat
	SYS_stat, SYS_lstat, SYS_readlink, SYS_access,
#endif
};

/* And what only with an argument of these: of the low half, which is all the kernel looks at. */
static const struct {
	uint32_t nr, arg, mask, value;
} some[] = {
	{ SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY },
#ifdef SYS_open
	{ SYS_open, 1, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY },
#endif
	{ SYS_write, 0, ~0U, 0 },	/* the answer */
	{ SYS_fcntl, 1, ~0U, F_GETFD },
	{ SYS_fcntl, 1, ~0U, F_GETFL },
	{ SYS_semctl, 2, ~0U, IPC_STAT },
	{ SYS_semctl, 2, ~0U, GETVAL },
	{ SYS_semctl, 2, ~0U, GETPID },
};

struct rules {
	struct sock_filter list[RULES_MAX];
	unsigned short nr;
};

static void add(struct rules *r, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	r->list[r->nr++] = (struct sock_filter){ code, jt, jf, k };
}

static void load(struct rules *r, size_t offset)
{
	add(r, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void allow(struct rules *r)
{
	add(r, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void allow_harmless(struct rules *r)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		add(r, BPF_JMP | BPF_JEQ | BPF_K, harmless[i], 0, 1);
		allow(r);
	}
}

static void allow_some(struct rules *r)
{
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		load(r, offsetof(struct seccomp_data, nr));
		add(r, BPF_JMP | BPF_JEQ | BPF_K, some[i].nr, 0, 4);
		/* little endian: the low half comes first */
		load(r, offsetof(struct seccomp_data, args) + some[i].arg * 8);
		add(r, BPF_ALU | BPF_AND | BPF_K, some[i].mask, 0, 0);
		add(r, BPF_JMP | BPF_JEQ | BPF_K, some[i].value, 0, 1);
		allow(r);
	}
}

int confine__to_reading(void)
{
	struct rules r = { .nr = 0 };
	struct sock_fprog prog = { .filter = r.list };

	_Static_assert(4 + 2 * sizeof(harmless) / sizeof(*harmless) +
				       6 * sizeof(some) / sizeof(*some) + 1 <= RULES_MAX, "rules");
	load(&r, offsetof(struct seccomp_data, arch));
	add(&r, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	add(&r, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	load(&r, offsetof(struct seccomp_data, nr));
	allow_harmless(&r);
	allow_some(&r);
	add(&r, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	prog.len = r.nr;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return -errno;
	return 0;
}
