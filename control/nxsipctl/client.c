/* The client: blocking, one request outstanding. A line is read whole before it is parsed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/nxsipctl/client.h"
#include "nxsip/protocol.h"

struct nx_client {
	int fd;
	unsigned id;
	char *buf; /* bytes received and not yet taken as a line */
	size_t len, cap;
};

static int client_connect(const char *path, int *fd, struct nx_error *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(sa.sun_path))
		return nx_fail(err, NX_ERR_IO, "%s: a socket's path has at most %zu bytes", path,
			sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && connect(*fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return 0;
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return nx_fail(err, NX_ERR_IO,
			"no nxsipd listens on %s: is it running? (another socket: --socket PATH)",
			path);
	case EACCES:
		return nx_fail(err, NX_ERR_IO,
			"%s: no permission: become root or a member of the socket's group", path);
	default:
		return nx_fail(err, NX_ERR_IO, "%s: %s", path, strerror(errno));
	}
}

int nx_client_open(const char *path, struct nx_client **out, struct nx_error *err)
{
	struct nx_client *c = calloc(1, sizeof(*c));
	json_t *result;
	int rc;

	if (!c)
		return nx_fail(err, NX_ERR_NOMEM, "no memory");
	c->fd = -1;
	rc = client_connect(path, &c->fd, err);
	if (rc == 0)
		rc = nx_client_call(c, "hello", json_pack("{s:i}", "protocol", NX_PROTOCOL), -1,
			NULL, NULL, NULL, &result, NULL, err);
	if (rc != 0) {
		nx_client_close(c);
		return rc;
	}
	json_decref(result);
	*out = c;
	return 0;
}

void nx_client_close(struct nx_client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->buf);
	free(c);
}

/* Sends bytes, the first of them with a descriptor where fd is not -1. */
static int send_all(struct nx_client *c, const char *data, size_t len, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};

	while (len > 0) {
		struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n;

		if (fd >= 0) {
			struct cmsghdr *cmsg = &control.align;

			msg.msg_control = control.buf;
			msg.msg_controllen = sizeof(control.buf);
			cmsg->cmsg_level = SOL_SOCKET;
			cmsg->cmsg_type = SCM_RIGHTS;
			cmsg->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
		}
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		fd = -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads more bytes.  Return: 0, or -1 at the end, on an error, or where *stop is set. */
static int receive(struct nx_client *c, const volatile int *stop)
{
	ssize_t n;

	if (c->cap - c->len < 4096) {
		size_t cap = c->cap ? 2 * c->cap : 65536;
		char *buf = realloc(c->buf, cap);

		if (!buf)
			return -1;
		c->buf = buf;
		c->cap = cap;
	}
	do {
		if (stop && *stop)
			return -1;
		n = recv(c->fd, c->buf + c->len, c->cap - c->len, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	c->len += (size_t)n;
	return 0;
}

/* Takes the next line as a JSON object.  Return: NULL where the connection ended. */
static json_t *next_message(struct nx_client *c, const volatile int *stop)
{
	size_t seen = 0;
	char *end;
	json_t *message;

	while (!c->buf || !(end = memchr(c->buf + seen, '\n', c->len - seen))) {
		seen = c->len;
		if (receive(c, stop) != 0)
			return NULL;
	}
	message = json_loadb(c->buf, (size_t)(end - c->buf), 0, NULL);
	c->len -= (size_t)(end + 1 - c->buf);
	memmove(c->buf, end + 1, c->len);
	return message;
}

static int take_error(const json_t *error, json_t **data, struct nx_error *err)
{
	const char *text = json_string_value(json_object_get(error, "message"));
	json_int_t code = json_integer_value(json_object_get(error, "code"));

	if (data)
		*data = json_incref(json_object_get(error, "data"));
	return nx_fail(err, code < 0 ? (int)code : NX_ERR_INVALID, "%s",
		text ? text : "the daemon refused without a reason");
}

static int await_answer(struct nx_client *c, nx_client_notify notify, void *arg,
	const volatile int *stop, json_t **result, json_t **error_data, struct nx_error *err)
{
	for (;;) {
		json_t *message = next_message(c, stop), *error;
		const char *method;
		int rc = 0;

		if (!message && stop && *stop)
			return nx_fail(err, NX_ERR_CANCELLED, "cancelled: nothing was changed");
		if (!message)
			return nx_fail(err, NX_ERR_IO,
				"the daemon closed the connection before it answered (see its "
				"log)");
		method = json_string_value(json_object_get(message, "method"));
		if (method) {
			if (notify)
				notify(arg, method, json_object_get(message, "params"));
			json_decref(message);
			continue;
		}
		error = json_object_get(message, "error");
		if (error)
			rc = take_error(error, error_data, err);
		else
			*result = json_incref(json_object_get(message, "result"));
		json_decref(message);
		return rc;
	}
}

int nx_client_call(struct nx_client *c, const char *method, json_t *params, int fd,
	nx_client_notify notify, void *arg, const volatile int *stop, json_t **result,
	json_t **error_data, struct nx_error *err)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", (int)++c->id,
		"method", method, "params", params);
	char *line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len = line ? strlen(line) : 0;
	int rc = 0;

	if (error_data)
		*error_data = NULL;
	*result = NULL;
	json_decref(request);
	if (!line)
		return nx_fail(err, NX_ERR_INVALID,
			"%s: the arguments are no valid UTF-8, or there is no memory", method);
	line[len] = '\n'; /* in the place of the terminator */
	if (send_all(c, line, len + 1, fd) != 0)
		rc = nx_fail(
			err, NX_ERR_IO, "the daemon closed the connection: %s", strerror(errno));
	free(line);
	return rc ? rc : await_answer(c, notify, arg, stop, result, error_data, err);
}
