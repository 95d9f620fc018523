/* Ethernet to UDP, in one pass over the headers. The invariant: `off` and `end` never leave the
 * frame, a field is read only after `end - off` has been found large enough, and `end` only ever
 * shrinks (frame, then IP length, then UDP length). What is not understood, or not consistent,
 * passes: a datagram with a surplus behind its UDP length could be read in two ways, so it is not
 * read at all. Reassembly is left out; so are jumbograms (RFC 2675), ESP and tunnels.
 * RFC 791, RFC 768, RFC 8200, RFC 4302 (AH), IEEE 802.1Q. */
#include "dataplane/core/decode.h"

#define ETHER_LEN    14
#define TAG_LEN      4
#define TAGS_MAX     2
#define TYPE_IPV4    0x0800
#define TYPE_IPV6    0x86dd
#define TYPE_CTAG    0x8100 /* 802.1Q */
#define TYPE_STAG    0x88a8 /* 802.1ad */
#define TYPE_QINQ    0x9100 /* before 802.1ad */
#define VLAN_ID_MASK 0x0fff

#define IPV4_LEN           20
#define IPV4_FRAGMENT_MASK 0x3fff /* MF and the offset */
#define IPV4_OFFSET_MASK   0x1fff /* of 8 bytes */
#define IPV4_OPTION_END    0
#define IPV4_OPTION_NOP    1
#define IPV4_OPTION_LSRR   131
#define IPV4_OPTION_SSRR   137

#define IPV6_LEN       40
#define IPV6_EXT_MAX   8 /* RFC 8200 4.1 has use for seven */
#define IPV6_EXT_LEN   8 /* the shortest */
#define PROTO_HOP      0
#define PROTO_UDP      17
#define PROTO_ROUTING  43
#define PROTO_FRAGMENT 44
#define PROTO_AH       51
#define PROTO_DESTOPT  60

#define UDP_LEN  8
#define UDP_CSUM 6 /* offset in the UDP header */

#define HEAD_MAX 64 /* bytes of L2 to L4 that two packets are compared in */

static inline uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline bool is_tag(uint16_t type)
{
	return type == TYPE_CTAG || type == TYPE_STAG || type == TYPE_QINQ;
}

static inline unsigned decode_ethernet(struct nx_packet *p, uint16_t *type)
{
	uint32_t off = ETHER_LEN;

	p->vlan = NX_VLAN_NONE;
	if (p->frame_len < ETHER_LEN)
		return NX_R_TRUNCATED;
	*type = be16(p->frame + off - 2);
	for (unsigned tags = 0; tags < TAGS_MAX && is_tag(*type); tags++) {
		uint16_t id;

		if (p->frame_len - off < TAG_LEN)
			return NX_R_TRUNCATED;
		id = be16(p->frame + off) & VLAN_ID_MASK;
		if (p->vlan == NX_VLAN_NONE && id != 0)
			p->vlan = id;
		off += TAG_LEN;
		*type = be16(p->frame + off - 2);
	}
	p->l3_off = (uint16_t)off;
	return NX_R_UNDECIDED;
}

static unsigned check_ipv4_options(const uint8_t *opt, uint32_t len)
{
	for (uint32_t i = 0; i < len && opt[i] != IPV4_OPTION_END;) {
		if (opt[i] == IPV4_OPTION_LSRR || opt[i] == IPV4_OPTION_SSRR)
			return NX_R_MARTIAN;
		if (opt[i] == IPV4_OPTION_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || opt[i + 1] < 2 || opt[i + 1] > len - i)
			return NX_R_TRUNCATED;
		i += opt[i + 1];
	}
	return NX_R_UNDECIDED;
}

static inline bool ipv4_csum_ok(const struct nx_packet *p, const uint8_t *ip, uint32_t len)
{
	if (p->ip_csum != NX_CSUM_UNKNOWN)
		return p->ip_csum == NX_CSUM_GOOD;
	if (len == IPV4_LEN)
		return nx_csum_fold(nx_csum_words(ip, IPV4_LEN / 4)) == 0;
	return nx_csum_fold(nx_csum_words(ip, len / 4)) == 0;
}

