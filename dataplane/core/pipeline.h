/* The stages over a burst, in order: the one decider. */
#ifndef NX_CORE_PIPELINE_H
#define NX_CORE_PIPELINE_H

#include "dataplane/core/packet.h"

/* nx_pipeline_judge runs decode, source, parse, key and verdict over n packets (n <= NX_BURST_MAX)
 * whose shell fields are set; every p->reason is then a reason, never NX_R_UNDECIDED.
 * Thread: worker `worker`, RCU online for the whole call; no allocation, no system call.
 * In:     policy NULL: everything passes as no-table. now_ns: CLOCK_MONOTONIC. */
void nx_pipeline_judge(const struct nx_policy *policy, unsigned worker, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n);

#endif
