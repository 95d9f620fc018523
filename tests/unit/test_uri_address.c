/* URIs in From and To: which of them a request may have and be answered (rule 13), in each form in
 * which they stand there, and by every way of the parser alike. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dataplane/core/uri.h"
#include "nxsip/verdict.h"
#include "tests/unit/guard.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const char *const sound[] = {
	"sip:a@b", "sip:@b", "sip:bb", "sips:b", "sip:bb:5060", "sip:bb;lr", "sip:192.0.2.1",
	"SIP:a@b", "SiPs:a@b:5061",
	"sip:+442079460000@sbc-1.example.net", "sip:+@b", "sip:1001@192.0.2.1:5060",
	"sip:1001@192.0.2.1:1", "sip:1001@192.0.2.1:65535", "sip:1001@192.0.2.1:05060",
	"sip:+442079460000@example.net:5060;user=phone", "sip:a@b;transport=udp", "sip:a@b;x",
	"sip:a@b;x;y=z;user=phone", "sip:a@b;x=[::1]", "sip:a@b;x=%41", "sip:a@b?x=y&z=",
	"sip:a.b-c_d@b", "sip:trunk_1@example.net", "sip:a!b~c*d'e(f)g@b", "sip:a&b=c+d$e,f;g?h/i@b",
	"sip:a%41%00@b", "sip:a:pw@b", "sip:a:@b", "sip:a:p%40&=+$,@b",
	"sip:a@[2001:db8::1]", "sip:a@[2001:db8::1]:5060;lr", "sip:[::1]:5060",
	"sip:a@b.", "sip:a@example.net.:5060",
	/* as in a Via: nobody looks them up */
	"sip:a@-b", "sip:a@b..c", "sip:a@1.2.3", "sip:a@01.2.3.999", "sip:a@1a",
	"tel:+44(20)7946-00.00", "tel:7042", "tel:12", "tel:+1", "tel:aBc*1;phone-context=+44",
	"TEL:+442079460000;isub=1;x", "tel:*21",
	"urn:service:sos", "URN:service:sos.police", "isbn:2983792873", "http://www.example.com",
	"im:a.b@example.net", "pres:a_b@example.net", "mailto:a@b", "fo:abc",
	"nobodyKnowsThisScheme:totallyopaquecontent",
};

static const char *const doubtful[] = {
	/* no user, host or port where one has to be */
	"sip:a:pw2example.net", "sip:", "sip:@", "sip::@b", "sip::x@b", "sip:a@",
	"sip:a@:5060", "sip:a@;x", "sip:a@?x", "sip::5060", "sip:;lr", "sip:a@b:", "sip:a@b:;x",
	"sip:a@b:0", "sip:a@b:00000", "sip:a@b:65536", "sip:a@b:005060", "sip:a@b:99999999999",
	"sip:a@b:x", "sip:a@b:5060x", "sip:a@b:5060:5060", "sip:a@b:-1", "sip:a:b:c@d",
	/* hosts */
	"sip:a@b_c", "sip:a@b%41", "sip:a@b/c", "sip:a@b#c", "sip:a@b@c", "sip:a@b,c", "sip:a@b+c",
	"sip:a@[::1", "sip:a@[::g]", "sip:a@[]", "sip:a@[1]", "sip:a@::1", "sip:a@[::1]x",
	"sip:a@[::1]:", "sip:a@[[::1]]",
	/* users and passwords */
	"sip:a%@b", "sip:a%4@b", "sip:a%4g@b", "sip:a%%41@b", "sip:a#b@c", "sip:a[b@c", "sip:a\\b@c",
	"sip:a^b@c", "sip:a`b@c", "sip:a{b@c", "sip:a|b@c", "sip:a:p;x@b", "sip:a:p/x@b", "sip:a:p%@b",
	/* parameters and headers */
	"sip:a@b;", "sip:a@b;;x", "sip:a@b;=x", "sip:a@b;x=", "sip:a@b;x=y=z", "sip:a@b;x=%4",
	"sip:a@b;x=@", "sip:a@b;x=a,b", "sip:a@b;user=phone;user=phone", "sip:a@b;lr;LR",
	"sip:a@b;u%73er=phone", "sip:a@b?", "sip:a@b;x?", "sip:a@b?x=%", "sip:a@b?x?#",
	/* too short for some */
	"sip:b", "tel:1", "foo:x", "fo:ab", "f:abcdef",
	/* schemes */
	"s%69p:x", "s%69p:x@y", "a@b", "sip", "*:x@y.z", "+sip:a@b", "1ab:abc", "f!o:abc", "f_o:abc",
	"sipx:a@b", "sipsx:a@b", "SIPfoo:a@b.example", "h323:a@b.example", "f.o:abc", "f-o:abc",
	/* numbers */
	"tel:", "tel:+", "tel:..", "tel:+..#", "tel:+..", "tel:+44#", "tel:+44*", "tel:+44a", "tel:4#4",
	"tel:4+4", "tel:++44", "tel:xyz", "tel:+44;", "tel:+44;=x", "tel:+44;x=", "tel:+44?x=y",
	"tel:+44@b", "tel:+44%35", "tel:+44_5", "tel:;x=y", "tel:+44:5060",
	/* what some look for a port, parameters, escapes or a host in */
	"http://www.example.com:x/", "http://www.example.com:80", "foo:a:b", "foo:a%41b", "foo:a;b",
	"foo:a?b", "foo:a#b", "foo:a[b", "im:a@", "im:@a", "im:a@;b", "im:a@/b", "im:///a@b", "urn:a%41b", "urn:[::1]",
	"foo:", "urn:", "foo:\\a", "foo:a^b",
};
/* clang-format on */

