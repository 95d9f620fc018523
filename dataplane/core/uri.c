/* SIP, SIPS and TEL URIs into spans (RFC 3261 section 25.1, RFC 3966 section 3).
 *
 * The usual URI of a number is told at a glance (uri_usual.h); all others are read here.
 * One pass: a part ends at the first byte outside its class. The table of classes is the truth;
 * bits of the URI (uri_bits.h) skip ahead over what is of every class, and check hosts.
 * Invariant: i <= end, and the bytes before i are of the grammar. The one step back is the SIP host
 * without a user, which cannot be told from a user until no '@' comes.
 *
 * Strict on purpose. What two parsers could read in two ways (a parameter twice, an octet with a
 * leading zero, an underscore in a host) is bad-uri, and passes to the SBC, which knows better.
 * Left out: other schemes, decoding (key.c), and whether the host is one of ours (policy.c). */
#include "dataplane/core/uri.h"

#include <string.h>

#include "dataplane/core/uri_bits.h"
#include "dataplane/core/uri_usual.h"
#include "nxsip/verdict.h"

#define IPV6_MAX 45 /* characters of the longest IPv6address, RFC 3261 section 25.1 */

/* Character classes. ';' is of no class: the scan of the user stops there to note where it is. */
#define C_USER     0x01 /* unreserved, user-unreserved but ';' */
#define C_PASSWORD 0x02
#define C_LABEL    0x04 /* of a host name: alphanumeric or '-' */
#define C_PARAM    0x08 /* paramchar but escaped */
#define C_HEADER   0x10 /* hname and hvalue but escaped, and the '=' and '&' between them */
#define C_HEX      0x20
#define C_TEL      0x40 /* phonedigit-hex and '+' */
#define C_SCHEME   0x80

#define MARK  (C_USER | C_PASSWORD | C_PARAM | C_HEADER)
#define ALPHA (MARK | C_LABEL | C_SCHEME)
#define HEX   (ALPHA | C_HEX | C_TEL)

static const uint8_t class_of[256] = {
	['0' ... '9'] = HEX,
	['A' ... 'F'] = HEX,
	['G' ... 'Z'] = ALPHA,
	['a' ... 'f'] = HEX,
	['g' ... 'z'] = ALPHA,
	['-'] = ALPHA | C_TEL,
	['.'] = MARK | C_SCHEME | C_TEL,
	['_'] = MARK,
	['!'] = MARK,
	['~'] = MARK,
	['*'] = MARK | C_TEL,
	['\''] = MARK,
	['('] = MARK | C_TEL,
	[')'] = MARK | C_TEL,
	['#'] = C_TEL,
	['&'] = MARK,
	['='] = C_USER | C_PASSWORD | C_HEADER,
	['+'] = MARK | C_SCHEME | C_TEL,
	['$'] = MARK,
	[','] = C_USER | C_PASSWORD,
	['?'] = C_USER | C_HEADER,
	['/'] = C_USER | C_PARAM | C_HEADER,
	['['] = C_PARAM | C_HEADER,
	[']'] = C_PARAM | C_HEADER,
	[':'] = C_PARAM | C_HEADER,
};

/* Parameters that decide something; the most frequent first. */
enum scope { IN_USER, IN_URI };

static const struct known_param {
	char name[14];
	uint8_t len;
	uint8_t scope; /* IN_USER: has the meaning there and among URI parameters alike */
	uint16_t flag;
} known_params[] = {
	{"user", 4, IN_URI, 0}, /* of these two and of rn the value counts */
	{"phone-context", 13, IN_USER, 0},
	{"transport", 9, IN_URI, 0},
	{"lr", 2, IN_URI, NX_URI_LR},
	{"gr", 2, IN_URI, NX_URI_GR},
	{"maddr", 5, IN_URI, NX_URI_MADDR},
	{"rn", 2, IN_USER, NX_URI_RN},
	{"cic", 3, IN_USER, NX_URI_PORTABILITY},
	{"tgrp", 4, IN_USER, NX_URI_PORTABILITY},
	{"trunk-context", 13, IN_USER, NX_URI_PORTABILITY},
	{"ext", 3, IN_USER, NX_URI_EXTENSION},
	{"isub", 4, IN_USER, NX_URI_EXTENSION},
};

