// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/utf8.h"
#include "record/caller.h"
#include "view/text_parts.h"

#define MAX_FRAMES 8
#define MAX_USER_FRAMES 16	/* nothing of it is the lock's own for sure */

const char *text__color(const struct view_style *style, enum text_color color)
{
	static const char *const codes[] = {
		[TEXT_RED] = "\033[1;31m", [TEXT_YELLOW] = "\033[1;33m", [TEXT_GREEN] = "\033[32m",
		[TEXT_BOLD] = "\033[1m",   [TEXT_DIM] = "\033[2m",
	};

	return style->color ? codes[color] : "";
}

const char *text__plain(const struct view_style *style)
{
	return style->color ? "\033[0m" : "";
}

const char *text__task(char *buf, size_t size, const struct rec_who *who,
		       const struct view_style *style)
{
	char comm[128];

	fmt__safe(comm, sizeof(comm), who->comm, style->utf8);
	snprintf(buf, size, "%s/%u", comm[0] ? comm : "?", who->tid);
	return buf;
}

static const char *identity(char *buf, size_t size, const struct rec_lock *lock,
			    const struct view_style *style)
{
	char raw[TEXT_LEN];

	rec_lock__format(lock, raw, sizeof(raw));
	return fmt__safe(buf, size, raw, style->utf8);
}

const char *text__lock(char *buf, size_t size, const struct rec_lock *lock, const char *name,
		       enum lock_mode mode, const struct view_style *style)
{
	char id[96], safe[128];
	const char *side = mode == MODE_EXCLUSIVE ? "" : mode__name(mode);

	identity(id, sizeof(id), lock, style);
	if (name)
		snprintf(buf, size, "%s%s%s %s (%s)", side, *side ? " " : "",
			 kind__name(lock->kind), fmt__safe(safe, sizeof(safe), name, style->utf8),
			 id);
	else
		snprintf(buf, size, "%s%s%s %s", side, *side ? " " : "",
			 kind__name(lock->kind), id);
	return buf;
}

const char *text__lock_short(char *buf, size_t size, const struct rec_lock *lock,
			     const char *name, const struct view_style *style)
{
	return name ? fmt__safe(buf, size, name, style->utf8) : identity(buf, size, lock, style);
}

const char *text__lock_name(char *buf, size_t size, const char *name, bool guess,
			    const char *object)
{
	if (!name || (!guess && !object))
		return name;
	snprintf(buf, size, "%s%s%s%s", name, guess ? "?" : "", object ? " of " : "",
		 object ? object : "");
	return buf;
}

const char *text__unknown(char *buf, size_t size, const struct snap_lock *lock)
{
	bool readers = lock->lock.kind == KIND_RWSEM || lock->lock.kind == KIND_PERCPU_RWSEM ||
		       lock->lock.kind == KIND_RWLOCK;

	snprintf(buf, size, "%" PRIu32 " %s%s%s, not known", lock->nr_unknown,
		 lock->nr_holders ? "more " : "", readers ? "reader" : "holder",
		 lock->nr_unknown == 1 ? "" : "s");
	return buf;
}

/* How many bytes of text fit into so many columns. */
static size_t fitting(const char *text, size_t len, size_t columns)
{
	size_t used = 0, width = 0;

	while (used < len) {
		uint32_t cp;
		size_t n = utf8__next(text + used, len - used, &cp);

		width += cp == UTF8_BAD ? 1 : (size_t)utf8__width(cp);
		if (width > columns)
			break;
		used += n;
	}
	return used;
}

const char *text__path(char *buf, size_t size, const char *path, size_t width)
{
	size_t len = strlen(path), whole = fmt__width(path), head, tail;

	if (*path != '/' || !width || whole <= width || width < 8)
		return path;
	/* The end tells more than the begin: the file's own name is there. */
	head = fitting(path, len, (width - 3) / 3);
	tail = fitting(path, len, whole - (width - 3 - (width - 3) / 3));
	while (fmt__width(path + tail) > width - 3 - (width - 3) / 3)
		tail += fitting(path + tail, len - tail, 2);
	snprintf(buf, size, "%.*s...%s", (int)head, path, path + tail);
	return buf;
}

