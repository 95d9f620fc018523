/* Stencils: requests that are cut alike. What one sender sends is mostly of one form, byte for byte
 * but for what names the call: digits of numbers, hex of tags and branches, text that the parser
 * does not look into. A stencil keeps a request that was parsed, what was found, and for each byte
 * of its headers what else might stand there and change nothing of it. What fits a stencil needs no
 * parsing: its headers are compared, a block at a time, and no line of them is looked for.
 * A sender has a few of them, as a longer number makes another; senders may share. They are cut
 * from what did not fit, at once while there is room, and then now and then: traffic of which
 * nothing fits pays little for them. No result depends on what was learned, which tests prove. */
#ifndef NX_CORE_SIP_STENCIL_H
#define NX_CORE_SIP_STENCIL_H

#include "dataplane/core/uri.h"

#define NX_SIP_STENCIL_MAX     896 /* bytes of headers; longer ones have no stencil, */
#define NX_SIP_STENCIL_MIN     64  /* nor have shorter ones */
#define NX_SIP_STENCIL_VIA_MAX 4   /* nor requests with more Via rows */
#define NX_SIP_STENCIL_SETS    32  /* a power of two; with the ways some 560 KiB */
#define NX_SIP_STENCIL_WAYS    8   /* stencils of a set */

struct nx_sip_stencil {
	uint8_t text[NX_SIP_STENCIL_MAX]; /* the headers of a request; */
	uint8_t may[NX_SIP_STENCIL_MAX]; /* classes whose bytes may stand there, too (sip_fits.h) */
	uint16_t content_length;         /* where its digits are; 0: there is none */
	bool has_ruri;
	struct nx_uri ruri; /* the Request-URI, as nx_uri_parse takes it apart, where it can */
	struct nx_sip sip;  /* via: up to NX_SIP_STENCIL_VIA_MAX */
} __attribute__((aligned(64)));

struct nx_sip_stencil_set {
	uint16_t header_len[NX_SIP_STENCIL_WAYS]; /* of each way; 0: nothing was learned */
	bool used[NX_SIP_STENCIL_WAYS];           /* since the hand passed it */
	uint32_t hand;                            /* at the way that may go next */
	uint32_t missed;                          /* requests that fitted none; wraps */
	struct nx_sip_stencil way[NX_SIP_STENCIL_WAYS];
};

/* All zeros: nothing was learned.  Thread: one at a time, the one that parses. */
struct nx_sip_stencils {
	struct nx_sip_stencil_set set[NX_SIP_STENCIL_SETS];
};

/* nx_sip_read is nx_sip_parse for who keeps stencils, from which it reads and learns.
 * In:     sender: any number that tells senders apart, if not all of them.
 * Out:    *ruri: the Request-URI, as nx_uri_parse takes it apart, until the next call; or NULL. */
unsigned nx_sip_read(struct nx_sip_stencils *all, uint32_t sender, const uint8_t *msg, size_t len,
	struct nx_sip *sip, const struct nx_uri **ruri);

/* ---- its parts, for tests ---- */

/* nx_sip_may_have_stencil says so of a request by what was found in it. */
static inline bool nx_sip_may_have_stencil(const struct nx_sip *sip)
{
	return sip->header_len >= NX_SIP_STENCIL_MIN && sip->header_len <= NX_SIP_STENCIL_MAX &&
	       sip->n_via <= NX_SIP_STENCIL_VIA_MAX;
}

/* nx_sip_stencil_cut makes s the stencil of a request that may have one.
 * In: sip: what nx_sip_parse found, which returned NX_R_UNDECIDED. */
void nx_sip_stencil_cut(struct nx_sip_stencil *s, const uint8_t *msg, const struct nx_sip *sip);

/* nx_sip_stencil_fill fills sip with what nx_sip_parse would find in a message whose headers fit s.
 * Return: whether it is sound: its body may be shorter than they say. */
bool nx_sip_stencil_fill(
	const struct nx_sip_stencil *s, const uint8_t *msg, size_t len, struct nx_sip *sip);

#endif
