/* The control server's loop: see server.h. Accepting is level-triggered and one client a turn; when
 * the process runs out of descriptors it stops accepting for a second instead of spinning. */
#include "control/server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/server/log.h"
#include "control/server/rpc.h"
#include "nxsip/protocol.h"

static const struct timeval one_second = {.tv_sec = 1};
static const struct timeval tick = {.tv_usec = 250000};

static void turn_away(struct nx_server *s, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);
	char text[80];
	char *line;

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	nx_log(NX_LOG_WARNING, "client uid=%u pid=%d turned away: %u clients are connected",
		(unsigned)peer.uid, (int)peer.pid, s->n_clients);
	(void)snprintf(text, sizeof(text), "%u clients are connected already: try again later",
		s->n_clients);
	line = nx_jsonrpc_error(
		NULL, NX_ERR_BUSY, text, json_pack("{s:s}", "name", nx_err_name(NX_ERR_BUSY)));
	if (line)
		(void)send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
	free(line);
	(void)close(fd);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct nx_server *s = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd < 0) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
			return;
		nx_log(NX_LOG_ERROR, "control socket: cannot accept a client: %s", strerror(errno));
		(void)event_del(s->accepting);
		(void)event_add(s->accept_again, &one_second);
	} else if (s->n_clients >= NX_CLIENTS_MAX) {
		turn_away(s, fd);
	} else if (!nx_conn_create(s, s->base, fd)) {
		nx_log(NX_LOG_ERROR, "control socket: no memory for a client");
	}
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct nx_server *s = arg;

	(void)fd;
	(void)what;
	(void)event_add(s->accepting, NULL);
}

static void tell(struct nx_server *s, const struct nx_engine_events *found)
{
	if (found->progress)
		nx_rpc_load_progress(s, &found->at);
	if (found->loaded)
		nx_rpc_load_done(s, found->loaded);
	if (found->applied)
		nx_rpc_txn_done(s, found->applied);
	if (found->serving)
		nx_log(NX_LOG_INFO, "serving: every domain's table that could be built is loaded");
	nx_rpc_run_line(s);
}

static void on_engine(evutil_socket_t fd, short what, void *arg)
{
	struct nx_engine_events found;
	struct nx_server *s = arg;

	(void)fd;
	(void)what;
	nx_engine_poll(s->engine, &found);
	tell(s, &found);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct nx_engine_events found;
	struct nx_server *s = arg;

	(void)fd;
	(void)what;
	nx_engine_tick(s->engine, &found);
	tell(s, &found);
}

static void on_line(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	nx_rpc_run_line(arg);
}

static void on_sample(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	nx_rpc_sample_idle(arg);
}

static void on_hangup(struct nx_server *s)
{
	json_t *result = NULL, *data = NULL, *fault;
	struct nx_error err;
	size_t i;

	if (nx_rpc_reload(s, &result, &data, &err) == 0)
		nx_log(NX_LOG_INFO, "SIGHUP: the configuration was read again and is in force");
	else
		nx_log(NX_LOG_ERROR, "SIGHUP: nothing was changed: %s", err.text);
	json_array_foreach (json_object_get(data, "errors"), i, fault)
		nx_log(NX_LOG_ERROR, "%s", json_string_value(fault));
	json_decref(result);
	json_decref(data);
}

static void on_signal(evutil_socket_t signum, short what, void *arg)
{
	struct nx_server *s = arg;

	(void)what;
	if (signum == SIGHUP) {
		on_hangup(s);
		return;
	}
	nx_log(NX_LOG_INFO, "stopping: %s", signum == SIGINT ? "SIGINT" : "SIGTERM");
	nx_server_stop(s);
}

static int add_events(struct nx_server *s)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	s->accepting = event_new(s->base, s->listener.fd, EV_READ | EV_PERSIST, on_accept, s);
	s->accept_again = evtimer_new(s->base, on_accept_again, s);
	s->engine_ready = event_new(
		s->base, nx_engine_event_fd(s->engine), EV_READ | EV_PERSIST, on_engine, s);
	s->ticking = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	s->sampling = event_new(s->base, -1, EV_PERSIST, on_sample, s);
	s->run_line = event_new(s->base, -1, 0, on_line, s);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		s->on_signal[i] = evsignal_new(s->base, signals[i], on_signal, s);
		if (!s->on_signal[i] || event_add(s->on_signal[i], NULL) != 0)
			return -1;
	}
	if (!s->accepting || !s->accept_again || !s->engine_ready || !s->ticking || !s->sampling ||
		!s->run_line)
		return -1;
	return event_add(s->accepting, NULL) || event_add(s->engine_ready, NULL) ||
			       event_add(s->ticking, &tick) || event_add(s->sampling, &one_second)
		       ? -1
		       : 0;
}

int nx_server_create(struct nx_engine *engine, const struct nx_server_dataplane *dp,
	struct nx_server **out, struct nx_error *err)
{
	const struct nx_config *config = nx_engine_boot_config(engine);
	struct nx_server *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for the control server");
	s->engine = engine;
	s->dp = *dp;
	s->listener.fd = -1;
	s->started_ns = nx_now_ns();
	LIST_INIT(&s->clients);
	s->line_end = &s->line;
	LIST_INIT(&s->reads);
	ret = nx_listen(config->socket_path, config->socket_group, &s->listener, err);
	if (ret)
		goto fail;
	s->base = event_base_new();
	if (!s->base || add_events(s) != 0) {
		ret = nx_fail(err, NX_ERR_NOMEM, "cannot set up the control server's loop");
		goto fail;
	}
	nx_rpc_sample_idle(s);
	*out = s;
	return 0;
fail:
	nx_server_destroy(s);
	return ret;
}

void nx_server_run(struct nx_server *s)
{
	while (!s->stopping)
		if (event_base_loop(s->base, EVLOOP_ONCE) < 0) {
			nx_log(NX_LOG_ERROR, "stopping: the event loop failed");
			nx_server_stop(s);
		}
}

void nx_server_step(struct nx_server *s)
{
	(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
}

void nx_server_stop(struct nx_server *s)
{
	s->stopping = true;
}

bool nx_server_stopping(const struct nx_server *s)
{
	return s->stopping;
}

struct event_base *nx_server_base(struct nx_server *s)
{
	return s->base;
}

static void free_event(struct event *e)
{
	if (e)
		event_free(e);
}

void nx_server_destroy(struct nx_server *s)
{
	if (!s)
		return;
	while (!LIST_EMPTY(&s->clients))
		nx_conn_destroy(LIST_FIRST(&s->clients));
	nx_rpc_drop_line(s);
	nx_rpc_txn_fini(s);
	nx_rpc_reads_end(s);
	json_decref(s->load.id);
	json_decref(s->load.params);
	free_event(s->accepting);
	free_event(s->accept_again);
	free_event(s->engine_ready);
	free_event(s->ticking);
	free_event(s->sampling);
	free_event(s->run_line);
	for (size_t i = 0; i < sizeof(s->on_signal) / sizeof(s->on_signal[0]); i++)
		free_event(s->on_signal[i]);
	if (s->base)
		event_base_free(s->base);
	nx_listen_close(&s->listener);
	free(s);
}
