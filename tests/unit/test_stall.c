/* A worker that passes no quiescent state: it is noticed, what it may still read stays, changes are
 * refused rather than gathered, and all goes on when it moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <time.h>

#include "control/server/engine_internal.h"
#include "control/store/store_internal.h"
#include "tests/unit/engine_box.h"
#include "tests/unit/stuck.h"

static void sleep_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Ticks until the alarm; returns how long that took, in ms. */
static long until_alarm(struct nx_box *b)
{
	for (long ms = 0; ms < 10000; ms += 50) {
		struct nx_engine_events ev;

		nx_engine_tick(b->e, &ev);
		if (ev.stall_began)
			return ms;
		sleep_ms(50);
	}
	fail_msg("no alarm");
	return 0;
}

static void settles(struct nx_box *b)
{
	for (int i = 0; i < 5000 && !nx_engine_settled(b->e); i++)
		sleep_ms(1);
	assert_true(nx_engine_settled(b->e));
	assert_int_equal(b->e->n_litter, 0);
}

static void a_worker_that_stands_still_is_noticed_with_nothing_to_do(void **state)
{
	struct nx_box *b = *state;
	struct nx_engine_events ev;
	struct nx_stuck stuck;

	assert_int_equal(nx_engine_settle(b->e, &b->err), 0);
	nx_stuck_start(&stuck, &b->slot);
	assert_int_equal(nx_engine_stall_ns(b->e), 0);
	assert_in_range(until_alarm(b), 900, 9000);
	assert_true(nx_engine_stall_ns(b->e) > NX_STALL_NS);
	assert_non_null(strstr(b->log, "ALARM: a worker has passed no quiescent state for 1 s"));
	nx_engine_tick(b->e, &ev); /* once */
	assert_false(ev.stall_began);
	nx_stuck_release(&stuck);
	for (int i = 0; i < 5000 && nx_engine_stall_ns(b->e); i++)
		sleep_ms(1);
	nx_engine_tick(b->e, &ev);
	assert_non_null(strstr(b->log, "every worker passes quiescent states again, after "));
}

static void changes_are_refused_and_nothing_is_freed(void **state)
{
	struct nx_box *b = *state;
	const struct nx_domain_change plain = {0};
	struct nx_txn_request txn = {.domain = "example.com", .client = "test"};
	struct nx_stuck stuck;
	uint64_t version, id, base;
	bool on = true;
	int flips = 0, rc;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	assert_int_equal(nx_engine_settle(b->e, &b->err), 0);
	nx_stuck_start(&stuck, &b->slot);
	/* the first is stored and in force, and waits */
	assert_int_equal(nx_engine_domain_add(b->e, "other.example", &plain, &version, &b->err), 0);
	assert_non_null(nx_box_domain(b, "other.example"));
	assert_false(nx_engine_settled(b->e));
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), NX_ERR_STALLED);
	nx_box_says_part(b, "a worker has passed no quiescent state for ");
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_ABSENT);
	(void)until_alarm(b);
	assert_int_equal(
		nx_engine_domain_add(b->e, "third.example", &plain, NULL, &b->err), NX_ERR_STALLED);
	assert_int_equal(nx_engine_txn_begin(b->e, &txn, &id, &base, &b->err), NX_ERR_STALLED);
	assert_int_equal(nx_engine_records(b->e)->meta.version, version);
	/* the switches act, but not without limit */
	do {
		rc = nx_engine_bypass(b->e, on, NULL, NULL, &b->err);
		assert_true(b->slot->bypass == (rc == 0 ? on : !on));
		on = !on;
	} while (rc == 0 && ++flips < 1000);
	assert_int_equal(rc, NX_ERR_STALLED);
	assert_in_range(flips, 10, NX_LITTER_MAX);
	assert_int_equal(b->e->n_litter, flips + 1);
	nx_stuck_release(&stuck);
	assert_int_equal(stuck.seen, 1); /* the policy that it held was whole */
	settles(b);
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), 0);
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_KNOWN);
}

