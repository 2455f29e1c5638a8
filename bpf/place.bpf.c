// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * place.bpf.c - before the start: which slab caches there are, and pairs of a struct page
 * and an address that lies in it.  User space runs it and draws from the pairs
 * how addresses lead to pages: no symbol tells that.
 */
#include "place.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

int socket_fd;				/* of a socket of our own: its slab cache is the first */
__u64 cache_at;				/* the next to look at; 0: the first */
struct lk_cache cache_out;
struct lk_cache_check cache_check;
__u64 super_at;				/* the same of the mounted file systems */
struct lk_super super_out;

static __always_inline struct kmem_cache___any *first_cache(void)
{
	struct task_struct___files *task = (void *)bpf_get_current_task();
	struct file___any **fds = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;
	struct socket___any *socket;

	bpf_probe_read_kernel(&file, sizeof(file), &fds[socket_fd & 0xffff]);
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk, __sk_common.skc_prot, slab);
}

static __always_inline struct kmem_cache_node___any *first_node(struct kmem_cache___any *cache)
{
	struct kmem_cache_node___any *node = NULL;
	struct kmem_cache___per_node *other = (void *)cache;

	if (bpf_core_field_exists(cache->node))
		bpf_core_read(&node, sizeof(node), &cache->node[0]);
	else if (bpf_core_field_exists(other->per_node))
		bpf_core_read(&node, sizeof(node), &other->per_node[0].node);
	return node;
}

static __always_inline void note_cache(struct kmem_cache___any *cache, struct lk_cache *c)
{
	struct kmem_cache_node___any *node = first_node(cache);
	struct list_head *first;
	struct slab___any *slab;

	c->addr = (__u64)cache;
	c->slab = c->object = 0;
	c->size = BPF_CORE_READ(cache, size);
	c->object_bytes = BPF_CORE_READ(cache, object_size);
	c->order = BPF_CORE_READ(cache, oo.x) >> 16;
	c->refcount = BPF_CORE_READ(cache, refcount);
	bpf_probe_read_kernel_str(c->name, sizeof(c->name), BPF_CORE_READ(cache, name));
	first = BPF_CORE_READ(node, partial.next);
	/* An empty list leads back to its head, inside the node. */
	if (!node || (__u64)first - (__u64)node < bpf_core_type_size(struct kmem_cache_node___any))
		return;
	slab = (void *)first - bpf_core_field_offset(struct slab___any, slab_list);
	if (BPF_CORE_READ(slab, slab_cache) != cache)
		return;
	c->slab = (__u64)slab;
	c->object = (__u64)BPF_CORE_READ(slab, freelist);
}

/* One cache a call: cache_at, or the first. */
SEC("syscall")
int list_caches(void *ctx __attribute__((unused)))
{
	struct kmem_cache___any *cache = (void *)cache_at;
	struct list_head *next;

	if (!cache)
		cache = first_cache();
	if (!cache)
		return 0;
	note_cache(cache, &cache_out);
	next = BPF_CORE_READ(cache, list.next);
	cache_at = (__u64)next - bpf_core_field_offset(struct kmem_cache___any, list);
	return 0;
}

/* 6.14 and later; the address may be any.  Only one object may use it: see site.bpf.h. */
extern struct kmem_cache___any *bpf_get_kmem_cache(__u64 addr) __ksym __weak;

/* Of which cache an address is, as place_in_slab() has it and as the kernel has it. */
SEC("syscall")
int check_cache(void *ctx __attribute__((unused)))
{
	struct lk_place p = {};
	__u64 object;

	cache_check.kernels = cache_check.known = 0;
	if (!bpf_get_kmem_cache)
		return 0;
	cache_check.known = 1;
	cache_check.kernels = (__u64)bpf_get_kmem_cache(cache_check.addr);
	place_in_slab(cache_check.base, cache_check.addr, &p, &object);
	cache_check.ours = p.cache;
	return 0;
}

/* One mounted file system a call: super_at, or the one that our root is of. */
SEC("syscall")
int list_supers(void *ctx __attribute__((unused)))
{
	struct task_struct___files *task = (void *)bpf_get_current_task();
	struct super_block___any *sb = (void *)super_at;
	struct list_head *next;

	if (!sb)
		sb = BPF_CORE_READ(task, fs, root.dentry, d_sb);
	super_out.addr = (__u64)sb;
	super_out.dev = BPF_CORE_READ(sb, s_dev);
	bpf_core_read_str(super_out.id, sizeof(super_out.id), &sb->s_id);
	next = BPF_CORE_READ(sb, s_list.next);
	super_at = (__u64)next - bpf_core_field_offset(struct super_block___any, s_list);
	return 0;
}

/* The run queue of each task's CPU: from there all per-CPU data of that CPU is found. */
SEC("iter/task")
int run_queues(struct bpf_iter__task *ctx)
{
	struct task_struct___se *task = (void *)ctx->task;
	struct lk_run_queue out = {};
	struct rq___any *rq;

	if (!task || !bpf_core_field_exists(task->se) ||
	    !bpf_core_field_exists(((struct sched_entity___any *)0)->cfs_rq) ||
	    !bpf_core_field_exists(((struct cfs_rq___any *)0)->rq) ||
	    !bpf_core_field_exists(((struct rq___any *)0)->cpu))
		return 0;
	rq = BPF_CORE_READ(task, se.cfs_rq, rq);
	if (!rq)
		return 0;
	out.rq = (__u64)rq;
	out.cpu = BPF_CORE_READ(rq, cpu);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}
