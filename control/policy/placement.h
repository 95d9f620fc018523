/* Where user tables lie: how many replicas each has, in which NUMA node's memory, and which of them
 * each worker reads. Found out once, before anything starts, and the same for every table. */
#ifndef NX_CONTROL_PLACEMENT_H
#define NX_CONTROL_PLACEMENT_H

#include "control/policy/users_mem.h"
#include "nxsip/worker.h"

struct nx_placement {
	unsigned n_replicas;               /* at least 1 */
	int node[NX_WORKER_MAX];           /* of each: the node that is preferred, or NX_NODE_ANY */
	uint8_t replica_of[NX_WORKER_MAX]; /* of each worker: less than n_replicas */
};

#endif
