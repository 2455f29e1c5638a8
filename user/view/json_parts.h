/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * json_parts.h - members that several JSON objects share.  Each writes into the
 * object that is open; unknown values are null, never left out.
 */
#ifndef LOCKSCOPE_VIEW_JSON_PARTS_H
#define LOCKSCOPE_VIEW_JSON_PARTS_H

#include "lib/json.h"
#include "view/view.h"

/* tid, pid, ns_tid (only where it differs), start_time, cgroup, comm */
void json_parts__who(struct json *j, const struct rec_who *who);
/* "lock" (null: locks that found no room) and "kind" */
void json_parts__lock(struct json *j, const struct rec_lock *lock);
/* name, name_source ("none" without a name), name_guess and object (only when there is one) */
void json_parts__name(struct json *j, const char *name, const char *source, bool guess,
		      const char *object);
/* When a wait began; at_least adds that it was earlier than that. */
void json_parts__since(struct json *j, int64_t since_ns, bool at_least);
/* How the wait came to be known, if not by its begin. */
void json_parts__found_by(struct json *j, enum found_by f);
/* A time; LK_NO_TIME is null. */
void json_parts__time(struct json *j, const char *key, int64_t t_ns);
/* An id where 0 means none: null. */
void json_parts__id(struct json *j, const char *key, uint64_t id);
/* The letter of a task's state; null when it is none. */
void json_parts__state(struct json *j, char state);
/* state, cpu (null when below 0) and context */
void json_parts__cpu(struct json *j, int32_t cpu, enum rec_context context);
/* "syscall": {nr,name} or null */
void json_parts__syscall(struct json *j, int32_t nr, const char *name);
/* "site": {addr,sym,off,module,line} or null */
/* Its members; "line" only where it is known. */
void json_parts__frame(struct json *j, const struct rec_frame *frame);
void json_parts__site(struct json *j, const struct rec_frame *site);
/* cpu, context, spin, returned, exited of a hold: each only when it says something. */
void json_parts__hold_state(struct json *j, const struct rec_holder *h);
/* "unknown_holders" of a lock, only when there are some. */
void json_parts__unknown_holders(struct json *j, uint32_t nr);
/* A whole object in the shape of the wait_begin record. */
void json_parts__wait_begin(struct json *j, const char *key, const struct rec_wait *w);
/* id and frames */
/* Missing where it is not known. */
void json_parts__user_stack(struct json *j, uint32_t id);
void json_parts__stack(struct json *j, const struct rec_stack *stack);
struct stack_ids;
/* "stacks": those of the ids that the model has */
void json_parts__stacks(struct json *j, const struct model *model, const struct stack_ids *ids);
/* t_ns and the counters */
void json_parts__lost(struct json *j, const struct rec_lost *lost);
/* Whole objects: a task and a lock as a read saw them. */
void json_parts__snap_task(struct json *j, const struct snapshot *s, const struct snap_task *t);
void json_parts__snap_lock(struct json *j, const struct snapshot *s, const struct snap_lock *l);
/* "lost": the record's members, and what only the model counts where it is not 0. */
void json_parts__all_lost(struct json *j, const struct view_input *in);
/* A whole finding object. */
void json_parts__finding(struct json *j, const struct finding *f);

#endif
