// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_places.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/live_priv.h"
#include "source/live_types.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

/* So many pairs of a page and an address have to agree, and so many of a hundred: a slab
 * may change while it is looked at. */
#define PAIRS_MIN 4
#define AGREE_MIN 90

/* A machine full of containers has some thousands of file systems. */
#define SUPERS_MAX 16384

struct live_places {
	struct live_bpf *b;
	struct lk_cache *caches;	/* by address */
	uint32_t nr;
	uint64_t *run_queues;		/* by CPU */
};

static int by_addr(const void *a, const void *b)
{
	const struct lk_cache *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* struct page of the address 0, as this cache's pair has it. */
static uint64_t base_of(const struct lk_cache *c, uint32_t page_bytes, uint32_t page_bits)
{
	/* Slabs are aligned to their size, as buddies are. */
	uint64_t start = c->object >> (page_bits + c->order) << (page_bits + c->order);

	return c->slab - (start >> page_bits) * page_bytes;
}

/* The one base that nearly all pairs have; 0: they disagree, or are too few. */
static uint64_t agreed_base(const struct live_places *p, uint32_t page_bytes, uint32_t page_bits)
{
	uint32_t i, k, pairs = 0, votes, best_votes = 0;
	uint64_t base, best = 0;

	for (i = 0; i < p->nr; i++) {
		if (!p->caches[i].object)
			continue;
		pairs++;
		base = base_of(&p->caches[i], page_bytes, page_bits);
		for (k = votes = 0; k < p->nr; k++)
			votes += p->caches[k].object &&
				 base_of(&p->caches[k], page_bytes, page_bits) == base;
		if (votes > best_votes) {
			best_votes = votes;
			best = base;
		}
	}
	return best_votes >= PAIRS_MIN && best_votes * 100 >= pairs * AGREE_MIN ? best : 0;
}

/* All caches, through the list they are in.  Its head lies in none, and has neither name
 * nor size. */
static int list_caches(struct live_places *p)
{
	struct lockscope_bpf__bss *bss = p->b->skel->bss;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	uint64_t first = 0;
	uint32_t i;

	p->caches = malloc(LK_CACHES * sizeof(*p->caches));
	if (!p->caches)
		return -ENOMEM;
	for (i = 0; i < LK_CACHES; i++) {
		if (bpf_prog_test_run_opts(bpf_program__fd(p->b->skel->progs.list_caches), &opts) ||
		    !bss->cache_at || bss->cache_at == first)
			break;
		if (!first)
			first = bss->cache_out.addr;
		if (bss->cache_out.size && *bss->cache_out.name)
			p->caches[p->nr++] = bss->cache_out;
	}
	qsort(p->caches, p->nr, sizeof(*p->caches), by_addr);
	return 0;
}

/* The list is entered through the cache of a socket of our own: no symbol tells where
 * it is. */
static int enter_list(struct live_places *p)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return 0;
	p->b->skel->bss->socket_fd = fd;
	p->b->skel->bss->cache_at = 0;
	err = list_caches(p);
	close(fd);
	return err;
}

