/* Which URIs may stand in From and To. A reply repeats them as they came, and whose they are is
 * hardly ever asked; but who else reads the request has to find the same in it. So what the grammar
 * does not have (RFC 3261 section 25.1, RFC 3966 section 3), and what well-known parsers refuse or
 * take for something else, makes the request pass: passwords of nobody; URIs of fewer than six
 * bytes; '#' in numbers; of other schemes those with other than letters in their names, and
 * what some look for a port, parameters or escapes in. */
#include "dataplane/core/uri.h"

#include <strings.h>

#include "dataplane/core/sip_class.h"
#include "nxsip/verdict.h"

#define LEN_MIN    6
#define OPAQUE_MIN 2 /* what follows the ':' of other schemes, tel's too */
#define SCHEME_MIN 2

static bool is_one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_in_host(uint8_t c)
{
	return nx_sip_class[c] & NX_SIP_HOST;
}

static bool is_hex_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10 || (uint8_t)((c | 0x20) - 'a') < 6;
}

/* No password without a user; an '@' without either is taken for what it says, nobody. */
static bool is_sip_address(const uint8_t *msg, const struct nx_uri *uri)
{
	return uri->has_user || !uri->user.off || msg[uri->user.off] == '@';
}

/* is_number: '+' and digits; or digits, A to F and '*'; visual separators among them. */
static bool is_number(const uint8_t *number, uint32_t len)
{
	const bool global = len && number[0] == '+';
	uint32_t digits = 0;

	for (uint32_t i = global; i < len; i++) {
		if (is_one_of(number[i], "-.()"))
			continue;
		if (global ? (uint8_t)(number[i] - '0') > 9
			   : !is_hex_digit(number[i]) && number[i] != '*')
			return false;
		digits++;
	}
	return digits && len >= OPAQUE_MIN;
}

/* is_string: letters, digits and marks; ':' only where `colons`, '@' only before a host, not behind
 * a '/'. */
static bool is_string(const uint8_t *s, uint32_t len, bool colons)
{
	bool slash = false;

	for (uint32_t i = 0; i < len; i++) {
		slash = slash || s[i] == '/';
		if (is_in_host(s[i]) || is_one_of(s[i], "_!~*'()/&=+$,") || (s[i] == ':' && colons))
			continue;
		if (s[i] != '@' || slash || i == 0 || i + 1 == len || !is_in_host(s[i + 1]))
			return false;
	}
	return len >= OPAQUE_MIN;
}

/* is_other_address: the scheme is sound and none of ours. Some take all that begins with "sip" for
 * one of ours, and what follows a ':' for a port; but URNs are made of them. */
static bool is_other_address(const uint8_t *s, uint32_t len)
{
	uint32_t scheme = 0;

	while (nx_sip_is_letter(s[scheme]))
		scheme++;
	return s[scheme] == ':' && scheme >= SCHEME_MIN &&
	       strncasecmp((const char *)s, "sip", 3) != 0 &&
	       is_string(s + scheme + 1, len - scheme - 1,
		       strncasecmp((const char *)s, "urn:", 4) == 0);
}

bool nx_uri_is_address(const uint8_t *msg, struct nx_span span)
{
	struct nx_uri uri;
	unsigned reason;

	if (span.len < LEN_MIN)
		return false;
	reason = nx_uri_parse_address(msg, span, &uri);
	if (uri.scheme == NX_URI_OTHER)
		return reason == NX_R_SCHEME && is_other_address(msg + span.off, span.len);
	if (reason != NX_R_UNDECIDED)
		return false;
	return uri.scheme == NX_URI_TEL ? is_number(msg + uri.user.off, uri.user.len)
					: is_sip_address(msg, &uri);
}
