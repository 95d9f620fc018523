/* Why a reference may read a request otherwise than we do, and it is no finding. Two kinds of
 * reason:
 *
 * Parts that we do not read, for which a reference refuses the whole message. Whether that is the
 * reason is tried, not guessed: the reference is asked again about the message with those parts
 * made simple, and then all it reads has to be as we read it.
 *
 * Faults of one of the two, where the other one reads as we do. Each is stated with the section of
 * the RFC that says who is right. */
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "tests/fuzz/reference_parsers.h"

#define BIT(id) (1u << REFERENCE_##id)

const char *reference_excuse_text(enum reference_excuse excuse)
{
	switch (excuse) {
	case REFERENCE_OTHER_HEADERS:
		return "refused for a header or a body that nobody needs (RFC 3261 8.2.2)";
	case REFERENCE_WHITE_SPACE:
		return "a tab or a folding, which are white space like any (RFC 3261 25.1)";
	case REFERENCE_QUOTED:
		return "what stands in quotes is taken for more than text (RFC 3261 25.1)";
	case REFERENCE_PASSWORD:
		return "refused for an empty password (RFC 3261 25.1)";
	case REFERENCE_C_STRING:
		return "libosip2 ends a user at %00 (RFC 4475 3.1.1.4)";
	case REFERENCE_JOINED:
		return "libsofia-sip-ua loses an empty rport before a comma (RFC 3261 7.3.1)";
	case REFERENCE_EXCUSES:
		break;
	}
	return "";
}

/* ---- parts made simple ---- */

struct writer {
	uint8_t *at;
	size_t len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->at + w->len, bytes, len);
	w->len += len;
}

/* line_len: up to behind the CRLF that no white space follows. */
static size_t line_len(const uint8_t *line, size_t len)
{
	size_t n = 0;

	while (n + 2 < len && (line[n] != '\r' || line[n + 1] != '\n' || line[n + 2] == ' ' ||
				      line[n + 2] == '\t'))
		n++;
	return n + 2;
}

static bool is_named(const uint8_t *line, size_t len, const char *name)
{
	size_t n = 0;

	while (n < len && line[n] != ':' && line[n] != ' ' && line[n] != '\t')
		n++;
	return n == strlen(name) && strncasecmp((const char *)line, name, n) == 0;
}

static bool is_one_of(const uint8_t *line, size_t len, const char *name, const char *compact)
{
	return is_named(line, len, name) || is_named(line, len, compact);
}

/* What verdict and reply are made of, and Content-Length, by which the body ends. */
static bool is_needed(const uint8_t *line, size_t len)
{
	return is_one_of(line, len, "via", "v") || is_one_of(line, len, "from", "f") ||
	       is_one_of(line, len, "to", "t") || is_one_of(line, len, "call-id", "i") ||
	       is_one_of(line, len, "content-length", "l") || is_named(line, len, "cseq") ||
	       is_named(line, len, "max-forwards");
}

/* Is the ':' behind a scheme? */
static bool ends_scheme(const uint8_t *line, const uint8_t *colon)
{
	return (colon - line >= 3 && strncasecmp((const char *)colon - 3, "sip", 3) == 0) ||
	       (colon - line >= 4 && strncasecmp((const char *)colon - 4, "sips", 4) == 0);
}

/* put_without_passwords leaves out the ':' of empty ones. */
static void put_without_passwords(struct writer *w, const uint8_t *line, size_t len)
{
	const uint8_t *end = line + len, *from = line;

	for (const uint8_t *at = line; (at = memmem(at, (size_t)(end - at), ":@", 2)); at++) {
		if (ends_scheme(line, at))
			continue;
		put(w, from, (size_t)(at - from));
		from = at + 1;
	}
	put(w, from, (size_t)(end - from));
}

/* Lines with URIs that are compared. */
static bool has_uri(const uint8_t *line, size_t len)
{
	return is_one_of(line, len, "from", "f") || is_one_of(line, len, "to", "t");
}

/* What is to be made simple: a set of excuses, and, of the white spaces and quoted texts in their
 * order, one that stays. */
struct simple {
	unsigned parts, stays, seen;
};

#define NONE_STAYS UINT_MAX

/* quoted_len: with its quotes; 0: it does not end. */
static size_t quoted_len(const uint8_t *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] == '"')
			return i + 1;
		else if (text[i] == '\\')
			i++;
	return 0;
}

