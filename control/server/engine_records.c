/* Changes of domains, ranges, source prefixes and rules: what is asked is checked against the
 * records in memory, then written by nx_engine_change. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/server/engine_internal.h"

#define DOMAIN_NAME_LEN_MAX 253 /* RFC 1035 section 2.3.4, as text */
#define LABEL_LEN_MAX       63
#define EXPRESSION_LEN_MAX  1024
#define RULES_MAX           100000
#define DOMAINS_MAX         10000

static int unchanged(const struct nx_engine *e, uint64_t *version)
{
	if (version)
		*version = e->records.meta.version;
	return NX_OK;
}

/* ---- domains ---- */

static bool label_ok(const char *s, size_t len)
{
	if (len == 0 || len > LABEL_LEN_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter = s[i] >= 'a' && s[i] <= 'z', digit = s[i] >= '0' && s[i] <= '9';

		if (!letter && !digit && s[i] != '-' && s[i] != '_')
			return false;
	}
	return true;
}

int nx_domain_name_fold(const char *name, char out[NX_DOMAIN_NAME_MAX], struct nx_error *err)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > DOMAIN_NAME_LEN_MAX)
		return nx_fail(err, NX_ERR_INVALID,
			"\"%.64s\" is not a domain name: it has 1 to %d characters", name,
			DOMAIN_NAME_LEN_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	out[len] = '\0';
	for (const char *label = out; label;) {
		const char *dot = strchr(label, '.');

		if (!label_ok(label, dot ? (size_t)(dot - label) : strlen(label)))
			return nx_fail(err, NX_ERR_INVALID,
				"\"%.253s\" is not a domain name: labels of 1 to %d letters, "
				"digits, - and _, joined by dots",
				name, LABEL_LEN_MAX);
		label = dot ? dot + 1 : NULL;
	}
	return NX_OK;
}

static void domain_apply(struct nx_domain_def *d, const struct nx_domain_change *c)
{
	if (c->authoritative)
		d->authoritative = *c->authoritative;
	if (c->complete)
		d->complete = *c->complete;
	if (c->shadow)
		d->shadow = *c->shadow;
}

static int store_new_domain(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	struct nx_domain_def *d = arg;
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	d->id = m.next_domain++;
	if ((rc = nx_store_meta_put(t, &m, err)) != NX_OK)
		return rc;
	return nx_store_domain_put(t, d, err);
}

int nx_engine_domain_add(struct nx_engine *e, const char *name, const struct nx_domain_change *c,
	uint64_t *version, struct nx_error *err)
{
	struct nx_domain_def d = {0};
	int rc = nx_domain_name_fold(name, d.name, err);

	if (rc != NX_OK)
		return rc;
	if (nx_engine_domain_find(e, d.name))
		return nx_fail(
			err, NX_ERR_EXISTS, "domain %s exists: change it by domain set", d.name);
	if (e->records.n_domains == DOMAINS_MAX)
		return nx_fail(
			err, NX_ERR_FULL, "there are %d domains, and no more may be", DOMAINS_MAX);
	domain_apply(&d, c);
	return nx_engine_change(e, store_new_domain, &d, version, err);
}

static int store_domain(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_domain_put(t, arg, err);
}

int nx_engine_domain_set(struct nx_engine *e, const char *name, const struct nx_domain_change *c,
	uint64_t *version, struct nx_error *err)
{
	const struct nx_domain_def *old;
	struct nx_domain_def d;
	int rc = nx_engine_domain_named(e, name, &old, err);

	if (rc != NX_OK)
		return rc;
	d = *old;
	domain_apply(&d, c);
	if (d.authoritative == old->authoritative && d.complete == old->complete &&
		d.shadow == old->shadow)
		return unchanged(e, version);
	return nx_engine_change(e, store_domain, &d, version, err);
}

static int store_domain_gone(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_domain_del(t, *(const uint32_t *)arg, err);
}

int nx_engine_domain_del(
	struct nx_engine *e, const char *name, bool force, uint64_t *version, struct nx_error *err)
{
	const struct nx_domain_def *d;
	uint64_t users;
	uint32_t id;
	int rc = nx_engine_domain_named(e, name, &d, err);

