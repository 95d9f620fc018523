/* The daemon's life: see daemon.h. */
#include "control/nxsipd/daemon.h"

#include <signal.h>

#include <event2/event.h>

#include "control/policy/placement.h"
#include "control/server/engine.h"
#include "control/server/log.h"
#include "control/server/server.h"
#include "nxsip/dataplane.h"

/* The daemon's parts, in the order of their start. */
struct daemon {
	struct nx_placement placement; /* of the user tables */
	struct nx_engine *engine;
	struct nx_dp *dp;
	struct nx_server *server;
	struct event *links;      /* looks at the ports' link state */
	struct nx_policy *policy; /* what the workers read; the engine alone writes it */
};

static void log_line(const char *line)
{
	nx_log(NX_LOG_INFO, "%s", line);
}

static void on_engine_log(void *arg, const char *line)
{
	(void)arg;
	log_line(line);
}

static void on_links(evutil_socket_t fd, short what, void *dp)
{
	(void)fd;
	(void)what;
	nx_dp_watch_links(dp, log_line);
}

static int watch_links(struct daemon *d, struct nx_error *err)
{
	static const struct timeval second = {.tv_sec = 1};

	d->links = event_new(nx_server_base(d->server), -1, EV_PERSIST, on_links, d->dp);
	if (!d->links || event_add(d->links, &second) != 0)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for the timer of the links");
	return NX_OK;
}

/* start brings the parts up; what came up before a failure is left for stop. */
static int start(struct daemon *d, struct nx_config *config, struct nx_error *err)
{
	struct nx_server_dataplane view = {
		.workers = nx_dp_workers,
		.stats = nx_dp_stats,
		.worker_core = nx_dp_worker_core,
		.ports = nx_dp_ports,
		.port = nx_dp_port,
	};
	const struct nx_box_config *box;
	int rc;

	nx_placement_choose(&config->box, NX_SYS_NODES, log_line, &d->placement);
	rc = nx_engine_create(config, config->box.n_workers, &d->placement, &d->policy,
		on_engine_log, NULL, &d->engine, err);
	if (rc) {
		nx_config_free(config);
		return rc;
	}
	box = &nx_engine_boot_config(d->engine)->box;
	if (box->start == NX_START_WHEN_LOADED) {
		rc = nx_engine_load_tables_start(d->engine, err);
		if (rc)
			return rc;
		nx_engine_wait(d->engine, NULL);
	}
	rc = nx_dp_start(box, &d->policy, log_line, &d->dp, err);
	if (rc)
		return rc;
	nx_engine_ports_open(d->engine);
	view.dp = d->dp;
	rc = nx_server_create(d->engine, &view, &d->server, err);
	if (rc)
		return rc;
	rc = watch_links(d, err);
	return rc ? rc : nx_engine_load_tables_start(d->engine, err);
}

static void stop(struct daemon *d)
{
	if (d->links)
		event_free(d->links);
	nx_server_destroy(d->server);
	if (d->dp)
		nx_dp_stop(d->dp);
	nx_engine_destroy(d->engine);
}

/* Signals wait until the server's loop is there to take them, so that even the start can be
 * interrupted without leaving ports half open; threads made meanwhile never take them. */
static void mask_signals(int how)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		(void)sigaddset(&set, held[i]);
	(void)sigprocmask(how, &set, NULL);
}

int nx_daemon_run(struct nx_config *config)
{
	struct daemon d = {0};
	struct nx_error err;
	int rc;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error like a full disk */
	mask_signals(SIG_BLOCK);
	rc = start(&d, config, &err);
	if (rc) {
		nx_log(NX_LOG_ERROR, "%s", err.text);
	} else {
		nx_log(NX_LOG_INFO, "ready: control socket %s",
			nx_engine_boot_config(d.engine)->socket_path);
		mask_signals(SIG_UNBLOCK);
		nx_server_run(d.server);
	}
	stop(&d);
	return rc;
}
