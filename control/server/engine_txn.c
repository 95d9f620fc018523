/* Transactions: gathering on the main thread, diff and commit on the loader's. One is open at a
 * time, and its holder has the right to write. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/server/engine_internal.h"

#define NS_PER_S UINT64_C(1000000000)

int nx_engine_txn_begin(struct nx_engine *e, const struct nx_txn_request *r, uint64_t *id,
	uint64_t *base, struct nx_error *err)
{
	const struct nx_domain_def *d;
	struct nx_txn *t;
	int rc = nx_engine_idle(e, err);

	if (rc == NX_OK && nx_engine_stall_ns(e))
		rc = nx_engine_stalled(e, err);
	if (rc == NX_OK)
		rc = nx_engine_domain_named(e, r->domain, &d, err);
	if (rc != NX_OK)
		return rc;
	if (r->base && *r->base != e->records.meta.version)
		return nx_fail(err, NX_ERR_CONFLICT,
			"the data have version %" PRIu64 ", not %" PRIu64
			": somebody changed them since; look at what is there and begin anew",
			e->records.meta.version, *r->base);
	if (!(t = calloc(1, sizeof(*t))))
		return nx_fail(err, NX_ERR_NOMEM, "no memory for a transaction");
	t->id = ++e->last_txn;
	t->domain = d->id;
	t->replace = r->replace;
	t->base = e->records.meta.version;
	t->used_ns = t->holder.since_ns = nx_engine_now_ns();
	snprintf(t->holder.client, sizeof(t->holder.client), "%s", r->client);
	snprintf(t->holder.what, sizeof(t->holder.what), "transaction on %s (%s)", d->name,
		r->replace ? "replace" : "delta");
	e->txn = t;
	*id = t->id;
	*base = t->base;
	return NX_OK;
}

void nx_engine_txn_close(struct nx_engine *e)
{
	if (!e->txn)
		return;
	nx_staged_fini(&e->txn->rows);
	free(e->txn);
	e->txn = NULL;
}

static int find(struct nx_engine *e, uint64_t id, struct nx_error *err)
{
	if (!e->txn || e->txn->id != id)
		return nx_fail(err, NX_ERR_NOT_FOUND,
			"no transaction %" PRIu64 " is open: it was committed, aborted, or left "
			"alone for more than %d s; begin anew",
			id, NX_TXN_IDLE_S);
	e->txn->used_ns = nx_engine_now_ns();
	return NX_OK;
}

/* The transaction, where nothing works on it. */
static int find_idle(struct nx_engine *e, uint64_t id, struct nx_error *err)
{
	int rc = find(e, id, err);

	if (rc == NX_OK && e->job)
		rc = nx_fail(err, NX_ERR_BUSY,
			"the transaction is being worked on: wait for the answer");
	return rc;
}

/* ---- gathering ---- */

static int put_one(struct nx_txn *t, const struct nx_user_text *user, bool digits_are_names,
	enum nx_user_state state, struct nx_error *err)
{
	struct nx_key key;
	int rc = nx_engine_user_key(user->text, user->len, digits_are_names, &key, err);

	if (rc != NX_OK)
		return rc;
	rc = nx_staged_add(&t->rows, &key, (uint8_t)state, NX_TXN_BYTES_MAX);
	if (rc == NX_ERR_FULL)
		return nx_fail(err, rc,
			"the transaction holds %" PRIu32 " users, and more than %u"
			" MiB are not held in memory: commit it and begin another, or use load",
			t->rows.n, NX_TXN_BYTES_MAX >> 20);
	return rc == NX_OK ? rc : nx_fail(err, rc, "no memory for the transaction's users");
}

static int may_have(
	struct nx_engine *e, const struct nx_txn *t, enum nx_user_state state, struct nx_error *err)
{
	const struct nx_domain_def *d = nx_engine_domain(e, t->domain);

	if (state == NX_USER_ABSENT && t->replace)
		return nx_fail(err, NX_ERR_INVALID,
			"a replacement deletes by leaving out: del is for a delta");
	return nx_engine_may_be(d, state, err);
}