static void a_commit_waits_and_is_then_whole(void **state)
{
	struct nx_box *b = *state;
	struct nx_txn_request r = {.domain = "example.com", .client = "test"};
	static const struct nx_guard any = {.max_shrink = NX_SHRINK_ANY};
	const struct nx_user_text users[] = {{"alice", 5}, {"bob", 3}};
	struct nx_engine_events ev;
	struct nx_stuck stuck;
	uint64_t id, base, staged;

	assert_int_equal(nx_engine_settle(b->e, &b->err), 0);
	assert_int_equal(nx_engine_txn_begin(b->e, &r, &id, &base, &b->err), 0);
	assert_int_equal(
		nx_engine_txn_put(b->e, id, users, 2, false, NX_USER_KNOWN, &staged, &b->err), 0);
	nx_stuck_start(&stuck, &b->slot);
	assert_int_equal(nx_engine_txn_commit(b->e, id, &any, &b->err), 0);
	(void)until_alarm(b);
	nx_engine_poll(b->e, &ev);
	assert_null(ev.applied); /* stored, but not yet to be answered */
	assert_non_null(nx_engine_writer(b->e));
	nx_stuck_release(&stuck);
	nx_engine_wait(b->e, &ev);
	assert_int_equal(ev.applied->code, 0);
	assert_true(ev.applied->grace_us > 500000);
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_KNOWN);
}

static void users_go_in_groups(void **state)
{
	struct nx_box *b = *state;
	struct nx_user_change c[5] = {{.domain = "example.com", .user = "a", .len = 1},
		{.domain = "example.com", .user = "b", .len = 1},
		{.domain = "none.example", .user = "c", .len = 1},
		{.domain = "example.com", .user = "+44x", .len = 4},
		{.domain = "example.com", .user = "a", .len = 1}};
	struct nx_user_outcome *out = calloc(5, sizeof(*out));
	uint64_t version = nx_engine_records(b->e)->meta.version;

	for (int i = 0; i < 5; i++)
		c[i].state = i == 4 ? NX_USER_HEAD : NX_USER_KNOWN;
	nx_engine_users_set(b->e, c, out, 5);
	assert_int_equal(out[0].code, 0);
	assert_int_equal(out[1].code, 0);
	assert_int_equal(out[2].code, NX_ERR_NOT_FOUND);
	assert_int_equal(out[3].code, NX_ERR_INVALID);
	assert_int_equal(out[4].code, 0);
	assert_int_equal(out[4].changed.was, NX_USER_KNOWN); /* in their order */
	for (int i = 0; i < 5; i += i == 1 ? 3 : 1)
		assert_int_equal(out[i].changed.version, version + 1); /* one transaction */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nx_box_served(b, "example.com", "a"), NX_USER_HEAD);
		assert_int_equal(nx_box_served(b, "example.com", "b"), NX_USER_KNOWN);
		assert_true(nx_box_domain(b, "example.com")->has_heads);
		nx_box_restart(b);
	}
	assert_int_equal(nx_engine_records(b->e)->meta.version, version + 1);
	free(out);
}

static void a_damaged_domain_has_no_table_and_says_why(void **state)
{
	struct nx_box *b = *state;
	const struct nx_domain_change plain = {0};
	struct nx_domain_info info;
	struct nx_tally t = {.count = 7};
	struct nx_store_txn *txn;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	assert_int_equal(nx_engine_domain_add(b->e, "whole.example", &plain, NULL, &b->err), 0);
	/* as if the page of a user had been damaged: its users no longer add up */
	assert_int_equal(nx_store_begin(b->e->store, &txn, &b->err), 0);
	assert_int_equal(nx_store_tally_set(
				 txn, nx_engine_domain_find(b->e, "example.com")->id, &t, &b->err),
		0);
	assert_int_equal(nx_store_commit(txn, NULL, &b->err), 0);
	nx_box_restart(b);
	assert_null(nx_box_domain(b, "example.com")->users);
	assert_non_null(nx_box_domain(b, "whole.example")->users);
	assert_non_null(strstr(b->log, "domain example.com: no table: the store "));
	nx_engine_domain_info(b->e, 0, &info);
	assert_false(info.ready);
	assert_non_null(info.fault);
	assert_non_null(strstr(info.fault, "load --replace"));
	nx_engine_domain_info(b->e, 1, &info);
	assert_null(info.fault);
	/* which mends it */
	struct nx_load_request r = {.domain = "example.com",
		.replace = true,
		.guard.force = true,
		.client = "test",
		.fd = nx_scratch_file(b->dir, "bob\n", 4)};
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_engine_wait(b->e, NULL);
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_KNOWN);
	nx_engine_domain_info(b->e, 0, &info);
	assert_true(info.ready && !info.fault);
	nx_box_restart(b);
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_KNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, nx_box_setup, nx_box_teardown)
		T(a_worker_that_stands_still_is_noticed_with_nothing_to_do),
		T(changes_are_refused_and_nothing_is_freed),
		T(a_commit_waits_and_is_then_whole),
		T(users_go_in_groups),
		T(a_damaged_domain_has_no_table_and_says_why),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
