/* A transaction's commit: see txn_apply.h. Until the store's commit nothing is in force and every
 * way out leaves all as it was. */
#include "control/server/txn_apply.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "control/server/tables.h"

#define ATTEMPTS       8
#define CANCEL_EVERY   4096 /* users between looks at the flag */
#define TOUCHED_BYTES  8192 /* of the map, a user: the page that it stands on, and others' share */
#define RESERVE_MAX    (UINT64_C(4) << 30) /* more is taken when it turns out to be needed */
#define CHANGES_A_TIME 256                 /* to the table */

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int cancelled(const struct nx_txn_apply *a, struct nx_error *err)
{
	return atomic_load_explicit(a->cancel, memory_order_relaxed)
		       ? nx_fail(err, NX_ERR_CANCELLED, "cancelled: nothing was changed")
		       : NX_OK;
}

static void count(struct nx_txn_result *r, const struct nx_staged_user *u, uint8_t old)
{
	if (old == u->state)
		r->unchanged++;
	else if (old == NX_USER_ABSENT)
		r->added++;
	else if (u->state == NX_USER_ABSENT)
		r->removed++;
	else
		r->changed++;
	if (r->diff && old != u->state && r->n_examples < NX_TXN_EXAMPLES)
		r->example[r->n_examples++] =
			(struct nx_txn_example){.key = u->key, .was = old, .state = u->state};
}

/* ---- into the store ---- */

static int put_delta(struct nx_txn_apply *a, struct nx_store_txn *txn, uint32_t now)
{
	struct nx_txn_result *r = &a->result;
	struct nx_staged_user u;

	for (uint32_t i = 0; i < a->rows->n_index; i++) {
		struct nx_user_record rec = {.updated = now}, old = {.state = NX_USER_ABSENT};
		int rc = i % CANCEL_EVERY == 0 ? cancelled(a, &r->err) : NX_OK;

		if (rc != NX_OK)
			return rc;
		nx_staged_get(a->rows, i, &u);
		rec.state = u.state;
		if (u.state == NX_USER_ABSENT)
			rc = nx_store_user_del(txn, a->domain, &u.key, &old, &r->err);
		else
			rc = nx_store_user_put(txn, a->domain, &u.key, &rec, &old, &r->err);
		if (rc != NX_OK && rc != NX_ERR_NOT_FOUND)
			return rc;
		count(r, &u, old.state);
		nx_staged_set_old(a->rows, i, old.state);
	}
	r->count = r->before + r->added - r->removed;
	return NX_OK;
}

static int table_failed(struct nx_txn_apply *a, int rc)
{
	return rc == NX_ERR_COLLISION
		       ? nx_fail(&a->result.err, rc, "two users have the same hash")
		       : nx_fail(&a->result.err, NX_ERR_NOMEM,
				 "no memory for the new table beside the one in service: nothing "
				 "was changed");
}

static int put_replacement(struct nx_txn_apply *a, struct nx_store_txn *txn, uint32_t now)
{
	struct nx_txn_result *r = &a->result;
	struct nx_table_batch batch = {.table = a->fresh};
	struct nx_store_walk walk;
	struct nx_staged_user u;
	int rc = nx_store_replace_begin(txn, a->domain, &walk, &r->err);

	if (rc != NX_OK)
		return rc;
	for (uint32_t i = 0; i < a->rows->n_index && rc == NX_OK; i++) {
		struct nx_user_record rec = {.updated = now}, old;

		if (i % CANCEL_EVERY == 0 && (rc = cancelled(a, &r->err)) != NX_OK)
			return rc;
		nx_staged_get(a->rows, i, &u);
		rec.state = u.state;
		if ((rc = nx_store_replace_put(&walk, &u.key, &rec, &old, &r->err)) != NX_OK)
			return rc;
		count(r, &u, old.state);
		if (a->fresh)
			rc = nx_table_batch_add(&batch, u.key.text, u.key.len, u.state);
	}
	if (rc == NX_OK && a->fresh)
		rc = nx_table_batch_end(&batch);
	if (rc != NX_OK)
		return table_failed(a, rc);
	r->count = a->rows->n_index;
	return nx_store_replace_end(&walk, &r->removed, &r->err);
}

static int check_base(const struct nx_txn_apply *a, struct nx_store_txn *txn, struct nx_error *err)
{
	struct nx_store_meta meta;
	int rc = nx_store_meta_get(txn, &meta, err);

	if (rc != NX_OK || meta.version == a->base)
		return rc;
	return nx_fail(err, NX_ERR_CONFLICT,
		"the transaction builds on data version %" PRIu64 ", and the data have version "
		"%" PRIu64 " now: nothing was changed, begin anew",
		a->base, meta.version);
}

