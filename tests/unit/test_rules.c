/* Pattern rules: what is refused and how it is said, rank, domains, scratch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/policy/build.h"
#include "nxsip/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct nx_domain_def domains[] = {
	{.id = 5, .name = "five"},
	{.id = 4, .name = "four"},
};

static struct nx_ruleset *build(struct nx_rule_def *rules, uint32_t n)
{
	const struct nx_policy_input in = {.rules = rules, .n_rules = n, .n_workers = 2};
	struct nx_domain_index x;
	struct nx_ruleset *r;
	struct nx_error err;

	assert_int_equal(nx_domain_index_init(&x, domains, COUNT(domains)), 0);
	assert_int_equal(nx_ruleset_build(&in, &x, &r, &err), 0);
	nx_domain_index_fini(&x);
	return r;
}

static int32_t match(const struct nx_ruleset *r, int32_t domain, const char *text)
{
	struct nx_key key = {.len = (uint8_t)strlen(text)};

	memcpy(key.text, text, key.len);
	return nx_rules_match(r, NX_WORKER_MAX, domain, &key);
}

static uint32_t id_of(const struct nx_ruleset *r, int32_t rank)
{
	return rank < 0 ? 0 : r->rules[rank].id;
}

static struct nx_rule_def rule(uint32_t id, uint32_t priority, uint32_t domain, const char *e)
{
	return (struct nx_rule_def){.id = id,
		.priority = priority,
		.domain = domain,
		.verdict = NX_404,
		.expression = (char *)(uintptr_t)e};
}

static void the_lowest_priority_then_the_lowest_id_wins(void **state)
{
	struct nx_rule_def rules[] = {
		rule(9, 20, 0, "^\\+44"),
		rule(8, 10, 0, "0000$"), /* ends later than the others, ranks first */
		rule(7, 20, 0, "^\\+4420"),
		rule(6, 30, 0, "."),
	};
	struct nx_ruleset *r = build(rules, COUNT(rules));

	(void)state;
	assert_int_equal(id_of(r, match(r, 0, "+442079460000")), 8);
	assert_int_equal(id_of(r, match(r, 0, "+442079460001")), 7);
	assert_int_equal(id_of(r, match(r, 0, "+441632960001")), 9);
	assert_int_equal(id_of(r, match(r, 0, "alice")), 6);
	for (uint32_t i = 0; i < r->n; i++)
		assert_int_equal(r->rules[i].id, ((uint32_t[]){8, 7, 9, 6})[i]);
	nx_ruleset_free(r);
}

static void a_rule_of_another_domain_does_not_hide_one_of_this(void **state)
{
	struct nx_rule_def rules[] = {
		rule(1, 1, 5, "^bob$"), rule(2, 2, 4, "^bo"), rule(3, 3, 0, "^b"),
		rule(4, 0, 77, "^b"), /* its domain is gone: matches nothing */
	};
	struct nx_ruleset *r = build(rules, COUNT(rules));

	(void)state;
	assert_int_equal(r->n, 3);
	assert_int_equal(id_of(r, match(r, 0, "bob")), 1); /* domain 0 is id 5, 1 is id 4 */
	assert_int_equal(id_of(r, match(r, 1, "bob")), 2);
	assert_int_equal(id_of(r, match(r, -1, "bob")), 3);
	assert_int_equal(id_of(r, match(r, 0, "bo")), 3);
	assert_int_equal(match(r, 0, "alice"), NX_RULE_NONE);
	nx_ruleset_free(r);
}

static void expressions_see_bytes(void **state)
{
	struct nx_rule_def rules[] = {rule(1, 1, 0, "^a.b$"), rule(2, 2, 0, "^x\\x00y$")};
	struct nx_ruleset *r = build(rules, COUNT(rules));
	struct nx_key nul = {.len = 3, .text = {'x', 0, 'y'}};

	(void)state;
	assert_int_equal(id_of(r, match(r, 0, "a\nb")), 1);
	assert_int_equal(id_of(r, match(r, 0,
					  "a\xff"
					  "b")),
		1);
	assert_int_equal(match(r, 0, "A.b"), NX_RULE_NONE);
	assert_int_equal(id_of(r, nx_rules_match(r, NX_WORKER_MAX, 0, &nul)), 2);
	nx_ruleset_free(r);
}

