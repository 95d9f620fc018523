/* What may be judged at all (rules 1 to 13), through the core's own pipeline: a request for a
 * number that nobody has is 404 unless a rule spares it, so every rule is seen twice, with what it
 * must pass and with what it must not. */
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dataplane/core/reply.h"

#define OPTED    "203.0.113.65"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *reason, *text;
};

static void expect_at(struct world *w, const struct frame_spec *s, const char *reason)
{
	const char *got = world_sip(w, s);

	if (strcmp(got, reason) != 0)
		fail_msg("%s, not %s:\n%s", got, reason, w->sip.text);
}

static void expect(
	struct world *w, const char *method, const char *uri, const char *lines, const char *reason)
{
	(void)world_request(w, method, uri, lines);
	expect_at(w, &(struct frame_spec){0}, reason);
}

static void expect_lines(struct world *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(w, "INVITE", WORLD_NOBODY, rows[i].text, rows[i].reason);
}

static void expect_uris(struct world *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(w, "INVITE", rows[i].text, "", rows[i].reason);
}

/* ---- what may be judged ---- */

static void rule_01_what_is_not_for_a_service_passes(void **state)
{
	struct world *w = *state;
	uint8_t frame[FRAME_MAX];
	size_t len;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	expect_at(w, &(struct frame_spec){.dst = "192.0.2.99"}, "not-service");
	expect_at(w, &(struct frame_spec){.dport = 5070}, "not-service");
	expect_at(w, &(struct frame_spec){.tpid = {0x8100}, .tci = {100}}, "not-service");
	expect_at(w, &(struct frame_spec){.dst = "192.0.2.12"}, "originating");
	len = frame_build(frame, &(struct frame_spec){0}, w->sip.text, w->sip.len);
	assert_string_equal(world_frame(w, frame, len, true), "from-core");
}

static void rule_01_not_what_is_for_a_terminating_service(void **state)
{
	struct world *w = *state;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	expect_at(w, &(struct frame_spec){0}, "unknown-number");
	expect_at(w, &(struct frame_spec){.v6 = true}, "unknown-number");
	(void)world_request(w, "INVITE", "sip:bob@example.org", "");
	expect_at(w, &(struct frame_spec){.dst = "192.0.2.11"}, "unknown-name");
}

static void rule_02_unsound_packets_pass(void **state)
{
	struct world *w = *state;
	uint8_t frame[FRAME_MAX];
	size_t len;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	expect_at(w, &(struct frame_spec){.src = "192.0.2.11"}, "self-source");
	expect_at(w, &(struct frame_spec){.src = "224.0.0.1"}, "martian");
	expect_at(w, &(struct frame_spec){.src = "255.255.255.255"}, "martian");
	len = frame_build(frame, &(struct frame_spec){0}, w->sip.text, w->sip.len);
	frame[len - 1] ^= 1;
	assert_string_equal(world_frame(w, frame, len, false), "udp-checksum");
	frame[len - 1] ^= 1;
	frame[14 + 10] ^= 1;
	assert_string_equal(world_frame(w, frame, len, false), "ip-checksum");
}

static void rule_02_not_sound_packets(void **state)
{
	struct world *w = *state;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	expect_at(w, &(struct frame_spec){.src = "198.51.100.254"}, "unknown-number");
	expect_at(w, &(struct frame_spec){.no_udp_csum = true}, "unknown-number");
}

static void rule_03_other_methods_and_responses_pass(void **state)
{
	static const char *const methods[] = {
		"BYE", "PRACK", "UPDATE", "INFO", "NOTIFY", "FROB", "invite", "INVITES"};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(methods); i++)
		expect(w, methods[i], WORLD_NOBODY, "", "method");
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "INVITE " WORLD_NOBODY " SIP/2.0", "SIP/2.0 404 Not Found");
	expect_at(w, &(struct frame_spec){0}, "response");
}

