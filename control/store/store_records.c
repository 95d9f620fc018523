/* The store's small records: meta, domains, ranges, rules, source prefixes. They are few and are
 * read whole; the keys are big-endian so that a domain's ranges lie together. The users are in
 * store_users.c, what they come to in store_tally.c. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "control/store/store_internal.h"

#define META_LEN   (1 + 8 + 2 + 4 + 4 + 16 + NX_USERS_SECRET_LEN)
#define SOURCE_KEY (16 + 1)

static const char meta_key[] = "meta";

static MDB_val val_of(const void *p, size_t len)
{
	return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)p};
}

int nx_store_bad_record(struct nx_store *s, const char *what, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_CORRUPT,
		"the store %s holds a %s that this version cannot read: use the nxsip that wrote "
		"it, or restore the directory from a backup",
		s->path, what);
}

static int del(struct nx_store_txn *t, enum nx_store_dbi dbi, MDB_val key, const char *what,
	struct nx_error *err)
{
	int rc = mdb_del(t->txn, t->store->dbi[dbi], &key, NULL);

	if (rc == MDB_NOTFOUND)
		return nx_fail(err, NX_ERR_NOT_FOUND, "%s: the store has no such record", what);
	return rc == 0 ? NX_OK : nx_store_fail(t->store, rc, what, err);
}

/* ---- meta ---- */

int nx_store_meta_read(
	struct nx_store *s, MDB_txn *txn, struct nx_store_meta *m, struct nx_error *err)
{
	MDB_val key = val_of(meta_key, sizeof(meta_key) - 1), value;
	int rc = mdb_get(txn, s->dbi[NX_DBI_META], &key, &value);
	const uint8_t *p = value.mv_data;

	if (rc == MDB_NOTFOUND)
		return NX_ERR_NOT_FOUND;
	if (rc != 0)
		return nx_store_fail(s, rc, "reading", err);
	if (!nx_store_unseal(NX_DBI_META, &key, &value) || value.mv_size != META_LEN ||
		p[0] != NX_STORE_VALUE_V1)
		return nx_store_bad_record(s, "header", err);
	m->version = nx_get_be64(p + 1);
	m->bypass = p[9];
	m->shadow = p[10];
	m->next_domain = nx_get_be32(p + 11);
	m->next_rule = nx_get_be32(p + 15);
	memcpy(m->tag_key, p + 19, sizeof(m->tag_key));
	memcpy(m->users_secret, p + 35, sizeof(m->users_secret));
	return NX_OK;
}

int nx_store_meta_put(struct nx_store_txn *t, const struct nx_store_meta *m, struct nx_error *err)
{
	uint8_t v[META_LEN] = {NX_STORE_VALUE_V1};

	nx_put_be64(v + 1, m->version);
	v[9] = m->bypass;
	v[10] = m->shadow;
	nx_put_be32(v + 11, m->next_domain);
	nx_put_be32(v + 15, m->next_rule);
	memcpy(v + 19, m->tag_key, sizeof(m->tag_key));
	memcpy(v + 35, m->users_secret, sizeof(m->users_secret));
	return nx_store_put_sealed(t, NX_DBI_META, val_of(meta_key, sizeof(meta_key) - 1),
		val_of(v, sizeof(v)), "writing the header", err);
}

int nx_store_meta_get(struct nx_store_txn *t, struct nx_store_meta *m, struct nx_error *err)
{
	int rc = nx_store_meta_read(t->store, t->txn, m, err);

	return rc == NX_ERR_NOT_FOUND ? nx_store_bad_record(t->store, "missing header", err) : rc;
}

int nx_store_new_secret(
	struct nx_store_txn *t, uint8_t secret[NX_USERS_SECRET_LEN], struct nx_error *err)
{
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	if (getrandom(m.users_secret, sizeof(m.users_secret), 0) != sizeof(m.users_secret))
		return nx_fail(err, NX_ERR_IO, "no random numbers: %s", strerror(errno));
	memcpy(secret, m.users_secret, sizeof(m.users_secret));
	return nx_store_meta_put(t, &m, err);
}

/* ---- writing ---- */

