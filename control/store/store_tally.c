/* What each domain's users come to, kept beside them: their number and digest. A transaction
 * gathers the difference it makes and writes it once, in the same commit as the users, so the two
 * never part; a replacement, which sees all users, writes the whole instead. Reading all users and
 * adding them up must give the same: that finds the damaged page that LMDB does not notice. */
#include "control/store/store_internal.h"

#define TALLY_LEN (1 + 8 + 16) /* version, count, digest */

static MDB_val domain_key(uint8_t k[4], uint32_t domain)
{
	nx_put_be32(k, domain);
	return (MDB_val){.mv_size = 4, .mv_data = k};
}

int nx_store_tally_read(struct nx_store *s, MDB_txn *txn, uint32_t domain, struct nx_tally *out,
	struct nx_error *err)
{
	uint8_t k[4];
	MDB_val key = domain_key(k, domain), value;
	int rc = mdb_get(txn, s->dbi[NX_DBI_TALLIES], &key, &value);
	const uint8_t *v = value.mv_data;

	*out = (struct nx_tally){0};
	if (rc == MDB_NOTFOUND)
		return NX_OK;
	if (rc != 0)
		return nx_store_fail(s, rc, "counting users", err);
	if (!nx_store_unseal(NX_DBI_TALLIES, &key, &value) || value.mv_size != TALLY_LEN ||
		v[0] != NX_STORE_VALUE_V1)
		return nx_store_bad_record(s, "user count", err);
	out->count = nx_get_be64(v + 1);
	out->digest = (struct nx_digest){.hi = nx_get_be64(v + 9), .lo = nx_get_be64(v + 17)};
	return NX_OK;
}

static int tally_write(
	struct nx_store_txn *t, uint32_t domain, const struct nx_tally *tally, struct nx_error *err)
{
	uint8_t k[4], v[TALLY_LEN] = {NX_STORE_VALUE_V1};
	MDB_val key = domain_key(k, domain), value = {.mv_size = TALLY_LEN, .mv_data = v};

	nx_put_be64(v + 1, tally->count);
	nx_put_be64(v + 9, tally->digest.hi);
	nx_put_be64(v + 17, tally->digest.lo);
	return nx_store_put_sealed(t, NX_DBI_TALLIES, key, value, "writing a user count", err);
}

int nx_store_tally_flush(struct nx_store_txn *t, struct nx_error *err)
{
	uint32_t domain = t->tally_domain;
	struct nx_tally sum;
	int rc;

	if (domain == 0)
		return NX_OK;
	if ((rc = nx_store_tally_read(t->store, t->txn, domain, &sum, err)) != NX_OK)
		return rc;
	sum.count += t->tally.count;
	nx_digest_add(&sum.digest, t->tally.digest);
	t->tally_domain = 0;
	t->tally = (struct nx_tally){0};
	return tally_write(t, domain, &sum, err);
}

int nx_store_tally_user(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	uint8_t old_state, uint8_t state, struct nx_error *err)
{
	if (t->tally_domain != domain) {
		int rc = nx_store_tally_flush(t, err);

		if (rc != NX_OK)
			return rc;
		t->tally_domain = domain;
	}
	nx_tally_user(&t->tally, key->text, key->len, old_state, state);
	return NX_OK;
}

int nx_store_tally_set(
	struct nx_store_txn *t, uint32_t domain, const struct nx_tally *tally, struct nx_error *err)
{
	int rc = nx_store_tally_flush(t, err);

	return rc == NX_OK ? tally_write(t, domain, tally, err) : rc;
}

/* ---- reading ---- */

int nx_store_tallies(struct nx_store *s, const struct nx_domain_def *domains, uint32_t n,
	struct nx_tally *out, uint64_t *version, struct nx_error *err)
{
	struct nx_store_meta meta;
	MDB_txn *txn;
	int rc = nx_store_read_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	for (uint32_t i = 0; i < n && rc == NX_OK; i++)
		rc = nx_store_tally_read(s, txn, domains[i].id, &out[i], err);
	if (rc == NX_OK && version && (rc = nx_store_meta_read(s, txn, &meta, err)) == NX_OK)
		*version = meta.version;
	nx_store_read_end(s, txn);
	return rc;
}

int nx_store_user_count(struct nx_store *s, uint32_t domain, uint64_t *n, struct nx_error *err)
{
	const struct nx_domain_def d = {.id = domain};
	struct nx_tally tally = {0};
	int rc = nx_store_tallies(s, &d, 1, &tally, NULL, err);

	*n = tally.count;
	return rc;
}
