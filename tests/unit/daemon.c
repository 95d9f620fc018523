/* A whole control plane for a test: see daemon.h. */
#include "tests/unit/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (16u << 20) /* bytes that a client can hold */

/* ---- the data plane's place ---- */

static const struct daemon *as_daemon(const struct nx_dp *dp)
{
	return (const void *)dp;
}

static unsigned workers(const struct nx_dp *dp)
{
	(void)dp;
	return DAEMON_WORKERS;
}

static const struct nx_worker_stats *stats(const struct nx_dp *dp, unsigned worker)
{
	return &as_daemon(dp)->stats[worker];
}

static uint32_t worker_core(const struct nx_dp *dp, unsigned worker)
{
	(void)dp;
	return 4 + worker;
}

static unsigned ports(const struct nx_dp *dp)
{
	(void)dp;
	return 2;
}

static void port(const struct nx_dp *dp, unsigned i, struct nx_port_info *info)
{
	(void)dp;
	*info = (struct nx_port_info){.name = "net_test",
		.pair = "p0",
		.side = i ? "core" : "access",
		.driver = "net_test",
		.mac = {2, 0, 0, 0, 0, (uint8_t)i},
		.queues = DAEMON_WORKERS,
		.mtu = 1500,
		.numa_node = -1,
		.link_up = true,
		.rx_ip_csum = true,
		.tx_udp_csum = true,
		.rx_packets = 100 + i};
}

/* ---- the daemon ---- */

void daemon_write_config(const struct daemon *d, const char *more)
{
	FILE *f = fopen(d->config, "w");

	assert_non_null(f);
	fprintf(f,
		"box: {name: testbox}\n"
		"workers: {control_core: 0, cores: [1, 2]}\n"
		"ports:\n  - {name: p0, access: net_null0, core: net_null1}\n"
		"socket: {path: %s}\n"
		"store: {path: %s/store, map: 64}\n"
		"plans:\n  uk: {country_code: '44', international: ['00'], national: "
		"['0']}\n"
		"services:\n"
		"  - name: dial-out\n    addresses: [192.0.2.20]\n    kind: phone\n"
		"    direction: originating\n"
		"  - name: sbc\n    addresses: [192.0.2.10, '2001:db8::10']\n    "
		"vlans: [none, 7]\n"
		"    kind: phone\n    plan: uk\n"
		"    hosts: [{host: example.net, domain: example.net},"
		" {host: 192.0.2.10, domain: example.net}]\n"
		"sources:\n"
		"  - {class: carrier, trust: peer, 604: on, prefixes: "
		"[198.51.100.0/24]}\n"
		"%s",
		d->socket, d->dir, more);
	assert_int_equal(fclose(f), 0);
}

static void log_line(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "engine: %s\n", line);
}