int nx_store_domain_put(struct nx_store_txn *t, const struct nx_domain_def *d, struct nx_error *e)
{
	uint8_t key[4], v[2 + NX_DOMAIN_NAME_MAX] = {NX_STORE_VALUE_V1};
	size_t len = strnlen(d->name, NX_DOMAIN_NAME_MAX - 1);

	nx_put_be32(key, d->id);
	v[1] = (uint8_t)(d->authoritative | d->complete << 1 | d->shadow << 2);
	memcpy(v + 2, d->name, len);
	return nx_store_put_sealed(t, NX_DBI_DOMAINS, val_of(key, sizeof(key)), val_of(v, 2 + len),
		"writing a domain", e);
}

static size_t range_key(const struct nx_range_def *r, uint8_t key[4 + sizeof(r->range.prefix)])
{
	size_t len = strnlen(r->range.prefix, sizeof(r->range.prefix) - 1);

	nx_put_be32(key, r->domain);
	memcpy(key + 4, r->range.prefix, len);
	return 4 + len;
}

int nx_store_range_put(struct nx_store_txn *t, const struct nx_range_def *r, struct nx_error *err)
{
	uint8_t key[4 + sizeof(r->range.prefix)];
	const uint8_t v[3] = {NX_STORE_VALUE_V1, r->range.min_len, r->range.max_len};

	return nx_store_put_sealed(t, NX_DBI_RANGES, val_of(key, range_key(r, key)),
		val_of(v, sizeof(v)), "writing a range", err);
}

int nx_store_range_del(struct nx_store_txn *t, const struct nx_range_def *r, struct nx_error *err)
{
	uint8_t key[4 + sizeof(r->range.prefix)];

	return del(t, NX_DBI_RANGES, val_of(key, range_key(r, key)), "deleting a range", err);
}

int nx_store_rule_put(struct nx_store_txn *t, const struct nx_rule_def *r, struct nx_error *err)
{
	size_t len = strlen(r->expression);
	uint8_t key[4], *v = malloc(11 + len);
	int rc;

	if (!v)
		return nx_fail(err, NX_ERR_NOMEM, "writing a rule: no memory");
	nx_put_be32(key, r->id);
	v[0] = NX_STORE_VALUE_V1;
	v[1] = r->verdict;
	v[2] = r->shadow;
	nx_put_be32(v + 3, r->priority);
	nx_put_be32(v + 7, r->domain);
	memcpy(v + 11, r->expression, len);
	rc = nx_store_put_sealed(t, NX_DBI_RULES, val_of(key, sizeof(key)), val_of(v, 11 + len),
		"writing a rule", err);
	free(v);
	return rc;
}

int nx_store_rule_del(struct nx_store_txn *t, uint32_t id, struct nx_error *err)
{
	uint8_t key[4];

	nx_put_be32(key, id);
	return del(t, NX_DBI_RULES, val_of(key, sizeof(key)), "deleting a rule", err);
}

static void source_key(const struct nx_prefix *p, uint8_t key[SOURCE_KEY])
{
	memcpy(key, p->addr.b, 16);
	key[16] = p->len;
}

int nx_store_source_put(struct nx_store_txn *t, const struct nx_source_def *d, struct nx_error *e)
{
	uint8_t key[SOURCE_KEY], v[1 + NX_NAME_MAX] = {NX_STORE_VALUE_V1};
	size_t len = strnlen(d->class, NX_NAME_MAX - 1);

	source_key(&d->prefix, key);
	memcpy(v + 1, d->class, len);
	return nx_store_put_sealed(t, NX_DBI_SOURCES, val_of(key, sizeof(key)), val_of(v, 1 + len),
		"writing a source", e);
}

int nx_store_source_del(struct nx_store_txn *t, const struct nx_prefix *p, struct nx_error *err)
{
	uint8_t key[SOURCE_KEY];

	source_key(p, key);
	return del(t, NX_DBI_SOURCES, val_of(key, sizeof(key)), "deleting a source", err);
}

