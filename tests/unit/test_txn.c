/* Transactions: gathered outside of all that is in force, guarded, committed whole or not at all;
 * and the guards of a load, which are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/engine_internal.h"
#include "tests/unit/engine_box.h"

static const struct nx_guard any = {.max_shrink = NX_SHRINK_ANY};
static const struct nx_guard usual = {.max_shrink = NX_SHRINK_DEFAULT};

static uint64_t begin(struct nx_box *b, bool replace)
{
	struct nx_txn_request r = {
		.domain = "Example.com.", .replace = replace, .client = "pid 7 uid 0"};
	uint64_t id, base;

	if (nx_engine_txn_begin(b->e, &r, &id, &base, &b->err) != 0)
		fail_msg("begin: %s", b->err.text);
	assert_int_equal(base, nx_engine_records(b->e)->meta.version);
	return id;
}

/* put takes users as words. */
static int put(struct nx_box *b, uint64_t id, const char *words, enum nx_user_state user_state)
{
	struct nx_user_text users[64];
	uint64_t staged;
	size_t n = 0;

	for (const char *p = words; *p; n++) {
		size_t len = strcspn(p, " ");

		users[n] = (struct nx_user_text){p, len};
		p += len + strspn(p + len, " ");
	}
	return nx_engine_txn_put(b->e, id, users, n, false, user_state, &staged, &b->err);
}

static const struct nx_txn_result *ended(struct nx_box *b, int rc)
{
	struct nx_engine_events ev;

	if (rc != 0)
		fail_msg("start: %s", b->err.text);
	nx_engine_wait(b->e, &ev);
	assert_non_null(ev.applied);
	b->err = ev.applied->err;
	return ev.applied;
}

static const struct nx_txn_result *commit(
	struct nx_box *b, uint64_t id, const struct nx_guard *guard)
{
	return ended(b, nx_engine_txn_commit(b->e, id, guard, &b->err));
}

static const struct nx_txn_result *diff(struct nx_box *b, uint64_t id)
{
	return ended(b, nx_engine_txn_diff(b->e, id, &b->err));
}

static void counts(const struct nx_txn_result *r, uint64_t added, uint64_t changed,
	uint64_t removed, uint64_t unchanged, uint64_t count)
{
	if (r->code != 0)
		fail_msg("txn: %s", r->err.text);
	assert_int_equal(r->added, added);
	assert_int_equal(r->changed, changed);
	assert_int_equal(r->removed, removed);
	assert_int_equal(r->unchanged, unchanged);
	assert_int_equal(r->count, count);
}

static enum nx_user_state served(struct nx_box *b, const char *key)
{
	return nx_box_served(b, "example.com", key);
}

static struct nx_tally tally(struct nx_box *b)
{
	struct nx_tally t;

	assert_int_equal(nx_engine_tallies(b->e, &t, NULL, &b->err), 0);
	return t;
}

static void a_delta_comes_into_force_at_its_commit(void **state)
{
	struct nx_box *b = *state;
	const struct nx_txn_result *r;
	uint64_t id, version;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	nx_box_user(b, "bob", NX_USER_KNOWN);
	nx_box_user(b, "carol", NX_USER_KNOWN);
	version = nx_engine_records(b->e)->meta.version;
	id = begin(b, false);
	assert_int_equal(put(b, id, "dave +4420 alice", NX_USER_KNOWN), 0);
	assert_int_equal(put(b, id, "bob eve", NX_USER_GONE), 0);
	assert_int_equal(put(b, id, "carol nobody", NX_USER_ABSENT), 0);
	assert_int_equal(put(b, id, "eve", NX_USER_HEAD), 0); /* the last state counts */
	assert_int_equal(served(b, "dave"), NX_USER_ABSENT);
	counts(diff(b, id), 3, 1, 1, 2, 5);
	assert_int_equal(served(b, "dave"), NX_USER_ABSENT);
	assert_int_equal(nx_engine_records(b->e)->meta.version, version);
	r = commit(b, id, &any);
	counts(r, 3, 1, 1, 2, 5);
	assert_int_equal(r->version, version + 1);
	assert_true(nx_digest_eq(r->digest, tally(b).digest));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
		assert_int_equal(served(b, "bob"), NX_USER_GONE);
		assert_int_equal(served(b, "carol"), NX_USER_ABSENT);
		assert_int_equal(served(b, "dave"), NX_USER_KNOWN);
		assert_int_equal(served(b, "eve"), NX_USER_HEAD);
		assert_int_equal(served(b, "+4420"), NX_USER_KNOWN);
		assert_true(nx_box_domain(b, "example.com")->has_heads);
		nx_box_restart(b);
	}
	assert_int_equal(nx_engine_records(b->e)->meta.version, version + 1);
	assert_int_equal(put(b, id, "zoe", NX_USER_KNOWN), NX_ERR_NOT_FOUND);
	nx_box_says_part(b, "is open: it was committed, aborted, or left alone");
}

