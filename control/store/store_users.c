/* The users in the store: (domain id, canonical key) -> state and time, so that one domain's users
 * are one run in key order. Bulk replacement walks the run beside the new keys and writes only
 * where the two differ; behind the last record of all it appends, which fills pages whole. */
#include <errno.h>

#include "control/store/store_internal.h"

#define USER_KEY_MAX (4 + NX_KEY_MAX)
#define USER_LEN     6 /* version, state, updated */

struct user_key {
	uint8_t b[USER_KEY_MAX];
	MDB_val val;
};

static void user_key(struct user_key *k, uint32_t domain, const struct nx_key *key)
{
	size_t len = key ? key->len : 0;

	nx_put_be32(k->b, domain);
	if (len)
		memcpy(k->b + 4, key->text, len);
	k->val = (MDB_val){.mv_size = 4 + len, .mv_data = k->b};
}

static void user_encode(const struct nx_user_record *rec, uint8_t v[USER_LEN])
{
	v[0] = NX_STORE_VALUE_V1;
	v[1] = rec->state;
	nx_put_be32(v + 2, rec->updated);
}

static int user_decode(
	struct nx_store *s, const MDB_val *value, struct nx_user_record *rec, struct nx_error *err)
{
	const uint8_t *v = value->mv_data;

	*rec = (struct nx_user_record){.state = NX_USER_ABSENT};
	if (value->mv_size != USER_LEN || v[0] != NX_STORE_VALUE_V1 || v[1] == NX_USER_ABSENT ||
		v[1] > NX_USER_HEAD)
		return nx_store_bad_record(s, "user", err);
	rec->state = v[1];
	rec->updated = nx_get_be32(v + 2);
	return NX_OK;
}

static bool in_domain(const MDB_val *key, const uint8_t domain[4])
{
	return key->mv_size >= 4 && memcmp(key->mv_data, domain, 4) == 0;
}

/* ---- reading ---- */

static int read_users_begin(struct nx_store *s, MDB_txn **txn, struct nx_error *err)
{
	int rc = nx_store_users_ready(s, err);

	return rc == NX_OK ? nx_store_read_begin(s, txn, err) : rc;
}

int nx_store_user_get(struct nx_store *s, uint32_t domain, const struct nx_key *key,
	struct nx_user_record *out, struct nx_error *err)
{
	struct user_key k;
	MDB_val value;
	MDB_txn *txn;
	int rc = read_users_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	user_key(&k, domain, key);
	rc = mdb_get(txn, s->dbi[NX_DBI_USERS], &k.val, &value);
	if (rc == 0)
		rc = user_decode(s, &value, out, err);
	else if (rc == MDB_NOTFOUND)
		rc = nx_fail(err, NX_ERR_NOT_FOUND, "no such user");
	else
		rc = nx_store_fail(s, rc, "reading a user", err);
	nx_store_read_end(s, txn);
	return rc;
}

/* Says whether key a (as stored) is not greater than b. */
static bool not_after(const MDB_val *a, const MDB_val *b)
{
	size_t n = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
	int c = memcmp(a->mv_data, b->mv_data, n);

	return c < 0 || (c == 0 && a->mv_size <= b->mv_size);
}

static int scan(struct nx_store *s, MDB_cursor *c, const struct user_key *prefix,
	const struct user_key *after, nx_user_cb cb, void *arg, struct nx_error *err)
{
	const struct user_key *from = not_after(&prefix->val, &after->val) ? after : prefix;
	MDB_val key = from->val, value;
	int mrc = mdb_cursor_get(c, &key, &value, MDB_SET_RANGE);

	if (mrc == 0 && after->val.mv_size > 4 && not_after(&key, &after->val))
		mrc = mdb_cursor_get(c, &key, &value, MDB_NEXT);
	for (; mrc == 0; mrc = mdb_cursor_get(c, &key, &value, MDB_NEXT)) {
		struct nx_user_record rec;
		int rc;

		if (key.mv_size < prefix->val.mv_size ||
			memcmp(key.mv_data, prefix->b, prefix->val.mv_size) != 0)
			return NX_OK;
		if (key.mv_size > USER_KEY_MAX)
			return nx_store_bad_record(s, "user", err);
		if ((rc = user_decode(s, &value, &rec, err)) != NX_OK)
			return rc;
		if (!cb(arg, (const uint8_t *)key.mv_data + 4, key.mv_size - 4, &rec))
			return NX_OK;
	}
	return mrc == MDB_NOTFOUND ? NX_OK : nx_store_fail(s, mrc, "reading users", err);
}

