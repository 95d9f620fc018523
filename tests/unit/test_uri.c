/* URIs: what the grammar of RFC 3261 section 25.1 and RFC 3966 takes and refuses, which bytes end
 * up in which span, equivalence for rule 27, and inputs that lie against an unreadable page. */
#include "dataplane/core/uri.h"

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"
#include "tests/unit/guard.h"
#include "tests/unit/uri_plain.h"

static uint8_t message[1024];

/* parse_at puts the URI at offset `off` of the message and parses it there. */
static unsigned parse_at(size_t off, const char *text, struct nx_uri *u)
{
	size_t len = strlen(text);

	assert_true(off + len <= sizeof(message));
	memcpy(message + off, text, len);
	return nx_uri_parse(message, (struct nx_span){(uint16_t)off, (uint16_t)len}, u);
}

static unsigned parse(const char *text, struct nx_uri *u)
{
	return parse_at(7, text, u); /* behind "INVITE " */
}

static void assert_span(const char *uri, struct nx_span span, const char *expected)
{
	if (span.len != strlen(expected) || memcmp(message + span.off, expected, span.len) != 0)
		fail_msg("%s: got '%.*s', not '%s'", uri, span.len, message + span.off, expected);
}

static void every_part_is_where_it_was_written(void **state)
{
	static const struct {
		const char *uri;
		enum nx_scheme scheme;
		const char *user, *host, *phone_context;
		uint16_t port;
		unsigned flags;
	} rows[] = {
		{"sip:+442079460000@192.0.2.10:5060;user=phone", NX_URI_SIP, "+442079460000",
			"192.0.2.10", "", 5060, NX_URI_USER_PHONE | NX_URI_UNKNOWN_PARAM},
		{"SIPS:alice:s3cr%20et&=+$,@Example.COM.", NX_URI_SIPS, "alice", "Example.COM.", "",
			0, 0},
		{"sip:alice:@a-b.example", NX_URI_SIP, "alice", "a-b.example", "", 0, 0},
		{"sip:bob@[2001:db8::10]:65535;transport=udp;lr", NX_URI_SIP, "bob",
			"[2001:db8::10]", "", 65535, NX_URI_LR},
		{"sip:[2001:db8::10]:5070", NX_URI_SIP, "", "[2001:db8::10]", "", 5070, 0},
		{"sip:example.net;lr;transport=UDP", NX_URI_SIP, "", "example.net", "", 0,
			NX_URI_LR},
		{"sip:7.235.129.9", NX_URI_SIP, "", "7.235.129.9", "", 0, 0},
		{"sip:x@1.2.3.4.example", NX_URI_SIP, "x", "1.2.3.4.example", "", 0, 0},
		{"sip:x@9to5.com", NX_URI_SIP, "x", "9to5.com", "", 0, 0},
		{"sip:user;par=u%40example.net@example.com", NX_URI_SIP, "user;par=u%40example.net",
			"example.com", "", 0, 0},
		{"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/"
		 ";;*:&it+has=1,weird!*pas$wo~d_too."
		 "(doesn't-it)@example.com",
			NX_URI_SIP, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
			"example.com", "", 0, NX_URI_EXTENSION},
		{"sip:a%00b@h", NX_URI_SIP, "a%00b", "h", "", 0, 0},
		{"sip:a@h;USER=Phone", NX_URI_SIP, "a", "h", "", 0,
			NX_URI_USER_PHONE | NX_URI_UNKNOWN_PARAM},
		{"sip:a@h;user=dialstring", NX_URI_SIP, "a", "h", "", 0,
			NX_URI_USER_OTHER | NX_URI_UNKNOWN_PARAM},
		{"sip:a@h;user=ip", NX_URI_SIP, "a", "h", "", 0,
			NX_URI_USER_OTHER | NX_URI_UNKNOWN_PARAM},
		{"sip:a@h;user", NX_URI_SIP, "a", "h", "", 0,
			NX_URI_USER_OTHER | NX_URI_UNKNOWN_PARAM},
		{"sip:1;phone-context=+44@h", NX_URI_SIP, "1;phone-context=+44", "h", "+44", 0, 0},
		{"sip:1@h;phone-context=p1234", NX_URI_SIP, "1", "h", "p1234", 0,
			NX_URI_UNKNOWN_PARAM},
		{"tel:+44-20(7946)0000", NX_URI_TEL, "+44-20(7946)0000", "", "", 0, 0},
		{"TEL:*21#;phone-context=example.com;isub=1", NX_URI_TEL, "*21#", "", "example.com",
			0, NX_URI_EXTENSION},
		{"tel:", NX_URI_TEL, "", "", "", 0, 0},
		{"sip:@h", NX_URI_SIP, "", "h", "", 0, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nx_uri u;

		if (parse(rows[i].uri, &u) != NX_R_UNDECIDED)
			fail_msg("%s: refused", rows[i].uri);
		assert_int_equal(u.scheme, rows[i].scheme);
		assert_span(rows[i].uri, u.user, rows[i].user);
		assert_span(rows[i].uri, u.host, rows[i].host);
		assert_span(rows[i].uri, u.phone_context, rows[i].phone_context);
		assert_int_equal(u.port, rows[i].port);
		if (u.flags != rows[i].flags)
			fail_msg("%s: flags %x, not %x", rows[i].uri, u.flags, rows[i].flags);
		assert_int_equal(u.has_user, rows[i].user[0] != '\0');
	}
}

static void what_the_grammar_does_not_know_is_refused(void **state)
{
	static const char *const rows[] = {"", "*", ":", "alice", "alice@example.com", "sip",
		"sip:", "sips:", "1sip:a@h", "sip::pw@h", "sip::@h", "sip:a@", "sip:a@:5060",
		"sip:;lr", "sip:?a=b", "sip:a b@h", "sip:a\tb@h", "sip:a\x01@h", "sip:\xc3\xa9@h",
		"sip:a@h ", " sip:a@h", "sip:a@h\x7f", "<sip:a@h>", "sip:a<@h", "sip:\"a\"@h",
		"sip:a@b@h", "sip:a@h;p=x@y", "sip:a[@h", "sip:a%@h", "sip:a%4@h", "sip:a%4g@h",
		"sip:a%g4@h", "sip:a@h;p=%4", "sip:a@h?a=%", "sip:a:p w@h", "sip:a:p;w@h",
		"sip:a:p:w@h", "sip:a@h:", "sip:a@h:0", "sip:a@h:65536", "sip:a@h:000005060",
		"sip:a@h:50x", "sip:a@h:-1", "sip:a@h:5060:5060", "sip:a@h_x.net", "sip:a@-h",
		"sip:a@h-", "sip:a@h.-x", "sip:a@h..net", "sip:a@.h", "sip:a@h.net..", "sip:a@h%61",
		"sip:a@1.2.3", "sip:a@1.2.3.4.5", "sip:a@256.1.1.1", "sip:a@1.2.3.04",
		"sip:a@1.2.3.4.", "sip:a@1.2.3.4x", "sip:a@1..3.4", "sip:a@example.123",
		"sip:2001:db8::10", "sip:a@[2001:db8::10", "sip:a@2001:db8::10]", "sip:a@[]",
		"sip:a@[1234]", "sip:a@[2001:db8::g]", "sip:a@[fe80::1%25eth0]", "sip:a@[::1]x",
		"sip:a@[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", "sip:a@h;",
		"sip:a@h;;lr", "sip:a@h;=x", "sip:a@h;transport=", "sip:a@h; lr", "sip:a@h;p=a=b",
		"sip:a@h;p,q", "sip:a@h?", "sip:a@h?a=b c", "sip:a@h?a=<b>", "sip:a@h;%75ser=phone",
		"sip:a@h/path", "sip:a@h,sip:b@h", "tel:+44 20", "tel:+44%32", "tel:alice",
		"tel:+44;", "tel:+44;x=", "tel:+44@h", "tel:+44?a=b"};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nx_uri u;

		if (parse(rows[i], &u) != NX_R_BAD_URI)
			fail_msg("'%s' was not refused", rows[i]);
	}
}

