/* The shapes that most requests have: for each line of every request, the one way in which nearly
 * all senders write it, known by a few words and the masks of a block or two. A shape takes only
 * what the grammar takes, with the same results, and leaves everything untouched where it does not
 * fit: then the grammar reads the line, and only the grammar refuses. Tests lay the ways that have
 * shapes beside the plain one, which has none.
 * No line here is folded. Every block is read at a place that is not behind eol, the CR of the
 * line, and at eol one could still be read whole. No run but that of quoted text, and no comparison
 * with a text, goes on over a CR: where one has fitted, it ended at eol at the latest. For
 * inclusion by sip_message.h only. */
#ifndef NX_CORE_SIP_SHAPE_H
#define NX_CORE_SIP_SHAPE_H

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_header.h"
#include "dataplane/core/sip_scan.h"
#include "dataplane/core/uri.h"

/* ---- words and runs ---- */

/* A literal as one number; and where a constant has to be written for the compiler. */
#define TEXT2(text) load16((const uint8_t *)(text))
#define TEXT4(text) load32((const uint8_t *)(text))
#define TEXT8(text) load64((const uint8_t *)(text))
#define WORD4(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

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

/* Numbers of up to 4 or 8 digits are read as one word, moved to its upper end, and added in pairs,
 * then pairs of pairs, then these two. */

static always_inline bool shape_number_4(const uint8_t *msg, size_t p, uint32_t n, uint32_t *value)
{
	uint32_t v = (load32(msg + p) ^ 0x30303030) << (32 - 8 * n); /* digits become 0 to 9 */

	if (((v + 0x76767676) | v) & 0x80808080)
		return false;
	v = (v * (1 + (10 << 8))) >> 8 & 0x00ff00ff;
	*value = (v * (1 + (100 << 16))) >> 16;
	return true;
}

static always_inline bool shape_number_8(const uint8_t *msg, size_t p, uint32_t n, uint32_t *value)
{
	uint64_t v = (load64(msg + p) ^ 0x3030303030303030) << (64 - 8 * n);

	if (((v + 0x7676767676767676) | v) & 0x8080808080808080)
		return false;
	v = (v * (1 + (10 << 8))) >> 8 & 0x00ff00ff00ff00ff;
	v = (v * (1 + (100 << 16))) >> 16 & 0x0000ffff0000ffff;
	*value = (uint32_t)((v * (1 + (10000ull << 32))) >> 32);
	return true;
}

/* shape_number: p .. end is 1 to 8 digits; not so where end is before p. */
static always_inline bool shape_number(const uint8_t *msg, size_t p, size_t end, uint32_t *value)
{
	uint32_t less = (uint32_t)p - (uint32_t)end;

	if (likely(less >= -4u))
		return shape_number_4(msg, p, -less, value);
	return less >= -8u && shape_number_8(msg, p, -less, value);
}

/* put_span: from .. to; these and all below are offsets into the message. */
static always_inline void put_span(struct nx_span *span, size_t from, size_t to)
{
	uint32_t both = (uint32_t)from + ((uint32_t)(to - from) << 16);

	memcpy(span, &both, sizeof(*span)); /* one store */
}

/* ---- lines: p is where the value begins, after one space ---- */

/* INVITE SP uri SP SIP/2.0 CRLF, the URI shorter than a block. *p is where it ends. */
static always_inline bool shape_request_line(
	struct nx_sip *sip, const uint8_t *msg, size_t len, size_t *p)
{
	const size_t uri = sizeof("INVITE ") - 1;
	size_t n;

	if (len < uri + 2 * BLOCK || load32(msg) != TEXT4("INVI") ||
		load32(msg + 3) != TEXT4("ITE "))
		return false;
	n = run_of(msg + uri, NX_SIP_URI);
	if (n == 0 || load64(msg + uri + n) != TEXT8(" SIP/2.0") || !at_crlf(msg + uri + n + 8))
		return false;
	sip->method = NX_M_INVITE;
	sip->method_text = (struct nx_span){0, (uint16_t)(uri - 1)};
	put_span(&sip->ruri, uri, uri + n);
	*p = uri + n + 10;
	return true;
}

#define VIA_UDP (sizeof("SIP/2.0/UDP ") - 1)
#define RPORT   (sizeof(";rport") - 1)
#define BRANCH  (sizeof(";branch=") - 1)

