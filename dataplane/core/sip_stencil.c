/* Stencils are cut from what the parser found: the parts of a request in which a digit may give way
 * to a digit, a letter to a letter, or either to either, without the parser seeing another request.
 * All else has to be the same byte for byte: names of headers, white space, what words mean, hosts,
 * ports, parameters, numbers that decide something. What may vary:
 *
 *   branch, behind its magic cookie, of the top Via and of those below     digits and letters
 *   tags, Call-ID                                                          digits and letters
 *   quoted display names, users of sip URIs in From, To, Request-URI       each its own kind
 *   tel URIs in these places                                               digits
 *   the numbers of CSeq and Content-Length, which are read anew            digits
 *   headers that nobody asks for                                           text
 *
 * Lengths stay: each header of a stencil's requests ends where it ended, and so do the parts of the
 * Request-URI, of which a stencil keeps what nx_uri_parse said. */
#include "dataplane/core/sip_stencil.h"

#include "dataplane/core/bytes.h"
#include "dataplane/core/sip_fits.h"
#include "dataplane/core/sip_header.h"
#include "nxsip/verdict.h"

#define CUT_EVERY  32 /* misses of a set that is full; a power of two */
#define COOKIE     "branch=z9hG4bK"
#define DIGITS_MAX 9 /* of which no number is 2^31 */
#define KEPT       (offsetof(struct nx_sip, via) + NX_SIP_STENCIL_VIA_MAX * sizeof(struct nx_span))

/* Where a request is being cut; from .. to are offsets into it. */
struct cut {
	struct nx_sip_stencil *s;
	const uint8_t *msg;
};

/* Bytes that are of one of the classes may be others of these from now on; or, one by one, others
 * of their own. */
static void open_bytes(const struct cut *c, size_t from, size_t to, uint8_t classes, bool own)
{
	static const uint8_t kinds[] = {MAY_DIGIT, MAY_LETTER, MAY_TEXT};

	for (; from < to; from++)
		for (unsigned i = 0; i < sizeof(kinds); i++)
			if (may_class_of(c->msg[from]) & kinds[i] & classes) {
				c->s->may[from] = own ? kinds[i] : classes;
				break;
			}
}

static void open_word(const struct cut *c, struct nx_span word)
{
	open_bytes(c, word.off, (size_t)word.off + word.len, MAY_DIGIT | MAY_LETTER, false);
}

static void open_own(const struct cut *c, size_t from, size_t to)
{
	open_bytes(c, from, to, MAY_DIGIT | MAY_LETTER, true);
}

/* find returns where the byte is first, or `to`. */
static size_t find(const struct cut *c, size_t from, size_t to, uint8_t byte)
{
	const uint8_t *at = memchr(c->msg + from, byte, to - from);

	return at ? (size_t)(at - c->msg) : to;
}

static size_t first_of_two(const struct cut *c, size_t from, size_t to, uint8_t a, uint8_t b)
{
	return find(c, from, find(c, from, to, a), b);
}

/* The user, up to its password or parameters. An escape's digits mean something else. */
static void open_uri(const struct cut *c, size_t from, size_t to)
{
	const size_t scheme = sizeof("sip:") - 1, user = from + scheme;
	size_t at;

	if (to - from < scheme || find(c, from, to, '%') < to)
		return;
	if (memcmp(c->msg + from, "sip:", scheme) == 0) {
		at = find(c, user, to, '@');
		if (at < to)
			open_own(c, user, first_of_two(c, user, at, ';', ':'));
	} else if (memcmp(c->msg + from, "tel:", scheme) == 0) {
		open_bytes(c, user, find(c, user, to, ';'), MAY_DIGIT, true);
	}
}

/* From and To: [quoted string] <URI> ... */
static void open_address(const struct cut *c, struct nx_span value)
{
	size_t p = value.off, end = p + value.len;

	if (c->msg[p] == '"') {
		size_t quote = find(c, p + 1, end, '"');

		if (find(c, p, quote, '\\') < quote)
			return;
		open_own(c, p + 1, quote);
		p = quote;
	}
	p = find(c, p, end, '<');
	if (p < end)
		open_uri(c, p + 1, find(c, p, end, '>'));
}

/* A Via row: behind each magic cookie, the rest of the token, which holds no space or comma. */
static void open_via(const struct cut *c, struct nx_span row)
{
	const uint8_t *p = c->msg + row.off, *end = p + row.len;
	const size_t n = sizeof(COOKIE) - 1;

	while ((p = memmem(p, (size_t)(end - p), COOKIE, n))) {
		const uint8_t *from = p += n;

		while (p < end && nx_sip_class[*p] & NX_SIP_TOKEN)
			p++;
		open_word(c, (struct nx_span){(uint16_t)(from - c->msg), (uint16_t)(p - from)});
	}
}

static size_t digits_at(const uint8_t *p)
{
	size_t n = 0;

	while (may_class_of(p[n]) & MAY_DIGIT)
		n++;
	return n;
}

/* What follows the digits of a number is none and stays. */
static void open_number(const struct cut *c, size_t at)
{
	size_t n = digits_at(c->msg + at);

	if (n <= DIGITS_MAX)
		open_bytes(c, at, at + n, MAY_DIGIT, true);
}