static void a_parameter_that_decides_stands_once(void **state)
{
	static const char *const twice[] = {"sip:a@h;user=phone;user=ip", "sip:a@h;lr;LR",
		"sip:a@h;transport=udp;transport=tcp", "sip:a@h;maddr=a;maddr=b", "sip:a@h;gr;gr=x",
		"tel:1;phone-context=+1;phone-context=+44", "tel:+441;rn=+1;rn=+2",
		"sip:1;phone-context=+1@h;phone-context=+44"};
	struct nx_uri u;
	(void)state;

	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++)
		if (parse(twice[i], &u) != NX_R_BAD_URI)
			fail_msg("'%s' was not refused", twice[i]);
	assert_int_equal(parse("sip:a@h;x=1;x=2", &u), NX_R_UNDECIDED);
}

static void rule_10_schemes_but_sip_sips_and_tel_are_told_apart(void **state)
{
	static const char *const other[] = {"urn:service:sos", "URN:Service:SOS.fire", "http://h/",
		"soap.beep://192.0.2.103:3002", "sipx:a@h", "si:a@h", "telx:1", "s+1-.:x", "x:"};
	struct nx_uri u;
	(void)state;

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		if (parse(other[i], &u) != NX_R_SCHEME)
			fail_msg("%s", other[i]);
		assert_int_equal(u.scheme, NX_URI_OTHER);
	}
	assert_int_equal(parse("sIpS:a@h", &u), NX_R_UNDECIDED);
	assert_int_equal(u.scheme, NX_URI_SIPS);
}

