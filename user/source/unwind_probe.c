// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/unwind_probe.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/confine.h"
#include "lib/probe_child.h"
#include "source/libdw.h"
#include "source/unwind_maps.h"

#define STACK_BYTES 65536	/* read at once, from the stack pointer on */
#define RED_ZONE 128
#define VDSO_MAX (1 << 20)
#define NEAR_LABEL 256		/* how far behind a symbol without a size may be meant */

struct unwind_work {
	struct libdw f;
	Dwfl_Callbacks callbacks;
	/* the process */
	uint32_t pid;		/* 0: none */
	int mem;
	struct unwind_maps maps;
	Dwfl *dwfl;
	/* the thread */
	struct unwind_query *query;
	uint64_t stack_at;
	size_t stack_len;
	uint8_t stack[STACK_BYTES];
};

/* The file as the process has it mapped, also when its path leads elsewhere by now; where
 * that is not allowed, what its path leads to, if it is the same file. */
static int open_object(uint32_t pid, const struct unwind_object *o)
{
	char path[UNWIND_PATH_LEN + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, pid, o->start,
		 o->first_end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%u/root%s", pid, o->path);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0 || (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_ino == o->ino))
		return fd;
	close(fd);
	return -1;
}

/* The vdso is no file, but in memory all of it is there. */
static Elf *read_vdso(const struct unwind_work *w, const struct unwind_object *o)
{
	size_t len = o->end - o->start;
	char *image = len <= VDSO_MAX ? malloc(len) : NULL;	/* the child keeps it */
	ssize_t n = image ? pread(w->mem, image, len, (off_t)o->start) : -1;

	return n == (ssize_t)len ? elf_memory(image, len) : NULL;
}

static struct unwind_work *the_work;	/* libdwfl's callbacks have no context */

/* Asked for a module only once an address lies in it. */
static int find_elf(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base, char **file,
		    Elf **elf)
{
	const struct unwind_work *w = the_work;
	const struct unwind_object *o;
	size_t i;

	(void)mod, (void)data, (void)name, (void)file;
	for (i = 0; i < w->maps.nr && w->maps.list[i].start != base; i++)
		;
	if (i == w->maps.nr)
		return -1;
	o = &w->maps.list[i];
	if (o->path[0] == '/')
		return open_object(w->pid, o);
	*elf = read_vdso(w, o);
	return -1;
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl, (void)arg, (void)thread_arg;
	return 0;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl, (void)tid;
	*thread_arg = arg;
	return true;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *word, void *arg)
{
	const struct unwind_work *w = arg;
	uint64_t at = addr - w->stack_at;

	(void)dwfl;
	if (addr >= w->stack_at && w->stack_len >= 8 && at <= w->stack_len - 8) {
		memcpy(word, w->stack + at, 8);
		return true;
	}
	return pread(w->mem, word, 8, (off_t)addr) == 8;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct unwind_work *w = arg;

	w->f.dwfl_thread_state_register_pc(thread, w->query->regs.pc);
	return w->f.dwfl_thread_state_registers(thread, 0, UNWIND_NR_REGS, w->query->regs.reg);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_word,
	.set_initial_registers = set_registers,
};

static uint32_t put_text(struct unwind_query *q, const char *text)
{
	size_t len = strlen(text) + 1;
	uint32_t at = q->text_len;

	if (len > sizeof(q->text) - at)
		return 0;
	memcpy(q->text + at, text, len);
	q->text_len += (uint32_t)len;
	return at;
}

/* A label far before says nothing: the function in between has no symbol. */
static bool is_in(const GElf_Sym *sym, uint64_t off)
{
	return sym->st_size ? off < sym->st_size : off < NEAR_LABEL;
}

/* pc lies in the call, or is where it sleeps: addr, but for return addresses. */
static void put_names(const struct unwind_work *w, struct unwind_frame *f, uint64_t pc)
{
	Dwfl_Module *mod = w->f.dwfl_addrmodule(w->dwfl, pc);
	const char *path, *sym;
	char name[UNWIND_MODULE_LEN];
	GElf_Off off = 0;
	GElf_Addr bias;
	GElf_Sym found;

	if (!mod)
		return;
	path = w->f.dwfl_module_info(mod, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	unwind_maps__name(path ? path : "", name, sizeof(name));
	f->module = put_text(w->query, name);
	if (!w->f.dwfl_module_getelf(mod, &bias))
		return;
	f->off = f->addr - bias;
	sym = w->f.dwfl_module_addrinfo(mod, pc, &off, &found, NULL, NULL, NULL);
	if (sym && *sym && is_in(&found, off))
		f->sym = put_text(w->query, sym);
	if (f->sym)
		f->off = off + (f->addr - pc);
}

static int put_frame(Dwfl_Frame *state, void *arg)
{
	struct unwind_work *w = arg;
	struct unwind_query *q = w->query;
	bool is_activation;
	Dwarf_Addr pc;

	if (!w->f.dwfl_frame_pc(state, &pc, &is_activation) || !pc)
		return DWARF_CB_ABORT;
	q->frames[q->nr_frames] = (struct unwind_frame){ .addr = pc };
	put_names(w, &q->frames[q->nr_frames], pc - !is_activation);
	return ++q->nr_frames < UNWIND_FRAMES ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static void forget_process(struct unwind_work *w)
{
	if (w->dwfl)
		w->f.dwfl_end(w->dwfl);
	w->dwfl = NULL;
	unwind_maps__free(&w->maps);
	if (w->mem >= 0)
		close(w->mem);
	w->mem = -1;
	w->pid = 0;
}

static int read_maps(struct unwind_work *w)
{
	char path[64], *line = NULL;
	size_t size = 0;
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/maps", w->pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (!err && getline(&line, &size, f) > 0)
		err = unwind_maps__add(&w->maps, line);
	err = err ? err : unwind_maps__add(&w->maps, NULL);
	free(line);
	fclose(f);
	return err;
}

/* Reads what waits for the mmap_lock of the process. */
static int open_process(struct unwind_work *w, uint32_t pid)
{
	char path[64];

	forget_process(w);
	w->pid = pid;
	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	w->mem = open(path, O_RDONLY | O_CLOEXEC);
	return w->mem < 0 ? -errno : read_maps(w);
}

static int read_stack(struct unwind_work *w)
{
	uint64_t sp = w->query->regs.sp, at = sp > RED_ZONE ? sp - RED_ZONE : sp;
	ssize_t n = pread(w->mem, w->stack, sizeof(w->stack), (off_t)at);

	if (n <= 0) {	/* nothing below it */
		at = sp;
		n = pread(w->mem, w->stack, sizeof(w->stack), (off_t)at);
	}
	w->stack_at = at;
	w->stack_len = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -EFAULT;
}

/* Knows where the files are; they are opened when an address leads into one. */
static bool report_modules(struct unwind_work *w)
{
	w->dwfl = w->f.dwfl_begin(&w->callbacks);
	if (!w->dwfl)
		return false;
	w->f.dwfl_report_begin(w->dwfl);
	for (size_t i = 0; i < w->maps.nr; i++)
		w->f.dwfl_report_module(w->dwfl, w->maps.list[i].path, w->maps.list[i].start,
					w->maps.list[i].end);
	return !w->f.dwfl_report_end(w->dwfl, NULL, NULL) &&
	       w->f.dwfl_attach_state(w->dwfl, NULL, (pid_t)w->pid, &thread_callbacks, w);
}

static void answer(struct unwind_probe *p, struct unwind_work *w, struct unwind_query *q)
{
	bool is_new = w->pid != q->pid || !w->dwfl;

	p->of_files = false;
	w->query = q;
	q->why = USER_STACK_MEMORY;
	q->nr_frames = 0;
	q->text[0] = '\0';
	q->text_len = 1;	/* 0 is none */
	if ((is_new && open_process(w, q->pid)) || read_stack(w))
		return;
	p->of_files = true;
	q->why = USER_STACK_FILES;
	if (is_new && !report_modules(w))
		return;
	w->f.dwfl_getthread_frames(w->dwfl, (pid_t)q->tid, put_frame, w);
	if (q->nr_frames)
		q->why = USER_STACK_THERE;
}

static void start(struct unwind_probe *p)
{
	struct unwind_work *w = calloc(1, sizeof(*w));

	p->started = true;
	probe_child__stand_back();
	if (!w || !libdw__load(&w->f, p->libdw) || elf_version(EV_CURRENT) == EV_NONE)
		return;
	p->confined = !confine__to_reading();
	w->mem = -1;
	w->callbacks = (Dwfl_Callbacks){
		.find_elf = find_elf,
		.find_debuginfo = libdw__find_no_debuginfo,
	};
	the_work = p->work = w;
}

static uint64_t cpu_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void unwind_probe__run(void *shared)
{
	struct unwind_probe *p = shared;
	uint64_t began_ns = cpu_time_ns();

	if (!p->started)
		start(p);
	for (p->at = 0; p->at < p->nr; p->at++) {
		if (p->work)
			answer(p, p->work, &p->queries[p->at]);
		else
			p->queries[p->at].why = USER_STACK_NO_LIBDW;
	}
	if (p->work)
		forget_process(p->work);
	p->cpu_ns = cpu_time_ns() - began_ns;
}
