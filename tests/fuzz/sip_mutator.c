/* The mutator of the targets that read SIP: it changes a message as messages differ, header by
 * header, so that most of what comes out still is one. Bytes at random, as libFuzzer has it, break
 * the request line long before they reach what is behind it; one mutation in eight is of that kind.
 *
 * A message is held as lines, the request line first; a folded line is one line. Everything is in
 * fixed memory: what does not fit is left out. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"

#define LINES_MAX 192
#define TEXT_MAX  (1u << 18)

struct line {
	const uint8_t *at;
	size_t len; /* without its CRLF */
};

struct message {
	struct line line[LINES_MAX];
	unsigned n;
	const uint8_t *body;
	size_t body_len;
};

/* Where changed lines are written. */
static uint8_t text[TEXT_MAX];
static size_t text_used;

static uint64_t dice;

static uint32_t roll(uint32_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return sides ? (uint32_t)((dice >> 16) % sides) : 0;
}

/* ---- lines ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void split(struct message *m, const uint8_t *data, size_t len)
{
	size_t from = 0;

	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i + 1 < len && m->n < LINES_MAX - 2; i++) {
		if (data[i] != '\r' || data[i + 1] != '\n')
			continue;
		if (i == from) {
			from = i + 2;
			break;
		}
		if (i + 2 < len && is_blank(data[i + 2]))
			continue;
		m->line[m->n++] = (struct line){data + from, i - from};
		from = i + 2;
	}
	m->body = data + from;
	m->body_len = len - from;
}

static size_t put(uint8_t *out, size_t used, size_t max, const void *bytes, size_t len)
{
	if (len > max - used)
		len = max - used;
	memcpy(out + used, bytes, len);
	return used + len;
}

static size_t join(const struct message *m, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < m->n; i++) {
		n = put(out, n, max, m->line[i].at, m->line[i].len);
		n = put(out, n, max, "\r\n", 2);
	}
	n = put(out, n, max, "\r\n", 2);
	return put(out, n, max, m->body, m->body_len);
}

/* edit puts `with` in the place of `cut` bytes of the line at `at`. */
static void edit(struct line *l, size_t at, size_t cut, const void *with, size_t len)
{
	uint8_t *to = text + text_used;
	size_t n;

	if (at > l->len || cut > l->len - at || l->len + len > TEXT_MAX - text_used)
		return;
	n = put(to, 0, l->len + len, l->at, at);
	n = put(to, n, l->len + len, with, len);
	n = put(to, n, l->len + len, l->at + at + cut, l->len - at - cut);
	*l = (struct line){to, n};
	text_used += n;
}

static void edit_text(struct line *l, size_t at, size_t cut, const char *with)
{
	edit(l, at, cut, with, strlen(with));
}

static void insert_line(struct message *m, unsigned at, struct line l)
{
	if (m->n == LINES_MAX)
		return;
	memmove(m->line + at + 1, m->line + at, (m->n - at) * sizeof(l));
	m->line[at] = l;
	m->n++;
}

static struct line take_line(struct message *m, unsigned at)
{
	struct line l = m->line[at];

	m->n--;
	memmove(m->line + at, m->line + at + 1, (m->n - at) * sizeof(l));
	return l;
}

static unsigned some_header(const struct message *m)
{
	return m->n > 1 ? 1 + roll(m->n - 1) : 0;
}

/* The value begins behind the colon; 0: no colon. */
static size_t value_at(const struct line *l)
{
	const uint8_t *colon = memchr(l->at, ':', l->len);

	return colon ? (size_t)(colon - l->at) + 1 : 0;
}

static size_t name_len(const struct line *l)
{
	size_t n = 0;

	while (n < l->len && l->at[n] != ':' && !is_blank(l->at[n]))
		n++;
	return n;
}

static bool is_named(const struct line *l, const char *name, const char *compact)
{
	size_t n = name_len(l);

	return (n == strlen(name) && strncasecmp((const char *)l->at, name, n) == 0) ||
	       (n == strlen(compact) && strncasecmp((const char *)l->at, compact, n) == 0);
}

static unsigned find(const struct message *m, const char *name, const char *compact)
{
	unsigned start = some_header(m);

	for (unsigned k = 0; start && k + 1 < m->n; k++) {
		unsigned i = 1 + (start - 1 + k) % (m->n - 1);

		if (is_named(&m->line[i], name, compact))
			return i;
	}
	return 0;
}

/* ---- what a message may have ---- */

