/* The habit of the SIP parser: whatever messages were read with it, the next is read as the plain
 * way reads it, which has none; and it learns what it is for. check_parse lays every message of the
 * other tests beside a habit learned from all before it, too. */
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
#define ROUNDS 200000

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

static unsigned parse_by(unsigned path, struct nx_sip_habit *habit, const struct sample *s,
	struct nx_sip *sip, uint16_t *off)
{
	memset(sip, 0, sizeof(*sip));
	return nx_sip_path(path)(habit, guard_tail(&guard, s->text, s->len), s->len, sip, off);
}

/* One habit for all ways, so that each learns what another makes use of. */
static void any_message_after_any_others(void **state)
{
	static struct nx_sip_habit habit;
	size_t sound = 0;
	uint32_t r = 1;

	(void)state;
	nx_sip_habit_init(&habit);
	for (size_t i = 0; i < POOL; i++)
		compose(&pool[i], &r);
	for (size_t i = 0; i < ROUNDS; i++) {
		/* long among a few, so that what is learned is met again */
		const struct sample *s = &pool[(i / 1000 * 7 + next(&r) % 8) % POOL];
		struct nx_sip plain, sip;
		uint16_t plain_off, off;
		unsigned reason =
			parse_by(0, (struct nx_sip_habit *)&nx_sip_no_habit, s, &plain, &plain_off);

		for (unsigned path = 1; path < NX_SIP_PATHS; path++) {
			if (!nx_sip_path(path))
				continue;
			assert_int_equal(parse_by(path, &habit, s, &sip, &off), reason);
			assert_int_equal(off, plain_off);
			if (memcmp(&sip, &plain, sizeof(sip)) != 0)
				assert_memory_equal(&sip, &plain, sizeof(sip));
		}
		sound += reason == NX_R_UNDECIDED;
	}
	assert_in_range(sound, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

/* A habit comes to rest after the second of like messages, having kept every line of them. */
static void it_learns_every_line_once(void **state)
{
	(void)state;
	for (unsigned path = 1; path < NX_SIP_PATHS; path++) {
		static struct nx_sip_habit fresh, habit, later;
		struct nx_sip sip;
		struct sample s;
		uint16_t off;
		size_t kept = 0;

		if (!nx_sip_path(path))
			continue;
		nx_sip_habit_init(&fresh);
		habit = fresh;
		sample_invite(&s, "+442079460000", 1);
		assert_int_equal(parse_by(path, &habit, &s, &sip, &off), NX_R_UNDECIDED);
		for (unsigned i = 0; i < NX_SIP_HABIT_LINES; i++) {
			const char *text = (const char *)habit.kind['I' >> 3 & 3].line[i].text;
			size_t len = habit.kind['I' >> 3 & 3].line[i].len;

			kept += len && memmem(s.text, s.len, text, len);
		}
		sample_invite(
			&s, "+442079460001", 1); /* the sent-by is learned by the habit's use */
		assert_int_equal(parse_by(path, &habit, &s, &sip, &off), NX_R_UNDECIDED);
		assert_memory_not_equal(&habit, &fresh, sizeof(habit));
		later = habit;
		sample_invite(&s, "+442079460002", 1);
		assert_int_equal(parse_by(path, &later, &s, &sip, &off), NX_R_UNDECIDED);
		assert_memory_equal(&later, &habit, sizeof(habit));
		s.text[s.len - 1] = '\0';
		for (char *eol = s.text; (eol = strstr(eol, "\r\n")); eol++) {
			assert_true(kept-- > 0);
			if (eol[2] == '\r')
				break;
		}
		assert_int_equal(kept, 0);
	}
}

static void more_lines_than_it_keeps(void **state)
{
	static struct nx_sip_habit habit;
	struct sample s;

	(void)state;
	nx_sip_habit_init(&habit);
	sample_request(&s, "INVITE", "sip:callee@example.net", "");
	s.len -= 2;
	for (unsigned i = 0; i < 3 * NX_SIP_HABIT_LINES; i++)
		add(&s, "X: y\r\n");
	add(&s, "\r\nbody");
	for (unsigned path = 0; path < 2 * NX_SIP_PATHS; path++) {
		struct nx_sip sip;
		uint16_t off;

		if (!nx_sip_path(path / 2))
			continue;
		assert_int_equal(parse_by(path / 2, &habit, &s, &sip, &off), NX_R_UNDECIDED);
		assert_int_equal(sip.header_len, s.len - 4);
	}
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
		cmocka_unit_test(any_message_after_any_others),
		cmocka_unit_test(it_learns_every_line_once),
		cmocka_unit_test(more_lines_than_it_keeps),
	};

	return cmocka_run_group_tests_name("sip_habit", tests, setup, teardown);
}