	if (rc != NX_OK)
		return rc;
	if ((rc = nx_store_user_count(e->store, d->id, &users, err)) != NX_OK)
		return rc;
	if (users > 0 && !force)
		return nx_fail(err, NX_ERR_GUARD,
			"domain %s has %" PRIu64 " users, who would go with it: say --force if "
			"that is meant",
			d->name, users);
	id = d->id;
	if ((rc = nx_engine_change(e, store_domain_gone, &id, version, err)) == NX_OK)
		nx_store_sweep(e->store);
	return rc;
}

/* ---- ranges ---- */

static int store_range(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_range_put(t, arg, err);
}

static int store_range_gone(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_range_del(t, arg, err);
}

/* The range asked for, and the record of that prefix if there is one. */
static int range_named(struct nx_engine *e, const char *domain, const char *prefix,
	struct nx_range_def *r, const struct nx_range_def **old, struct nx_error *err)
{
	const struct nx_domain_def *d;
	int rc = nx_engine_domain_named(e, domain, &d, err);

	if (rc != NX_OK)
		return rc;
	*r = (struct nx_range_def){.domain = d->id};
	if (strlen(prefix) >= sizeof(r->range.prefix))
		return nx_fail(err, NX_ERR_INVALID,
			"range %.32s...: a prefix is + and 1 to 15 digits", prefix);
	strcpy(r->range.prefix, prefix);
	*old = NULL;
	for (uint32_t i = 0; i < e->records.n_ranges; i++) {
		const struct nx_range_def *x = &e->records.ranges[i];

		if (x->domain == d->id && strcmp(x->range.prefix, prefix) == 0)
			*old = x;
	}
	return NX_OK;
}

static int range_lengths(
	struct nx_range_def *r, uint32_t min_len, uint32_t max_len, struct nx_error *err)
{
	if (min_len > UINT8_MAX || max_len > UINT8_MAX)
		return nx_fail(err, NX_ERR_INVALID, "range %s: a number has at most 15 digits",
			r->range.prefix);
	r->range.min_len = (uint8_t)min_len;
	r->range.max_len = (uint8_t)max_len;
	return nx_range_check(&r->range, err);
}

static int no_range(const struct nx_range_def *r, const char *domain, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_NOT_FOUND, "domain %s has no range %s: see range list", domain,
		r->range.prefix);
}

int nx_engine_range_add(struct nx_engine *e, const char *domain, const char *prefix,
	uint32_t min_len, uint32_t max_len, uint64_t *version, struct nx_error *err)
{
	const struct nx_range_def *old;
	struct nx_range_def r;
	int rc = range_named(e, domain, prefix, &r, &old, err);

	if (rc != NX_OK)
		return rc;
	if (old)
		return nx_fail(err, NX_ERR_EXISTS, "range %s exists in %s: change it by range set",
			prefix, domain);
	if ((rc = range_lengths(&r, min_len, max_len, err)) != NX_OK)
		return rc;
	return nx_engine_change(e, store_range, &r, version, err);
}

int nx_engine_range_set(struct nx_engine *e, const char *domain, const char *prefix,
	uint32_t min_len, uint32_t max_len, uint64_t *version, struct nx_error *err)
{
	const struct nx_range_def *old;
	struct nx_range_def r;
	int rc = range_named(e, domain, prefix, &r, &old, err);

	if (rc != NX_OK)
		return rc;
	if (!old)
		return no_range(&r, domain, err);
	rc = range_lengths(&r, min_len ? min_len : old->range.min_len,
		max_len ? max_len : old->range.max_len, err);
	if (rc != NX_OK)
		return rc;
	if (r.range.min_len == old->range.min_len && r.range.max_len == old->range.max_len)
		return unchanged(e, version);
	return nx_engine_change(e, store_range, &r, version, err);
}

int nx_engine_range_del(struct nx_engine *e, const char *domain, const char *prefix,
	uint64_t *version, struct nx_error *err)
{
	const struct nx_range_def *old;
	struct nx_range_def r;
	int rc = range_named(e, domain, prefix, &r, &old, err);

	if (rc != NX_OK)
		return rc;
	if (!old)
		return no_range(&r, domain, err);
	return nx_engine_change(e, store_range_gone, &r, version, err);
}

/* ---- source prefixes ---- */

