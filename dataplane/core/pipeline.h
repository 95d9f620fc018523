/* The stages over a burst, in order: the one decider. */
#ifndef NX_CORE_PIPELINE_H
#define NX_CORE_PIPELINE_H

#include "dataplane/core/limit.h"
#include "dataplane/core/packet.h"

/* What one worker's stages keep from burst to burst. No two workers share anything of it. */
struct nx_pipeline {
	unsigned worker;           /* whose Hyperscan scratch; NX_WORKER_MAX: control's */
	struct nx_sip_habit habit; /* how senders write their headers */
	struct nx_limit limit;     /* rules 6, 13 */
};

/* nx_pipeline_init makes a worker's pipeline, in 64-byte-aligned memory of the caller's.
 * In:     key: 16 secret bytes, random at every start. */
void nx_pipeline_init(struct nx_pipeline *pl, unsigned worker, const uint8_t key[16]);

/* nx_pipeline_judge runs decode, source, parse, key and verdict over n packets (n <= NX_BURST_MAX)
 * whose shell fields are set; every p->reason is then a reason, never NX_R_UNDECIDED.
 * Thread: pl's worker, RCU online for the whole call; no allocation, no system call.
 * In:     policy NULL: everything passes as no-table. now_ns: CLOCK_MONOTONIC. */
void nx_pipeline_judge(struct nx_pipeline *pl, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n);

#endif
