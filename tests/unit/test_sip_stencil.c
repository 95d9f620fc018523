/* Stencils: whatever fits one is what the parser reads, and reads alike; and they are learned and
 * fit for what they are for. check_parse lays every message of the other tests beside stencils
 * learned from all before it, too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dataplane/core/sip_path.h"
#include "nxsip/verdict.h"
#include "tests/unit/guard.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define POOL   256 /* messages */
#define ROUNDS 100000

static struct sample pool[POOL];
static struct guard guard;

static uint32_t next(uint32_t *r)
{
	*r = *r * 1664525u + 1013904223u;
	return *r >> 8;
}

/* clang-format off */
static const char *const lines[] = {
	VIA, FROM, TO, CALL_ID, CSEQ, HOPS,
	"Via: SIP/2.0/UDP h;branch=a\r\n", "Via: SIP/2.0/UDP h:5060;rport;branch=b\r\n",
	"Via: SIP/2.0/UDP host.example.net:65535;branch=c;rport\r\n", "Via: SIP/2.0/TCP h;branch=a\r\n",
	"Via: SIP/2.0/UDP a.long.host.name.example.net:5060;branch=d\r\n", "VIA: SIP/2.0/UDP h:0;branch=a\r\n",
	"Via: SIP/2.0/UDP \r\n", "Via: \r\n", "v: SIP/2.0/UDP h;branch=e;x=y\r\n",
	"From: \"A, B\" <sip:a@b>;tag=1\r\n", "From: \"\" <sip:a@b>\r\n", "From: A <sip:a@b>;tag=2\r\n",
	"From: \"A\"<sip:a@b>;tag=1\r\n", "From: <sip:a@b>;tag=1;x\r\n", "f: <sip:a@b>;tag=3\r\n",
	"From: \"A\r\n B\" <sip:a@b>;tag=1\r\n", "From: \"open <sip:a@b>;tag=1\r\n", "From: <sip:>\r\n",
	"To: \"B\" <sip:a@b>;tag=4\r\n", "To: sip:a@b\r\n", "To: <tel:+1>\r\n", "t: <sip:a@b>\r\n", "To: <sip:a\r\n",
	"To: \"\r\n", "To: <sip:a@b>\r\n ;tag=5\r\n", "Call-ID: a\r\n", "Call-ID: a@\r\n", "Call-ID: \r\n", "i: a@b\r\n",
	"CSeq: 12345678 INVITE\r\n", "CSeq: 1 ACK\r\n", "CSeq:  INVITE\r\n", "Max-Forwards: 0\r\n",
	"Max-Forwards: 7\r\n", "Max-Forwards: 00\r\n", "Max-Forwards: 256\r\n", "Max-Forwards: 7\r\n 0\r\n",
	"Content-Length: 0\r\n", "Content-Length: 99999\r\n", "l: 0\r\n", "Contact: <sip:a>\r\n", "X:\r\n", "X: \r\n", "X:\tY\r\n",
	"Contact: <sip:a>\r\n", "Contact: <sip:a\t>\r\n", "Contact: <sip:a>\t\r\n", "Contact: \rx\r\n", "Contact: a\nb\r\n",
	"A-Name-That-Is-Too-Long-To-Keep: x\r\n", "Route: <sip:a;lr>\r\n", "Diversion: <sip:a>\r\n",
	"Priority: emergency\r\n", "Replaces: a\r\n", " folded\r\n", "\r\n", "Bad Name: x\r\n", ": x\r\n",
};
/* clang-format on */

static void add(struct sample *s, const char *text)
{
	size_t n = strlen(text);

	assert_true(s->len + n <= sizeof(s->text));
	memcpy(s->text + s->len, text, n);
	s->len += n;
}

/* compose writes a request with the usual lines and, here and there, other ones for or among them.
 */
