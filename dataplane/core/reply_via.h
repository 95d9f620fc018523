/* The top Via of a reply (rule 21): where the request really came from, for the hops on the way
 * back. RFC 3261 18.2.1: `received` if sent-by is a name or another address than the source's.
 * RFC 3581 4: an rport is filled in with the source port, and `received` then stands always.
 * A received or rport value that came in the request was its sender's word, so it is replaced.
 * A new `received` goes right behind rport (one change in the usual request), else right behind
 * sent-by, where no other parameter, comment or white space can stand in its way.
 * Addresses are written as RFC 5952 says, IPv6 without brackets (RFC 3261 25.1: via-received).
 * For inclusion by reply.c only. */
#ifndef NX_CORE_REPLY_VIA_H
#define NX_CORE_REPLY_VIA_H

#include "dataplane/core/copy.h"
#include "dataplane/core/reply.h"

#include <endian.h>

#define VIA_EDITS_MAX 2
#define RPORT         ";rport="
#define RECEIVED      ";received="

#define LEN(text)     ((uint32_t)sizeof(text) - 1)
/* a constant is a few stores of a fixed width */
#define PUT(at, text) ((uint8_t *)memcpy(at, text, LEN(text)) + LEN(text))

/* ---- the source as text: made in registers and written by whole words, up to seven bytes too many
 * ---- */

struct text8 {
	uint64_t bytes; /* the first lowest */
	uint32_t len;
};

static inline uint8_t *put_text8(uint8_t *at, struct text8 t)
{
	uint64_t bytes = htole64(t.bytes);

	memcpy(at, &bytes, sizeof(bytes));
	return at + t.len;
}

#define TEN(t, n)                                                                                  \
	{t "0.", n}, {t "1.", n}, {t "2.", n}, {t "3.", n}, {t "4.", n}, {t "5.", n}, {t "6.", n}, \
		{t "7.", n}, {t "8.", n},                                                          \
	{                                                                                          \
		t "9.", n                                                                          \
	}
#define HUNDRED(t, n)                                                                             \
	TEN(t "0", n), TEN(t "1", n), TEN(t "2", n), TEN(t "3", n), TEN(t "4", n), TEN(t "5", n), \
		TEN(t "6", n), TEN(t "7", n), TEN(t "8", n), TEN(t "9", n)

/* Every octet with the dot behind it, not terminated, and its length in bits. */
static const struct {
	char text[4];
	uint32_t bits;
} octets[300] = {TEN("", 16), TEN("1", 24), TEN("2", 24), TEN("3", 24), TEN("4", 24), TEN("5", 24),
	TEN("6", 24), TEN("7", 24), TEN("8", 24), TEN("9", 24), HUNDRED("1", 32), HUNDRED("2", 32)};

static inline struct text8 two_octets(const uint8_t v4[2])
{
	uint32_t first, second;

	memcpy(&first, octets[v4[0]].text, 4);
	memcpy(&second, octets[v4[1]].text, 4);
	return (struct text8){
		le32toh(first) | (uint64_t)le32toh(second) << octets[v4[0]].bits,
		(octets[v4[0]].bits + octets[v4[1]].bits) / 8,
	};
}

/* Eight digits, split by halves: each lane's quotient takes one half of the lane, the remainder the
 * other. Then the leading zeros are shifted out. */
static inline struct text8 port_text(uint32_t v)
{
	uint32_t len = 1u + (v >= 10) + (v >= 100) + (v >= 1000) + (v >= 10000);
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32, q;

	q = (x * 5243 >> 19) & 0x0000007f0000007f; /* by 100, right below 10000 */
	x = q | (x - q * 100) << 16;
	q = (x * 103 >> 10) & 0x000f000f000f000f; /* by 10, right below 100 */
	x = q | (x - q * 10) << 8 | 0x3030303030303030;
	return (struct text8){x >> (64 - 8 * len), len};
}

static uint8_t *put_hex(uint8_t *at, unsigned v)
{
	unsigned digits = v > 0xfff ? 4 : v > 0xff ? 3 : v > 0xf ? 2 : 1;

	while (digits-- > 0)
		*at++ = (uint8_t) "0123456789abcdef"[v >> (4 * digits) & 0xf];
	return at;
}

