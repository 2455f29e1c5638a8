/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_slim.h - the few of the kernel's types that our programs are fitted to, as a file.
 *
 * For each struct that a program knows libbpf goes through all types of the kernel, more
 * than a hundred thousand, and lists the modules' too when it finds none.  Given a file
 * with only those whose names it can look for, it finds the same in a fraction of the time.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_SLIM_H
#define LOCKSCOPE_SOURCE_LIVE_SLIM_H

struct btf;
struct live_types;

/* A file in memory, still empty, that libbpf can be pointed to; -errno. */
int live_slim__open(char *path, unsigned int size);
/* Writes to it the structs, unions and enums that are named as one of those in programs, the
 * BTF of what is to be loaded, with all that is embedded in them; what they point to is not
 * there.  So it serves every relocation of a field, of an enum's value, and of the size or
 * being there of such a type; the numbers of types are its own.  0 or -errno. */
int live_slim__write(int fd, const struct live_types *types, const struct btf *programs);

#endif
