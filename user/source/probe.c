// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/probe_child.h"
#include "source/line_cache.h"
#include "source/lockfuncs.h"
#include "source/unwind_probe.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"
/* include/linux/proc_ns.h, PROC_PID_INIT_INO */
#define INIT_PID_NS_INO 0xEFFFFFFCu
#define LIBDW_NS 2000000000ull	/* to load it in */

#ifndef CAP_BPF
#define CAP_BPF 39
#endif
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

/* The first line of a small file, without its newline; "" when unreadable. */
static const char *first_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	if (!f)
		return buf;
	if (!fgets(buf, (int)size, f))
		buf[0] = '\0';
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static bool has_cap(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return false;
	return data[cap / 32].effective >> (cap % 32) & 1;
}

bool probe__is_admin(void)
{
	return has_cap(CAP_SYS_ADMIN);
}

static bool may_load_bpf(void)
{
	return probe__is_admin() || (has_cap(CAP_BPF) && has_cap(CAP_PERFMON));
}

bool probe__sees_others(void)
{
	return has_cap(CAP_SYS_PTRACE) && (has_cap(CAP_DAC_READ_SEARCH) || has_cap(CAP_DAC_OVERRIDE));
}

/* A program of one call, which lockdown=confidentiality takes away.  libbpf's own
 * probe goes by the words of the verifier, and those have changed. */
static bool may_read_kernel(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "may_read", "Dual BSD/GPL", insns,
			       sizeof(insns) / sizeof(*insns), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Hooks are tried on a function that nothing but BPF's own tests call. */
#define HARMLESS_FUNC "bpf_fentry_test1"

static const struct bpf_insn do_nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

bool probe__fentry(const struct btf *btf)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id = btf ? btf__find_by_name_kind(btf, HARMLESS_FUNC, BTF_KIND_FUNC) : -1;
	int fd = -1, link = -1;

	if (id < 0)
		return false;
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "may_fentry", "Dual BSD/GPL", do_nothing, 2, &opts);
	if (fd >= 0)
		link = bpf_raw_tracepoint_open(NULL, fd);
	if (link >= 0)
		close(link);
	if (fd >= 0)
		close(fd);
	return link >= 0;
}

bool probe__kprobe_multi(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	const char *syms[] = { HARMLESS_FUNC };
	LIBBPF_OPTS(bpf_link_create_opts, link_opts);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "may_multi", "Dual BSD/GPL", do_nothing, 2, &opts);
	int link = -1;

	link_opts.kprobe_multi.syms = syms;
	link_opts.kprobe_multi.cnt = 1;
	if (fd >= 0)
		link = bpf_link_create(fd, 0, BPF_TRACE_KPROBE_MULTI, &link_opts);
	if (link >= 0)
		close(link);
	if (fd >= 0)
		close(fd);
	return link >= 0;
}

bool probe__kprobe(void)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .sample_period = 1, .wakeup_events = 1 };
	char buf[32];
	int fd;

	attr.type = (__u32)strtoul(first_line("/sys/bus/event_source/devices/kprobe/type", buf,
					       sizeof(buf)), NULL, 10);
	if (!attr.type)
		return false;
	attr.kprobe_func = (__u64)(uintptr_t)HARMLESS_FUNC;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* "none [integrity] confidentiality": the bracketed word is in force.  Where
 * securityfs is not mounted, trying tells. */
static bool lockdown_confidentiality(char *buf, size_t size)
{
	if (first_line("/sys/kernel/security/lockdown", buf, size)[0])
		return strstr(buf, "[confidentiality]");
	return may_load_bpf() && !may_read_kernel();
}

