/* Users one by one, in groups: store, then table, then a grace period, then the answers. Changes
 * that wait at the same time share a store transaction, whose fdatasync is what a change costs.
 * The table is changed in place; the policy is published anew only for a domain's first head
 * number, before the user is set, so that no worker can see a head without looking for its
 * extensions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/server/engine_internal.h"

/* A change on its way. */
struct step {
	const struct nx_user_change *c;
	struct nx_user_outcome *out;
	struct nx_domain_def *d;
	bool first_head; /* of its domain */
};

int nx_engine_user_key(const char *user, size_t len, bool digits_are_names, struct nx_key *key,
	struct nx_error *err)
{
	enum nx_row_err e = nx_key_from_row(user, len, digits_are_names, key);

	return e == NX_ROW_OK ? NX_OK
			      : nx_fail(err, NX_ERR_INVALID, "user \"%.*s\": %s",
					(int)(len < 128 ? len : 128), user, nx_row_err_text(e));
}

int nx_engine_may_be(const struct nx_domain_def *d, enum nx_user_state state, struct nx_error *err)
{
	if (state != NX_USER_GONE || d->authoritative)
		return NX_OK;
	return nx_fail(err, NX_ERR_AUTHORITY,
		"gone says that the user exists nowhere, which only an authoritative domain can: "
		"mark %s so (domain set %s --authoritative), or delete the user instead",
		d->name, d->name);
}

static int check(struct nx_engine *e, struct step *s)
{
	struct nx_error *err = &s->out->err;
	const struct nx_domain_def *found;
	int rc = nx_engine_domain_named(e, s->c->domain, &found, err);

	if (rc != NX_OK)
		return rc;
	s->d = nx_engine_domain(e, found->id);
	rc = nx_engine_user_key(
		s->c->user, s->c->len, s->c->digits_are_names, &s->out->changed.key, err);
	return rc == NX_OK ? nx_engine_may_be(found, s->c->state, err) : rc;
}

/* Those that have not been refused end in rc. */
static void fail_rest(struct step *s, size_t n, int rc, const struct nx_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i].out->code != NX_OK)
			continue;
		s[i].out->code = rc;
		s[i].out->err = *err;
	}
}

/* ---- the first head number of a domain ---- */

static int publish_heads(struct nx_engine *e, struct nx_error *err)
{
	struct nx_policy *p;
	int rc = nx_engine_build(e, e->config, &e->records, &p, err);

	if (rc == NX_OK)
		nx_engine_publish(e, p);
	return rc;
}

int nx_engine_note_heads(struct nx_engine *e, struct nx_domain_def *d, struct nx_error *err)
{
	int rc;

	if (d->has_heads)
		return NX_OK;
	d->has_heads = true;
	rc = publish_heads(e, err);
	d->has_heads = rc == NX_OK;
	return rc;
}

static int note_heads(struct nx_engine *e, struct step *s, size_t n, struct nx_error *err)
{
	bool any = false;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (s[i].out->code != NX_OK || s[i].c->state != NX_USER_HEAD || s[i].d->has_heads)
			continue;
		any = s[i].first_head = s[i].d->has_heads = true;
	}
	if (!any || (rc = publish_heads(e, err)) == NX_OK)
		return NX_OK;
	for (size_t i = 0; i < n; i++) {
		if (s[i].first_head)
			s[i].d->has_heads = false;
	}
	return rc;
}

/* ---- the store ---- */

static int put(struct nx_store_txn *t, const struct step *s, uint32_t now,
	struct nx_user_record *old, struct nx_error *err)
{
	struct nx_user_record rec = {.state = (uint8_t)s->c->state, .updated = now};
	int rc;

	*old = (struct nx_user_record){.state = NX_USER_ABSENT};
	if (s->c->state != NX_USER_ABSENT)
		return nx_store_user_put(t, s->d->id, &s->out->changed.key, &rec, old, err);
	rc = nx_store_user_del(t, s->d->id, &s->out->changed.key, old, err);
	return rc == NX_ERR_NOT_FOUND ? NX_OK : rc;
}

/* Out: *version 0 where there was nothing to change. */
static int store_users(
	struct nx_engine *e, struct step *s, size_t n, uint64_t *version, struct nx_error *err)
{
	uint32_t now = (uint32_t)time(NULL);
	struct nx_store_txn *t;
	bool any = false;
	int rc = nx_store_begin(e->store, &t, err);

