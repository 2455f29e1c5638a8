// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_hooks.c - level held: which lock functions are hooked, and by what.
 *
 * fentry and fexit where the kernel has them; else kprobes, all in one attach where
 * kprobe.multi exists.  A function that cannot be hooked is left out with what
 * depends on it; that is told, never an error.
 */
#include "source/live_hooks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "source/live_stage.h"
#include "source/probe.h"

#include "abi.h"
#include "lockscope.skel.h" /* after abi.h: it uses its types */

struct live_hooks {
	struct lockfunc_kernel kernel;
	enum live_hook_how how;
	bool spin;
	struct bpf_link **links;
	size_t nr_links, links_cap;
	size_t nr_hooked;
};

static void turn_off(struct lockfunc_kernel *k, bool spin, enum live_hook_how how)
{
	size_t i;

	for (i = 0; i < nr_lockfuncs; i++) {
		if (lockfuncs[i].spin && !spin)
			k->states[i] = FUNC_OFF;
		else if (how != HOOK_FENTRY && lockfuncs[i].spin && k->states[i] == FUNC_THERE &&
			 (lockfuncs[i].what == FUNC_TRY1 || lockfuncs[i].what == FUNC_SLOW))
			k->states[i] = FUNC_NO_RETURN;
	}
}

int live_hooks__new(struct live_hooks **out, bool spin, enum live_hook_how how,
		    const struct symbols *symbols, const struct btf *btf, struct lk_error *err)
{
	struct live_hooks *h = calloc(1, sizeof(*h));
	int rc;

	*out = h;
	if (!h)
		return lk_error__set(err, -ENOMEM, "out of memory");
	if (how == HOOK_AUTO)
		how = probe__fentry(btf) ? HOOK_FENTRY : probe__kprobe_multi() ? HOOK_KPROBE_MULTI
									    : HOOK_KPROBE;
	if (how == HOOK_KPROBE && !probe__kprobe()) {
		lk_error__set(err, -EOPNOTSUPP, "this kernel allows neither fentry nor kprobes");
		lk_error__hint(err, "level held needs one of them; without --level held, waits and the "
				    "owners that lock words name are still seen");
		if (err)
			err->status = EXIT_CANNOT;
		return -EOPNOTSUPP;
	}
	h->how = how;
	h->spin = spin;
	rc = lockfuncs__look(&h->kernel, symbols, how == HOOK_FENTRY ? btf : NULL);
	if (rc)
		return lk_error__set(err, rc, "cannot read /proc/kallsyms: %s", strerror(-rc));
	turn_off(&h->kernel, spin, how);
	lockfuncs__need_gives(&h->kernel);
	return 0;
}

void live_hooks__free(struct live_hooks *h, const struct live_stage *stage)
{
	size_t i;

	if (!h)
		return;
	for (i = 0; i < h->nr_links; i++) {
		live_stage__tell(stage, "detaching hooks", i, h->nr_links);
		bpf_link__destroy(h->links[i]);
	}
	free(h->links);
	free(h);
}

/* Programs of a row: take_NAME or give_NAME, and done_NAME where there is one. */
static struct bpf_program *program_of(struct lockscope_bpf *skel, const struct lockfunc *f, bool done)
{
	char name[96];

	snprintf(name, sizeof(name), "%s_%s", done ? "done" : f->what == FUNC_GIVE ? "give" : "take",
		 f->name);
	return bpf_object__find_program_by_name(skel->obj, name);
}

static bool has_exit(const struct lockfunc *f)
{
	return f->what == FUNC_WANT || f->what == FUNC_SLOW;
}

