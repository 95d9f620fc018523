/* Explain: what would become of a request for this URI, from this source, and which step decides.
 * A made-up request runs through the workers' own verdict stages, so that the answer cannot differ
 * from what a worker would do; only the frame around it (L2 to L4) is left out. */
#include <stdio.h>
#include <string.h>

#include "dataplane/core/verdict.h"
#include "nxsip/dataplane.h"

#define REQUEST_MAX    8192
#define UDP_HEADER_LEN 8

/* The step of "the verdict, in order" that each reason belongs to: the last reason of each step,
 * in the order of NX_REASONS but for the few named one by one. */
static uint8_t step_of(unsigned reason)
{
	switch (reason) {
	case NX_R_ACK_UNMATCHED:
	case NX_R_ACK_ABSORBED:
		return 1;
	case NX_R_HOST:
		return 4;
	case NX_R_NO_TABLE:
	case NX_R_KNOWN:
	case NX_R_GONE_404:
	case NX_R_GONE_604:
		return 5;
	case NX_R_RULE_PASS:
	case NX_R_RULE_FAILED:
	case NX_R_RULE_404:
	case NX_R_RULE_604:
	case NX_R_RULE_DROP:
		return 6;
	case NX_R_OVERLAP:
	case NX_R_OPEN:
	case NX_R_UNKNOWN_NUMBER:
	case NX_R_UNKNOWN_NAME:
	case NX_R_REGISTER_404:
		return 7;
	case NX_R_SETTLING:
	case NX_R_IN_TRANSACTION:
	case NX_R_MEMORY_OVERFLOW:
		return 8;
	case NX_R_SHADOW_404:
	case NX_R_SHADOW_604:
	case NX_R_SHADOW_DROP:
		return 9;
	case NX_R_PUBLIC_PASS:
	case NX_R_PUBLIC_DROP:
	case NX_R_SYMMETRIC:
		return 10;
	default:
		return reason >= NX_R_SCHEME && reason <= NX_R_PORTABILITY ? 3
		       : reason == NX_R_EMERGENCY                          ? 3
									   : 2;
	}
}

/* REGISTER asks the domain (Request-URI) for the user in To; the others name the user in both. */
static int write_request(const struct nx_explain_query *q, char *out, size_t cap)
{
	const char *method = q->method ? q->method : "INVITE", *ruri = q->uri, *scheme = "";
	size_t ruri_len = q->uri_len;
	int n;

	if (strcmp(method, "REGISTER") == 0) {
		const char *at = memrchr(q->uri, '@', q->uri_len);

		if (at) {
			scheme = "sip:";
			ruri = at + 1;
			ruri_len = q->uri_len - (size_t)(ruri - q->uri);
		}
	}
	if (q->uri_len > INT16_MAX)
		return -1;
	n = snprintf(out, cap,
		"%s %s%.*s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP explain.invalid;branch=z9hG4bK0;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:explain@explain.invalid>;tag=0\r\n"
		"To: <%.*s>\r\n"
		"Call-ID: explain\r\n"
		"CSeq: 1 %s\r\n"
		"Content-Length: 0\r\n\r\n",
		method, scheme, (int)ruri_len, ruri, (int)q->uri_len, q->uri, method);
	return n > 0 && (size_t)n < cap ? n : -1;
}

/* One address that the service listens on, of the source's family where there is one. */
static const struct nx_service_slot *slot_of(
	const struct nx_policy *policy, const struct nx_explain_query *q)
{
	const struct nx_service_slot *found = NULL;

	for (uint32_t i = 0; policy->service_slot && i <= policy->service_mask; i++) {
		const struct nx_service_slot *s = &policy->service_slot[i];

		if (s->service != q->service)
			continue;
		if (!found || nx_addr_is_v4(&s->addr) == nx_addr_is_v4(&q->source))
			found = s;
	}
	return found;
}

int nx_explain(const struct nx_policy *policy, const struct nx_explain_query *q,
	struct nx_explanation *out)
{
	char frame[UDP_HEADER_LEN + REQUEST_MAX] = {0};
	const struct nx_service_slot *slot = slot_of(policy, q);
	int len = write_request(q, frame + UDP_HEADER_LEN, REQUEST_MAX);
	struct nx_packet p = {
		.frame = (const uint8_t *)frame,
		.ip_csum = NX_CSUM_GOOD,
		.udp_csum = NX_CSUM_GOOD,
		.reason = NX_R_UNDECIDED,
		.payload_off = UDP_HEADER_LEN,
		.src = q->source,
		.src_port = 5060,
		.service = -1,
		.domain = -1,
		.rule = -1,
		.range = -1,
	};
	struct nx_packet *one = &p;

	memset(out, 0, sizeof(*out));
	if (!slot)
		return NX_ERR_NOT_FOUND;
	if (len < 0)
		return NX_ERR_TOO_LONG;
	p.frame_len = (uint32_t)(UDP_HEADER_LEN + len);
	p.payload_len = (uint16_t)len;
	p.dst = slot->addr;
	p.dst_port = slot->port;
	p.vlan = slot->vlan;

	nx_verdict_admit(policy, UINT64_MAX, &p);
	p.reason = p.admitted;
	if (p.reason == NX_R_UNDECIDED)
		nx_verdict_ask(policy, NULL, &p);
	if (p.reason == NX_R_UNDECIDED) {
		nx_verdict_look_up(policy, NX_WORKER_MAX, &one, 1);
		nx_verdict_decide(policy, NX_WORKER_MAX, &p);
	}

	out->verdict = (uint8_t)nx_reason_info(p.reason)->verdict;
	out->reason = p.reason;
	out->step = step_of(p.reason);
	out->domain = p.domain;
	out->source_class = p.class;
	out->user_state = p.user_state;
	out->rule = p.rule;
	out->range = p.range;
	out->has_key = p.has_key;
	if (p.has_key)
		out->key = p.key;
	return 0;
}
