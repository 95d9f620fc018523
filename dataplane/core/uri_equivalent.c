/* Do two URIs name the same user at the same host (rule 27; RFC 3261 section 19.1.4, RFC 3966
 * section 4)? Escapes are compared by what they stand for, numbers without their visual separators.
 * Unlike the RFCs, ports and parameters are left out, but for the phone-context of a number. */
#include "dataplane/core/uri.h"

#include <strings.h>

static bool is_number(const uint8_t *msg, const struct nx_uri *u)
{
	uint32_t i = 0;

	return u->scheme == NX_URI_TEL || u->flags & NX_URI_USER_PHONE ||
	       nx_uri_unescape(msg + u->user.off, &i) == '+';
}

static bool is_visual(uint8_t c)
{
	return c == '-' || c == '.' || c == '(' || c == ')';
}

/* next_user gives the next byte of the user that counts, or -1 at its end. */
static int next_user(const uint8_t *user, uint32_t len, uint32_t *i, bool number)
{
	while (*i < len) {
		bool raw_semicolon = user[*i] == ';';
		uint8_t c = nx_uri_unescape(user, i);

		if (!number)
			return c;
		if (raw_semicolon)
			break;
		if (!is_visual(c))
			return c;
	}
	return -1;
}

static bool same_user(const uint8_t *msg, const struct nx_uri *a, const struct nx_uri *b)
{
	bool number;
	uint32_t i = 0, k = 0;
	int x, y;

	if (!a->has_user || !b->has_user)
		return a->has_user == b->has_user;
	number = is_number(msg, a) && is_number(msg, b);
	do {
		x = next_user(msg + a->user.off, a->user.len, &i, number);
		y = next_user(msg + b->user.off, b->user.len, &k, number);
	} while (x == y && x >= 0);
	return x == y;
}

static bool same_text(const uint8_t *msg, struct nx_span a, struct nx_span b)
{
	return a.len == b.len &&
	       strncasecmp((const char *)msg + a.off, (const char *)msg + b.off, a.len) == 0;
}

static struct nx_span without_dot(const uint8_t *msg, struct nx_span host)
{
	if (host.len && msg[host.off + host.len - 1] == '.')
		host.len--;
	return host;
}

bool nx_uri_equivalent(const uint8_t *msg, const struct nx_uri *a, const struct nx_uri *b)
{
	if ((a->scheme == NX_URI_TEL) != (b->scheme == NX_URI_TEL) || a->scheme == NX_URI_OTHER ||
		b->scheme == NX_URI_OTHER)
		return false;
	return same_user(msg, a, b) &&
	       same_text(msg, without_dot(msg, a->host), without_dot(msg, b->host)) &&
	       same_text(msg, a->phone_context, b->phone_context);
}