enum { P_USER, P_PHONE_CONTEXT, P_TRANSPORT, P_LR, P_RN = 6, P_KNOWN = 12, P_OTHER = P_KNOWN };

_Static_assert(sizeof(known_params) / sizeof(known_params[0]) == P_KNOWN, "ids are positions");

struct param {
	struct nx_span name, value; /* value absent: off 0 */
};

/* A URI while it is being read. */
struct reader {
	const uint8_t *m;
	uint32_t begin, end;
	uint32_t seen;  /* bit per known parameter */
	uint64_t plain; /* bit per byte from begin on: it is of all classes, or a '.'; 0: not marked
			 */
	bool any_name;  /* see nx_uri_parse_address */
	struct nx_uri *out;
};

static inline struct nx_span span_of(uint32_t from, uint32_t to)
{
	return (struct nx_span){.off = (uint16_t)from, .len = (uint16_t)(to - from)};
}

static inline bool at(const struct reader *r, uint32_t i, uint8_t c)
{
	return i < r->end && r->m[i] == c;
}

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static inline bool equals4_fold(const uint8_t *s, const char *text)
{
	uint32_t a, b;

	memcpy(&a, s, 4);
	memcpy(&b, text, 4);
	return (a | 0x20202020) == b;
}

/* text is lower case; only letters and '-' fold onto what known names are made of. */
static inline bool equals_fold(const uint8_t *s, const char *text, uint32_t len)
{
	if (len >= 4 && len <= 8)
		return equals4_fold(s, text) && equals4_fold(s + len - 4, text + len - 4);
	for (uint32_t i = 0; i < len; i++)
		if ((s[i] | 0x20) != text[i])
			return false;
	return true;
}

/* skip_plain steps over plain bytes, letters, digits, '-' and '.', as far as the bits go: all
 * classes have them, but C_LABEL not the '.'. The ':' of the scheme is none, so there always is a
 * bit to find. */
static inline uint32_t skip_plain(const struct reader *r, uint32_t i)
{
	uint32_t at = i - r->begin;

	return at < URI_BITS ? i + (uint32_t)__builtin_ctzll(~(r->plain >> at)) : i;
}

/* mark makes the bits, which a number at an IPv4 address does without. */
static out_of_line void mark(struct reader *r)
{
	if (!r->plain)
		r->plain = uri_plain_bits(r->m + r->begin, r->end - r->begin);
}

/* scan returns the first offset from i on whose byte is neither of the class nor a whole %HH. */
static inline uint32_t scan(const struct reader *r, uint32_t i, uint8_t class)
{
	const uint8_t *m = r->m;
	const uint32_t end = r->end;

	for (i = skip_plain(r, i); i < end; i++) {
		if (class_of[m[i]] & class)
			continue;
		if (m[i] != '%' || end - i < 3 || !(class_of[m[i + 1]] & C_HEX) ||
			!(class_of[m[i + 2]] & C_HEX))
			break;
		i += 2;
	}
	return i;
}

/* ---- parameters ---- */

/* next_param reads ";name[=value]" at *i, which is a ';'. */
static bool next_param(const struct reader *r, uint32_t *i, struct param *p)
{
	uint32_t name = *i + 1, stop = scan(r, name, C_PARAM);

	p->name = span_of(name, stop);
	p->value = (struct nx_span){0};
	if (stop == name)
		return false;
	if (at(r, stop, '=')) {
		uint32_t value = stop + 1;

		stop = scan(r, value, C_PARAM);
		p->value = span_of(value, stop);
		if (stop == value)
			return false;
	}
	*i = stop;
	return true;
}

static unsigned param_id(const uint8_t *name, uint32_t len, enum scope scope)
{
	for (unsigned id = 0; id < P_KNOWN; id++) {
		const struct known_param *k = &known_params[id];

		if (k->len == len && k->scope <= scope && equals_fold(name, k->name, len))
			return id;
	}
	return P_OTHER;
}

