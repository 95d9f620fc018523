/* From a received mbuf to the packet that the core judges. */
#ifndef NX_SHELL_ATTACH_H
#define NX_SHELL_ATTACH_H

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

#include "dataplane/core/packet.h"

#define NX_FRAME_MAX 65536 /* bytes of a frame that are judged at most */

static inline uint8_t nx_attach_csum(uint64_t flags, uint64_t mask, uint64_t good, uint64_t bad)
{
	flags &= mask;
	return flags == good ? NX_CSUM_GOOD : flags == bad ? NX_CSUM_BAD : NX_CSUM_UNKNOWN;
}

/* nx_attach fills the shell's fields of p from a frame in any number of segments.
 * In:     linear: NX_FRAME_MAX bytes, where a frame of several segments is put together. It and m
 *         stay as they are for p's life. From the core side nothing is judged, nor put together. */
static inline void nx_attach(
	struct nx_packet *p, const struct rte_mbuf *m, bool from_core, uint8_t *linear)
{
	p->from_core = from_core;
	p->frame = rte_pktmbuf_mtod(m, const uint8_t *);
	p->frame_len = m->pkt_len;
	if (unlikely(m->nb_segs > 1) && !from_core) {
		p->frame_len = RTE_MIN(m->pkt_len, (uint32_t)NX_FRAME_MAX);
		p->frame = rte_pktmbuf_read(m, 0, p->frame_len, linear);
	}
	p->ip_csum = p->udp_csum = NX_CSUM_UNKNOWN;
	if (m->ol_flags & (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK)) {
		p->ip_csum = nx_attach_csum(m->ol_flags, RTE_MBUF_F_RX_IP_CKSUM_MASK,
			RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD);
		p->udp_csum = nx_attach_csum(m->ol_flags, RTE_MBUF_F_RX_L4_CKSUM_MASK,
			RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD);
	}
}

#endif