/* shape_sent_by: host [:port]. *end is where it ends. The grammar would record the same for it,
 * whatever follows. */
static always_inline bool shape_sent_by(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t *end)
{
	uint64_t stops = block_stops(block_load(msg + p), NX_SIP_HOST);
	size_t host_end = p + first_of(stops);
	uint32_t port = 0;

	*end = host_end;
	if (host_end == p)
		return false;
	if (likely(msg[host_end] == ':')) {
		*end = p + first_of(stops & (stops - 1));
		if (!shape_number(msg, host_end + 1, *end, &port) || port - 1 >= UINT16_MAX)
			return false;
	}
	put_span(&sip->sent_host, p, host_end);
	put_span(&sip->sent_by, p, *end);
	sip->sent_port = (uint16_t)port;
	return true;
}

/* shape_branch: token [;rport] up to eol, in the Via at value; rport is where there was one before,
 * or 0. */
static always_inline bool shape_branch(
	struct nx_sip *sip, const uint8_t *msg, size_t value, size_t p, size_t eol, size_t rport)
{
	size_t end = p + run_of(msg + p, NX_SIP_TOKEN);

	if (end == p)
		return false;
	if (likely(end != eol)) {
		if (rport || end + RPORT != eol || load64(msg + end) != TEXT8(";rport\r\n"))
			return false;
		put_span(&sip->rport, end, end + RPORT);
		sip->flags |= NX_SIP_VIA_UDP | NX_SIP_RPORT;
	} else if (rport) {
		put_span(&sip->rport, rport, rport + RPORT);
		sip->flags |= NX_SIP_VIA_UDP | NX_SIP_RPORT;
	} else {
		sip->flags |= NX_SIP_VIA_UDP;
	}
	put_span(&sip->branch, p, end);
	put_span(&sip->top_via, value, eol);
	put_span(&sip->via[0], value, eol);
	sip->n_via = 1;
	return true;
}

/* What follows "SIP/2.0/UDP " in the first Via: host [:port] ;branch=token, and ;rport before or
 * after the branch, or not at all. */
static always_inline bool shape_via_udp(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	size_t rport = 0;
	size_t end;

	if (!shape_sent_by(sip, msg, p, &end))
		return false;
	if (load32(msg + end) == TEXT4(";rpo") && load16(msg + end + 4) == TEXT2("rt")) {
		rport = end;
		end += RPORT;
	}
	return load64(msg + end) == TEXT8(";branch=") &&
	       shape_branch(sip, msg, p - VIA_UDP, end + BRANCH, eol, rport);
}

static always_inline bool shape_top_via(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	return load64(msg + p) == TEXT8("SIP/2.0/") && load32(msg + p + 8) == TEXT4("UDP ") &&
	       shape_via_udp(sip, msg, p + 12, eol);
}

/* One more Via, of the same shape; what it says is nobody's. */
static always_inline bool shape_lower_via(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	struct nx_sip lower;

	lower.flags = 0;
	if (sip->n_via == NX_SIP_VIA_MAX || !shape_top_via(&lower, msg, p, eol))
		return false;
	put_span(&sip->via[sip->n_via++], p, eol);
	return true;
}

static always_inline bool shape_via(struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	return likely(!sip->n_via) ? shape_top_via(sip, msg, p, eol)
				   : shape_lower_via(sip, msg, p, eol);
}

/* shape_quoted moves over the rest of a quoted string without '\\' and " <sip:" after it. */
static always_inline bool shape_quoted(const uint8_t *msg, size_t *p, size_t eol)
{
	size_t end = *p + run_of(msg + *p, NX_SIP_QDTEXT);

	*p = end + 7;
	return end < eol && load32(msg + end) == TEXT4("\" <s") &&
	       load32(msg + end + 3) == TEXT4("sip:");
}

/* shape_named moves over [display name] "<sip:"; the name a quoted string, or tokens and spaces. */
static always_inline bool shape_named(const uint8_t *msg, size_t *p, size_t eol)
{
	size_t at = *p;

	if (msg[at] == '"') {
		++*p;
		return shape_quoted(msg, p, eol);
	}
	if (nx_sip_class[msg[at]] & NX_SIP_TOKEN) {
		block v = block_load(msg + at);

		at += first_of(block_stops(v, NX_SIP_TOKEN) & ~block_equals(v, ' '));
	}
	*p = at + 5;
	return msg[at] == '<' && load32(msg + at + 1) == TEXT4("sip:");
}

