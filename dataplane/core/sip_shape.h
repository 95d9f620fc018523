/* The shapes that most requests have: for each line of every request, the one way in which nearly
 * all senders write it, known by a few words and the masks of a block or two. A shape takes only
 * what the grammar takes, with the same results, and leaves everything untouched where it does not
 * fit: then the grammar reads the line, and only the grammar refuses. Tests lay the ways that have
 * shapes beside the plain one, which has none.
 * Every block is read at a place that is not behind eol, the CR of the line, and at eol one could
 * still be read whole. No run but that of quoted text, and no comparison with a text, goes on over
 * a CR: where one has fitted, it ended at eol at the latest.
 * For inclusion by sip_message.h only. */
#ifndef NX_CORE_SIP_SHAPE_H
#define NX_CORE_SIP_SHAPE_H

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_header.h"
#include "dataplane/core/sip_scan.h"

/* ---- words and runs ---- */

/* lower_is compares v with a literal of small letters, of which v may have capitals; other bytes of
 * the literal lack the bit 0x40. */
static always_inline bool lower_is(uint64_t v, uint64_t literal)
{
	return (v | (literal & 0x4040404040404040) >> 1) == literal;
}

/* text_is compares the bytes at p with a literal of 4 to 16 bytes, its letters in any case. */
static always_inline bool text_is(const uint8_t *p, const char *literal, size_t n)
{
	const uint8_t *q = (const uint8_t *)literal;

	if (n < 8)
		return lower_is(load32(p), load32(q)) &&
		       (n == 4 || lower_is(load32(p + n - 4), load32(q + n - 4)));
	return lower_is(load64(p), load64(q)) &&
	       (n == 8 || lower_is(load64(p + n - 8), load64(q + n - 8)));
}

/* run_of counts the bytes at p that are of the class, up to BLOCK. */
static always_inline size_t run_of(const uint8_t *p, unsigned class)
{
	return first_of(block_stops(block_load(p), class));
}

/* Numbers of n digits are read as one word, moved to its upper end, and added in pairs, then pairs
 * of pairs, then these two. */

static always_inline bool shape_number_4(const uint8_t *p, size_t n, uint32_t *value)
{
	uint32_t v = (load32(p) ^ 0x30303030) << ((4 - n) * 8); /* digits become 0 to 9 */

	if (((v + 0x76767676) | v) & 0x80808080)
		return false;
	v = (v * (1 + (10 << 8))) >> 8 & 0x00ff00ff;
	*value = (v * (1 + (100 << 16))) >> 16;
	return true;
}

static always_inline bool shape_number_8(const uint8_t *p, size_t n, uint32_t *value)
{
	uint64_t v = (load64(p) ^ 0x3030303030303030) << ((8 - n) * 8);

	if (((v + 0x7676767676767676) | v) & 0x8080808080808080)
		return false;
	v = (v * (1 + (10 << 8))) >> 8 & 0x00ff00ff00ff00ff;
	v = (v * (1 + (100 << 16))) >> 16 & 0x0000ffff0000ffff;
	*value = (uint32_t)((v * (1 + (10000ull << 32))) >> 32);
	return true;
}

/* shape_number: p .. end is 1 to 8 digits. */
static always_inline bool shape_number(const uint8_t *p, const uint8_t *end, uint32_t *value)
{
	size_t n = (size_t)(end - p);

	if (likely(n - 1 < 4))
		return shape_number_4(p, n, value);
	return n - 1 < 8 && shape_number_8(p, n, value);
}

/* ---- lines: p is where the value begins, after one space ---- */

/* INVITE SP uri SP SIP/2.0 CRLF, the URI shorter than a block. */
static always_inline bool shape_request_line(struct cursor *c, struct nx_sip *sip)
{
	const uint8_t *uri = c->msg + 7;
	const uint8_t *end;

	if (!is_whole(c, uri + WORD_LEN) || load32(c->msg) != load32((const uint8_t *)"INVI") ||
		load32(c->msg + 3) != load32((const uint8_t *)"ITE "))
		return false;
	end = uri + run_of(uri, NX_SIP_URI);
	if (end == uri || load64(end) != load64((const uint8_t *)" SIP/2.0") || !at_crlf(end + 8))
		return false;
	sip->method = NX_M_INVITE;
	sip->method_text = span(c, c->msg, uri - 1);
	sip->ruri = span(c, uri, end);
	c->p = end + 10;
	return true;
}

