// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/sysv_probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INIT_PID_NS 0xEFFFFFFCu	/* PROC_PID_INIT_INO, include/linux/proc_ns.h */

/* Not declared by <sys/sem.h>: semctl(2) wants it so. */
union semun {
	int val;
	struct semid_ds *buf;
};

/* /proc/PID/mem for the same reason as in futex_probe.c. */
static int read_ops(const struct sysv_call *c, struct sembuf ops[SYSV_OPS_MAX])
{
	size_t bytes = c->nr_ops * sizeof(*ops);
	char path[64];
	ssize_t n;
	int fd;

	if (!c->nr_ops || c->nr_ops > SYSV_OPS_MAX)
		return -E2BIG;
	snprintf(path, sizeof(path), "/proc/%u/mem", c->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, ops, bytes, (off_t)c->ops);
	close(fd);
	return n == (ssize_t)bytes ? 0 : -EFAULT;
}

static uint32_t namespace(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

static int value_of(void *ctx, uint16_t num)
{
	int v = semctl(*(int32_t *)ctx, num, GETVAL);

	return v < 0 ? -errno : v;
}

/* A set that cannot be asked about: what a call of one operation waits for is clear. */
static int judge_foreign(const struct sembuf *ops, uint32_t nr, struct sysv_claim *out)
{
	if (nr != 1)
		return -EXDEV;
	out->num = ops->sem_num;
	out->for_zero = !ops->sem_op;
	out->undo = ops->sem_flg & SEM_UNDO;
	out->foreign = true;
	return 0;
}

/* Some of the threads of a process; none: it is gone. */
static void list_threads(uint32_t pid, struct sysv_claim *out)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	d = opendir(path);
	while (d && out->nr_threads < SYSV_THREADS_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.')
			out->threads[out->nr_threads++] = (uint32_t)strtoul(e->d_name, NULL, 10);
	if (d)
		closedir(d);
}

/* The number that semctl() tells is of our own pid namespace. */
static void ask_last(const struct sysv_call *c, struct sysv_claim *out)
{
	int last = semctl(c->semid, out->num, GETPID);

	if (last <= 0 || namespace("/proc/self/ns/pid") != INIT_PID_NS)
		return;
	out->is_last = (uint32_t)last == c->pid;
	if (!out->is_last)
		list_threads((uint32_t)last, out);
	if (out->is_last || out->nr_threads)
		out->last = (uint32_t)last;
}

int sysv_probe__ask(const struct sysv_call *c, struct sysv_claim *out)
{
	struct sembuf ops[SYSV_OPS_MAX];
	struct semid_ds set = { 0 };
	int32_t semid = c->semid;
	int err;

	memset(out, 0, sizeof(*out));
	err = read_ops(c, ops);
	if (err)
		return err;
	if (namespace("/proc/self/ns/ipc") != c->ipc_ns)
		return judge_foreign(ops, c->nr_ops, out);
	if (semctl(semid, 0, IPC_STAT, (union semun){ .buf = &set }))
		return -errno;
	out->key = set.sem_perm.__key;
	err = sysv__judge(ops, c->nr_ops, value_of, &semid, out);
	if (!err)
		ask_last(c, out);
	return err;
}
