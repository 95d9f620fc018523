/* 404, 604 or pass (rules 26 to 29) and who is asked for (rules 30 to 35), through the core's own
 * pipeline: every rule is seen where it decides and where it must not. */
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAMES    "192.0.2.11"
#define ALICE    "sip:alice@example.org"

struct row {
	const char *reason, *uri;
};

static void expect(struct world *w, const struct frame_spec *s, const char *uri, const char *lines,
	const char *reason)
{
	const char *got;

	(void)world_request(w, "INVITE", uri, lines);
	got = world_sip(w, s);
	if (strcmp(got, reason) != 0)
		fail_msg("%s, not %s:\n%s", got, reason, w->sip.text);
}

static void expect_number(struct world *w, const char *uri, const char *reason)
{
	expect(w, &(struct frame_spec){0}, uri, "", reason);
}

static void expect_numbers(struct world *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_number(w, rows[i].uri, rows[i].reason);
}

static void expect_name(struct world *w, const char *uri, const char *reason)
{
	expect(w, &(struct frame_spec){.dst = NAMES}, uri, "", reason);
}

static void expect_names(struct world *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_name(w, rows[i].uri, rows[i].reason);
}

/* ---- 404, 604 or pass ---- */

static void rule_26_strangers_inside_what_is_complete_get_404(void **state)
{
	expect_number(*state, WORLD_NOBODY, "unknown-number");
	expect_number(*state, "sip:+442079999999@192.0.2.10", "unknown-number");
	expect_name(*state, "sip:bob@example.org", "unknown-name");
}

static void rule_26_not_users_nor_strangers_elsewhere(void **state)
{
	static const struct row numbers[] = {
		{"known", WORLD_KNOWN},
		{"open", "sip:+442080000000@192.0.2.10"},
		{"open", "sip:+441632960000@192.0.2.10"},
		{"open", "sip:+4420794600020@192.0.2.10"},
	};
	static const struct row names[] = {
		{"known", ALICE},
		{"open", "sip:bob@example.com"},
		{"open", "sip:+442079460002@example.org"},
	};

	expect_numbers(*state, numbers, COUNT(numbers));
	expect_names(*state, names, COUNT(names));
}

static void rule_27_a_gone_user_is_604_with_authority(void **state)
{
	expect_number(*state, WORLD_GONE, "gone-604");
	expect_number(*state, "sip:02079460001@192.0.2.10", "gone-604");
}

static void rule_27_a_rule_says_604_with_authority(void **state)
{
	struct nx_rule_def rules[] = {
		{.id = 1, .verdict = NX_604, .expression = strdup("^\\+44208|^bob$")}};
	struct world *w = *state;

	assert_non_null(rules[0].expression);
	w->in.rules = rules;
	w->in.n_rules = 1;
	world_build(w);
	expect_number(w, "sip:+442080000000@192.0.2.10", "rule-604");
	expect_name(w, "sip:bob@example.org", "rule-404");
	free(rules[0].expression);
}

static void rule_27_not_without_authority_or_leave(void **state)
{
	struct world *w = *state;

	expect_name(w, "sip:eve@example.org", "gone-404");
	expect(w, &(struct frame_spec){.src = "203.0.113.65"}, WORLD_GONE, "", "gone-404");
	expect(w, &(struct frame_spec){.src = "203.0.113.129", .sport = 5062}, WORLD_GONE, "",
		"gone-404");
	w->domains[WORLD_NET].authoritative = false;
	world_build(w);
	expect_number(w, WORLD_GONE, "gone-404");
}

static void rule_27_not_what_was_retargeted(void **state)
{
	struct world *w = *state;
	const struct frame_spec peer = {0};

	expect(w, &peer, WORLD_GONE, "History-Info: <sip:a@b>;index=1\r\n", "gone-404");
	expect(w, &peer, WORLD_GONE, "Diversion: <sip:a@b>\r\n", "gone-404");
	(void)world_request(w, "INVITE", WORLD_GONE, "");
	sample_replace(&w->sip, "To: <" WORLD_GONE ">", "To: <" WORLD_KNOWN ">");
	assert_string_equal(world_sip(w, &peer), "gone-404");
	(void)world_request(w, "INVITE", WORLD_GONE, "");
	sample_replace(&w->sip, "To: <" WORLD_GONE ">", "To: <tel:+44-20-7946-0001>");
	assert_string_equal(world_sip(w, &peer), "gone-604");
}

