/* Ethernet, IP and UDP of a reply (rule 22): the request's headers turned round. MAC addresses,
 * IP addresses and the service's port change sides; VLAN tags with their priority, and the DSCP,
 * stay as they were, so that the answer travels as the question did. The ECN bits are cleared
 * (RFC 3168: they are the transport's word, and ours has none), the IPv6 flow label is 0 (RFC 6437:
 * it would be a new flow), options and extension headers are left out. DF is set, and therefore the
 * IPv4 id may be 0 (RFC 6864). Padding to Ethernet's minimum is the port's.
 * Checksums are computed here unless the port offers to. */
#include "dataplane/core/reply_parts.h"

#include "dataplane/core/decode.h"

#include <endian.h>

#define MAC_LEN    6
#define IPV4_LEN   20
#define IPV6_LEN   40
#define DSCP_V4    0xfc
#define DSCP_V6_LO 0xc0 /* in the second byte; the first holds the upper four bits */
#define TTL        64
#define PROTO_UDP  17
#define IPV4_DF_HI 0x40
#define IPV4_CSUM  10
#define UDP_CSUM   6

static inline void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

uint32_t nx_reply_ip_len(const struct nx_packet *p)
{
	return (p->is_v6 ? IPV6_LEN : IPV4_LEN) + NX_UDP_LEN;
}

uint32_t nx_reply_head_len(const struct nx_packet *p)
{
	return p->l3_off + nx_reply_ip_len(p);
}

static inline void put_ethernet(const struct nx_packet *p, uint8_t *out)
{
	memcpy(out, p->frame + MAC_LEN, MAC_LEN);
	memcpy(out + MAC_LEN, p->frame, MAC_LEN);
	memcpy(out + 2 * MAC_LEN, p->frame + 2 * MAC_LEN, p->l3_off - 2 * MAC_LEN);
}

static inline void put_ipv4(const struct nx_packet *p, uint32_t udp_len, bool hw_csum, uint8_t *ip)
{
	uint8_t dscp = p->frame[p->l3_off + 1] & DSCP_V4;
	const uint8_t head[IPV4_LEN - 8] = {
		0x45, dscp, [6] = IPV4_DF_HI, [8] = TTL, [9] = PROTO_UDP};
	uint16_t csum;

	memcpy(ip, head, sizeof(head));
	put16(ip + 2, IPV4_LEN + udp_len);
	memcpy(ip + 12, p->dst.b + 12, 4);
	memcpy(ip + 16, p->src.b + 12, 4);
	if (hw_csum)
		return;
	csum = nx_csum_fold(nx_csum_add(0, ip, IPV4_LEN));
	memcpy(ip + IPV4_CSUM, &csum, sizeof(csum));
}

static inline void put_ipv6(const struct nx_packet *p, uint32_t udp_len, uint8_t *ip)
{
	const uint8_t *from = p->frame + p->l3_off;
	const uint8_t head[IPV6_LEN - 32] = {
		from[0], from[1] & DSCP_V6_LO, [6] = PROTO_UDP, [7] = TTL};

	memcpy(ip, head, sizeof(head));
	put16(ip + 4, udp_len);
	memcpy(ip + 8, p->dst.b, 16);
	memcpy(ip + 24, p->src.b, 16);
}

void nx_reply_put_head(const struct nx_packet *p, const struct nx_reply_options *o,
	uint16_t dst_port, uint32_t sip_len, uint8_t *out)
{
	uint8_t *ip = out + p->l3_off, *udp = out + nx_reply_head_len(p) - NX_UDP_LEN;
	uint32_t udp_len = NX_UDP_LEN + sip_len;

	put_ethernet(p, out);
	if (p->is_v6)
		put_ipv6(p, udp_len, ip);
	else
		put_ipv4(p, udp_len, o->hw_ip_csum, ip);
	put16(udp, p->dst_port);
	put16(udp + 2, dst_port);
	put16(udp + 4, udp_len);
	put16(udp + UDP_CSUM, 0);
}

/* A port that fills the sum in wants to find the pseudo-header's, not complemented. A sum of 0 is
 * sent as 0xffff: 0 says "none" (RFC 768). */
void nx_reply_put_csum(
	const struct nx_packet *p, const struct nx_reply_options *o, uint32_t sip_len, uint8_t *out)
{
	uint8_t *ip = out + p->l3_off, *udp = out + nx_reply_head_len(p) - NX_UDP_LEN;
	uint32_t udp_len = NX_UDP_LEN + sip_len;
	uint64_t sum = nx_csum_pseudo(ip, p->is_v6, (uint16_t)udp_len);
	uint16_t csum;

	if (o->hw_udp_csum) {
		csum = (uint16_t)~nx_csum_fold(sum);
	} else {
		csum = nx_csum_fold(nx_csum_add(sum, udp, udp_len));
		csum = csum == 0 ? 0xffff : csum;
	}
	memcpy(udp + UDP_CSUM, &csum, sizeof(csum));
}