static const char *const names[][2] = {{"Via", "v"}, {"From", "f"}, {"To", "t"}, {"Call-ID", "i"},
	{"CSeq", "CSeq"}, {"Max-Forwards", "Max-Forwards"}, {"Content-Length", "l"},
	{"Contact", "m"}, {"Route", "Route"}, {"Content-Type", "c"}, {"Subject", "s"},
	{"Supported", "k"}, {"Event", "o"}, {"Refer-To", "r"}, {"Content-Encoding", "e"}};

static const char *const headers[] = {"Route: <sip:192.0.2.10;lr>", "Proxy-Require: foo",
	"Replaces: a@b;to-tag=1;from-tag=2", "Join: a@b;to-tag=1;from-tag=2",
	"Target-Dialog: a@b;local-tag=1", "Resource-Priority: ets.0", "Priority: emergency",
	"Priority: psap-callback", "History-Info: <sip:a@b>;index=1", "Diversion: <sip:a@b>",
	"Max-Forwards: 0", "Content-Length: 0", "l: 0",
	"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx",
	"v: SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKy", "To: <sip:a@b>;tag=1",
	"Require: 100rel", "From: sip:a@b;tag=x", "Call-ID: x", "CSeq: 1 INVITE",
	"Contact: <sip:a@b>", "X: y", "x:", "Subject: lunch\r\n today", "Record-Route: <sip:r;lr>",
	"Timestamp: 54", "Content-Type: application/sdp", "Contact: *",
	"Date: Sat, 13 Nov 2010 23:29:00 GMT"};

static const char *const uris[] = {"sip:+442079460000@192.0.2.10", "sip:alice@example.net",
	"sips:alice@example.net", "tel:+442079460000", "tel:7042;phone-context=+44",
	"sip:gone@example.net", "sip:+441632960000@example.net;user=phone", "sip:a%62c@example.net",
	"sip:a;b=c@example.net", "sip:a:pw@example.net", "sip:alice@example.net:5060",
	"sip:alice@[2001:db8::10]:5060", "sip:alice@example.net;transport=udp",
	"SIP:alice@EXAMPLE.net.", "sip:a/b?c@example.net", "sip:%40@example.net",
	"sip:a&b=c+d$e,f@example.net", "sip:example.net", "sip:+44-20.7946(0000)@example.net",
	"sip:%00@example.net", "sip:a%25b@example.net", "sip:alice@example.net;x=y;z",
	"sip:alice@192.0.2.10;user=phone"};

static const char *const params[] = {";rport", ";rport=1", ";received=192.0.2.1",
	";branch=z9hG4bKq", ";maddr=1.2.3.4", ";ttl=1", ";tag=a", ";tag", ";tag=\"a\"",
	";x=\"a;b\"", ";lr", ";x", " ; x = y", ";\r\n x=y", ";x=[::1]", ";x=\"\\\"\"",
	";user=phone", ";RPORT", "; Received=::1", ";x=%41", ";comp=sigcomp", "(comment)", ",",
	", SIP/2.0/UDP 192.0.2.77"};

static const char *const numbers[] = {"0", "1", "00", "007", "255", "256", "5060", "65535", "65536",
	"2147483647", "2147483648", "4294967295", "4294967296", "18446744073709551616",
	"99999999999", "-1", "+1", "1.5", ""};

static const char *const displays[] = {"\"A\" ", "A B ", "\"a\\\"b\" ", "\"<sip:x@y>\" ", "\"\" ",
	"\"\xc3\xa9\" ", "A", "\"a\"", "A.B-!%*_+`'~ "};

#define COUNT(a)  ((uint32_t)(sizeof(a) / sizeof((a)[0])))
#define ONE_OF(a) ((a)[roll(COUNT(a))])

/* ---- mutations ---- */

static void permute(struct message *m)
{
	unsigned a = some_header(m);

	if (a)
		insert_line(m, 1 + roll(m->n - 1), take_line(m, a));
}

static void duplicate(struct message *m)
{
	unsigned a = some_header(m);

	if (a)
		insert_line(m, some_header(m), m->line[a]);
}

static void drop(struct message *m)
{
	unsigned a = some_header(m);

	if (a)
		take_line(m, a);
}

static void insert(struct message *m)
{
	const char *header = ONE_OF(headers);

	if (m->n)
		insert_line(
			m, 1 + roll(m->n), (struct line){(const uint8_t *)header, strlen(header)});
}

