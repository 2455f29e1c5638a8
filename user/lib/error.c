// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>

int lk_error__set(struct lk_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, ap);
	va_end(ap);
	return code;
}

void lk_error__hint(struct lk_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}
