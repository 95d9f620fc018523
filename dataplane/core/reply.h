/* The reply: 404 or 604 (rules 19 to 25), a pure function of request, policy and class, so that a
 * retransmission gets identical bytes; and the To tag, by which the ACK is known again. */
#ifndef NX_CORE_REPLY_H
#define NX_CORE_REPLY_H

#include "dataplane/core/packet.h"

#define NX_TO_TAG_LEN 28 /* "nx1" id(1 hex) mac(16 hex) hash(8 hex) */

/* nx_reply_tags writes the To tags for n requests (rule 20), NX_TO_TAG_LEN bytes each, no
 * terminator: MAC over Call-ID, From tag (lower-cased) and CSeq number; then a keyed hash over
 * branch, sent-by and Request-URI. Many at once cost less than one by one. */
void nx_reply_tags(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN]);

/* nx_reply_owns says whether the To tag of the ACK p carries a MAC of one of the keys. */
bool nx_reply_owns(const struct nx_tag_key key[2], const struct nx_packet *p);

/* nx_reply_dest_port returns the UDP port the reply goes to (host order) by rule 22, or 0 where
 * the class says pass (source and sent-by ports differ without rport: symmetric). */
static inline uint16_t nx_reply_dest_port(const struct nx_packet *p, const struct nx_class *class)
{
	const uint16_t sent_port = p->sip.sent_port ? p->sip.sent_port : 5060;

	if ((p->sip.flags & NX_SIP_RPORT) || class->symmetric == NX_SYM_ALWAYS)
		return p->src_port;
	if (class->symmetric == NX_SYM_PASS && sent_port != p->src_port)
		return 0;
	return sent_port;
}

/* What all replies to the packets of one path share, made for the first of them. The caller keeps
 * it for a burst, and begins with {0}; what is in it is reply.c's. */
struct nx_reply_peer {
	const struct nx_packet *like; /* whose path it is, NULL: nobody's yet */
	uint8_t head[80];             /* L2 to L4, without lengths, checksums, destination port */
	uint64_t ip_sum, udp_sum;     /* of the IPv4 header and of the UDP pseudo-header */
	uint8_t text[72];             /* ";rport=5060;received=192.0.2.1", and room for a word */
	uint8_t rport_len, text_len;
};

struct nx_reply_options {
	const struct nx_policy *policy;
	struct nx_reply_peer *peer;
	const char *tag;    /* by nx_reply_tags with the policy's signing key */
	bool reason_header; /* rule 24 applies: INVITE for a number (and the policy wants it) */
	bool hw_ip_csum,
		hw_udp_csum; /* the port fills them in: leave pseudo-header sum in UDP, 0 in IP */
	uint16_t mtu;        /* L3 bytes; longer replies are refused */
};

/* nx_reply_build writes the whole reply frame: L2 to L4 headers mirrored (same VLAN tags,
 * priority, DSCP; DF set; IPv4 id 0; TTL 64; no IP options, no extension headers), then SIP.
 * In:     p: a parsed, answerable request; status: NX_404 or NX_604; cap: room at out.
 * Return: frame length, or 0 where the reply would be longer than the request's UDP payload (after
 *         leaving out optional headers and using compact names), than the MTU or than cap, or where
 *         nx_reply_dest_port has no port for it.
 * Thread: worker; no allocation, no state. */
uint32_t nx_reply_build(const struct nx_packet *p, enum nx_verdict status,
	const struct nx_reply_options *o, uint8_t *out, uint32_t cap);

/* nx_reply_l4_off says where UDP begins in the reply to p: behind 20 or 40 bytes of IP. */
static inline uint32_t nx_reply_l4_off(const struct nx_packet *p)
{
	return p->l3_off + (p->is_v6 ? 40u : 20u);
}

#endif
