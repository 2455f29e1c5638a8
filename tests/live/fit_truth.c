// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fit_truth.c - do our programs come out the same, fitted to few types as to all of them?
 *
 *   fit_truth [BTF]      this kernel's types, or those in that file (raw BTF or a vmlinux)
 *
 * libbpf tells each instruction that it fits to a kernel.  This prints what it tells with all
 * types and with those of live_slim.h, both without the numbers of types, when they differ.
 * Exit 0: they do not, and there were some; 1: they differ; 2: cannot compare.
 *
 * Types of another kernel will not do for loading here: fitting comes before that.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/live_priv.h"
#include "source/live_slim.h"
#include "source/live_types.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

static FILE *told;
static unsigned int nr_told;

/* "[123] struct foo": without the number. */
static void put_without_numbers(const char *line)
{
	while (*line) {
		size_t digits = *line == '[' ? strspn(line + 1, "0123456789") : 0;

		if (digits && line[digits + 1] == ']') {
			line += digits + 2;
			continue;
		}
		fputc(*line++, told);
	}
}

static int take(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[1024];

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (told && strstr(line, "relo #")) {
		nr_told++;
		put_without_numbers(line);
	}
	return 0;
}

static char *fit(const char *path, int slim_fd, const struct live_types *types)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = path);
	struct lockscope_bpf *k = lockscope_bpf__open_opts(&opts);
	char *text = NULL;
	size_t size;

	if (!k || (slim_fd >= 0 && live_slim__write(slim_fd, types, bpf_object__btf(k->obj)))) {
		fprintf(stderr, "fit_truth: cannot open the programs\n");
		exit(2);
	}
	live_hooks__choose(NULL, k);	/* those of level held are never fitted so */
	bpf_map__set_max_entries(k->maps.cpus, (uint32_t)libbpf_num_possible_cpus());
	told = open_memstream(&text, &size);
	lockscope_bpf__load(k);
	fclose(told);
	told = NULL;
	lockscope_bpf__destroy(k);
	return text;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/sys/kernel/btf/vmlinux";
	struct btf *kernel = btf__parse(path, NULL);
	struct live_types *types;
	char slim_path[64], *all, *slim;
	int fd = live_slim__open(slim_path, sizeof(slim_path));
	unsigned int nr;

	libbpf_set_print(take);
	if (!kernel || fd < 0 || live_types__new(&types, kernel)) {
		fprintf(stderr, "fit_truth: cannot read %s\n", path);
		return 2;
	}
	all = fit(path, -1, types);
	nr = nr_told;
	slim = fit(slim_path, fd, types);
	printf("%u told of all types, %u of few\n", nr, nr_told - nr);
	if (!strcmp(all, slim) && nr)
		return 0;
	printf("--- all\n%s--- few\n%s", all, slim);
	return 1;
}