/* hides_known: the name, decoded, is one that decides something; half of the parsers decode it. */
static bool hides_known(const uint8_t *name, uint32_t len, enum scope scope)
{
	uint8_t decoded[sizeof(known_params[0].name)];
	uint32_t i = 0, n = 0;

	if (!memchr(name, '%', len))
		return false;
	while (i < len && n < sizeof(decoded))
		decoded[n++] = nx_uri_unescape(name, &i);
	return i == len && param_id(decoded, n, scope) != P_OTHER;
}

/* take_param notes what the parameter says; false: it was said before, or is hidden. */
static bool take_param(struct reader *r, const struct param *p, enum scope scope)
{
	const uint8_t *name = r->m + p->name.off;
	unsigned id = param_id(name, p->name.len, scope);

	if (scope == IN_URI && id != P_TRANSPORT && id != P_LR)
		r->out->flags |= NX_URI_UNKNOWN_PARAM;
	if (id == P_OTHER)
		return !hides_known(name, p->name.len, scope);
	if (r->seen & 1u << id)
		return false;
	r->seen |= 1u << id;
	r->out->flags |= known_params[id].flag;
	if (id == P_USER)
		r->out->flags |= p->value.len == 5 && equals_fold(r->m + p->value.off, "phone", 5)
					 ? NX_URI_USER_PHONE
					 : NX_URI_USER_OTHER;
	if (id == P_PHONE_CONTEXT) {
		r->out->phone_context = p->value;
		if (!p->value.off)
			r->out->flags |= NX_URI_EXTENSION;
	}
	if (id == P_RN)
		r->out->rn = p->value;
	return true;
}

/* take_params reads all parameters from i on; returns where they end, or 0: against the grammar. */
static out_of_line uint32_t take_params(struct reader *r, uint32_t i, enum scope scope)
{
	struct param p;

	while (at(r, i, ';'))
		if (!next_param(r, &i, &p) || !take_param(r, &p, scope))
			return 0;
	return i;
}

/* skip_user_phone steps over the parameter of nearly every number, written as it always is. */
static inline uint32_t skip_user_phone(struct reader *r, uint32_t i)
{
	static const char text[] = ";user=phone";
	const uint32_t stop = i + sizeof(text) - 1;

	if (stop > r->end || memcmp(r->m + i, text, sizeof(text) - 1) != 0 ||
		(stop < r->end && r->m[stop] != ';'))
		return i;
	r->seen |= 1u << P_USER;
	r->out->flags |= NX_URI_USER_PHONE | NX_URI_UNKNOWN_PARAM;
	return stop;
}

/* ---- host ---- */

/* The skip functions return the offset behind what they read at i, or 0 where it is not there. */

static out_of_line uint32_t skip_ipv6(const struct reader *r, uint32_t i)
{
	uint32_t open = i, colons = 0;

	for (i++; i < r->end; i++) {
		if (r->m[i] == ':')
			colons++;
		else if (!(class_of[r->m[i]] & C_HEX) && r->m[i] != '.')
			break;
	}
	return at(r, i, ']') && colons >= 2 && i - open - 1 <= IPV6_MAX ? i + 1 : 0;
}

/* octet_len: 0 to 255 without a leading zero, which is octal to some. Three digits compare as text
 * as their numbers do. */
static inline uint32_t octet_len(const uint8_t *s, uint32_t room)
{
	if (room < 1 || !is_digit(s[0]))
		return 0;
	if (room < 2 || !is_digit(s[1]))
		return 1;
	if (s[0] == '0')
		return 0;
	if (room < 3 || !is_digit(s[2]))
		return 2;
	return memcmp(s, "255", 3) <= 0 ? 3 : 0;
}

static inline uint32_t skip_ipv4(const struct reader *r, uint32_t i)
{
	for (unsigned octets = 0; octets < 4; octets++) {
		uint32_t len;

		if (octets && !at(r, i++, '.'))
			return 0;
		len = octet_len(r->m + i, r->end - i);
		if (!len)
			return 0;
		i += len;
	}
	return i < r->end && (class_of[r->m[i]] & C_LABEL || r->m[i] == '.') ? 0 : i;
}