static void rule_03_not_the_listed_methods(void **state)
{
	static const char *const methods[] = {"INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"};

	for (size_t i = 0; i < COUNT(methods); i++)
		expect(*state, methods[i], WORLD_NOBODY, "", "unknown-number");
}

/* make_ack turns w->sip, a request, into the ACK for our answer to it. */
static void make_ack(struct world *w)
{
	char tag[NX_TO_TAG_LEN + 1], to[128];

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	world_tag(w, &(struct frame_spec){0}, tag);
	(void)snprintf(to, sizeof(to), "To: <" WORLD_NOBODY ">;tag=%s\r\n", tag);
	sample_replace(&w->sip, "To: <" WORLD_NOBODY ">\r\n", to);
	sample_replace(&w->sip, "INVITE", "ACK");
	sample_replace(&w->sip, "1 INVITE", "1 ACK");
}

static void rule_04_an_ack_of_ours_is_absorbed_in_every_mode(void **state)
{
	struct world *w = *state;
	const struct frame_spec peer = {0};

	make_ack(w);
	expect_at(w, &peer, "ack-absorbed");
	w->in.shadow = true;
	world_build(w);
	expect_at(w, &peer, "ack-absorbed");
	w->in.bypass = true;
	w->in.bypass_ack_until_ns = 32000000000;
	w->now_ns = 31999999999;
	world_build(w);
	expect_at(w, &peer, "ack-absorbed");
	w->now_ns++;
	expect_at(w, &peer, "bypass");
}

static void rule_04_an_ack_comes_before_every_other_rule(void **state)
{
	struct world *w = *state;

	make_ack(w);
	sample_replace(&w->sip, "Max-Forwards: 70\r\n",
		"Max-Forwards: 0\r\nRoute: <sip:192.0.2.99;lr>\r\nPriority: emergency\r\n"
		"Proxy-Require: x\r\nReplaces: x\r\n");
	sample_replace(&w->sip, "ACK " WORLD_NOBODY, "ACK urn:service:sos");
	expect_at(w, &(struct frame_spec){0}, "ack-absorbed");
}

static void rule_04_not_an_ack_of_others(void **state)
{
	struct world *w = *state;
	char *tag;

	make_ack(w);
	tag = strstr(w->sip.text, "tag=nx") + strlen("tag=nx");
	tag[5] = tag[5] == '0' ? '1' : '0';
	expect_at(w, &(struct frame_spec){0}, "ack-unmatched");
	make_ack(w);
	sample_replace(&w->sip, "Call-ID: s", "Call-ID: S");
	expect_at(w, &(struct frame_spec){0}, "ack-unmatched");
	expect(w, "ACK", WORLD_NOBODY, "", "ack-unmatched");
}

static void rule_05_cancel_passes(void **state)
{
	expect(*state, "CANCEL", WORLD_NOBODY, "", "cancel");
	expect(*state, "CANCEL", WORLD_GONE, "", "cancel");
}

static void rule_05_not_what_is_no_cancel(void **state)
{
	expect(*state, "INVITE", WORLD_NOBODY, "Reason: SIP;cause=487\r\n", "unknown-number");
	expect(*state, "CANCELED", WORLD_NOBODY, "", "method");
}

static void rule_06_what_is_in_or_aimed_at_a_dialog_passes(void **state)
{
	static const struct row uris[] = {
		{"dialog-target", WORLD_NOBODY ";gr=urn:uuid:1"},
		{"dialog-target", WORLD_NOBODY ";gr"},
		{"dialog-target", WORLD_NOBODY ";lr"},
		{"dialog-target", WORLD_NOBODY ";maddr=192.0.2.77"},
	};
	static const struct row lines[] = {
		{"dialog-target", "Replaces: a@b;to-tag=1;from-tag=2\r\n"},
		{"dialog-target", "Join: a@b;to-tag=1;from-tag=2\r\n"},
		{"dialog-target", "Target-Dialog: a@b\r\n"},
	};
	struct world *w = *state;

	expect_uris(w, uris, COUNT(uris));
	expect_lines(w, lines, COUNT(lines));
	expect(w, "INVITE", WORLD_NOBODY "?Subject=hello", "", "dialog-target");
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "To: <" WORLD_NOBODY ">", "To: <" WORLD_NOBODY ">;tag=x");
	expect_at(w, &(struct frame_spec){0}, "in-dialog");
}

