/* The shapes of usual lines beside the grammar: whatever becomes of a usual INVITE, the ways of the
 * parser that know shapes give what the plain way gives, which knows none (check_parse compares
 * reason, result and offset). Each test also sees to it that both sound and broken requests came.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define ROUNDS 100000

/* Ways of writing lines of the minimal INVITE: with a shape, just without one, and wrong. */
/* clang-format off */
static const char *const spellings[][2] = {
	{VIA, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"},
	{VIA, "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa\r\n"},
	{VIA, "VIA: SIP/2.0/UDP host.example.net:65535;branch=z9hG4bKa;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP h:65536;branch=z9hG4bKa;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP h:0;branch=z9hG4bKa\r\n"},
	{VIA, "Via: SIP/2.0/UDP h:000005060;branch=a;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;rport;branch=a;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;branch=a;branch=a\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;branch=a;rport=5060\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;branch=a;received=192.0.2.9;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=a\r\n"},
	{VIA, "Via: SIP/2.0/TCP h;branch=a\r\nVia: SIP/2.0/UDP h;branch=b;rport\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;branch=a;rport, SIP/2.0/UDP i;branch=b\r\n"},
	{VIA, "Via: SIP/2.0/UDP h;branch=0123456789012345678901234567890123456789012345678901234567890123"
	      ";rport\r\n"},
	{FROM, "From: \"A, B\" <sip:caller@example.org;x=y>;tag=1\r\n"},
	{FROM, "From: \"A\"<sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: \"A \\\" B\" <sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: \"A\"  <sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: \"J\xc3\xbcrgen\" <sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: \"unfinished <sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: A. B-C  D <sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: A<sip:caller@example.org>;tag=1\r\n"},
	{FROM, "From: sip:caller@example.org;tag=1\r\n"},
	{FROM, "FROM: <sip:caller@example.org>\r\n"},
	{FROM, "From: <sip:caller@example.org>;tag=\r\n"},
	{FROM, "From: <sip:caller@example.org>;tag=1;tag=2\r\n"},
	{FROM, "From: <sip:caller@example.org>;tag=1 \r\n"},
	{FROM, "From: <tel:+442079460000>;tag=1\r\n"},
	{FROM, "From: <sip:>;tag=1\r\n"},
	{FROM, "From: <sip:+44@h:5060;user=phone>;tag=1\r\n"},
	{FROM, "From: \"A\" <sip:a_b@example.org;transport=udp>\r\n"},
	{FROM, "From: <sip:a@h;lr;x=y>;tag=1\r\n"},
	{FROM, "From: <sip:a@h:00005060>;tag=1\r\n"},
	{FROM, "From: <sip:a:pw@h>;tag=1\r\n"},
	{FROM, "From: <sip:a@b>;tag=1\r\nFrom: <sip:a@b>;tag=1\r\n"},
	{TO, "To: \"B\" <sip:callee@example.net>;tag=t\r\n"},
	{TO, "tO: <sip:callee@example.net>;tag\r\n"},
	{TO, "To: <sip:callee@[2001:db8::1]:5060>\r\n"},
	{TO, "To: <sip:192.0.2.1:65535;lr>\r\n"},
	{TO, "To: <sip:callee@192.0.2.1:65536>\r\n"},
	{TO, "To: <sip:callee@example.net>\r\n\t;tag=folded\r\n"},
	{TO, "t: <sip:callee@example.net>\r\n"},
	{TO, "To:\x1a<sip:callee@example.net>\r\n"},
	{CALL_ID, "call-ID: 0123456789abcdef\r\n"},
	{CALL_ID, "Call-ID: a@b@c\r\n"},
	{CALL_ID, "Call-ID: a@\r\n"},
	{CALL_ID, "Call-ID: @a\r\n"},
	{CALL_ID, "Call-ID: 0123456789012345678901234567890123456789012345678901234567890@a\r\n"},
	{CALL_ID, "Call-ID: 01234567890123456789012345678901234567890123456789012345678901@a\r\n"},
	{CALL_ID, "Call-ID: 012345678901234567890123456789012345678901234567890123456789012@a\r\n"},
	{CSEQ, "CSeq: 12345678 INVITE\r\n"},
	{CSEQ, "CSeq: 2147483648 INVITE\r\n"},
	{CSEQ, "CSeq: 1  INVITE\r\n"},
	{CSEQ, "CSeq: 1 INVITF\r\n"},
	{CSEQ, "CSeq: 1 1 INVITE\r\n"},
	{CSEQ, "CSeq:  INVITE\r\n"},
	{HOPS, "Max-Forwards: 0\r\n"},
	{HOPS, "MAX-FORWARDS: 255\r\n"},
	{HOPS, "Max-Forwards: 256\r\n"},
	{HOPS, "Max-Forwards: 70\r\nContact: <sip:a>\r\nAllow: INVITE\r\nCallers: 1\r\n"},
	{HOPS, "Max-Forwards: 70\r\nContent-Length: 0\r\nDiversion: <sip:a>\r\nRoute: <sip:a>\r\n"},
	{HOPS, "Max-Forwards: 70\r\nContent-Length: 00000000\r\nPriority: emergency\r\n"},
	{HOPS, "Max-Forwards: 70\r\nContent-Length: 9999999\r\n"},
	{HOPS, "Max\rForwards: 70\r\n"},
};

static const char *const pieces[] = {
	"\r\n", "\r\n ", " ", "\t", ";", "=", ":", ",", "\"", "\\", "<", ">", "@", ";tag=", ";rport",
	";branch=", "sip:", "\r\n\r\n", "\r", "\n", "\x80", "0", "99999999", "To: ", "Call-ID: ",
	"Content-Length: 0\r\n", "Via: SIP/2.0/UDP h\r\n",
};
/* clang-format on */

static size_t sound, broken;

static void judge(const struct sample *s)
{
	if (check_parse(s->text, s->len) == NX_R_UNDECIDED)
		sound++;
	else
		broken++;
}

static void expect_both(size_t at_least)
{
	assert_in_range(sound, at_least, SIZE_MAX);
	assert_in_range(broken, at_least, SIZE_MAX);
	sound = broken = 0;
}

static void spell(struct sample *s, size_t i)
{
	sample_request(s, "INVITE", "sip:callee@example.net", "");
	sample_replace(s, spellings[i][0], spellings[i][1]);
}

static void put(struct sample *s, size_t at, const char *piece)
{
	size_t n = strlen(piece);

	if (s->len + n > sizeof(s->text))
		return;
	memmove(s->text + at + n, s->text + at, s->len - at);
	memcpy(s->text + at, piece, n);
	s->len += n;
}

static void cut(struct sample *s, size_t at, size_t n)
{
	if (at + n > s->len)
		return;
	memmove(s->text + at, s->text + at + n, s->len - at - n);
	s->len -= n;
}

static void every_spelling_at_every_distance_from_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(spellings); i++) {
		struct sample s;

		spell(&s, i);
		for (size_t body = 0; body < 160; body++) {
			judge(&s);
			put(&s, s.len, "x");
		}
	}
	expect_both(N(spellings) * 160 / 4);
}

