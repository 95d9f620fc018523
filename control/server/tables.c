/* A domain's user table from the store: one scan in key order, each key hashed and set. The store
 * holds no key twice, so a hash that is already there is a collision, which a table must not keep:
 * the two keys would share one state. A collision among 10^9 users happens about once in 20,000
 * builds; four in a row are no chance. */
#include "control/server/tables.h"

#define TRIES        4
#define CANCEL_EVERY 4096 /* users between looks at the flag */

int nx_table_batch_end(struct nx_table_batch *b)
{
	int rc = nx_users_set_burst(b->table, b->set, b->n);

	b->n = 0;
	nx_users_reclaim(b->table); /* nobody else can see it yet */
	return rc;
}

int nx_table_batch_add(struct nx_table_batch *b, const uint8_t *key, size_t len, uint8_t state)
{
	b->set[b->n++] = (struct nx_user_set){
		.hash = nx_users_hash(b->table, key, len), .state = state, .is_new = true};
	return b->n < NX_TABLE_BATCH ? NX_OK : nx_table_batch_end(b);
}

struct fill {
	struct nx_table_batch batch;
	const atomic_bool *cancel;
	uint64_t n;
	int rc;
};

static bool fill_one(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct fill *f = arg;

	f->rc = nx_table_batch_add(&f->batch, key, len, rec->state);
	if (++f->n % CANCEL_EVERY == 0 && atomic_load_explicit(f->cancel, memory_order_relaxed))
		f->rc = NX_ERR_CANCELLED;
	return f->rc == NX_OK;
}

int nx_tables_fill(struct nx_store *s, uint32_t domain, struct nx_users *t,
	const atomic_bool *cancel, struct nx_error *err)
{
	struct fill f = {.batch.table = t, .cancel = cancel};
	int rc = nx_store_user_scan_all(s, domain, fill_one, &f, err);

	if (rc != NX_OK)
		return rc;
	if (f.rc == NX_OK)
		f.rc = nx_table_batch_end(&f.batch);
	switch (f.rc) {
	case NX_OK:
		return NX_OK;
	case NX_ERR_COLLISION:
		return nx_fail(err, f.rc, "two users have the same hash");
	case NX_ERR_CANCELLED:
		return nx_fail(err, f.rc, "cancelled");
	default:
		return nx_fail(err, f.rc, "no memory for the table after %llu users",
			(unsigned long long)f.n);
	}
}

static int new_secret(struct nx_store *s, uint8_t secret[NX_USERS_SECRET_LEN], struct nx_error *err)
{
	struct nx_store_txn *t;
	int rc = nx_store_begin(s, &t, err);

	if (rc != NX_OK)
		return rc;
	if ((rc = nx_store_new_secret(t, secret, err)) == NX_OK)
		return nx_store_commit(t, NULL, err);
	nx_store_abort(t);
	return rc;
}

int nx_tables_build(struct nx_store *s, uint32_t domain, const struct nx_placement *placement,
	uint8_t secret[NX_USERS_SECRET_LEN], bool *rotated, const atomic_bool *cancel,
	struct nx_users **out, struct nx_error *err)
{
	uint64_t expected;
	int rc = nx_store_check_users(s, cancel, err);

	*out = NULL;
	if (rc == NX_OK)
		rc = nx_store_user_count(s, domain, &expected, err);
	for (int i = 0; rc == NX_OK && i < TRIES; i++) {
		struct nx_users *t;

		if (nx_users_create(expected, secret, placement, &t) != NX_OK)
			return nx_fail(err, NX_ERR_NOMEM, "no memory for a table of %llu users",
				(unsigned long long)expected);
		rc = nx_tables_fill(s, domain, t, cancel, err);
		if (rc == NX_OK) {
			*out = t;
			return NX_OK;
		}
		nx_users_destroy(t);
		if (rc == NX_ERR_COLLISION && i + 1 < TRIES) {
			rc = new_secret(s, secret, err);
			*rotated = rc == NX_OK;
		}
	}
	return rc;
}
