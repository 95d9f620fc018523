/* A worker: one thread on one core, polling its queue on every port. */
#ifndef NX_SHELL_WORKER_H
#define NX_SHELL_WORKER_H

#include "dataplane/core/pipeline.h"
#include "dataplane/shell/ports.h"
#include "nxsip/stats.h"

/* What a worker owns, and what it reads. One allocation each, on the worker's NUMA node. */
struct nx_worker {
	/* fixed before the thread starts */
	unsigned index; /* also its queue on every port, and its Hyperscan scratch */
	unsigned lcore;
	bool adaptive;
	struct nx_port *ports;
	unsigned n_ports;
	struct nx_policy **policy; /* ctl: w, dp: r; by RCU */
	const _Atomic bool *stop;  /* ctl: w, dp: r */

	struct nx_worker_stats stats; /* dp: w, ctl: r */

	/* dp only */
	uint64_t now_ns; /* of the burst */
	struct nx_packet packet[NX_BURST_MAX];
	struct nx_pipeline pipeline;
	uint8_t *linear[NX_BURST_MAX]; /* NX_FRAME_MAX bytes each: frames in several mbufs, made one
					*/
};

/* nx_worker_create makes a worker with room for frames in several segments, or returns NULL. */
struct nx_worker *nx_worker_create(unsigned index, unsigned lcore);
void nx_worker_destroy(struct nx_worker *w);

/* nx_worker_run is the thread: registers with RCU and polls until *stop.  Returns 0. */
int nx_worker_run(void *worker);

#endif