static void rule_06_not_what_opens_a_dialog(void **state)
{
	static const struct row rows[] = {
		{"unknown-number", WORLD_NOBODY ";transport=udp"},
		{"unknown-number", WORLD_NOBODY ";grid=1;lrx"},
		{"unknown-number", WORLD_NOBODY ";user=phone"},
	};
	struct world *w = *state;

	expect_uris(w, rows, COUNT(rows));
	expect(w, "INVITE", WORLD_NOBODY, "Supported: replaces\r\n", "unknown-number");
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "To: <" WORLD_NOBODY ">", "To: <" WORLD_NOBODY ">;tagged=x");
	expect_at(w, &(struct frame_spec){0}, "unknown-number");
}

/* A REGISTER for the user in To. */
static void expect_register(struct world *w, const char *src, const char *to, const char *reason)
{
	(void)world_request(w, "REGISTER", "sip:192.0.2.10", "Expires: 3600\r\n");
	sample_replace(&w->sip, "<sip:192.0.2.10", "<");
	sample_replace(&w->sip, "To: <", to);
	expect_at(w, &(struct frame_spec){.src = src}, reason);
}

#define TO(uri) "To: <" uri

static void rule_07_register_is_answered_where_opted_by_its_to(void **state)
{
	expect_register(*state, OPTED, TO(WORLD_NOBODY), "register-404");
	expect_register(*state, OPTED, TO(WORLD_GONE), "register-404");
	expect_register(*state, OPTED, TO(WORLD_KNOWN), "known");
}

static void rule_07_not_without_that(void **state)
{
	expect_register(*state, NULL, TO(WORLD_NOBODY), "register");
	expect_register(*state, NULL, TO(WORLD_GONE), "register");
	expect(*state, "REGISTER", WORLD_NOBODY, "", "register");
}

static void expect_from(
	struct world *w, const char *src, const char *method, const char *uri, const char *reason)
{
	(void)world_request(w, method, uri, "");
	expect_at(w, &(struct frame_spec){.src = src}, reason);
}

static void rule_08_options_passes(void **state)
{
	expect(*state, "OPTIONS", WORLD_NOBODY, "", "options");
	expect(*state, "OPTIONS", "sip:ping@192.0.2.10", "", "options");
	expect(*state, "OPTIONS", "sip:192.0.2.10", "", "options");
	expect_from(*state, OPTED, "OPTIONS", "sip:192.0.2.10", "no-user");
}

static void rule_08_not_where_opted_and_then_never_604(void **state)
{
	struct world *w = *state;

	expect_from(w, OPTED, "OPTIONS", WORLD_NOBODY, "unknown-number");
	expect_from(w, OPTED, "OPTIONS", WORLD_KNOWN, "known");
	for (unsigned i = 0; i < w->config->n_classes; i++)
		w->config->classes[i].class.may_604 = true;
	world_build(w);
	expect_from(w, OPTED, "INVITE", WORLD_GONE, "gone-604");
	expect_from(w, OPTED, "OPTIONS", WORLD_GONE, "gone-404");
}

