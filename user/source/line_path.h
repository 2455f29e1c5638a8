/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * line_path.h - names of files around debug info: pure.
 */
#ifndef LOCKSCOPE_SOURCE_LINE_PATH_H
#define LOCKSCOPE_SOURCE_LINE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 32

struct build_id {
	uint8_t bytes[BUILD_ID_MAX];
	size_t len;	/* 0: none */
};

/* The build id among ELF notes, which are in this machine's byte order. */
void build_id__from_notes(struct build_id *id, const void *notes, size_t len);
/* Both are there and the same. */
bool build_id__is(const struct build_id *a, const struct build_id *b);
/* ".build-id/ab/cdef….debug" */
const char *build_id__path(const struct build_id *id, char *buf, size_t size);

/* A source file as a person would call it: without the directories it shares with the
 * one that it was compiled in (of a kernel: "fs/ext4/inode.c"), or, where they share
 * none, the last two parts of its path.  dir may be NULL.  Returns buf. */
const char *line_path__shorten(char *buf, size_t size, const char *file, const char *dir);

/* Whether a line of modules.dep ("kernel/fs/ext4/ext4.ko.xz: kernel/…") is that of the
 * module; then its path, in buf. */
bool line_path__of_module(const char *line, const char *module, char *buf, size_t size);

#endif
