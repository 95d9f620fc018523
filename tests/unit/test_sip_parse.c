/* The SIP parser: what is a request, its lines and its headers (rules 13, 15, 16 and 17). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dataplane/core/sip_class.h"
#include "nxsip/verdict.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

static void typical_invite_gives_every_part(void **state)
{
	struct sample s;

	(void)state;
	sample_invite(&s, "+442079460000", 7);
	assert_in_range(s.len, 700, 780);
	expect(NX_R_UNDECIDED, s.text, s.len);
	assert_int_equal(checked.method, NX_M_INVITE);
	expect_span(checked.ruri, "sip:+442079460000@sbc.example.net");
	expect_span(checked.to, "<sip:+442079460000@sbc.example.net>");
	expect_span(checked.to_uri, "sip:+442079460000@sbc.example.net");
	expect_span(checked.sent_by, "192.0.2.8:5060");
	expect_span(checked.sent_host, "192.0.2.8");
	expect_span(checked.rport, ";rport");
	assert_int_equal(checked.sent_port, 5060);
	assert_int_equal(checked.n_via, 1);
	assert_int_equal(checked.n_route, 0);
	assert_int_equal(checked.from_tag.len, 8);
	assert_int_equal(checked.to_tag.off, 0);
	assert_int_equal(checked.flags, NX_SIP_RPORT | NX_SIP_VIA_UDP);
	assert_int_equal(checked.branch.len, 7 + 16);
	assert_memory_equal(checked_msg + checked.header_len - 4, "\r\n\r\nv=0", 7);
}

static void err_off_names_the_place(void **state)
{
	struct sample s;
	uint16_t off;

	(void)state;
	sample_request(&s, "INVITE", "sip:a@b", "");
	sample_replace(&s, "CSeq: 1 INVITE", "CSeq: x INVITE");
	assert_int_equal(
		nx_sip_parse((uint8_t *)s.text, s.len, &checked, &off), (int)NX_R_BAD_VALUE);
	assert_memory_equal(s.text + off, "x INVITE", 8);
	assert_int_equal(
		nx_sip_parse((uint8_t *)s.text, s.len, &checked, NULL), (int)NX_R_BAD_VALUE);
}

/* ---- rule 13 ---- */

static void rule_13_keepalives(void **state)
{
	uint8_t stun[24] = {0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42};
	uint8_t old_stun[20] = {0, 1, 0, 0, 9, 9, 9, 9};

	(void)state;
	expect(NX_R_KEEPALIVE, "", 0);
	expect(NX_R_KEEPALIVE, "\r\n", 2);
	expect(NX_R_KEEPALIVE, "\r\n\r\n", 4);
	expect(NX_R_KEEPALIVE, "\n", 1);
	expect(NX_R_KEEPALIVE, "\0\0\0\0", 4);
	expect(NX_R_KEEPALIVE, stun, sizeof(stun));
	expect(NX_R_KEEPALIVE, old_stun, sizeof(old_stun));
	old_stun[3] = 8;
	expect(NX_R_NOT_SIP, old_stun, sizeof(old_stun));
}

static void rule_13_other_protocols(void **state)
{
	static const uint8_t rtp[] = {0x80, 8, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, '\r', '\n'};

	(void)state;
	expect(NX_R_NOT_SIP, rtp, sizeof(rtp));
	expect(NX_R_NOT_SIP, "GET / HTTP/1.1\r\n\r\n", 18);
	expect(NX_R_NOT_SIP, "hello", 5);
	expect(NX_R_NOT_SIP, "\0\0\0", 3);
	expect(NX_R_NOT_SIP, "x", 1);
}

static void rule_13_responses(void **state)
{
	static const char ok[] = "SIP/2.0 200 OK\r\n\r\n";

	(void)state;
	expect(NX_R_RESPONSE, ok, sizeof(ok) - 1);
	expect(NX_R_RESPONSE, "sip/3.0", 7);
	expect(NX_R_NOT_SIP, "SIP", 3);
}