static void rule_06_contact_parameters_are_seen(void **state)
{
	static const struct {
		const char *uri;
		unsigned flag;
	} rows[] = {{"sip:a@h;gr=urn:uuid:f81d4fae", NX_URI_GR}, {"sip:a@h;x=y;GR", NX_URI_GR},
		{"sip:a@h;Lr", NX_URI_LR}, {"sip:h;lr=on", NX_URI_LR},
		{"sip:a@h;maddr=192.0.2.1", NX_URI_MADDR},
		{"sip:a@h?Route=%3Csip:example.com%3E", NX_URI_HEADERS},
		{"sip:a@h:5061;a=b?c=d&e=", NX_URI_HEADERS}, {"sip:+441;rn=+442@h", NX_URI_RN},
		{"sip:+441@h;Rn", NX_URI_RN},
		{"sip:+441;rn=+442;cic=1@h", NX_URI_RN | NX_URI_PORTABILITY},
		{"sip:+441;tgrp=t;trunk-context=h@h", NX_URI_PORTABILITY},
		{"sip:+441@h;CIC=+1-6789", NX_URI_PORTABILITY}, {"tel:+441;npdi;rn=2", NX_URI_RN},
		{"sip:+441@h;ext=12", NX_URI_EXTENSION}, {"tel:+441;isub=12", NX_URI_EXTENSION}};
	static const char *const plain[] = {"sip:a@h;grx;lrx;maddrs=1;x=lr;y=gr", "sip:a@h;g;l;m",
		"sip:gr@lr", "sip:a?lr=x@h", "sip:a;gr;lr;maddr=x@h", "tel:+441;npdi",
		"sip:a@h;rnx=1;c=cic", "sip:a@h;%6crx;l%00r"};
	struct nx_uri u;
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].uri, &u), NX_R_UNDECIDED);
		if ((u.flags & ~NX_URI_UNKNOWN_PARAM) != rows[i].flag)
			fail_msg("%s: flags %x", rows[i].uri, u.flags);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		assert_int_equal(parse(plain[i], &u), NX_R_UNDECIDED);
		if (u.flags & ~NX_URI_UNKNOWN_PARAM)
			fail_msg("%s: flags %x", plain[i], u.flags);
	}
}