static void a_diff_shows_the_first_differences(void **state)
{
	struct nx_box *b = *state;
	const struct nx_txn_result *r;
	uint64_t id;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	nx_box_user(b, "bob", NX_USER_KNOWN);
	id = begin(b, false);
	put(b, id, "bob alice", NX_USER_GONE);
	put(b, id, "aaron", NX_USER_KNOWN);
	put(b, id, "bob", NX_USER_ABSENT);
	r = diff(b, id);
	assert_int_equal(r->n_examples, 3);
	assert_memory_equal(r->example[0].key.text, "aaron", 5);
	assert_int_equal(r->example[0].was, NX_USER_ABSENT);
	assert_memory_equal(r->example[1].key.text, "alice", 5);
	assert_int_equal(r->example[1].state, NX_USER_GONE);
	assert_int_equal(r->example[2].was, NX_USER_KNOWN);
	assert_int_equal(r->example[2].state, NX_USER_ABSENT);
}

static void a_replacement_is_all_there_is(void **state)
{
	struct nx_box *b = *state;
	struct nx_tally want;
	uint64_t id;

	put(b, id = begin(b, false), "a b c", NX_USER_KNOWN);
	counts(commit(b, id, &any), 3, 0, 0, 0, 3);
	want = tally(b);
	put(b, id = begin(b, true), "y b", NX_USER_KNOWN);
	put(b, id, "c", NX_USER_GONE);
	assert_int_equal(put(b, id, "z", NX_USER_ABSENT), NX_ERR_INVALID);
	nx_box_says_part(b, "a replacement deletes by leaving out");
	counts(diff(b, id), 1, 1, 1, 1, 3);
	counts(commit(b, id, &usual), 1, 1, 1, 1, 3);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(served(b, "a"), NX_USER_ABSENT);
		assert_int_equal(served(b, "b"), NX_USER_KNOWN);
		assert_int_equal(served(b, "c"), NX_USER_GONE);
		assert_int_equal(served(b, "y"), NX_USER_KNOWN);
		nx_box_restart(b);
	}
	put(b, id = begin(b, true), "c a b a", NX_USER_KNOWN);
	counts(commit(b, id, &usual), 1, 1, 1, 1, 3);
	assert_true(nx_digest_eq(tally(b).digest, want.digest));
}

static void guards_refuse_and_leave_the_transaction_open(void **state)
{
	struct nx_box *b = *state;
	struct nx_guard guard = usual;
	uint64_t id, version;

	put(b, id = begin(b, true), "a b c d e f g h i j", NX_USER_KNOWN);
	assert_int_equal(commit(b, id, &usual)->code, 0); /* nothing can be lost */
	version = nx_engine_records(b->e)->meta.version;
	put(b, id = begin(b, true), "a b c d e f g h", NX_USER_KNOWN);
	assert_int_equal(commit(b, id, &usual)->code, NX_ERR_GUARD);
	nx_box_says(b, "example.com would shrink from 10 to 8 users, by more than 10 percent: "
		       "nothing was changed; say --force if that is meant, or allow it by "
		       "--max-shrink");
	assert_int_equal(served(b, "j"), NX_USER_KNOWN);
	assert_int_equal(nx_engine_records(b->e)->meta.version, version);
	guard.has_expect = true;
	guard.expect = 10;
	guard.force = true;
	assert_int_equal(commit(b, id, &guard)->code, NX_ERR_GUARD);
	nx_box_says(b, "example.com would have 8 users, not the 10 that were expected: nothing was "
		       "changed");
	guard.expect = 8;
	counts(commit(b, id, &guard), 0, 0, 2, 8, 8);
	put(b, id = begin(b, true), "a b c d e f", NX_USER_KNOWN); /* a quarter */
	guard = (struct nx_guard){.max_shrink = 24};
	assert_int_equal(commit(b, id, &guard)->code, NX_ERR_GUARD);
	guard.max_shrink = 25;
	assert_int_equal(commit(b, id, &guard)->code, 0);
	put(b, id = begin(b, true), "u v w x y z", NX_USER_KNOWN); /* all others, and as many */
	assert_int_equal(commit(b, id, &usual)->code, 0);
}