/* A domain's record, and what its users come to. */
static int del_domain(struct nx_store_txn *t, uint32_t id, const char *what, struct nx_error *err)
{
	uint8_t key[4];
	int rc = nx_store_tally_flush(t, err);

	nx_put_be32(key, id);
	if (rc == NX_OK)
		rc = del(t, NX_DBI_TALLIES, val_of(key, sizeof(key)), what, err);
	if (rc == NX_OK || rc == NX_ERR_NOT_FOUND)
		rc = del(t, NX_DBI_DOMAINS, val_of(key, sizeof(key)), what, err);
	return rc;
}

static int del_ranges_of(struct nx_store_txn *t, uint32_t domain, struct nx_error *err)
{
	uint8_t prefix[4] = {0};
	MDB_cursor *c;
	MDB_val key = val_of(prefix, sizeof(prefix)), value;
	int rc = mdb_cursor_open(t->txn, t->store->dbi[NX_DBI_RANGES], &c);

	if (rc != 0)
		return nx_store_fail(t->store, rc, "deleting a domain", err);
	nx_put_be32(prefix, domain);
	rc = mdb_cursor_get(c, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && key.mv_size >= 4 && memcmp(key.mv_data, prefix, 4) == 0) {
		if ((rc = mdb_cursor_del(c, 0)) == 0) /* NEXT is then what moved up */
			rc = mdb_cursor_get(c, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(c);
	return rc == 0 || rc == MDB_NOTFOUND
		       ? NX_OK
		       : nx_store_fail(t->store, rc, "deleting a domain", err);
}

static int del_rules_of(struct nx_store_txn *t, uint32_t domain, struct nx_error *err)
{
	struct nx_store_records r;
	int rc = nx_store_txn_read_all(t, &r, err);

	if (rc != NX_OK)
		return rc;
	for (uint32_t i = 0; i < r.n_rules && rc == NX_OK; i++) {
		if (r.rules[i].domain == domain)
			rc = nx_store_rule_del(t, r.rules[i].id, err);
	}
	nx_store_records_fini(&r);
	return rc;
}

int nx_store_domain_del(struct nx_store_txn *t, uint32_t id, struct nx_error *err)
{
	int rc = del_domain(t, id, "deleting a domain", err);

	if (rc == NX_OK)
		rc = del_ranges_of(t, id, err);
	return rc == NX_OK ? del_rules_of(t, id, err) : rc;
}

/* ---- another id ---- */

static int move_domain(struct nx_store_txn *t, const struct nx_store_records *r, uint32_t from,
	uint32_t to, struct nx_error *err)
{
	int rc = del_domain(t, from, "moving a domain", err);

	for (uint32_t i = 0; i < r->n_domains && rc == NX_OK; i++) {
		struct nx_domain_def d = r->domains[i];

		d.id = to;
		if (r->domains[i].id == from)
			rc = nx_store_domain_put(t, &d, err);
	}
	return rc;
}

int nx_store_domain_move(struct nx_store_txn *t, uint32_t from, uint32_t to, struct nx_error *err)
{
	struct nx_store_records r;
	int rc = nx_store_txn_read_all(t, &r, err);

	if (rc != NX_OK)
		return rc;
	if ((rc = move_domain(t, &r, from, to, err)) != NX_OK)
		goto out;
	if ((rc = del_ranges_of(t, from, err)) != NX_OK)
		goto out;
	for (uint32_t i = 0; i < r.n_ranges && rc == NX_OK; i++) {
		if (r.ranges[i].domain != from)
			continue;
		r.ranges[i].domain = to;
		rc = nx_store_range_put(t, &r.ranges[i], err);
	}
	for (uint32_t i = 0; i < r.n_rules && rc == NX_OK; i++) {
		if (r.rules[i].domain != from)
			continue;
		r.rules[i].domain = to;
		rc = nx_store_rule_put(t, &r.rules[i], err);
	}
out:
	nx_store_records_fini(&r);
	return rc;
}

static int range_order(const void *a, const void *b)
{
	const struct nx_range_def *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return strcmp(x->range.prefix, y->range.prefix);
}

void nx_store_records_move(struct nx_store_records *r, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < r->n_domains; i++) {
		if (r->domains[i].id == from)
			r->domains[i].id = to;
	}
	for (uint32_t i = 0; i < r->n_ranges; i++) {
		if (r->ranges[i].domain == from)
			r->ranges[i].domain = to;
	}
	for (uint32_t i = 0; i < r->n_rules; i++) {
		if (r->rules[i].domain == from)
			r->rules[i].domain = to;
	}
	if (r->n_ranges > 0)
		qsort(r->ranges, r->n_ranges, sizeof(*r->ranges), range_order);
}

/* ---- reading ---- */

/* Decoders: one record into the next element of its array; false: not a record we know. */

static bool read_domain(void *elem, const uint8_t *k, size_t klen, const uint8_t *v, size_t vlen)
{
	struct nx_domain_def *d = elem;

	if (klen != 4 || vlen <= 2 || vlen - 2 >= NX_DOMAIN_NAME_MAX)
		return false;
	d->id = nx_get_be32(k);
	d->authoritative = v[1] & 1;
	d->complete = v[1] & 2;
	d->shadow = v[1] & 4;
	memcpy(d->name, v + 2, vlen - 2);
	return true;
}

static bool read_range(void *elem, const uint8_t *k, size_t klen, const uint8_t *v, size_t vlen)
{
	struct nx_range_def *r = elem;

	if (klen <= 4 || klen - 4 >= sizeof(r->range.prefix) || vlen != 3)
		return false;
	r->domain = nx_get_be32(k);
	memcpy(r->range.prefix, k + 4, klen - 4);
	r->range.min_len = v[1];
	r->range.max_len = v[2];
	return true;
}

static bool read_rule(void *elem, const uint8_t *k, size_t klen, const uint8_t *v, size_t vlen)
{
	struct nx_rule_def *r = elem;

	if (klen != 4 || vlen < 11)
		return false;
	r->id = nx_get_be32(k);
	r->verdict = v[1];
	r->shadow = v[2];
	r->priority = nx_get_be32(v + 3);
	r->domain = nx_get_be32(v + 7);
	r->expression = strndup((const char *)v + 11, vlen - 11);
	return r->expression != NULL;
}

static bool read_source(void *elem, const uint8_t *k, size_t klen, const uint8_t *v, size_t vlen)
{
	struct nx_source_def *d = elem;

	if (klen != SOURCE_KEY || k[16] > 128 || vlen <= 1 || vlen - 1 >= NX_NAME_MAX)
		return false;
	memcpy(d->prefix.addr.b, k, 16);
	d->prefix.len = k[16];
	memcpy(d->class, v + 1, vlen - 1);
	return true;
}

struct record_kind {
	const char *name;
	size_t size;
	bool (*read)(void *elem, const uint8_t *k, size_t klen, const uint8_t *v, size_t vlen);
};

static const struct record_kind record_kind[NX_DBI_N] = {
	[NX_DBI_DOMAINS] = {"domain", sizeof(struct nx_domain_def), read_domain},
	[NX_DBI_RANGES] = {"range", sizeof(struct nx_range_def), read_range},
	[NX_DBI_RULES] = {"rule", sizeof(struct nx_rule_def), read_rule},
	[NX_DBI_SOURCES] = {"source", sizeof(struct nx_source_def), read_source},
};

int nx_store_domain_id(
	struct nx_store *s, MDB_txn *txn, const char *name, uint32_t *id, struct nx_error *err)
{
	struct nx_domain_def d = {0};
	MDB_cursor *c;
	MDB_val key, value;
	int rc = mdb_cursor_open(txn, s->dbi[NX_DBI_DOMAINS], &c);

	if (rc != 0)
		return nx_store_fail(s, rc, "reading", err);
	while ((rc = mdb_cursor_get(c, &key, &value, MDB_NEXT)) == 0) {
		memset(&d, 0, sizeof(d));
		if (nx_store_unseal(NX_DBI_DOMAINS, &key, &value) &&
			read_domain(&d, key.mv_data, key.mv_size, value.mv_data, value.mv_size) &&
			strcmp(d.name, name) == 0)
			break;
	}
	mdb_cursor_close(c);
	*id = d.id;
	if (rc == MDB_NOTFOUND)
		return nx_fail(err, NX_ERR_NOT_FOUND, "no domain %s any more", name);
	return rc == 0 ? NX_OK : nx_store_fail(s, rc, "reading", err);
}

/* *out and *n hold what was read, also on error. */
static int read_table(struct nx_store *s, MDB_txn *txn, enum nx_store_dbi dbi, void **out,
	uint32_t *n, struct nx_error *err)
{
	const struct record_kind *kind = &record_kind[dbi];
	MDB_cursor *c;
	MDB_val key, value;
	MDB_stat stat;
	uint8_t *array;
	int rc, mrc;

	if ((mrc = mdb_stat(txn, s->dbi[dbi], &stat)) != 0)
		return nx_store_fail(s, mrc, "reading", err);
	array = calloc(stat.ms_entries + 1, kind->size);
	if (!array)
		return nx_fail(err, NX_ERR_NOMEM, "reading the store: no memory");
	*out = array;
	if ((mrc = mdb_cursor_open(txn, s->dbi[dbi], &c)) != 0)
		return nx_store_fail(s, mrc, "reading", err);
	rc = NX_OK;
	while (*n < stat.ms_entries && (mrc = mdb_cursor_get(c, &key, &value, MDB_NEXT)) == 0) {
		const uint8_t *v = value.mv_data;

		if (!nx_store_unseal(dbi, &key, &value) || value.mv_size < 1 ||
			v[0] != NX_STORE_VALUE_V1 ||
			!kind->read(array + *n * kind->size, key.mv_data, key.mv_size, v,
				value.mv_size)) {
			rc = nx_store_bad_record(s, kind->name, err);
			break;
		}
		++*n;
	}
	mdb_cursor_close(c);
	if (rc == NX_OK && mrc != 0 && mrc != MDB_NOTFOUND)
		rc = nx_store_fail(s, mrc, "reading", err);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct nx_domain_def *)a)->name, ((const struct nx_domain_def *)b)->name);
}