/* Scans in the snapshot txn. */
static int scan_in(struct nx_store *s, MDB_txn *txn, const struct user_key *prefix,
	const struct user_key *after, nx_user_cb cb, void *arg, struct nx_error *err)
{
	MDB_cursor *c;
	int rc = mdb_cursor_open(txn, s->dbi[NX_DBI_USERS], &c);

	if (rc != 0)
		return nx_store_fail(s, rc, "reading users", err);
	rc = scan(s, c, prefix, after, cb, arg, err);
	mdb_cursor_close(c);
	return rc;
}

int nx_store_user_scan(struct nx_store *s, uint32_t domain, const struct nx_key *prefix,
	const struct nx_key *after, nx_user_cb cb, void *arg, struct nx_error *err)
{
	struct user_key p, a;
	MDB_txn *txn;
	int rc = read_users_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	user_key(&p, domain, prefix);
	user_key(&a, domain, after);
	rc = scan_in(s, txn, &p, &a, cb, arg, err);
	nx_store_read_end(s, txn);
	return rc;
}

struct adding_up {
	nx_user_cb cb;
	void *arg;
	struct nx_tally tally;
	bool stopped;
};

static bool add_up(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct adding_up *a = arg;

	nx_tally_user(&a->tally, key, len, NX_USER_ABSENT, rec->state);
	a->stopped = !a->cb(a->arg, key, len, rec);
	return !a->stopped;
}

/* Reads all users of a domain in the snapshot and holds them against their tally. */
static int scan_checked(struct nx_store *s, MDB_txn *txn, uint32_t domain, struct adding_up *a,
	struct nx_error *err)
{
	struct nx_tally stored;
	struct user_key all;
	int rc = nx_store_tally_read(s, txn, domain, &stored, err);

	if (rc != NX_OK)
		return rc;
	user_key(&all, domain, NULL);
	rc = scan_in(s, txn, &all, &all, add_up, a, err);
	if (rc != NX_OK || a->stopped)
		return rc;
	if (a->tally.count == stored.count && nx_digest_eq(a->tally.digest, stored.digest))
		return NX_OK;
	return nx_fail(err, NX_ERR_CORRUPT,
		"the store %s is damaged: the %llu users read are not the %llu that were stored "
		"(their digests differ): replace the domain's users by load --replace, or restore "
		"the directory from a backup",
		s->path, (unsigned long long)a->tally.count, (unsigned long long)stored.count);
}

int nx_store_user_scan_all(
	struct nx_store *s, uint32_t domain, nx_user_cb cb, void *arg, struct nx_error *err)
{
	struct adding_up a = {.cb = cb, .arg = arg};
	MDB_txn *txn;
	int rc = read_users_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	rc = scan_checked(s, txn, domain, &a, err);
	nx_store_read_end(s, txn);
	return rc;
}

int nx_store_user_scan_named(struct nx_store *s, const char *name, nx_user_cb cb, void *arg,
	struct nx_store_seen *seen, struct nx_error *err)
{
	struct adding_up a = {.cb = cb, .arg = arg};
	struct nx_store_meta meta;
	uint32_t domain;
	MDB_txn *txn;
	int rc = read_users_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	rc = nx_store_domain_id(s, txn, name, &domain, err);
	if (rc == NX_OK)
		rc = nx_store_meta_read(s, txn, &meta, err);
	if (rc == NX_OK)
		rc = scan_checked(s, txn, domain, &a, err);
	nx_store_read_end(s, txn);
	if (rc == NX_OK)
		*seen = (struct nx_store_seen){.tally = a.tally, .version = meta.version};
	return rc;
}

/* ---- writing ---- */

static int users_cursor(struct nx_store_txn *t, struct nx_error *err)
{
	int rc;

	if (t->users)
		return NX_OK;
	if ((rc = nx_store_users_ready(t->store, err)) != NX_OK)
		return rc;
	rc = mdb_cursor_open(t->txn, t->store->dbi[NX_DBI_USERS], &t->users);
	return rc == 0 ? NX_OK : nx_store_fail(t->store, rc, "writing users", err);
}

/* Rewrites the record under the cursor where its state differs. */
static int rewrite_current(struct nx_store_txn *t, MDB_val *key, const MDB_val *present,
	const struct nx_user_record *rec, struct nx_user_record *old, struct nx_error *err)
{
	uint8_t v[USER_LEN];
	MDB_val value = {.mv_size = USER_LEN, .mv_data = v};
	int rc = user_decode(t->store, present, old, err);

	if (rc != NX_OK || old->state == rec->state)
		return rc;
	user_encode(rec, v);
	rc = mdb_cursor_put(t->users, key, &value, MDB_CURRENT);
	return rc == 0 ? NX_OK : nx_store_fail(t->store, rc, "writing a user", err);
}