/* The first of the longest runs of two or more zero groups, 8 where there is none. */
static unsigned longest_zeros(const unsigned group[8], unsigned *run_len)
{
	unsigned best = 8, best_len = 1;

	for (unsigned i = 0; i < 8;) {
		unsigned start = i;

		while (i < 8 && group[i] == 0)
			i++;
		if (i - start > best_len) {
			best = start;
			best_len = i - start;
		}
		if (i == start)
			i++;
	}
	*run_len = best_len;
	return best;
}

static uint8_t *put_ipv6_text(uint8_t *at, const uint8_t v6[16])
{
	unsigned group[8], run, run_len;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)v6[2 * i] << 8 | v6[2 * i + 1];
	run = longest_zeros(group, &run_len);
	for (unsigned i = 0; i < 8;) {
		if (i == run) {
			memcpy(at, "::", 2);
			at += 2;
			i += run_len;
			continue;
		}
		if (i > 0 && i != run + run_len)
			*at++ = ':';
		at = put_hex(at, group[i++]);
	}
	return at;
}

static inline uint8_t *put_source(uint8_t *at, const struct nx_packet *p)
{
	struct text8 low;

	if (p->is_v6)
		return put_ipv6_text(at, p->src.b);
	low = two_octets(p->src.b + 14);
	low.len--; /* no dot behind the last */
	return put_text8(put_text8(at, two_octets(p->src.b + 12)), low);
}

/* Both parameters, one behind the other. */
static inline void put_texts(struct nx_reply_peer *peer, const struct nx_packet *p)
{
	uint8_t *at = put_text8(PUT(peer->text, RPORT), port_text(p->src_port));

	peer->rport_len = (uint8_t)(at - peer->text);
	at = put_source(PUT(at, RECEIVED), p);
	peer->text_len = (uint8_t)(at - peer->text);
}

/* ---- edits ---- */

/* At `at` (from the payload's start) cut bytes give way to rport, to received, or to both in this
 * order. */
struct via_edit {
	uint16_t at, cut;
	bool rport, received;
};

/* In the order of the bytes. */
struct via_edits {
	uint32_t n;
	struct via_edit edit[VIA_EDITS_MAX];
};

static inline uint32_t edit_len(const struct via_edit *e, const struct nx_reply_peer *peer)
{
	return (e->rport ? peer->rport_len : 0) +
	       (e->received ? (uint32_t)peer->text_len - peer->rport_len : 0);
}

static inline uint8_t *put_edit(
	uint8_t *at, const struct via_edit *e, const struct nx_reply_peer *peer)
{
	return nx_copy_put(
		at, e->rport ? peer->text : peer->text + peer->rport_len, edit_len(e, peer));
}

static inline bool sent_by_is_source(const struct nx_packet *p)
{
	struct nx_addr host;

	return nx_host_addr(nx_span_at(p, p->sip.sent_host), p->sip.sent_host.len, &host) &&
	       nx_addr_eq(&host, &p->src);
}

static inline void via_edits(struct via_edits *v, const struct nx_packet *p)
{
	const struct nx_span received = p->sip.received, rport = p->sip.rport;
	const uint16_t behind_sent_by = (uint16_t)(p->sip.sent_by.off + p->sip.sent_by.len);
	const bool rport_first = rport.off < received.off;

	v->n = 0;
	if (rport.off == 0 && received.off == 0) {
		if (sent_by_is_source(p))
			return;
		v->edit[v->n++] = (struct via_edit){behind_sent_by, 0, false, true};
	} else if (received.off == 0) {
		v->edit[v->n++] = (struct via_edit){rport.off, rport.len, true, true};
	} else if (rport.off == 0) {
		v->edit[v->n++] = (struct via_edit){received.off, received.len, false, true};
	} else {
		v->edit[rport_first] = (struct via_edit){received.off, received.len, false, true};
		v->edit[!rport_first] = (struct via_edit){rport.off, rport.len, true, false};
		v->n = 2;
	}
}

#endif
