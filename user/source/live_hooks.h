/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_hooks.h - the hooks of level held on the kernel's lock functions.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_HOOKS_H
#define LOCKSCOPE_SOURCE_LIVE_HOOKS_H

#include "source/lockfuncs.h"

struct live_stage;
struct lk_error;
struct lockscope_bpf;
struct live_hooks;

enum live_hook_how { HOOK_AUTO, HOOK_FENTRY, HOOK_KPROBE_MULTI, HOOK_KPROBE };

struct btf;
struct symbols;
/* Looks what there is to hook, with the kernel's symbols and types.  -EOPNOTSUPP with *err
 * filled when the kernel allows no hook at all; *out is to be freed in any case. */
int live_hooks__new(struct live_hooks **out, bool spin, enum live_hook_how how,
		    const struct symbols *symbols, const struct btf *btf, struct lk_error *err);
/* Detaches, which takes the kernel a while for each; takes NULL. */
void live_hooks__free(struct live_hooks *h, const struct live_stage *stage);

/* Before the load: turns on the programs that will be attached.  h NULL: none. */
void live_hooks__choose(const struct live_hooks *h, struct lockscope_bpf *skel);
/* The kernel refused to load this program: leaves its row out.  False: it belongs to
 * no row that could be left out. */
bool live_hooks__leave_out(struct live_hooks *h, const char *program);
/* After the load.  0 or -errno with *err filled. */
int live_hooks__attach(struct live_hooks *h, struct lockscope_bpf *skel,
		       const struct live_stage *stage, struct lk_error *err);

/* What was hooked, and why the rest was not. */
const struct lockfunc_kernel *live_hooks__kernel(const struct live_hooks *h);
size_t live_hooks__nr(const struct live_hooks *h);
enum live_hook_how live_hooks__how(const struct live_hooks *h);

#endif
