// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_socket.c - a load on the network stack: connections over loopback.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define MESSAGE_LEN 512

/* The listening socket of all threads. */
struct listener {
	int fd;
	struct sockaddr_in addr;
};

static int socket_setup(struct run *run)
{
	static struct listener l;
	socklen_t len = sizeof(l.addr);

	l.addr = (struct sockaddr_in){ .sin_family = AF_INET };
	l.addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l.fd < 0)
		return -errno;
	run->state = &l;
	if (bind(l.fd, (struct sockaddr *)&l.addr, sizeof(l.addr)) || listen(l.fd, 4096) ||
	    getsockname(l.fd, (struct sockaddr *)&l.addr, &len))
		return -errno;
	return 0;
}

/* Closed by a reset: no port is left waiting. */
static void close_now(int fd)
{
	const struct linger none = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static int is_reset(int err)
{
	return err == ECONNRESET || err == EPIPE || err == ECONNABORTED;
}

/* Takes what waits at the listener: maybe another thread's, already reset. */
static int serve(const struct listener *l)
{
	char got[MESSAGE_LEN];
	int err = 0, fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (recv(fd, got, sizeof(got), 0) < 0 && !is_reset(errno))
		err = -errno;
	close_now(fd);
	return err;
}

/* Every thread accepts once for each connection it makes, so none waits for ever. */
static int socket_op(struct worker *w)
{
	const struct listener *l = w->run->state;
	static const char message[MESSAGE_LEN];
	int err, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&l->addr, sizeof(l->addr))) {
		err = -errno;
		goto out;
	}
	err = send(fd, message, sizeof(message), MSG_NOSIGNAL) < 0 && !is_reset(errno) ? -errno : 0;
	if (!err)
		err = serve(l);
out:
	close_now(fd);
	return err;
}

static void socket_teardown(struct run *run)
{
	const struct listener *l = run->state;

	if (l)
		close(l->fd);
}

const struct load load_socket = {
	.name = "socket",
	.contends = "sockets, softirqs: connecting over loopback, sending, resetting",
	.nr_threads = 4,
	.setup = socket_setup,
	.op = socket_op,
	.teardown = socket_teardown,
};
