/* A packet on its way through the stages, and what each stage writes.
 *
 *   shell: frame ... -> decode: L2-L4 -> source: service, class -> parse: sip -> key -> verdict
 * * A stage reads only what earlier stages wrote; the first stage that decides sets `reason`, and
 * later ones skip the packet. No DPDK here: the shell fills `frame` from an mbuf, tests and fuzzers
 * from an array. */
#ifndef NX_CORE_PACKET_H
#define NX_CORE_PACKET_H

#include "dataplane/core/fragment.h"
#include "dataplane/core/sip.h"
#include "nxsip/addr.h"
#include "nxsip/key.h"
#include "nxsip/policy.h"
#include "nxsip/verdict.h"

#define NX_BURST_MAX 32

enum nx_csum { NX_CSUM_UNKNOWN, NX_CSUM_GOOD, NX_CSUM_BAD };

/* A path: what the packets share that come the same way from the same sender to the same service.
 * Found once a burst, and taken over by the packets that follow (nx_decode_like). */
struct nx_path {
	/* decode (decode.c) */
	bool is_v6;
	bool is_plain; /* no options or extension headers: another packet may be compared with it */
	uint16_t l3_off, l4_off, payload_off; /* into frame */
	uint16_t vlan;                        /* outermost VLAN id, NX_VLAN_NONE */
	uint16_t src_port, dst_port;          /* host order */
	struct nx_addr src, dst;

	/* source (verdict.c) */
	int32_t service;  /* index into policy services, -1 */
	uint8_t class;    /* index into policy classes */
	uint8_t admitted; /* enum nx_reason for all of them, or NX_R_UNDECIDED */
	bool own_source;  /* src is an address of a service */
};

struct nx_packet {
	/* shell: the whole frame, contiguous; owned by the caller for the packet's life */
	const uint8_t *frame;
	uint32_t frame_len;
	uint8_t from_core;         /* arrived at the pair's core port */
	uint8_t ip_csum, udp_csum; /* enum nx_csum: what the port says */

	uint8_t reason; /* enum nx_reason, or NX_R_UNDECIDED */

	/* decode (decode.c) */
	bool is_fragment;     /* frag is set */
	uint16_t payload_len; /* of the UDP datagram, without trailing padding */
	union {
		struct nx_path path;
		struct nx_path; /* its fields, as if they were the packet's own */
	};
	const struct nx_packet *like; /* the burst's first packet on the same path */

	/* parse (sip_parse.c): valid once parsed; spans count from the payload's start */
	struct nx_sip sip;

	/* key and data (verdict.c) */
	int32_t domain;     /* -1: none */
	int32_t rule;       /* rank, -1 */
	int32_t range;      /* index into the domain's ranges, -1 */
	uint8_t user_state; /* enum nx_user_state */
	bool has_key;
	struct nx_key key;

	struct nx_fragment frag; /* decode, for rule 36 */
};

static inline const uint8_t *nx_payload(const struct nx_packet *p)
{
	return p->frame + p->payload_off;
}

static inline const uint8_t *nx_span_at(const struct nx_packet *p, struct nx_span s)
{
	return p->frame + p->payload_off + s.off;
}

#endif
