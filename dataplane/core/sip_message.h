/* The SIP parser's grammar: request line, then header lines, one pass, every byte looked at once or
 * twice and bodies never. See sip.h for what it promises. Written once and compiled for each
 * instruction set: the file that includes this says which, and names the function NX_SIP_PARSE.
 *
 * The invariant: a cursor keeps msg <= p <= end <= limit, and each step checks, reads, advances,
 * then validates. No step reads at or beyond `limit`; sip_scan.h says why it need not ask for `end`
 * each time. What the grammar leaves doubtful, or what well-known parsers read differently, is an
 * error here: the request then passes unanswered, which harms nobody. Left out on purpose: the
 * inside of the Request-URI (uri.c), every header the verdict and the reply do not need, Via values
 * after the first, bodies. RFC 3261 sections 7, 8.1.1, 18.2, 20 and 25. */
#ifndef NX_CORE_SIP_MESSAGE_H
#define NX_CORE_SIP_MESSAGE_H

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_path.h"

#include "dataplane/core/sip_addr.h"
#include "dataplane/core/sip_header.h"
#include "dataplane/core/sip_scan.h"
#include "dataplane/core/sip_shape.h"
#include "dataplane/core/sip_start.h"
#include "dataplane/core/sip_via.h"
#include "nxsip/verdict.h"

#define CSEQ_MAX 0x7fffffffu /* RFC 3261 8.1.1.5: less than 2^31 */

#define OBLIGATORY                                                                   \
	(ONE(HEADER_VIA) | ONE(HEADER_FROM) | ONE(HEADER_TO) | ONE(HEADER_CALL_ID) | \
		ONE(HEADER_CSEQ))
/* What the grammar makes of a line that has no usual shape. */
struct judged {
	const uint8_t *p; /* where it ended or failed */
	unsigned reason;
};

/* ---- request line ---- */