static void the_base_is_compared(void **state)
{
	struct nx_box *b = *state;
	uint64_t id, base, old = nx_engine_records(b->e)->meta.version;
	struct nx_txn_request r = {.domain = "example.com", .base = &old, .client = "test"};
	char says[200];

	assert_int_equal(nx_engine_txn_begin(b->e, &r, &id, &base, &b->err), 0);
	assert_int_equal(nx_engine_txn_abort(b->e, id, &b->err), 0);
	nx_box_user(b, "alice", NX_USER_KNOWN);
	assert_int_equal(nx_engine_txn_begin(b->e, &r, &id, &base, &b->err), NX_ERR_CONFLICT);
	snprintf(says, sizeof(says), "the data have version %d, not %d: ", (int)old + 1, (int)old);
	nx_box_says_part(b, says);
	assert_null(nx_engine_writer(b->e));
	/* and at the commit, as the store has it */
	id = begin(b, false);
	b->e->txn->base--;
	put(b, id, "bob", NX_USER_KNOWN);
	assert_int_equal(commit(b, id, &any)->code, NX_ERR_CONFLICT);
	snprintf(says, sizeof(says), "builds on data version %d, and the data have version %d now",
		(int)old, (int)old + 1);
	nx_box_says_part(b, says);
	assert_int_equal(served(b, "bob"), NX_USER_ABSENT);
}

static void others_are_busy_until_it_ends(void **state)
{
	struct nx_box *b = *state;
	struct nx_txn_request r = {.domain = "example.com", .client = "other"};
	struct nx_load_request load = {.domain = "example.com", .client = "other"};
	uint64_t id = begin(b, false), other, base;
	bool deferred;

	assert_int_equal(nx_box_user(b, "alice", NX_USER_KNOWN), NX_ERR_BUSY);
	nx_box_says_part(b, "transaction on example.com (delta) (pid 7 uid 0, since ");
	assert_int_equal(nx_engine_txn_begin(b->e, &r, &other, &base, &b->err), NX_ERR_BUSY);
	load.fd = nx_scratch_file(b->dir, "x\n", 2);
	assert_int_equal(nx_engine_load_start(b->e, &load, &b->err), NX_ERR_BUSY);
	assert_string_equal(nx_engine_writer(b->e)->client, "pid 7 uid 0");
	/* but not the switches, which do not disturb it */
	assert_int_equal(nx_engine_bypass(b->e, true, &deferred, NULL, &b->err), 0);
	assert_true(deferred && b->slot->bypass);
	put(b, id, "bob", NX_USER_KNOWN);
	assert_int_equal(commit(b, id, &any)->code, 0);
	assert_null(nx_engine_writer(b->e));
	assert_int_equal(nx_box_user(b, "alice", NX_USER_KNOWN), 0);
	nx_box_restart(b);
	assert_true(b->slot->bypass); /* stored when it ended */
	assert_int_equal(served(b, "bob"), NX_USER_KNOWN);
}

static void an_abort_leaves_everything(void **state)
{
	struct nx_box *b = *state;
	uint64_t id = begin(b, true), version = nx_engine_records(b->e)->meta.version;
	struct nx_engine_events ev;

	put(b, id, "alice", NX_USER_KNOWN);
	assert_int_equal(nx_engine_txn_abort(b->e, id + 1, &b->err), NX_ERR_NOT_FOUND);
	assert_int_equal(nx_engine_txn_abort(b->e, id, &b->err), 0);
	assert_null(nx_engine_writer(b->e));
	assert_int_equal(served(b, "alice"), NX_USER_ABSENT);
	/* also while it is being worked on, if not too late: then it is whole */
	id = begin(b, false);
	put(b, id, "alice bob", NX_USER_KNOWN);
	assert_int_equal(nx_engine_txn_commit(b->e, id, &any, &b->err), 0);
	assert_int_equal(put(b, id, "carol", NX_USER_KNOWN), NX_ERR_BUSY);
	assert_int_equal(nx_engine_txn_abort(b->e, id, &b->err), 0);
	nx_engine_wait(b->e, &ev);
	assert_null(nx_engine_writer(b->e));
	assert_int_equal(served(b, "alice"), served(b, "bob"));
	assert_int_equal(ev.applied->code == 0, served(b, "alice") == NX_USER_KNOWN);
	assert_int_equal(nx_engine_records(b->e)->meta.version, version + (ev.applied->code == 0));
}