const char *text__frame(char *buf, size_t size, const struct rec_frame *frame,
			const struct view_style *style)
{
	char sym[160], module[64], line[128];

	if (!frame->sym && frame->module) {	/* as addr2line takes it */
		snprintf(buf, size, "%s+0x%" PRIx64,
			 fmt__safe(module, sizeof(module), frame->module, style->utf8), frame->off);
		return buf;
	}
	if (!frame->sym) {
		snprintf(buf, size, "0x%" PRIx64, frame->addr);
		return buf;
	}
	fmt__safe(sym, sizeof(sym), frame->sym, style->utf8);
	if (frame->line)
		fmt__safe(line, sizeof(line), frame->line, style->utf8);
	snprintf(buf, size, "%s+0x%" PRIx64 "%s%s%s%s%s", sym, frame->off,
		 frame->module ? " [" : "",
		 frame->module ? fmt__safe(module, sizeof(module), frame->module, style->utf8) : "",
		 frame->module ? "]" : "", frame->line ? " " : "", frame->line ? line : "");
	return buf;
}

static const char *state_phrase(char state)
{
	switch (state) {
	case 'D':
		return " sleeps uninterruptibly (D)";
	case 'S':
		return " sleeps (S)";
	case 'R':
		return " is runnable (R)";
	case 'T':
	case 't':
		return " is stopped (T)";
	case 'Z':
	case 'X':
		return " has exited (Z)";
	case 'I':
		return " is idle (I)";
	default:
		return "";
	}
}

const char *text__state(char *buf, size_t size, char state, int32_t cpu, enum rec_context context)
{
	if (cpu < 0)
		snprintf(buf, size, "%s", state_phrase(state));
	else if (context == CONTEXT_TASK)
		snprintf(buf, size, " runs on CPU %d", cpu);
	else
		snprintf(buf, size, " runs on CPU %d in %s", cpu, context__name(context));
	return buf;
}

void text__stack(FILE *out, const struct view_input *in, uint32_t id, const char *indent)
{
	const struct rec_stack *stack = model__stack(in->model, id);
	uint32_t first = 0, last, shown = 0;
	char buf[TEXT_LEN];

	if (!id)
		return;
	if (!stack || !stack->nr_frames) {
		fprintf(out, "%s(stack lost)\n", indent);
		return;
	}
	last = stack->nr_frames;
	if (in->style.verbose < 1) {
		first = caller__index(stack);
		if (first == last)
			first = last - 1;
		while (last > first + 1 && caller__is_entry(stack->frames[last - 1].sym))
			last--;
	}
	for (uint32_t i = first; i < last; i++) {
		if (in->style.verbose < 1 && shown++ == MAX_FRAMES) {
			fprintf(out, "%s(%u more; -v shows all)\n", indent, last - i);
			return;
		}
		fprintf(out, "%s%s\n", indent,
			text__frame(buf, sizeof(buf), &stack->frames[i], &in->style));
	}
}

void text__user_stack(FILE *out, const struct view_input *in, uint32_t id, const char *indent)
{
	const struct rec_stack *stack = id ? model__stack(in->model, id) : NULL;
	char buf[TEXT_LEN];

	if (!stack)
		return;
	fprintf(out, "%suser stack:\n", indent);
	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		if (in->style.verbose < 1 && i == MAX_USER_FRAMES) {
			fprintf(out, "%s    (%u more; -v shows all)\n", indent, stack->nr_frames - i);
			return;
		}
		fprintf(out, "%s    %s\n", indent,
			text__frame(buf, sizeof(buf), &stack->frames[i], &in->style));
	}
}

const char *text__caller(char *buf, size_t size, const struct view_input *in, uint32_t id)
{
	const struct rec_frame *frame = id ? caller__frame(model__stack(in->model, id)) : NULL;

	buf[0] = '\0';
	return frame ? text__frame(buf, size, frame, &in->style) : buf;
}