static void rule_29_missing_data_pass(void **state)
{
	struct world *w = *state;
	uint8_t frame[FRAME_MAX];
	struct nx_packet p = {.frame = frame};
	struct nx_policy *policy = w->policy;
	struct nx_users *users = w->domains[WORLD_NET].users;

	(void)world_request(w, "INVITE", WORLD_NOBODY, "");
	p.frame_len =
		(uint32_t)frame_build(frame, &(struct frame_spec){0}, w->sip.text, w->sip.len);
	w->policy = NULL; /* before the first one is published */
	assert_string_equal(world_frame(w, frame, p.frame_len, false), "no-table");
	w->policy = policy;

	w->domains[WORLD_NET].users = NULL; /* a table that is not there yet */
	world_build(w);
	expect_number(w, WORLD_NOBODY, "no-table");
	expect_number(w, WORLD_GONE, "no-table");
	w->domains[WORLD_NET].users = users;

	w->in.n_domains = 0; /* a domain that the store lacks */
	world_build(w);
	expect_number(w, WORLD_NOBODY, "host");
}

static void rule_29_not_where_the_data_are_there(void **state)
{
	expect_number(*state, WORLD_NOBODY, "unknown-number");
	expect_number(*state, WORLD_GONE, "gone-604");
}

/* ---- who is asked for ---- */

static void rule_30_the_hosts_of_a_service_mean_its_domains(void **state)
{
	static const struct row rows[] = {
		{"unknown-name", "sip:bob@EXAMPLE.org."},
		{"unknown-name", "sip:bob@pbx.example.org"},
		{"unknown-name", "sip:bob@example.org:5060"},
		{"known", "sip:alice@a.b.example.org"},
		{"open", "sip:bob@example.com"},
	};

	expect_names(*state, rows, COUNT(rows));
	expect_number(*state, "sip:+442079460002@any.host.test", "unknown-number");
}

static void rule_30_not_other_hosts_and_ports(void **state)
{
	static const struct row rows[] = {
		{"host", "sip:bob@example.net"},
		{"host", "sip:bob@notexample.org"},
		{"host", "sip:bob@example.org.example.net"},
		{"host", "sip:bob@example.org:5061"},
		{"host", "sip:bob@192.0.2.11"},
	};

	expect_names(*state, rows, COUNT(rows));
	expect_number(*state, "sip:+442079460002@192.0.2.10:5070", "host");
}

static void rule_31_a_name_in_any_dress_is_one_user(void **state)
{
	static const struct row rows[] = {
		{"known", "sip:%61lice@example.org"},
		{"known", "sip:alice:secret@example.org"},
		{"known", "sips:alice@example.org"},
		{"known", "sip:alice@example.org;transport=udp"},
	};

	expect_names(*state, rows, COUNT(rows));
}

static void rule_31_not_another_name(void **state)
{
	static const struct row rows[] = {
		{"unknown-name", "sip:Alice@example.org"},
		{"unknown-name", "sip:alice%00@example.org"},
		{"unknown-name", "sip:alice;x=y@example.org"},
		{"unknown-name", "sip:alice%3Asecret@example.org"},
		{"unknown-name", "sip:%2561lice@example.org"},
	};

	expect_names(*state, rows, COUNT(rows));
}

static void rule_32_a_number_in_any_dress_is_one_user(void **state)
{
	static const struct row rows[] = {
		{"known", "tel:+44-20-7946-0000"},
		{"known", "sip:+44(20)7946.0000@192.0.2.10;user=phone"},
		{"known", "sip:%2B442079460000@192.0.2.10"},
		{"known", "sip:+442079460000;npdi@192.0.2.10"},
		{"unknown-number", "sip:2079460002;phone-context=+44@192.0.2.10;user=phone"},
	};

	expect_numbers(*state, rows, COUNT(rows));
}

static void rule_32_not_what_is_no_plain_number(void **state)
{
	static const struct row rows[] = {
		{"not-number", "sip:alice@192.0.2.10"},
		{"not-number", "sip:*21@192.0.2.10"},
		{"not-number", "sip:%2331@192.0.2.10"},
		{"not-number", "sip:+4420794600AB@192.0.2.10"},
		{"not-number", "sip:+442079460002@192.0.2.10;user=dialstring"},
		{"plan", "sip:2079460002;phone-context=example.com@192.0.2.10"},
		{"plan", "tel:2079460002"},
	};

	expect_numbers(*state, rows, COUNT(rows));
}