static out_of_line uint32_t skip_name(const struct reader *r, uint32_t i)
{
	for (;;) {
		uint32_t label = i;

		while (i < r->end && class_of[r->m[i]] & C_LABEL)
			i++;
		if (i == label || r->m[label] == '-' || r->m[i - 1] == '-')
			return 0;
		if (at(r, i, '.') && i + 1 < r->end && class_of[r->m[i + 1]] & C_LABEL) {
			i++;
			continue;
		}
		if (is_digit(r->m[label]))
			return 0; /* the top label begins with a letter */
		return at(r, i, '.') ? i + 1 : i;
	}
}

static out_of_line uint32_t skip_any_name(const struct reader *r, uint32_t i)
{
	uint32_t from = i;

	while (i < r->end && (class_of[r->m[i]] & C_LABEL || r->m[i] == '.'))
		i++;
	return i > from ? i : 0;
}

static uint32_t skip_host(struct reader *r, uint32_t i)
{
	const uint8_t *uri = r->m + r->begin;
	uint32_t stop = 0, n;

	if (i >= r->end)
		return 0;
	if (r->m[i] == '[')
		return skip_ipv6(r, i);
	if (r->any_name)
		return skip_any_name(r, i);
	if (is_digit(r->m[i]))
		stop = skip_ipv4(r, i);
	if (stop)
		return stop;
	mark(r);
	stop = skip_plain(r, i);
	n = stop - i;
	if (n == 0 || stop - r->begin >= URI_BITS)
		return skip_name(r, i);
	return uri_is_name(uri, r->end - r->begin, i - r->begin, n) ? stop : 0;
}

/* skip_port reads the digits behind the ':'. */
static inline uint32_t skip_port(const struct reader *r, uint32_t i, uint16_t *port)
{
	uint32_t from = i, value = 0;

	if (r->end - i >= 4 && uri_four_digits(r->m + i, &value))
		i += 4;
	while (i < r->end && i - from < 5 && is_digit(r->m[i]))
		value = value * 10 + (r->m[i++] - '0');
	if (value == 0 || value > UINT16_MAX)
		return 0;
	*port = (uint16_t)value;
	return i;
}

/* ---- the three schemes ---- */

/* skip_dialled steps over '+' and digits, all that most numbers have, and notes how far. */
static inline uint32_t skip_dialled(struct reader *r, uint32_t i)
{
	uint32_t plus = at(r, i, '+');
	uint32_t n = plus + nx_uri_digits(r->m + i + plus, r->end - i - plus);

	r->out->dialled = (uint16_t)n;
	return i + n;
}

static out_of_line void take_user_params(struct reader *r, uint32_t i, uint32_t end)
{
	struct reader params = *r;

	params.end = end;
	if (take_params(&params, i, IN_USER) != end)
		r->out->flags |= NX_URI_EXTENSION;
	r->seen = params.seen;
}

/* skip_userinfo sets the user and returns the offset of the host, 0 where a password has no user.
 * The ';' of user parameters is read both ways: as a telephone number's parameters here, as part of
 * a name in key.c. */
static uint32_t skip_userinfo(struct reader *r, uint32_t i)
{
	uint32_t user = i, semicolon = 0, stop;

	i = skip_dialled(r, i);
	if (at(r, i, '@')) {
		r->out->user = span_of(user, i);
		r->out->has_user = i > user;
		return i + 1;
	}
	mark(r);
	stop = scan(r, i, C_USER);
	while (at(r, stop, ';')) {
		semicolon = semicolon ? semicolon : stop;
		stop = scan(r, stop + 1, C_USER);
	}
	i = at(r, stop, ':') ? scan(r, stop + 1, C_PASSWORD) : stop;
	if (!at(r, i, '@'))
		return user;
	r->out->user = span_of(user, stop);
	r->out->has_user = stop > user;
	if (semicolon)
		take_user_params(r, semicolon, stop);
	return r->out->has_user ? i + 1 : 0;
}

