/* A domain's user table from the store: one scan in key order, each key hashed and set. The store
 * holds no key twice, so a hash that is already there is a collision, which a table must not keep:
 * the two keys would share one state. A collision among 10^9 users happens about once in 20,000
 * builds; four in a row are no chance. */
#include "control/server/tables.h"

#define TRIES        4
#define CANCEL_EVERY 4096 /* users between reclaiming and looks at the flag */

struct fill {
	struct nx_users *table;
	const atomic_bool *cancel;
	uint64_t n;
	int rc;
};

static bool fill_one(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct fill *f = arg;
	enum nx_user_state old = NX_USER_ABSENT;

	if (++f->n % CANCEL_EVERY == 0) {
		nx_users_reclaim(f->table); /* nobody else can see it yet */
		if (atomic_load_explicit(f->cancel, memory_order_relaxed)) {
			f->rc = NX_ERR_CANCELLED;
			return false;
		}
	}
	f->rc = nx_users_set(f->table, nx_users_hash(f->table, key, len), rec->state, &old);
	if (f->rc == NX_OK && old != NX_USER_ABSENT)
		f->rc = NX_ERR_COLLISION;
	return f->rc == NX_OK;
}

int nx_tables_fill(struct nx_store *s, uint32_t domain, struct nx_users *t,
	const atomic_bool *cancel, struct nx_error *err)
{
	struct fill f = {.table = t, .cancel = cancel};
	int rc = nx_store_user_scan(s, domain, NULL, NULL, fill_one, &f, err);

	if (rc != NX_OK)
		return rc;
	nx_users_reclaim(t);
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

int nx_tables_build(struct nx_store *s, uint32_t domain, uint8_t secret[NX_USERS_SECRET_LEN],
	bool *rotated, const atomic_bool *cancel, struct nx_users **out, struct nx_error *err)
{
	uint64_t expected;
	int rc = nx_store_user_count(s, domain, &expected, err);

	*out = NULL;
	for (int i = 0; rc == NX_OK && i < TRIES; i++) {
		struct nx_users *t;

		if (nx_users_create(expected, secret, &t) != NX_OK)
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
