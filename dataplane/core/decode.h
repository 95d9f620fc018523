/* Ethernet to UDP: every length and checksum checked before anything is believed (rule 2).
 * 802.1Q (0x8100) and QinQ (0x88a8, 0x8100, 0x9100; up to two tags), IPv4 with options, IPv6 with
 * extension headers (hop-by-hop, routing, destination options, AH; fragment: see below), UDP. */
#ifndef NX_CORE_DECODE_H
#define NX_CORE_DECODE_H

#include "dataplane/core/csum.h"
#include "dataplane/core/packet.h"

/* nx_decode fills the decode fields of p from p->frame.
 * Return (and p->reason): NX_R_UNDECIDED for a sound UDP datagram, headers only: its UDP checksum
 * is still unchecked (nx_decode_udp_csum does that, for what will be judged), else NOT_IP, NOT_UDP,
 * FRAGMENT (any fragment, also an IPv6 atomic one), TRUNCATED (also wrong versions, more than eight
 * extension headers, and a UDP length that is not the IP payload's), IP_CHECKSUM, MARTIAN
 * (multicast, broadcast, unspecified, loopback, v4-mapped or port 0 on either end; source MAC a
 * group address; destination MAC a group address; source-routed, so that the destination is not
 * the last one: IPv4 LSRR or SSRR, an IPv6 routing header with segments left).
 * p->vlan is the outermost id that is not 0: a priority tag (id 0) belongs to no VLAN.
 * p->like is p. */
unsigned nx_decode(struct nx_packet *p);

/* nx_decode_like decodes p as the packet before it, and takes over its whole path, where p's
 * headers are the same bytes but for lengths, checksums, identification and hops; as a burst's
 * packets mostly are. In:     before: a packet that nx_decode or nx_decode_like found sound; its
 * frame is still there. Return: false where nx_decode has to look: nothing is written then. */
bool nx_decode_like(const struct nx_packet *before, struct nx_packet *p);

/* nx_decode_udp_csum returns whether the UDP checksum is right; believes p->udp_csum where the port
 * checked. IPv4 checksum 0 (none) is right; over IPv6 it is wrong. Call it only after nx_decode. */
bool nx_decode_udp_csum(const struct nx_packet *p);

#endif