static void rule_13_request_lines(void **state)
{
	static const struct {
		unsigned reason;
		const char *line;
	} rows[] = {
		{NX_R_UNDECIDED, "INVITE sip:a@b SIP/2.0\r\n"},
		{NX_R_UNDECIDED, "INVITE urn:service:sos SIP/2.0\r\n"},
		{NX_R_UNDECIDED, "INVITE tel:+1 SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE  sip:a@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:a@b  SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:a@b SIP/2.0 \r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE\tsip:a@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:a@b; lr SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE <sip:a@b> SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:\"a\"@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:a\x01@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:a\x7f@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE sip:\xc3\xbc@b SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "INVITE SIP/2.0\r\n"},
		{NX_R_BAD_REQUEST_LINE, "\r\nINVITE sip:a@b SIP/2.0\r\n"},
		{NX_R_BAD_VERSION, "INVITE sip:a@b SIP/7.0\r\n"},
		{NX_R_BAD_VERSION, "INVITE sip:a@b SIP/2.00\r\n"},
		{NX_R_BAD_VERSION, "INVITE sip:a@b sip/2.0\r\n"},
		{NX_R_BAD_LINE_END, "INVITE sip:a@b SIP/2.0\n"},
		{NX_R_BAD_LINE_END, "INVITE sip:a@b SIP/2.0\r"},
		{NX_R_NOT_SIP, "INV(ITE sip:a@b SIP/2.0\r\n"},
		{NX_R_NOT_SIP, "INVITE sip:a@b\r\n"},
		{NX_R_NOT_SIP, " INVITE sip:a@b SIP/2.0\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_with(
			rows[i].reason, "INVITE sip:callee@example.net SIP/2.0\r\n", rows[i].line);
}

static void rule_13_methods_are_case_sensitive_tokens(void **state)
{
	static const struct {
		const char *name;
		enum nx_method method;
	} rows[] = {
		{"INVITE", NX_M_INVITE},
		{"MESSAGE", NX_M_MESSAGE},
		{"SUBSCRIBE", NX_M_SUBSCRIBE},
		{"PUBLISH", NX_M_PUBLISH},
		{"REFER", NX_M_REFER},
		{"ACK", NX_M_ACK},
		{"CANCEL", NX_M_CANCEL},
		{"REGISTER", NX_M_REGISTER},
		{"OPTIONS", NX_M_OPTIONS},
		{"BYE", NX_M_OTHER},
		{"invite", NX_M_OTHER},
		{"INVITES", NX_M_OTHER},
		{"RE%47ISTER", NX_M_OTHER},
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sample_request(&s, rows[i].name, "sip:callee@example.net", "");
		expect(NX_R_UNDECIDED, s.text, s.len);
		assert_int_equal(checked.method, rows[i].method);
		assert_int_equal(checked.method_text.len, strlen(rows[i].name));
	}
}

/* ---- rule 15 ---- */

static void rule_15_line_ends(void **state)
{
	struct sample s;

	(void)state;
	expect_with(NX_R_BAD_LINE_END, HOPS, "Max-Forwards: 70\n");
	expect_with(NX_R_BAD_LINE_END, HOPS, "Max-Forwards: 70\r");
	expect_with(NX_R_BAD_LINE_END, HOPS, "Subject: a\rb\r\n");
	expect_with(NX_R_BAD_LINE_END, HOPS, "Subject: a\nb\r\n");
	expect_with(NX_R_BAD_LINE_END, HOPS, "Subject: a\n\r\n");
	expect_with(NX_R_BAD_LINE_END, HOPS, "Subject: a\r\r\n");

	sample_request(&s, "INVITE", "sip:a@b", "Subject: x#y\r\n");
	expect(NX_R_UNDECIDED, s.text, s.len);
	*(char *)memchr(s.text, '#', s.len) = 0;
	expect(NX_R_BAD_LINE_END, s.text, s.len);
}

static void rule_15_not_other_control_bytes_in_values(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, HOPS, "Subject: a\tb\x0b\x0c\x01\r\n");
}

static void rule_15_every_place_of_a_bare_byte(void **state)
{
	static const char bare[] = {'\r', '\n', 0};
	struct sample s;
	size_t header_len;

	(void)state;
	sample_request(&s, "INVITE", "sip:a@b", "Subject: xxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nl: 8\r\n");
	header_len = s.len;
	memcpy(s.text + s.len, "12345678", 8);
	s.len += 8;
	for (size_t i = 0; i < header_len; i++) {
		for (size_t k = 0; k < sizeof(bare); k++) {
			char was = s.text[i];

			if (was == bare[k])
				continue;
			s.text[i] = bare[k];
			assert_int_not_equal(check_parse(s.text, s.len), NX_R_UNDECIDED);
			s.text[i] = was;
		}
	}
}

static void rule_15_not_bare_bytes_in_the_body(void **state)
{
	struct sample s;

	(void)state;
	sample_request(&s, "INVITE", "sip:a@b", "l: 8\r\n");
	memcpy(s.text + s.len, "\0\r\n\r1\n\r\n", 8);
	expect(NX_R_UNDECIDED, s.text, s.len + 8);
}

static void rule_15_headers_end(void **state)
{
	struct sample s;

	(void)state;
	sample_request(&s, "INVITE", "sip:a@b", "");
	expect(NX_R_UNDECIDED, s.text, s.len);
	expect(NX_R_NO_HEADER_END, s.text, s.len - 2);
	expect(NX_R_UNDECIDED, s.text, s.len);
	for (size_t len = 0; len < s.len; len++)
		assert_int_not_equal(check_parse(s.text, len), NX_R_UNDECIDED);
	expect_with(NX_R_BAD_HEADER, HOPS, "Subject: x\r\n \t \r\n");
	expect_with(NX_R_BAD_HEADER, VIA, " " VIA);
}

/* ---- rule 16 ---- */

static void rule_16_names_in_any_form(void **state)
{
	static const char compact[] = "INVITE sip:a@b SIP/2.0\r\n"
				      "V: SIP/2.0/UDP h.example;branch=z9hG4bK1\r\n"
				      "f \t: <sip:c@d>;tag=1\r\n"
				      "t:sip:a@b\r\n"
				      "I  : x@y\r\n"
				      "CSEQ: 5 INVITE\r\n"
				      "mAx-FoRwArDs:\r\n 0\r\n"
				      "l:0\r\n\r\n";

	(void)state;
	expect(NX_R_UNDECIDED, compact, sizeof(compact) - 1);
	expect_span(checked.via[0], "SIP/2.0/UDP h.example;branch=z9hG4bK1");
	expect_span(checked.from, "<sip:c@d>;tag=1");
	expect_span(checked.call_id, "x@y");
	assert_int_equal(checked.cseq_number, 5);
	assert_true(checked.flags & NX_SIP_MAX_FORWARDS_0);
}

static void rule_16_bad_names(void **state)
{
	static const char *const lines[] = {"Sub\x01ject: x\r\n", "Subject\r\n", ": x\r\n",
		"Sub ject: x\r\n", "Subject\x0b: x\r\n", "Sub\xc3\xbc: x\r\n", "Sub(j): x\r\n",
		"To\x1a <sip:a@b>\r\n", "Subject \r\n : x\r\n", "\x7fvia: x\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_extra(NX_R_BAD_HEADER, lines[i]);
}

static void rule_16_not_odd_names_that_are_tokens(void **state)
{
	(void)state;
	expect_extra(NX_R_UNDECIDED, "x-!.%*_+`'~: \x01\x02;;,\r\n");
	expect_extra(NX_R_UNDECIDED, "An-Unknown-Header-With-A-Name-Longer-Than-Any: x\r\n");
	expect_extra(NX_R_UNDECIDED, "Subject:\r\n");
}

/* A name that merely resembles one of ours must not be taken for it, nor the other way round. */
static void rule_16_names_that_decide(void **state)
{
	static const struct {
		const char *line;
		uint32_t flag;
	} rows[] = {
		{"Replaces: x\r\n", NX_SIP_DIALOG_HEADER},
		{"JOIN: x\r\n", NX_SIP_DIALOG_HEADER},
		{"Target-Dialog: x\r\n", NX_SIP_DIALOG_HEADER},
		{"Proxy-Require: x\r\n", NX_SIP_PROXY_REQUIRE},
		{"Proxy-Require :\r\n", NX_SIP_PROXY_REQUIRE},
		{"Resource-Priority: q735.0\r\n", NX_SIP_RESOURCE_PRIORITY},
		{"resource-priority : q735.0\r\n", NX_SIP_RESOURCE_PRIORITY},
		{"History-Info: <sip:a@b>\r\n", NX_SIP_RETARGET_HEADER},
		{"Diversion: <sip:a@b>\r\n", NX_SIP_RETARGET_HEADER},
		{"Priority: Emergency\r\n", NX_SIP_PRIORITY_EMERGENCY},
		{"Priority: normal\r\nPriority: emergency;x\r\n", NX_SIP_PRIORITY_EMERGENCY},
		{"Priority: PSAP-callback\r\n", NX_SIP_PSAP_CALLBACK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_extra(NX_R_UNDECIDED, rows[i].line);
		assert_int_equal(
			checked.flags & ~(NX_SIP_RPORT | NX_SIP_VIA_UDP), (int)rows[i].flag);
	}
}

static void rule_16_not_names_like_them(void **state)
{
	static const char *const lines[] = {"Priority: urgent\r\n", "Priority: emergency2\r\n",
		"Replaced: x\r\n", "Jxin: x\r\n", "Resource-Prioritx: x\r\n",
		"Proxy_Require: x\r\n",
		"k: x\r\nm: <sip:a@b>\r\nr: <sip:a@b>\r\nx: 1\r\nd: y\r\nc: t/x\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		expect_extra(NX_R_UNDECIDED, lines[i]);
		assert_int_equal(checked.flags & ~(NX_SIP_RPORT | NX_SIP_VIA_UDP), 0);
	}
}

static void rule_16_via_rows_repeated_and_joined(void **state)
{
	static const char *const none[] = {
		"SIP",
		"a",
		"SIP/2.0/UDP",
		"SIP/2.0/UDP a,b",
		"SIP/2.0/TCP a:0",
		"SIP/2.0/UDP a;branch=",
	};
	char line[NX_SIP_VIA_MAX * 32] = "";

	(void)state;
	expect_with(NX_R_UNDECIDED, VIA,
		"Via: SIP/2.0/UDP a.example;branch=1;x=q , SIP/2.0/TCP b;y=[::1] ,\r\n "
		"SIP / 2.0 / TLS c\r\n"
		"Subject: between\r\nv: SIP/2.0/UDP c\r\n");
	assert_int_equal(checked.n_via, 2);
	expect_span(checked.top_via, "SIP/2.0/UDP a.example;branch=1;x=q");
	expect_span(checked.via[1], "SIP/2.0/UDP c");
	expect_with(NX_R_BAD_VIA, VIA, VIA "Via:\r\n");
	expect_with(NX_R_BAD_VIA, VIA, "Via:\r\n" VIA);
	for (unsigned i = 1; i < NX_SIP_VIA_MAX; i++)
		strcat(line, "v:SIP/2.0/UDP a\r\n");
	expect_extra(NX_R_UNDECIDED, line);
	assert_int_equal(checked.n_via, NX_SIP_VIA_MAX);
	strcat(line, "v:SIP/2.0/UDP a\r\n");
	expect_extra(NX_R_TOO_MANY, line);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		(void)snprintf(line, sizeof(line), "Via: %s\r\n", none[i]);
		expect_extra(NX_R_BAD_VIA, line);
	}
}

static void rule_16_route_rows(void **state)
{
	char line[256] = "";

	(void)state;
	expect_extra(NX_R_UNDECIDED, "Route: <sip:a;lr>,\r\n <sip:b;lr> \r\nROUTE:<sip:c>\r\n");
	assert_int_equal(checked.n_route, 2);
	expect_span(checked.route[0], "<sip:a;lr>,\r\n <sip:b;lr>");
	expect_span(checked.route[1], "<sip:c>");
	expect_extra(NX_R_BAD_VALUE, "Route:\r\n");
	for (unsigned i = 0; i < NX_SIP_ROUTE_MAX; i++)
		strcat(line, "Route: <sip:c>\r\n");
	expect_extra(NX_R_UNDECIDED, line);
	strcat(line, "Route: <sip:c>\r\n");
	expect_extra(NX_R_TOO_MANY, line);
}

static void rule_16_folding_stays_in_the_span(void **state)
{
	(void)state;
	expect_with(NX_R_UNDECIDED, TO, "To:\r\n  \"A\"\r\n\t<sip:a@b>\r\n ;x  \r\n");
	expect_span(checked.to, "\"A\"\r\n\t<sip:a@b>\r\n ;x");
}

/* ---- rule 17 ---- */

static void rule_17_content_length(void **state)
{
	struct sample s;

	(void)state;
	sample_invite(&s, "x", 1);
	expect(NX_R_UNDECIDED, s.text, s.len);
	expect(NX_R_CONTENT_LENGTH, s.text, s.len - 1);
	expect(NX_R_CONTENT_LENGTH, s.text, checked.header_len);

	expect_extra(NX_R_CONTENT_LENGTH, "Content-Length: 1\r\n");
	expect_extra(NX_R_CONTENT_LENGTH, "Content-Length: 4294967296\r\n");
	expect_extra(NX_R_CONTENT_LENGTH, "Content-Length: 18446744073709551616\r\n");
	expect_extra(NX_R_BAD_VALUE, "Content-Length: -999\r\n");
	expect_extra(NX_R_BAD_VALUE, "Content-Length: +0\r\n");
	expect_extra(NX_R_BAD_VALUE, "Content-Length: 0x0\r\n");
	expect_extra(NX_R_BAD_VALUE, "Content-Length: 0 0\r\n");
	expect_extra(NX_R_BAD_VALUE, "Content-Length:\r\n");
}

static void rule_17_not_a_shorter_or_missing_one(void **state)
{
	struct sample s;

	(void)state;
	sample_invite(&s, "x", 1);
	memcpy(s.text + s.len, "INVITE more", 11);
	expect(NX_R_UNDECIDED, s.text, s.len + 11);
	expect_extra(NX_R_UNDECIDED, "Content-Length: 0\r\n");
	sample_request(&s, "INVITE", "sip:a@b", "");
	memcpy(s.text + s.len, "a body", 6);
	expect(NX_R_UNDECIDED, s.text, s.len + 6);
}

/* ---- properties ---- */

/* Whatever one byte becomes, nothing outside is read, all paths agree, and spans stay inside. */
static void any_byte_may_become_any_other(void **state)
{
	struct sample s;

	(void)state;
	sample_request(
		&s, "INVITE", "sip:a@b", "Route: <sip:c;lr>\r\nPriority: urgent\r\nl: 0\r\n");
	for (size_t i = 0; i < s.len; i++) {
		char was = s.text[i];

		for (unsigned byte = 0; byte < 256; byte += 1 + (unsigned)i % 3) {
			s.text[i] = (char)byte;
			if (check_parse(s.text, s.len) != NX_R_UNDECIDED)
				continue;
			assert_true(checked.header_len <= s.len);
			assert_true(checked.to.off + checked.to.len <= checked.header_len);
			assert_true(
				checked.top_via.off + checked.top_via.len <= checked.header_len);
		}
		s.text[i] = was;
	}
}

/* The header block may begin anywhere in a scanning block: shift it byte by byte. */
static void any_alignment_of_lines(void **state)
{
	char uri[160] = "sip:";
	struct sample s;

	(void)state;
	for (size_t i = 0; i < 130; i++) {
		strcat(uri, "a");
		sample_request(&s, "INVITE", uri, "Subject:\r\n \t a\r\n\tb\r\n");
		expect(NX_R_UNDECIDED, s.text, s.len);
		assert_int_equal(checked.header_len, s.len);
		assert_int_equal(checked.ruri.len, strlen(uri));
	}
}

/* So may the parts of a value, and the message may end in the middle of any block. */
static void any_alignment_of_values(void **state)
{
	char from[512], name[160] = "";
	struct sample s;

	(void)state;
	for (size_t i = 0; i < 130; i++) {
		strcat(name, "n");
		snprintf(from, sizeof(from), "From: \"%s\" <sip:%s@h>;x=%s;tag=t\r\n", name, name,
			name + i / 2);
		sample_request(&s, "INVITE", "sip:a@b", "");
		sample_replace(&s, FROM, from);
		expect(NX_R_UNDECIDED, s.text, s.len);
		expect_span(checked.from_tag, "t");
		snprintf(from, sizeof(from), "Via: SIP/2.0/UDP %s:5060;branch=%s;%s;rport\r\n",
			name, name, name + i / 2);
		sample_request(&s, "INVITE", "sip:a@b", "");
		sample_replace(&s, VIA, from);
		expect(NX_R_UNDECIDED, s.text, s.len);
		expect_span(checked.rport, ";rport");
		assert_int_equal(checked.sent_host.len, i + 1);
	}
}

/* Bytes that only the bit of small letters tells from those of a usual name. */
static void names_are_compared_byte_by_byte(void **state)
{
	static const char *const names[] = {
		"via:", "from:", "to:", "call-id:", "cseq:", "max-forwards:", "content-length:"};
	struct sample s;
	unsigned reason;
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t k = 0; k < strlen(names[i]); k++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				bool other_case = bit == 5 && names[i][k] >= 'a';

				snprintf(line, sizeof(line), "%s \r\n", names[i]);
				line[k] = (char)(line[k] ^ (1 << bit));
				sample_request(&s, "INVITE", "sip:a@b", line);
				reason = check_parse(s.text, s.len);
				assert_int_equal(other_case, reason == NX_R_REPEATED_HEADER ||
								     reason == NX_R_BAD_VIA ||
								     reason == NX_R_BAD_VALUE);
			}
		}
	}
}