static void rule_33_every_form_of_a_trunks_numbers_is_one_key(void **state)
{
	struct world *w = *state;

	expect_number(w, "sip:02079460000@192.0.2.10", "known");
	expect_number(w, "sip:00442079460000@192.0.2.10", "known");
	expect_number(w, "sip:+442079460000@192.0.2.10", "known");
	expect_number(w, "sip:02079460002@192.0.2.10", "unknown-number");
}

static void rule_33_not_another_classes_numbers(void **state)
{
	struct world *w = *state;
	const struct frame_spec german = {.src = "203.0.113.65", .sport = 5062};

	expect(w, &german, "sip:02079460002@192.0.2.10", "", "open");
	expect(w, &german, "sip:00442079460002@192.0.2.10", "", "unknown-number");
	expect_number(w, "sip:2079460002@192.0.2.10", "plan");
	expect_number(w, "sip:0002079460002@192.0.2.10", "plan");
}

static void rule_34_ported_and_trunked_numbers_pass(void **state)
{
	static const struct row rows[] = {
		{"portability", "sip:+442079460002;npdi;rn=+447700900000@192.0.2.10"},
		{"portability", "tel:+442079460002;cic=+1-6789"},
		{"portability", "sip:+442079460002;tgrp=a;trunk-context=b.test@192.0.2.10"},
	};

	expect_numbers(*state, rows, COUNT(rows));
}

static void rule_34_not_with_a_routing_number_of_ours(void **state)
{
	static const struct row rows[] = {
		{"unknown-number", "sip:+442079460002;npdi;rn=+447700900123@192.0.2.10"},
		{"unknown-number", "sip:02079460002;rn=+44-7700-900123;npdi@192.0.2.10;user=phone"},
		{"unknown-number", "tel:+442079460002;rn=+1(202)544.0000;npdi"},
		{"unknown-number", "sip:+442079460002@192.0.2.10;RN=+447700900123"},
		{"known", "sip:+442079460000;npdi;rn=+447700900123@192.0.2.10"},
		{"gone-604", "sip:+442079460001;npdi;rn=+447700900123@192.0.2.10"},
		{"emergency", "sip:112;rn=+447700900123@192.0.2.10"},
	};

	expect_numbers(*state, rows, COUNT(rows));
}

static void rule_34_routing_numbers_like_ours_pass(void **state)
{
	static const struct row rows[] = {
		{"portability", "sip:+442079460002;rn=447700900123@192.0.2.10"}, /* local */
		{"portability", "sip:+442079460002;rn=7700900123;rn-context=+44@192.0.2.10"},
		{"portability", "sip:+442079460002;rn=+44770090012@192.0.2.10"},
		{"portability", "sip:+442079460002;rn=+4477009001234@192.0.2.10"},
		{"portability", "sip:+442079460002;rn=+44770090012A@192.0.2.10"},
		{"portability", "sip:+442079460002;rn=+@192.0.2.10"},
		{"portability", "sip:+442079460002;rn@192.0.2.10"},
		{"portability", "sip:+442079460002;rn=+447700900123;cic=+1-6789@192.0.2.10"},
		/* in To too, which comes first */
		{"bad-value", "sip:+442079460002@192.0.2.10;rn=+447700900123;rn=+447700900123"},
		{"host", "sip:+442079460002;rn=+447700900123@192.0.2.10:5070"},
	};
	struct world *w = *state;

	expect_numbers(w, rows, COUNT(rows));
	expect_name(w, "sip:bob;rn=+447700900123@example.org", "portability");
	/* another plan's */
	expect(w, &(struct frame_spec){.src = "203.0.113.65", .sport = 5062},
		"sip:+442079460002;rn=+447700900123@192.0.2.10", "", "portability");
}

static void rule_34_not_a_dip_without_a_result(void **state)
{
	expect_number(*state, "sip:+442079460002;npdi@192.0.2.10", "unknown-number");
	expect_number(*state, "sip:+442079460002;npdi=yes@192.0.2.10", "unknown-number");
	expect_number(*state, "sip:+442079460002;rnx=1@192.0.2.10", "unknown-number");
}

