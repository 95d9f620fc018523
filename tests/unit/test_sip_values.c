/* The SIP parser: header values and the top Via (rules 14 and 18). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

/* ---- rule 14 ---- */

static void rule_14_obligatory_headers(void **state)
{
	static const char *const lines[] = {VIA, FROM, TO, CALL_ID, CSEQ};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_with(NX_R_MISSING_HEADER, lines[i], "");
	expect_with(NX_R_UNDECIDED, HOPS, "");
}

static void rule_14_headers_that_stand_once(void **state)
{
	static const char *const lines[] = {FROM, TO, CALL_ID, CSEQ, HOPS,
		"f: <sip:caller@example.org>;tag=fromtag1\r\n", "T: <sip:callee@example.net>\r\n",
		"i: sample1@192.0.2.1\r\n", "l: 0\r\nContent-Length: 0\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_extra(NX_R_REPEATED_HEADER, lines[i]);
	expect_extra(NX_R_UNDECIDED, "Subject: a\r\nSubject: b\r\nl: 0\r\n");
}

static void rule_14_cseq(void **state)
{
	static const struct {
		unsigned reason;
		const char *line;
	} rows[] = {
		{NX_R_UNDECIDED, "CSeq: 2147483647 INVITE\r\n"},
		{NX_R_UNDECIDED, "CSeq: 0000000000000000000001\r\n  INVITE\r\n"},
		{NX_R_UNDECIDED, "cseq :0\tINVITE \r\n"},
		{NX_R_BAD_VALUE, "CSeq: 2147483648 INVITE\r\n"},
		{NX_R_BAD_VALUE, "CSeq: 36893488147419103232 INVITE\r\n"},
		{NX_R_BAD_VALUE, "CSeq: -1 INVITE\r\n"},
		{NX_R_BAD_VALUE, "CSeq: 1INVITE\r\n"},
		{NX_R_BAD_VALUE, "CSeq: 1\r\n"},
		{NX_R_BAD_VALUE, "CSeq: INVITE\r\n"},
		{NX_R_BAD_VALUE, "CSeq:\r\n"},
		{NX_R_CSEQ_METHOD, "CSeq: 1 OPTIONS\r\n"},
		{NX_R_CSEQ_METHOD, "CSeq: 1 invite\r\n"},
		{NX_R_CSEQ_METHOD, "CSeq: 1 INVITED\r\n"},
		{NX_R_CSEQ_METHOD, "CSeq: 1 INVITE x\r\n"},
	};

	unsigned number = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_with(rows[i].reason, CSEQ, rows[i].line);
	expect_with(NX_R_UNDECIDED, CSEQ, "CSeq: 0004711 INVITE\r\n");
	assert_int_equal(checked.cseq_number, 4711);
	expect_span(checked.cseq, "0004711 INVITE");
	for (unsigned digits = 1; digits <= 9; digits++) {
		char line[64];

		snprintf(line, sizeof(line), "CSeq: %.*s INVITE\r\n", (int)digits, "123456789");
		expect_with(NX_R_UNDECIDED, CSEQ, line);
		number = number * 10 + digits;
		assert_int_equal(checked.cseq_number, number);
	}
}

static void rule_14_max_forwards(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, HOPS, "Max-Forwards: 0068\r\n");
	assert_false(checked.flags & NX_SIP_MAX_FORWARDS_0);
	expect_with(NX_R_UNDECIDED, HOPS, "Max-Forwards: 00\r\n");
	assert_true(checked.flags & NX_SIP_MAX_FORWARDS_0);
	expect_with(NX_R_UNDECIDED, HOPS, "Max-Forwards: 255\r\n");
	expect_with(NX_R_BAD_VALUE, HOPS, "Max-Forwards: 256\r\n");
	expect_with(NX_R_BAD_VALUE, HOPS, "Max-Forwards: 4294967296\r\n");
	expect_with(NX_R_BAD_VALUE, HOPS, "Max-Forwards: -1\r\n");
	expect_with(NX_R_BAD_VALUE, HOPS, "Max-Forwards: 70 hops\r\n");
	expect_with(NX_R_BAD_VALUE, HOPS, "Max-Forwards:\r\n");
}