static void each_worker_has_a_scratch_of_its_own(void **state)
{
	struct nx_rule_def rules[] = {rule(1, 1, 0, "[0-9]{3}$")};
	struct nx_ruleset *r = build(rules, 1);
	struct nx_key key = {.len = 4, .text = "x123"};

	(void)state;
	for (unsigned w = 0; w < 2; w++)
		assert_int_equal(nx_rules_match(r, w, 0, &key), 0);
	assert_ptr_not_equal(r->scratch[0], r->scratch[1]);
	assert_ptr_not_equal(r->scratch[0], r->scratch[NX_WORKER_MAX]);
	assert_null(r->scratch[2]);
	nx_ruleset_free(r);
}

static void hundreds_of_rules(void **state)
{
	enum { N = 500 };
	static char text[N][32];
	static struct nx_rule_def rules[N];
	struct nx_ruleset *r;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), "^\\+44%05u", i * 7);
		rules[i] = rule(i + 1, N - i, 0, text[i]);
	}
	r = build(rules, N);
	for (uint32_t i = 0; i < N; i += 37) {
		char key[32];

		snprintf(key, sizeof(key), "+44%05u99", i * 7);
		assert_int_equal(id_of(r, match(r, 0, key)), i + 1);
		snprintf(key, sizeof(key), "+44%05u99", i * 7 + 1);
		assert_int_equal(match(r, 0, key), NX_RULE_NONE);
	}
	nx_ruleset_free(r);
}

static void no_rule_is_no_ruleset(void **state)
{
	struct nx_rule_def orphan[] = {rule(1, 1, 77, "a")};

	(void)state;
	assert_null(build(NULL, 0));
	assert_null(build(orphan, 1));
}

static void what_can_match_nothing_is_refused(void **state)
{
	static const char *const empty[] = {"", ".*", "^", "$", "a*", "a|", "(\\+44)?", "^[0-9]*$"};
	static const char *const fine[] = {".", "^\\+44.*$", "a+", "^[0-9]+$", "^anonymous$"};
	struct nx_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(empty); i++) {
		assert_int_equal(nx_rule_check(empty[i], &err), NX_ERR_INVALID);
		assert_non_null(strstr(err.text, "matches the empty key, and so every key"));
	}
	for (size_t i = 0; i < COUNT(fine); i++)
		assert_int_equal(nx_rule_check(fine[i], &err), 0);
}

static void a_malformed_expression_is_refused_with_the_compilers_reason(void **state)
{
	static const struct {
		const char *expression, *reason;
	} wrong[] = {
		{"a(b", "parenthes"},
		{"[a", "character class"},
		{"(a)\\1", "ack-reference"},
		{"(?=a)b", "assertion"},
		{"a{1,40000}", "repeat"},
	};
	struct nx_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(nx_rule_check(wrong[i].expression, &err), NX_ERR_INVALID);
		assert_non_null(strstr(err.text, wrong[i].expression));
		if (!strstr(err.text, wrong[i].reason))
			fail_msg("no \"%s\" in: %s", wrong[i].reason, err.text);
	}
}

static void a_stored_rule_that_does_not_compile_is_named(void **state)
{
	struct nx_rule_def rules[] = {rule(41, 9, 0, "fine"), rule(42, 1, 0, "a(b")};
	struct nx_rule_def absorb[] = {rule(43, 1, 0, "fine")};
	struct nx_policy_input in = {.rules = rules, .n_rules = 2, .n_workers = 1};
	struct nx_domain_index x = {0};
	struct nx_ruleset *r;
	struct nx_error err;

	(void)state;
	assert_int_equal(nx_ruleset_build(&in, &x, &r, &err), NX_ERR_INVALID);
	assert_null(r);
	assert_non_null(strstr(err.text, "rule 42, expression \"a(b\""));

	absorb[0].verdict = NX_ABSORB;
	in.rules = absorb;
	in.n_rules = 1;
	assert_int_equal(nx_ruleset_build(&in, &x, &r, &err), NX_ERR_INVALID);
	assert_non_null(strstr(err.text, "rule 43"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_priority_then_the_lowest_id_wins),
		cmocka_unit_test(a_rule_of_another_domain_does_not_hide_one_of_this),
		cmocka_unit_test(expressions_see_bytes),
		cmocka_unit_test(each_worker_has_a_scratch_of_its_own),
		cmocka_unit_test(hundreds_of_rules),
		cmocka_unit_test(no_rule_is_no_ruleset),
		cmocka_unit_test(what_can_match_nothing_is_refused),
		cmocka_unit_test(a_malformed_expression_is_refused_with_the_compilers_reason),
		cmocka_unit_test(a_stored_rule_that_does_not_compile_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