static void rule_09_a_route_elsewhere_passes(void **state)
{
	static const struct row rows[] = {
		{"route", "Route: <sip:192.0.2.99;lr>\r\n"},
		{"route", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.99;lr>\r\n"},
		{"route", "Route: <sip:192.0.2.10;lr>\r\nroute: <sip:192.0.2.99;lr>\r\n"},
		{"route", "Route: <sip:trunk@192.0.2.10;lr>\r\n"},
		{"route", "Route: <sip:192.0.2.10;lr;ob>\r\n"},
		{"route", "Route: <sip:sbc.example.net;lr>\r\n"},
		{"proxy-require", "Proxy-Require: foo\r\n"},
	};
	struct world *w = *state;

	expect_lines(w, rows, COUNT(rows));
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "Max-Forwards: 70", "Max-Forwards: 0");
	expect_at(w, &(struct frame_spec){0}, "max-forwards");
}

static void rule_09_not_a_route_to_us(void **state)
{
	static const struct row rows[] = {
		{"unknown-number", "Route: <sip:192.0.2.10;lr>\r\n"},
		{"unknown-number", "Route: <sip:192.0.2.10:5060;transport=udp;lr>\r\n"},
		{"unknown-number", "Route: <sip:[2001:db8:0::10];lr>, <sip:192.0.2.12;lr>\r\n"},
		{"unknown-number", "Require: foo\r\nRecord-Route: <sip:192.0.2.99;lr>\r\n"},
	};
	struct world *w = *state;

	expect_lines(w, rows, COUNT(rows));
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "Max-Forwards: 70", "Max-Forwards: 1");
	expect_at(w, &(struct frame_spec){0}, "unknown-number");
}

static void rule_10_emergency_calls_pass(void **state)
{
	static const struct row uris[] = {
		{"scheme", "urn:service:sos"},
		{"scheme", "URN:Service:SOS.fire"},
		{"scheme", "im:bob@example.net"},
		{"emergency", "sip:112@192.0.2.10"},
		{"emergency", "sip:0044112@192.0.2.10"},
		{"emergency", "sip:+44112@192.0.2.10"},
		{"emergency", "sip:112;phone-context=+44@192.0.2.10"},
		{"short-number", "sip:+116200@192.0.2.10"},
		{"short-number", "sip:0125@192.0.2.10"},
	};
	static const struct row lines[] = {
		{"emergency", "Resource-Priority: esnet.1\r\n"},
		{"emergency", "Priority: emergency\r\n"},
		{"emergency", "Priority: psap-callback\r\n"},
	};

	expect_uris(*state, uris, COUNT(uris));
	expect_lines(*state, lines, COUNT(lines));
}

static void rule_10_not_ordinary_calls(void **state)
{
	static const struct row uris[] = {
		{"unknown-number", "sip:+442079460112@192.0.2.10"},
		{"unknown-number", "sip:02079460999@192.0.2.10"},
		{"unknown-number", "sips:+442079460002@192.0.2.10"},
		{"unknown-number", "tel:+442079460002"},
	};

	expect_uris(*state, uris, COUNT(uris));
	expect(*state, "INVITE", WORLD_NOBODY, "Priority: urgent\r\n", "unknown-number");
}

static void rule_11_no_user_passes_whatever_the_method(void **state)
{
	static const char *const methods[] = {"INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"};

	for (size_t i = 0; i < COUNT(methods); i++) {
		expect(*state, methods[i], "sip:192.0.2.10", "", "no-user");
		expect(*state, methods[i], "sip:@192.0.2.10", "", "no-user");
	}
}

static void rule_11_not_with_a_user(void **state)
{
	expect(*state, "SUBSCRIBE", WORLD_NOBODY, "", "unknown-number");
	expect(*state, "SUBSCRIBE", WORLD_KNOWN, "", "known");
}

static const uint16_t reflectors[] = {7, 9, 17, 19, 53, 69, 123, 161, 389, 1900, 5353, 11211};

/* expect_via asks from port 40000, with that sent-by port and no rport. */
static void expect_via(struct world *w, unsigned port, const char *reason)
{
	char via[32];

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	(void)snprintf(via, sizeof(via), "192.0.2.1:%u;", port);
	sample_replace(&w->sip, "192.0.2.1:5062;", via);
	sample_replace(&w->sip, ";rport", "");
	expect_at(w, &(struct frame_spec){.sport = 40000}, reason);
}

