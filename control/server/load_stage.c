/* A staged load: the rows, and with a merge the users that stay, go into a stage of the store and
 * into a new table. Until the stage is committed nothing is in force. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "control/server/load_rows.h"
#include "control/server/tables.h"
#include "control/store/stage.h"

struct staging {
	struct nx_load *load;
	struct nx_table_batch batch;
};

static int into_table(struct staging *g, const struct nx_key *key, uint8_t state)
{
	int rc = nx_table_batch_add(&g->batch, key->text, key->len, state);

	g->load->has_heads |= state == NX_USER_HEAD;
	return rc == NX_OK ? NX_OK : nx_load_table_failed(g->load, rc);
}

static int keep(
	void *arg, const struct nx_key *key, const struct nx_user_record *rec, struct nx_error *err)
{
	struct staging *g = arg;

	(void)err; /* is the load's own */
	if (atomic_load_explicit(g->load->cancel, memory_order_relaxed))
		return nx_fail(
			&g->load->result.err, NX_ERR_CANCELLED, "cancelled: nothing was loaded");
	return into_table(g, key, rec->state);
}

static int stage_rows(struct staging *g, struct nx_stage *stage, struct nx_rows *rows)
{
	struct nx_load_result *r = &g->load->result;
	struct nx_user_record rec = {.updated = g->load->now}, old;
	struct nx_load_row row;
	uint64_t same;
	int rc;

	while ((rc = nx_rows_next(rows, &row, &same, &r->err)) == 1) {
		rec.state = row.state;
		if ((rc = nx_stage_put(stage, &row.key, &rec, &old, &r->err)) != NX_OK)
			return rc;
		if ((rc = into_table(g, &row.key, row.state)) != NX_OK)
			return rc;
		nx_load_count_row(r, old.state, row.state);
		r->unchanged += same;
		r->count++;
	}
	if (rc != NX_OK || (rc = nx_stage_finish(stage, &r->err)) != NX_OK)
		return rc;
	rc = nx_table_batch_end(&g->batch);
	return rc == NX_OK ? NX_OK : nx_load_table_failed(g->load, rc);
}

static int draw_secret(uint8_t secret[NX_USERS_SECRET_LEN], struct nx_error *err)
{
	if (getrandom(secret, NX_USERS_SECRET_LEN, 0) == NX_USERS_SECRET_LEN)
		return NX_OK;
	return nx_fail(err, NX_ERR_IO, "no random numbers: %s", strerror(errno));
}

static int store_secret(
	struct nx_store_txn *t, const uint8_t secret[NX_USERS_SECRET_LEN], struct nx_error *err)
{
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	memcpy(m.users_secret, secret, sizeof(m.users_secret));
	return nx_store_meta_put(t, &m, err);
}

static int commit_stage(struct nx_load *l, struct nx_stage *stage, uint64_t rows)
{
	struct nx_load_result *r = &l->result;
	struct nx_stage_end end;
	int rc = nx_load_last_chance(l, rows);

	if (rc != NX_OK) {
		nx_stage_abort(stage);
		return rc;
	}
	rc = nx_stage_commit(stage, &end, &r->err);
	l->committed = rc == NX_OK;
	l->moved_to = end.domain;
	r->version = end.version;
	r->count = end.count;
	r->removed = end.removed;
	return rc;
}

static int run_stage(struct nx_load *l, struct nx_rows *rows, const struct nx_load_survey *survey)
{
	struct staging g = {.load = l, .batch.table = l->fresh};
	struct nx_load_result *r = &l->result;
	struct nx_stage *stage;
	int rc = nx_stage_begin(l->store, l->domain, l->replace ? NULL : keep, &g, &stage, &r->err);

	if (rc != NX_OK)
		return rc;
	rc = stage_rows(&g, stage, rows);
	if (rc == NX_OK && l->secret_changed)
		rc = store_secret(nx_stage_txn(stage), l->secret, &r->err);
	if (rc == NX_OK)
		return commit_stage(l, stage, survey->rows);
	nx_stage_abort(stage);
	return rc;
}

int nx_load_apply_staged(
	struct nx_load *l, const struct nx_load_survey *survey, uint64_t users, bool new_secret)
{
	struct nx_load_result *r = &l->result;
	uint64_t expected = l->replace || survey->rows > users ? survey->rows : users;
	struct nx_rows rows;
	int rc;

	r->added = r->changed = r->removed = r->unchanged = r->count = 0;
	l->secret_changed = new_secret;
	if ((rc = nx_rows_open(&rows, l, survey, &r->err)) != NX_OK)
		goto out;
	if (new_secret && (rc = draw_secret(l->secret, &r->err)) != NX_OK)
		goto out;
	if (nx_users_create(expected, l->secret, l->placement, &l->fresh) != NX_OK) {
		l->fresh = NULL;
		rc = nx_load_table_failed(l, NX_ERR_NOMEM);
		goto out;
	}
	rc = run_stage(l, &rows, survey);
out:
	nx_rows_close(&rows);
	if (rc != NX_OK) {
		nx_users_destroy(l->fresh);
		l->fresh = NULL;
		l->secret_changed = false;
	}
	return rc;
}