static unsigned parse_sip(struct reader *r, uint32_t i)
{
	uint32_t host = skip_userinfo(r, i);

	i = host ? skip_host(r, host) : 0;
	if (!i)
		return NX_R_BAD_URI;
	r->out->host = span_of(host, i);
	if (at(r, i, ':'))
		i = skip_port(r, i + 1, &r->out->port);
	if (i)
		i = skip_user_phone(r, i);
	if (i && at(r, i, ';'))
		i = take_params(r, i, IN_URI);
	if (i && at(r, i, '?')) {
		uint32_t headers = i + 1;

		r->out->flags |= NX_URI_HEADERS;
		i = scan(r, headers, C_HEADER);
		if (i == headers)
			return NX_R_BAD_URI;
	}
	return i == r->end ? NX_R_UNDECIDED : NX_R_BAD_URI;
}

static out_of_line unsigned parse_tel(struct reader *r, uint32_t i)
{
	uint32_t user = i;

	i = skip_dialled(r, i);
	while (i < r->end && class_of[r->m[i]] & C_TEL)
		i++;
	r->out->user = span_of(user, i);
	r->out->has_user = i > user;
	return take_params(r, i, IN_USER) == r->end ? NX_R_UNDECIDED : NX_R_BAD_URI;
}

/* other_scheme tells a scheme that is none of ours from what has no scheme at all. */
static out_of_line unsigned other_scheme(const struct reader *r, uint32_t i)
{
	uint32_t from = i;

	while (i < r->end && class_of[r->m[i]] & C_SCHEME)
		i++;
	return at(r, i, ':') && i > from && (uint8_t)((r->m[from] | 0x20) - 'a') < 26
		       ? NX_R_SCHEME
		       : NX_R_BAD_URI;
}

/* scheme4 folds three letters, and takes the ':' as it is. */
static inline uint32_t scheme4(const uint8_t *s)
{
	static const uint8_t letter_case[4] = {0x20, 0x20, 0x20, 0};
	uint32_t w, fold;

	memcpy(&w, s, 4);
	memcpy(&fold, letter_case, 4);
	return w | fold;
}

static unsigned parse_any(
	const uint8_t *msg, struct nx_span span, bool any_name, struct nx_uri *out)
{
	struct reader r = {.m = msg,
		.begin = span.off,
		.end = (uint32_t)span.off + span.len,
		.any_name = any_name,
		.out = out};
	uint32_t i = span.off;

	*out = (struct nx_uri){.scheme = NX_URI_OTHER};
	if (span.len > 3 && scheme4(msg + i) == scheme4((const uint8_t *)"sip:")) {
		out->scheme = NX_URI_SIP;
		i += 4;
	} else if (span.len > 4 && msg[i + 4] == ':' && equals_fold(msg + i, "sips", 4)) {
		out->scheme = NX_URI_SIPS;
		i += 5;
	} else if (span.len > 3 && scheme4(msg + i) == scheme4((const uint8_t *)"tel:")) {
		out->scheme = NX_URI_TEL;
		return parse_tel(&r, i + 4);
	} else {
		return other_scheme(&r, i);
	}
	return parse_sip(&r, i);
}

static inline bool is_plain_number(struct nx_span span, const struct nx_uri *uri)
{
	return uri->dialled == uri->user.len && !uri->phone_context.off &&
	       !(uri->flags & ~(NX_URI_USER_PHONE | NX_URI_UNKNOWN_PARAM)) &&
	       uri->user.off + 16 <= span.off + span.len;
}

static out_of_line unsigned parse_unusual(
	const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	unsigned reason = parse_any(msg, span, false, out);

	out->plain_number = is_plain_number(span, out);
	return reason;
}

unsigned nx_uri_parse_address(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	return parse_any(msg, span, true, out);
}

static out_of_line unsigned parse(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	return uri_usual(msg, span, out) ? NX_R_UNDECIDED : parse_unusual(msg, span, out);
}

#ifdef HAS_URI_USUAL_WIDE
URI_WIDE static unsigned parse_wide(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	return uri_usual_wide(msg, span, out) ? NX_R_UNDECIDED : parse(msg, span, out);
}

/* Chosen once, before main. */
static unsigned (*parse_way)(const uint8_t *msg, struct nx_span span, struct nx_uri *out) = parse;

__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
		__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		__builtin_cpu_supports("popcnt"))
		parse_way = parse_wide;
}

unsigned nx_uri_parse(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	return parse_way(msg, span, out);
}
#else
unsigned nx_uri_parse(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	return parse(msg, span, out);
}
#endif
