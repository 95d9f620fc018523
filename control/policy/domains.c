/* Domains and their number ranges, and the index by which services, ranges and rules find a domain.
 * A range or rule whose domain is not in the store covers nothing: what it would have answered
 * passes. Rules 26, 27, 35. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/policy/build.h"

#define NUMBER_DIGITS_MAX 15 /* E.164 */

static int name_cmp(const void *a, const void *b, void *defs)
{
	const struct nx_domain_def *d = defs;

	return strcasecmp(d[*(const uint32_t *)a].name, d[*(const uint32_t *)b].name);
}

static int id_cmp(const void *a, const void *b, void *defs)
{
	const struct nx_domain_def *d = defs;
	uint32_t ia = d[*(const uint32_t *)a].id, ib = d[*(const uint32_t *)b].id;

	return ia < ib ? -1 : ia > ib;
}

int nx_domain_index_init(struct nx_domain_index *x, const struct nx_domain_def *defs, uint32_t n)
{
	*x = (struct nx_domain_index){.defs = defs, .n = n};
	if (n == 0)
		return 0;
	x->by_name = calloc(n, sizeof(*x->by_name));
	x->by_id = calloc(n, sizeof(*x->by_id));
	if (!x->by_name || !x->by_id) {
		nx_domain_index_fini(x);
		return NX_ERR_NOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		x->by_name[i] = x->by_id[i] = i;
	qsort_r(x->by_name, n, sizeof(*x->by_name), name_cmp, (void *)(uintptr_t)defs);
	qsort_r(x->by_id, n, sizeof(*x->by_id), id_cmp, (void *)(uintptr_t)defs);
	return 0;
}

void nx_domain_index_fini(struct nx_domain_index *x)
{
	free(x->by_name);
	free(x->by_id);
	*x = (struct nx_domain_index){0};
}

int32_t nx_domain_by_name(const struct nx_domain_index *x, const char *name)
{
	uint32_t lo = 0, hi = x->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int cmp = strcasecmp(x->defs[x->by_name[mid]].name, name);

		if (cmp == 0)
			return (int32_t)x->by_name[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

int32_t nx_domain_by_id(const struct nx_domain_index *x, uint32_t id)
{
	uint32_t lo = 0, hi = x->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint32_t at = x->defs[x->by_id[mid]].id;

		if (at == id)
			return (int32_t)x->by_id[mid];
		if (at < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

int nx_range_check(const struct nx_range *r, struct nx_error *err)
{
	size_t len = strnlen(r->prefix, sizeof(r->prefix)), digits = len - 1;

	if (len < 2 || len > NUMBER_DIGITS_MAX + 1 || r->prefix[0] != '+' ||
		strspn(r->prefix + 1, "0123456789") != digits)
		return nx_fail(err, NX_ERR_INVALID,
			"range prefix \"%.*s\" is not + and 1 to %d digits: write the global form, "
			"such as +4420794",
			(int)len, r->prefix, NUMBER_DIGITS_MAX);
	if (r->min_len < digits || r->max_len < r->min_len || r->max_len > NUMBER_DIGITS_MAX)
		return nx_fail(err, NX_ERR_INVALID,
			"range %s: numbers of %u to %u digits cannot be: min must be at least the "
			"prefix's %zu digits, max at least min and at most %d (without the +)",
			r->prefix, r->min_len, r->max_len, digits, NUMBER_DIGITS_MAX);
	return 0;
}

static void domain_copy(struct nx_domain *d, const struct nx_domain_def *def)
{
	memcpy(d->name, def->name, sizeof(d->name));
	d->id = def->id;
	d->authoritative = def->authoritative;
	d->complete_names = def->complete;
	d->shadow = def->shadow;
	d->has_heads = def->has_heads;
	d->users = def->users;
}

/* Allots the ranges to their domains, in the order of the input. */
static int ranges_copy(struct nx_policy *p, const struct nx_policy_input *in,
	const struct nx_domain_index *x, struct nx_error *err)
{
	for (uint32_t i = 0; i < in->n_ranges; i++) {
		int32_t d = nx_domain_by_id(x, in->ranges[i].domain);
		int rc = nx_range_check(&in->ranges[i].range, err);

		if (rc)
			return rc;
		if (d >= 0)
			p->domains[d].n_ranges++;
	}
	for (uint32_t i = 0; i < p->n_domains; i++) {
		struct nx_domain *d = &p->domains[i];

		if (d->n_ranges && !(d->ranges = calloc(d->n_ranges, sizeof(*d->ranges))))
			return nx_fail(err, NX_ERR_NOMEM, "no memory for ranges");
		d->n_ranges = 0;
	}
	for (uint32_t i = 0; i < in->n_ranges; i++) {
		int32_t d = nx_domain_by_id(x, in->ranges[i].domain);

		if (d >= 0)
			p->domains[d].ranges[p->domains[d].n_ranges++] = in->ranges[i].range;
	}
	return 0;
}

static int range_map_build(struct nx_domain *d)
{
	struct nx_ivmap_prefix *prefixes;
	int rc;

	if (d->n_ranges == 0)
		return 0;
	prefixes = calloc(d->n_ranges, sizeof(*prefixes));
	if (!prefixes)
		return NX_ERR_NOMEM;
	for (uint32_t i = 0; i < d->n_ranges; i++) {
		const char *digits = d->ranges[i].prefix + 1;
		uint32_t len = (uint32_t)strlen(digits);

		prefixes[i] = (struct nx_ivmap_prefix){
			.key = nx_digits_key((const uint8_t *)digits, len),
			.len = (uint8_t)(4 * len),
			.value = i,
		};
	}
	rc = nx_ivmap_build(prefixes, d->n_ranges, &d->range_map);
	free(prefixes);
	return rc;
}

int nx_domains_build(struct nx_policy *p, const struct nx_policy_input *in,
	const struct nx_domain_index *x, struct nx_error *err)
{
	int rc;

	if (in->n_domains == 0)
		return 0;
	p->domains = calloc(in->n_domains, sizeof(*p->domains));
	if (!p->domains)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for domains");
	p->n_domains = in->n_domains;
	for (uint32_t i = 0; i < in->n_domains; i++)
		domain_copy(&p->domains[i], &in->domains[i]);
	rc = ranges_copy(p, in, x, err);
	for (uint32_t i = 0; !rc && i < p->n_domains; i++) {
		rc = range_map_build(&p->domains[i]);
		if (rc)
			nx_fail(err, rc, "no memory for ranges");
	}
	return rc;
}

void nx_domains_free(struct nx_policy *p)
{
	for (uint32_t i = 0; i < p->n_domains; i++) {
		nx_ivmap_fini(&p->domains[i].range_map);
		free(p->domains[i].ranges);
	}
	free(p->domains);
}
