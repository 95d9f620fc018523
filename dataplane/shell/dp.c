/* The data plane as control sees it (nxsip/dataplane.h): EAL, ports and workers brought up in
 * order, taken down in reverse. */
#include <stdio.h>
#include <stdlib.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "dataplane/shell/eal.h"
#include "dataplane/shell/worker.h"

struct nx_dp {
	struct nx_eal *eal;
	struct nx_port port[2 * NX_PAIR_MAX];
	unsigned n_ports;
	struct nx_worker *worker[NX_WORKER_MAX];
	unsigned n_workers;
	unsigned n_running;
	bool ports_open;
	_Atomic bool stop; /* ctl: w, dp: r */
};

static int worker_start(struct nx_dp *dp, const struct nx_box_config *box, unsigned i,
	struct nx_policy **policy, void (*log)(const char *line), struct nx_error *err)
{
	unsigned lcore = box->worker_core[i];
	struct nx_worker *w = nx_worker_create(i, lcore);
	char line[128];

	if (!w)
		return nx_fail(err, NX_ERR_NOMEM,
			"worker %u: no memory for its buffers: raise eal.memory (%u MiB)", i,
			box->memory_mib);
	dp->worker[dp->n_workers++] = w;
	w->adaptive = box->idle == NX_IDLE_ADAPTIVE;
	w->ports = dp->port;
	w->n_ports = dp->n_ports;
	w->policy = policy;
	w->stop = &dp->stop;
	if (rte_eal_remote_launch(nx_worker_run, w, lcore) != 0)
		return nx_fail(
			err, NX_ERR_INVALID, "worker %u: core %u does not take work", i, lcore);
	dp->n_running++;
	(void)snprintf(line, sizeof(line),
		"worker %u: core %u (NUMA node %u), queue %u of every port, idle %s", i, lcore,
		rte_lcore_to_socket_id(lcore), i, w->adaptive ? "adaptive" : "busy");
	log(line);
	return 0;
}

int nx_dp_start(const struct nx_box_config *box, struct nx_policy **policy,
	void (*log)(const char *line), struct nx_dp **out, struct nx_error *err)
{
	struct nx_dp *dp = calloc(1, sizeof(*dp));
	bool huge;
	int rc;

	if (!dp)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for the data plane");
	rc = nx_eal_init(box, &huge, &dp->eal, err);
	if (rc != 0) {
		free(dp);
		return rc;
	}
	log(huge ? "memory: hugepages"
		 : "memory: ordinary pages (no hugepages: fine to try out, slower under load)");
	rc = nx_ports_open(box, log, dp->port, err);
	dp->ports_open = rc == 0;
	dp->n_ports = 2 * box->n_pairs;
	for (unsigned i = 0; rc == 0 && i < box->n_workers; i++)
		rc = worker_start(dp, box, i, policy, log, err);
	if (rc != 0) {
		nx_dp_stop(dp);
		return rc;
	}
	*out = dp;
	return 0;
}

void nx_dp_stop(struct nx_dp *dp)
{
	atomic_store(&dp->stop, true);
	for (unsigned i = 0; i < dp->n_running; i++)
		(void)rte_eal_wait_lcore(dp->worker[i]->lcore);
	if (dp->ports_open)
		nx_ports_close(dp->port, dp->n_ports);
	for (unsigned i = 0; i < dp->n_workers; i++)
		nx_worker_destroy(dp->worker[i]);
	nx_eal_fini(dp->eal);
	free(dp);
}

void nx_dp_watch_links(struct nx_dp *dp, void (*log)(const char *line))
{
	nx_ports_watch(dp->port, dp->n_ports, log);
}

unsigned nx_dp_workers(const struct nx_dp *dp)
{
	return dp->n_workers;
}

const struct nx_worker_stats *nx_dp_stats(const struct nx_dp *dp, unsigned worker)
{
	return &dp->worker[worker]->stats;
}

uint32_t nx_dp_worker_core(const struct nx_dp *dp, unsigned worker)
{
	return dp->worker[worker]->lcore;
}

unsigned nx_dp_ports(const struct nx_dp *dp)
{
	return dp->n_ports;
}

void nx_dp_port(const struct nx_dp *dp, unsigned port, struct nx_port_info *info)
{
	nx_port_describe(&dp->port[port], info);
}
