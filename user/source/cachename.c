// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/cachename.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_LEN 96

/* "A" in a cache's name, and what a struct's name then may have in its place.  The first
 * that exists and fits is taken. */
static const struct {
	const char *suffix, *instead;
} rules[] = {
	{ "_inode_cache", "_inode_info" },	{ "_inode_cache", "_inode" },
	{ "_inode_cache", "_i" },		{ "_icache", "_inode_info" },
	{ "_cache", "" },			{ "_cache", "_struct" },
	{ "_cache", "_info" },			{ "_cachep", "" },
	{ "_slab", "" },			{ "_pool", "" },
	{ "", "" },				{ "", "_struct" },
	{ "", "_info" },			{ "", "_sock" },
};

/* Names that follow no rule. */
static const struct {
	const char *cache, *type;
} odd[] = {
	{ "filp", "file" },		{ "sock_inode_cache", "socket_alloc" },
	{ "bdev_cache", "bdev_inode" },	{ "inode_cache", "inode" },
	{ "sighand_cache", "sighand_struct" }, { "signal_cache", "signal_struct" }, { "UNIX-STREAM", "unix_sock" },
	{ "mnt_cache", "mount" },	{ "eventpoll_epi", "epitem" },
	{ "eventpoll_pwq", "eppoll_entry" }, { "net_namespace", "net" },
	{ "cred_jar", "cred" },		{ "shmem_inode_cache", "shmem_inode_info" },
	{ "blkdev_ioc", "io_context" }, { "proc_inode_cache", "proc_inode" },
	{ "tw_sock_TCP", "tcp_timewait_sock" }, { "PING", "raw_sock" },
	{ "TCPv6", "tcp6_sock" },	{ "UDPv6", "udp6_sock" },
};

bool cachename__is_kmalloc(const char *cache)
{
	return !strncmp(cache, "kmalloc-", 8) || !strncmp(cache, "dma-kmalloc-", 12);
}

/* The object of a cache is its struct, or that with a little more behind it: an
 * unlike size means that the name meets another struct by chance. */
static bool fits(const struct types *t, uint32_t id, uint32_t object_bytes)
{
	uint32_t size = types__size(t, id);

	return id && size <= object_bytes && object_bytes - size <= object_bytes / 4;
}

static uint32_t by_name(const struct types *t, const char *name, uint32_t object_bytes)
{
	uint32_t id = t->find(t->ctx, name);

	return fits(t, id, object_bytes) ? id : 0;
}

static uint32_t by_rules(const struct types *t, const char *cache, uint32_t object_bytes)
{
	size_t len = strlen(cache), i;
	char name[NAME_LEN];
	uint32_t id;

	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		size_t tail = strlen(rules[i].suffix);

		if (len <= tail || strcmp(cache + len - tail, rules[i].suffix))
			continue;
		snprintf(name, sizeof(name), "%.*s%s", (int)(len - tail), cache, rules[i].instead);
		id = by_name(t, name, object_bytes);
		if (id)
			return id;
	}
	return 0;
}

uint32_t cachename__struct(const struct types *t, const char *cache, uint32_t object_bytes)
{
	char lower[NAME_LEN];
	uint32_t id;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		if (!strcmp(odd[i].cache, cache))
			return by_name(t, odd[i].type, object_bytes);
	id = by_rules(t, cache, object_bytes);
	if (id || !isupper((unsigned char)*cache))
		return id;
	/* Caches of protocols: "TCP". */
	for (i = 0; cache[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)cache[i]);
	lower[i] = '\0';
	return by_rules(t, lower, object_bytes);
}