static always_inline bool at_rport(const uint8_t *p)
{
	return load32(p) == load32((const uint8_t *)";rpo") &&
	       load16(p + 4) == load16((const uint8_t *)"rt");
}

/* The first Via: SIP/2.0/UDP SP host [:port] ;branch=token, and ;rport before or after the branch,
 * or not at all. */
static always_inline bool shape_via(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	const uint8_t *host = p + 12;
	uint64_t stops = block_stops(block_load(host), NX_SIP_HOST);
	const uint8_t *host_end = host + first_of(stops);
	const uint8_t *port_end = host_end;
	const uint8_t *rport = NULL;
	const uint8_t *branch, *end;
	struct nx_sip *sip = s->sip;
	uint32_t port = 0;

	if (load64(p) != load64((const uint8_t *)"SIP/2.0/") ||
		load32(p + 8) != load32((const uint8_t *)"UDP ") || host_end == host)
		return false;
	if (likely(*host_end == ':')) {
		port_end = host + first_of(stops & (stops - 1));
		if (!shape_number(host_end + 1, port_end, &port) || port - 1 >= UINT16_MAX)
			return false;
	}
	branch = port_end;
	if (at_rport(branch)) {
		rport = branch;
		branch += 6;
	}
	if (load64(branch) != load64((const uint8_t *)";branch="))
		return false;
	branch += 8;
	end = branch + run_of(branch, NX_SIP_TOKEN);
	if (end == branch)
		return false;
	if (end != eol) {
		if (rport || !at_rport(end) || end + 6 != eol)
			return false;
		rport = end;
	}
	sip->via[0] = sip->top_via = span(c, p, eol);
	sip->sent_by = span(c, host, port_end);
	sip->sent_host = span(c, host, host_end);
	sip->sent_port = (uint16_t)port;
	sip->branch = span(c, branch, end);
	sip->flags |= NX_SIP_VIA_UDP;
	if (likely(rport)) {
		sip->rport = span(c, rport, rport + 6);
		sip->flags |= NX_SIP_RPORT;
	}
	sip->n_via = 1;
	return true;
}

/* shape_display gives the length of a quoted string without '\' and of one space after it; or of
 * tokens and spaces; or 0. */
static always_inline size_t shape_display(const uint8_t *p, const uint8_t *eol)
{
	block v = block_load(p);
	size_t n;

	if (*p == '<')
		return 0;
	if (*p != '"')
		return nx_sip_class[*p] & NX_SIP_TOKEN
			       ? first_of(block_stops(v, NX_SIP_TOKEN) & ~block_equals(v, ' '))
			       : 0;
	n = first_of(block_stops(v, NX_SIP_QDTEXT) & ~1ull);
	return n < (size_t)(eol - p) && p[n] == '"' && p[n + 1] == ' ' ? n + 2 : 0;
}

/* From and To: [display name] <sip:URI> [;tag=token]. */
static always_inline bool shape_addr(const struct cursor *c, const uint8_t *p, const uint8_t *eol,
	struct nx_span *uri, struct nx_span *tag)
{
	const uint8_t *from, *to;

	p += shape_display(p, eol);
	if (*p != '<' || load32(p + 1) != load32((const uint8_t *)"sip:"))
		return false;
	from = p + 5;
	to = from + run_of(from, NX_SIP_URI);
	if (to == from || *to != '>')
		return false;
	*uri = span(c, p + 1, to);
	to++;
	*tag = (struct nx_span){0};
	if (to == eol)
		return true;
	if (load32(to) != load32((const uint8_t *)";tag") || to[4] != '=')
		return false;
	from = to + 5;
	to = from + run_of(from, NX_SIP_TOKEN);
	*tag = span(c, from, to);
	return to == eol && to > from;
}

static always_inline bool shape_from(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	struct nx_span uri, tag;

	if (!shape_addr(c, p, eol, &uri, &tag))
		return false;
	s->sip->from = span(c, p, eol);
	s->sip->from_tag = tag;
	return true;
}