static void rule_12_reflectors_are_never_answered(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(reflectors); i++) {
		(void)world_request(w, "INVITE", WORLD_NOBODY, "");
		expect_at(w, &(struct frame_spec){.sport = reflectors[i]}, "reflection");
		expect_via(w, reflectors[i], "reflection");
	}
}

static void rule_12_not_other_ports(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(reflectors); i++) {
		(void)world_request(w, "INVITE", WORLD_NOBODY, "");
		expect_at(w, &(struct frame_spec){.sport = (uint16_t)(reflectors[i] + 1)},
			"unknown-number");
		expect_via(w, reflectors[i] + 1u, "unknown-number");
	}
}

/* ---- rule 13: what is not well formed ---- */

static void expect_bytes(struct world *w, const char *src, const char *bytes, const char *reason)
{
	w->sip.len = strlen(bytes);
	memcpy(w->sip.text, bytes, w->sip.len + 1);
	expect_at(w, &(struct frame_spec){.src = src}, reason);
}

static void malformed(struct world *w)
{
	(void)world_request(w, "INVITE", WORLD_NOBODY, "Call-ID: another\r\n");
}

static void rule_13_what_is_not_well_formed_passes(void **state)
{
	struct world *w = *state;

	expect_bytes(w, NULL, "\r\n\r\n", "keepalive");
	expect_bytes(w, NULL, "no SIP at all", "not-sip");
	expect_bytes(w, NULL, "INVITE  sip:a@b SIP/2.0\r\n\r\n", "bad-request-line");
	malformed(w);
	expect_at(w, &(struct frame_spec){0}, "repeated-header");
}

static void rule_13_malformed_requests_may_be_dropped(void **state)
{
	struct world *w = *state;
	const struct frame_spec opted = {.src = OPTED};

	malformed(w);
	expect_at(w, &opted, "unanswerable-drop");
	w->in.shadow = true;
	world_build(w);
	expect_at(w, &opted, "shadow-drop");
}

#define LIMITED   "203.0.113.193"
#define SECOND_NS UINT64_C(1000000000)

static void rule_13_malformed_requests_may_be_limited(void **state)
{
	struct world *w = *state;
	const struct frame_spec limited = {.src = LIMITED};

	w->now_ns = 5 * SECOND_NS;
	malformed(w);
	expect_at(w, &limited, "repeated-header");
	expect_at(w, &limited, "repeated-header");
	expect_at(w, &limited, "unanswerable-limit");
	expect_bytes(w, LIMITED, "INVITE  sip:a@b SIP/2.0\r\n\r\n", "unanswerable-limit");
	malformed(w);
	expect_at(w, &(struct frame_spec){.src = "203.0.113.194"}, "repeated-header");
	w->now_ns += SECOND_NS;
	expect_at(w, &limited, "repeated-header");
	expect_at(w, &limited, "repeated-header");
	w->in.shadow = true;
	world_build(w);
	expect_at(w, &limited, "shadow-drop");
}

static void rule_13_not_limited_what_is_well_formed_or_of_another_class(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 20; i++) {
		(void)world_request(w, "INVITE", WORLD_NOBODY, "");
		expect_at(w, &(struct frame_spec){.src = LIMITED, .sport = 5062}, "unknown-number");
		(void)world_request(w, "INVITE", WORLD_KNOWN, "");
		expect_at(w, &(struct frame_spec){.src = LIMITED}, "known");
		(void)world_request(w, "BYE", WORLD_NOBODY, "");
		expect_at(w, &(struct frame_spec){.src = LIMITED}, "method");
		(void)world_request(w, "INVITE", "sip:112@192.0.2.10", "");
		expect_at(w, &(struct frame_spec){.src = LIMITED}, "emergency");
		expect_bytes(w, LIMITED, "no SIP at all", "not-sip");
		malformed(w);
		expect_at(w, &(struct frame_spec){0}, "repeated-header");
	}
}

