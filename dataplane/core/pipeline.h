/* The stages over a burst, in order: the one decider. */
#ifndef NX_CORE_PIPELINE_H
#define NX_CORE_PIPELINE_H

#include "dataplane/core/limit.h"
#include "dataplane/core/sip_stencil.h"
#include "dataplane/core/txmemory.h"

#define NX_PIPELINE_KEYS 3

/* What one worker's stages keep from burst to burst. No two workers share anything of it. */
struct nx_pipeline {
	unsigned worker; /* whose Hyperscan scratch and replicas; NX_WORKER_MAX: control's */
	struct nx_sip_stencils stencils; /* how senders write their requests */
	struct nx_limit limit;           /* rules 6, 13 */
	struct nx_txmemory tx;           /* rule 28 */
	struct nx_fragments fragments;   /* rule 36 */
	struct nx_txbucket tx_bucket[NX_TXMEMORY_BUCKETS];
	uint8_t tx_trace[NX_TXMEMORY_TRACES * NX_TXMEMORY_BUCKETS];
	struct nx_fragment_bucket fragment_bucket[NX_FRAGMENT_BUCKETS];
};

/* nx_pipeline_init makes a worker's pipeline, in 64-byte-aligned memory of the caller's.
 * In:     key: secret, random at every start, each its own. */
void nx_pipeline_init(
	struct nx_pipeline *pl, unsigned worker, const uint8_t key[NX_PIPELINE_KEYS][16]);

/* nx_pipeline_judge runs decode, source, parse, key and verdict over n packets (n <= NX_BURST_MAX)
 * whose shell fields are set; every p->reason is then a reason, never NX_R_UNDECIDED.
 * Thread: pl's worker, RCU online for the whole call; no allocation, no system call.
 * In:     policy NULL: everything passes as no-table. now_ns: CLOCK_MONOTONIC, or its coarse like;
 *         never less than before. */
void nx_pipeline_judge(struct nx_pipeline *pl, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n);

/* nx_pipeline_give_up is for an answer that cannot be given after all: p passes for that reason,
 * and so do its retransmissions and its later fragments.  Thread and now_ns: nx_pipeline_judge's.
 */
void nx_pipeline_give_up(
	struct nx_pipeline *pl, uint64_t now_ns, struct nx_packet *p, unsigned reason);

#endif
