/* The verdict on one packet, in stages, so that a burst waits for the table's memory once: admit,
 * ask (whose request is it, who is asked for), look the users of all up, then decide. */
#ifndef NX_CORE_VERDICT_H
#define NX_CORE_VERDICT_H

#include "dataplane/core/packet.h"
#include "dataplane/core/sip_stencil.h"

/* nx_verdict_admit finds service and source class of a decoded packet's path, and checks what may
 * be judged at all (rules 1, 2 and 12): p->admitted.  In: policy not NULL. */
void nx_verdict_admit(const struct nx_policy *policy, uint64_t now_ns, struct nx_packet *p);

/* nx_verdict_ask parses the payload and makes the key: steps 1 to 4.  Sets p->reason where it
 * decides; else p->domain and p->key are set and the domain has a table.
 * In:     stencils: the caller's, or NULL. */
void nx_verdict_ask(
	const struct nx_policy *policy, struct nx_sip_stencils *stencils, struct nx_packet *p);

/* nx_verdict_look_up finds p->user_state of packets that nx_verdict_ask left undecided.
 * In:     n: at most NX_BURST_MAX.
 * Thread: worker `worker` (NX_WORKER_MAX: control), RCU online. */
void nx_verdict_look_up(const struct nx_policy *policy, unsigned worker,
	struct nx_packet *const pkts[], unsigned n);

/* nx_verdict_decide judges what was looked up: steps 5 to 10.  Always sets p->reason.
 * Thread: as nx_verdict_look_up. */
void nx_verdict_decide(const struct nx_policy *policy, unsigned worker, struct nx_packet *p);

#endif
