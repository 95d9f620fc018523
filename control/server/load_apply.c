/* The second half of a load: the rows into the store, and the table with them. Until the commit
 * nothing is in force and every way out leaves all as it was; after it there is no way back, and a
 * table that cannot follow is given up for the domain to pass (no-table). */
#include <stdlib.h>
#include <string.h>

#include "control/server/load_rows.h"
#include "control/server/tables.h"

#define CHANGES_AT_ONCE 1024 /* to the table, between looks at what waits for a grace period */

void nx_load_count_row(struct nx_load_result *r, uint8_t old, uint8_t state)
{
	if (old == NX_USER_ABSENT)
		r->added++;
	else if (old == state)
		r->unchanged++;
	else
		r->changed++;
}

int nx_load_last_chance(struct nx_load *l, uint64_t rows)
{
	if (atomic_load(l->cancel))
		return nx_fail(&l->result.err, NX_ERR_CANCELLED, "cancelled: nothing was loaded");
	l->reported_ns = 0;
	(void)nx_load_tick(l, NX_LOAD_COMMIT, rows, l->size);
	return nx_guard_check(&l->guard, l->domain_name, l->before,
		l->replace ? l->result.count : l->before + l->result.added, &l->result.err);
}

static int commit(struct nx_load *l, struct nx_store_txn *txn, uint64_t rows)
{
	int rc = nx_load_last_chance(l, rows);

	if (rc != NX_OK) {
		nx_store_abort(txn);
		return rc;
	}
	rc = nx_store_commit(txn, &l->result.version, &l->result.err);
	l->committed = rc == NX_OK;
	return rc;
}

static void reset_counts(struct nx_load_result *r)
{
	r->added = r->changed = r->removed = r->unchanged = 0;
}

/* ---- replace ---- */

int nx_load_table_failed(struct nx_load *l, int rc)
{
	return rc == NX_ERR_COLLISION
		       ? nx_fail(&l->result.err, rc, "two users have one hash")
		       : nx_fail(&l->result.err, NX_ERR_NOMEM,
				 "no memory for the new table beside the one in service: nothing "
				 "was loaded");
}

static int replace_rows(struct nx_load *l, struct nx_rows *rows, struct nx_store_txn *txn)
{
	struct nx_load_result *r = &l->result;
	struct nx_user_record rec = {.updated = l->now}, old;
	struct nx_table_batch batch = {.table = l->fresh};
	struct nx_store_walk walk;
	struct nx_load_row row;
	uint64_t same;
	int rc = nx_store_replace_begin(txn, l->domain, &walk, &r->err);

	if (rc != NX_OK)
		return rc;
	while ((rc = nx_rows_next(rows, &row, &same, &r->err)) == 1) {
		rec.state = row.state;
		if ((rc = nx_store_replace_put(&walk, &row.key, &rec, &old, &r->err)) != NX_OK)
			return rc;
		rc = nx_table_batch_add(&batch, row.key.text, row.key.len, row.state);
		if (rc != NX_OK)
			return nx_load_table_failed(l, rc);
		nx_load_count_row(r, old.state, row.state);
		r->unchanged += same;
		r->count++;
		l->has_heads |= row.state == NX_USER_HEAD;
	}
	if (rc == 0 && (rc = nx_table_batch_end(&batch)) != NX_OK)
		return nx_load_table_failed(l, rc);
	return rc == 0 ? nx_store_replace_end(&walk, &r->removed, &r->err) : rc;
}

static int replace_in_txn(
	struct nx_load *l, struct nx_rows *rows, const struct nx_load_survey *survey)
{
	struct nx_load_result *r = &l->result;
	struct nx_store_txn *txn;
	int rc = nx_store_begin(l->store, &txn, &r->err);

	if (rc != NX_OK)
		return rc;
	if (l->secret_changed && (rc = nx_store_new_secret(txn, l->secret, &r->err)) != NX_OK)
		goto fail;
	if (nx_users_create(survey->rows, l->secret, l->placement, &l->fresh) != NX_OK) {
		l->fresh = NULL;
		rc = nx_fail(&r->err, NX_ERR_NOMEM,
			"no memory for a new table of %llu users beside the one in service: "
			"nothing was loaded",
			(unsigned long long)survey->rows);
		goto fail;
	}
	if ((rc = replace_rows(l, rows, txn)) != NX_OK)
		goto fail;
	return commit(l, txn, survey->rows);
fail:
	nx_store_abort(txn);
	return rc;
}