static void one_that_is_left_alone_is_aborted(void **state)
{
	struct nx_box *b = *state;
	struct nx_engine_events ev;
	uint64_t id = begin(b, false);

	nx_engine_tick(b->e, &ev);
	assert_false(ev.txn_timed_out);
	b->e->txn->used_ns -= (NX_TXN_IDLE_S + 1) * UINT64_C(1000000000);
	put(b, id, "alice", NX_USER_KNOWN); /* is not left alone */
	nx_engine_tick(b->e, &ev);
	assert_false(ev.txn_timed_out);
	b->e->txn->used_ns -= (NX_TXN_IDLE_S + 1) * UINT64_C(1000000000);
	nx_engine_tick(b->e, &ev);
	assert_true(ev.txn_timed_out);
	assert_non_null(strstr(b->log, "transaction on example.com (delta) (pid 7 uid 0): left "
				       "alone for 60 s: aborted, nothing was changed"));
	assert_int_equal(nx_engine_txn_commit(b->e, id, &any, &b->err), NX_ERR_NOT_FOUND);
	assert_int_equal(nx_box_user(b, "alice", NX_USER_KNOWN), 0);
}

static void a_line_of_users_is_taken_whole_or_not(void **state)
{
	struct nx_box *b = *state;
	struct nx_domain_change no_authority = {.authoritative = &(const bool){false}};
	uint64_t id;

	assert_int_equal(
		nx_engine_domain_set(b->e, "example.com", &no_authority, NULL, &b->err), 0);
	id = begin(b, false);
	assert_int_equal(put(b, id, "a b", NX_USER_KNOWN), 0);
	assert_int_equal(put(b, id, "c d +44x e", NX_USER_KNOWN), NX_ERR_INVALID);
	nx_box_says_part(b, "users[2]: user \"+44x\": ");
	nx_box_says_part(b, ": none of these was taken");
	assert_int_equal(put(b, id, "f", NX_USER_GONE), NX_ERR_AUTHORITY);
	counts(commit(b, id, &any), 2, 0, 0, 0, 2);
	assert_int_equal(served(b, "c"), NX_USER_ABSENT);
}

static void what_is_gathered_has_a_limit(void **state)
{
	struct nx_staged s = {0};
	struct nx_key key = {.len = 10};
	struct nx_staged mark;
	uint32_t n = 0;
	int rc;

	(void)state;
	do {
		snprintf((char *)key.text, sizeof(key.text), "%010u", n);
		rc = nx_staged_add(&s, &key, NX_USER_KNOWN, 16000);
		n += rc == 0;
	} while (rc == 0);
	assert_int_equal(rc, NX_ERR_FULL);
	assert_int_equal(n, 1000); /* two bytes and an index's four beside each */
	assert_int_equal(s.n, n);
	mark = s;
	assert_int_equal(nx_staged_add(&s, &key, NX_USER_GONE, 1 << 20), 0);
	nx_staged_cut(&s, &mark);
	assert_int_equal(nx_staged_sort(&s), 0);
	assert_int_equal(s.n_index, n);
	nx_staged_fini(&s);
}

/* ---- against the plain meaning of it ---- */

