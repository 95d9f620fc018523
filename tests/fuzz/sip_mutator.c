/* The mutator of the targets that read SIP: it changes a message as messages differ, header by
 * header, so that most of what comes out still is one. Some mutations put in what the grammar
 * allows (sip_values.h), the others damage; how many, each target says (fuzz_sound). Of the damage,
 * one in eight is of bytes at random, as libFuzzer has it, which break the request line long before
 * they reach what is behind it.
 *
 * Everything is in fixed memory: what does not fit is left out. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sip_message.h"
#include "tests/fuzz/sip_texts.h"
#include "tests/fuzz/sip_values.h"

#define COUNT(a)  ((uint32_t)(sizeof(a) / sizeof((a)[0])))
#define ONE_OF(a) ((a)[sip_roll(COUNT(a))])

/* ---- mutations ---- */

static void permute(struct message *m)
{
	unsigned a = message_some(m);

	if (a)
		message_insert(m, 1 + sip_roll(m->n - 1), message_take(m, a));
}

static void duplicate(struct message *m)
{
	unsigned a = message_some(m);

	if (a)
		message_insert(m, message_some(m), m->line[a]);
}

static void drop(struct message *m)
{
	unsigned a = message_some(m);

	if (a)
		message_take(m, a);
}

static void insert(struct message *m)
{
	const char *header = ONE_OF(headers);

	if (m->n)
		message_insert(m, 1 + sip_roll(m->n),
			(struct line){(const uint8_t *)header, strlen(header)});
}

/* A line break and a blank where a blank is, or where a value begins or ends. */
static void fold(struct message *m)
{
	static const char *const folds[] = {
		"\r\n ", "\r\n\t", " \r\n  ", "\r\n \r\n ", " ", "\t", "  "};
	unsigned a = message_some(m);
	struct line *l = &m->line[a];
	size_t from = a ? line_value_at(l) : 0, at;

	if (!from)
		return;
	at = from + sip_roll((uint32_t)(l->len - from) + 1);
	while (at < l->len && !line_is_blank(l->at[at]) && !strchr(",;=<>/", l->at[at]))
		at++;
	line_edit_text(l, sip_roll(3) ? at : from,
		at < l->len && line_is_blank(l->at[at]) && sip_roll(2), ONE_OF(folds));
}

/* The compact form in place of the long one, and the other way round. */
static void shorten_or_not(struct line *l)
{
	const size_t n = line_name_len(l);

	for (unsigned i = 0; i < COUNT(names); i++)
		if (line_is_named(l, names[i][0], names[i][1])) {
			line_edit_text(l, 0, n, names[i][n != strlen(names[i][1])]);
			return;
		}
}

static void rename_header(struct message *m)
{
	unsigned a = message_some(m);
	struct line *l = &m->line[a];
	size_t n = line_name_len(l);

	if (!a || n == l->len)
		return;
	if (sip_roll(4) == 0) {
		static const char *const before_colon[] = {
			" ", "\t", "  ", "x", "\r\n ", "\x01", "%"};

		line_edit_text(l, n, 0, ONE_OF(before_colon));
		return;
	}
	shorten_or_not(l);
}

static void change_case(struct message *m)
{
	struct line *l = m->n ? &m->line[sip_roll(m->n)] : NULL;
	size_t at, n;
	uint8_t copy[64];

	if (!l || !l->len)
		return;
	at = sip_roll(2) ? 0 : sip_roll((uint32_t)l->len);
	n = l->len - at < sizeof(copy) ? l->len - at : sizeof(copy);
	n = 1 + sip_roll((uint32_t)n);
	for (size_t i = 0; i < n && at + i < l->len; i++) {
		uint8_t c = l->at[at + i], low = c | 0x20;

		copy[i] = low >= 'a' && low <= 'z' && sip_roll(2) ? c ^ 0x20 : c;
	}
	if (at + n <= l->len)
		line_edit(l, at, n, copy, n);
}

static void change_number(struct message *m)
{
	struct line *l = m->n ? &m->line[sip_roll(m->n)] : NULL;
	size_t at, n = 0;

	if (!l || !l->len)
		return;
	at = sip_roll((uint32_t)l->len);
	while (at < l->len && (l->at[at] < '0' || l->at[at] > '9'))
		at++;
	while (at + n < l->len && l->at[at + n] >= '0' && l->at[at + n] <= '9')
		n++;
	if (n)
		line_edit_text(l, at, n, ONE_OF(numbers));
}

/* Two Via rows become one, or the values of one two rows. */
static void join_vias(struct message *m)
{
	unsigned a = message_find(m, "Via", "v"), b = message_find(m, "Via", "v");
	struct line other;
	size_t from;

	if (!a)
		return;
	if (a == b || sip_roll(4) == 0) {
		const uint8_t *comma = memchr(m->line[a].at, ',', m->line[a].len);
		struct line first = m->line[a];

		if (!comma)
			return;
		from = (size_t)(comma - first.at);
		line_edit_text(&m->line[a], 0, from + 1, "Via: ");
		message_insert(m, a, (struct line){first.at, from});
		return;
	}
	other = m->line[b];
	from = line_value_at(&other);
	if (!from)
		return;
	line_edit_text(&m->line[a], m->line[a].len, 0, sip_roll(2) ? "," : ", ");
	line_edit(&m->line[a], m->line[a].len, 0, other.at + from, other.len - from);
	message_take(m, b);
}

