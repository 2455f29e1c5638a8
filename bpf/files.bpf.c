// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * files.bpf.c - who has the locked files open: all open descriptors of all tasks,
 * those only that are of wanted inodes.
 *
 * The iterator shows a thread only when its table of descriptors is not that of its
 * process's first thread (kernel/bpf/task_iter.c), and asks nobody for leave, so it
 * also sees processes that procfs hides.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "abi.h"

/* Inode numbers, set by user space before each pass. */
struct wanted_inodes {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LK_WANTED_INODES);
	__type(key, __u64);
	__type(value, __u32);
};
struct wanted_inodes wanted_inodes SEC(".maps");

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct super_block___files {
	__u32 s_dev;
};
struct inode___files {
	unsigned long i_ino;
	struct super_block___files *i_sb;
};
struct file___files {
	struct inode___files *f_inode;
};
struct file___before_613 {
	struct {
		long counter;
	} f_count;
};
/* 90ee6ed776c0 ("fs: port files to file_ref"): counts from 0 */
struct file___since_613 {
	struct {
		struct {
			long counter;
		} refcnt;
	} f_ref;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};
#pragma clang attribute pop

/* References to the description, without the one that this iterator has. */
static __always_inline __s64 nr_refs(struct file *file)
{
	struct file___since_613 *f = (void *)file;
	struct file___before_613 *old = (void *)file;

	if (bpf_core_field_exists(f->f_ref))
		return BPF_CORE_READ(f, f_ref.refcnt.counter);
	return BPF_CORE_READ(old, f_count.counter) - 1;
}

SEC("iter/task_file")
int open_files(struct bpf_iter__task_file *ctx)
{
	struct file___files *file = (void *)ctx->file;
	struct task_struct *task = ctx->task;
	struct lk_file rec = {};
	__u64 ino;

	if (!task || !file)
		return 0;
	ino = BPF_CORE_READ(file, f_inode, i_ino);
	if (!bpf_map_lookup_elem(&wanted_inodes, &ino))
		return 0;
	rec.file = (__u64)file;
	rec.ino = ino;
	rec.dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	rec.refs = nr_refs((void *)file);
	rec.pid = BPF_CORE_READ(task, tgid);
	rec.tid = BPF_CORE_READ(task, pid);
	rec.fd = ctx->fd;
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
