/* Ethernet, IP and UDP of a reply (rule 22): the request's headers turned round. MAC addresses,
 * IP addresses and the service's port change sides; VLAN tags with their priority, and the DSCP,
 * stay as they were, so that the answer travels as the question did. The ECN bits are cleared
 * (RFC 3168: they are the transport's word, and ours has none), the IPv6 flow label is 0 (RFC 6437:
 * it would be a new flow), options and extension headers are left out. DF is set, and therefore the
 * IPv4 id may be 0 (RFC 6864). Padding to Ethernet's minimum is the port's.
 * Checksums are computed here unless the port offers to. For inclusion
 * by reply.c only. */
#ifndef NX_CORE_REPLY_L4_H
#define NX_CORE_REPLY_L4_H

#include "dataplane/core/copy.h"
#include "dataplane/core/csum.h"
#include "dataplane/core/reply.h"

#include <endian.h>

#define MAC_LEN    6
#define IPV4_LEN   20
#define IPV6_LEN   40
#define UDP_LEN    8
#define DSCP_V4    0xfc
#define DSCP_V6_LO 0xc0 /* in the second byte; the first holds the upper four bits */
#define TTL        64
#define PROTO_UDP  17
#define DF         0x4000

static inline uint32_t ip_len(const struct nx_packet *p)
{
	return (p->is_v6 ? IPV6_LEN : IPV4_LEN) + UDP_LEN;
}

static inline uint32_t head_len(const struct nx_packet *p)
{
	return p->l3_off + ip_len(p);
}

static inline void put_ethernet(const struct nx_packet *p, uint8_t *out)
{
	memcpy(out, p->frame + MAC_LEN, MAC_LEN);
	memcpy(out + MAC_LEN, p->frame, MAC_LEN);
	nx_copy_put(out + 2 * MAC_LEN, p->frame + 2 * MAC_LEN, p->l3_off - 2u * MAC_LEN);
}

/* The checksum is of words that are still in registers. */
static inline void put_ipv4(const struct nx_packet *p, uint32_t udp_len, bool hw_csum, uint8_t *ip)
{
	uint32_t dscp = p->frame[p->l3_off + 1] & DSCP_V4;
	uint32_t word[3] = {
		htobe32(0x45u << 24 | dscp << 16 | (IPV4_LEN + udp_len)),
		htobe32(DF),
		htobe32(TTL << 24 | PROTO_UDP << 16),
	};

	if (!hw_csum) {
		uint64_t sum = (uint64_t)word[0] + word[1] + word[2] +
			       nx_csum_words(p->dst.b + 12, 1) + nx_csum_words(p->src.b + 12, 1);

		word[2] |= htobe32(be16toh(nx_csum_fold(sum)));
	}
	memcpy(ip, word, sizeof(word));
	memcpy(ip + 12, p->dst.b + 12, 4);
	memcpy(ip + 16, p->src.b + 12, 4);
}

static inline void put_ipv6(const struct nx_packet *p, uint32_t udp_len, uint8_t *ip)
{
	const uint8_t *from = p->frame + p->l3_off;
	uint32_t class = (uint32_t)from[0] << 24 | (uint32_t)(from[1] & DSCP_V6_LO) << 16;
	uint32_t word[2] = {htobe32(class), htobe32(udp_len << 16 | PROTO_UDP << 8 | TTL)};

	memcpy(ip, word, sizeof(word));
	memcpy(ip + 8, p->dst.b, 16);
	memcpy(ip + 24, p->src.b, 16);
}

/* A port that fills the sum in wants to find the pseudo-header's, not complemented. A sum of 0 is
 * sent as 0xffff: 0 says "none" (RFC 768). */
static inline void put_udp(const struct nx_packet *p, const struct nx_reply_options *o,
	uint16_t dst_port, uint32_t udp_len, uint8_t *udp)
{
	uint16_t head[4] = {htobe16(p->dst_port), htobe16(dst_port), htobe16((uint16_t)udp_len)};
	uint64_t sum = nx_csum_pseudo(&p->dst, &p->src, p->is_v6, (uint16_t)udp_len);

	if (o->hw_udp_csum) {
		head[3] = (uint16_t)~nx_csum_fold(sum);
	} else {
		sum += (uint64_t)head[0] + head[1] + head[2];
		sum = nx_csum_add(sum, udp + UDP_LEN, udp_len - UDP_LEN);
		head[3] = nx_csum_fold(sum);
		head[3] = head[3] == 0 ? 0xffff : head[3];
	}
	memcpy(udp, head, sizeof(head));
}

/* Writes head_len bytes at out, before the sip_len bytes of SIP that are in their place already. */
static inline void put_head(const struct nx_packet *p, const struct nx_reply_options *o,
	uint16_t dst_port, uint32_t sip_len, uint8_t *out)
{
	uint32_t udp_len = UDP_LEN + sip_len;
	uint8_t *ip = out + p->l3_off;

	put_ethernet(p, out);
	if (p->is_v6)
		put_ipv6(p, udp_len, ip);
	else
		put_ipv4(p, udp_len, o->hw_ip_csum, ip);
	put_udp(p, o, dst_port, udp_len, out + head_len(p) - UDP_LEN);
}

#endif
