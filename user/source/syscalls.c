// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_priv.h"

static const char *const names[] = {
#include "syscall_names.h"
};

const char *syscall__name(int32_t nr)
{
	return nr >= 0 && (size_t)nr < sizeof(names) / sizeof(*names) ? names[nr] : NULL;
}
