/* The top Via (RFC 3261 sections 18.2, 20.42, 25.1; RFC 3581): its protocol, sent-by and those
 * parameters that the reply edits. Values joined after it by commas are only counted as present.
 * For inclusion by sip_message.h and its parts only. */
#ifndef NX_CORE_SIP_VIA_H
#define NX_CORE_SIP_VIA_H

#include "dataplane/core/sip_addr.h"

/* via_slash moves over SLASH, which may have white space on both sides. */
static always_inline bool via_slash(struct cursor *c)
{
	skip_lws(c);
	if (!take(c, '/'))
		return false;
	skip_lws(c);
	return true;
}

static always_inline bool via_protocol_spaced(struct cursor *c, struct nx_sip *sip)
{
	const uint8_t *from = c->p;

	if (!skip_some(c, NX_SIP_TOKEN) || !is_word(from, c->p, "sip") || !via_slash(c))
		return false;
	from = c->p;
	if (!skip_some(c, NX_SIP_TOKEN) || c->p - from != 3 || memcmp(from, "2.0", 3) != 0 ||
		!via_slash(c))
		return false;
	from = c->p;
	if (!skip_some(c, NX_SIP_TOKEN))
		return false;
	if (is_word(from, c->p, "udp"))
		sip->flags |= NX_SIP_VIA_UDP;
	return skip_lws(c);
}

/* via_protocol reads sent-protocol and the white space after it. */
static always_inline bool via_protocol(struct cursor *c, struct nx_sip *sip)
{
	static const char usual[] = "SIP/2.0/UDP ";
	const size_t n = sizeof(usual) - 1;

	if ((size_t)(c->end - c->p) <= n || memcmp(c->p, usual, n) != 0)
		return via_protocol_spaced(c, sip);
	sip->flags |= NX_SIP_VIA_UDP;
	c->p += n;
	skip_lws(c);
	return true;
}

static always_inline bool via_port(struct cursor *c, struct nx_sip *sip)
{
	uint32_t port;

	skip_lws(c);
	if (!skip_number(c, &port) || port - 1 >= UINT16_MAX)
		return false;
	sip->sent_port = (uint16_t)port;
	return true;
}

static always_inline bool via_host(struct cursor *c)
{
	return take(c, '[') ? skip_some(c, NX_SIP_IPV6) && take(c, ']') : skip_some(c, NX_SIP_HOST);
}

/* via_sent_by reads host, port and the white space after them. */
static always_inline bool via_sent_by(struct cursor *c, struct nx_sip *sip)
{
	const uint8_t *from = c->p;

	if (!via_host(c))
		return false;
	sip->sent_host = span(c, from, c->p);
	sip->sent_by = span(c, from, c->p);
	skip_lws(c);
	if (take(c, ':')) {
		if (!via_port(c, sip))
			return false;
		sip->sent_by = span(c, from, c->p);
		skip_lws(c);
	}
	return true;
}

/* rport is empty in a request; one with a value has to be a port. */
static always_inline bool via_rport(struct cursor *c, const struct param *p, struct nx_sip *sip)
{
	struct cursor value = *c;
	uint32_t port;

	if (sip->flags & NX_SIP_RPORT)
		return false;
	sip->flags |= NX_SIP_RPORT;
	sip->rport = span(c, p->semicolon, p->value ? p->value_end : p->name_end);
	if (!p->value)
		return true;
	sip->flags |= NX_SIP_RPORT_VALUE;
	value.p = p->value;
	value.end = p->value_end;
	return skip_number(&value, &port) && value.p == value.end && port <= UINT16_MAX;
}

static always_inline bool via_param(struct cursor *c, const struct param *p, struct nx_sip *sip)
{
	if (is_word(p->name, p->name_end, "branch")) {
		if (sip->branch.off || !p->value || !p->plain)
			return false;
		sip->branch = span(c, p->value, p->value_end);
	} else if (is_word(p->name, p->name_end, "rport")) {
		return via_rport(c, p, sip);
	} else if (is_word(p->name, p->name_end, "received")) {
		if (sip->received.off || !p->value)
			return false;
		sip->received = span(c, p->semicolon, p->value_end);
	} else if (is_word(p->name, p->name_end, "maddr")) {
		if (sip->flags & NX_SIP_VIA_MADDR || !p->value)
			return false;
		sip->flags |= NX_SIP_VIA_MADDR;
	}
	return true;
}

/* via_value reads one value, up to a comma or the end. */
static always_inline bool via_value(struct cursor *c, struct nx_sip *sip)
{
	const uint8_t *from = c->p;
	const uint8_t *to;
	struct param p;

	if (!via_protocol(c, sip))
		return false;
	open_block(c);
	if (!via_sent_by(c, sip))
		return false;
	while (at(c, ';'))
		if (!param_next(c, &p) || !via_param(c, &p, sip))
			return false;
	for (to = c->p; nx_sip_is_lws(to[-1]); to--)
		;
	sip->top_via = span(c, from, to);
	return true;
}

/* via_lower reads a value below the top one: it has to be sound, and what it says is nobody's. */
static __attribute__((noinline)) bool via_lower(struct cursor *c)
{
	struct nx_sip lower;

	memset(&lower, 0, offsetof(struct nx_sip, via));
	open_block(c);
	return via_value(c, &lower);
}

/* via_joined reads the values that follow in the same row. */
static always_inline bool via_joined(struct cursor *c)
{
	while (take(c, ',')) {
		skip_lws(c);
		if (!via_lower(c))
			return false;
	}
	return c->p == c->end;
}

/* via_parse reads row 0, whose value the cursor spans; via_parse_lower any other row. */
static always_inline bool via_parse(struct cursor *c, struct nx_sip *sip)
{
	return via_value(c, sip) && via_joined(c);
}

static always_inline bool via_parse_lower(struct cursor *c)
{
	return via_lower(c) && via_joined(c);
}

#endif
