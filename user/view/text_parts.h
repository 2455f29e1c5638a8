/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * text_parts.h - phrases that the views for people share.  All foreign text in them
 * is harmless for a terminal.
 */
#ifndef LOCKSCOPE_VIEW_TEXT_PARTS_H
#define LOCKSCOPE_VIEW_TEXT_PARTS_H

#include "view/view.h"

#define TEXT_LEN 256	/* enough for each phrase; longer names end in "..." */

enum text_color { TEXT_RED, TEXT_YELLOW, TEXT_GREEN, TEXT_BOLD, TEXT_DIM };
/* Escape sequences, or "" when the style has no colours. */
const char *text__color(const struct view_style *style, enum text_color color);
const char *text__plain(const struct view_style *style);

/* "comm/tid"; returns buf, as do the next ones. */
const char *text__task(char *buf, size_t size, const struct rec_who *who,
		       const struct view_style *style);
/* "mutex my_lock (0xffff…)", "rwsem 0xffff…", "flock /path (flock:8:1:42)"; mode, when
 * it is no plain exclusive, in front: "read rwsem 0x…". */
const char *text__lock(char *buf, size_t size, const struct rec_lock *lock, const char *name,
		       enum lock_mode mode, const struct view_style *style);
/* The same without the identity where there is a name, for tables. */
const char *text__lock_short(char *buf, size_t size, const struct rec_lock *lock,
			     const char *name, const struct view_style *style);
/* "inode.i_rwsem of 8:1:1234", with a ? behind a name that is a guess; NULL without a name;
 * object may be NULL. */
const char *text__lock_name(char *buf, size_t size, const char *name, bool guess,
			    const char *object);
/* "2 more readers, not known" of a lock with such holders. */
const char *text__unknown(char *buf, size_t size, const struct snap_lock *lock);
/* A path of more columns than width with its middle left out: "/var/lib/...ents.lock".
 * Anything else, and all when width is 0, stays whole. */
const char *text__path(char *buf, size_t size, const char *path, size_t width);
/* "ext4_rename+0x19c [ext4] fs/ext4/namei.c:3889", or the address; the line where it is
 * known. */
const char *text__frame(char *buf, size_t size, const struct rec_frame *frame,
			const struct view_style *style);
/* " sleeps uninterruptibly (D)", " runs on CPU 3 in softirq"; "" when unknown */
const char *text__state(char *buf, size_t size, char state, int32_t cpu, enum rec_context context);

/* A stack from the caller of the lock function on, indented: at most 8 frames and
 * without the kernel's entry code unless verbose.  Nothing for id 0; a line that
 * says so for a stack that was lost. */
void text__stack(FILE *out, const struct view_input *in, uint32_t id, const char *indent);
/* A user stack with its title; nothing where none is known. */
void text__user_stack(FILE *out, const struct view_input *in, uint32_t id, const char *indent);
/* Why there is none. */
const char *text__no_user_stack(enum user_stack_why why);
/* The first frame of that, "" when unknown. */
const char *text__caller(char *buf, size_t size, const struct view_input *in, uint32_t id);
/* Where a task waits for a lock of this kind: locks that programs take are wanted somewhere in
 * their own code, if user_stack tells where (0: not known). */
const char *text__waits_at(char *buf, size_t size, const struct view_input *in, enum lock_kind kind,
			   uint32_t stack, uint32_t user_stack);

/* A finding without the tasks that wait: the headline and who is at the root.  Of a group
 * its own headline, and this of the longest. */
struct finding_group;
void text_finding__brief(FILE *out, const struct view_input *in, const struct finding_group *g);

/* Every loss so far, a line each; says so when there is none. */
void text__losses(FILE *out, const struct view_input *in);
/* "kernel 6.1.0 on host, level contention" */
void text__origin(FILE *out, const struct view_input *in);

/* 0, or -errno of the stream. */
int text__result(FILE *out);

#endif
