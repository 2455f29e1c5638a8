/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_settings.h - what the programs are told before they are loaded, and how large their
 * maps are.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_SETTINGS_H
#define LOCKSCOPE_SOURCE_LIVE_SETTINGS_H

#include <stdint.h>

struct lockscope_bpf;
struct live_config;
struct live_hooks;

/* skel is open and not loaded; hooks: as chosen, NULL below level held.  0 or -errno. */
int live_settings__set(struct lockscope_bpf *skel, const struct live_config *cfg,
		       const struct live_hooks *hooks, uint32_t nr_cpus);

#endif