/* The URI of the request line, or of From or To. */
static void change_uri(struct message *m)
{
	struct line *l;
	const uint8_t *from, *to;
	unsigned a;

	if (!m->n)
		return;
	a = sip_roll(2)   ? 0
	    : sip_roll(2) ? message_find(m, "To", "t")
			  : message_find(m, "From", "f");
	l = &m->line[a];
	from = memchr(l->at, a ? '<' : ' ', l->len);
	to = memrchr(l->at, a ? '>' : ' ', l->len);
	if (!from || to <= from)
		return;
	if (sip_roll(3)) {
		line_edit_text(
			l, (size_t)(from + 1 - l->at), (size_t)(to - from - 1), ONE_OF(uris));
	} else {
		char escape[4];
		size_t at = (size_t)(from + 1 - l->at) + sip_roll((uint32_t)(to - from - 1));

		snprintf(escape, sizeof(escape), "%%%02X", l->at[at]);
		line_edit_text(l, at, 1, escape);
	}
}

static void insert_param(struct message *m)
{
	unsigned a = sip_roll(2) ? message_find(m, "Via", "v") : message_some(m);
	struct line *l = &m->line[a];
	size_t at;

	if (!a)
		return;
	at = l->len;
	if (sip_roll(3) == 0) {
		const uint8_t *semicolon = memchr(l->at, ';', l->len);

		at = semicolon ? (size_t)(semicolon - l->at) : at;
	}
	line_edit_text(l, at, 0, ONE_OF(params));
}

static void change_address(struct message *m)
{
	unsigned a = sip_roll(2) ? message_find(m, "To", "t") : message_find(m, "From", "f");
	struct line *l = &m->line[a];
	const uint8_t *open = a ? memchr(l->at, '<', l->len) : NULL;
	const uint8_t *close = open ? memchr(open, '>', (size_t)(l->at + l->len - open)) : NULL;
	size_t from = a ? line_value_at(l) : 0;

	if (!close || !from || (size_t)(open - l->at) < from)
		return;
	if (sip_roll(3)) {
		line_edit_text(l, from, (size_t)(open - l->at) - from, ONE_OF(displays));
	} else {
		line_edit_text(l, (size_t)(close - l->at), 1, "");
		line_edit_text(l, (size_t)(open - l->at), 1, "");
	}
}

/* In the request line and in CSeq, so that they agree. */
static void change_method(struct message *m)
{
	static const char *const methods[] = {"INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER",
		"ACK", "CANCEL", "REGISTER", "OPTIONS", "BYE", "NOTIFY", "invite", "INVITEX",
		"A-.!%*_+`'~"};
	const char *method = ONE_OF(methods);
	unsigned a = message_find(m, "CSeq", "CSeq");
	const uint8_t *space = m->n ? memchr(m->line[0].at, ' ', m->line[0].len) : NULL;

	if (!space || !a)
		return;
	line_edit_text(&m->line[0], 0, (size_t)(space - m->line[0].at), method);
	space = memrchr(m->line[a].at, ' ', m->line[a].len);
	if (space && sip_roll(8))
		line_edit_text(&m->line[a], (size_t)(space + 1 - m->line[a].at),
			(size_t)(m->line[a].at + m->line[a].len - space - 1), method);
}

/* Bytes of one line, as libFuzzer changes them. */
static void change_bytes(struct message *m)
{
	struct line *l = m->n ? &m->line[sip_roll(m->n)] : NULL;
	uint8_t *copy = l ? message_room(l->len + 16) : NULL;

	if (!copy)
		return;
	memcpy(copy, l->at, l->len);
	l->len = LLVMFuzzerMutate(copy, l->len, l->len + 16);
	l->at = copy;
}

static void change_value_byte(struct message *m)
{
	static const char odd[] = "\t ,;:=<>\"\\()@[]?/%\r\n\x7f\x80\xff\x01&+$'`*-._~!{}|^#";
	unsigned a = m->n ? sip_roll(m->n) : 0;
	struct line *l = &m->line[a];

	if (m->n && l->len)
		line_edit(l, sip_roll((uint32_t)l->len), sip_roll(2),
			odd + sip_roll(sizeof(odd) - 1), 1);
}

static void change_body(struct message *m)
{
	m->body_len = sip_roll(2) ? 0 : sip_roll((uint32_t)m->body_len + 1);
}

/* ---- sound ones ---- */

/* draw returns a line of length 0 where there is no more room. */
static struct line draw(sip_value *value)
{
	uint8_t *room = message_room(SIP_VALUE_MAX);

	return (struct line){room, room ? value((char *)room) : 0};
}

