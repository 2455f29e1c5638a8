/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* cmocka.h wants these before it. */
#ifndef LOCKSCOPE_TESTS_CMOCKA_ALL_H
#define LOCKSCOPE_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