static void expect_uri(unsigned reason, const char *format, const char *uri)
{
	char value[128], line[160];

	snprintf(value, sizeof(value), format, uri);
	snprintf(line, sizeof(line), "From: %s;tag=fromtag1\r\n", value);
	expect_with(reason, FROM, line);
	if (reason == NX_R_UNDECIDED)
		expect_span(checked.from_tag, "fromtag1");
	snprintf(line, sizeof(line), "To: %s\r\n", value);
	expect_with(reason, TO, line);
	if (reason == NX_R_UNDECIDED) {
		expect_span(checked.to, value);
		expect_span(checked.to_uri, uri);
	}
	snprintf(line, sizeof(line), "To: %s;tag=totag1\r\n", value);
	expect_with(reason, TO, line);
	if (reason == NX_R_UNDECIDED) {
		expect_span(checked.to_uri, uri);
		expect_span(checked.to_tag, "totag1");
	}
}

static void expect_everywhere(unsigned reason, const char *uri)
{
	static const char *const formats[] = {"<%s>", "\"A B\" <%s>", "A <%s>", "<%s>;x=y"};

	for (size_t i = 0; i < N(formats); i++)
		expect_uri(reason, formats[i], uri);
}

static void rule_13_a_doubtful_uri_in_from_or_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(doubtful); i++)
		expect_everywhere(NX_R_BAD_VALUE, doubtful[i]);
}

static void rule_13_not_a_sound_uri_in_from_or_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(sound); i++)
		expect_everywhere(NX_R_UNDECIDED, sound[i]);
}

/* Without brackets, what follows a ';' is the header's, and ',' and '?' stand nowhere. */
static void rule_13_the_same_without_brackets(void **state)
{
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < N(doubtful); i++)
		if (!strpbrk(doubtful[i], ";,?"))
			expect_uri(NX_R_BAD_VALUE, "%s", doubtful[i]);
	for (size_t i = 0; i < N(sound); i++)
		if (!strpbrk(sound[i], ";,?")) {
			expect_uri(NX_R_UNDECIDED, "%s", sound[i]);
			taken++;
		}
	assert_in_range(taken, 20, SIZE_MAX);
}

static void rule_13_space_behind_a_bare_number_or_port(void **state)
{
	(void)state;
	expect_with(NX_R_BAD_VALUE, TO, "To: tel:+442079460000 ;x=y\r\n");
	expect_with(NX_R_BAD_VALUE, FROM, "From: isbn:2983792873\r\n ;tag=1\r\n");
	expect_with(NX_R_BAD_VALUE, FROM, "From: sip:a@b:5060 ;tag=1\r\n");
	expect_with(NX_R_UNDECIDED, TO, "To: tel:+442079460000\t\r\n");
	expect_span(checked.to_uri, "tel:+442079460000");
	expect_with(NX_R_UNDECIDED, TO, "To: <tel:+442079460000> ;x=y\r\n");
	expect_with(NX_R_UNDECIDED, TO, "To: siP:a@b ;x=y\r\n");
	expect_span(checked.to_uri, "siP:a@b");
	expect_with(NX_R_UNDECIDED, FROM, "From: sips:a@b\r\n\t;tag=1\r\n");
}