void live_hooks__choose(const struct live_hooks *h, struct lockscope_bpf *skel)
{
	struct bpf_program *p;
	bool on;
	size_t i;

	for (i = 0; i < nr_lockfuncs; i++) {
		on = h && h->how == HOOK_FENTRY && h->kernel.states[i] == FUNC_THERE;
		p = program_of(skel, &lockfuncs[i], false);
		if (p)
			bpf_program__set_autoload(p, on);
		p = has_exit(&lockfuncs[i]) ? program_of(skel, &lockfuncs[i], true) : NULL;
		if (p)
			bpf_program__set_autoload(p, on);
	}
	bpf_program__set_autoload(skel->progs.held_probe_multi, h && h->how == HOOK_KPROBE_MULTI);
	bpf_program__set_autoload(skel->progs.held_return_multi, h && h->how == HOOK_KPROBE_MULTI);
	bpf_program__set_autoload(skel->progs.held_probe, h && h->how == HOOK_KPROBE);
	bpf_program__set_autoload(skel->progs.held_return, h && h->how == HOOK_KPROBE);
	bpf_program__set_autoload(skel->progs.spin_probe_multi,
				  h && h->spin && h->how == HOOK_KPROBE_MULTI);
	bpf_program__set_autoload(skel->progs.spin_probe, h && h->spin && h->how == HOOK_KPROBE);
	bpf_program__set_autoload(skel->progs.held_task_free, h != NULL);
	bpf_program__set_autoload(skel->progs.spin_switch, h && h->spin);
	bpf_program__set_autoload(skel->progs.cpu_pass, h && h->spin);
}

bool live_hooks__leave_out(struct live_hooks *h, const char *program)
{
	const char *name = strchr(program, '_');
	size_t i;

	for (i = 0; name && i < nr_lockfuncs; i++) {
		if (strcmp(lockfuncs[i].name, name + 1) || h->kernel.states[i] != FUNC_THERE)
			continue;
		h->kernel.states[i] = FUNC_REFUSED;
		lockfuncs__need_gives(&h->kernel);
		return true;
	}
	return false;
}

static int keep_link(struct live_hooks *h, struct bpf_link *link)
{
	struct bpf_link **links;

	if (!link)
		return -errno;
	if (h->nr_links == h->links_cap) {
		links = realloc(h->links, (h->links_cap + 64) * sizeof(*links));
		if (!links) {
			bpf_link__destroy(link);
			return -ENOMEM;
		}
		h->links = links;
		h->links_cap += 64;
	}
	h->links[h->nr_links++] = link;
	return 0;
}

/* Attaches the exit first: an entry whose exit is missed would lie. */
static int attach_row(struct live_hooks *h, struct lockscope_bpf *skel, const struct lockfunc *f)
{
	size_t before = h->nr_links;
	struct bpf_program *p;
	int rc = 0;

	if (has_exit(f)) {
		p = program_of(skel, f, true);
		rc = p ? keep_link(h, bpf_program__attach(p)) : -ENOENT;
	}
	p = program_of(skel, f, false);
	rc = rc ?: p ? rc ?: keep_link(h, bpf_program__attach(p)) : -ENOENT;
	while (rc && h->nr_links > before)
		bpf_link__destroy(h->links[--h->nr_links]);
	return rc;
}

static size_t nr_there(const struct live_hooks *h)
{
	size_t i, nr = 0;

	for (i = 0; i < nr_lockfuncs; i++)
		nr += h->kernel.states[i] == FUNC_THERE;
	return nr;
}

/* Gives first, so that a take whose give is refused is not tried. */
static int attach_each(struct live_hooks *h, struct lockscope_bpf *skel,
		       const struct live_stage *stage,
		       int (*attach)(struct live_hooks *h, struct lockscope_bpf *skel,
				     const struct lockfunc *f))
{
	int pass, rc;
	size_t i;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < nr_lockfuncs; i++) {
			const struct lockfunc *f = &lockfuncs[i];

			if ((f->what == FUNC_GIVE) != !pass || h->kernel.states[i] != FUNC_THERE)
				continue;
			live_stage__tell(stage, "attaching hooks", h->nr_hooked, nr_there(h));
			rc = attach(h, skel, f);
			if (rc == -ENOMEM)
				return rc;
			if (rc)
				h->kernel.states[i] = FUNC_REFUSED;
			else
				h->nr_hooked++;
		}
		lockfuncs__need_gives(&h->kernel);
	}
	return 0;
}