static void rule_27_equivalent_is_same_user_at_same_host(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"sip:alice@example.com", "sip:alice@example.com", true},
		{"sip:alice@example.com", "sips:alice:pw@EXAMPLE.com.:5061;transport=udp?x=y",
			true},
		{"sip:alice@example.com", "sip:%61lic%65@example.com", true},
		{"sip:a%00b@h", "sip:a%00b@h", true},
		{"sip:a%00b@h", "sip:a%00c@h", false},
		{"sip:a%00@h", "sip:a@h", false},
		{"sip:%2541@h", "sip:A@h", false},
		{"sip:alice@example.com", "sip:Alice@example.com", false},
		{"sip:alice@example.com", "sip:alice@example.net", false},
		{"sip:alice@example.com", "sip:example.com", false},
		{"sip:example.com", "sip:EXAMPLE.com", true},
		{"sip:a.b@h", "sip:ab@h", false},
		{"sip:a;x=1@h", "sip:a;x=2@h", false},
		{"sip:a%3bx@h", "sip:a;x@h", true},
		{"sip:+44-20-7946@h", "sip:+44(20)7946@h;user=phone", true},
		{"sip:%2B44207946@h", "sip:+44207946;npdi@h", true},
		{"sip:+44207946@h", "sip:+44207947@h", false},
		{"sip:+44207946@h", "sip:44207946@h", false},
		{"sip:44207946@h;user=phone", "sip:4420-7946@h;user=phone", true},
		{"sip:44207946@h", "sip:4420-7946@h", false},
		{"tel:+44207946", "tel:+44-20.7946;npdi", true},
		{"tel:+44207946", "sip:+44207946@h", false},
		{"tel:7946;phone-context=+4420", "tel:79-46;phone-context=+4420", true},
		{"tel:7946;phone-context=+4420", "tel:7946;phone-context=+4421", false},
		{"tel:7946;phone-context=+4420", "tel:7946", false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nx_uri a, b;

		assert_int_equal(parse_at(7, rows[i].a, &a), NX_R_UNDECIDED);
		assert_int_equal(parse_at(500, rows[i].b, &b), NX_R_UNDECIDED);
		if (nx_uri_equivalent(message, &a, &b) != rows[i].same ||
			nx_uri_equivalent(message, &b, &a) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
		assert_true(nx_uri_equivalent(message, &a, &a));
	}
}

/* ---- any bytes at all, against unreadable pages ---- */

static bool same_span(struct nx_span a, struct nx_span b)
{
	return a.off == b.off && a.len == b.len;
}

static bool same_uri(const struct nx_uri *a, const struct nx_uri *b)
{
	return a->scheme == b->scheme && a->flags == b->flags && a->port == b->port &&
	       a->has_user == b->has_user && a->plain_number == b->plain_number &&
	       a->dialled == b->dialled && same_span(a->user, b->user) &&
	       same_span(a->host, b->host) && same_span(a->phone_context, b->phone_context);
}

/* parse_every parses by bits of either width and by the table alone, and sees to it that they
 * agree. */
static unsigned parse_every(const uint8_t *text, size_t len, struct nx_uri *u)
{
	struct nx_span span = {0, (uint16_t)len};
	struct nx_uri plain, sse2;
	unsigned reason = nx_uri_parse(text, span, u);

	if (uri_parse_plain(text, span, &plain) != reason ||
		uri_parse_sse2(text, span, &sse2) != reason)
		fail_msg("'%.*s': %u", (int)len, (const char *)text, reason);
	if (reason == NX_R_UNDECIDED && !(same_uri(&plain, u) && same_uri(&sse2, u)))
		fail_msg("'%.*s' is read in two ways", (int)len, (const char *)text);
	if (reason == NX_R_UNDECIDED && u->plain_number)
		assert_true(u->user.off + 16u <= len && u->dialled == u->user.len);
	return reason;
}

static void assert_inside(struct nx_span s, size_t len)
{
	assert_true((size_t)s.off + s.len <= len);
}

