/* The pieces a reply is made of, between the files that make it: reply.c builds, reply_via.c edits
 * the top Via, reply_l4.c writes the headers below SIP. */
#ifndef NX_CORE_REPLY_PARTS_H
#define NX_CORE_REPLY_PARTS_H

#include "dataplane/core/reply.h"

#define NX_UDP_LEN       8
#define NX_VIA_EDITS_MAX 2

/* At `at` (from the payload's start) cut bytes give way to len bytes of text. */
struct nx_via_edit {
	uint16_t at, cut, len;
	char text[56]; /* the longest is ";received=" and an IPv6 address: 49 */
};

/* nx_reply_via_edits lists what rule 21 changes in the top Via, in the order of the bytes.
 * Return: how many, 0 to NX_VIA_EDITS_MAX. */
unsigned nx_reply_via_edits(const struct nx_packet *p, struct nx_via_edit edit[NX_VIA_EDITS_MAX]);

/* nx_reply_ip_len and nx_reply_head_len: bytes of the reply's IP and UDP headers, and of those with
 * Ethernet and tags before them. */
uint32_t nx_reply_ip_len(const struct nx_packet *p);
uint32_t nx_reply_head_len(const struct nx_packet *p);

/* nx_reply_put_head writes nx_reply_head_len bytes at out, for sip_len bytes of SIP; the UDP
 * checksum is 0 until nx_reply_put_csum, which wants the SIP in its place, writes it. dst_port:
 * host order. */
void nx_reply_put_head(const struct nx_packet *p, const struct nx_reply_options *o,
	uint16_t dst_port, uint32_t sip_len, uint8_t *out);
void nx_reply_put_csum(const struct nx_packet *p, const struct nx_reply_options *o,
	uint32_t sip_len, uint8_t *out);

#endif