int nx_engine_txn_put(struct nx_engine *e, uint64_t id, const struct nx_user_text *users, size_t n,
	bool digits_are_names, enum nx_user_state state, uint64_t *staged, struct nx_error *err)
{
	struct nx_staged mark;
	struct nx_error why;
	struct nx_txn *t;
	int rc = find_idle(e, id, err);

	if (rc != NX_OK)
		return rc;
	t = e->txn;
	if ((rc = may_have(e, t, state, err)) != NX_OK)
		return rc;
	mark = t->rows;
	for (size_t i = 0; i < n; i++) {
		if ((rc = put_one(t, &users[i], digits_are_names, state, &why)) != NX_OK) {
			nx_staged_cut(&t->rows, &mark);
			return nx_fail(
				err, rc, "users[%zu]: %s: none of these was taken", i, why.text);
		}
	}
	t->rows.heads |= state == NX_USER_HEAD && n > 0;
	*staged = t->rows.n;
	return NX_OK;
}

/* ---- diff and commit ---- */

static void run_apply(struct nx_job *job)
{
	nx_txn_apply_run(&job->apply);
}

static void take_apply(struct nx_engine *e, struct nx_job *job)
{
	struct nx_txn_apply *a = &job->apply;

	if (!a->committed)
		return;
	e->records.meta.version = a->result.version;
	nx_engine_take_table(e, a->domain, a->fresh, false, a->secret_changed ? a->secret : NULL);
}

static void announce_apply(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out)
{
	const struct nx_domain_def d = {.id = job->domain};
	struct nx_txn_result *r = &e->txn_result;
	struct nx_tally tally = {0};

	*r = job->apply.result;
	if (job->published)
		r->grace_us = (nx_engine_now_ns() - e->changed_ns) / 1000;
	if (nx_store_tallies(e->store, &d, 1, &tally, NULL, NULL) == NX_OK)
		r->digest = tally.digest;
	e->txn->used_ns = nx_engine_now_ns();
	if (job->apply.committed || atomic_load(&job->cancel))
		nx_engine_txn_close(e);
	out->applied = r;
}

static int start(struct nx_engine *e, bool diff, const struct nx_guard *guard, struct nx_error *err)
{
	struct nx_txn *t = e->txn;
	struct nx_domain_def *d = nx_engine_domain(e, t->domain);
	struct nx_job *job;
	int rc = nx_engine_settle(e, err);

	if (rc != NX_OK)
		return rc;
	if (!diff && t->rows.heads && (rc = nx_engine_note_heads(e, d, err)) != NX_OK)
		return rc;
	if (!(job = nx_engine_job_create(e, t->holder.client)))
		return nx_fail(err, NX_ERR_NOMEM, "no memory for a commit");
	nx_engine_job_domain(e, job, d);
	job->holder = t->holder;
	job->run = run_apply;
	job->take = take_apply;
	job->announce = announce_apply;
	job->apply = (struct nx_txn_apply){
		.store = e->store,
		.grace = e->grace,
		.domain = d->id,
		.replace = t->replace,
		.diff = diff,
		.base = t->base,
		.guard = *guard,
		.rows = &t->rows,
		.live = d->users,
		.placement = e->placement,
		.recall = &e->recall,
		.cancel = &job->cancel,
	};
	strcpy(job->apply.domain_name, d->name);
	memcpy(job->apply.secret, e->records.meta.users_secret, sizeof(job->apply.secret));
	return nx_engine_job_start(e, job, err);
}

int nx_engine_txn_diff(struct nx_engine *e, uint64_t id, struct nx_error *err)
{
	static const struct nx_guard none = {.max_shrink = NX_SHRINK_ANY};
	int rc = find_idle(e, id, err);

	return rc == NX_OK ? start(e, true, &none, err) : rc;
}

int nx_engine_txn_commit(
	struct nx_engine *e, uint64_t id, const struct nx_guard *guard, struct nx_error *err)
{
	int rc = find_idle(e, id, err);

	return rc == NX_OK ? start(e, false, guard, err) : rc;
}

/* ---- ending ---- */

int nx_engine_txn_abort(struct nx_engine *e, uint64_t id, struct nx_error *err)
{
	int rc = find(e, id, err);

	if (rc != NX_OK)
		return rc;
	if (e->job) { /* it is closed when that has ended */
		atomic_store(&e->job->cancel, true);
		return NX_OK;
	}
	nx_engine_txn_close(e);
	nx_engine_store_deferred(e);
	return NX_OK;
}

bool nx_engine_txn_expire(struct nx_engine *e)
{
	struct nx_txn *t = e->txn;

	if (!t || e->job || nx_engine_now_ns() - t->used_ns < NX_TXN_IDLE_S * NS_PER_S)
		return false;
	nx_engine_say(e, "%s (%s): left alone for %d s: aborted, nothing was changed",
		t->holder.what, t->holder.client, NX_TXN_IDLE_S);
	nx_engine_txn_close(e);
	nx_engine_store_deferred(e);
	return true;
}