static void replace(struct message *m, const char *name, const char *compact, sip_value *value)
{
	unsigned a = message_find(m, name, compact);

	if (a)
		m->line[a] = draw(value);
}

/* Half of the time To names the same. */
static void draw_uri(struct message *m)
{
	struct line uri = draw(sip_uri_value), *l = &m->line[0];
	const uint8_t *from = memchr(l->at, ' ', l->len), *to = memrchr(l->at, ' ', l->len);
	unsigned a = sip_roll(2) ? message_find(m, "To", "t") : 0;

	if (from && to > from)
		line_edit(l, (size_t)(from + 1 - l->at), (size_t)(to - from - 1), uri.at, uri.len);
	if (!a)
		return;
	l = &m->line[a];
	from = memchr(l->at, '<', l->len);
	to = memrchr(l->at, '>', l->len);
	if (from && to > from)
		line_edit(l, (size_t)(from + 1 - l->at), (size_t)(to - from - 1), uri.at, uri.len);
}

static void draw_from(struct message *m)
{
	replace(m, "From", "f", sip_from_line);
}

static void draw_to(struct message *m)
{
	replace(m, "To", "t", sip_to_line);
}

static void draw_via(struct message *m)
{
	if (sip_roll(3))
		replace(m, "Via", "v", sip_via_line);
	else
		message_insert(m, 1 + sip_roll(m->n), draw(sip_via_line));
}

static void draw_call_id(struct message *m)
{
	replace(m, "Call-ID", "i", sip_call_id_line);
}

static void draw_cseq(struct message *m)
{
	unsigned a = message_find(m, "CSeq", "CSeq");
	struct line number = draw(sip_number_value), *l = &m->line[a];
	size_t from = a ? line_value_at(l) : 0, n = 0;

	while (from && from < l->len && (l->at[from] < '0' || l->at[from] > '9'))
		from++;
	while (from + n < l->len && l->at[from + n] >= '0' && l->at[from + n] <= '9')
		n++;
	if (n)
		line_edit(l, from, n, number.at, number.len);
}

static void draw_other(struct message *m)
{
	unsigned a = message_some(m);

	if (sip_roll(4) == 0)
		replace(m, "Max-Forwards", "Max-Forwards", sip_max_forwards_line);
	else if (a && m->line[a].at[0] == 'X' && sip_roll(2))
		message_take(m, a);
	else
		message_insert(m, 1 + sip_roll(m->n), draw(sip_other_line));
}

static void draw_param(struct message *m)
{
	unsigned a = sip_roll(2)   ? message_find(m, "Via", "v")
		     : sip_roll(2) ? message_find(m, "From", "f")
				   : message_find(m, "To", "t");
	struct line param = draw(sip_param_value);

	if (a)
		line_edit(&m->line[a], m->line[a].len, 0, param.at, param.len);
}

static void shorten_name(struct message *m)
{
	unsigned a = message_some(m);

	if (a)
		shorten_or_not(&m->line[a]);
}

typedef void mutation(struct message *m);

static mutation *const sound[] = {draw_uri, draw_uri, draw_uri, draw_from, draw_to, draw_via,
	draw_via, draw_via, draw_call_id, draw_cseq, draw_other, draw_other, draw_param, draw_param,
	permute, permute, shorten_name, fold, join_vias};

static mutation *const mutations[] = {permute, duplicate, drop, insert, insert, fold, fold,
	rename_header, rename_header, change_case, change_number, change_number, join_vias,
	join_vias, change_uri, change_uri, change_uri, insert_param, insert_param, change_address,
	change_method, change_bytes, change_bytes, change_value_byte, change_value_byte,
	change_body};

static uint64_t dice;

uint32_t sip_roll(uint32_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(((dice >> 32) * sides) >> 32);
}

static void begin(unsigned seed)
{
	dice = (uint64_t)seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1d;
	message_begin();
	sip_roll(1);
}

static uint8_t result[MESSAGE_TEXT_MAX];

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
	struct message m;
	size_t n;

	begin(seed);
	message_split(&m, data, len);
	if (m.n >= 2 && sip_roll(fuzz_sound + 1)) {
		for (unsigned times = 1 + sip_roll(3); times; times--)
			ONE_OF(sound)(&m);
	} else {
		if (m.n < 2 || sip_roll(8) == 0)
			return LLVMFuzzerMutate(data, len, max);
		for (unsigned times = 1 + sip_roll(3); times; times--)
			ONE_OF(mutations)(&m);
	}
	n = message_join(&m, result, max < sizeof(result) ? max : sizeof(result));
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
	message_split(&x, a, a_len);
	message_split(&y, b, b_len);
	if (!x.n || !y.n)
		return message_put(out, 0, max, a, a_len);
	for (unsigned times = 1 + sip_roll(4); times; times--) {
		unsigned at = sip_roll(x.n);

		from = sip_roll(y.n);
		if (!at || !from)
			x.line[0] = y.line[0];
		else if (sip_roll(2))
			x.line[at] = y.line[from];
		else
			message_insert(&x, at, y.line[from]);
	}
	return message_join(&x, out, max);
}