static void random_transactions_equal_a_model(void **state)
{
	struct nx_box *b = *state;
	enum { N = 400 };
	uint8_t model[N] = {0};
	unsigned seed = 20260101;

	for (unsigned round = 0; round < 30; round++) {
		bool replace = rand_r(&seed) / 8 % 4 == 0;
		uint64_t id = begin(b, replace), count = 0;
		const struct nx_txn_result *r;
		uint8_t next[N];

		if (replace)
			memset(next, 0, sizeof(next));
		else
			memcpy(next, model, sizeof(next));
		for (unsigned i = 0; i < 300; i++) {
			unsigned k = (unsigned)rand_r(&seed) / 8 % N;
			uint8_t s = (uint8_t)(rand_r(&seed) / 8 % 3 + (replace ? 1 : 0));
			char user[16];

			snprintf(user, sizeof(user), "u%u", k);
			assert_int_equal(put(b, id, user, s), 0);
			next[k] = s;
		}
		for (unsigned k = 0; k < N; k++)
			count += next[k] != 0;
		r = commit(b, id, &any);
		assert_int_equal(r->code, 0);
		assert_int_equal(r->count, count);
		memcpy(model, next, sizeof(model));
		if (round % 10 == 9)
			nx_box_restart(b);
		struct nx_tally want = {0};
		for (unsigned k = 0; k < N; k++) {
			char user[16];

			snprintf(user, sizeof(user), "u%u", k);
			assert_int_equal(served(b, user), model[k]);
			nx_tally_user(&want, (uint8_t *)user, strlen(user), 0, model[k]);
		}
		assert_int_equal(tally(b).count, want.count);
		assert_true(nx_digest_eq(tally(b).digest, want.digest));
	}
}

static void a_collision_in_a_commit_is_healed(void **state)
{
	struct nx_box *b = *state;
	struct nx_users *t = nx_box_domain(b, "example.com")->users;
	uint8_t secret[NX_USERS_SECRET_LEN];
	enum nx_user_state old;
	uint64_t id;

	memcpy(secret, t->secret, sizeof(secret));
	assert_int_equal(nx_users_set(t, nx_users_hash(t, "bob", 3), NX_USER_GONE, &old), 0);
	put(b, id = begin(b, false), "alice bob carol", NX_USER_KNOWN);
	counts(commit(b, id, &any), 3, 0, 0, 0, 3);
	assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
	assert_int_equal(served(b, "bob"), NX_USER_KNOWN);
	assert_int_equal(served(b, "carol"), NX_USER_KNOWN);
	assert_ptr_not_equal(nx_box_domain(b, "example.com")->users, t);
}

/* ---- the guards of a load ---- */

static int replace_by(struct nx_box *b, const char *csv, const struct nx_guard *guard)
{
	struct nx_load_request r = {.domain = "example.com",
		.replace = true,
		.guard = *guard,
		.client = "test",
		.fd = nx_scratch_file(b->dir, csv, strlen(csv))};
	struct nx_engine_events ev;

	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_engine_wait(b->e, &ev);
	b->err = ev.loaded->err;
	if (ev.loaded->code == 0)
		assert_true(nx_digest_eq(ev.loaded->digest, tally(b).digest));
	return ev.loaded->code;
}

static void a_load_that_replaces_is_guarded_too(void **state)
{
	struct nx_box *b = *state;
	struct nx_guard force = usual, expect = usual;

	force.force = true;
	expect.has_expect = true;
	expect.expect = 3;
	assert_int_equal(replace_by(b, "a\nb\nc\nd\n", &usual), 0);
	assert_int_equal(replace_by(b, "a\nb\nc\n", &usual), NX_ERR_GUARD);
	nx_box_says_part(b, "example.com would shrink from 4 to 3 users, by more than 10 percent");
	assert_int_equal(served(b, "d"), NX_USER_KNOWN);
	assert_int_equal(replace_by(b, "w\nx\ny\nz\n", &usual), 0);
	assert_int_equal(replace_by(b, "w\nx\n", &expect), NX_ERR_GUARD);
	nx_box_says_part(b, "would have 2 users, not the 3");
	assert_int_equal(replace_by(b, "w\nx\ny\n", &force), 0);
	assert_int_equal(served(b, "z"), NX_USER_ABSENT);
	assert_int_equal(replace_by(b, "", &usual), NX_ERR_GUARD);
	assert_int_equal(replace_by(b, "", &force), 0);
	assert_int_equal(tally(b).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, nx_box_setup, nx_box_teardown)
		T(a_delta_comes_into_force_at_its_commit),
		T(a_diff_shows_the_first_differences),
		T(a_replacement_is_all_there_is),
		T(guards_refuse_and_leave_the_transaction_open),
		T(the_base_is_compared),
		T(others_are_busy_until_it_ends),
		T(an_abort_leaves_everything),
		T(one_that_is_left_alone_is_aborted),
		T(a_line_of_users_is_taken_whole_or_not),
		T(what_is_gathered_has_a_limit),
		T(random_transactions_equal_a_model),
		T(a_collision_in_a_commit_is_healed),
		T(a_load_that_replaces_is_guarded_too),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
