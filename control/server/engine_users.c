/* One user: store, then table, then a grace period, then the answer. The table is changed in place;
 * the policy is published anew only for a domain's first head number, before the user is set, so
 * that no worker can see a head without looking for its extensions. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <urcu-qsbr.h>

#include "control/server/engine_internal.h"

static int user_key(const char *user, size_t len, bool digits_are_names, struct nx_key *key,
	struct nx_error *err)
{
	enum nx_row_err e = nx_key_from_row(user, len, digits_are_names, key);

	return e == NX_ROW_OK ? NX_OK
			      : nx_fail(err, NX_ERR_INVALID, "user \"%.*s\": %s",
					(int)(len < 128 ? len : 128), user, nx_row_err_text(e));
}

static int check(struct nx_engine *e, const struct nx_user_change *c, struct nx_domain_def **d,
	struct nx_key *key, struct nx_error *err)
{
	const struct nx_domain_def *found;
	int rc = nx_engine_domain_named(e, c->domain, &found, err);

	if (rc != NX_OK)
		return rc;
	*d = nx_engine_domain(e, found->id);
	if ((rc = user_key(c->user, c->len, c->digits_are_names, key, err)) != NX_OK)
		return rc;
	if (c->state == NX_USER_GONE && !found->authoritative)
		return nx_fail(err, NX_ERR_AUTHORITY,
			"gone says that the user exists nowhere, which only an authoritative "
			"domain can: mark %s so (domain set %s --authoritative), or delete the "
			"user instead",
			found->name, found->name);
	return nx_engine_idle(e, err);
}

/* Stores the change.  Out: *version 0 where there was nothing to change. */
static int store_user(struct nx_engine *e, uint32_t domain, const struct nx_user_change *c,
	const struct nx_key *key, struct nx_user_record *old, uint64_t *version,
	struct nx_error *err)
{
	struct nx_user_record rec = {.state = (uint8_t)c->state, .updated = (uint32_t)time(NULL)};
	struct nx_store_txn *t;
	int rc = nx_store_begin(e->store, &t, err);

	*version = 0;
	*old = (struct nx_user_record){.state = NX_USER_ABSENT};
	if (rc != NX_OK)
		return rc;
	if (c->state == NX_USER_ABSENT) {
		rc = nx_store_user_del(t, domain, key, old, err);
		if (rc == NX_ERR_NOT_FOUND)
			rc = NX_OK;
	} else {
		rc = nx_store_user_put(t, domain, key, &rec, old, err);
	}
	if (rc == NX_OK && old->state != c->state)
		return nx_store_commit(t, version, err);
	nx_store_abort(t);
	return rc;
}

/* The committed change into the table.  Error: as nx_users_set; NX_ERR_COLLISION, before anything
 * is touched: what is there is another user's state. */
static int table_user(
	struct nx_users *t, const struct nx_key *key, enum nx_user_state state, bool is_new)
{
	struct nx_hash h = nx_users_hash(t, key->text, key->len);
	enum nx_user_state old;
	int rc;

	if (is_new && nx_users_probe(t, h) != NX_USER_ABSENT)
		return NX_ERR_COLLISION;
	rc = nx_users_set(t, h, state, &old);
	synchronize_rcu();
	nx_users_reclaim(t);
	return rc;
}

/* Has the policy look for extensions in the domain from now on. */
static int note_heads(struct nx_engine *e, struct nx_domain_def *d, struct nx_error *err)
{
	struct nx_policy *p;
	int rc;

	if (d->has_heads)
		return NX_OK;
	d->has_heads = true;
	rc = nx_engine_build(e, e->config, &e->records, &p, err);
	if (rc == NX_OK)
		(void)nx_engine_publish_us(e, p);
	else
		d->has_heads = false;
	return rc;
}

int nx_engine_user_set(struct nx_engine *e, const struct nx_user_change *c,
	struct nx_user_changed *out, struct nx_error *err)
{
	struct nx_domain_def *d;
	struct nx_user_record old;
	uint64_t version;
	int rc = check(e, c, &d, &out->key, err);

	if (rc != NX_OK)
		return rc;
	if (c->state == NX_USER_HEAD && (rc = note_heads(e, d, err)) != NX_OK)
		return rc;
	rc = store_user(e, d->id, c, &out->key, &old, &version, err);
	if (rc == NX_ERR_FULL) /* the map grows at the next beginning */
		rc = store_user(e, d->id, c, &out->key, &old, &version, err);
	if (rc != NX_OK)
		return rc;
	if (version)
		e->records.meta.version = version;
	out->version = e->records.meta.version;
	out->was = old.state;
	if (!version || !d->users)
		return NX_OK;
	rc = table_user(d->users, &out->key, c->state, old.state == NX_USER_ABSENT);
	if (rc == NX_OK)
		return NX_OK;
	nx_engine_drop_table(e, d->id,
		rc == NX_ERR_COLLISION ? "two users have the same hash"
		: rc == NX_ERR_FULL    ? "the table is at its largest"
				       : "no memory for a user");
	if (rc == NX_ERR_NOMEM)
		return nx_fail(err, rc,
			"the change is stored (version %" PRIu64 "), but there was no memory for "
			"it in the table: the requests of %s pass until the table is built anew",
			version, c->domain);
	return NX_OK;
}

int nx_engine_user_get(struct nx_engine *e, const char *domain, const char *user, size_t len,
	bool digits_are_names, struct nx_key *key, struct nx_user_record *out, struct nx_error *err)
{
	const struct nx_domain_def *d;
	struct nx_key k;
	int rc = nx_engine_domain_named(e, domain, &d, err);

	*out = (struct nx_user_record){.state = NX_USER_ABSENT};
	if (rc != NX_OK)
		return rc;
	if ((rc = user_key(user, len, digits_are_names, &k, err)) != NX_OK)
		return rc;
	if (key)
		*key = k;
	rc = nx_store_user_get(e->store, d->id, &k, out, err);
	return rc == NX_ERR_NOT_FOUND ? NX_OK : rc;
}

static int list_key(const char *s, const char *what, struct nx_key *key, struct nx_error *err)
{
	size_t len = s ? strlen(s) : 0;

	if (len > NX_KEY_MAX)
		return nx_fail(err, NX_ERR_TOO_LONG, "%s is longer than a user, %d bytes", what,
			NX_KEY_MAX);
	*key = (struct nx_key){.len = (uint8_t)len};
	if (len)
		memcpy(key->text, s, len);
	return NX_OK;
}

int nx_engine_user_list(struct nx_engine *e, const char *domain, const char *prefix,
	const char *after, nx_user_cb cb, void *arg, struct nx_error *err)
{
	const struct nx_domain_def *d;
	struct nx_key p, a;
	int rc = nx_engine_domain_named(e, domain, &d, err);

	if (rc != NX_OK)
		return rc;
	if ((rc = list_key(prefix, "the prefix", &p, err)) != NX_OK)
		return rc;
	if ((rc = list_key(after, "after", &a, err)) != NX_OK)
		return rc;
	return nx_store_user_scan(e->store, d->id, &p, &a, cb, arg, err);
}