	*version = 0;
	if (rc != NX_OK)
		return rc;
	for (size_t i = 0; i < n && rc == NX_OK; i++) {
		struct nx_user_record old;

		if (s[i].out->code != NX_OK)
			continue;
		rc = put(t, &s[i], now, &old, err);
		s[i].out->changed.was = (enum nx_user_state)old.state;
		any |= s[i].out->changed.was != s[i].c->state;
	}
	if (rc == NX_OK && any)
		return nx_store_commit(t, version, err);
	nx_store_abort(t);
	return rc;
}

/* ---- the tables ---- */

/* The committed change into the table.  Error: as nx_users_set; NX_ERR_COLLISION, before anything
 * is touched: what is there is another user's state. */
static int set_user(const struct step *s)
{
	const struct nx_key *key = &s->out->changed.key;
	struct nx_user_set set = {.hash = nx_users_hash(s->d->users, key->text, key->len),
		.state = (uint8_t)s->c->state,
		.is_new = s->out->changed.was == NX_USER_ABSENT};

	return nx_users_set_burst(s->d->users, &set, 1);
}

static void table_failed(struct nx_engine *e, struct step *s, int rc)
{
	nx_engine_drop_table(e, s->d->id,
		rc == NX_ERR_COLLISION ? "two users have the same hash"
		: rc == NX_ERR_FULL    ? "the table is at its largest"
				       : "no memory for a user");
	if (rc == NX_ERR_NOMEM)
		s->out->code = nx_fail(&s->out->err, rc,
			"the change is stored (version %" PRIu64 "), but there was no memory for "
			"it in the table: the requests of %s pass until the table is built anew",
			e->records.meta.version, s->d->name);
}

static void set_users(struct nx_engine *e, struct step *s, size_t n)
{
	bool left_behind = false;

	nx_engine_recall(e);
	for (size_t i = 0; i < n; i++) {
		int rc = NX_OK;

		if (s[i].out->code != NX_OK || !s[i].d->users ||
			s[i].out->changed.was == s[i].c->state)
			continue;
		if ((rc = set_user(&s[i])) != NX_OK)
			table_failed(e, &s[i], rc);
		else
			left_behind |= nx_users_retired(s[i].d->users) > 0;
	}
	nx_engine_tables_changed(e, left_behind);
}

static void change_users(struct nx_engine *e, struct step *s, size_t n)
{
	struct nx_error err;
	uint64_t version;
	int rc = nx_engine_ready(e, &err);

	if (rc == NX_OK)
		rc = note_heads(e, s, n, &err);
	if (rc == NX_OK)
		rc = store_users(e, s, n, &version, &err);
	if (rc == NX_ERR_FULL) /* the map grows at the next beginning */
		rc = store_users(e, s, n, &version, &err);
	if (rc != NX_OK) {
		fail_rest(s, n, rc, &err);
		return;
	}
	if (version)
		e->records.meta.version = version;
	for (size_t i = 0; i < n; i++)
		s[i].out->changed.version = e->records.meta.version;
	if (version)
		set_users(e, s, n);
}

void nx_engine_users_set(
	struct nx_engine *e, const struct nx_user_change *c, struct nx_user_outcome *out, size_t n)
{
	struct step *s = calloc(n, sizeof(*s));

	for (size_t i = 0; i < n && s; i++) {
		s[i] = (struct step){.c = &c[i], .out = &out[i]};
		out[i].code = check(e, &s[i]);
	}
	if (s)
		change_users(e, s, n);
	for (size_t i = 0; i < n && !s; i++)
		out[i].code = nx_fail(&out[i].err, NX_ERR_NOMEM, "no memory for a change");
	free(s);
}

int nx_engine_user_set(struct nx_engine *e, const struct nx_user_change *c,
	struct nx_user_changed *out, struct nx_error *err)
{
	struct nx_user_outcome o = {0};

	nx_engine_users_set(e, c, &o, 1);
	*out = o.changed;
	if (o.code != NX_OK && err)
		*err = o.err;
	return o.code;
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
	if ((rc = nx_engine_user_key(user, len, digits_are_names, &k, err)) != NX_OK)
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