int nx_load_apply_replace(struct nx_load *l, const struct nx_load_survey *survey, bool new_secret)
{
	struct nx_rows rows;
	int rc;

	reset_counts(&l->result);
	l->result.count = 0;
	l->secret_changed = new_secret;
	rc = nx_rows_open(&rows, l, survey, &l->result.err);
	if (rc == NX_OK)
		rc = replace_in_txn(l, &rows, survey);
	nx_rows_close(&rows);
	if (rc != NX_OK) {
		nx_users_destroy(l->fresh);
		l->fresh = NULL;
		l->secret_changed = false;
	}
	return rc;
}

/* ---- merge ---- */

/* What the table in service has to follow. */
struct changes {
	struct nx_user_set *at;
	size_t n, room;
	bool too_many;
};

static bool note_change(struct changes *c, struct nx_hash hash, uint8_t state, bool is_new)
{
	if (c->too_many)
		return true;
	if (c->n == NX_LOAD_CHANGES_MAX) {
		c->too_many = true;
		return true;
	}
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 1024;
		struct nx_user_set *at = realloc(c->at, room * sizeof(*at));

		if (!at)
			return false;
		c->at = at;
		c->room = room;
	}
	c->at[c->n++] = (struct nx_user_set){.hash = hash, .state = state, .is_new = is_new};
	return true;
}

static int merge_rows(
	struct nx_load *l, struct nx_rows *rows, struct nx_store_txn *txn, struct changes *changes)
{
	struct nx_load_result *r = &l->result;
	struct nx_user_record rec = {.updated = l->now}, old;
	struct nx_load_row row;
	uint64_t same;
	int rc;

	while ((rc = nx_rows_next(rows, &row, &same, &r->err)) == 1) {
		rec.state = row.state;
		rc = nx_store_user_put(txn, l->domain, &row.key, &rec, &old, &r->err);
		if (rc != NX_OK)
			return rc;
		nx_load_count_row(r, old.state, row.state);
		r->unchanged += same;
		l->has_heads |= row.state == NX_USER_HEAD;
		if (old.state != row.state && l->live &&
			!note_change(changes, nx_users_hash(l->live, row.key.text, row.key.len),
				row.state, old.state == NX_USER_ABSENT))
			return nx_fail(&r->err, NX_ERR_NOMEM,
				"no memory to note %zu changes: nothing was loaded", changes->n);
	}
	return rc;
}

/* Frees what the table retired, after a grace period; returns how long that was. */
static uint64_t reclaim_us(struct nx_load *l)
{
	uint64_t begin = nx_load_now_ns(), end;

	(void)nx_grace_wait(l->grace, nx_grace_begin(l->grace), UINT64_MAX);
	end = nx_load_now_ns();
	nx_users_reclaim(l->live);
	return (end - begin) / 1000;
}

/* The committed changes into the table in service.  Error: NX_ERR_NOMEM, NX_ERR_COLLISION. */
static int change_table(struct nx_load *l, const struct changes *changes)
{
	nx_recall_hold(l->recall);
	for (size_t i = 0, n; i < changes->n; i += n) {
		int rc;

		n = changes->n - i < CHANGES_AT_ONCE ? changes->n - i : CHANGES_AT_ONCE;
		if ((rc = nx_users_set_burst(l->live, changes->at + i, n)) != NX_OK)
			return rc;
		if (nx_users_wants_reclaim(l->live))
			(void)reclaim_us(l);
	}
	l->result.grace_us = reclaim_us(l);
	return NX_OK;
}

static void follow(struct nx_load *l, const struct changes *changes)
{
	static const atomic_bool never;
	struct nx_error err;

	if (l->live && !changes->too_many) {
		l->live_stale = change_table(l, changes) != NX_OK;
		if (!l->live_stale)
			return;
	}
	/* committed: no longer to be cancelled */
	l->live_stale = nx_tables_build(l->store, l->domain, l->placement, l->secret,
				&l->secret_changed, &never, &l->fresh, &err) != NX_OK;
}

int nx_load_apply_merge(struct nx_load *l, const struct nx_load_survey *survey)
{
	struct nx_load_result *r = &l->result;
	struct changes changes = {0};
	struct nx_store_txn *txn = NULL;
	struct nx_rows rows;
	int rc;

	reset_counts(r);
	if ((rc = nx_rows_open(&rows, l, survey, &r->err)) != NX_OK)
		goto out;
	if ((rc = nx_store_begin(l->store, &txn, &r->err)) != NX_OK)
		goto out;
	if ((rc = merge_rows(l, &rows, txn, &changes)) != NX_OK) {
		nx_store_abort(txn);
		goto out;
	}
	if ((rc = commit(l, txn, survey->rows)) != NX_OK)
		goto out;
	follow(l, &changes);
	(void)nx_store_user_count(l->store, l->domain, &r->count, NULL);
out:
	nx_rows_close(&rows);
	free(changes.at);
	return rc;
}