int nx_store_user_put(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_user_record *old, struct nx_error *err)
{
	struct nx_user_record before = {.state = NX_USER_ABSENT};
	struct user_key k;
	uint8_t v[USER_LEN];
	MDB_val value = {.mv_size = USER_LEN, .mv_data = v};
	int rc = users_cursor(t, err);

	if (rc != NX_OK)
		return rc;
	user_key(&k, domain, key);
	user_encode(rec, v);
	rc = mdb_cursor_put(t->users, &k.val, &value, MDB_NOOVERWRITE);
	if (rc == MDB_KEYEXIST) /* value is now the record that is there */
		rc = rewrite_current(t, &k.val, &value, rec, &before, err);
	else if (rc != 0)
		rc = nx_store_fail(t->store, rc, "writing a user", err);
	if (rc != NX_OK)
		return rc;
	if (old)
		*old = before;
	return before.state == rec->state
		       ? NX_OK
		       : nx_store_tally_user(t, domain, key, before.state, rec->state, err);
}

int nx_store_user_del(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	struct nx_user_record *old, struct nx_error *err)
{
	struct nx_user_record before;
	struct user_key k;
	MDB_val value;
	int rc = users_cursor(t, err);

	if (rc != NX_OK)
		return rc;
	user_key(&k, domain, key);
	rc = mdb_cursor_get(t->users, &k.val, &value, MDB_SET);
	if (rc == MDB_NOTFOUND)
		return nx_fail(err, NX_ERR_NOT_FOUND, "no such user");
	if (rc != 0)
		return nx_store_fail(t->store, rc, "deleting a user", err);
	if ((rc = user_decode(t->store, &value, &before, err)) != NX_OK)
		return rc;
	if ((rc = mdb_cursor_del(t->users, 0)) != 0)
		return nx_store_fail(t->store, rc, "deleting a user", err);
	if (old)
		*old = before;
	return nx_store_tally_user(t, domain, key, before.state, NX_USER_ABSENT, err);
}

/* ---- replacing a run ---- */

/* Looks at what the cursor stands on after a move that gave mrc. */
static int walk_at(struct nx_store_walk *w, int mrc, const MDB_val *key, struct nx_error *err)
{
	uint8_t domain[4];

	if (mrc != 0 && mrc != MDB_NOTFOUND)
		return nx_store_fail(w->txn->store, mrc, "replacing users", err);
	nx_put_be32(domain, w->domain);
	w->at_last = mrc == MDB_NOTFOUND;
	w->at_end = w->at_last || !in_domain(key, domain);
	return NX_OK;
}

int nx_store_replace_begin(
	struct nx_store_txn *t, uint32_t domain, struct nx_store_walk *w, struct nx_error *err)
{
	struct user_key k;
	MDB_val value;
	int rc = users_cursor(t, err);

	if (rc != NX_OK)
		return rc;
	*w = (struct nx_store_walk){.txn = t, .domain = domain};
	user_key(&k, domain, NULL);
	return walk_at(w, mdb_cursor_get(t->users, &k.val, &value, MDB_SET_RANGE), &k.val, err);
}

/* Removes the record under the cursor and stands on the next one. */
static int walk_remove(struct nx_store_walk *w, struct nx_error *err)
{
	MDB_val key, value;
	int rc = mdb_cursor_del(w->txn->users, 0);

	if (rc != 0)
		return nx_store_fail(w->txn->store, rc, "replacing users", err);
	w->removed++;
	/* after a delete, NEXT gives the record that moved up */
	rc = mdb_cursor_get(w->txn->users, &key, &value, MDB_NEXT);
	return walk_at(w, rc, &key, err);
}

/* Inserts before the record under the cursor, and stands on that again. */
static int walk_insert(struct nx_store_walk *w, struct user_key *k,
	const struct nx_user_record *rec, struct nx_error *err)
{
	uint8_t v[USER_LEN];
	MDB_val key, value = {.mv_size = USER_LEN, .mv_data = v};
	int rc;

	user_encode(rec, v);
	rc = mdb_cursor_put(
		w->txn->users, &k->val, &value, w->at_last ? MDB_APPEND : MDB_NOOVERWRITE);
	if (rc != 0)
		return nx_store_fail(w->txn->store, rc, "replacing users", err);
	if (w->at_end)
		return NX_OK;
	rc = mdb_cursor_get(w->txn->users, &key, &value, MDB_NEXT);
	return walk_at(w, rc, &key, err);
}

/* Where the cursor's key stands to k: < 0, 0, > 0; the end is greater than every key. */
static int walk_compare(
	struct nx_store_walk *w, const struct user_key *k, MDB_val *value, int *order)
{
	MDB_val key;
	int rc;

	*order = 1;
	if (w->at_end)
		return 0;
	rc = mdb_cursor_get(w->txn->users, &key, value, MDB_GET_CURRENT);
	if (rc != 0)
		return rc;
	*order = mdb_cmp(w->txn->txn, w->txn->store->dbi[NX_DBI_USERS], &key, &k->val);
	return 0;
}

