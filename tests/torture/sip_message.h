/* One message through the core as a worker would take it, in a UDP packet to sip_box.h's service.
 * The packet lies against an unreadable page, once with its end and once with its beginning, the
 * reply's room against another: a byte too far is a crash. */
#ifndef NX_TORTURE_SIP_MESSAGE_H
#define NX_TORTURE_SIP_MESSAGE_H

#include "dataplane/core/pipeline.h"
#include "tests/unit/guard.h"

struct sip_pages {
	struct guard in, out;
	struct nx_pipeline *pipeline;
};

struct sip_outcome {
	unsigned reason;                 /* enum nx_reason: why it passes, or is answered */
	uint32_t request_len, reply_len; /* of the frames; no reply: 0 */
	uint16_t reply_off;              /* where SIP begins in the reply's */
	uint8_t request[GUARD_MAX], reply[GUARD_MAX];
};

void sip_pages_init(struct sip_pages *at);
void sip_pages_fini(struct sip_pages *at);

/* sip_message_judge sends msg, of at most 65,472 bytes, to the box over IPv4 or IPv6.
 * Aborts where the answer depends on where the message lies, where the request is not as it came,
 * or where the reply's frame is not sound. */
void sip_message_judge(struct sip_pages *at, const struct nx_policy *policy, bool v6,
	const uint8_t *msg, size_t len, struct sip_outcome *out);

#endif
