/* A stage: see stage.h. It walks the users in force beside those that come, as a replacement in
 * place does, but writes them all. */
#include <stdlib.h>

#include "control/store/stage.h"
#include "control/store/store_internal.h"

#define BATCH_ROWS \
	((uint64_t)1 << 18) /* a transaction: 10 MiB of numbers, 36 of the longest names */

struct nx_stage {
	struct nx_store *store;
	uint32_t from, to;
	nx_stage_kept kept;
	void *arg;
	struct nx_store_txn *txn;
	uint64_t batch; /* rows in txn */
	struct nx_tally tally;
	uint64_t removed;
	struct nx_key last; /* put */
	/* the users in force: the one ahead of those that are done */
	struct nx_user_cursor cursor;
	struct nx_key old_key;
	struct nx_user_record old;
	bool has_old;
};

static int take_id(struct nx_stage *g, struct nx_error *err)
{
	struct nx_store_meta m;
	int rc = nx_store_meta_get(g->txn, &m, err);

	if (rc != NX_OK)
		return rc;
	g->to = m.next_domain++;
	atomic_store(&g->store->staging, true);
	return nx_store_meta_put(g->txn, &m, err);
}

static int next_old(struct nx_stage *g, struct nx_error *err)
{
	int rc = nx_user_cursor_next(&g->cursor, &g->old_key, &g->old, err);

	g->has_old = rc == 1;
	return rc < 0 ? rc : NX_OK;
}

static int begin_batch(struct nx_stage *g, struct nx_error *err)
{
	int rc = nx_store_begin(g->store, &g->txn, err);

	if (rc != NX_OK)
		return rc;
	g->batch = 0;
	/* goes on behind the one ahead, which is read already */
	return nx_user_cursor_open(
		g->txn, g->from, g->has_old ? &g->old_key : NULL, &g->cursor, err);
}

/* Commits a part: durable, but no change of the data, whose version stays. */
static int commit_batch(struct nx_stage *g, struct nx_error *err)
{
	int rc = nx_store_txn_commit(g->store, g->txn->txn);

	g->txn->txn = NULL;
	nx_store_abort(g->txn);
	g->txn = NULL;
	return rc == 0 ? NX_OK : nx_store_fail(g->store, rc, "writing users", err);
}

int nx_stage_begin(struct nx_store *s, uint32_t domain, nx_stage_kept kept, void *arg,
	struct nx_stage **out, struct nx_error *err)
{
	struct nx_stage *g = calloc(1, sizeof(*g));
	int rc;

	*out = NULL;
	if (!g)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to write users");
	g->store = s;
	g->from = domain;
	g->kept = kept;
	g->arg = arg;
	if ((rc = begin_batch(g, err)) != NX_OK || (rc = take_id(g, err)) != NX_OK ||
		(rc = next_old(g, err)) != NX_OK) {
		nx_stage_abort(g);
		return rc;
	}
	*out = g;
	return NX_OK;
}

void nx_stage_abort(struct nx_stage *g)
{
	if (!g)
		return;
	nx_store_abort(g->txn);
	nx_store_sweep(g->store);
	free(g);
}

static int append(struct nx_stage *g, const struct nx_key *key, const struct nx_user_record *rec,
	struct nx_error *err)
{
	int rc;

	if (g->batch == BATCH_ROWS &&
		((rc = commit_batch(g, err)) != NX_OK || (rc = begin_batch(g, err)) != NX_OK))
		return rc;
	g->batch++;
	nx_tally_user(&g->tally, key->text, key->len, NX_USER_ABSENT, rec->state);
	return nx_store_user_append(g->txn, g->to, key, rec, err);
}

/* A user in force that is not among those that come. */
static int pass_old(struct nx_stage *g, struct nx_error *err)
{
	int rc;

	if (g->kept) {
		if ((rc = g->kept(g->arg, &g->old_key, &g->old, err)) != NX_OK ||
			(rc = append(g, &g->old_key, &g->old, err)) != NX_OK)
			return rc;
	} else {
		g->removed++;
	}
	return next_old(g, err);
}

static int key_cmp(const struct nx_key *a, const struct nx_key *b)
{
	int c = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : a->len - b->len;
}

int nx_stage_put(struct nx_stage *g, const struct nx_key *key, const struct nx_user_record *rec,
	struct nx_user_record *old, struct nx_error *err)
{
	int rc, order = 1;

	if (key_cmp(&g->last, key) >= 0)
		return nx_fail(err, NX_ERR_CONFLICT, "replacing users: the keys do not ascend");
	g->last = *key;
	while (g->has_old && (order = key_cmp(&g->old_key, key)) < 0) {
		if ((rc = pass_old(g, err)) != NX_OK)
			return rc;
	}
	if (!g->has_old || order > 0) {
		*old = (struct nx_user_record){.state = NX_USER_ABSENT};
		return append(g, key, rec, err);
	}
	*old = g->old;
	rc = append(g, key, old->state == rec->state ? old : rec, err);
	return rc == NX_OK ? next_old(g, err) : rc;
}

int nx_stage_finish(struct nx_stage *g, struct nx_error *err)
{
	int rc;

	while (g->has_old) {
		if ((rc = pass_old(g, err)) != NX_OK)
			return rc;
	}
	if ((rc = nx_store_domain_move(g->txn, g->from, g->to, err)) != NX_OK)
		return rc;
	return nx_store_tally_set(g->txn, g->to, &g->tally, err);
}

struct nx_store_txn *nx_stage_txn(struct nx_stage *g)
{
	return g->txn;
}

int nx_stage_commit(struct nx_stage *g, struct nx_stage_end *out, struct nx_error *err)
{
	int rc;

	*out = (struct nx_stage_end){
		.domain = g->to, .count = g->tally.count, .removed = g->removed};
	rc = nx_store_commit(g->txn, &out->version, err);
	g->txn = NULL;
	if (rc == NX_OK)
		free(g);
	else
		nx_stage_abort(g);
	return rc;
}