static int store_source(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_source_put(t, arg, err);
}

static int store_source_gone(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_source_del(t, arg, err);
}

static bool same_prefix(const struct nx_prefix *a, const struct nx_prefix *b)
{
	return a->len == b->len && nx_addr_eq(&a->addr, &b->addr);
}

static const struct nx_source_def *source_in_store(
	const struct nx_engine *e, const struct nx_prefix *p)
{
	for (uint32_t i = 0; i < e->records.n_sources; i++) {
		if (same_prefix(&e->records.sources[i].prefix, p))
			return &e->records.sources[i];
	}
	return NULL;
}

/* The class of the file that lists the prefix, or NULL. */
static const char *source_in_file(const struct nx_config *c, const struct nx_prefix *p)
{
	for (uint32_t i = 0; i < c->n_classes; i++) {
		for (uint32_t j = 0; j < c->classes[i].n_prefixes; j++) {
			if (same_prefix(&c->classes[i].prefixes[j], p))
				return c->classes[i].class.name;
		}
	}
	return NULL;
}

static int prefix_read(const char *prefix, struct nx_prefix *p, struct nx_error *err)
{
	struct nx_error why;

	if (nx_prefix_parse(prefix, p, &why) != NX_OK)
		return nx_fail(err, NX_ERR_INVALID, "source %.64s: %s", prefix, why.text);
	return NX_OK;
}

static int source_read(const struct nx_engine *e, const char *prefix, const char *class_name,
	struct nx_source_def *s, struct nx_error *err)
{
	const struct nx_config *c = e->config;
	int rc;

	*s = (struct nx_source_def){0};
	if ((rc = prefix_read(prefix, &s->prefix, err)) != NX_OK)
		return rc;
	for (uint32_t i = 0; i < c->n_classes; i++) {
		if (strcmp(c->classes[i].class.name, class_name) == 0) {
			strcpy(s->class, c->classes[i].class.name);
			return NX_OK;
		}
	}
	return nx_fail(err, NX_ERR_INVALID,
		"source %s: the configuration has no class %.32s: see source list", prefix,
		class_name);
}

int nx_engine_source_add(struct nx_engine *e, const char *prefix, const char *class_name,
	uint64_t *version, struct nx_error *err)
{
	struct nx_source_def s;
	int rc = source_read(e, prefix, class_name, &s, err);

	if (rc != NX_OK)
		return rc;
	if (source_in_store(e, &s.prefix))
		return nx_fail(
			err, NX_ERR_EXISTS, "source %s exists: change it by source set", prefix);
	return nx_engine_change(e, store_source, &s, version, err);
}

static int no_source(const struct nx_engine *e, const char *prefix, const struct nx_prefix *p,
	struct nx_error *err)
{
	const char *file_class = source_in_file(e->config, p);

	if (file_class)
		return nx_fail(err, NX_ERR_IN_FILE,
			"source %s is set in the configuration file, in class %s: change it there "
			"and reload, or overrule it by source add",
			prefix, file_class);
	return nx_fail(err, NX_ERR_NOT_FOUND, "no source %s: see source list", prefix);
}

int nx_engine_source_set(struct nx_engine *e, const char *prefix, const char *class_name,
	uint64_t *version, struct nx_error *err)
{
	const struct nx_source_def *old;
	struct nx_source_def s;
	int rc = source_read(e, prefix, class_name, &s, err);

	if (rc != NX_OK)
		return rc;
	if (!(old = source_in_store(e, &s.prefix)))
		return no_source(e, prefix, &s.prefix, err);
	if (strcmp(old->class, s.class) == 0)
		return unchanged(e, version);
	return nx_engine_change(e, store_source, &s, version, err);
}

int nx_engine_source_del(
	struct nx_engine *e, const char *prefix, uint64_t *version, struct nx_error *err)
{
	struct nx_prefix p;
	int rc = prefix_read(prefix, &p, err);

	if (rc != NX_OK)
		return rc;
	if (!source_in_store(e, &p))
		return no_source(e, prefix, &p, err);
	return nx_engine_change(e, store_source_gone, &p, version, err);
}

/* ---- pattern rules ---- */