/* ---- the URI in From and To: sip:user@host [:port] [;name[=value]] ---- */

/* In all of these, p is behind "sip:", and they return where the '>' is, or 0. */

#define PORT_LEN 5

/* shape_uri_rest: the host ends at `end`. ends: of the bytes that are not of NX_SIP_HOST, those
 * from there on. */
static slow_path size_t shape_uri_rest(const uint8_t *p, uint64_t ends, size_t end)
{
	size_t from = end;
	uint32_t port;

	if (p[from] == ':') {
		ends &= ends - 1;
		end = first_of(ends);
		if (end - from > PORT_LEN + 1 || !shape_number(p, from + 1, end, &port) ||
			port - 1 >= UINT16_MAX)
			return 0;
	}
	for (unsigned part = 0; part < 2 && p[end] == (part ? '=' : ';'); part++) {
		from = end;
		ends &= ends - 1;
		end = first_of(ends);
		if (end == from + 1)
			return 0;
	}
	return p[end] == '>' ? end : 0;
}

/* shape_uri takes users and parameters of the bytes that a host has, and '+' before the user. */
static always_inline size_t shape_uri(const uint8_t *p)
{
	const uint64_t plus = *p == '+';
	uint64_t ends = block_stops(block_load(p), NX_SIP_HOST) & ~plus;
	uint64_t behind = ends & (ends - 1);
	size_t at = first_of(ends), end = first_of(behind);

	if (unlikely(at == 0 || p[at] != '@' || end == at + 1))
		return 0;
	return likely(p[end] == '>') ? end : shape_uri_rest(p, behind, end);
}

/* shape_tag: what stands at p, where ">;ta" was found, is ">;tag=token" up to eol; *tag is where
 * the token begins. */
static always_inline bool shape_tag(const uint8_t *msg, size_t p, size_t eol, size_t *tag)
{
	*tag = p + 6;
	return load16(msg + p + 4) == TEXT2("g=") &&
	       *tag + run_of(msg + *tag, NX_SIP_TOKEN) == eol && *tag < eol;
}

/* From and To: value is where the whole begins, p what follows "<sip:", which is URI> [;tag=token].
 */

static always_inline bool shape_from_sip(
	struct nx_sip *sip, const uint8_t *msg, size_t value, size_t p, size_t eol)
{
	size_t uri = shape_uri(msg + p), end = p + uri;
	size_t tag;

	if (!uri)
		return false;
	if (likely(load32(msg + end) == TEXT4(">;ta"))) {
		if (!shape_tag(msg, end, eol, &tag))
			return false;
		put_span(&sip->from_tag, tag, eol);
	} else if (end + 1 != eol) {
		return false;
	}
	put_span(&sip->from, value, eol);
	return true;
}

static always_inline bool shape_to_sip(
	struct nx_sip *sip, const uint8_t *msg, size_t value, size_t p, size_t eol)
{
	size_t uri = shape_uri(msg + p), end = p + uri;
	size_t tag;

	if (!uri)
		return false;
	if (unlikely(end + 1 != eol)) {
		if (load32(msg + end) != TEXT4(">;ta") || !shape_tag(msg, end, eol, &tag))
			return false;
		put_span(&sip->to_tag, tag, eol);
		sip->flags |= NX_SIP_TO_TAG;
	}
	put_span(&sip->to, value, eol);
	put_span(&sip->to_uri, p - 4, end);
	return true;
}

static always_inline bool shape_from(
	struct nx_sip *sip, const uint8_t *msg, size_t value, size_t eol)
{
	size_t p = value;

	return shape_named(msg, &p, eol) && shape_from_sip(sip, msg, value, p, eol);
}

static always_inline bool shape_to(struct nx_sip *sip, const uint8_t *msg, size_t value, size_t eol)
{
	size_t p = value;

	return shape_named(msg, &p, eol) && shape_to_sip(sip, msg, value, p, eol);
}

