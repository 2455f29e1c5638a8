/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gather_jobs.h - what a diagnosis reads of /proc, each a job that may hang for
 * itself (lib/errand.h).  They write records, a line each, with t_ns since boot.
 */
#ifndef LOCKSCOPE_SOURCE_GATHER_JOBS_H
#define LOCKSCOPE_SOURCE_GATHER_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/json.h"

/* What the jobs are told; the same for all. */
struct gather_order {
	uint32_t look_ms;	/* between the two looks at what moves */
	bool tasks;		/* nobody else reads blocked tasks: read and task records too */
	uint32_t pid;		/* of the process that is asked about */
};

/* Each is an errand_fn, with a struct gather_order. */
void gather_job__log(FILE *out, char *doing, void *arg);	/* /dev/kmsg */
void gather_job__machine(FILE *out, char *doing, void *arg);	/* settings, /proc/stat */
void gather_job__threads(FILE *out, char *doing, void *arg);	/* every thread, twice */
void gather_job__process(FILE *out, char *doing, void *arg);	/* what may hang in mmap_lock */

/* For the jobs: notes what is about to be done, for whoever finds it hanging. */
void gather_job__doing(char *doing, const char *what);
/* Reads a small file whole and ends it with NUL: bytes read, or -errno. */
int gather_job__read(const char *path, char *buf, size_t size);
void gather_job__absent(FILE *out, const char *what, const char *why);
/* Begins and ends a record; what is between goes to the returned writer. */
void gather_job__begin(struct json *j, FILE *out, const char *type);
void gather_job__end(struct json *j);
uint64_t gather_job__now(void);	/* CLOCK_BOOTTIME */

#endif