static void catch_stderr(struct daemon *d)
{
	int fd = open(d->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	assert_true(fd >= 0);
	d->saved_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	(void)close(fd);
}

int daemon_start(void **state)
{
	struct daemon *d = aligned_alloc(_Alignof(struct daemon), sizeof(*d));
	struct nx_server_dataplane dp = {.workers = workers,
		.stats = stats,
		.worker_core = worker_core,
		.ports = ports,
		.port = port};
	struct nx_config_errors errors = {0};
	struct nx_config *config = NULL;
	struct nx_error err = {{0}};

	assert_non_null(d);
	memset(d, 0, sizeof(*d));
	strcpy(d->dir, "/tmp/nxsip-test-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	(void)snprintf(d->config, sizeof(d->config), "%s/nxsip.yaml", d->dir);
	(void)snprintf(d->socket, sizeof(d->socket), "%s/run/nxsipd.sock", d->dir);
	(void)snprintf(d->log, sizeof(d->log), "%s/log", d->dir);
	daemon_write_config(d, "");
	catch_stderr(d);
	*state = d;
	if (nx_config_load(d->config, &config, &errors) != 0)
		fail_msg("%s", errors.line[0]);
	nx_config_errors_free(&errors);
	if (nx_engine_create(config, DAEMON_WORKERS, NULL, &d->policy, log_line, NULL, &d->engine,
		    &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(nx_engine_load_tables_start(d->engine, &err), 0);
	nx_engine_wait(d->engine, NULL);
	dp.dp = (const void *)d;
	if (nx_server_create(d->engine, &dp, &d->server, &err) != 0)
		fail_msg("%s", err.text);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int daemon_stop(void **state)
{
	struct daemon *d = *state;

	nx_server_destroy(d->server);
	nx_engine_destroy(d->engine);
	(void)dup2(d->saved_stderr, STDERR_FILENO);
	(void)close(d->saved_stderr);
	(void)nftw(d->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(d);
	return 0;
}

void daemon_step(struct daemon *d)
{
	for (int i = 0; i < 20; i++)
		nx_server_step(d->server);
}

char *daemon_log(const struct daemon *d)
{
	FILE *f = fopen(d->log, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	(void)fread(text, 1, (1 << 20) - 1, f);
	(void)fclose(f);
	return text;
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&t, NULL);
}

void daemon_logged(struct daemon *d, const char *text)
{
	for (int i = 0; i < DAEMON_WAIT_MS / 2; i++) {
		char *log;
		bool found;

		daemon_step(d);
		log = daemon_log(d);
		found = strstr(log, text) != NULL;
		free(log);
		if (found)
			return;
		pause_ms(2);
	}
	assert_string_equal(text, daemon_log(d));
}

int daemon_file(const struct daemon *d, const char *name, const char *text, size_t len)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", d->dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		assert_true(n > 0);
		text += n;
		len -= (size_t)n;
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* ---- clients ---- */

void client_open(struct daemon *d, struct client *c)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	*c = (struct client){.daemon = d, .in = malloc(ANSWER_MAX)};
	assert_non_null(c->in);
	strcpy(sa.sun_path, d->socket);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->in);
	daemon_step(c->daemon);
	*c = (struct client){.fd = -1};
}

void client_send(struct client *c, const void *bytes, size_t len, const int *fds, unsigned n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {0};
	const char *rest = bytes;

	assert_in_range(n_fds, 0, 16);
	while (len > 0) {
		struct iovec iov = {.iov_base = (void *)(uintptr_t)rest, .iov_len = len};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n;

		if (n_fds > 0) {
			msg.msg_control = control;
			msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
			*CMSG_FIRSTHDR(&msg) =
				(struct cmsghdr){.cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
					.cmsg_level = SOL_SOCKET,
					.cmsg_type = SCM_RIGHTS};
			memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, n_fds * sizeof(int));
		}
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return; /* closed by the server: the test looks for that */
		if (n > 0) {
			rest += n;
			len -= (size_t)n;
			n_fds = 0;
		}
		daemon_step(c->daemon);
	}
}

static char *cut_line(struct client *c)
{
	char *end = memchr(c->in, '\n', c->len), *line;
	size_t n;

	if (!end)
		return NULL;
	n = (size_t)(end - c->in);
	line = strndup(c->in, n);
	c->len -= n + 1;
	memmove(c->in, end + 1, c->len);
	return line;
}

char *client_line(struct client *c)
{
	for (int i = 0; i < DAEMON_WAIT_MS; i++) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		char *line = cut_line(c);
		ssize_t n;

		if (line)
			return line;
		daemon_step(c->daemon);
		if (poll(&p, 1, 1) == 0)
			continue;
		n = recv(c->fd, c->in + c->len, ANSWER_MAX - c->len, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return NULL;
		if (n > 0)
			c->len += (size_t)n;
	}
	fail_msg("no line came");
	return NULL;
}

json_t *client_call(struct client *c, const char *method, const char *params, int fd)
{
	char request[4096];
	json_t *answer;
	char *line;
	int n = snprintf(request, sizeof(request),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n", method,
		params ? params : "{}");

	assert_in_range(n, 1, sizeof(request) - 1);
	client_send(c, request, (size_t)n, &fd, fd >= 0);
	do {
		line = client_line(c);
		assert_non_null(line);
		answer = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		free(line);
		assert_non_null(answer);
		if (json_object_get(answer, "id"))
			return answer;
		json_decref(answer); /* progress */
	} while (true);
}

json_t *client_result(struct client *c, const char *method, const char *params)
{
	json_t *answer = client_call(c, method, params, -1), *result;

	if (json_object_get(answer, "error"))
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(answer, "error"), "message")),
			method);
	result = json_incref(json_object_get(answer, "result"));
	json_decref(answer);
	assert_true(json_is_object(result));
	return result;
}

void client_fails(
	struct client *c, const char *method, const char *params, int code, const char *text)
{
	json_t *answer = client_call(c, method, params, -1);
	const json_t *error = json_object_get(answer, "error");

	assert_non_null(error);
	assert_int_equal(json_integer_value(json_object_get(error, "code")), code);
	if (text)
		assert_string_equal(json_string_value(json_object_get(error, "message")), text);
	assert_non_null(json_object_get(json_object_get(error, "data"), "name"));
	json_decref(answer);
}