static void every_byte_at_every_place(void **state)
{
	struct sample s;

	(void)state;
	sample_invite(&s, "+442079460000", 7);
	for (size_t at = 0; memcmp(s.text + at, "\r\n\r\n", 4) != 0; at++) {
		char was = s.text[at];

		for (unsigned byte = 0; byte < 256; byte++) {
			s.text[at] = (char)byte;
			judge(&s);
		}
		s.text[at] = was;
	}
	expect_both(10000);
}

static void every_piece_at_every_place(void **state)
{
	struct sample s;

	(void)state;
	sample_invite(&s, "+442079460000", 7);
	for (size_t at = 0; memcmp(s.text + at, "\r\n\r\n", 4) != 0; at++) {
		for (size_t i = 0; i < N(pieces); i++) {
			struct sample more = s;

			put(&more, at, pieces[i]);
			judge(&more);
			more = s;
			cut(&more, at, i + 1);
			judge(&more);
		}
	}
	expect_both(1000);
}

static uint32_t next(uint32_t *r)
{
	*r = *r * 1664525u + 1013904223u;
	return *r >> 8;
}

static void change(struct sample *s, uint32_t *r)
{
	size_t at = next(r) % s->len;

	switch (next(r) % 5) {
	case 0:
		s->text[at] = (char)next(r);
		break;
	case 1:
		s->text[at] ^= 0x20;
		break;
	case 2:
		cut(s, at, next(r) % 70);
		break;
	default:
		put(s, at, pieces[next(r) % N(pieces)]);
		break;
	}
}

static void spellings_changed_here_and_there(void **state)
{
	uint32_t r = 1;

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct sample s;

		spell(&s, next(&r) % N(spellings));
		if (next(&r) % 2)
			put(&s, s.len,
				"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
				"t=0 0\r\nm=audio 10000 RTP/AVP 8 0 101\r\n");
		for (unsigned n = next(&r) % 3 + 1; n && s.len; n--)
			change(&s, &r);
		judge(&s);
	}
	expect_both(ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_at_every_distance_from_the_end),
		cmocka_unit_test(every_byte_at_every_place),
		cmocka_unit_test(every_piece_at_every_place),
		cmocka_unit_test(spellings_changed_here_and_there),
	};

	return cmocka_run_group_tests_name("sip_shape", tests, sip_check_setup, sip_check_teardown);
}
