/* Route (RFC 3261 16.4, 16.12): a request whose route leads through us alone is ours to judge; any
 * other Route passes. Only the plain form is followed: a list of `<sip:ADDRESS[:port][;lr]
 * [;transport=..]>`, no display names, no header parameters. */
#include <arpa/inet.h>

#include "dataplane/core/route.h"
#include "dataplane/core/uri.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool host_is_own(const struct nx_policy *policy, const uint8_t *host, uint32_t len)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t raw[16];
	struct nx_addr addr;
	bool v6 = len > 2 && host[0] == '[' && host[len - 1] == ']';

	if (v6) {
		host++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, raw) != 1)
		return false;
	addr = v6 ? nx_addr_v6(raw) : nx_addr_v4(raw);
	return nx_policy_is_own(policy, &addr);
}

static bool uri_is_own(const struct nx_policy *policy, const uint8_t *msg, struct nx_span span)
{
	struct nx_uri uri;

	return nx_uri_parse(msg, span, &uri) == NX_R_UNDECIDED &&
	       (uri.scheme == NX_URI_SIP || uri.scheme == NX_URI_SIPS) && !uri.has_user &&
	       (uri.flags & ~NX_URI_LR) == 0 &&
	       host_is_own(policy, msg + uri.host.off, uri.host.len);
}

/* One row: `<uri>` separated by commas. Invariant: i <= end; bytes before i are consumed. */
static bool row_is_own(const struct nx_policy *policy, const uint8_t *msg, struct nx_span row)
{
	uint32_t i = row.off, end = (uint32_t)row.off + row.len, open;

	for (;;) {
		while (i < end && is_space(msg[i]))
			i++;
		if (i == end || msg[i] != '<')
			return false;
		open = ++i;
		while (i < end && msg[i] != '>')
			i++;
		if (i == end || !uri_is_own(policy, msg,
					(struct nx_span){(uint16_t)open, (uint16_t)(i - open)}))
			return false;
		i++;
		while (i < end && is_space(msg[i]))
			i++;
		if (i == end)
			return true;
		if (msg[i++] != ',')
			return false;
	}
}

bool nx_route_is_own(const struct nx_policy *policy, const struct nx_packet *p)
{
	for (unsigned i = 0; i < p->sip.n_route; i++)
		if (!row_is_own(policy, nx_payload(p), p->sip.route[i]))
			return false;
	return true;
}