/* judge runs all that reads a URI over the len bytes at text. */
static unsigned judge(const uint8_t *text, size_t len)
{
	static const struct nx_emergency emergency = {.n = 1, .number = {{3, "112"}}};
	struct nx_plan plan;
	struct nx_uri u;
	struct nx_key key;
	unsigned reason = parse_every(text, len, &u);

	if (reason != NX_R_UNDECIDED) {
		assert_true(reason == NX_R_BAD_URI || reason == NX_R_SCHEME);
		return reason;
	}
	assert_inside(u.user, len);
	assert_inside(u.host, len);
	assert_inside(u.phone_context, len);
	assert_true(nx_uri_equivalent(text, &u, &u));
	nx_plan_defaults(&plan);
	plan.bare = NX_BARE_GLOBAL;
	for (int kind = NX_SERVICE_PHONE; kind <= NX_SERVICE_NAMES; kind++) {
		unsigned r = nx_key_from_uri(
			text, &u, (enum nx_service_kind)kind, &plan, &emergency, &key);

		assert_true(r <= NX_R_UNDECIDED);
		if (r == NX_R_UNDECIDED)
			assert_in_range(key.len, 1, NX_KEY_MAX);
	}
	return reason;
}

/* judge_all judges the bytes where nothing behind them, and then where nothing before them can be
 * read. */
static unsigned judge_all(struct guard *g, const void *text, size_t len)
{
	unsigned reason = judge(guard_tail(g, text, len), len);

	assert_int_equal(judge(guard_head(g, text, len), len), reason);
	return reason;
}

static const char *const seeds[] = {
	"sip:+44-20(7946)0000;phone-context=+44:p%20w@[2001:db8::10]:5060;user=phone;lr?a=b&c=",
	"sips:al%69ce%00;x=1@host-1.example.net.:5061;transport=udp;maddr=192.0.2.1;gr",
	"tel:112;phone-context=example.com;isub=12;rn=+1;tgrp=x;trunk-context=y",
	"sip:00442079460000@192.0.2.10:65535;user=dialstring",
};

static void a_uri_cut_anywhere_is_read_no_further(void **state)
{
	struct guard g;
	(void)state;

	guard_init(&g);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		assert_int_equal(judge_all(&g, seeds[i], strlen(seeds[i])), NX_R_UNDECIDED);
		for (size_t len = 0; len < strlen(seeds[i]); len++)
			(void)judge_all(&g, seeds[i], len);
	}
	guard_fini(&g);
}

static uint32_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 32);
}

static void no_bytes_break_the_parser(void **state)
{
	static const char spice[] =
		"sip:tel@[]%;=?&+0123456789aA.-()*#/\"<> \r\n\t\0\x80\xff:,%00%2";
	struct guard g;
	uint8_t text[256];
	uint64_t x = 0x9e3779b97f4a7c15;
	unsigned accepted = 0;
	(void)state;

	guard_init(&g);
	for (int round = 0; round < 200000; round++) {
		const char *seed = seeds[next_random(&x) % 4];
		size_t len = strlen(seed);
		unsigned edits = next_random(&x) % 4;

		memcpy(text, seed, len);
		if (round % 8 == 0) {
			len = next_random(&x) % 64;
			for (size_t i = 4; i < len; i++)
				text[i] = (uint8_t)spice[next_random(&x) % (sizeof(spice) - 1)];
		}
		while (edits-- && len)
			text[next_random(&x) % len] =
				round % 2 ? (uint8_t)next_random(&x)
					  : (uint8_t)spice[next_random(&x) % (sizeof(spice) - 1)];
		accepted += judge_all(&g, text, len) == NX_R_UNDECIDED;
	}
	assert_in_range(accepted, 10000, 190000);
	guard_fini(&g);
}

/* write_host puts together a host of letters, digits, dots and dashes, often a sound one. */
static size_t write_host(char *out, uint64_t *x)
{
	static const char alphabet[] = "aZ019-..";
	size_t n = 0, labels = 1 + next_random(x) % 5;

	if (next_random(x) % 2)
		return (size_t)sprintf(out, "%u.%u.%u.%u%s", next_random(x) % 270,
			next_random(x) % 270, next_random(x) % 12, next_random(x) % 120,
			next_random(x) % 16 ? "" : ".");
	while (labels--) {
		size_t len = 1 + next_random(x) % (next_random(x) % 8 ? 6 : 30);

		while (len--)
			out[n++] = (next_random(x) % 16) ? (char)('a' + next_random(x) % 26)
							 : alphabet[next_random(x) % 8];
		if (labels || next_random(x) % 8 == 0)
			out[n++] = '.';
	}
	return n;
}