/* Each tracepoint has a BTF typedef btf_trace_NAME, with no tracefs needed. */
static bool has_tracepoint(const struct btf *btf, const char *name)
{
	char type[96];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf && btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

static const char *kernel_release(struct utsname *u)
{
	return uname(u) ? "?" : u->release;
}

unsigned int probe__kernel(void)
{
	struct utsname u;
	unsigned int major, minor;

	if (sscanf(kernel_release(&u), "%u.%u", &major, &minor) != 2)
		return 0;
	return PROBE_KERNEL(major, minor);
}

static int cannot(struct lk_error *err, int code)
{
	if (err)
		err->status = EXIT_CANNOT;
	return code;
}

int probe__contention(struct btf **out, struct lk_error *err)
{
	struct utsname u;
	struct btf *btf;
	char buf[128];
	bool there;

	if (out)
		*out = NULL;

	if (!may_load_bpf()) {
		lk_error__set(err, -EPERM, "not allowed to load BPF programs");
		lk_error__hint(err, "run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYSLOG, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
		return cannot(err, -EPERM);
	}
	if (lockdown_confidentiality(buf, sizeof(buf))) {
		lk_error__set(err, -EPERM,
			      "the kernel is locked down (confidentiality): BPF may not read it");
		lk_error__hint(err, "boot with lockdown=integrity or without lockdown=; "
				    "`lockscope report` still reads recordings");
		return cannot(err, -EPERM);
	}
	if (access(BTF_PATH, R_OK)) {
		lk_error__set(err, -ENOENT, "kernel %s has no BTF (%s is missing)",
			      kernel_release(&u), BTF_PATH);
		lk_error__hint(err, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as all "
				    "large distributions do; `lockscope report` still reads recordings");
		return cannot(err, -ENOENT);
	}
	btf = btf__load_vmlinux_btf();
	there = has_tracepoint(btf, "contention_begin");
	if (there && out)
		*out = btf;
	else
		btf__free(btf);
	if (there)
		return 0;
	lk_error__set(err, -EOPNOTSUPP, "kernel %s has no lock contention tracepoints",
		      kernel_release(&u));
	lk_error__hint(err, "they came with Linux 5.19; `lockscope report` still reads recordings");
	return cannot(err, -EOPNOTSUPP);
}

int probe__in_pid_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return -errno;
	return st.st_ino != INIT_PID_NS_INO;
}

/* One row; what differs per machine is filled by `look`. */
struct feature {
	const char *id, *what, *gives, *without;
	void (*look)(const struct btf *btf, struct probe_row *row);
};

static void yes_if(struct probe_row *row, bool ok, const char *detail)
{
	row->state = ok ? PROBE_YES : PROBE_NO;
	snprintf(row->detail, sizeof(row->detail), "%s", detail);
}

static void look_privileges(const struct btf *btf, struct probe_row *row)
{
	(void)btf;
	yes_if(row, may_load_bpf(), may_load_bpf() ? "" : "needs CAP_BPF and CAP_PERFMON, or root");
}

static void look_pid_ns(const struct btf *btf, struct probe_row *row)
{
	(void)btf;
	yes_if(row, !probe__in_pid_namespace(),
	       probe__in_pid_namespace() ? "inside a pid namespace: /proc shows part of the machine"
					 : "");
}

static void look_lockdown(const struct btf *btf, struct probe_row *row)
{
	char buf[128];
	bool locked = lockdown_confidentiality(buf, sizeof(buf));

	(void)btf;
	row->state = locked ? PROBE_NO : PROBE_YES;
	snprintf(row->detail, sizeof(row->detail), "%.100s",
		 buf[0] ? buf : locked ? "lockdown=confidentiality" : "no lockdown");
}

static void look_btf(const struct btf *btf, struct probe_row *row)
{
	yes_if(row, btf != NULL, btf ? BTF_PATH : BTF_PATH " is missing");
}

static void look_tracepoints(const struct btf *btf, struct probe_row *row)
{
	bool ok = has_tracepoint(btf, "contention_begin") && has_tracepoint(btf, "contention_end");

	yes_if(row, ok, ok ? "tp_btf" : "Linux 5.19 and later have them");
}

static void look_iterator(const struct btf *btf, struct probe_row *row)
{
	yes_if(row, btf && btf__find_by_name_kind(btf, "bpf_iter_task", BTF_KIND_FUNC) > 0, "");
}

/* Which kinds of spin wait the tracepoints miss depends on the lock in use:
 * virt_spin_lock() (test and set) fires nothing, a paravirt lock fires always. */
static void look_spin(const struct btf *btf, struct probe_row *row)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	bool guest = false;
	char line[4096];

	(void)btf;
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "flags", 5) && strstr(line, " hypervisor"))
			guest = true;
	if (f)
		fclose(f);
	row->state = PROBE_PARTLY;
	snprintf(row->detail, sizeof(row->detail), "%s",
		 guest ? "a guest: with test-and-set spinlocks no spin wait is seen, with paravirt "
			 "ones every one is"
		       : "the first waiter of a queued spinlock (the pending one) is not seen");
}

/* Hidden addresses are all 0; the first few, of per-CPU variables, may be so anyway. */
static bool has_addresses(FILE *kallsyms)
{
	char line[512];

	while (fgets(line, sizeof(line), kallsyms))
		if (strtoull(line, NULL, 16))
			return true;
	return false;
}

static void look_symbols(const struct btf *btf, struct probe_row *row)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool there = f && has_addresses(f);

	(void)btf;
	yes_if(row, there, there ? "" :
			   f ? "hidden: needs CAP_SYSLOG and kernel.kptr_restrict at most 1" :
			       "no /proc/kallsyms");
	if (f)
		fclose(f);
}

