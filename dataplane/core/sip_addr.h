/* From and To values (RFC 3261 sections 20.10, 20.20, 20.39): name-addr or addr-spec, then
 * parameters; and generic parameters, which the Via shares. What the URI may be is uri_address.c's
 * to say. Without <>, everything from the first ';' on is the header's; ',' and '?' may not stand
 * there. For inclusion by sip_message.h and its parts only. */
#ifndef NX_CORE_SIP_ADDR_H
#define NX_CORE_SIP_ADDR_H

#include "dataplane/core/sip_scan.h"
#include "dataplane/core/uri.h"

/* A parameter as it stands: value is NULL where there is no '='. */
struct param {
	const uint8_t *semicolon, *name, *name_end, *value, *value_end;
	bool plain; /* the value is a token */
};

/* param_value: a token or a host. Quoted strings are left out, though the grammar has them: some
 * parsers look for parameters, parentheses and commas in them, and hardly anybody writes one here.
 */
static always_inline bool param_value(struct cursor *c, struct param *out)
{
	out->value = c->p;
	out->plain = skip_some(c, NX_SIP_TOKEN);
	if (unlikely(!at(c, ';') && at_class(c, NX_SIP_VALUE))) {
		out->plain = false;
		skip_some(c, NX_SIP_VALUE);
	} else if (unlikely(!out->plain)) {
		return false;
	}
	out->value_end = c->p;
	return true;
}

/* param_next reads `;name` or `;name=value`, white space around each part; the cursor stands on
 * the ';' and is left on the next thing that is not white space. */
static always_inline bool param_next(struct cursor *c, struct param *out)
{
	out->semicolon = c->p;
	if (!take(c, ';'))
		return false;
	skip_lws(c);
	out->name = c->p;
	if (!skip_some(c, NX_SIP_TOKEN))
		return false;
	out->name_end = c->p;
	skip_lws(c);
	out->value = out->value_end = NULL;
	out->plain = false;
	if (!take(c, '='))
		return true;
	skip_lws(c);
	if (!param_value(c, out))
		return false;
	skip_lws(c);
	return true;
}

struct addr {
	struct nx_span uri, tag;
	bool has_tag; /* also `;tag` without a value */
};

/* addr_uri judges the URI from .. cursor. */
static always_inline bool addr_uri(struct cursor *c, const uint8_t *from, struct addr *out)
{
	out->uri = span(c, from, c->p);
	return nx_uri_is_address(c->msg, out->uri);
}

/* addr_bracketed reads the URI between the brackets; no white space is allowed there. */
static always_inline bool addr_bracketed(struct cursor *c, struct addr *out)
{
	const uint8_t *from = c->p;

	return skip_some(c, NX_SIP_URI) && addr_uri(c, from, out) && take(c, '>');
}

/* addr_ends says whether a bare URI surely ends before the white space that follows it: to some,
 * that is a part of a number or a port. */
static slow_path bool addr_ends(const uint8_t *from, const uint8_t *end)
{
	const size_t scheme = sizeof("sips:") - 1;

	return is_word(from, from + 3, "sip") &&
	       !memchr(from + scheme, ':', (size_t)(end - from) - scheme);
}

/* addr_bare reads an addr-spec; the cursor stands behind the ':' of its scheme. */
static always_inline bool addr_bare(struct cursor *c, const uint8_t *from, struct addr *out)
{
	if (!skip_some(c, NX_SIP_ADDR) || !addr_uri(c, from, out))
		return false;
	return likely(*c->p > ' ') || c->p == c->end || addr_ends(from, c->p);
}

/* addr_spec reads all before the parameters. A display name is a quoted string or tokens; what
 * begins with a token and ':' is an addr-spec. */
static always_inline bool addr_spec(struct cursor *c, struct addr *out)
{
	const uint8_t *from = c->p;

	if (at(c, '"')) {
		if (!skip_quoted(c))
			return false;
		skip_lws(c);
	} else if (skip_some(c, NX_SIP_TOKEN)) {
		if (take(c, ':'))
			return addr_bare(c, from, out);
		do
			skip_lws(c);
		while (skip_some(c, NX_SIP_TOKEN));
	}
	return take(c, '<') && addr_bracketed(c, out);
}

/* addr_tag records a tag parameter: a token, at most once. Without a value it counts as a tag:
 * a To tag that is missed would kill a call. */
static always_inline bool addr_tag(struct cursor *c, const struct param *p, struct addr *out)
{
	if (out->has_tag || (p->value && !p->plain))
		return false;
	out->has_tag = true;
	out->tag = p->value ? span(c, p->value, p->value_end) : span(c, p->name_end, p->name_end);
	return true;
}

static always_inline bool addr_parse(struct cursor *c, struct addr *out)
{
	struct param p;

	if (!addr_spec(c, out))
		return false;
	skip_lws(c);
	while (c->p < c->end) {
		if (!param_next(c, &p))
			return false;
		if (is_word(p.name, p.name_end, "tag") && !addr_tag(c, &p, out))
			return false;
	}
	return true;
}

#endif
