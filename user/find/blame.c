// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/blame.h"

#include <string.h>

#include "record/caller.h"

#define FUNCS_MAX 12


/* A cause, and the functions that tell of it.  A trailing * stands for any rest; one that
 * begins with = has to be the one that waits, not just one of the stack.  In
 * this order: what is named first says more than what is below it on the same stack
 * (an NFS write that waits for a page waits for the server, not for a disk). */
static const struct {
	struct blame blame;
	const char *funcs[FUNCS_MAX];
} causes[] = {
	{ { "frozen_fs", "the thaw of a frozen file system",
	    "thaw it: fsfreeze --unfreeze MOUNTPOINT (or dmsetup resume, if a snapshot is being "
	    "taken)" },
	  { "=__sb_start_write", "=mnt_want_write*", "=vfs_write", "=vfs_writev", "=do_iter_write",
	    "=vfs_iter_write", "=filemap_page_mkwrite", "=ext4_page_mkwrite", "=vfs_truncate",
	    "=vfs_fallocate", "=ksys_write", "=do_page_mkwrite" } },
	{ { "user_fault", "a page fault that a user-space program handles (userfaultfd)",
	    "look at the program that handles the faults: a hypervisor, a live migration" },
	  { "handle_userfault" } },
	{ { "fuse", "the daemon of a FUSE file system",
	    "look at that daemon; echo 1 > /sys/fs/fuse/connections/N/abort ends the wait" },
	  { "request_wait_answer", "fuse_simple_request*", "__fuse_simple_request",
	    "fuse_wait_*" } },
	{ { "nfs", "an NFS server",
	    "check the server and the way to it; umount -f -l MOUNTPOINT gives up on it" },
	  { "rpc_wait_bit_killable", "nfs_wait_*", "nfs4_*", "nfs3_*", "nfs_file_*",
	    "__rpc_execute", "rpc_run_task" } },
	{ { "smb", "an SMB server", "check the server and the way to it" },
	  { "cifs_*", "wait_for_response", "smb2_*" } },
	{ { "ceph", "a Ceph cluster", "check the health of the cluster" },
	  { "ceph_*", "rbd_*" } },
	{ { "dm_suspended", "a suspended device-mapper device",
	    "dmsetup info tells which is SUSPENDED; dmsetup resume NAME" },
	  { "dm_wait_for_*", "__dm_suspend", "dm_suspend" } },
	{ { "md", "a software RAID array", "look at /proc/mdstat" },
	  { "md_write_start", "md_handle_request", "raid5_*", "raid1_*", "raid10_*",
	    "md_super_wait" } },
	{ { "journal", "the commit of a file system's journal",
	    "look at the journal's thread (jbd2/..., xfsaild/...): it waits for the disk, or is itself "
	    "stuck" },
	  { "jbd2_log_wait_commit", "wait_transaction_locked", "add_transaction_credits",
	    "jbd2_journal_lock_updates", "xlog_wait*", "xlog_grant_head_wait", "xfs_log_force*",
	    "btrfs_wait_for_commit", "btrfs_commit_transaction", "do_get_write_access" } },
	{ { "throttled", "the write-back of dirty pages (writers are being throttled)",
	    "the disk is slower than the writers; look at Dirty and Writeback in /proc/meminfo" },
	  { "balance_dirty_pages*", "wb_wait_for_completion", "rq_qos_wait", "wbt_wait",
	    "blk_throtl_*" } },
	{ { "reclaim", "free memory",
	    "memory is short: look at /proc/pressure/memory and at who uses it" },
	  { "try_to_free_pages", "try_to_free_mem_cgroup_pages", "shrink_node", "reclaim_throttle*",
	    "mem_cgroup_handle_over_high", "__alloc_pages_slowpath*" } },
	{ { "rcu", "an RCU grace period",
	    "some CPU or task keeps it from ending: look for RCU stalls in the kernel log, and for "
	    "a task that runs in the kernel all the time" },
	  { "synchronize_rcu*", "__wait_rcu_gp", "synchronize_srcu*", "__synchronize_srcu",
	    "rcu_barrier*", "synchronize_rcu_tasks*", "wait_rcu_gp*" } },
	{ { "workqueue", "work that a kworker has to do first",
	    "look for the kworker that does it: among the blocked tasks, or among the busy ones" },
	  { "__flush_work*", "flush_work*", "__flush_workqueue", "flush_workqueue*",
	    "drain_workqueue", "__cancel_work_timer", "__cancel_work_sync", "cancel_work_sync",
	    "cancel_delayed_work_sync" } },
	{ { "freezer", "being thawed (suspend, or the cgroup freezer)",
	    "look at cgroup.freeze and cgroup.events of its cgroup, or finish the suspend" },
	  { "__refrigerator", "refrigerator", "cgroup_freezer*" } },
	{ { "traced", "its debugger", "it is stopped under ptrace: look at TracerPid in its status" },
	  { "ptrace_stop*" } },
	{ { "vfork", "its vfork child, which has neither exec'd nor exited",
	    "look at the child: its parent is frozen until then" },
	  { "wait_for_vfork_done", "kernel_clone" } },
	{ { "coredump", "the program that takes core dumps",
	    "look at kernel.core_pattern and at the program named there" },
	  { "do_coredump", "vfs_coredump", "coredump_wait" } },
	{ { "usb", "a USB device", "look for USB messages in the kernel log; unplug it if you can" },
	  { "usb_start_wait_urb", "usb_kill_urb", "usb_*", "hub_*" } },
	{ { "swap", "a page on the swap device", "the swap device is slow or does not answer" },
	  { "do_swap_page", "swap_read*", "__swap_writepage" } },
	{ { "block_io", "the answer of a block device",
	    "look for I/O errors and timeouts in the kernel log, and at iostat -x or /proc/diskstats" },
	  { "io_schedule*", "bit_wait_io*", "folio_wait_bit*", "wait_on_page_*",
	    "submit_bio_wait*", "__wait_on_buffer", "blk_execute_rq", "blk_mq_get_tag",
	    "__bio_queue_enter", "blk_mq_freeze_queue*", "bio_await*" } },
	{ { "pages", "the lock of a page, held while it is read or written",
	    "look at who does that I/O, and at the device below" },
	  { "__folio_lock*", "folio_lock*", "__lock_page*" } },
	{ { "completion", "a completion: some other task, or a device, has to say that it is done",
	    "the callers on its stack tell what was asked for" },
	  { "wait_for_completion*", "wait_for_common*" } },
};

static bool is_named(const char *sym, const char *pattern)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(sym, pattern, len - 1);
	return !strncmp(sym, pattern, len) && (!sym[len] || sym[len] == '.');
}

static bool is_on(const struct rec_stack *stack, const char *pattern)
{
	bool innermost = *pattern == '=';
	uint32_t first = innermost ? caller__index(stack) : 0;
	uint32_t end = innermost ? first + 1 : stack->nr_frames;

	for (uint32_t i = first; i < end && i < stack->nr_frames; i++)
		if (stack->frames[i].sym && is_named(stack->frames[i].sym, pattern + innermost))
			return true;
	return false;
}

const struct blame *blame__of(const struct rec_stack *stack)
{
	if (!stack)
		return NULL;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		for (size_t k = 0; k < FUNCS_MAX && causes[i].funcs[k]; k++)
			if (is_on(stack, causes[i].funcs[k]))
				return &causes[i].blame;
	return NULL;
}