static bool is_address(const uint8_t *text, size_t len)
{
	return nx_uri_is_address(text, (struct nx_span){0, (uint16_t)len});
}

static void nothing_outside_the_uri_is_read(void **state)
{
	struct guard g;

	(void)state;
	guard_init(&g);
	for (size_t i = 0; i < N(sound) + N(doubtful); i++) {
		const char *uri = i < N(sound) ? sound[i] : doubtful[i - N(sound)];
		size_t whole = strlen(uri);

		for (size_t len = 0; len <= whole; len++)
			assert_int_equal(is_address(guard_tail(&g, uri, len), len),
				is_address(guard_head(&g, uri, len), len));
		assert_int_equal(is_address(guard_tail(&g, uri, whole), whole), i < N(sound));
	}
	guard_fini(&g);
}

/* A host counts for what it is where it is asked for, so that nx_uri_parse takes fewer. */
static void what_a_request_uri_may_be_is_an_address(void **state)
{
	size_t taken = 0;
	struct nx_uri u;

	(void)state;
	for (size_t i = 0; i < N(sound); i++) {
		const uint8_t *uri = (const uint8_t *)sound[i];
		struct nx_span span = {0, (uint16_t)strlen(sound[i])};

		taken += nx_uri_parse(uri, span, &u) == NX_R_UNDECIDED;
	}
	assert_in_range(taken, N(sound) / 2, N(sound) - 5);
	for (size_t i = 0; i < N(doubtful); i++) {
		const uint8_t *uri = (const uint8_t *)doubtful[i];
		struct nx_span span = {0, (uint16_t)strlen(doubtful[i])};

		if (nx_uri_parse(uri, span, &u) == NX_R_UNDECIDED && u.has_user && span.len > 5)
			assert_int_equal(u.scheme, NX_URI_TEL);
	}
}

/* Long ones, around the length of a block. */
static void rule_13_not_a_long_uri_that_is_sound(void **state)
{
	char uri[128];

	(void)state;
	for (int n = 40; n < 80; n++) {
		snprintf(uri, sizeof(uri), "sip:%0*d@h", n, 0);
		expect_everywhere(NX_R_UNDECIDED, uri);
		snprintf(uri, sizeof(uri), "sip:a@%0*d:5060;x=y", n, 0);
		expect_everywhere(NX_R_UNDECIDED, uri);
		snprintf(uri, sizeof(uri), "sip:a_b@%0*d", n, 0);
		expect_everywhere(NX_R_UNDECIDED, uri);
		snprintf(uri, sizeof(uri), "sip:%0*d@h:0", n, 0);
		expect_everywhere(NX_R_BAD_VALUE, uri);
		snprintf(uri, sizeof(uri), "sip:%0*d", n, 0);
		expect_everywhere(NX_R_UNDECIDED, uri);
		snprintf(uri, sizeof(uri), "sip:a@%0*d;x=", n, 0);
		expect_everywhere(NX_R_BAD_VALUE, uri);
		snprintf(uri, sizeof(uri), "sip:a@h;x=%0*d", n, 0);
		expect_everywhere(NX_R_UNDECIDED, uri);
		snprintf(uri, sizeof(uri), "sip:a@h:%0*d", n, 1);
		expect_everywhere(NX_R_BAD_VALUE, uri);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_13_a_doubtful_uri_in_from_or_to),
		cmocka_unit_test(rule_13_not_a_sound_uri_in_from_or_to),
		cmocka_unit_test(rule_13_the_same_without_brackets),
		cmocka_unit_test(rule_13_space_behind_a_bare_number_or_port),
		cmocka_unit_test(rule_13_not_a_long_uri_that_is_sound),
		cmocka_unit_test(nothing_outside_the_uri_is_read),
		cmocka_unit_test(what_a_request_uri_may_be_is_an_address),
	};

	return cmocka_run_group_tests_name(
		"uri_address", tests, sip_check_setup, sip_check_teardown);
}
