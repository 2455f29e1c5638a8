// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/futex_probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/confine.h"
#include "source/sysv_probe.h"
#include "source/user_names.h"

#define NSEC 1000000000ull
#define START_FIELD 22		/* of /proc/PID/stat */

/* The start of a small file; "" when it cannot be read. */
static const char *read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Clock ticks since boot; 0: no such thread of this process. */
static uint64_t thread_start(uint32_t pid, uint32_t tid)
{
	char path[64], text[1024], *p;
	int field;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
	read_text(path, text, sizeof(text));
	p = strrchr(text, ')');
	for (field = 2; p && field < START_FIELD; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* Seen from inside a pid namespace, /proc names others by the same numbers. */
static bool is_same_thread(const struct futex_query *q)
{
	uint64_t tick_ns = NSEC / (uint64_t)sysconf(_SC_CLK_TCK);

	return thread_start(q->pid, q->tid) == q->start_ns / tick_ns;
}

/* /proc/PID/mem can be given up by a kill while it waits for the mmap_lock, which
 * process_vm_readv() cannot. */
static int read_memory(const struct futex_query *q, struct futex_memory *m)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/mem", q->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	m->addr = q->uaddr - FUTEX_BEFORE;
	n = pread(fd, m->bytes, sizeof(m->bytes), (off_t)m->addr);
	if (n < FUTEX_BEFORE + 4) {
		m->addr = q->uaddr;
		n = pread(fd, m->bytes, sizeof(m->bytes) - FUTEX_BEFORE, (off_t)m->addr);
	}
	close(fd);
	m->len = n > 0 ? (uint32_t)n : 0;
	return n > 0 ? 0 : -EFAULT;
}

/* The last number of the line: the id in the innermost namespace. */
static uint32_t status_ns_tid(uint32_t pid, const char *tid)
{
	char path[64], text[4096], *p, *end;

	snprintf(path, sizeof(path), "/proc/%u/task/%.16s/status", pid, tid);
	p = strstr(read_text(path, text, sizeof(text)), "\nNSpid:");
	if (!p)
		return 0;
	end = p + 1 + strcspn(p + 1, "\n");
	while (end > p && end[-1] != '\t' && end[-1] != ' ')
		end--;
	return (uint32_t)strtoul(end, NULL, 10);
}

/* The thread that its process, in a pid namespace of its own, calls `named`. */
static uint32_t thread_named(uint32_t pid, uint32_t named)
{
	char path[64];
	struct dirent *e;
	uint32_t found = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] != '.' && status_ns_tid(pid, e->d_name) == named)
			found = (uint32_t)strtoul(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	return found;
}

/* The process that a thread belongs to; 0: there is none. */
static uint32_t process_of(uint32_t tid)
{
	char path[64], text[4096], *p;

	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	p = strstr(read_text(path, text, sizeof(text)), "\nTgid:");
	return p ? (uint32_t)strtoul(p + 6, NULL, 10) : 0;
}

/* The owner has to live where the lock does: in this process, or in one that has the
 * same memory mapped. */
static void find_owner(struct futex_query *q, const struct user_mapping *m)
{
	uint32_t named = q->claim.owner, pid;

	if (q->ns_tid != q->tid)
		q->owner = thread_named(q->pid, named);
	else if (thread_start(q->pid, named))
		q->owner = named;
	if (q->owner || !q->is_of_file || q->ns_tid != q->tid)
		return;
	pid = process_of(named);
	if (pid && user_names__maps_too(pid, m, q->offset))
		q->owner = named;
}

/* Memory shared with others is known by the file it is of. */
static void identify(struct futex_query *q, const struct user_mapping *m)
{
	if (!m->shared)
		return;
	q->is_of_file = true;
	q->major = m->major;
	q->minor = m->minor;
	q->ino = m->ino;
	q->offset = q->claim.addr - m->start + m->offset;
}

static void name(struct futex_query *q, struct user_mapping *m)
{
	if (!m->end && user_names__mapping(q->pid, q->claim.addr, m))
		return;
	user_names__format(q->pid, m, q->claim.addr, q->name, sizeof(q->name));
}

static void answer_semop(struct futex_query *q)
{
	const struct sysv_call call = { .pid = q->pid, .ops = q->uaddr, .nr_ops = q->nr_ops,
					.semid = (int32_t)q->val, .ipc_ns = q->ipc_ns };

	q->err = is_same_thread(q) ? sysv_probe__ask(&call, &q->sem) : -ESRCH;
}

/* Without glibc nothing tells what its layouts seem to say. */
static bool is_of_libc(struct futex_probe *p, const struct futex_query *q)
{
	return q->claim.what == FUTEX_OWNED ||
	       futex_lock__is_of(q->claim.what, user_libcs__glibc(&p->libcs, q->pid));
}

static void answer(struct futex_probe *p, struct futex_query *q)
{
	struct user_mapping map = { 0 };
	struct futex_memory m;

	q->err = is_same_thread(q) ? read_memory(q, &m) : -ESRCH;
	if (q->err)
		return;
	futex__judge(&m, q->uaddr, q->val, q->pi, &q->claim);
	if (q->claim.what == FUTEX_NO_LOCK || !is_of_libc(p, q))
		return;
	if (q->shared) {
		q->err = user_names__mapping(q->pid, q->claim.addr, &map);
		if (q->err)
			return;
		identify(q, &map);
	}
	find_owner(q, &map);
	p->naming = q->owner && q->wants_name;
	if (p->naming)
		name(q, &map);
	p->naming = false;
}

void futex_probe__run(void *shared)
{
	struct futex_probe *p = shared;

	if (!p->confined)
		p->confined = !confine__to_reading();
	user_libcs__begin(&p->libcs);
	for (p->at = 0; p->at < p->nr; p->at++)
		if (p->queries[p->at].semop)
			answer_semop(&p->queries[p->at]);
		else
			answer(p, &p->queries[p->at]);
}