static void note_fragment(
	struct nx_packet *p, uint32_t id, uint32_t off, uint32_t begin, uint32_t end)
{
	p->is_fragment = true;
	p->frag = (struct nx_fragment){
		p->src, p->dst, id, p->vlan, (uint16_t)off, (uint16_t)(end - begin), 0};
}

static inline unsigned decode_ipv4(struct nx_packet *p, uint32_t *end)
{
	const uint8_t *ip = p->frame + p->l3_off;
	uint32_t room = p->frame_len - p->l3_off, header_len, total_len;

	if (room < IPV4_LEN || ip[0] >> 4 != 4)
		return NX_R_TRUNCATED;
	header_len = (ip[0] & 0xfu) * 4;
	total_len = be16(ip + 2);
	if (header_len < IPV4_LEN || header_len > total_len || total_len > room)
		return NX_R_TRUNCATED;
	if (!ipv4_csum_ok(p, ip, header_len))
		return NX_R_IP_CHECKSUM;
	if (ip[9] != PROTO_UDP)
		return be16(ip + 6) & IPV4_FRAGMENT_MASK ? NX_R_FRAGMENT : NX_R_NOT_UDP;
	p->is_v6 = false;
	p->src = nx_addr_v4(ip + 12);
	p->dst = nx_addr_v4(ip + 16);
	p->l4_off = (uint16_t)(p->l3_off + header_len);
	*end = p->l3_off + total_len;
	if (be16(ip + 6) & IPV4_FRAGMENT_MASK) {
		note_fragment(
			p, be16(ip + 4), (be16(ip + 6) & IPV4_OFFSET_MASK) * 8u, p->l4_off, *end);
		if (p->frag.off)
			return NX_R_FRAGMENT;
	}
	if (header_len > IPV4_LEN)
		return check_ipv4_options(ip + IPV4_LEN, header_len - IPV4_LEN);
	return NX_R_UNDECIDED;
}

/* The extension headers between off and UDP. A jumbogram says length 0 and so has no room for the
 * hop-by-hop header it needs: truncated. */
static unsigned skip_extensions(struct nx_packet *p, uint8_t next, uint32_t off, uint32_t end)
{
	for (unsigned n = 0; next != PROTO_UDP; n++) {
		const uint8_t *ext = p->frame + off;
		uint32_t ext_len;

		if (next == PROTO_FRAGMENT && end - off >= 8 && n < IPV6_EXT_MAX &&
			!p->is_fragment) {
			uint32_t at = be16(ext + 2) & 0xfff8u;

			next = ext[0];
			off += 8;
			if (at == 0 && !(ext[3] & 1))
				continue; /* atomic: RFC 6946 */
			note_fragment(
				p, (uint32_t)be16(ext + 4) << 16 | be16(ext + 6), at, off, end);
			if (at)
				return NX_R_FRAGMENT;
			if (next == PROTO_UDP)
				break;
			continue;
		}
		if (next == PROTO_FRAGMENT)
			return NX_R_FRAGMENT;
		if (next != PROTO_HOP && next != PROTO_ROUTING && next != PROTO_AH &&
			next != PROTO_DESTOPT)
			return NX_R_NOT_UDP;
		if (n == IPV6_EXT_MAX || (next == PROTO_HOP && n > 0) || end - off < IPV6_EXT_LEN)
			return NX_R_TRUNCATED;
		ext_len = next == PROTO_AH ? (ext[1] + 2u) * 4 : (ext[1] + 1u) * 8;
		if (ext_len > end - off)
			return NX_R_TRUNCATED;
		if (next == PROTO_ROUTING && ext[3] != 0)
			return NX_R_MARTIAN;
		next = ext[0];
		off += ext_len;
	}
	p->l4_off = (uint16_t)off;
	return NX_R_UNDECIDED;
}

