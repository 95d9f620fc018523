/* The SIP parser: one pass over the header block of a request, zero copy. It records what the
 * verdict and the reply need and proves `answerable` (rules 13 to 18), then stops: bodies, SDP and
 * authorization are never looked at.
 * Every result is a span (offset and length) into the message; nothing is a C string. */
#ifndef NX_CORE_SIP_H
#define NX_CORE_SIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nx_span {
	uint16_t off, len; /* a span with off 0 is absent: no header value begins a message */
};

#define NX_SIP_VIA_MAX                                                                            \
	64                 /* Via rows followed: RFC 4475's longest has 34; more pass as too-many \
			    */
#define NX_SIP_ROUTE_MAX 8 /* Route rows followed; more pass as too-many */

enum nx_method {
	NX_M_OTHER, /* any method not below: passes */
	NX_M_INVITE,
	NX_M_MESSAGE,
	NX_M_SUBSCRIBE,
	NX_M_PUBLISH,
	NX_M_REFER,
	NX_M_ACK,
	NX_M_CANCEL,
	NX_M_REGISTER,
	NX_M_OPTIONS,
};

/* Facts about headers that decide a verdict by being there. */
#define NX_SIP_TO_TAG             0x0001u /* the To header has a tag parameter, also an empty one */
#define NX_SIP_DIALOG_HEADER      0x0002u /* Replaces, Join or Target-Dialog */
#define NX_SIP_PROXY_REQUIRE      0x0004u
#define NX_SIP_MAX_FORWARDS_0     0x0008u
#define NX_SIP_RESOURCE_PRIORITY  0x0010u
#define NX_SIP_PRIORITY_EMERGENCY 0x0020u /* Priority: emergency, any case */
#define NX_SIP_PSAP_CALLBACK      0x0040u /* Priority: psap-callback (RFC 7090) */
#define NX_SIP_RETARGET_HEADER    0x0080u /* History-Info or Diversion */
#define NX_SIP_RPORT              0x0100u /* top Via has rport */
#define NX_SIP_RPORT_VALUE        0x0200u /* ... with a value */
#define NX_SIP_VIA_MADDR          0x0400u
#define NX_SIP_VIA_UDP            0x0800u /* top Via is SIP/2.0/UDP */

struct nx_sip {
	uint8_t method; /* enum nx_method */
	uint32_t flags; /* NX_SIP_... */
	struct nx_span method_text, ruri;
	uint16_t header_len; /* bytes of request line and headers, the empty line included */

	/* header values byte for byte: without leading and trailing white space, folding kept */
	struct nx_span from, to, call_id, cseq;
	struct nx_span to_uri;           /* the URI in To: inside <>, or the bare addr-spec */
	struct nx_span from_tag, to_tag; /* parameter values; len 0 with the flag set: empty tag */
	uint32_t cseq_number, content_length; /* 0 where absent */

	/* Via rows in order, as values; row 0 holds the top Via, possibly comma-joined with others
	 */
	uint8_t n_via, n_route;
	struct nx_span route[NX_SIP_ROUTE_MAX]; /* Route rows, as values */

	/* the top Via's parts. Offsets are what the reply edits (rule 21) */
	struct nx_span top_via;   /* first Via value: row 0 up to its first top-level comma */
	struct nx_span sent_by;   /* host and port as written */
	struct nx_span sent_host; /* IPv6 with its brackets */
	uint16_t sent_port;       /* 0: absent */
	struct nx_span branch;    /* value; absent: off 0 */
	/* whole parameters from their ';' on (";received=1.2.3.4", ";rport=5062"), absent: off 0;
	 * a repeated received, rport, maddr or branch makes the request not answerable */
	struct nx_span received, rport;
	struct nx_span via[NX_SIP_VIA_MAX];
};

/* nx_sip_parse parses the datagram.
 * In:     msg: len bytes, len <= 65535; never read beyond.
 * Out:    sip is written as far as the message was understood.
 * Return: NX_R_UNDECIDED: an answerable request, or an ACK (any other method too: the verdict
 *         tells methods apart). Else the reason it is not answerable: KEEPALIVE, NOT_SIP, RESPONSE,
 *         BAD_REQUEST_LINE ... TOO_MANY. VIA_TRANSPORT and VIA_MADDR are left to the verdict,
 *         by flags. *err_off (may be NULL) is the offset at which it gave up.
 * Thread: any; no state. Cost is linear in header_len. */
unsigned nx_sip_parse(const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off);

#endif