/* A line break and a blank where a blank is, or where a value begins or ends. */
static void fold(struct message *m)
{
	static const char *const folds[] = {
		"\r\n ", "\r\n\t", " \r\n  ", "\r\n \r\n ", " ", "\t", "  "};
	unsigned a = some_header(m);
	struct line *l = &m->line[a];
	size_t from = a ? value_at(l) : 0, at;

	if (!from)
		return;
	at = from + roll((uint32_t)(l->len - from) + 1);
	while (at < l->len && !is_blank(l->at[at]) && !strchr(",;=<>/", l->at[at]))
		at++;
	edit_text(l, roll(3) ? at : from, at < l->len && is_blank(l->at[at]) && roll(2),
		ONE_OF(folds));
}

static void rename_header(struct message *m)
{
	unsigned a = some_header(m);
	struct line *l = &m->line[a];
	size_t n = name_len(l);

	if (!a || n == l->len)
		return;
	if (roll(4) == 0) {
		static const char *const before_colon[] = {
			" ", "\t", "  ", "x", "\r\n ", "\x01", "%"};

		edit_text(l, n, 0, ONE_OF(before_colon));
		return;
	}
	for (unsigned i = 0; i < COUNT(names); i++)
		if (is_named(l, names[i][0], names[i][1])) {
			edit_text(l, 0, n, names[i][n != strlen(names[i][1])]);
			return;
		}
}

static void change_case(struct message *m)
{
	struct line *l = m->n ? &m->line[roll(m->n)] : NULL;
	size_t at, n;
	uint8_t copy[64];

	if (!l || !l->len)
		return;
	at = roll(2) ? 0 : roll((uint32_t)l->len);
	n = l->len - at < sizeof(copy) ? l->len - at : sizeof(copy);
	n = 1 + roll((uint32_t)n);
	for (size_t i = 0; i < n && at + i < l->len; i++) {
		uint8_t c = l->at[at + i], low = c | 0x20;

		copy[i] = low >= 'a' && low <= 'z' && roll(2) ? c ^ 0x20 : c;
	}
	if (at + n <= l->len)
		edit(l, at, n, copy, n);
}

static void change_number(struct message *m)
{
	struct line *l = m->n ? &m->line[roll(m->n)] : NULL;
	size_t at, n = 0;

	if (!l || !l->len)
		return;
	at = roll((uint32_t)l->len);
	while (at < l->len && (l->at[at] < '0' || l->at[at] > '9'))
		at++;
	while (at + n < l->len && l->at[at + n] >= '0' && l->at[at + n] <= '9')
		n++;
	if (n)
		edit_text(l, at, n, ONE_OF(numbers));
}

/* Two Via rows become one, or the values of one two rows. */
static void join_vias(struct message *m)
{
	unsigned a = find(m, "Via", "v"), b = find(m, "Via", "v");
	struct line other;
	size_t from;

	if (!a)
		return;
	if (a == b || roll(4) == 0) {
		const uint8_t *comma = memchr(m->line[a].at, ',', m->line[a].len);
		struct line first = m->line[a];

		if (!comma)
			return;
		from = (size_t)(comma - first.at);
		edit_text(&m->line[a], 0, from + 1, "Via: ");
		insert_line(m, a, (struct line){first.at, from});
		return;
	}
	other = m->line[b];
	from = value_at(&other);
	if (!from)
		return;
	edit_text(&m->line[a], m->line[a].len, 0, roll(2) ? "," : ", ");
	edit(&m->line[a], m->line[a].len, 0, other.at + from, other.len - from);
	take_line(m, b);
}

/* The URI of the request line, or of From or To. */
static void change_uri(struct message *m)
{
	struct line *l;
	const uint8_t *from, *to;
	unsigned a;

	if (!m->n)
		return;
	a = roll(2) ? 0 : roll(2) ? find(m, "To", "t") : find(m, "From", "f");
	l = &m->line[a];
	from = memchr(l->at, a ? '<' : ' ', l->len);
	to = memrchr(l->at, a ? '>' : ' ', l->len);
	if (!from || to <= from)
		return;
	if (roll(3)) {
		edit_text(l, (size_t)(from + 1 - l->at), (size_t)(to - from - 1), ONE_OF(uris));
	} else {
		char escape[4];
		size_t at = (size_t)(from + 1 - l->at) + roll((uint32_t)(to - from - 1));

		snprintf(escape, sizeof(escape), "%%%02X", l->at[at]);
		edit_text(l, at, 1, escape);
	}
}

static void insert_param(struct message *m)
{
	unsigned a = roll(2) ? find(m, "Via", "v") : some_header(m);
	struct line *l = &m->line[a];
	size_t at;

	if (!a)
		return;
	at = l->len;
	if (roll(3) == 0) {
		const uint8_t *semicolon = memchr(l->at, ';', l->len);

		at = semicolon ? (size_t)(semicolon - l->at) : at;
	}
	edit_text(l, at, 0, ONE_OF(params));
}