static bool needs_return(const struct lockfunc *f)
{
	return f->what == FUNC_TRY0 || f->what == FUNC_TRY1 || f->what == FUNC_WANT;
}

static uint64_t cookie_of(const struct lockfunc *f)
{
	if (f->spin)
		return f->info | (uint64_t)(f->what == FUNC_GIVE) << 24;
	return f->info | (uint64_t)f->arg << 16 | (uint64_t)f->what << 24;
}

static int attach_multi(struct live_hooks *h, struct bpf_program *prog, bool spin, bool returns)
{
	const char *names[sizeof(h->kernel.states) / sizeof(*h->kernel.states)];
	__u64 cookies[sizeof(h->kernel.states) / sizeof(*h->kernel.states)];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = names, .cookies = cookies,
		    .retprobe = returns);
	size_t i;

	for (i = 0; i < nr_lockfuncs; i++) {
		const struct lockfunc *f = &lockfuncs[i];

		if (h->kernel.states[i] != FUNC_THERE || f->spin != spin ||
		    (returns && !needs_return(f)))
			continue;
		names[opts.cnt] = f->name;
		cookies[opts.cnt++] = cookie_of(f);
	}
	if (!opts.cnt)
		return 0;
	if (!returns)
		h->nr_hooked += opts.cnt;
	return keep_link(h, bpf_program__attach_kprobe_multi_opts(prog, NULL, &opts));
}

static int attach_one_kprobe(struct live_hooks *h, struct lockscope_bpf *skel,
			     const struct lockfunc *f)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .bpf_cookie = cookie_of(f));
	struct bpf_program *entry = f->spin ? skel->progs.spin_probe : skel->progs.held_probe;
	int rc = 0;

	if (needs_return(f)) {
		opts.retprobe = true;
		rc = keep_link(h, bpf_program__attach_kprobe_opts(skel->progs.held_return, f->name,
								  &opts));
		opts.retprobe = false;
	}
	return rc ?: keep_link(h, bpf_program__attach_kprobe_opts(entry, f->name, &opts));
}

static int attach_all(struct live_hooks *h, struct lockscope_bpf *skel, const struct live_stage *stage)
{
	int rc;

	switch (h->how) {
	case HOOK_KPROBE_MULTI:
		live_stage__tell(stage, "attaching hooks", 0, 0);
		rc = attach_multi(h, skel->progs.held_return_multi, false, true);
		rc = rc ?: attach_multi(h, skel->progs.held_probe_multi, false, false);
		if (!rc && h->spin)
			rc = attach_multi(h, skel->progs.spin_probe_multi, true, false);
		return rc;
	case HOOK_KPROBE:
		return attach_each(h, skel, stage, attach_one_kprobe);
	default:
		return attach_each(h, skel, stage, attach_row);
	}
}

int live_hooks__attach(struct live_hooks *h, struct lockscope_bpf *skel,
		       const struct live_stage *stage, struct lk_error *err)
{
	int rc = keep_link(h, bpf_program__attach(skel->progs.held_task_free));

	if (!rc && h->spin)
		rc = keep_link(h, bpf_program__attach(skel->progs.spin_switch));
	rc = rc ?: attach_all(h, skel, stage);
	if (!rc && !h->nr_hooked)
		rc = -EOPNOTSUPP;
	if (!rc)
		return 0;
	lk_error__set(err, rc, "cannot hook the kernel's lock functions: %s", strerror(-rc));
	lk_error__hint(err, "`lockscope features` tells what this kernel offers; without --level held, "
			    "waits and the owners that lock words name are still seen");
	if (err)
		err->status = EXIT_CANNOT;
	return rc;
}

const struct lockfunc_kernel *live_hooks__kernel(const struct live_hooks *h)
{
	return &h->kernel;
}

size_t live_hooks__nr(const struct live_hooks *h)
{
	return h->nr_hooked;
}

enum live_hook_how live_hooks__how(const struct live_hooks *h)
{
	return h->how;
}
