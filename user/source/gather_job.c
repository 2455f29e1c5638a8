// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the jobs share, and the smallest of them. */
#include "source/gather_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/errand.h"
#include "record/fact_json.h"

#define COMMAND_LEN 512

void gather_job__doing(char *doing, const char *what)
{
	snprintf(doing, ERRAND_DOING_LEN, "%s", what);
}

int gather_job__read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;
	int err;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	err = n < 0 ? -errno : 0;
	close(fd);
	buf[len] = '\0';
	return err ? err : (int)len;
}

void gather_job__begin(struct json *j, FILE *out, const char *type)
{
	json__init(j, out);
	json__object(j, NULL);
	json__str(j, "type", type);
}

/* Flushed at once: what comes next may hang. */
void gather_job__end(struct json *j)
{
	json__end_object(j);
	json__done(j);
	fflush(j->out);
}

void gather_job__absent(FILE *out, const char *what, const char *why)
{
	const struct rec_absent a = { what, why };
	struct json j;

	gather_job__begin(&j, out, "absent");
	fact_json__absent(&j, &a);
	gather_job__end(&j);
}

uint64_t gather_job__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* The link first: it needs no memory of the process, the command line does. */
void gather_job__process(FILE *out, char *doing, void *arg)
{
	const struct gather_order *order = arg;
	struct rec_process p = { .pid = order->pid };
	char path[64], exe[COMMAND_LEN], command[COMMAND_LEN];
	struct json j;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", order->pid);
	gather_job__doing(doing, path);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/cmdline", order->pid);
	gather_job__doing(doing, path);
	n = gather_job__read(path, command, sizeof(command));
	for (ssize_t i = 0; i + 1 < n; i++)
		command[i] = command[i] ? command[i] : ' ';
	p.exe = *exe ? exe : NULL;
	p.command = n > 0 && *command ? command : NULL;
	gather_job__begin(&j, out, "process");
	fact_json__process(&j, &p);
	gather_job__end(&j);
}