static void change_address(struct message *m)
{
	unsigned a = roll(2) ? find(m, "To", "t") : find(m, "From", "f");
	struct line *l = &m->line[a];
	const uint8_t *open = a ? memchr(l->at, '<', l->len) : NULL;
	const uint8_t *close = open ? memchr(open, '>', (size_t)(l->at + l->len - open)) : NULL;
	size_t from = a ? value_at(l) : 0;

	if (!close || !from || (size_t)(open - l->at) < from)
		return;
	if (roll(3)) {
		edit_text(l, from, (size_t)(open - l->at) - from, ONE_OF(displays));
	} else {
		edit_text(l, (size_t)(close - l->at), 1, "");
		edit_text(l, (size_t)(open - l->at), 1, "");
	}
}

/* In the request line and in CSeq, so that they agree. */
static void change_method(struct message *m)
{
	static const char *const methods[] = {"INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER",
		"ACK", "CANCEL", "REGISTER", "OPTIONS", "BYE", "NOTIFY", "invite", "INVITEX",
		"A-.!%*_+`'~"};
	const char *method = ONE_OF(methods);
	unsigned a = find(m, "CSeq", "CSeq");
	const uint8_t *space = m->n ? memchr(m->line[0].at, ' ', m->line[0].len) : NULL;

	if (!space || !a)
		return;
	edit_text(&m->line[0], 0, (size_t)(space - m->line[0].at), method);
	space = memrchr(m->line[a].at, ' ', m->line[a].len);
	if (space && roll(8))
		edit_text(&m->line[a], (size_t)(space + 1 - m->line[a].at),
			(size_t)(m->line[a].at + m->line[a].len - space - 1), method);
}

/* Bytes of one line, as libFuzzer changes them. */
static void change_bytes(struct message *m)
{
	struct line *l = m->n ? &m->line[roll(m->n)] : NULL;
	uint8_t *copy = text + text_used;
	size_t max = l ? l->len + 16 : 0;

	if (!l || max > TEXT_MAX - text_used)
		return;
	memcpy(copy, l->at, l->len);
	l->len = LLVMFuzzerMutate(copy, l->len, max);
	l->at = copy;
	text_used += max;
}

static void change_value_byte(struct message *m)
{
	static const char odd[] = "\t ,;:=<>\"\\()@[]?/%\r\n\x7f\x80\xff\x01&+$'`*-._~!{}|^#";
	unsigned a = m->n ? roll(m->n) : 0;
	struct line *l = &m->line[a];

	if (m->n && l->len)
		edit(l, roll((uint32_t)l->len), roll(2), odd + roll(sizeof(odd) - 1), 1);
}

static void change_body(struct message *m)
{
	m->body_len = roll(2) ? 0 : roll((uint32_t)m->body_len + 1);
}

typedef void mutation(struct message *m);

static mutation *const mutations[] = {permute, duplicate, drop, insert, insert, fold, fold,
	rename_header, rename_header, change_case, change_number, change_number, join_vias,
	join_vias, change_uri, change_uri, change_uri, insert_param, insert_param, change_address,
	change_method, change_bytes, change_bytes, change_value_byte, change_value_byte,
	change_body};

static void begin(unsigned seed)
{
	dice = (uint64_t)seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1d;
	text_used = 0;
	roll(1);
}

static uint8_t result[TEXT_MAX];

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
	struct message m;
	size_t n;

	begin(seed);
	split(&m, data, len);
	if (m.n < 2 || roll(8) == 0)
		return LLVMFuzzerMutate(data, len, max);
	for (unsigned times = 1 + roll(3); times; times--)
		ONE_OF(mutations)(&m);
	n = join(&m, result, max < TEXT_MAX ? max : TEXT_MAX);
	memcpy(data, result, n);
	return n;
}

/* Headers of one message among, or instead of, those of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
	uint8_t *out, size_t max, unsigned seed)
{
	struct message x, y;
	unsigned from;

	begin(seed);
	split(&x, a, a_len);
	split(&y, b, b_len);
	if (!x.n || !y.n)
		return put(out, 0, max, a, a_len);
	for (unsigned times = 1 + roll(4); times; times--) {
		unsigned at = roll(x.n);

		from = roll(y.n);
		if (!at || !from)
			x.line[0] = y.line[0];
		else if (roll(2))
			x.line[at] = y.line[from];
		else
			insert_line(&x, at, y.line[from]);
	}
	return join(&x, out, max);
}