static inline unsigned decode_ipv6(struct nx_packet *p, uint32_t *end)
{
	const uint8_t *ip = p->frame + p->l3_off;
	uint32_t room = p->frame_len - p->l3_off, total_len;

	if (room < IPV6_LEN || ip[0] >> 4 != 6)
		return NX_R_TRUNCATED;
	total_len = IPV6_LEN + be16(ip + 4);
	if (total_len > room)
		return NX_R_TRUNCATED;
	p->is_v6 = true;
	p->src = nx_addr_v6(ip + 8);
	p->dst = nx_addr_v6(ip + 24);
	*end = p->l3_off + total_len;
	return skip_extensions(p, ip[6], p->l3_off + IPV6_LEN, *end);
}

static inline unsigned decode_udp(struct nx_packet *p, uint32_t end)
{
	const uint8_t *udp = p->frame + p->l4_off;
	uint32_t room = end - p->l4_off;

	if (room < UDP_LEN)
		return NX_R_TRUNCATED;
	if (p->is_fragment) { /* the first: more must come, in units of 8 bytes */
		uint32_t total = be16(udp + 4) + p->frag.len - room;

		if (be16(udp + 4) <= room || p->frag.len % 8 != 0 || total > UINT16_MAX)
			return NX_R_TRUNCATED;
		p->frag.total = (uint16_t)total;
	} else if (be16(udp + 4) != room) {
		return NX_R_TRUNCATED;
	}
	p->src_port = be16(udp);
	p->dst_port = be16(udp + 2);
	p->payload_off = (uint16_t)(p->l4_off + UDP_LEN);
	p->payload_len = (uint16_t)(room - UDP_LEN);
	return NX_R_UNDECIDED;
}

/* 0/8, 127/8, and from 224/4 on: multicast, reserved, broadcast. */
static inline bool v4_martian(const struct nx_addr *a)
{
	return a->b[12] == 0 || a->b[12] == 127 || a->b[12] >= 224;
}

/* ff00::/8, ::, ::1 and ::ffff:0:0/96. */
static inline bool v6_martian(const struct nx_addr *a)
{
	return a->b[0] == 0xff || nx_addr_u128(a) <= 1 || nx_addr_is_v4(a);
}

static inline bool is_martian(const struct nx_packet *p)
{
	bool group_mac = (p->frame[0] | p->frame[6]) & 1;

	if (group_mac || p->src_port == 0 || p->dst_port == 0)
		return true;
	return p->is_v6 ? v6_martian(&p->src) || v6_martian(&p->dst)
			: v4_martian(&p->src) || v4_martian(&p->dst);
}

static inline unsigned decode(struct nx_packet *p)
{
	uint16_t type;
	uint32_t end;
	unsigned reason = decode_ethernet(p, &type);

	if (reason != NX_R_UNDECIDED)
		return reason;
	if (type == TYPE_IPV4)
		reason = decode_ipv4(p, &end);
	else if (type == TYPE_IPV6)
		reason = decode_ipv6(p, &end);
	else
		reason = NX_R_NOT_IP;
	if (reason != NX_R_UNDECIDED)
		return reason;
	reason = decode_udp(p, end);
	if (reason != NX_R_UNDECIDED)
		return reason;
	return is_martian(p) ? NX_R_MARTIAN : NX_R_UNDECIDED;
}

unsigned nx_decode(struct nx_packet *p)
{
	unsigned reason;

	p->is_fragment = false;
	reason = decode(p);
	p->reason = (uint8_t)reason;
	p->like = p;
	p->is_plain = reason == NX_R_UNDECIDED && !p->is_fragment && p->frame_len >= HEAD_MAX &&
		      p->payload_off <= HEAD_MAX &&
		      p->l4_off - p->l3_off == (p->is_v6 ? IPV6_LEN : IPV4_LEN);
	return reason;
}