/* Call-ID: word ["@" word], shorter than a block. */
static always_inline bool shape_call_id(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	uint64_t stops = block_stops(block_load(msg + p), NX_SIP_WORD);
	size_t end = p + first_of(stops);

	if (end == p)
		return false;
	if (likely(msg[end] == '@')) {
		size_t at = end;

		end = p + first_of(stops & (stops - 1));
		if (end == at + 1)
			return false;
	}
	if (end != eol)
		return false;
	put_span(&sip->call_id, p, eol);
	return true;
}

/* The method at the end of CSeq, with the space before it; the request's has 4 to 8 bytes. */
static always_inline bool shape_cseq_method(
	const struct nx_sip *sip, const uint8_t *msg, size_t eol)
{
	const uint8_t *wanted = msg + sip->method_text.off;
	size_t n = sip->method_text.len;
	const uint8_t *method = msg + eol - n;

	return n - 4 <= 4 && method[-1] == ' ' && load32(method) == load32(wanted) &&
	       load32(method + n - 4) == load32(wanted + n - 4);
}

/* CSeq: 1 to 8 digits, one space, the request's method. */
static always_inline bool shape_cseq(struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{

	if (likely(sip->method == NX_M_INVITE)) {
		if (load64(msg + eol - 7) != TEXT8(" INVITE\r") ||
			!shape_number(msg, p, eol - 7, &sip->cseq_number))
			return false;
	} else if (!shape_cseq_method(sip, msg, eol) ||
		   !shape_number(msg, p, eol - sip->method_text.len - 1, &sip->cseq_number)) {
		return false;
	}
	put_span(&sip->cseq, p, eol);
	return true;
}

/* Max-Forwards: digits, mostly two. */
static always_inline bool shape_max_forwards(
	struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	uint32_t hops;

	hops = load32(msg + p) ^ TEXT4("00\r\n");
	if (unlikely(((hops + 0x7676) | hops) & 0xffff8080) &&
		(!shape_number(msg, p, eol, &hops) || hops > MAX_FORWARDS_MAX))
		return false;
	if (unlikely(!hops))
		sip->flags |= NX_SIP_MAX_FORWARDS_0;
	return true;
}

/* Content-Length: digits. */
static always_inline bool shape_content_length(
	uint32_t *value, const uint8_t *msg, size_t p, size_t eol)
{
	return shape_number(msg, p, eol, value);
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

/* X(header, the first four letters, all before the value, what the shape fills, shape) */
/* clang-format off */
#define SHAPES(X)                                                       \
	X(VIA, WORD4('v', 'i', 'a', ':'), "via: ", s->sip, shape_via)                            \
	X(FROM, WORD4('f', 'r', 'o', 'm'), "from: ", s->sip, shape_from)                         \
	X(TO, WORD4('t', 'o', ':', ' '), "to: ", s->sip, shape_to)                               \
	X(CALL_ID, WORD4('c', 'a', 'l', 'l'), "call-id: ", s->sip, shape_call_id)                \
	X(CSEQ, WORD4('c', 's', 'e', 'q'), "cseq: ", s->sip, shape_cseq)                         \
	X(MAX_FORWARDS, WORD4('m', 'a', 'x', '-'), "max-forwards: ", s->sip, shape_max_forwards) \
	X(CONTENT_LENGTH, WORD4('c', 'o', 'n', 't'), "content-length: ", &s->content_length, shape_content_length)
/* clang-format on */

/* shape_line reads the line that begins at the cursor and whose CR is at eol. */
static always_inline bool shape_line(struct parser *s, const struct cursor *c, const uint8_t *eol)
{
	const uint8_t *p = c->p;

	switch (load32(p) | WORD4(0x20, 0x20, 0x20, 0x20)) {
#define SHAPE(header, word, name, into, shape)                                        \
	case word:                                                                    \
		if (!text_is(p, name, sizeof(name) - 1))                              \
			break;                                                        \
		if (s->seen & ONE(HEADER_##header) & AT_MOST_ONCE ||                  \
			!shape(into, c->msg, (size_t)(p - c->msg) + sizeof(name) - 1, \
				(size_t)(eol - c->msg)))                              \
			return false;                                                 \
		s->seen |= ONE(HEADER_##header);                                      \
		return true;
		SHAPES(SHAPE)
#undef SHAPE
	default:
		break;
	}
	return shape_other(p);
}

#endif