static int store_new_rule(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	struct nx_rule_def *r = arg;
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	r->id = m.next_rule++;
	if ((rc = nx_store_meta_put(t, &m, err)) != NX_OK)
		return rc;
	return nx_store_rule_put(t, r, err);
}

static int store_rule(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_rule_put(t, arg, err);
}

static int store_rule_gone(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	return nx_store_rule_del(t, *(const uint32_t *)arg, err);
}

static int rule_check(const struct nx_engine *e, const struct nx_rule_def *r, struct nx_error *err)
{
	const struct nx_domain_def *d = r->domain ? nx_engine_domain_by_id(e, r->domain) : NULL;

	if (r->verdict != NX_PASS && r->verdict != NX_404 && r->verdict != NX_604 &&
		r->verdict != NX_DROP)
		return nx_fail(err, NX_ERR_INVALID, "a rule's verdict is pass, 404, 604 or drop");
	if (r->verdict == NX_604 && d && !d->authoritative)
		return nx_fail(err, NX_ERR_AUTHORITY,
			"604 says that the user exists nowhere, which only an authoritative "
			"domain can: mark %s so (domain set %s --authoritative), or use 404",
			d->name, d->name);
	if (strlen(r->expression) > EXPRESSION_LEN_MAX)
		return nx_fail(err, NX_ERR_TOO_LONG, "the expression is longer than %d bytes",
			EXPRESSION_LEN_MAX);
	return nx_rule_check(r->expression, err);
}

int nx_engine_rule_add(struct nx_engine *e, const struct nx_rule_change *c, uint32_t *id,
	uint64_t *version, struct nx_error *err)
{
	struct nx_rule_def r = {.priority = c->priority ? *c->priority : NX_RULE_PRIORITY_DEFAULT,
		.shadow = c->shadow && *c->shadow};
	int rc;

	if (!c->expression || !c->verdict)
		return nx_fail(err, NX_ERR_INVALID, "a rule needs an expression and a verdict");
	if (e->records.n_rules == RULES_MAX)
		return nx_fail(
			err, NX_ERR_FULL, "there are %d rules, and no more may be", RULES_MAX);
	if (c->domain) {
		const struct nx_domain_def *d;

		if ((rc = nx_engine_domain_named(e, c->domain, &d, err)) != NX_OK)
			return rc;
		r.domain = d->id;
	}
	r.verdict = *c->verdict;
	r.expression = (char *)(uintptr_t)c->expression;
	if ((rc = rule_check(e, &r, err)) != NX_OK)
		return rc;
	rc = nx_engine_change(e, store_new_rule, &r, version, err);
	if (rc == NX_OK && id)
		*id = r.id;
	return rc;
}

static const struct nx_rule_def *rule_by_id(const struct nx_engine *e, uint32_t id)
{
	for (uint32_t i = 0; i < e->records.n_rules; i++) {
		if (e->records.rules[i].id == id)
			return &e->records.rules[i];
	}
	return NULL;
}

int nx_engine_rule_set(struct nx_engine *e, uint32_t id, const struct nx_rule_change *c,
	uint64_t *version, struct nx_error *err)
{
	const struct nx_rule_def *old = rule_by_id(e, id);
	struct nx_rule_def r;
	int rc;

	if (!old)
		return nx_fail(err, NX_ERR_NOT_FOUND, "no rule %" PRIu32 ": see rule list", id);
	r = *old;
	if (c->expression)
		r.expression = (char *)(uintptr_t)c->expression;
	if (c->verdict)
		r.verdict = *c->verdict;
	if (c->priority)
		r.priority = *c->priority;
	if (c->shadow)
		r.shadow = *c->shadow;
	if (strcmp(r.expression, old->expression) == 0 && r.verdict == old->verdict &&
		r.priority == old->priority && r.shadow == old->shadow)
		return unchanged(e, version);
	if ((rc = rule_check(e, &r, err)) != NX_OK)
		return rc;
	return nx_engine_change(e, store_rule, &r, version, err);
}

int nx_engine_rule_del(struct nx_engine *e, uint32_t id, uint64_t *version, struct nx_error *err)
{
	if (!rule_by_id(e, id))
		return nx_fail(err, NX_ERR_NOT_FOUND, "no rule %" PRIu32 ": see rule list", id);
	return nx_engine_change(e, store_rule_gone, &id, version, err);
}