/* A header line, from its name to its CR. Folded ones are left as they are but for the first line
 * of what the parser has no name for. */
static void open_line(const struct cut *c, size_t p, size_t eol)
{
	const uint8_t *msg = c->msg;
	size_t colon = find(c, p, eol, ':');

	if (colon == eol || msg[p] <= ' ' || msg[colon - 1] <= ' ')
		return;
	switch (header_of(block_load(msg + p), msg + p, colon - p)) {
	case HEADER_OTHER:
		open_bytes(c, colon + 1, eol, MAY_TEXT, false);
		break;
	case HEADER_CONTENT_LENGTH:
		for (p = colon + 1; p < eol && msg[p] == ' ';)
			p++;
		if (p + digits_at(msg + p) != eol || p == eol)
			break;
		c->s->content_length = (uint16_t)p;
		open_number(c, p);
		break;
	default:
		break;
	}
}

static void open_lines(const struct cut *c, size_t header_len)
{
	size_t p = find(c, 0, header_len, '\n') + 1, eol;

	for (; p < header_len - 2; p = eol + 2) {
		eol = find(c, p, header_len, '\r');
		open_line(c, p, eol);
	}
}

void nx_sip_stencil_cut(struct nx_sip_stencil *s, const uint8_t *msg, const struct nx_sip *sip)
{
	const struct cut c = {s, msg};

	memset(s->may, 0, sizeof(s->may));
	memcpy(s->text, msg, sip->header_len);
	memcpy(&s->sip, sip, KEPT);
	s->content_length = 0;
	s->has_ruri = nx_uri_parse(msg, sip->ruri, &s->ruri) == NX_R_UNDECIDED;
	open_uri(&c, sip->ruri.off, (size_t)sip->ruri.off + sip->ruri.len);
	for (unsigned i = 0; i < sip->n_via; i++)
		open_via(&c, sip->via[i]);
	open_address(&c, sip->from);
	open_address(&c, sip->to);
	open_word(&c, sip->from_tag);
	open_word(&c, sip->to_tag);
	open_word(&c, sip->call_id);
	open_number(&c, sip->cseq.off);
	open_lines(&c, sip->header_len);
}

static inline uint32_t number_at(const uint8_t *digit)
{
	uint32_t n = 0;

	for (; (uint8_t)(*digit - '0') < 10; digit++)
		n = 10 * n + (uint32_t)(*digit - '0');
	return n;
}

bool nx_sip_stencil_fill(
	const struct nx_sip_stencil *s, const uint8_t *msg, size_t len, struct nx_sip *sip)
{
	memcpy(sip, &s->sip, KEPT);
	sip->cseq_number = number_at(msg + s->sip.cseq.off);
	if (s->content_length)
		sip->content_length = number_at(msg + s->content_length);
	return sip->content_length <= len - sip->header_len;
}

/* The way to be cut anew: the first from the hand on that was not used since the hand passed. */
static unsigned way_to_go(struct nx_sip_stencil_set *set)
{
	for (;;) {
		unsigned way = set->hand++ % NX_SIP_STENCIL_WAYS;

		if (!set->used[way])
			return way;
		set->used[way] = false;
	}
}

static out_of_line unsigned parse_and_learn(
	struct nx_sip_stencil_set *set, const uint8_t *msg, size_t len, struct nx_sip *sip)
{
	unsigned reason = nx_sip_best.parse(msg, len, sip, NULL), way;

	if (reason != NX_R_UNDECIDED || !nx_sip_may_have_stencil(sip))
		return reason;
	set->missed++;
	if (set->hand >= NX_SIP_STENCIL_WAYS && set->missed % CUT_EVERY != 0)
		return reason;
	way = way_to_go(set);
	nx_sip_stencil_cut(&set->way[way], msg, sip);
	set->header_len[way] = sip->header_len;
	return reason;
}

static inline bool ends_headers(const uint8_t *end)
{
	return memcmp(end - 4, "\r\n\r\n", 4) == 0;
}

unsigned nx_sip_read(struct nx_sip_stencils *all, uint32_t sender, const uint8_t *msg, size_t len,
	struct nx_sip *sip, const struct nx_uri **ruri)
{
	const uint32_t mixed = (sender * 0x9e3779b1u) >> 16;
	struct nx_sip_stencil_set *set = &all->set[mixed % NX_SIP_STENCIL_SETS];

	*ruri = NULL;
	if (!nx_sip_best.fits)
		return nx_sip_best.parse(msg, len, sip, NULL);
	for (unsigned i = 0; i < NX_SIP_STENCIL_WAYS; i++) {
		const size_t n = set->header_len[i];

		if (n == 0 || n > len || !ends_headers(msg + n) ||
			!nx_sip_best.fits(&set->way[i], msg) ||
			!nx_sip_stencil_fill(&set->way[i], msg, len, sip))
			continue;
		set->used[i] = true;
		*ruri = set->way[i].has_ruri ? &set->way[i].ruri : NULL;
		return NX_R_UNDECIDED;
	}
	return parse_and_learn(set, msg, len, sip);
}