static always_inline bool shape_to(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	struct nx_span uri, tag;

	if (!shape_addr(c, p, eol, &uri, &tag))
		return false;
	s->sip->to = span(c, p, eol);
	s->sip->to_uri = uri;
	s->sip->to_tag = tag;
	s->sip->flags |= tag.off ? NX_SIP_TO_TAG : 0;
	return true;
}

/* Call-ID: word ["@" word], shorter than a block. */
static always_inline bool shape_call_id(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	uint64_t stops = block_stops(block_load(p), NX_SIP_WORD);
	const uint8_t *end = p + first_of(stops);

	if (end == p)
		return false;
	if (*end == '@') {
		const uint8_t *at = end;

		end = p + first_of(stops & (stops - 1));
		if (end == at + 1)
			return false;
	}
	if (end != eol)
		return false;
	s->sip->call_id = span(c, p, eol);
	return true;
}

/* CSeq: 1 to 8 digits, one space, the request's method, of 4 to 8 bytes. */
static always_inline bool shape_cseq(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	struct nx_sip *sip = s->sip;
	const uint8_t *wanted = c->msg + sip->method_text.off;
	size_t n = sip->method_text.len;
	const uint8_t *method = eol - n;

	if (n - 4 > 4 || method - 1 <= p || method[-1] != ' ' || load32(method) != load32(wanted) ||
		load32(eol - 4) != load32(wanted + n - 4))
		return false;
	if (!shape_number(p, method - 1, &sip->cseq_number))
		return false;
	sip->cseq = span(c, p, eol);
	return true;
}

/* Max-Forwards: digits. */
static always_inline bool shape_max_forwards(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	uint32_t hops;

	(void)c;
	if (!shape_number(p, eol, &hops) || hops > MAX_FORWARDS_MAX)
		return false;
	s->sip->flags |= hops ? 0 : NX_SIP_MAX_FORWARDS_0;
	return true;
}

/* Content-Length: digits. */
static always_inline bool shape_content_length(
	struct parser *s, const struct cursor *c, const uint8_t *p, const uint8_t *eol)
{
	(void)c;
	return shape_number(p, eol, &s->content_length);
}

/* A header that nobody asks for: token ':' */
static always_inline bool shape_other(const uint8_t *p)
{
	block v = block_load(p);
	size_t n = first_of(block_stops(v, NX_SIP_TOKEN));

	if (n - 1 >= HEADER_LEN_MAX || p[n] != ':')
		return false;
	return likely(!header_slots[HEADER_SLOT(*p, n)]) || header_of(v, p, n) == HEADER_OTHER;
}

/* ---- which shape ---- */

#define WORD4(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* X(header, the first four letters, all before the value, shape) */
/* clang-format off */
#define SHAPES(X)                                                                         \
	X(VIA, WORD4('v', 'i', 'a', ':'), "via: ", shape_via)                            \
	X(FROM, WORD4('f', 'r', 'o', 'm'), "from: ", shape_from)                         \
	X(TO, WORD4('t', 'o', ':', ' '), "to: ", shape_to)                               \
	X(CALL_ID, WORD4('c', 'a', 'l', 'l'), "call-id: ", shape_call_id)                \
	X(CSEQ, WORD4('c', 's', 'e', 'q'), "cseq: ", shape_cseq)                         \
	X(MAX_FORWARDS, WORD4('m', 'a', 'x', '-'), "max-forwards: ", shape_max_forwards) \
	X(CONTENT_LENGTH, WORD4('c', 'o', 'n', 't'), "content-length: ", shape_content_length)
/* clang-format on */

/* shape_line reads the line that begins at the cursor and whose CR is at eol. */
static always_inline bool shape_line(struct parser *s, const struct cursor *c, const uint8_t *eol)
{
	const uint8_t *p = c->p;

	switch (load32(p) | WORD4(0x20, 0x20, 0x20, 0x20)) {
#define SHAPE(header, word, name, shape)                                                       \
	case word:                                                                             \
		if (!text_is(p, name, sizeof(name) - 1))                                       \
			break;                                                                 \
		if (s->seen & ONE(HEADER_##header) || !shape(s, c, p + sizeof(name) - 1, eol)) \
			return false;                                                          \
		s->seen |= ONE(HEADER_##header);                                               \
		return true;
		SHAPES(SHAPE)
#undef SHAPE
	default:
		break;
	}
	return shape_other(p);
}

#endif
