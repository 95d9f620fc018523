/* Limits on what passes unjudged, by sender: after the verdict, before the counting. */
#ifndef NX_CORE_PASSES_H
#define NX_CORE_PASSES_H

#include "dataplane/core/limit.h"
#include "dataplane/core/packet.h"

/* nx_passes_limit turns what is above a sender's limit from a pass into a drop: malformed requests
 * (rule 13, unanswerable: limit) and requests in a dialog or aimed at one (rule 6, dialog_rate).
 * Call it where policy->limits_passes, with packets judged by policy.
 * Thread: the limit's worker.  In: now_ns: CLOCK_MONOTONIC. */
void nx_passes_limit(const struct nx_policy *policy, struct nx_limit *limit, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n);

#endif
