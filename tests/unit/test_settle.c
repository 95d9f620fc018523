/* When answers begin (rule 28): the settle time, from the opening of the ports, and again after
 * whatever passes requests unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/engine_internal.h"
#include "tests/unit/engine_box.h"

#define S        UINT64_C(1000000000)
#define SETTLE_S 32

static void reopen(struct nx_box *b, uint32_t settle_s)
{
	struct nx_config *c = nx_box_config(b);

	c->box.settle_s = settle_s;
	nx_engine_destroy(b->e);
	nx_box_open(b, c);
}

/* settles_from asserts that nothing is answered for the settle time, counted from a moment between
 * `from` and now. */
static void settles_from(const struct nx_box *b, uint64_t from)
{
	assert_in_range(
		b->slot->settle_until_ns, from + SETTLE_S * S, nx_engine_now_ns() + SETTLE_S * S);
	assert_in_range(nx_engine_settling_s(b->e), SETTLE_S - 2, SETTLE_S);
}

static void rule_28_the_time_begins_when_the_ports_open(void **state)
{
	struct nx_box *b = *state;
	uint64_t from;

	reopen(b, SETTLE_S);
	assert_true(b->slot->settle_until_ns == UINT64_MAX);
	assert_int_equal(
		nx_engine_domain_set(b->e, "example.com",
			&(struct nx_domain_change){.shadow = &(const bool){true}}, NULL, &b->err),
		0);
	assert_true(b->slot->settle_until_ns == UINT64_MAX);
	assert_int_equal(nx_engine_settling_s(b->e), SETTLE_S);
	from = nx_engine_now_ns();
	nx_engine_ports_open(b->e);
	settles_from(b, from);
}

static void rule_28_changes_do_not_begin_it_again(void **state)
{
	struct nx_box *b = *state;
	uint64_t until;

	reopen(b, SETTLE_S);
	nx_engine_ports_open(b->e);
	until = b->slot->settle_until_ns;
	assert_int_equal(nx_engine_shadow_box(b->e, true, NULL, NULL, &b->err), 0);
	assert_int_equal(nx_engine_shadow_box(b->e, false, NULL, NULL, &b->err), 0);
	assert_int_equal(nx_engine_bypass(b->e, true, NULL, NULL, &b->err), 0);
	assert_int_equal(nx_engine_domain_add(b->e, "other.example", &(struct nx_domain_change){0},
				 NULL, &b->err),
		0);
	assert_int_equal(nx_engine_reload(b->e, nx_box_config(b), NULL, &b->err), 0);
	assert_true(b->slot->settle_until_ns == until);
}

static void rule_28_the_end_of_bypass_begins_it_again(void **state)
{
	struct nx_box *b = *state;
	uint64_t from;

	reopen(b, SETTLE_S);
	nx_engine_ports_open(b->e);
	assert_int_equal(nx_engine_bypass(b->e, true, NULL, NULL, &b->err), 0);
	from = nx_engine_now_ns();
	assert_int_equal(nx_engine_bypass(b->e, false, NULL, NULL, &b->err), 0);
	settles_from(b, from);
	from = b->slot->settle_until_ns;
	assert_int_equal(nx_engine_bypass(b->e, false, NULL, NULL, &b->err), 0);
	assert_true(b->slot->settle_until_ns == from);
}

static void rule_28_a_reload_that_judges_otherwise_begins_it_again(void **state)
{
	struct nx_box *b = *state;
	struct nx_config *c = nx_box_config(b);
	uint64_t from, until;

	reopen(b, SETTLE_S);
	nx_engine_ports_open(b->e);
	until = b->slot->settle_until_ns;
	assert_int_equal(nx_engine_source_add(b->e, "192.0.2.0/24", "carrier", NULL, &b->err), 0);
	strcpy(c->classes[1].class.name, "other");
	assert_int_equal(nx_engine_reload(b->e, c, NULL, &b->err), NX_ERR_INVALID); /* refused */
	assert_int_equal(nx_engine_source_del(b->e, "192.0.2.0/24", NULL, &b->err), 0);
	assert_true(b->slot->settle_until_ns == until);
	from = nx_engine_now_ns();
	assert_int_equal(nx_engine_reload(b->e, c, NULL, &b->err), 0);
	settles_from(b, from);
}

static void rule_28_a_time_without_a_policy_begins_it_again(void **state)
{
	struct nx_box *b = *state;
	struct nx_policy *old;
	uint64_t from;

	reopen(b, SETTLE_S);
	nx_engine_ports_open(b->e);
	old = b->slot;
	b->slot = NULL; /* as where memory lacked for one */
	from = nx_engine_now_ns();
	nx_engine_republish(b->e);
	settles_from(b, from);
	nx_policy_free(old);
}