/* All between quotes becomes letters, but for white space and the part of the line that is to stay.
 */
static void plain_quotes(uint8_t *line, size_t len, struct nx_span read, struct simple *simple)
{
	for (size_t i = 0, n; i < len; i += n) {
		bool reads = read.len && i == read.off;

		n = reads ? read.len : line[i] == '"' ? quoted_len(line + i, len - i) : 1;
		if (n == 0)
			n = 1;
		else if (!reads && n > 1 && simple->seen++ != simple->stays)
			for (size_t k = 1; k < n - 1; k++)
				if (!strchr(" \t\r\n", line[i + k]))
					line[i + k] = 'x';
	}
}

/* What we read of a line as it stands, quotes and all: Call-ID, which has no quoted text, and the
 * first Via's received. */
static struct nx_span as_it_stands(size_t at, size_t len, const struct nx_sip *sip)
{
	const struct nx_span read[] = {sip->call_id, sip->received};

	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
		if (read[i].off > at && read[i].off < at + len)
			return (struct nx_span){(uint16_t)(read[i].off - at), read[i].len};
	return (struct nx_span){0};
}

static void put_line(struct writer *w, const uint8_t *msg, size_t at, size_t len,
	const struct nx_sip *sip, struct simple *simple)
{
	const uint8_t *line = msg + at;
	const size_t begin = w->len;

	if (simple->parts >> REFERENCE_PASSWORD & 1 && has_uri(line, len))
		put_without_passwords(w, line, len);
	else if (is_needed(line, len) || !(simple->parts >> REFERENCE_OTHER_HEADERS & 1))
		put(w, line, len);
	if (simple->parts >> REFERENCE_QUOTED & 1 && w->len > begin)
		plain_quotes(w->at + begin, w->len - begin, as_it_stands(at, len, sip), simple);
}

static bool is_space(const uint8_t *text, size_t len)
{
	return text[0] == ' ' || text[0] == '\t' ||
	       (len > 2 && text[0] == '\r' && (text[2] == ' ' || text[2] == '\t'));
}

/* Every tab and line break that is white space becomes a space. */
static void plain_space(uint8_t *text, size_t len, struct simple *simple)
{
	for (size_t i = 0, end; i < len; i = end + 1) {
		bool stays;

		for (end = i; end < len && is_space(text + end, len - end);)
			end += text[end] == '\r' ? 2 : 1;
		stays = end > i && simple->seen++ == simple->stays;
		memset(text + i, ' ', stays ? 0 : end - i);
	}
}

/* simplify copies the message, simpler in the parts named. */
static size_t simplify(const uint8_t *msg, size_t len, const struct nx_sip *sip,
	struct simple *simple, uint8_t *out)
{
	size_t at = line_len(msg, sip->header_len), line;
	struct writer w = {.at = out};

	if (simple->parts >> REFERENCE_PASSWORD & 1)
		put_without_passwords(&w, msg, at);
	else
		put(&w, msg, at);
	for (; at < sip->header_len - 2u; at += line) {
		line = line_len(msg + at, sip->header_len - at);
		put_line(&w, msg, at, line, sip, simple);
	}
	if (simple->parts >> REFERENCE_WHITE_SPACE & 1)
		plain_space(out, w.len, simple);
	put(&w, msg + at, len - at);
	return w.len;
}

/* ---- faults of one ---- */

static bool has_nul(struct reference_text t)
{
	return t.at && memchr(t.at, 0, t.len);
}

/* Escaped, a NUL is a byte of a user like any other. */
static unsigned c_string(enum reference_parser parser, const uint8_t *msg, const struct nx_sip *sip,
	const struct reference_finding *f)
{
	(void)msg;
	(void)sip;
	if (parser != REFERENCE_OSIP)
		return 0;
	return (has_nul(f->ours.field[REFERENCE_USER]) ? BIT(USER) : 0) |
	       (has_nul(f->ours.field[REFERENCE_TO_USER]) ? BIT(TO_USER) : 0);
}

/* Values joined by commas are what they are in rows of their own. */
static unsigned joined(enum reference_parser parser, const uint8_t *msg, const struct nx_sip *sip,
	const struct reference_finding *f)
{
	(void)f;
	return parser == REFERENCE_SOFIA && sip->rport.off && !(sip->flags & NX_SIP_RPORT_VALUE) &&
			       msg[sip->rport.off + sip->rport.len] == ','
		       ? BIT(VIA_RPORT)
		       : 0;
}