/* What an iterator says that is run once. */
static int list_run_queues(struct live_places *p)
{
	struct bpf_link *link = bpf_program__attach_iter(p->b->skel->progs.run_queues, NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	struct lk_run_queue rqs[256];
	ssize_t len, i;

	p->run_queues = calloc(p->b->nr_cpus, sizeof(*p->run_queues));
	/* The kernel hands out whole records. */
	while (p->run_queues && fd >= 0 && (len = read(fd, rqs, sizeof(rqs))) > 0)
		for (i = 0; i < len / (ssize_t)sizeof(*rqs); i++)
			if (rqs[i].cpu < p->b->nr_cpus)
				p->run_queues[rqs[i].cpu] = rqs[i].rq;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return p->run_queues ? 0 : -ENOMEM;
}

/* Whether the kernel, where it can tell, has each pair's object in the cache that the
 * base leads to.  Both are looked up in one run of a program, so nothing moves between. */
static bool kernel_agrees(const struct live_places *p, uint64_t base)
{
	struct lk_cache_check *check = &p->b->skel->bss->cache_check;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	uint32_t i;

	for (i = 0; i < p->nr; i++) {
		if (!p->caches[i].object)
			continue;
		check->base = base;
		check->addr = p->caches[i].object;
		if (bpf_prog_test_run_opts(bpf_program__fd(p->b->skel->progs.check_cache), &opts))
			return false;
		if (check->known && check->ours && check->ours != check->kernels)
			return false;
	}
	return true;
}

int live_places__new(struct live_places **out, struct live_bpf *b, const struct live_types *types)
{
	struct live_places *p = calloc(1, sizeof(*p));
	uint32_t page_bits = b->skel->rodata->cfg.page_bits;
	uint32_t page_bytes = live_types__bytes(types, "page");
	uint64_t base;
	int err;

	*out = p;
	if (!p)
		return -ENOMEM;
	p->b = b;
	err = enter_list(p) ?: list_run_queues(p);
	base = !err && page_bytes ? agreed_base(p, page_bytes, page_bits) : 0;
	if (base && kernel_agrees(p, base))
		b->skel->bss->page_base = base;
	return err;
}

void live_places__free(struct live_places *p)
{
	if (!p)
		return;
	free(p->caches);
	free(p->run_queues);
	free(p);
}

int live_places__get(const struct live_places *p, uint64_t lock, struct lk_place *out)
{
	return bpf_map_lookup_elem(bpf_map__fd(p->b->skel->maps.places), &lock, out) ? -ENOENT : 0;
}

/* A cache that came after the start. */
static const struct lk_cache *add_cache(struct live_places *p, uint64_t addr)
{
	struct lockscope_bpf__bss *bss = p->b->skel->bss;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (p->nr == LK_CACHES)
		return NULL;
	bss->cache_at = addr;
	if (bpf_prog_test_run_opts(bpf_program__fd(p->b->skel->progs.list_caches), &opts) ||
	    !bss->cache_out.size || !*bss->cache_out.name)
		return NULL;
	p->caches[p->nr++] = bss->cache_out;
	qsort(p->caches, p->nr, sizeof(*p->caches), by_addr);
	return live_places__cache(p, addr);
}

const struct lk_cache *live_places__cache(struct live_places *p, uint64_t addr)
{
	const struct lk_cache key = { .addr = addr }, *found;

	found = bsearch(&key, p->caches, p->nr, sizeof(key), by_addr);
	return found || !addr ? found : add_cache(p, addr);
}

const struct lk_cache *live_places__caches(const struct live_places *p, uint32_t *nr)
{
	*nr = p->nr;
	return p->caches;
}

void live_places__tell(const struct live_places *p, uint64_t cache, enum lk_object what,
		       uint32_t off)
{
	const struct lk_cache_fact fact = { .what = what, .off = off };

	bpf_map_update_elem(bpf_map__fd(p->b->skel->maps.cache_facts), &cache, &fact, BPF_ANY);
}

uint64_t live_places__run_queue(const struct live_places *p, uint32_t cpu)
{
	return cpu < p->b->nr_cpus ? p->run_queues[cpu] : 0;
}

uint32_t live_places__nr_cpus(const struct live_places *p)
{
	return p->b->nr_cpus;
}

int live_places__super(const struct live_places *p, uint64_t addr, struct lk_super *out)
{
	struct lockscope_bpf__bss *bss = p->b->skel->bss;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	uint64_t first = 0;
	uint32_t i;

	bss->super_at = 0;
	for (i = 0; i < SUPERS_MAX; i++) {
		if (bpf_prog_test_run_opts(bpf_program__fd(p->b->skel->progs.list_supers), &opts))
			return -ENOENT;
		if (bss->super_out.addr == addr) {
			*out = bss->super_out;
			return 0;
		}
		if (!first)
			first = bss->super_out.addr;
		if (!bss->super_at || bss->super_at == first)
			break;
	}
	return -ENOENT;
}