static int prepare(struct nx_txn_apply *a, struct nx_store_txn *txn, bool new_secret)
{
	struct nx_txn_result *r = &a->result;
	int rc = check_base(a, txn, &r->err);

	a->secret_changed = new_secret;
	if (rc == NX_OK && new_secret)
		rc = nx_store_new_secret(txn, a->secret, &r->err);
	if (rc == NX_OK && a->replace && !a->diff &&
		nx_users_create(a->rows->n_index, a->secret, a->placement, &a->fresh) != NX_OK) {
		a->fresh = NULL;
		rc = table_failed(a, NX_ERR_NOMEM);
	}
	return rc;
}

static int attempt(struct nx_txn_apply *a, bool new_secret)
{
	struct nx_txn_result *r = &a->result;
	uint32_t now = (uint32_t)time(NULL);
	struct nx_store_txn *txn;
	int rc = nx_store_begin(a->store, &txn, &r->err);

	if (rc != NX_OK)
		return rc;
	r->added = r->changed = r->removed = r->unchanged = 0;
	r->n_examples = 0;
	rc = prepare(a, txn, new_secret);
	if (rc == NX_OK)
		rc = a->replace ? put_replacement(a, txn, now) : put_delta(a, txn, now);
	if (rc == NX_OK && !a->diff)
		rc = nx_guard_check(&a->guard, a->domain_name, r->before, r->count, &r->err);
	if (rc == NX_OK)
		rc = cancelled(a, &r->err);
	if (rc == NX_OK && !a->diff) {
		rc = nx_store_commit(txn, &r->version, &r->err);
		a->committed = rc == NX_OK;
	} else {
		nx_store_abort(txn);
	}
	if (!a->committed) {
		nx_users_destroy(a->fresh);
		a->fresh = NULL;
		a->secret_changed = false;
	}
	return rc;
}

static int store_rows(struct nx_txn_apply *a)
{
	struct nx_txn_result *r = &a->result;
	uint64_t touched = (uint64_t)a->rows->n * TOUCHED_BYTES;
	bool new_secret = false;
	int rc = nx_store_user_count(a->store, a->domain, &r->before, &r->err);

	if (rc != NX_OK)
		return rc;
	nx_store_reserve(a->store, touched < RESERVE_MAX ? touched : RESERVE_MAX);
	for (int i = 0; i < ATTEMPTS; i++) {
		rc = attempt(a, new_secret);
		if (rc == NX_ERR_COLLISION)
			new_secret = true;
		else if (rc != NX_ERR_FULL) /* the map grows at the next attempt */
			break;
	}
	return rc;
}

/* ---- into the table ---- */

static void settle(struct nx_txn_apply *a)
{
	(void)nx_grace_wait(a->grace, nx_grace_begin(a->grace), UINT64_MAX);
	nx_users_reclaim(a->live);
}

static int set_users(struct nx_txn_apply *a, struct nx_user_set *set, size_t n)
{
	int rc = nx_users_set_burst(a->live, set, n);

	if (rc == NX_OK && nx_users_wants_reclaim(a->live))
		settle(a);
	return rc;
}

/* The committed differences into the table in service. */
static int change_live(struct nx_txn_apply *a)
{
	struct nx_user_set set[CHANGES_A_TIME];
	struct nx_staged_user u;
	size_t n = 0;
	int rc = NX_OK;

	nx_recall_hold(a->recall);
	for (uint32_t i = 0; i < a->rows->n_index && rc == NX_OK; i++) {
		nx_staged_get(a->rows, i, &u);
		if (u.old == u.state)
			continue;
		set[n++] =
			(struct nx_user_set){.hash = nx_users_hash(a->live, u.key.text, u.key.len),
				.state = u.state,
				.is_new = u.old == NX_USER_ABSENT};
		if (n == CHANGES_A_TIME) {
			rc = set_users(a, set, n);
			n = 0;
		}
	}
	return rc == NX_OK ? set_users(a, set, n) : rc;
}

static void follow(struct nx_txn_apply *a)
{
	static const atomic_bool never; /* committed: no longer to be cancelled */
	struct nx_error err;
	uint64_t begin;

	if (!a->live || a->replace)
		return;
	if (change_live(a) == NX_OK) {
		begin = now_ns();
		settle(a);
		a->result.grace_us = (now_ns() - begin) / 1000;
		return;
	}
	a->live_stale = nx_tables_build(a->store, a->domain, a->placement, a->secret,
				&a->secret_changed, &never, &a->fresh, &err) != NX_OK;
}

void nx_txn_apply_run(struct nx_txn_apply *a)
{
	struct nx_txn_result *r = &a->result;
	uint64_t begin = now_ns();

	r->diff = a->diff;
	r->code = nx_staged_sort(a->rows);
	if (r->code != NX_OK)
		(void)nx_fail(&r->err, r->code,
			"no memory to sort %" PRIu32 " users: nothing was "
			"changed",
			a->rows->n);
	else
		r->code = store_rows(a);
	if (a->committed)
		follow(a);
	r->seconds = (double)(now_ns() - begin) / 1e9;
}
