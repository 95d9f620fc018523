/* SIP, SIPS and TEL URIs (RFC 3261 section 19.1 and 25.1, RFC 3966): split into spans, nothing
 * decoded, nothing copied. Turning a URI into the canonical key is nx_key_from_uri. */
#ifndef NX_CORE_URI_H
#define NX_CORE_URI_H

#include "dataplane/core/bytes.h"
#include "dataplane/core/sip.h"
#include "nxsip/key.h"
#include "nxsip/policy.h"

enum nx_scheme { NX_URI_OTHER, NX_URI_SIP, NX_URI_SIPS, NX_URI_TEL };

#define NX_URI_USER_PHONE    0x01u /* user=phone, any case */
#define NX_URI_USER_OTHER    0x02u /* user= anything else (dialstring, ip): not plainly a user */
#define NX_URI_GR            0x04u
#define NX_URI_LR            0x08u
#define NX_URI_MADDR         0x10u
#define NX_URI_HEADERS       0x20u /* ?name=value */
#define NX_URI_PORTABILITY   0x40u /* cic, tgrp or trunk-context, in user or URI parameters */
#define NX_URI_UNKNOWN_PARAM 0x80u /* any parameter but transport and lr (for own Route values) */
/* ext or isub, in user or URI parameters, or user parameters that cannot be read: a number with
 * them is not plainly that number */
#define NX_URI_EXTENSION     0x100u
#define NX_URI_RN            0x200u /* rn, in user or URI parameters */

struct nx_uri {
	uint8_t scheme;      /* enum nx_scheme */
	uint16_t flags;      /* NX_URI_... */
	struct nx_span user; /* raw, without password and without the user's own ;parameters where
			      * the scheme is tel; for sip the whole userinfo up to ':' or '@' */
	struct nx_span host; /* IPv6 with its brackets; absent for tel */
	struct nx_span phone_context; /* value, in user or URI parameters; absent: off 0 */
	struct nx_span rn;            /* likewise */
	bool has_user;                /* and it is not empty */
	bool plain_number; /* the user is '+' and digits, if any, and nothing here says more of it;
			    * and the URI has 16 bytes from where it begins, for a vector */
	uint16_t port;     /* 0: absent */
	uint16_t dialled;  /* bytes with which the user begins that are '+' and digits */
};

/* nx_uri_parse splits the URI at msg[span]; the result's spans count from msg too.
 * Return: NX_R_UNDECIDED, NX_R_SCHEME (scheme is none of ours; out->scheme NX_URI_OTHER), or
 *         NX_R_BAD_URI for anything against the grammar: control or space bytes, empty host, bad
 *         %HH, port out of range, brackets, a second '@', '<' or '>' or '"', or a parameter that
 *         decides something and stands twice. */
unsigned nx_uri_parse(const uint8_t *msg, struct nx_span span, struct nx_uri *out);

/* nx_uri_parse_address is nx_uri_parse for URIs in From and To, whose hosts nobody looks up: as in
 * a Via, any letters, digits, '-' and '.' are one. It leaves plain_number out. */
unsigned nx_uri_parse_address(const uint8_t *msg, struct nx_span span, struct nx_uri *out);

/* nx_uri_is_address says whether the URI may stand in From or To of a request that is answered: one
 * that nobody reads otherwise. A sip or sips URI that nx_uri_parse_address takes, unless nobody has
 * a password in it; a tel URI with a number in it (RFC 3966 section 3); of other schemes what is
 * plainly one string.
 * Thread: any; no state. Nothing outside the URI is read. */
bool nx_uri_is_address(const uint8_t *msg, struct nx_span span);

/* nx_uri_unescape returns the byte at u[*i], one %HH decoded, and steps over it.
 * In: u is a part of a URI that nx_uri_parse accepted: two hex digits follow every '%'. */
static inline uint8_t nx_uri_unescape(const uint8_t *u, uint32_t *i)
{
	uint8_t c = u[(*i)++];

	if (c == '%') {
		uint32_t hi = u[*i], lo = u[*i + 1];

		c = (uint8_t)((hi + 9 * (hi >> 6)) << 4 | ((lo + 9 * (lo >> 6)) & 0xf));
		*i += 2;
	}
	return c;
}

/* nx_uri_digits returns how many decimal digits s begins with: eight bytes a step, the last step
 * over bytes already seen, never read outside s. A byte less '0' and plus 0x76 has its top bit set
 * unless it was a digit; what carries into the next byte comes after the first such byte. */
static inline uint32_t nx_uri_digits(const uint8_t *s, uint32_t len)
{
	uint32_t i = 0;

	if (len >= 8) {
		for (;;) {
			uint64_t w = nx_bytes_word(s + i) ^ 0x3030303030303030;
			uint64_t other = ((w + 0x7676767676767676) | w) & 0x8080808080808080;

			if (other)
				return i + (uint32_t)__builtin_ctzll(other) / 8;
			if (i == len - 8)
				return len;
			i = i + 8 < len - 8 ? i + 8 : len - 8;
		}
	}
	while (i < len && (uint8_t)(s[i] - '0') < 10)
		i++;
	return i;
}

/* nx_uri_equivalent says whether two parsed URIs name the same user at the same host for rule 27
 * (To against Request-URI): same scheme family, user equal after one %HH decoding (numbers: after
 * removing visual separators), host equal ignoring case and trailing dot. Parameters do not count,
 * but for the phone-context of a number, which is part of it (RFC 3966 section 5.1.5). */
bool nx_uri_equivalent(const uint8_t *msg, const struct nx_uri *a, const struct nx_uri *b);

/* nx_key_from_uri makes the canonical key of a Request-URI (rules 10, 11, 31 to 34).
 * In:     kind: of the service; plan: that applies to this source and service.
 * Return: NX_R_UNDECIDED and the key; else why it passes: EMERGENCY, SHORT_NUMBER, NO_USER,
 *         NOT_NUMBER, PLAN, PORTABILITY, DIALOG_TARGET (gr, lr, maddr, headers), BAD_URI (a user
 *         longer than NX_KEY_MAX; a control byte after decoding is fine: it is only a key). */
unsigned nx_key_from_uri(const uint8_t *msg, const struct nx_uri *uri, enum nx_service_kind kind,
	const struct nx_plan *plan, const struct nx_emergency *emergency, struct nx_key *key);

#endif
