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
#define UDP_LEN    8
#define DSCP_V4    0xfc
#define DSCP_V6_LO 0xc0 /* in the second byte; the first holds the upper four bits */
#define TTL        64
#define PROTO_UDP  17
#define DF         0x4000

static inline void put_ethernet(const struct nx_packet *p, uint8_t *out)
{
	memcpy(out, p->frame + MAC_LEN, MAC_LEN);
	memcpy(out + MAC_LEN, p->frame, MAC_LEN);
	memcpy(out + 2 * MAC_LEN, p->frame + 2 * MAC_LEN, p->l3_off - 2u * MAC_LEN);
}

static inline void put_ipv4(const struct nx_packet *p, uint8_t *ip)
{
	uint32_t dscp = p->frame[p->l3_off + 1] & DSCP_V4;
	uint32_t word[3] = {
		htobe32(0x45u << 24 | dscp << 16),
		htobe32(DF),
		htobe32(TTL << 24 | PROTO_UDP << 16),
	};

	memcpy(ip, word, sizeof(word));
	memcpy(ip + 12, p->dst.b + 12, 4);
	memcpy(ip + 16, p->src.b + 12, 4);
}

static inline void put_ipv6(const struct nx_packet *p, uint8_t *ip)
{
	const uint8_t *from = p->frame + p->l3_off;
	uint32_t class = (uint32_t)from[0] << 24 | (uint32_t)(from[1] & DSCP_V6_LO) << 16;
	uint32_t word[2] = {htobe32(class), htobe32(PROTO_UDP << 8 | TTL)};

	memcpy(ip, word, sizeof(word));
	memcpy(ip + 8, p->dst.b, 16);
	memcpy(ip + 24, p->src.b, 16);
}

/* The headers of every reply on p's path, without lengths, checksums and the port it goes to; and
 * the sums of what is there. */
static inline void make_head(struct nx_reply_peer *peer, const struct nx_packet *p)
{
	uint8_t *ip = peer->head + p->l3_off;
	uint16_t udp[4] = {htobe16(p->dst_port)};

	put_ethernet(p, peer->head);
	if (p->is_v6)
		put_ipv6(p, ip);
	else
		put_ipv4(p, ip);
	memcpy(peer->head + nx_reply_l4_off(p), udp, UDP_LEN);
	peer->ip_sum = p->is_v6 ? 0 : nx_csum_words(ip, IPV4_LEN / 4);
	peer->udp_sum = nx_csum_pseudo(&p->dst, &p->src, p->is_v6, 0);
}

/* A port that fills the sum in wants to find the pseudo-header's, not complemented. A sum of 0 is
 * sent as 0xffff: 0 says "none" (RFC 768). */
static inline uint16_t udp_csum(const struct nx_reply_peer *peer, bool hw_csum, uint16_t dst_port,
	uint16_t udp_len, const uint8_t *udp)
{
	uint64_t sum = peer->udp_sum + htobe16(udp_len);
	uint16_t csum, src_port;

	if (hw_csum)
		return (uint16_t)~nx_csum_fold(sum);
	memcpy(&src_port, udp, sizeof(src_port));
	sum += (uint64_t)src_port + htobe16(dst_port) + htobe16(udp_len) +
	       nx_csum_datagram(udp + UDP_LEN, (uint16_t)(udp_len - UDP_LEN));
	csum = nx_csum_fold(sum);
	return csum == 0 ? 0xffff : csum;
}

/* Writes L2 to L4 at out, before the sip_len bytes of SIP that are in their place already. */
static inline void put_head(const struct nx_packet *p, const struct nx_reply_options *o,
	uint16_t dst_port, uint32_t sip_len, uint8_t *out)
{
	const struct nx_reply_peer *peer = o->peer;
	const uint32_t l4_off = nx_reply_l4_off(p);
	const uint16_t udp_len = (uint16_t)(UDP_LEN + sip_len);
	uint16_t field[3] = {htobe16(dst_port), htobe16(udp_len)}, ip_len;
	uint8_t *ip = out + p->l3_off;

	nx_copy_put(out, peer->head, l4_off + UDP_LEN);
	field[2] = udp_csum(peer, o->hw_udp_csum, dst_port, udp_len, out + l4_off);
	memcpy(out + l4_off + 2, field, sizeof(field));
	if (p->is_v6) {
		memcpy(ip + 4, &field[1], sizeof(field[1]));
		return;
	}
	ip_len = htobe16((uint16_t)(IPV4_LEN + udp_len));
	memcpy(ip + 2, &ip_len, sizeof(ip_len));
	if (!o->hw_ip_csum) {
		const uint16_t csum = nx_csum_fold(peer->ip_sum + ip_len);

		memcpy(ip + 10, &csum, sizeof(csum));
	}
}

#endif