static void look_lockdep(const struct btf *btf, struct probe_row *row)
{
	bool ok = has_tracepoint(btf, "lock_acquire");

	yes_if(row, ok, ok ? "level lockdep is not in this version" : "not a lockdep kernel");
}

/* Which functions would be hooked, and what stays out. */
static void look_held(const struct btf *btf, struct probe_row *row)
{
	const char *how = probe__fentry(btf) ? "fentry" : probe__kprobe_multi() ? "kprobe.multi" :
			  probe__kprobe() ? "kprobes" : NULL;
	struct lockfunc_kernel k;
	size_t i, there = 0, of = 0;

	if (!how || lockfuncs__look(&k, NULL, btf)) {
		yes_if(row, false, "neither fentry nor kprobes are allowed");
		return;
	}
	lockfuncs__need_gives(&k);
	for (i = 0; i < nr_lockfuncs; i++) {
		if (lockfuncs[i].spin)
			continue;
		of++;
		there += k.states[i] == FUNC_THERE;
	}
	row->state = PROBE_YES;
	snprintf(row->detail, sizeof(row->detail), "%s on %zu of %zu known lock functions%s", how, there,
		 of, !strcmp(how, "fentry") ? "" : ": dearer");
}

/* Spinning locks need the functions that release them to be there, not inlined. */
static void look_held_spin(const struct btf *btf, struct probe_row *row)
{
	struct lockfunc_kernel k;
	bool fentry = probe__fentry(btf);
	size_t i, there = 0, of = 0, inlined = 0;

	if ((!fentry && !probe__kprobe_multi() && !probe__kprobe()) || lockfuncs__look(&k, NULL, btf)) {
		yes_if(row, false, "neither fentry nor kprobes are allowed");
		return;
	}
	lockfuncs__need_gives(&k);
	for (i = 0; i < nr_lockfuncs; i++) {
		if (!lockfuncs[i].spin)
			continue;
		of++;
		there += k.states[i] == FUNC_THERE;
		inlined += k.states[i] == FUNC_NO_GIVE;
	}
	row->state = there && !inlined && fentry ? PROBE_YES : there ? PROBE_PARTLY : PROBE_NO;
	snprintf(row->detail, sizeof(row->detail), "%zu of %zu functions%s%s%s", there, of,
		 inlined ? "; some releases are inlined: their holds stay unknown" : "",
		 fentry ? "" : "; through kprobes: trylock holds stay unknown",
		 probe__kernel() < PROBE_KERNEL(6, 15)
			 ? "; kernel before 6.15: maps without deadlock-proof locks" : "");
}

static void look_silent(const struct btf *btf, struct probe_row *row)
{
	(void)btf;
	yes_if(row, false, "no kernel traces them");
}

static void look_lines(const struct btf *btf, struct probe_row *row)
{
	static const char *const why[] = {
		[LINES_NOT_LOOKED] = "the debug info did not answer within 2 s",
		[LINES_NO_LIBDW] = "no libdw (Debian's package libdw1)",
		[LINES_NO_FILE] = "no debug info of this kernel; of a module that has some they are told",
		[LINES_BAD_FILE] = "cannot be read: ",
	};
	enum line_state state = LINES_NOT_LOOKED;
	char file[LINE_FILE_LEN] = "";
	struct line_cache *lines;
	struct line_config cfg;

	(void)btf;
	line_config__defaults(&cfg);
	cfg.job = line_probe__run;
	if (!line_cache__new(&lines, &cfg)) {
		line_cache__start(lines, 1);	/* wherever the kernel is */
		state = line_cache__state(lines, file);
		line_cache__free(lines);
	}
	if (state != LINES_THERE && state != LINES_BAD_FILE)
		file[0] = '\0';
	row->state = state == LINES_THERE ? PROBE_YES : PROBE_NO;
	snprintf(row->detail, sizeof(row->detail), "%s%.200s", why[state] ? why[state] : "", file);
}

static void look_file_locks(const struct btf *btf, struct probe_row *row)
{
	(void)btf;
	yes_if(row, !access("/proc/locks", R_OK), access("/proc/locks", R_OK) ? "no /proc/locks" : "");
}

static void look_futexes(const struct btf *btf, struct probe_row *row)
{
	bool may = has_cap(CAP_SYS_PTRACE);

	(void)btf;
	yes_if(row, may, may ? "glibc's 64-bit mutexes and rwlocks, PI and robust futexes, SysV semaphores"
			     : "no CAP_SYS_PTRACE: the memory of others cannot be read");
}

