/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * probe.h - what this kernel and these privileges offer.
 */
#ifndef LOCKSCOPE_SOURCE_PROBE_H
#define LOCKSCOPE_SOURCE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/error.h"

enum probe_state { PROBE_YES, PROBE_PARTLY, PROBE_NO };

struct probe_row {
	const char *id;		/* stable, for scripts: "btf", "contention_tracepoints" */
	const char *what;	/* one phrase */
	enum probe_state state;
	char detail[256];	/* what was seen; may be empty */
	const char *gives;	/* what it is good for */
	const char *without;	/* what is lost where it is missing */
};

/* Fills at most max rows and sets *nr; loads tiny BPF programs to try, attaches
 * nothing.  0 or -errno. */
int probe__run(struct probe_row *rows, size_t max, size_t *nr);

struct btf;
/* Whether level `contention` can run here at all: 0, or -errno with *err filled
 * (err->status EXIT_CANNOT): not root, no BTF, no tracepoints, lockdown.  btf not NULL:
 * gets the kernel's types, which it takes a while to read, or NULL. */
int probe__contention(struct btf **btf, struct lk_error *err);

/* Whether each kind of hook can be attached, tried on a function that nobody calls. */
bool probe__fentry(const struct btf *btf);
bool probe__kprobe_multi(void);
bool probe__kprobe(void);

/* The running kernel's version, to compare with PROBE_KERNEL(6, 15); 0 when its release
 * tells none.  For what only a version tells: faults of old kernels that no type shows. */
#define PROBE_KERNEL(major, minor) ((unsigned int)(major) << 16 | (unsigned int)(minor))
unsigned int probe__kernel(void);

/* Whether this process may do everything (CAP_SYS_ADMIN). */
bool probe__is_admin(void);

/* Whether it may look into processes of other users: their descriptors and memory. */
bool probe__sees_others(void);

/* 1 when this process is in a child pid namespace, so that /proc shows it only
 * part of the machine; 0 when not; -errno when that cannot be told. */
int probe__in_pid_namespace(void);

#endif