/* ---- a packet like the one before ---- */

#define FIELD(at) [L2_MAX + (at)]

/* What has to be the same: all of L2, and of IP and UDP all that is 0xff here. Before them stands
 * enough for L2, after them zeros up to HEAD_MAX. */
#define L2_MAX (ETHER_LEN + TAGS_MAX * TAG_LEN)
#define ALL    0xff

static const uint8_t same_v4[L2_MAX + HEAD_MAX] = {
	[0 ... L2_MAX - 1] = ALL,
	FIELD(0) = ALL,                      /* version, length */
	FIELD(1) = ALL,                      /* DSCP and ECN */
	[L2_MAX + 6 ... L2_MAX + 7] = ALL,   /* flags and offset */
	FIELD(9) = ALL,                      /* protocol */
	[L2_MAX + 12 ... L2_MAX + 23] = ALL, /* addresses, ports */
};

static const uint8_t same_v6[L2_MAX + HEAD_MAX] = {
	[0 ... L2_MAX - 1] = ALL,
	FIELD(0) = ALL,                     /* version, traffic class */
	FIELD(1) = 0xf0,                    /* traffic class; then the flow label */
	FIELD(6) = ALL,                     /* next header */
	[L2_MAX + 8 ... L2_MAX + 43] = ALL, /* addresses, ports */
};

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words16 __attribute__((vector_size(16)));

static inline bytes16 load16(const uint8_t *at)
{
	bytes16 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static inline bool same_head(const uint8_t *a, const uint8_t *b, const uint8_t *mask)
{
	bytes16 diff = {0};
	words16 all;

#pragma GCC unroll 4
	for (unsigned i = 0; i < HEAD_MAX; i += sizeof(bytes16))
		diff |= (load16(a + i) ^ load16(b + i)) & load16(mask + i);
	all = (words16)diff;
	return (all[0] | all[1]) == 0;
}

/* What differs is right in itself: lengths that agree, and IPv4's checksum. */
static inline __attribute__((always_inline)) bool like(
	const struct nx_packet *before, struct nx_packet *p, bool is_v6)
{
	const uint32_t l3_off = before->l3_off, l4_off = before->l4_off;
	const uint8_t *ip = p->frame + l3_off;
	uint32_t end = l3_off + (is_v6 ? IPV6_LEN + be16(ip + 4) : be16(ip + 2));
	uint32_t udp_len = be16(p->frame + l4_off + 4);

	if (!same_head(p->frame, before->frame, (is_v6 ? same_v6 : same_v4) + L2_MAX - l3_off) ||
		end > p->frame_len || l4_off + udp_len != end || udp_len < UDP_LEN ||
		(!is_v6 && !ipv4_csum_ok(p, ip, IPV4_LEN)))
		return false;
	p->path = before->path;
	p->like = before->like;
	p->is_fragment = false;
	p->payload_len = (uint16_t)(udp_len - UDP_LEN);
	return true;
}

bool nx_decode_like(const struct nx_packet *before, struct nx_packet *p)
{
	if (!before->is_plain || p->frame_len < HEAD_MAX)
		return false;
	return before->is_v6 ? like(before, p, true) : like(before, p, false);
}

bool nx_decode_udp_csum(const struct nx_packet *p)
{
	const uint8_t *udp = p->frame + p->l4_off;
	uint16_t udp_len = (uint16_t)(p->payload_len + UDP_LEN);

	if (p->is_fragment) /* cannot be verified; fragment.h says what follows */
		return !p->is_v6 || be16(udp + UDP_CSUM) != 0;
	if (p->udp_csum != NX_CSUM_UNKNOWN)
		return p->udp_csum == NX_CSUM_GOOD;
	if (be16(udp + UDP_CSUM) == 0)
		return !p->is_v6;
	return nx_csum_fold(nx_csum_pseudo(&p->src, &p->dst, p->is_v6, udp_len) +
			    nx_csum_datagram(udp, udp_len)) == 0;
}
