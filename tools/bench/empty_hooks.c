// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * usage: empty_hooks FUNCTION...
 *
 * Attaches to each kernel function an fentry program that does nothing, says "Tracing N",
 * and waits for a signal: what the cheapest tracer there can be costs. Functions that this
 * kernel lacks are left out.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

/* 0, or -1. The link lives as long as this process. */
static int attach(const char *function)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },	/* r0 = 0 */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int btf_id = libbpf_find_vmlinux_btf_id(function, BPF_TRACE_FENTRY), prog;

	if (btf_id <= 0)
		return -1;
	opts.attach_btf_id = btf_id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL",
			     nothing, 2, &opts);
	return prog < 0 || bpf_raw_tracepoint_open(NULL, prog) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int i, nr = 0;

	for (i = 1; i < argc; i++)
		nr += attach(argv[i]) == 0;
	printf("Tracing %d\n", nr);
	fflush(stdout);
	pause();
	return 0;
}