static bool ascends(const struct nx_key *last, const struct nx_key *key)
{
	size_t n = last->len < key->len ? last->len : key->len;
	int c = memcmp(last->text, key->text, n);

	return c < 0 || (c == 0 && last->len < key->len);
}

int nx_store_replace_put(struct nx_store_walk *w, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_user_record *old, struct nx_error *err)
{
	struct user_key k;
	MDB_val value, next;
	int rc, order;

	if (!ascends(&w->last, key))
		return nx_fail(err, NX_ERR_CONFLICT, "replacing users: the keys do not ascend");
	w->last = *key;
	nx_tally_user(&w->tally, key->text, key->len, NX_USER_ABSENT, rec->state);
	user_key(&k, w->domain, key);
	for (;;) {
		if ((rc = walk_compare(w, &k, &value, &order)) != 0)
			return nx_store_fail(w->txn->store, rc, "replacing users", err);
		if (order >= 0)
			break;
		if ((rc = walk_remove(w, err)) != NX_OK)
			return rc;
	}
	if (order > 0) {
		*old = (struct nx_user_record){.state = NX_USER_ABSENT};
		return walk_insert(w, &k, rec, err);
	}
	if ((rc = rewrite_current(w->txn, &k.val, &value, rec, old, err)) != NX_OK)
		return rc;
	return walk_at(w, mdb_cursor_get(w->txn->users, &next, &value, MDB_NEXT), &next, err);
}

int nx_store_replace_end(struct nx_store_walk *w, uint64_t *removed, struct nx_error *err)
{
	int rc;

	while (!w->at_end) {
		if ((rc = walk_remove(w, err)) != NX_OK)
			return rc;
	}
	*removed = w->removed;
	return nx_store_tally_set(w->txn, w->domain, &w->tally, err);
}

/* ---- staging ---- */

int nx_store_user_append(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_error *err)
{
	struct user_key k;
	uint8_t v[USER_LEN];
	MDB_val value = {.mv_size = USER_LEN, .mv_data = v};
	int rc = users_cursor(t, err);

	if (rc != NX_OK)
		return rc;
	user_key(&k, domain, key);
	user_encode(rec, v);
	rc = mdb_cursor_put(t->users, &k.val, &value, MDB_APPEND);
	return rc == 0 ? NX_OK : nx_store_fail(t->store, rc, "writing users", err);
}

int nx_user_cursor_open(struct nx_store_txn *t, uint32_t domain, const struct nx_key *after,
	struct nx_user_cursor *c, struct nx_error *err)
{
	struct user_key k;
	MDB_val key, value;
	int rc;

	*c = (struct nx_user_cursor){.store = t->store, .domain = domain, .ahead = true};
	if ((rc = nx_store_users_ready(t->store, err)) != NX_OK)
		return rc;
	rc = mdb_cursor_open(t->txn, t->store->dbi[NX_DBI_USERS], &c->at);
	if (rc != 0)
		return nx_store_fail(t->store, rc, "reading users", err);
	user_key(&k, domain, after);
	key = k.val;
	rc = mdb_cursor_get(c->at, &key, &value, MDB_SET_RANGE);
	c->end = rc == MDB_NOTFOUND;
	if (rc != 0 && !c->end)
		return nx_store_fail(t->store, rc, "reading users", err);
	c->ahead = c->end || !after || !not_after(&key, &k.val);
	return NX_OK;
}

int nx_user_cursor_next(struct nx_user_cursor *c, struct nx_key *key, struct nx_user_record *rec,
	struct nx_error *err)
{
	uint8_t domain[4];
	MDB_val k, value;
	int rc;

	if (c->end)
		return 0;
	rc = mdb_cursor_get(c->at, &k, &value, c->ahead ? MDB_GET_CURRENT : MDB_NEXT);
	c->ahead = false;
	nx_put_be32(domain, c->domain);
	c->end = rc == MDB_NOTFOUND || (rc == 0 && !in_domain(&k, domain));
	if (c->end)
		return 0;
	if (rc != 0)
		return nx_store_fail(c->store, rc, "reading users", err);
	if (k.mv_size > USER_KEY_MAX)
		return nx_store_bad_record(c->store, "user", err);
	key->len = (uint8_t)(k.mv_size - 4);
	memcpy(key->text, (const uint8_t *)k.mv_data + 4, key->len);
	key->kind = key->len > 0 && key->text[0] == '+' ? NX_KEY_NUMBER : NX_KEY_NAME;
	rc = user_decode(c->store, &value, rec, err);
	return rc == NX_OK ? 1 : rc;
}