static void the_shapes_of_the_class_table_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned byte = 0; byte < 128; byte++) {
			bool in = nx_sip_class[byte] >> i & 1;

			assert_int_equal(nx_sip_members[i][byte], in ? 0x80 : 0);
			assert_int_equal(nx_sip_class_halves[i][byte & 15] >> (byte >> 4) & 1, in);
		}
		for (unsigned byte = 128; byte < 256; byte++)
			assert_int_equal(nx_sip_class[byte], NX_SIP_QDTEXT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typical_invite_gives_every_part),
		cmocka_unit_test(err_off_names_the_place),
		cmocka_unit_test(rule_13_keepalives),
		cmocka_unit_test(rule_13_other_protocols),
		cmocka_unit_test(rule_13_responses),
		cmocka_unit_test(rule_13_request_lines),
		cmocka_unit_test(rule_13_methods_are_case_sensitive_tokens),
		cmocka_unit_test(rule_15_line_ends),
		cmocka_unit_test(rule_15_not_other_control_bytes_in_values),
		cmocka_unit_test(rule_15_every_place_of_a_bare_byte),
		cmocka_unit_test(rule_15_not_bare_bytes_in_the_body),
		cmocka_unit_test(rule_15_headers_end),
		cmocka_unit_test(rule_16_names_in_any_form),
		cmocka_unit_test(rule_16_bad_names),
		cmocka_unit_test(rule_16_not_odd_names_that_are_tokens),
		cmocka_unit_test(rule_16_names_that_decide),
		cmocka_unit_test(rule_16_not_names_like_them),
		cmocka_unit_test(rule_16_via_rows_repeated_and_joined),
		cmocka_unit_test(rule_16_route_rows),
		cmocka_unit_test(rule_16_folding_stays_in_the_span),
		cmocka_unit_test(rule_17_content_length),
		cmocka_unit_test(rule_17_not_a_shorter_or_missing_one),
		cmocka_unit_test(any_byte_may_become_any_other),
		cmocka_unit_test(any_alignment_of_lines),
		cmocka_unit_test(any_alignment_of_values),
		cmocka_unit_test(names_are_compared_byte_by_byte),
		cmocka_unit_test(the_shapes_of_the_class_table_agree),
	};

	return cmocka_run_group_tests_name("sip_parse", tests, sip_check_setup, sip_check_teardown);
}
