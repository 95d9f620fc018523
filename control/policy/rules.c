/* Pattern rules: checked one by one before they are stored, compiled all together for a snapshot.
 *
 * Block mode, one scan a key. Expressions see raw bytes (no UTF-8: a user part is bytes), `.`
 * matches any byte, and each reports once: only the rank counts, not where it matched. */
#include <stdlib.h>
#include <string.h>

#include <hs.h>

#include "control/policy/build.h"

#define RULE_FLAGS (HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH)

static int refuse_empty(const char *expression, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_INVALID,
		"expression \"%.200s\" matches the empty key, and so every key: anchor it with ^ "
		"and "
		"$, or make it ask for at least one character",
		expression);
}

int nx_rule_check(const char *expression, struct nx_error *err)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;
	hs_database_t *db = NULL;
	bool empty;
	int rc;

	/* ALLOWEMPTY only here: to tell what matches nothing from what is malformed */
	if (hs_expression_info(expression, RULE_FLAGS | HS_FLAG_ALLOWEMPTY, &info, &why))
		goto refused;
	empty = info->min_width == 0;
	free(info);
	if (empty)
		return refuse_empty(expression, err);
	if (hs_compile(expression, RULE_FLAGS, HS_MODE_BLOCK, NULL, &db, &why))
		goto refused;
	hs_free_database(db);
	return 0;
refused:
	rc = nx_fail(err, NX_ERR_INVALID, "expression \"%.200s\": %s", expression,
		why ? why->message : "the pattern compiler failed");
	hs_free_compile_error(why);
	return rc;
}

static int rank_cmp(const void *va, const void *vb)
{
	const struct nx_rule_def *const *a = va, *const *b = vb;

	if ((*a)->priority != (*b)->priority)
		return (*a)->priority < (*b)->priority ? -1 : 1;
	return (*a)->id < (*b)->id ? -1 : (*a)->id > (*b)->id;
}

static int verdict_check(const struct nx_rule_def *d, struct nx_error *err)
{
	switch (d->verdict) {
	case NX_PASS:
	case NX_404:
	case NX_604:
	case NX_DROP:
		return 0;
	default:
		return nx_fail(err, NX_ERR_INVALID,
			"rule %u: verdict %u is none of pass, 404, 604, drop: delete the rule",
			d->id, d->verdict);
	}
}

/* Writes the defs that apply, by rank, to sorted, and their rules to r; the rest has no domain. */
static int rank(struct nx_ruleset *r, const struct nx_policy_input *in,
	const struct nx_domain_index *x, const struct nx_rule_def **sorted, struct nx_error *err)
{
	for (uint32_t i = 0; i < in->n_rules; i++) {
		const struct nx_rule_def *d = &in->rules[i];
		int rc = verdict_check(d, err);

		if (rc)
			return rc;
		if (d->domain == 0 || nx_domain_by_id(x, d->domain) >= 0)
			sorted[r->n++] = d;
	}
	qsort(sorted, r->n, sizeof(*sorted), rank_cmp);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct nx_rule_def *d = sorted[i];

		r->rules[i] = (struct nx_rule){
			.id = d->id,
			.priority = d->priority,
			.domain = d->domain ? nx_domain_by_id(x, d->domain) : -1,
			.verdict = d->verdict,
			.shadow = d->shadow,
		};
	}
	return 0;
}

/* Names the rule at fault, or all of them where it is the sum that is too much. */
static int refuse_compiled(
	const struct nx_rule_def *const *sorted, hs_compile_error_t *why, struct nx_error *err)
{
	const char *reason = why ? why->message : "the pattern compiler failed";

	if (why && why->expression >= 0)
		nx_fail(err, NX_ERR_INVALID, "rule %u, expression \"%.200s\": %s",
			sorted[why->expression]->id, sorted[why->expression]->expression, reason);
	else
		nx_fail(err, NX_ERR_INVALID, "the rules, taken together: %s", reason);
	hs_free_compile_error(why);
	return NX_ERR_INVALID;
}

static int compile(
	struct nx_ruleset *r, const struct nx_rule_def *const *sorted, struct nx_error *err)
{
	const char **text = calloc(r->n, sizeof(*text));
	unsigned *flags = calloc(r->n, sizeof(*flags)), *ids = calloc(r->n, sizeof(*ids));
	hs_compile_error_t *why = NULL;
	hs_database_t *db = NULL;
	int rc = 0;

	if (!text || !flags || !ids) {
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory for rules");
		goto out;
	}
	for (uint32_t i = 0; i < r->n; i++) {
		text[i] = sorted[i]->expression;
		flags[i] = RULE_FLAGS;
		ids[i] = i;
	}
	if (hs_compile_multi(text, flags, ids, r->n, HS_MODE_BLOCK, NULL, &db, &why))
		rc = refuse_compiled(sorted, why, err);
	r->db = db;
out:
	free(ids);
	free(flags);
	free(text);
	return rc;
}

static int scratch_make(struct nx_ruleset *r, unsigned n_workers, struct nx_error *err)
{
	hs_scratch_t *own = NULL;
	hs_error_t rc = hs_alloc_scratch(r->db, &own);

	r->scratch[NX_WORKER_MAX] = own;
	for (unsigned w = 0; rc == HS_SUCCESS && w < n_workers; w++) {
		hs_scratch_t *clone = NULL;

		rc = hs_clone_scratch(own, &clone);
		r->scratch[w] = clone;
	}
	return rc == HS_SUCCESS ? 0 : nx_fail(err, NX_ERR_NOMEM, "no memory for matching rules");
}

static int ruleset_fill(struct nx_ruleset *r, const struct nx_policy_input *in,
	const struct nx_domain_index *x, struct nx_error *err)
{
	const struct nx_rule_def **sorted = calloc(in->n_rules, sizeof(*sorted));
	int rc;

	r->rules = calloc(in->n_rules, sizeof(*r->rules));
	if (!sorted || !r->rules)
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory for rules");
	else
		rc = rank(r, in, x, sorted, err);
	if (!rc && r->n)
		rc = compile(r, sorted, err);
	if (!rc && r->n)
		rc = scratch_make(r, in->n_workers, err);
	free(sorted);
	return rc;
}

int nx_ruleset_build(const struct nx_policy_input *in, const struct nx_domain_index *x,
	struct nx_ruleset **out, struct nx_error *err)
{
	struct nx_ruleset *r;
	int rc;

	*out = NULL;
	if (in->n_rules == 0)
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for rules");
	rc = ruleset_fill(r, in, x, err);
	if (rc || r->n == 0)
		nx_ruleset_free(r);
	else
		*out = r;
	return rc;
}

void nx_ruleset_free(struct nx_ruleset *r)
{
	if (!r)
		return;
	for (unsigned w = 0; w <= NX_WORKER_MAX; w++)
		hs_free_scratch(r->scratch[w]);
	hs_free_database(r->db);
	free(r->rules);
	free(r);
}
