// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * gather_log.c - the kernel's log, from its begin: of all lines those that begin
 * something of interest (record/klog.h) and those behind them.
 *
 * /dev/kmsg takes no lock that a stuck console holds (since 5.10), and each reader has
 * a place of its own, so that nothing is taken from others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/fact_json.h"
#include "record/klog.h"
#include "source/gather_jobs.h"
#include "source/gather_kmsg.h"

#define RECORD_MAX 8192		/* of /dev/kmsg; a smaller buffer is EINVAL */
#define LINES_MAX 4000u		/* the newest of interest; the rest is counted */
#define READS_MAX 2000000u	/* a log that is written faster than read has no end */

struct line {
	uint64_t seq, us;
	uint32_t level;
	char *text;
};

struct log {
	struct line lines[LINES_MAX];	/* a ring */
	uint64_t nr;
	uint32_t goes_on;	/* so many lines more belong to the last report */
	uint64_t overwritten;	/* times that lines were gone before they were read */
};

static void keep_line(struct log *log, const struct line *line)
{
	struct line *to = &log->lines[log->nr % LINES_MAX];
	char *text = strdup(line->text);

	if (!text)
		return;
	free(to->text);
	*to = *line;
	to->text = text;
	log->nr++;
}

static void take_line(struct log *log, const struct line *line)
{
	struct klog_line found;

	if (klog__parse(line->text, &found)) {
		uint32_t lines = klog_kind__lines(found.kind);

		log->goes_on = lines > log->goes_on ? lines : log->goes_on;
		keep_line(log, line);
	} else if (log->goes_on) {
		log->goes_on--;
		keep_line(log, line);
	}
}

static void take_record(struct log *log, char *record)
{
	struct gather_kmsg msg;
	char *rest;

	if (gather_kmsg__parse(&msg, record))
		return;
	for (char *text = msg.text; text; text = rest) {
		rest = strchr(text, '\n');
		if (rest)
			*rest++ = '\0';
		if (*text)
			take_line(log, &(struct line){ msg.seq, msg.us, msg.level, text });
	}
}

static int read_log(struct log *log, int fd)
{
	char record[RECORD_MAX + 1];
	ssize_t n;

	for (uint32_t i = 0; i < READS_MAX; i++) {
		n = read(fd, record, RECORD_MAX);
		if (n < 0 && errno == EPIPE) {
			log->overwritten++;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno != EAGAIN ? -errno : 0;
		record[n] = '\0';
		take_record(log, record);
	}
	return 0;
}

/* The log's clock stands still in suspend, as CLOCK_MONOTONIC does. */
static int64_t since_boot(uint64_t us, int64_t suspended_ns)
{
	return (int64_t)(us * 1000) + suspended_ns;
}

static int64_t suspended_ns(void)
{
	struct timespec mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	return (int64_t)gather_job__now() - (mono.tv_sec * 1000000000LL + mono.tv_nsec);
}

static void write_lines(FILE *out, const struct log *log)
{
	uint64_t first = log->nr > LINES_MAX ? log->nr - LINES_MAX : 0;
	int64_t gap_ns = suspended_ns();
	char why[96];

	for (uint64_t i = first; i < log->nr; i++) {
		const struct line *l = &log->lines[i % LINES_MAX];
		const struct rec_message m = { .seq = l->seq, .t_ns = since_boot(l->us, gap_ns),
					       .level = l->level, .text = l->text };
		struct json j;

		gather_job__begin(&j, out, "message");
		fact_json__message(&j, &m);
		gather_job__end(&j);
	}
	if (!first && !log->overwritten)
		return;
	snprintf(why, sizeof(why), "%llu lines were too many, %llu times some were overwritten",
		 (unsigned long long)first, (unsigned long long)log->overwritten);
	gather_job__absent(out, "part of the kernel log", why);
}

void gather_job__log(FILE *out, char *doing, void *arg)
{
	struct log *log = calloc(1, sizeof(*log));
	int fd, err;

	(void)arg;
	gather_job__doing(doing, "/dev/kmsg");
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	err = !log ? -ENOMEM : fd < 0 ? -errno : read_log(log, fd);
	if (log)
		write_lines(out, log);
	if (err)
		gather_job__absent(out, "kernel log", strerror(-err));
}
