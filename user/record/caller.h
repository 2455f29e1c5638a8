/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * caller.h - who took the lock: the first frame of a stack that belongs neither to
 * the tracer nor to the locking functions, from one table of their names.
 */
#ifndef LOCKSCOPE_RECORD_CALLER_H
#define LOCKSCOPE_RECORD_CALLER_H

#include "record/record.h"

/* Part of a tracer, of a lock's own code, or of the scheduler below it. */
bool caller__is_inner(const char *sym);
/* How many frames at the beginning of a walk are the tracer's own.  They end at the first
 * function of the kernel's: a trampoline further up is that of a hook on the function
 * that waits.  Programs may have no name yet, or seem to be a module's. */
uint32_t caller__nr_tracer(const struct rec_frame *frames, uint32_t nr);
/* The entry into the kernel, the same at the end of every stack. */
bool caller__is_entry(const char *sym);
/* Index of the caller's frame.  A frame without a symbol is nobody's and so counts
 * as a caller.  nr_frames when all are inner, or stack is NULL or empty (0). */
uint32_t caller__index(const struct rec_stack *stack);
/* The caller's frame, the outermost one when all are inner, NULL without frames. */
const struct rec_frame *caller__frame(const struct rec_stack *stack);
/* The same of a user stack: the first frame that belongs neither to a library's locks nor to
 * the C library at all; NULL: all do, that frame is in no file, or stack is NULL. */
const struct rec_frame *caller__user_frame(const struct rec_stack *stack);

#endif
