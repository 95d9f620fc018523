/* Where user tables lie: how many replicas each has, in which NUMA node's memory, and which of them
 * each worker reads. Found out once, before anything starts, and the same for every table. */
#ifndef NX_CONTROL_PLACEMENT_H
#define NX_CONTROL_PLACEMENT_H

#include "control/policy/users_mem.h"
#include "nxsip/dataplane.h"

#define NX_SYS_NODES "/sys/devices/system/node"

struct nx_placement {
	unsigned n_replicas;               /* at least 1 */
	int node[NX_WORKER_MAX];           /* of each: the node that is preferred, or NX_NODE_ANY */
	uint8_t replica_of[NX_WORKER_MAX]; /* of each worker: less than n_replicas */
};

/* nx_placement_choose looks up the workers' nodes and follows workers.user_tables: a replica for
 * each node that has workers, or one, on the node that has most of them.
 * Thread: main, before the tables.
 * In:     sys_nodes: NX_SYS_NODES, or a directory like it. log: told where tables will lie, and
 *         which workers will read them from afar.
 * Error:  none: where the kernel tells of no nodes there is one replica, wherever it puts it. */
void nx_placement_choose(const struct nx_box_config *box, const char *sys_nodes,
	void (*log)(const char *line), struct nx_placement *out);

#endif
