/* One connection on the control socket: see conn.h. Plain events and not bufferevents, because
 * descriptors come with recvmsg, and because a limit on unread output must close, not pause.
 * A client is freed only from its own event callbacks, so that whoever sends to it (a handler, the
 * loader's progress) never holds a dangling pointer. */
#include "control/server/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "control/server/log.h"
#include "control/server/rpc.h"
#include "nxsip/protocol.h"

#define READ_MAX     16384 /* bytes a turn: other clients get theirs */
#define WAITING_MAX  1024  /* requests a client may have unanswered; more are not read yet */
#define LINGER_MAX_S 5     /* seconds that a closing client has to read its last lines */

static void close_when_sent(struct nx_conn *c)
{
	static const struct timeval linger = {.tv_sec = LINGER_MAX_S};

	c->closing = true;
	(void)event_del(c->readable);
	if (evbuffer_get_length(c->out) > 0)
		(void)event_add(c->writable, &linger);
	else if (c->waiting == 0)
		c->dead = true;
}

static void kill_soon(struct nx_conn *c)
{
	c->dead = true;
	event_active(c->writable, EV_WRITE, 0);
}

static void flush(struct nx_conn *c)
{
	struct evbuffer_iovec piece;

	while (!c->dead && evbuffer_peek(c->out, -1, NULL, &piece, 1) > 0) {
		ssize_t n = send(c->fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			(void)evbuffer_drain(c->out, (size_t)n);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			kill_soon(c);
	}
}

void nx_conn_send(struct nx_conn *c, char *line)
{
	size_t unread;

	if (!line || c->dead) {
		free(line);
		return;
	}
	if (evbuffer_add(c->out, line, strlen(line)) != 0)
		kill_soon(c);
	free(line);
	flush(c);
	unread = evbuffer_get_length(c->out);
	if (unread > NX_UNREAD_MAX) {
		nx_log(NX_LOG_WARNING, "client uid=%u pid=%d left %zu bytes unread: closed",
			(unsigned)c->uid, (int)c->pid, unread);
		kill_soon(c);
	} else if (unread > 0 && !c->closing) {
		(void)event_add(c->writable, NULL);
	}
}

/* take_fds gives the descriptors that belong to a line ending at stream offset end. */
static unsigned take_fds(struct nx_conn *c, uint64_t end, int fds[NX_CONN_FDS + 1])
{
	unsigned n = 0;

	while (n < c->n_passed && c->passed[n].at < end) {
		fds[n] = c->passed[n].fd;
		n++;
	}
	c->n_passed -= n;
	memmove(c->passed, c->passed + n, c->n_passed * sizeof(c->passed[0]));
	return n;
}

static void close_fds(const int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static void take_lines(struct nx_conn *c)
{
	int fds[NX_CONN_FDS + 1];
	size_t len;
	char *line;

	while (!c->dead && c->waiting < WAITING_MAX &&
		(line = evbuffer_readln(c->in, &len, EVBUFFER_EOL_LF))) {
		unsigned n;

		c->taken += len + 1;
		n = take_fds(c, c->taken, fds);
		if (len >= NX_LINE_MAX) {
			close_fds(fds, n);
			free(line);
			nx_rpc_refuse_line(c);
			close_when_sent(c);
			return;
		}
		nx_rpc_line(c, line, len, fds, n);
		free(line);
	}
	if (c->waiting == WAITING_MAX) {
		c->paused = true;
		(void)event_del(c->readable);
	} else if (!c->dead && evbuffer_get_length(c->in) >= NX_LINE_MAX) {
		nx_rpc_refuse_line(c);
		close_when_sent(c);
	}
}

void nx_conn_answered(struct nx_conn *c)
{
	c->waiting--;
	if (c->closing && c->waiting == 0)
		event_active(c->writable, EV_WRITE, 0);
	if (!c->paused || c->waiting > WAITING_MAX / 2)
		return;
	c->paused = false;
	(void)event_add(c->readable, NULL);
	event_active(c->readable, EV_READ, 0); /* for the lines that are here already */
}

static void keep_fd(struct nx_conn *c, int fd)
{
	if (c->n_passed >= NX_CONN_FDS) {
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
	}
	if (c->n_passed <= NX_CONN_FDS)
		c->passed[c->n_passed++] = (struct nx_passed_fd){.fd = fd, .at = c->received - 1};
}

static void keep_fds(struct nx_conn *c, struct msghdr *msg)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			keep_fd(c, fd);
		}
	}
	if (msg->msg_flags & MSG_CTRUNC)
		keep_fd(c, -1);
}

static void on_end(struct nx_conn *c)
{
	size_t rest = evbuffer_get_length(c->in);

	if (rest > 0)
		nx_log(NX_LOG_WARNING,
			"client uid=%u pid=%d closed in the middle of a line: its %zu bytes are "
			"ignored",
			(unsigned)c->uid, (int)c->pid, rest);
	nx_rpc_client_gone(c);
	close_when_sent(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	char data[READ_MAX];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * NX_CONN_FDS)];
	} control;
	struct nx_conn *c = arg;
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		take_lines(c);
	} else if (n <= 0) {
		on_end(c);
	} else {
		c->received += (uint64_t)n;
		keep_fds(c, &msg);
		if (evbuffer_add(c->in, data, (size_t)n) != 0)
			c->dead = true;
		else if (memchr(data, '\n', (size_t)n) || evbuffer_get_length(c->in) >= NX_LINE_MAX)
			take_lines(c);
	}
	if (c->dead)
		nx_conn_destroy(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct nx_conn *c = arg;

	(void)fd;
	if (!c->dead && !(what & EV_TIMEOUT)) {
		flush(c);
		if (!c->dead && c->closing)
			close_when_sent(c);
		else if (!c->dead && evbuffer_get_length(c->out) > 0)
			(void)event_add(c->writable, NULL);
	}
	if (c->dead || (what & EV_TIMEOUT))
		nx_conn_destroy(c);
}

struct nx_conn *nx_conn_create(struct nx_server *s, struct event_base *base, int fd)
{
	struct nx_conn *c = calloc(1, sizeof(*c));
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (!c) {
		(void)close(fd);
		return NULL;
	}
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	c->server = s;
	c->fd = fd;
	c->uid = peer.uid;
	c->pid = peer.pid;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
	c->in = evbuffer_new();
	c->out = evbuffer_new();
	LIST_INSERT_HEAD(&s->clients, c, link);
	s->n_clients++;
	if (!c->readable || !c->writable || !c->in || !c->out ||
		event_add(c->readable, NULL) != 0) {
		nx_conn_destroy(c);
		return NULL;
	}
	return c;
}

void nx_conn_destroy(struct nx_conn *c)
{
	nx_rpc_client_gone(c);
	nx_rpc_forget_client(c->server, c);
	LIST_REMOVE(c, link);
	c->server->n_clients--;
	for (unsigned i = 0; i < c->n_passed; i++)
		if (c->passed[i].fd >= 0)
			(void)close(c->passed[i].fd);
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	if (c->in)
		evbuffer_free(c->in);
	if (c->out)
		evbuffer_free(c->out);
	(void)close(c->fd);
	free(c);
}