static void compose(struct sample *s, uint32_t *r)
{
	static const char *const methods[] = {"INVITE", "INVITE", "ACK", "OPTIONS", "REGISTER"};
	bool all = next(r) % 2;

	s->len = 0;
	add(s, methods[next(r) % N(methods)]);
	add(s, " sip:callee@example.net SIP/2.0\r\n");
	for (unsigned i = 0; i < 6; i++) {
		add(s, all || next(r) % 12 ? lines[i] : lines[next(r) % N(lines)]);
		if (!all && next(r) % 4 == 0)
			add(s, lines[next(r) % N(lines)]);
	}
	for (unsigned more = next(r) % 40; next(r) % 8 == 0 && more; more--)
		add(s, "Contact: <sip:a>\r\n");
	add(s, "Content-Length: 0\r\n\r\n");
	for (unsigned body = next(r) % 3; body; body--)
		add(s, "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		       "m=audio 10000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n");
}

static unsigned parse(const uint8_t *msg, size_t len, struct nx_sip *sip)
{
	memset(sip, 0, sizeof(*sip));
	return nx_sip_path(0)->parse(msg, len, sip, NULL);
}

/* cut makes a stencil of a sound message.  Return: whether there is one. */
static bool cut(struct nx_sip_stencil *s, const struct sample *m)
{
	struct nx_sip sip;

	memset(s, 0, sizeof(*s));
	if (parse((const uint8_t *)m->text, m->len, &sip) != NX_R_UNDECIDED ||
		!nx_sip_may_have_stencil(&sip))
		return false;
	nx_sip_stencil_cut(s, (const uint8_t *)m->text, &sip);
	return true;
}

/* fits asks all ways, which must agree; with unreadable pages at both ends. What fits must be read
 * as the parser reads it. */
static bool fits(const struct nx_sip_stencil *s, const struct sample *m)
{
	const uint8_t *msg = guard_head(&guard, m->text, m->len);
	bool fit = nx_sip_path(0)->fits(s, msg);
	struct nx_sip sip, by_stencil;
	struct nx_uri ruri;
	unsigned reason;

	for (unsigned i = 1; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			assert_int_equal(nx_sip_path(i)->fits(s, msg), fit);
	msg = guard_tail(&guard, m->text, m->len);
	for (unsigned i = 0; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			assert_int_equal(nx_sip_path(i)->fits(s, msg), fit);
	if (!fit)
		return false;
	reason = parse(msg, m->len, &sip);
	memset(&by_stencil, 0, sizeof(by_stencil));
	if (nx_sip_stencil_fill(s, msg, m->len, &by_stencil))
		assert_int_equal(reason, NX_R_UNDECIDED);
	else
		assert_int_equal(reason, NX_R_CONTENT_LENGTH);
	if (memcmp(&sip, &by_stencil, sizeof(sip)) != 0)
		assert_memory_equal(&sip, &by_stencil, sizeof(sip));
	if (s->has_ruri) {
		assert_int_equal(nx_uri_parse(msg, sip.ruri, &ruri), NX_R_UNDECIDED);
		assert_true(sip_check_same_uri(&ruri, &s->ruri));
	}
	return true;
}

/* change puts other bytes here and there, mostly of a kind that matters somewhere. */
static void change(struct sample *m, size_t within, uint32_t *r)
{
	static const char odd[] = " \t\r\n;:,@<>\"%\\=?&[]+-.()0aZ\x80\x7f";

	for (unsigned n = next(r) % 4 + 1; n; n--) {
		char *at = &m->text[next(r) % within];

		switch (next(r) % 4) {
		case 0:
			*at = (char)('0' + next(r) % 10);
			break;
		case 1:
			*at = (char)((next(r) % 2 ? 'a' : 'A') + next(r) % 26);
			break;
		case 2:
			*at = odd[next(r) % sizeof(odd)];
			break;
		default:
			*at = (char)next(r);
		}
	}
}

static void what_fits_is_read_alike(void **state)
{
	static struct nx_sip_stencil s;
	struct sample m, other;
	size_t cuts = 0, fitted = 0;
	uint32_t r = 1;

	(void)state;
	for (size_t i = 0; i < ROUNDS / 100; i++) {
		if (i % 2)
			sample_invite(
				&m, i % 4 == 1 ? "+442079460000" : "bob.smith;x=1", (unsigned)i);
		else
			compose(&m, &r);
		if (!cut(&s, &m))
			continue;
		cuts++;
		assert_true(fits(&s, &m));
		for (unsigned j = 0; j < 100; j++) {
			other = m;
			change(&other, s.sip.header_len, &r);
			fitted += fits(&s, &other);
		}
	}
	assert_true(cuts > ROUNDS / 100 / 2);
	assert_in_range(fitted, 5 * cuts, 60 * cuts); /* of 100 each */
}

/* Whatever was learned from other messages. */
static void any_message_after_any_others(void **state)
{
	static struct nx_sip_stencils stencils;
	size_t sound = 0;
	uint32_t r = 1;

	(void)state;
	for (size_t i = 0; i < POOL; i++)
		compose(&pool[i], &r);
	for (size_t i = 0; i < ROUNDS; i++) {
		/* long among a few, so that what is learned is met again */
		struct sample m = pool[(i / 1000 * 7 + next(&r) % 8) % POOL];
		const struct nx_uri *ruri;
		struct nx_sip plain, sip;
		unsigned reason;

		if (next(&r) % 2)
			change(&m, m.len, &r);
		reason = parse((const uint8_t *)m.text, m.len, &plain);
		memset(&sip, 0, sizeof(sip));
		assert_int_equal(nx_sip_read(&stencils, 0, guard_tail(&guard, m.text, m.len), m.len,
					 &sip, &ruri),
			reason);
		if (memcmp(&sip, &plain, sizeof(sip)) != 0)
			assert_memory_equal(&sip, &plain, sizeof(sip));
		sound += reason == NX_R_UNDECIDED;
	}
	assert_in_range(sound, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

#define CALL(user, branch, name, from, tag, call, cseq, contact)                     \
	"INVITE sip:" user "@192.0.2.1;user=phone SIP/2.0\r\n"                       \
	"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK" branch ";rport\r\n"         \
	"Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK" branch ";received=192.0.2.7\r\n" \
	"Max-Forwards: 69\r\n"                                                       \
	"From: \"" name "\" <sip:" from "@192.0.2.9>;tag=" tag "\r\n"                \
	"To: <sip:" user "@192.0.2.1;user=phone>\r\n"                                \
	"Call-ID: " call "@192.0.2.9\r\n"                                            \
	"CSeq: " cseq " INVITE\r\n"                                                  \
	"Contact: <sip:" contact ">\r\n"                                             \
	"Content-Length: 4\r\n\r\nv=0\n"

static const char call[] =
	CALL("+442079460000", "1f", "Al 9", "bob7", "ab12", "77aa-b", "1999", "x@y");

static void put(struct sample *m, const char *text)
{
	m->len = strlen(text);
	memcpy(m->text, text, m->len + 1);
}

static bool call_fits(const char *text)
{
	static struct nx_sip_stencil s;
	struct sample m;

	put(&m, call);
	assert_true(cut(&s, &m));
	put(&m, text);
	return fits(&s, &m);
}

/* Instead of `from`, of the same length. */
static bool call_fits_with(const char *from, const char *to)
{
	static struct nx_sip_stencil s;
	struct sample m;

	assert_int_equal(strlen(from), strlen(to));
	put(&m, call);
	assert_true(cut(&s, &m));
	sample_replace(&m, from, to);
	return fits(&s, &m);
}

static void the_next_call_fits(void **state)
{
	(void)state;
	assert_true(call_fits(
		CALL("+442079461234", "c0", "Zo 1", "eve3", "0f0f", "b0b0-9", "2000", "?;~")));
	assert_true(call_fits_with("1999 INVITE", "0001 INVITE")); /* the number is read anew */
}

/* What would have the parser see another request, or none. */
static void what_matters_does_not_vary(void **state)
{
	static const char *const other[][2] = {
		{"INVITE sip", "UPDATE sip"},
		{"sip:+44", "sip:044"},
		{"sip:+44", "sap:+44"},
		{"@192.0.2.1;", "@192.0.2.2;"},
		{"user=phone SIP", "user=other SIP"},
		{"z9hG4bK1f", "z9hG4bK1;"},
		{"z9hG4bK1f", "z9hG4bk1f"},
		{"2.9:5060", "2.9:5061"},
		{";rport", ";rpord"},
		{"UDP 192.0.2.8", "TCP 192.0.2.8"},
		{"2.8;branch", "2.8:branch"},
		{"s: 69", "s: 00"},
		{"Al 9", "Al\"9"},
		{"Al 9", "A\\ 9"},
		{"bob7", "bob%"},
		{"bob7", "7bob"},
		{";tag=ab12", ";tog=ab12"},
		{"ab12", "ab;2"},
		{"77aa-b", "77aa b"},
		{"1999", "19 9"},
		{"1999 INVITE", "1999 UPDATE"},
		{"Contact:", "Subject :" + 1},
		{"Contact", "Replace"},
		{"x@y", "x\ny"},
		{"x@y", "x\x80y"},
		{"Length: 4", "Length: x"},
		{"To: <", "To:  "},
	};

	(void)state;
	for (size_t i = 0; i < N(other); i++)
		if (call_fits_with(other[i][0], other[i][1]))
			fail_msg("%s instead of %s fits", other[i][1], other[i][0]);
}

/* What a body must have is what the headers of its own message say. */
static void rule_17_content_length_is_read_anew(void **state)
{
	static struct nx_sip_stencils all;
	static const char *const said[] = {"4", "3", "5", "4", "0", "9"};
	struct sample m;

	(void)state;
	assert_true(call_fits_with("Length: 4", "Length: 5"));
	for (size_t i = 0; i < N(said); i++) {
		const struct nx_uri *ruri;
		struct nx_sip sip;

		put(&m, call);
		strstr(m.text, "Length: ")[sizeof("Length: ") - 1] = *said[i];
		assert_int_equal(nx_sip_read(&all, 7, (const uint8_t *)m.text, m.len, &sip, &ruri),
			*said[i] > '4' ? NX_R_CONTENT_LENGTH : NX_R_UNDECIDED);
	}
}

static size_t learned(const struct nx_sip_stencils *all)
{
	size_t n = 0;

	for (size_t i = 0; i < NX_SIP_STENCIL_SETS * NX_SIP_STENCIL_WAYS; i++)
		n += all->set[i / NX_SIP_STENCIL_WAYS].header_len[i % NX_SIP_STENCIL_WAYS] != 0;
	return n;
}

/* known: does m fit one of them? */
static bool known(const struct nx_sip_stencils *all, const struct sample *m)
{
	for (size_t i = 0; i < NX_SIP_STENCIL_SETS; i++)
		for (size_t j = 0; j < NX_SIP_STENCIL_WAYS; j++)
			if (all->set[i].header_len[j] && all->set[i].header_len[j] <= m->len &&
				fits(&all->set[i].way[j], m))
				return true;
	return false;
}

static void read_sound(struct nx_sip_stencils *all, uint32_t sender, const struct sample *m)
{
	const struct nx_uri *ruri;
	struct nx_sip sip;

	memset(&sip, 0, sizeof(sip)); /* Via rows that there are not are nobody's */
	assert_int_equal(nx_sip_read(all, sender, (const uint8_t *)m->text, m->len, &sip, &ruri),
		NX_R_UNDECIDED);
}

/* The i-th form of a call; all have other headers, of one length. */
static void form(struct sample *m, unsigned i)
{
	put(m, call);
	strstr(m->text, ";rport")[1] = (char)('A' + i);
}

static void it_learns_at_once_while_there_is_room(void **state)
{
	static struct nx_sip_stencils all;
	struct sample m;

	(void)state;
	if (!nx_sip_best.fits)
		skip();
	for (unsigned i = 0; i < NX_SIP_STENCIL_WAYS; i++) {
		form(&m, i);
		assert_false(known(&all, &m));
		read_sound(&all, 7, &m);
		read_sound(&all, 7, &m); /* which it fits */
		assert_true(known(&all, &m));
		assert_int_equal(learned(&all), i + 1);
	}
	form(&m, NX_SIP_STENCIL_WAYS);
	read_sound(&all, 7, &m);
	assert_false(known(&all, &m)); /* one that is otherwise wears nothing out */
	put(&m, call);
	read_sound(&all, 8, &m); /* another sender has stencils of his own */
	assert_int_equal(learned(&all), NX_SIP_STENCIL_WAYS + 1);
}

static void what_is_used_stays(void **state)
{
	static struct nx_sip_stencils all;
	struct sample m, used;

	(void)state;
	if (!nx_sip_best.fits)
		skip();
	form(&used, 0);
	for (unsigned i = 0; i < 2 * NX_SIP_STENCIL_WAYS; i++) {
		form(&m, i);
		for (unsigned j = 0; j < 100; j++) {
			read_sound(&all, 7, &used);
			read_sound(&all, 7, &m);
		}
		assert_true(known(&all, &m)); /* what comes often is learned, */
		assert_true(known(&all, &used));
	}
	form(&m, 1);
	assert_false(known(&all, &m)); /* for what does not come any more */
}

static void some_have_none(void **state)
{
	static struct nx_sip_stencils all;
	struct sample m;

	(void)state;
	sample_request(&m, "INVITE", "sip:callee@example.net", "");
	for (unsigned i = 0; i < NX_SIP_STENCIL_VIA_MAX; i++)
		sample_replace(&m, "\r\nVia:", "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nVia:");
	read_sound(&all, 0, &m);
	sample_request(&m, "INVITE", "sip:callee@example.net", "");
	while (m.len <= NX_SIP_STENCIL_MAX)
		sample_replace(&m, "\r\nVia:", "\r\nSubject: nothing of interest\r\nVia:");
	read_sound(&all, 0, &m);
	assert_int_equal(learned(&all), 0);
}

/* Every byte against every set of classes, in the last block as in the others. */
static void every_byte_is_of_its_classes(void **state)
{
	static struct nx_sip_stencil s;
	struct sample m;
	size_t fitted = 0;

	(void)state;
	put(&m, call);
	assert_true(cut(&s, &m));
	for (unsigned may = 0; may < 0x20; may++)
		for (unsigned byte = 0; byte < 256; byte++)
			for (size_t at = 3; at < s.sip.header_len; at += s.sip.header_len - 6) {
				bool fit;

				memcpy(s.may + at, &(uint8_t){(uint8_t)may}, 1);
				put(&m, call);
				m.text[at] = (char)byte;
				fit = nx_sip_path(0)->fits(&s, (const uint8_t *)m.text);
				for (unsigned i = 1; i < NX_SIP_PATHS; i++)
					if (nx_sip_path(i))
						assert_int_equal(nx_sip_path(i)->fits(&s,
									 (const uint8_t *)m.text),
							fit);
				fitted += fit;
				s.may[at] = 0;
			}
	assert_in_range(fitted, 1000, 0x20 * 256);
}

static int setup(void **state)
{
	(void)state;
	guard_init(&guard);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guard_fini(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_read_alike),
		cmocka_unit_test(any_message_after_any_others),
		cmocka_unit_test(the_next_call_fits),
		cmocka_unit_test(what_matters_does_not_vary),
		cmocka_unit_test(rule_17_content_length_is_read_anew),
		cmocka_unit_test(it_learns_at_once_while_there_is_room),
		cmocka_unit_test(what_is_used_stays),
		cmocka_unit_test(some_have_none),
		cmocka_unit_test(every_byte_is_of_its_classes),
	};

	return cmocka_run_group_tests_name("sip_stencil", tests, setup, teardown);
}