static void rule_28_settle_0_answers_at_once(void **state)
{
	struct nx_box *b = *state;
	struct nx_config *c = nx_box_config(b);

	reopen(b, 0);
	assert_true(b->slot->settle_until_ns == 0);
	nx_engine_ports_open(b->e);
	assert_int_equal(nx_engine_bypass(b->e, true, NULL, NULL, &b->err), 0);
	assert_int_equal(nx_engine_bypass(b->e, false, NULL, NULL, &b->err), 0);
	c->box.settle_s = SETTLE_S; /* takes a restart */
	strcpy(c->classes[1].class.name, "other");
	assert_int_equal(nx_engine_reload(b->e, c, NULL, &b->err), 0);
	assert_true(b->slot->settle_until_ns == 0);
	assert_int_equal(nx_engine_settling_s(b->e), 0);
}

/* ---- until when workers ask their memory ---- */

static uint64_t recall_until(const struct nx_box *b)
{
	return atomic_load(&b->slot->recall->until_ns);
}

/* recalls asserts that workers ask their memory since a change, and cease to 32 s after it has
 * settled. */
static void recalls(struct nx_box *b)
{
	struct nx_engine_events ev;
	uint64_t from = nx_engine_now_ns();

	assert_true(recall_until(b) == UINT64_MAX);
	assert_int_equal(nx_engine_settle(b->e, &b->err), 0);
	nx_engine_poll(b->e, &ev);
	assert_in_range(recall_until(b), from + 32 * S, nx_engine_now_ns() + 34 * S);
}

static void rule_28_every_change_has_the_memory_asked(void **state)
{
	struct nx_box *b = *state;
	struct nx_load_request load = {.domain = "example.com", .client = "test"};

	reopen(b, 0);
	assert_int_equal(nx_engine_load_tables_start(b->e, &b->err), 0);
	nx_engine_wait(b->e, NULL);
	assert_true(recall_until(b) == 0); /* nothing can have passed */
	nx_engine_ports_open(b->e);
	assert_true(recall_until(b) == 0);
	assert_int_equal(nx_box_user(b, "+442079460000", NX_USER_KNOWN), 0);
	recalls(b);
	assert_int_equal(nx_box_user(b, "+442079460000", NX_USER_ABSENT), 0);
	recalls(b);
	assert_int_equal(nx_engine_shadow_box(b->e, true, NULL, NULL, &b->err), 0);
	recalls(b);
	assert_int_equal(nx_engine_domain_del(b->e, "example.com", true, NULL, &b->err), 0);
	recalls(b);
	assert_int_equal(nx_engine_domain_add(
				 b->e, "example.com", &(struct nx_domain_change){0}, NULL, &b->err),
		0);
	recalls(b);
	load.fd = memfd_create("users", MFD_CLOEXEC);
	assert_int_equal(write(load.fd, "+442079460001\n", 14), 14);
	assert_int_equal(lseek(load.fd, 0, SEEK_SET), 0);
	atomic_store(&b->e->recall.until_ns, 0); /* as long after */
	assert_int_equal(nx_engine_load_start(b->e, &load, &b->err), 0);
	nx_engine_wait(b->e, NULL);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460001"), NX_USER_KNOWN);
	assert_in_range(recall_until(b), nx_engine_now_ns() + 31 * S, nx_engine_now_ns() + 34 * S);
}

static void rule_28_the_memory_is_asked_for_32_s_after_the_settle_time(void **state)
{
	struct nx_box *b = *state;
	struct nx_engine_events ev;

	reopen(b, SETTLE_S);
	assert_true(recall_until(b) == UINT64_MAX);
	nx_engine_poll(b->e, &ev);
	assert_true(recall_until(b) == UINT64_MAX);
	nx_engine_ports_open(b->e);
	assert_true(recall_until(b) == UINT64_MAX);
	assert_int_equal(nx_engine_settle(b->e, &b->err), 0);
	nx_engine_poll(b->e, &ev);
	assert_in_range(recall_until(b), b->slot->settle_until_ns + 32 * S,
		b->slot->settle_until_ns + 34 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, nx_box_setup, nx_box_teardown)
		T(rule_28_the_time_begins_when_the_ports_open),
		T(rule_28_changes_do_not_begin_it_again),
		T(rule_28_the_end_of_bypass_begins_it_again),
		T(rule_28_a_reload_that_judges_otherwise_begins_it_again),
		T(rule_28_a_time_without_a_policy_begins_it_again),
		T(rule_28_settle_0_answers_at_once),
		T(rule_28_every_change_has_the_memory_asked),
		T(rule_28_the_memory_is_asked_for_32_s_after_the_settle_time),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