/* Users, hosts, ports and parameters of every length around the blocks, one byte changed in every
 * second URI. */
static void bits_and_table_read_every_uri_alike(void **state)
{
	static const char *const user[] = {"", "+", "+44", "alice.b-c", "a%20b", "a_b", "+4;ext=1"},
				 *const port[] = {"", ":5060", ":506", ":50601", ":65536", ":0",
					 ":5x60", ":0000", ":", ":9999"},
				 *const param[] = {"", ";user=phone", ";user=phone;user=ip",
					 ";user=phonex", ";user=phone%41", ";user=phone?a=b",
					 ";transport=udp;user=phone", ";lr;x=1", ";user=PHONE"};
	struct guard g;
	uint64_t x = 0xd1b54a32d192ed03;
	unsigned accepted = 0;
	(void)state;

	guard_init(&g);
	for (int round = 0; round < 400000; round++) {
		char text[512];
		size_t len = (size_t)sprintf(
			text, "%s%s", round % 8 ? "sip:" : "sIPs:", user[next_random(&x) % 7]);

		for (unsigned n = next_random(&x) % 24; n--;)
			text[len++] = (char)('0' + next_random(&x) % 10);
		if (next_random(&x) % 8)
			text[len++] = '@';
		len += write_host(text + len, &x);
		len += (size_t)sprintf(
			text + len, "%s%s", port[next_random(&x) % 10], param[next_random(&x) % 9]);
		if (round % 2)
			text[next_random(&x) % len] = (char)next_random(&x);
		accepted += judge_all(&g, text, len) == NX_R_UNDECIDED;
	}
	assert_in_range(accepted, 50000, 350000);
	guard_fini(&g);
}

/* What is taken at a glance, and what nearly is: one edit in every second URI. */
static void the_usual_uri_is_read_as_any_other(void **state)
{
	static const char *const host[] = {"192.0.2.10", "1.2.3.4", "255.255.255.255", "10.0.0.256",
		"203.0.113.299", "192.0.2.010", "1.2.3", "0.0.0.0", "sbc.example.net",
		"sbc-1.carrier.example.net.", "a", "9to5.com", "1.2.3.4.example", "x.1"},
				 *const tail[] = {"", ":5060", ";user=phone", ":5060;user=phone",
					 ":1;user=phone", ":65535", ":0000",
					 ";user=phone;user=phone"};
	static const char edits[] = "sip:+0259@.-;:=aAzZ_%/?\0\xb0";
	struct guard g;
	uint64_t x = 0x8a5cd789635d2dff;
	unsigned accepted = 0;
	(void)state;

	guard_init(&g);
	for (int round = 0; round < 300000; round++) {
		char text[128];
		size_t len = (size_t)sprintf(text, "sip:%s", next_random(&x) % 4 ? "+" : "");

		for (unsigned n = next_random(&x) % 8 ? 7 + next_random(&x) % 9
						      : next_random(&x) % 20;
			n--;)
			text[len++] = (char)('0' + next_random(&x) % 10);
		len += (size_t)sprintf(
			text + len, "@%s%s", host[next_random(&x) % 14], tail[next_random(&x) % 8]);
		if (round % 2)
			text[next_random(&x) % len] = edits[next_random(&x) % (sizeof(edits) - 1)];
		accepted += judge_all(&g, text, len) == NX_R_UNDECIDED;
	}
	assert_in_range(accepted, 100000, 250000);
	guard_fini(&g);
}

static void digits_are_counted_as_one_by_one(void **state)
{
	struct guard g;
	uint64_t x = 0x2545f4914f6cdd1d;
	(void)state;

	guard_init(&g);
	for (int round = 0; round < 200000; round++) {
		uint8_t text[40];
		uint32_t len = next_random(&x) % sizeof(text), n = 0;

		for (uint32_t i = 0; i < len; i++)
			text[i] = (uint8_t)('0' + next_random(&x) % 10);
		for (unsigned edits = next_random(&x) % 3; edits-- && len;)
			text[next_random(&x) % len] = (uint8_t)next_random(&x);
		while (n < len && text[n] >= '0' && text[n] <= '9')
			n++;
		assert_int_equal(nx_uri_digits(guard_tail(&g, text, len), len), n);
		assert_int_equal(nx_uri_digits(guard_head(&g, text, len), len), n);
	}
	guard_fini(&g);
}