static enum nx_method method_of(const uint8_t *p, size_t n)
{
#define METHOD(name)                                  \
	if (memcmp(p, #name, sizeof(#name) - 1) == 0) \
	return NX_M_##name
	switch (n) {
	case 3:
		METHOD(ACK);
		break;
	case 5:
		METHOD(REFER);
		break;
	case 6:
		METHOD(INVITE);
		METHOD(CANCEL);
		break;
	case 7:
		METHOD(MESSAGE);
		METHOD(OPTIONS);
		METHOD(PUBLISH);
		break;
	case 8:
		METHOD(REGISTER);
		break;
	case 9:
		METHOD(SUBSCRIBE);
		break;
	default:
		break;
	}
	return NX_M_OTHER;
#undef METHOD
}

/* grammar_request_line reads `method SP uri SP SIP/2.0 CRLF`, nothing else. No line end is known
 * yet: a step may only look at what stands before limit. */
static always_inline bool grammar_request_line(struct cursor *c, struct nx_sip *sip)
{
	static const char version[] = " SIP/2.0\r\n";
	const size_t n = sizeof(version) - 1;
	const uint8_t *from = c->p;

	open_block(c);
	if (!skip_some(c, NX_SIP_TOKEN))
		return false;
	sip->method = (uint8_t)method_of(from, (size_t)(c->p - from));
	sip->method_text = span(c, from, c->p);
	if (c->p == c->limit || !take(c, ' '))
		return false;
	from = c->p;
	if (!skip_some(c, NX_SIP_URI))
		return false;
	sip->ruri = span(c, from, c->p);
	if ((size_t)(c->limit - c->p) < n || memcmp(c->p, version, n) != 0)
		return false;
	c->p += n;
	return true;
}

static __attribute__((noinline)) struct judged judged_request_line(
	struct nx_sip *sip, const uint8_t *msg, const uint8_t *limit)
{
	struct cursor c = cursor_on(msg, (size_t)(limit - msg));
	bool sound = grammar_request_line(&c, sip);

	return (struct judged){
		c.p, sound ? NX_R_UNDECIDED : nx_sip_start_reason(msg, (size_t)(limit - msg))};
}

static always_inline unsigned request_line(struct cursor *c, struct nx_sip *sip)
{
	struct judged judged;
	size_t p;

	if (BLOCK > 1 && likely(shape_request_line(sip, c->msg, (size_t)(c->limit - c->msg), &p))) {
		c->p += p;
		return NX_R_UNDECIDED;
	}
	judged = judged_request_line(sip, c->msg, c->limit);
	c->p = judged.p;
	return judged.reason;
}

/* ---- header values: the cursor spans the value, white space trimmed ---- */

static always_inline unsigned via_row(struct parser *s, struct cursor *c)
{
	struct nx_sip *sip = s->sip;

	if (sip->n_via == NX_SIP_VIA_MAX)
		return NX_R_TOO_MANY;
	if (c->p == c->end)
		return NX_R_BAD_VIA;
	sip->via[sip->n_via] = span(c, c->p, c->end);
	return (sip->n_via++ ? via_parse_lower(c) : via_parse(c, sip)) ? NX_R_UNDECIDED
								       : NX_R_BAD_VIA;
}

/* From and To. An empty To tag still says that the request is inside a dialog. */
static always_inline unsigned addr_value(struct nx_sip *sip, enum header header, struct cursor *c)
{
	struct nx_span value = span(c, c->p, c->end);
	struct addr addr = {0};

	if (!addr_parse(c, &addr))
		return NX_R_BAD_VALUE;
	if (header == HEADER_TO) {
		sip->to = value;
		sip->to_uri = addr.uri;
		sip->to_tag = addr.tag;
		sip->flags |= addr.has_tag ? NX_SIP_TO_TAG : 0;
	} else {
		sip->from = value;
		sip->from_tag = addr.tag;
		if (addr.has_tag && !addr.tag.len)
			return NX_R_BAD_VALUE;
	}
	return NX_R_UNDECIDED;
}

/* word ["@" word] */
static always_inline unsigned call_id_value(struct nx_sip *sip, struct cursor *c)
{
	sip->call_id = span(c, c->p, c->end);
	if (!skip_some(c, NX_SIP_WORD) || (take(c, '@') && !skip_some(c, NX_SIP_WORD)))
		return NX_R_BAD_VALUE;
	return c->p == c->end ? NX_R_UNDECIDED : NX_R_BAD_VALUE;
}

static always_inline unsigned cseq_value(struct nx_sip *sip, struct cursor *c)
{
	const uint8_t *method = c->msg + sip->method_text.off;
	size_t n = sip->method_text.len;

	sip->cseq = span(c, c->p, c->end);
	if (!skip_number(c, &sip->cseq_number) || sip->cseq_number > CSEQ_MAX || !skip_lws(c) ||
		c->p == c->end)
		return NX_R_BAD_VALUE;
	if ((size_t)(c->end - c->p) != n || !same_bytes(c->p, method, n))
		return NX_R_CSEQ_METHOD;
	return NX_R_UNDECIDED;
}

static always_inline bool only_number(struct cursor *c, uint32_t *value)
{
	return skip_number(c, value) && c->p == c->end;
}

static always_inline unsigned max_forwards_value(struct nx_sip *sip, struct cursor *c)
{
	uint32_t hops;

	if (!only_number(c, &hops) || hops > MAX_FORWARDS_MAX)
		return NX_R_BAD_VALUE;
	if (hops == 0)
		sip->flags |= NX_SIP_MAX_FORWARDS_0;
	return NX_R_UNDECIDED;
}

static always_inline unsigned route_row(struct nx_sip *sip, struct cursor *c)
{
	if (sip->n_route == NX_SIP_ROUTE_MAX)
		return NX_R_TOO_MANY;
	if (c->p == c->end)
		return NX_R_BAD_VALUE;
	sip->route[sip->n_route++] = span(c, c->p, c->end);
	return NX_R_UNDECIDED;
}

static void priority_value(struct nx_sip *sip, struct cursor *c)
{
	const uint8_t *from = c->p;

	skip_some(c, NX_SIP_TOKEN);
	if (same_text(from, c->p, "emergency"))
		sip->flags |= NX_SIP_PRIORITY_EMERGENCY;
	else if (same_text(from, c->p, "psap-callback"))
		sip->flags |= NX_SIP_PSAP_CALLBACK;
}

static always_inline unsigned header_value(struct parser *s, enum header header, struct cursor *c)
{
	if (!may_come(s, header))
		return NX_R_REPEATED_HEADER;
	switch (header) {
	case HEADER_VIA:
		return via_row(s, c);
	case HEADER_FROM:
	case HEADER_TO:
		return addr_value(s->sip, header, c);
	case HEADER_CALL_ID:
		return call_id_value(s->sip, c);
	case HEADER_CSEQ:
		return cseq_value(s->sip, c);
	case HEADER_MAX_FORWARDS:
		return max_forwards_value(s->sip, c);
	case HEADER_CONTENT_LENGTH:
		return only_number(c, &s->content_length) ? NX_R_UNDECIDED : NX_R_BAD_VALUE;
	case HEADER_ROUTE:
		return route_row(s->sip, c);
	case HEADER_PROXY_REQUIRE:
		s->sip->flags |= NX_SIP_PROXY_REQUIRE;
		break;
	case HEADER_DIALOG:
		s->sip->flags |= NX_SIP_DIALOG_HEADER;
		break;
	case HEADER_RETARGET:
		s->sip->flags |= NX_SIP_RETARGET_HEADER;
		break;
	case HEADER_RESOURCE_PRIORITY:
		s->sip->flags |= NX_SIP_RESOURCE_PRIORITY;
		break;
	case HEADER_PRIORITY:
		priority_value(s->sip, c);
		break;
	case HEADER_OTHER:
		break;
	}
	return NX_R_UNDECIDED;
}

/* ---- header lines ---- */

static slow_path const uint8_t *trimmed(const uint8_t *p, const uint8_t *end)
{
	while (end > p && nx_sip_is_lws(end[-1]))
		end--;
	return end;
}

/* trimmed_value reads the value from the cursor to eol, without the white space around it. */
static always_inline unsigned trimmed_value(
	struct parser *s, enum header header, struct cursor *c, const uint8_t *eol)
{
	c->end = eol;
	if (likely(at(c, ' ')))
		c->p++;
	skip_lws(c);
	open_block(c);
	if (unlikely(eol[-1] <= ' '))
		c->end = trimmed(c->p, eol);
	return header_value(s, header, c);
}

/* grammar_line is for lines that have no usual shape. It has a cursor of its own, so that the one
 * that goes from line to line can stay in registers. */
static __attribute__((noinline)) struct judged grammar_line(struct parser *s, const uint8_t *msg,
	const uint8_t *limit, const uint8_t *p, const uint8_t *eol)
{
	struct cursor c = cursor_on(msg, (size_t)(limit - msg));
	unsigned reason = NX_R_UNDECIDED;
	enum header header;

	c.p = p;
	if (!header_name(&c, &header))
		reason = NX_R_BAD_HEADER;
	else if (header != HEADER_OTHER)
		reason = trimmed_value(s, header, &c, eol);
	return (struct judged){c.p, reason};
}

static always_inline unsigned read_by_grammar(
	struct parser *s, struct cursor *c, const uint8_t *eol)
{
	struct judged judged = grammar_line(s, c->msg, c->limit, c->p, eol);

	c->p = judged.p;
	return judged.reason;
}

/* header_line reads the line that begins at the cursor and whose CR is at eol. */
static always_inline unsigned header_line(struct parser *s, struct cursor *c, const uint8_t *eol)
{
	if (BLOCK > 1 && is_whole(c, eol) && likely(shape_line(s, c, eol)))
		return NX_R_UNDECIDED;
	return read_by_grammar(s, c, eol);
}

static unsigned line_reason(struct line line)
{
	return line.end == LINE_BAD ? NX_R_BAD_LINE_END : NX_R_NO_HEADER_END;
}

static always_inline bool is_folded(const uint8_t *eol)
{
	return unlikely(eol[2] <= ' ') && (eol[2] == ' ' || eol[2] == '\t');
}

struct unfolded {
	const uint8_t *eol; /* of the last continuation line */
	unsigned reason;
};

/* unfold follows continuation lines. One of nothing but white space is refused: some parsers take
 * it for the empty line. */
static slow_path struct unfolded unfold(const uint8_t *eol, const uint8_t *limit)
{
	while (is_folded(eol)) {
		const uint8_t *from = eol + 2;
		struct line line = line_at_slow(from, limit);

		eol = line.eol;
		if (line.end != LINE_CRLF)
			return (struct unfolded){eol, line_reason(line)};
		if (lws_end(from, eol) == eol)
			return (struct unfolded){eol, NX_R_BAD_HEADER};
	}
	return (struct unfolded){eol, NX_R_UNDECIDED};
}

/* header_lines reads lines up to the empty one; on return the cursor is there, or at the error. */
static always_inline unsigned header_lines(struct parser *s, struct cursor *c)
{
	struct breaks breaks = breaks_from(c, c->p);

	while (!at_crlf(c->p)) {
		struct line line = line_at(&breaks, c, c->p);
		unsigned reason;

		if (unlikely(line.end != LINE_CRLF)) {
			c->p = line.eol;
			return line_reason(line);
		}
		if (is_folded(line.eol)) {
			struct unfolded unfolded = unfold(line.eol, c->limit);

			line.eol = unfolded.eol;
			reason = unfolded.reason;
			breaks = breaks_from(c, line.eol + 2);
			if (reason == NX_R_UNDECIDED)
				reason = read_by_grammar(s, c, line.eol);
		} else {
			reason = header_line(s, c, line.eol);
		}
		if (unlikely(reason != NX_R_UNDECIDED))
			return reason;
		c->p = line.eol + 2;
	}
	return NX_R_UNDECIDED;
}

static always_inline unsigned headers(struct parser *s, struct cursor *c)
{
	struct nx_sip *sip = s->sip;
	unsigned reason;

	if (unlikely(c->limit - c->p < 2))
		return line_reason(line_at_slow(c->p, c->limit));
	reason = header_lines(s, c);
	if (unlikely(reason != NX_R_UNDECIDED))
		return reason;
	c->p += 2;
	sip->header_len = (uint16_t)(c->p - c->msg);
	sip->content_length = s->content_length;
	if (unlikely((s->seen & OBLIGATORY) != OBLIGATORY))
		return NX_R_MISSING_HEADER;
	return likely(s->content_length <= c->limit - c->p) ? NX_R_UNDECIDED : NX_R_CONTENT_LENGTH;
}

unsigned NX_SIP_PARSE(const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off)
{
	struct cursor c = cursor_on(msg, len);
	struct parser s = {.sip = sip};
	unsigned reason;

	memset(sip, 0, offsetof(struct nx_sip, via));
	reason = request_line(&c, sip);
	if (likely(reason == NX_R_UNDECIDED))
		reason = headers(&s, &c);
	if (err_off)
		*err_off = (uint16_t)(c.p - msg);
	return reason;
}

#endif