static void rule_14_not_a_missing_from_tag_or_branch(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, FROM, "From: sip:caller@example.org\r\n");
	assert_int_equal(checked.from_tag.off, 0);
	expect_with(NX_R_UNDECIDED, VIA, "Via: SIP/2.0/UDP iftgw.example.com\r\n");
	assert_int_equal(checked.branch.off, 0);
	assert_int_equal(checked.sent_port, 0);
	expect_span(checked.top_via, "SIP/2.0/UDP iftgw.example.com");
}

static void rule_14_call_id(void **state)
{
	static const struct {
		unsigned reason;
		const char *line;
	} rows[] = {
		{NX_R_UNDECIDED, "Call-ID: a\r\n"},
		{NX_R_UNDECIDED, "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"},
		{NX_R_BAD_VALUE, "Call-ID:\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: \t \r\n"},
		{NX_R_BAD_VALUE, "Call-ID: @host\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a@\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a@b@c\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a b\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a\r\n b\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a,b\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: a;b\r\n"},
		{NX_R_BAD_VALUE, "Call-ID: \xc3\xbc\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_with(rows[i].reason, CALL_ID, rows[i].line);
}

struct addr_row {
	unsigned reason;
	const char *value, *uri, *tag; /* tag NULL: none */
};

static const struct addr_row addr_rows[] = {
	{NX_R_UNDECIDED, "<sip:a@b>", "sip:a@b", NULL},
	{NX_R_UNDECIDED, "sip:a@b", "sip:a@b", NULL},
	{NX_R_UNDECIDED, "sip:a@b;tag=x", "sip:a@b", "x"},
	{NX_R_UNDECIDED, "sip:a@b ;   tag    = 19n", "sip:a@b", "19n"},
	{NX_R_UNDECIDED, "sip:a@b;user=phone", "sip:a@b", NULL},
	{NX_R_UNDECIDED, "tel:+1-202;TAG=y", "tel:+1-202", "y"},
	{NX_R_UNDECIDED, "isbn:2983792873", "isbn:2983792873", NULL},
	{NX_R_UNDECIDED, "<sip:a@b;tag=inner>", "sip:a@b;tag=inner", NULL},
	{NX_R_UNDECIDED, "<sip:a,b;c?@[2001:db8::1]:5060;lr?h=v>;tag=1",
		"sip:a,b;c?@[2001:db8::1]:5060;lr?h=v", "1"},
	{NX_R_UNDECIDED, "caller<sip:a@b>", "sip:a@b", NULL},
	{NX_R_UNDECIDED, "T. J. O'Neil-Smith \t <sip:a@b> ; tag=z ;x", "sip:a@b", "z"},
	{NX_R_UNDECIDED, "\"\"<sip:a@b>", "sip:a@b", NULL},
	{NX_R_UNDECIDED, "\"J \\\"Q\\\\\" <sip:a@b>;tag=x", "sip:a@b", "x"},
	{NX_R_UNDECIDED, "\"<sip:x@y>;tag=no, \xc3\xbc\" <sip:a@b>", "sip:a@b", NULL},
	{NX_R_UNDECIDED,
		"\"a long name of more than one block\r\n folded\"\r\n <sip:a@b>\r\n\t;tag=q",
		"sip:a@b", "q"},
	{NX_R_BAD_VALUE, "<sip:a@b>;p=\"x;tag=no\";tag=yes", NULL, NULL}, /* some see two */
	{NX_R_UNDECIDED, "<sip:a@b>;p=[::1];q=h.example;tag=yes", "sip:a@b", "yes"},
	{NX_R_UNDECIDED, "<sip:a@b>;tags=1;ta=2", "sip:a@b", NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=x;tag=x", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=x;Tag=y", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=\"x\"", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=a:b", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;tag=x y", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;;tag=x", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>;=x;tag=x", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>tag=x", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b>, <sip:c@d>", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a@b", NULL, NULL},
	{NX_R_BAD_VALUE, "sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "<<sip:a@b>>", NULL, NULL},
	{NX_R_BAD_VALUE, "<>", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:>", NULL, NULL},
	{NX_R_BAD_VALUE, "<a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "", NULL, NULL},
	{NX_R_BAD_VALUE, ";tag=x", NULL, NULL},
	{NX_R_BAD_VALUE, "< sip:a@b >", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a @b>", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a\x01@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "<sip:a\r\n @b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"unterminated <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"escaped end\\\" <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"control \x02\" <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"bad escape \\\xc3\xbc\" <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"a\" b <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "\"a\" sip:a@b", NULL, NULL},
	{NX_R_BAD_VALUE, "Bell, Alexander <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "Bell sip:a@b", NULL, NULL},
	{NX_R_BAD_VALUE, "M\xc3\xbcller <sip:a@b>", NULL, NULL},
	{NX_R_BAD_VALUE, "sip:a@b?subject=x", NULL, NULL},
	{NX_R_BAD_VALUE, "sip:a,b@c", NULL, NULL},
	{NX_R_BAD_VALUE, "sip:user;par=u@example.net", NULL, NULL},
	{NX_R_BAD_VALUE, "\"", NULL, NULL},
	{NX_R_BAD_VALUE, "\"\\", NULL, NULL},
};

static void rule_14_from_values(void **state)
{
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(addr_rows) / sizeof(addr_rows[0]); i++) {
		const struct addr_row *row = &addr_rows[i];

		snprintf(line, sizeof(line), "From: %s\r\n", row->value);
		expect_with(row->reason, FROM, line);
		if (row->reason != NX_R_UNDECIDED)
			continue;
		expect_span(checked.from, row->value);
		if (row->tag)
			expect_span(checked.from_tag, row->tag);
		else
			assert_int_equal(checked.from_tag.off, 0);
	}
}

static void rule_14_to_values(void **state)
{
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(addr_rows) / sizeof(addr_rows[0]); i++) {
		const struct addr_row *row = &addr_rows[i];

		snprintf(line, sizeof(line), "To: %s\r\n", row->value);
		expect_with(row->reason, TO, line);
		if (row->reason != NX_R_UNDECIDED)
			continue;
		expect_span(checked.to_uri, row->uri);
		assert_int_equal(!!(checked.flags & NX_SIP_TO_TAG), row->tag != NULL);
		if (row->tag)
			expect_span(checked.to_tag, row->tag);
	}
}

static void rule_14_to_tag_without_value_is_a_tag(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, TO, "To: <sip:a@b>;tag\r\n");
	assert_true(checked.flags & NX_SIP_TO_TAG);
	assert_int_equal(checked.to_tag.len, 0);
	expect_with(NX_R_BAD_VALUE, FROM, "From: <sip:a@b>;tag\r\n");
}

/* ---- rule 18 ---- */

static void rule_18_transport_and_maddr(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, "SIP/2.0/UDP", "SIP/2.0/UDP2");
	assert_false(checked.flags & NX_SIP_VIA_UDP);
	expect_with(NX_R_UNDECIDED, "SIP/2.0/UDP", "SIP/2.0/TCP");
	assert_false(checked.flags & NX_SIP_VIA_UDP);
	expect_with(NX_R_UNDECIDED, VIA, "Via: SIP/2.0/TCP a\r\n" VIA);
	assert_false(checked.flags & NX_SIP_VIA_UDP);
	expect_with(NX_R_UNDECIDED, ";rport", ";MADDR=239.255.255.1;ttl=16");
	assert_true(checked.flags & NX_SIP_VIA_MADDR);
}

static void rule_18_not_udp_in_any_form_nor_what_other_vias_say(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, "SIP/2.0/UDP", "sip / 2.0 /\r\n udp");
	assert_true(checked.flags & NX_SIP_VIA_UDP);
	expect_with(NX_R_UNDECIDED, VIA, VIA "Via: SIP/2.0/TCP a;maddr=1.2.3.4\r\n");
	assert_true(checked.flags & NX_SIP_VIA_UDP);
	assert_false(checked.flags & NX_SIP_VIA_MADDR);
}

static void rule_18_top_via_parts(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, VIA,
		"Via: SIP/2.0/UDP [2001:db8::9] : 6050 ;Branch = a~b;received=[::1] ;RPort=7 "
		",SIP/2.0/UDP x\r\n");
	expect_span(checked.sent_host, "[2001:db8::9]");
	expect_span(checked.sent_by, "[2001:db8::9] : 6050");
	assert_int_equal(checked.sent_port, 6050);
	expect_span(checked.branch, "a~b");
	expect_span(checked.received, ";received=[::1]");
	expect_span(checked.rport, ";RPort=7");
	expect_span(checked.top_via,
		"SIP/2.0/UDP [2001:db8::9] : 6050 ;Branch = a~b;received=[::1] "
		";RPort=7");
	assert_true(checked.flags & NX_SIP_RPORT && checked.flags & NX_SIP_RPORT_VALUE);
	expect_with(NX_R_UNDECIDED, ";rport", ";received=2001:db8::9:255;x=[::1];y");
	expect_span(checked.received, ";received=2001:db8::9:255");
	assert_false(checked.flags & NX_SIP_RPORT);
}

static void rule_18_bad_top_vias(void **state)
{
	static const char *const values[] = {"SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 UDP a",
		"SIP/7.0/UDP a", "SIP/2.00/UDP a", "HTTP/2.0/UDP a", "SIP/2.0/ a", "/2.0/UDP a",
		"SIP/2.0/UDP ;branch=x", "SIP/2.0/UDP a:0", "SIP/2.0/UDP a:65536",
		"SIP/2.0/UDP a:4294967297", "SIP/2.0/UDP a:", "SIP/2.0/UDP a:5060x",
		"SIP/2.0/UDP a:-1", "SIP/2.0/UDP a b", "SIP/2.0/UDP a_b", "SIP/2.0/UDP [::1",
		"SIP/2.0/UDP []", "SIP/2.0/UDP [::g]", "SIP/2.0/UDP ::1", "SIP/2.0/UDP <a>",
		"SIP/2.0/UDP a;", "SIP/2.0/UDP a;;b", "SIP/2.0/UDP a;=b", "SIP/2.0/UDP a;branch",
		"SIP/2.0/UDP a;branch=", "SIP/2.0/UDP a;branch=\"x\"", "SIP/2.0/UDP a;branch=x@y",
		"SIP/2.0/UDP a;branch=1;branch=1", "SIP/2.0/UDP a;rport;rport=1",
		"SIP/2.0/UDP a;rport=", "SIP/2.0/UDP a;rport=x", "SIP/2.0/UDP a;rport=1x",
		"SIP/2.0/UDP a;rport=65536", "SIP/2.0/UDP a;received",
		"SIP/2.0/UDP a;received=1.2.3.4;received=1.2.3.4", "SIP/2.0/UDP a;maddr",
		"SIP/2.0/UDP a;maddr=b;maddr=b", "SIP/2.0/UDP a;x=\"y", "SIP/2.0/UDP a,",
		"SIP/2.0/UDP a,,b", "SIP/2.0/UDP a, ,b", "SIP/2.0/UDP a,b;x=\"y",
		"SIP/2.0/UDP a;x=\"y\"z", "SIP/2.0/UDP a;x=\"y\"",
		"SIP/2.0/UDP a,SIP/2.0/UDP b;x=\"y\"", ",SIP/2.0/UDP a"};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(line, sizeof(line), "Via: %s\r\n", values[i]);
		expect_with(NX_R_BAD_VIA, VIA, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_14_obligatory_headers),
		cmocka_unit_test(rule_14_headers_that_stand_once),
		cmocka_unit_test(rule_14_cseq),
		cmocka_unit_test(rule_14_max_forwards),
		cmocka_unit_test(rule_14_not_a_missing_from_tag_or_branch),
		cmocka_unit_test(rule_14_call_id),
		cmocka_unit_test(rule_14_from_values),
		cmocka_unit_test(rule_14_to_values),
		cmocka_unit_test(rule_14_to_tag_without_value_is_a_tag),
		cmocka_unit_test(rule_18_transport_and_maddr),
		cmocka_unit_test(rule_18_not_udp_in_any_form_nor_what_other_vias_say),
		cmocka_unit_test(rule_18_top_via_parts),
		cmocka_unit_test(rule_18_bad_top_vias),
	};

	return cmocka_run_group_tests_name(
		"sip_values", tests, sip_check_setup, sip_check_teardown);
}