/* ---- corpora ---- */

/* request_uri finds the second word of the first line. */
static bool request_uri(const uint8_t *m, size_t len, size_t *from, size_t *to)
{
	const uint8_t *line_end = memchr(m, '\n', len), *a, *b;

	if (!line_end || !(a = memchr(m, ' ', (size_t)(line_end - m))))
		return false;
	b = memmem(a + 1, (size_t)(line_end - a - 1), " SIP/2.0", 8);
	*from = (size_t)(a + 1 - m);
	*to = b ? (size_t)(b - m) : 0;
	return b != NULL && b > a;
}

/* replay_file judges the Request-URI of a file, if it has one. */
static bool replay_file(struct guard *g, const char *path, unsigned *reason)
{
	uint8_t m[4096];
	size_t len, from, to;
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	len = fread(m, 1, sizeof(m), f);
	(void)fclose(f);
	if (!request_uri(m, len, &from, &to))
		return false;
	*reason = judge_all(g, m + from, to - from);
	return true;
}

/* replay_folder judges the files of a corpus whose names begin with prefix; returns how many. */
static unsigned replay_folder(const char *corpus, const char *prefix, unsigned *accepted)
{
	const char *root = getenv("NX_CORPORA") ? getenv("NX_CORPORA") : "../shared/corpora";
	char path[PATH_MAX];
	struct dirent *e;
	struct guard g;
	unsigned n = 0, reason;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s/raw", root, corpus);
	dir = opendir(path);
	if (!dir)
		return 0;
	guard_init(&g);
	while ((e = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "%s/%s/raw/%s", root, corpus, e->d_name);
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
			replay_file(&g, path, &reason)) {
			n++;
			*accepted += reason == NX_R_UNDECIDED;
		}
	}
	guard_fini(&g);
	(void)closedir(dir);
	return n;
}

static void the_uris_of_the_corpora_are_read(void **state)
{
	static const char *const corpora[] = {"rfc4475", "rfc5118", "sofia-sip-tests",
		"jain-sip-torture", "kamailio-test-sip", "pjsip-fuzz-seeds", "abnf-generated"};
	unsigned n = 0, accepted = 0;
	(void)state;

	for (size_t i = 0; i < sizeof(corpora) / sizeof(corpora[0]); i++)
		n += replay_folder(corpora[i], "", &accepted);
	if (n == 0) {
		print_message("skipped: no corpora\n");
		skip();
	}
	print_message("%u of %u Request-URIs are of the grammar\n", accepted, n);
	assert_true(accepted > n / 2 && accepted < n);
}

/* Generated from the ABNF of RFC 3261: all of them are of the grammar. */
static void every_uri_that_the_grammar_generates_is_taken(void **state)
{
	unsigned accepted = 0, n = replay_folder("abnf-generated", "sip-uri", &accepted);
	(void)state;

	if (n == 0) {
		print_message("skipped: no corpora\n");
		skip();
	}
	assert_int_equal(accepted, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_where_it_was_written),
		cmocka_unit_test(what_the_grammar_does_not_know_is_refused),
		cmocka_unit_test(a_parameter_that_decides_stands_once),
		cmocka_unit_test(rule_10_schemes_but_sip_sips_and_tel_are_told_apart),
		cmocka_unit_test(rule_06_contact_parameters_are_seen),
		cmocka_unit_test(rule_27_equivalent_is_same_user_at_same_host),
		cmocka_unit_test(a_uri_cut_anywhere_is_read_no_further),
		cmocka_unit_test(no_bytes_break_the_parser),
		cmocka_unit_test(bits_and_table_read_every_uri_alike),
		cmocka_unit_test(the_usual_uri_is_read_as_any_other),
		cmocka_unit_test(digits_are_counted_as_one_by_one),
		cmocka_unit_test(the_uris_of_the_corpora_are_read),
		cmocka_unit_test(every_uri_that_the_grammar_generates_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