const char *text__waits_at(char *buf, size_t size, const struct view_input *in, enum lock_kind kind,
			   uint32_t stack, uint32_t user_stack)
{
	const struct rec_frame *frame = NULL;

	if (kind__is_of_programs(kind) && user_stack)
		frame = caller__user_frame(model__stack(in->model, user_stack));
	return frame ? text__frame(buf, size, frame, &in->style) : text__caller(buf, size, in, stack);
}

const char *text__no_user_stack(enum user_stack_why why)
{
	static const char *const texts[NR_USER_STACK_WHY] = {
		[USER_STACK_THERE] = "for an unknown reason",
		[USER_STACK_NO_LIBDW] = "libdw (elfutils) is not installed here",
		[USER_STACK_MEMORY] = "its memory could not be read",
		[USER_STACK_FILES] = "its files do not tell how to unwind it",
		[USER_STACK_LATE] = "its memory or its files did not answer in time",
		[USER_STACK_CRASHED] = "its files crashed what reads them",
		[USER_STACK_MANY] = "too many at once",
	};

	return texts[(unsigned int)why < NR_USER_STACK_WHY ? why : USER_STACK_THERE];
}

static void put_no_user_stacks(FILE *out, const struct rec_lost *lost)
{
	if (!lost || !lost->user_stacks)
		return;
	fprintf(out, "%" PRIu64 " user stack%s could not be read, the last of process %" PRIu64 ": %s\n",
		lost->user_stacks, lost->user_stacks == 1 ? "" : "s", lost->user_stacks_pid,
		text__no_user_stack(lost->user_stacks_why));
}

void text__losses(FILE *out, const struct view_input *in)
{
	const struct rec_lost *lost = model__lost(in->model);
	const struct snapshot *snap = model__current(in->model);
	const struct {
		uint64_t nr;
		const char *what;
	} rows[] = {
		{ lost ? lost->ring : 0, "wait records (the ring buffer was full)" },
		{ lost ? lost->maps : 0, "times a table in the kernel was full" },
		{ lost ? lost->recursion : 0, "waits (a program met itself)" },
		{ lost ? lost->stack_collisions : 0, "stacks (same hash as another)" },
		{ lost ? lost->held_overflow : 0, "holds (too many at once)" },
		{ lost ? lost->lines : 0, "source lines (the debug info did not answer in time)" },
		{ lost ? lost->looks : 0, "looks at the machine (failed or late)" },
		{ model__reads_cut(in->model), "looks at the machine (given up half-way)" },
		{ snap ? snap->nr_locks_cut : 0, "locks left out of the graph (too many waits)" },
	};
	bool any = false, known = lost && lost->t_ns != LK_NO_TIME;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].nr)
			continue;
		any = true;
		fprintf(out, "%slost%s: %" PRIu64 " %s\n", text__color(&in->style, TEXT_YELLOW),
			text__plain(&in->style), rows[i].nr, rows[i].what);
	}
	if (lost && lost->unread)
		fprintf(out, "the memory of process %" PRIu64 " did not answer within 0.5 s (is its "
			     "mmap_lock stuck?): its locks of user space are not shown\n",
			lost->unread_pid);
	put_no_user_stacks(out, lost);
	if (!known)
		fprintf(out, "lost: not known, no record says\n");
	else if (!any)
		fprintf(out, "lost: nothing\n");
}

void text__origin(FILE *out, const struct view_input *in)
{
	const struct rec_header *h = model__header(in->model);
	char kernel[TEXT_LEN], host[TEXT_LEN], level[64];

	if (!h)
		return;
	fprintf(out, "kernel %s on %s, level %s\n",
		fmt__safe(kernel, sizeof(kernel), h->kernel && *h->kernel ? h->kernel : "unknown",
			  in->style.utf8),
		fmt__safe(host, sizeof(host), h->host && *h->host ? h->host : "an unknown host",
			  in->style.utf8),
		fmt__safe(level, sizeof(level), h->level ? h->level : "unknown", in->style.utf8));
}

int text__result(FILE *out)
{
	return ferror(out) ? (errno ? -errno : -EIO) : 0;
}