typedef unsigned fault(enum reference_parser parser, const uint8_t *msg, const struct nx_sip *sip,
	const struct reference_finding *f);

static const struct {
	enum reference_excuse excuse;
	fault *fields;
} faults[] = {
	{REFERENCE_C_STRING, c_string},
	{REFERENCE_JOINED, joined},
};

/* Of what the parser may be wrong about this message. */
static unsigned may_be_wrong(enum reference_parser parser, const uint8_t *msg,
	const struct nx_sip *sip, const struct reference_finding *f)
{
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		all |= faults[i].fields(parser, msg, sip, f);
	return all;
}

unsigned reference_faults(enum reference_parser parser, const uint8_t *msg,
	const struct nx_sip *sip, const struct reference_finding *f, unsigned *excuses)
{
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned fields = faults[i].fields(parser, msg, sip, f) & f->differs[parser] &
				  ~f->differs[!parser];

		*excuses |= fields ? 1u << faults[i].excuse : 0;
		all |= fields;
	}
	return all;
}

/* ---- asking again ---- */

static unsigned ask_with(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, const struct nx_sip *sip, struct simple *simple, struct reference_finding *f)
{
	static uint8_t text[2 * 65536];
	size_t n = simplify(msg, len, sip, simple, text);

	reference_read(r, parser, text, n < 65536 ? n : 65535, &f->theirs[parser]);
	return reference_differences(&f->ours, &f->theirs[parser]);
}

static unsigned ask_again(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, const struct nx_sip *sip, unsigned parts, struct reference_finding *f)
{
	struct simple simple = {parts, NONE_STAYS, 0};

	return ask_with(r, parser, msg, len, sip, &simple, f);
}

bool reference_same_place(struct reference *r, const uint8_t *msg, size_t len,
	const struct nx_sip *sip, const struct reference_finding *f)
{
	const unsigned both = f->excuses[0] & f->excuses[1] & REFERENCE_OWN_FAULTS;
	const unsigned parts = 1u << REFERENCE_OTHER_HEADERS | f->excuses[0] | f->excuses[1];
	const unsigned wrong[] = {may_be_wrong(0, msg, sip, f), may_be_wrong(1, msg, sip, f)};
	struct reference_finding asked = *f;
	struct simple simple = {.seen = 1};
	bool any[REFERENCE_PARSERS] = {false, false}, same = both >> REFERENCE_PASSWORD & 1;

	for (unsigned i = 0; !same && i < simple.seen; i++) {
		bool differs[REFERENCE_PARSERS];

		for (unsigned p = 0; p < REFERENCE_PARSERS; p++) {
			simple = (struct simple){parts, i, 0};
			differs[p] = ask_with(r, p, msg, len, sip, &simple, &asked) & ~wrong[p];
			any[p] |= differs[p];
		}
		same = differs[0] && differs[1];
	}
	/* one of them may stumble over no single one, but over several together */
	return same || !(any[0] || any[1]);
}

unsigned reference_explain(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, const struct nx_sip *sip, struct reference_finding *f)
{
	const unsigned others = 1u << REFERENCE_OTHER_HEADERS;
	const unsigned theirs = REFERENCE_OWN_FAULTS;
	const bool refused = f->differs[parser] & REFERENCE_REJECTED;
	const unsigned wrong = may_be_wrong(parser, msg, sip, f);
	unsigned differs = 0, left, fewest = REFERENCE_REJECTED, best = 0;

	if (!(f->differs[parser] & ~wrong))
		return 0; /* reference_faults knows */
	/* what it refuses, always without other headers; what it reads otherwise, with them */
	for (unsigned parts = refused; parts < 1u << REFERENCE_SIMPLER; parts += 2) {
		if (parts == 0 || (!refused && parts & ~theirs))
			continue;
		differs = ask_again(r, parser, msg, len, sip, parts, f);
		left = differs & ~wrong;
		if (left < fewest) {
			fewest = left;
			best = parts;
		}
		if (left == 0)
			break;
	}
	if (best == 0 || (!refused && fewest)) {
		reference_read(r, parser, msg, len, &f->theirs[parser]);
		return 0;
	}
	if (fewest) /* it was not the last one asked about */
		differs = ask_again(r, parser, msg, len, sip, best, f);
	f->differs[parser] |= differs;
	f->excused[parser] = f->differs[parser] & ~fewest & ~wrong;
	return best == others ? others : best & ~others;
}