static void look_user_stacks(const struct btf *btf, struct probe_row *row)
{
	struct probe_child *child;
	struct unwind_probe *p;
	bool may = has_cap(CAP_SYS_PTRACE), ends = false, loads = false, confined = false;
	int err;

	(void)btf;
	if (!probe_child__new(&child, sizeof(*p))) {
		p = probe_child__shared(child);
		p->libdw = UNWIND_LIBDW;
		ends = !probe_child__start(child, unwind_probe__run) &&
		       probe_child__wait(child, LIBDW_NS, &err) && !err;
		loads = ends && p->work;
		confined = p->confined;
		probe_child__free(child);
	}
	yes_if(row, may && loads,
	       !may ? "no CAP_SYS_PTRACE: the memory of others cannot be read" :
	       !ends ? "libdw could not be loaded in time" :
	       !loads ? "no libdw (Debian's package libdw1)" :
	       !confined ? "64-bit programs; this kernel has no seccomp filter to confine what reads their files" :
	       "64-bit programs, by the .eh_frame of their files");
}

static void look_bpf_stats(const struct btf *btf, struct probe_row *row)
{
	char buf[32];

	(void)btf;
	yes_if(row, first_line("/proc/sys/kernel/bpf_stats_enabled", buf, sizeof(buf))[0] == '1',
	       "sysctl kernel.bpf_stats_enabled=1 turns it on");
}

static const struct feature features[] = {
	{ "privileges", "may load BPF programs", "everything live", "only recordings can be read",
	  look_privileges },
	{ "pid_namespace", "sees all processes", "file locks and names of every process",
	  "file locks and owners outside of the namespace are unknown", look_pid_ns },
	{ "lockdown", "BPF may read kernel memory", "everything live", "only recordings can be read",
	  look_lockdown },
	{ "btf", "type information of the kernel", "programs that fit this kernel",
	  "nothing can be loaded", look_btf },
	{ "contention_tracepoints", "lock:contention_begin and contention_end",
	  "waits of every kind, with owners of mutex, ww_mutex, rwsem writer, rt_mutex",
	  "level contention cannot run", look_tracepoints },
	{ "task_iterator", "BPF task iterator", "the live wait-for graph",
	  "no graph, no deadlock detection", look_iterator },
	{ "spin_waits", "waits for spinlocks and rwlocks", "long_spin, spin statistics",
	  "some spin waits fire no tracepoint, and an optimistically spinning rwsem writer fires none "
	  "before it sleeps",
	  look_spin },
	{ "unnamed_owners", "hooks on lock functions (level held)",
	  "owners of rwsem readers, semaphores, percpu_rwsem writers; hold times, leaks",
	  "their waits are shown without an owner", look_held },
	{ "spin_owners", "hooks on spinlock functions (--spin)",
	  "who holds spinlocks and rwlocks; waits that pass no tracepoint",
	  "their waits are shown without an owner", look_held_spin },
	{ "silent_waits",
	  "completions, folio and bit locks, per-VMA locks, SRCU, flush_work, freezing, "
	  "percpu_rwsem writers that drain readers (6.12 and later)",
	  "what such a task waits for", "it is shown as blocked, with its stack, as the end of a chain",
	  look_silent },
	{ "symbols", "kernel symbols", "function names in stacks",
	  "addresses instead of names, and stacks begin in lockscope's own program",
	  look_symbols },
	{ "source_lines", "debug info on this machine", "file and line of call sites in findings",
	  "functions and offsets only", look_lines },
	{ "file_locks", "/proc/locks", "flock, POSIX and OFD locks and leases in the graph",
	  "file locks are not seen", look_file_locks },
	{ "futexes", "memory of other processes",
	  "pthread mutexes and rwlocks, SysV semaphores in the graph",
	  "locks of user space are not seen", look_futexes },
	{ "user_stacks", "libdw, memory of other processes",
	  "where in their programs threads wait for locks of user space, and those that hold them are",
	  "their kernel stacks only", look_user_stacks },
	{ "lockdep", "lockdep tracepoints", "class names, held locks", "level lockdep cannot run",
	  look_lockdep },
	{ "bpf_stats", "BPF run time statistics", "what lockscope itself costs",
	  "its own cost is not shown", look_bpf_stats },
};

int probe__run(struct probe_row *rows, size_t max, size_t *nr)
{
	struct btf *btf = access(BTF_PATH, R_OK) ? NULL : btf__load_vmlinux_btf();
	size_t i;

	*nr = 0;
	for (i = 0; i < sizeof(features) / sizeof(*features) && i < max; i++) {
		const struct feature *f = &features[i];

		rows[i] = (struct probe_row){ .id = f->id, .what = f->what, .gives = f->gives,
					      .without = f->without };
		f->look(btf, &rows[i]);
		*nr = i + 1;
	}
	btf__free(btf);
	return 0;
}
