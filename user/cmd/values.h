/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * values.h - option values that are words of the contract.  A cmd_value__ has the shape
 * of option_row.parse, dst is of the type named; a cmd_word__ that of option_row.word.
 */
#ifndef LOCKSCOPE_CMD_VALUES_H
#define LOCKSCOPE_CMD_VALUES_H

#include <stddef.h>

int cmd_value__kinds(void *dst, const char *arg);	/* uint32_t, bit 1 << lock_kind */
int cmd_value__findings(void *dst, const char *arg);	/* uint32_t, bit 1 << finding_kind */
int cmd_value__level(void *dst, const char *arg);	/* enum cmd_level */
int cmd_value__hooks(void *dst, const char *arg);	/* enum live_hook_how */
int cmd_value__color(void *dst, const char *arg);	/* enum cmd_color */
int cmd_value__stacks(void *dst, const char *arg);	/* enum live_stack_mode */
int cmd_value__group(void *dst, const char *arg);	/* enum stat_group */
int cmd_value__sort(void *dst, const char *arg);	/* const char *, a column */
int cmd_value__lock(void *dst, const char *arg);	/* const char *, name or address */

const char *cmd_word__kind(size_t i);
const char *cmd_word__finding(size_t i);
const char *cmd_word__level(size_t i);
const char *cmd_word__hooks(size_t i);
const char *cmd_word__color(size_t i);
const char *cmd_word__stacks(size_t i);
const char *cmd_word__group(size_t i);
const char *cmd_word__column(size_t i);

#endif