static int by_rank(const void *a, const void *b)
{
	const struct nx_rule_def *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int read_all(
	struct nx_store *s, MDB_txn *txn, struct nx_store_records *r, struct nx_error *err)
{
	int rc;

	memset(r, 0, sizeof(*r));
	rc = nx_store_meta_read(s, txn, &r->meta, err);
	if (rc == NX_ERR_NOT_FOUND)
		rc = nx_store_bad_record(s, "missing header", err);
	if (rc == NX_OK)
		rc = read_table(s, txn, NX_DBI_DOMAINS, (void **)&r->domains, &r->n_domains, err);
	if (rc == NX_OK)
		rc = read_table(s, txn, NX_DBI_RANGES, (void **)&r->ranges, &r->n_ranges, err);
	if (rc == NX_OK)
		rc = read_table(s, txn, NX_DBI_RULES, (void **)&r->rules, &r->n_rules, err);
	if (rc == NX_OK)
		rc = read_table(s, txn, NX_DBI_SOURCES, (void **)&r->sources, &r->n_sources, err);
	if (rc != NX_OK) {
		nx_store_records_fini(r);
		return rc;
	}
	qsort(r->domains, r->n_domains, sizeof(*r->domains), by_name);
	qsort(r->rules, r->n_rules, sizeof(*r->rules), by_rank);
	return NX_OK;
}

int nx_store_read_all(struct nx_store *s, struct nx_store_records *out, struct nx_error *err)
{
	MDB_txn *txn;
	int rc = nx_store_read_begin(s, &txn, err);

	if (rc != NX_OK)
		return rc;
	rc = read_all(s, txn, out, err);
	nx_store_read_end(s, txn);
	return rc;
}

int nx_store_txn_read_all(
	struct nx_store_txn *t, struct nx_store_records *out, struct nx_error *err)
{
	return read_all(t->store, t->txn, out, err);
}

void nx_store_records_fini(struct nx_store_records *r)
{
	for (uint32_t i = 0; i < r->n_rules; i++)
		free(r->rules[i].expression);
	free(r->domains);
	free(r->ranges);
	free(r->rules);
	free(r->sources);
	memset(r, 0, sizeof(*r));
}
