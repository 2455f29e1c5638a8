/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * confine.h - a process that from now on only reads.
 *
 * For children that look into files and memory of programs anybody may have written: should
 * such a file take over what reads it (a parser's fault), it can do no more than read on.
 */
#ifndef LOCKSCOPE_LIB_CONFINE_H
#define LOCKSCOPE_LIB_CONFINE_H

/* Of the calling thread, for good, with a seccomp filter: it may open files to read them,
 * read them, have memory, ask about SysV semaphores, and write to file descriptor 0. All other system
 * calls fail with EPERM.  0; -errno where the kernel has no such filters: then nothing is
 * changed but that it can gain no rights by execve(). */
int confine__to_reading(void);

#endif