static void rule_35_what_may_still_grow_passes(void **state)
{
	expect_number(*state, "sip:+44207946000@192.0.2.10", "overlap");
	expect_number(*state, "sip:+4420794@192.0.2.10", "overlap");
}

static void rule_35_a_head_number_takes_every_extension(void **state)
{
	struct world *w = *state;

	w->ranges[1] = (struct nx_range_def){
		.domain = 1, .range = {.prefix = "+4930123", .min_len = 8, .max_len = 15}};
	w->in.n_ranges = 2;
	world_user(w, WORLD_NET, "+4930123456", NX_USER_HEAD);
	world_build(w);
	expect_number(w, "sip:+4930123456@192.0.2.10", "known");
	expect_number(w, "sip:+49301234560@192.0.2.10", "known");
	expect_number(w, "sip:+4930123456789@192.0.2.10", "known");
	expect_number(w, "sip:+493012345@192.0.2.10", "unknown-number");
	expect_number(w, "sip:+4930123457@192.0.2.10", "unknown-number");
}

static void rule_35_not_whole_numbers_nor_other_users(void **state)
{
	expect_number(*state, WORLD_NOBODY, "unknown-number");
	expect_number(*state, "sip:+4420794600001@192.0.2.10", "open"); /* ...0000 is no head */
}

/* ---- which replica of a table is asked ---- */

#define FIRST  "+442079460100"
#define SECOND "+442079460101"
#define HEAD   "+4420794602"

/* Replicas hold the same users; here another table stands in the second one's place, so that it can
 * be seen who reads it. */
static void a_worker_looks_into_its_own_replica(void **state)
{
	struct world *w = *state;
	struct nx_users *first = w->domains[WORLD_NET].users, *second;

	w->in.n_workers = 2;
	assert_int_equal(nx_users_create(0, first->secret, NULL, &second), NX_OK);
	world_user(w, WORLD_NET, FIRST, NX_USER_KNOWN);
	w->domains[WORLD_NET].users = second;
	world_user(w, WORLD_NET, SECOND, NX_USER_KNOWN);
	world_user(w, WORLD_NET, HEAD, NX_USER_HEAD);
	w->domains[WORLD_NET].users = first;
	first->near[1] = second;
	world_build(w);

	expect_number(w, "sip:" FIRST "@192.0.2.10", "known");
	expect_number(w, "sip:" SECOND "@192.0.2.10", "unknown-number");
	expect_number(w, "sip:" HEAD "00@192.0.2.10", "unknown-number");
	nx_pipeline_init(w->pipeline, 1, (const uint8_t[NX_PIPELINE_KEYS][16]){{7}, {8}, {9}});
	expect_number(w, "sip:" FIRST "@192.0.2.10", "unknown-number");
	expect_number(w, "sip:" SECOND "@192.0.2.10", "known");
	expect_number(w, "sip:" HEAD "00@192.0.2.10", "known");
	nx_users_destroy(second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rule_26_strangers_inside_what_is_complete_get_404),
		TEST(rule_26_not_users_nor_strangers_elsewhere),
		TEST(rule_27_a_gone_user_is_604_with_authority),
		TEST(rule_27_a_rule_says_604_with_authority),
		TEST(rule_27_not_without_authority_or_leave),
		TEST(rule_27_not_what_was_retargeted),
		TEST(rule_29_missing_data_pass),
		TEST(rule_29_not_where_the_data_are_there),
		TEST(rule_30_the_hosts_of_a_service_mean_its_domains),
		TEST(rule_30_not_other_hosts_and_ports),
		TEST(rule_31_a_name_in_any_dress_is_one_user),
		TEST(rule_31_not_another_name),
		TEST(rule_32_a_number_in_any_dress_is_one_user),
		TEST(rule_32_not_what_is_no_plain_number),
		TEST(rule_33_every_form_of_a_trunks_numbers_is_one_key),
		TEST(rule_33_not_another_classes_numbers),
		TEST(rule_34_ported_and_trunked_numbers_pass),
		TEST(rule_34_not_with_a_routing_number_of_ours),
		TEST(rule_34_routing_numbers_like_ours_pass),
		TEST(rule_34_not_a_dip_without_a_result),
		TEST(rule_35_what_may_still_grow_passes),
		TEST(rule_35_a_head_number_takes_every_extension),
		TEST(rule_35_not_whole_numbers_nor_other_users),
		TEST(a_worker_looks_into_its_own_replica),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
