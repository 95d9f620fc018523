/* The control server: one libevent loop on the main thread that serves the control socket
 * (nxsip/protocol.h), the signals SIGINT, SIGTERM (stop) and SIGHUP (reload), and the engine's
 * loader. It blocks for nobody: a client that does not read is closed, and a load runs elsewhere.
 *
 * The data plane is reached through a table of functions, so that the server links and runs
 * without DPDK. */
#ifndef NX_CONTROL_SERVER_H
#define NX_CONTROL_SERVER_H

#include "control/server/engine.h"
#include "nxsip/dataplane.h"

struct event_base;
struct nx_server;

/* What the server looks at in the data plane: nx_dp_workers, nx_dp_stats, nx_dp_worker_core,
 * nx_dp_ports and nx_dp_port, and what to call them with. */
struct nx_server_dataplane {
	const struct nx_dp *dp;
	unsigned (*workers)(const struct nx_dp *dp);
	const struct nx_worker_stats *(*stats)(const struct nx_dp *dp, unsigned worker);
	uint32_t (*worker_core)(const struct nx_dp *dp, unsigned worker);
	unsigned (*ports)(const struct nx_dp *dp);
	void (*port)(const struct nx_dp *dp, unsigned port, struct nx_port_info *info);
};

/* nx_server_create listens on the socket that the engine's configuration names.
 * Thread: main, which calls everything here.  In: engine and *dp outlive the server.
 * Error:  NX_ERR_NOMEM, and those of nx_listen, with the remedy in err. */
int nx_server_create(struct nx_engine *engine, const struct nx_server_dataplane *dp,
	struct nx_server **out, struct nx_error *err);

/* nx_server_run serves until a stop signal, `shutdown`, or nx_server_stop. */
void nx_server_run(struct nx_server *s);

/* nx_server_step serves what is ready now and returns at once; for tests. */
void nx_server_step(struct nx_server *s);

void nx_server_stop(struct nx_server *s);
bool nx_server_stopping(const struct nx_server *s);

/* nx_server_base is the loop, for others who listen on it. */
struct event_base *nx_server_base(struct nx_server *s);

/* nx_server_destroy closes every client and removes the socket; NULL is fine. */
void nx_server_destroy(struct nx_server *s);

#endif