static void in_dialog(struct world *w)
{
	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	sample_replace(&w->sip, "To: <" WORLD_NOBODY ">", "To: <" WORLD_NOBODY ">;tag=forged");
}

static void rule_06_forged_dialogs_may_be_limited(void **state)
{
	struct world *w = *state;
	const struct frame_spec limited = {.src = LIMITED};

	w->now_ns = 5 * SECOND_NS;
	in_dialog(w);
	expect_at(w, &limited, "in-dialog");
	expect_at(w, &limited, "in-dialog");
	(void)world_request(w, "INVITE", WORLD_NOBODY ";gr", "");
	expect_at(w, &limited, "dialog-target");
	expect_at(w, &limited, "dialog-limit");
	in_dialog(w);
	expect_at(w, &limited, "dialog-limit");
	malformed(w); /* an account of its own */
	expect_at(w, &limited, "repeated-header");
}

static void rule_06_not_limited_for_peers(void **state)
{
	struct world *w = *state;

	in_dialog(w);
	for (unsigned i = 0; i < 1000; i++) {
		expect_at(w, &(struct frame_spec){0}, "in-dialog");
		expect_at(w, &(struct frame_spec){.src = OPTED}, "in-dialog");
	}
}

static void rule_13_not_what_is_well_formed_or_no_request(void **state)
{
	struct world *w = *state;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	expect_at(w, &(struct frame_spec){.src = OPTED}, "unknown-number");
	expect_bytes(w, OPTED, "\r\n\r\n", "keepalive");
	expect_bytes(w, OPTED, "no SIP at all", "not-sip");
	expect_bytes(w, OPTED, "SIP/2.0 200 OK\r\n\r\n", "response");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rule_01_what_is_not_for_a_service_passes),
		TEST(rule_01_not_what_is_for_a_terminating_service),
		TEST(rule_02_unsound_packets_pass),
		TEST(rule_02_not_sound_packets),
		TEST(rule_03_other_methods_and_responses_pass),
		TEST(rule_03_not_the_listed_methods),
		TEST(rule_04_an_ack_of_ours_is_absorbed_in_every_mode),
		TEST(rule_04_an_ack_comes_before_every_other_rule),
		TEST(rule_04_not_an_ack_of_others),
		TEST(rule_05_cancel_passes),
		TEST(rule_05_not_what_is_no_cancel),
		TEST(rule_06_what_is_in_or_aimed_at_a_dialog_passes),
		TEST(rule_06_not_what_opens_a_dialog),
		TEST(rule_07_register_is_answered_where_opted_by_its_to),
		TEST(rule_07_not_without_that),
		TEST(rule_08_options_passes),
		TEST(rule_08_not_where_opted_and_then_never_604),
		TEST(rule_09_a_route_elsewhere_passes),
		TEST(rule_09_not_a_route_to_us),
		TEST(rule_10_emergency_calls_pass),
		TEST(rule_10_not_ordinary_calls),
		TEST(rule_11_no_user_passes_whatever_the_method),
		TEST(rule_11_not_with_a_user),
		TEST(rule_12_reflectors_are_never_answered),
		TEST(rule_12_not_other_ports),
		TEST(rule_13_what_is_not_well_formed_passes),
		TEST(rule_13_malformed_requests_may_be_dropped),
		TEST(rule_13_malformed_requests_may_be_limited),
		TEST(rule_13_not_limited_what_is_well_formed_or_of_another_class),
		TEST(rule_06_forged_dialogs_may_be_limited),
		TEST(rule_06_not_limited_for_peers),
		TEST(rule_13_not_what_is_well_formed_or_no_request),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
