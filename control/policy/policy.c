/* The policy snapshot, put together: plans, source classes, tag keys and flags here; domains,
 * services and rules in files of their own. Built whole from the inputs each time: a snapshot holds
 * no pointer into the configuration, the store's records or another snapshot, so that each can go
 * when it likes; only the user tables are borrowed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/policy/build.h"

/* The last plan is for services that name none. */
static int plans_build(struct nx_policy *p, const struct nx_config *c, struct nx_error *err)
{
	p->plans = calloc((size_t)c->n_plans + 1, sizeof(*p->plans));
	if (!p->plans)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for number plans");
	for (uint32_t i = 0; i < c->n_plans; i++)
		p->plans[i] = c->plans[i];
	nx_plan_defaults(&p->plans[c->n_plans]);
	p->n_plans = c->n_plans + 1;
	for (uint32_t i = 0; i < p->n_plans; i++)
		nx_plan_index(&p->plans[i]);
	return 0;
}

static void classes_copy(struct nx_policy *p, const struct nx_config *c)
{
	p->n_classes = c->n_classes;
	for (uint32_t i = 0; i < c->n_classes; i++) {
		p->classes[i] = c->classes[i].class;
		p->classes[i].plan = c->classes[i].plan >= 0 ? &p->plans[c->classes[i].plan] : NULL;
		p->limits_passes |= p->classes[i].unanswerable_rate || p->classes[i].dialog_rate;
	}
}

static int class_find(
	const struct nx_policy *p, const struct nx_source_def *s, uint32_t *out, struct nx_error *e)
{
	char text[56];

	for (*out = 0; *out < p->n_classes; ++*out)
		if (strcmp(p->classes[*out].name, s->class) == 0)
			return 0;
	nx_prefix_format(&s->prefix, text);
	return nx_fail(e, NX_ERR_INVALID,
		"source %s is in class \"%s\", which the configuration does not have: add the "
		"class, or "
		"delete the source with `nxsipctl source del %s`",
		text, s->class, text);
}

static struct nx_ivmap_prefix prefix_of(const struct nx_prefix *p, uint32_t class)
{
	return (struct nx_ivmap_prefix){nx_addr_u128(&p->addr), p->len, class};
}

/* The file's prefixes first, then the store's: of equal ones the last wins. */
static int sources_build(
	struct nx_policy *p, const struct nx_policy_input *in, struct nx_error *err)
{
	const struct nx_config *c = in->config;
	struct nx_ivmap_prefix *all;
	uint32_t n = in->n_sources, class;
	int rc = 0;

	for (uint32_t i = 0; i < c->n_classes; i++)
		n += c->classes[i].n_prefixes;
	all = calloc((size_t)n + 1, sizeof(*all));
	if (!all)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for sources");
	n = 0;
	for (uint32_t i = 0; i < c->n_classes; i++)
		for (uint32_t k = 0; k < c->classes[i].n_prefixes; k++)
			all[n++] = prefix_of(&c->classes[i].prefixes[k], i);
	for (uint32_t i = 0; !rc && i < in->n_sources; i++) {
		rc = class_find(p, &in->sources[i], &class, err);
		all[n++] = prefix_of(&in->sources[i].prefix, class);
	}
	if (!rc && nx_ivmap_build(all, n, &p->sources))
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory for sources");
	free(all);
	return rc;
}

static void box_copy(struct nx_policy *p, const struct nx_policy_input *in)
{
	const struct nx_config *c = in->config;

	p->version = in->version;
	p->bypass = in->bypass;
	p->shadow = in->shadow;
	p->bypass_ack_until_ns = in->bypass_ack_until_ns;
	p->settle_until_ns = in->settle_until_ns;
	p->recall = in->recall;
	p->reason_header = c->reason_header;
	memcpy(p->server, c->server, sizeof(p->server));
	p->server_len = (uint8_t)strnlen(p->server, sizeof(p->server));
	p->emergency = c->emergency;
	nx_emergency_index(&p->emergency);
	for (unsigned i = 0; i < 2; i++)
		p->tag_key[i] = c->tag_key[i].present ? c->tag_key[i] : in->tag_key[i];
}

static int snapshot_fill(struct nx_policy *p, const struct nx_policy_input *in,
	const struct nx_domain_index *x, struct nx_error *err)
{
	int rc = plans_build(p, in->config, err);

	if (rc)
		return rc;
	box_copy(p, in);
	classes_copy(p, in->config);
	rc = sources_build(p, in, err);
	if (!rc)
		rc = nx_domains_build(p, in, x, err);
	if (!rc)
		rc = nx_services_build(p, in->config, x, err);
	if (!rc)
		rc = nx_ruleset_build(in, x, &p->rules, err);
	return rc;
}

int nx_policy_build(const struct nx_policy_input *in, struct nx_policy **out, struct nx_error *err)
{
	struct nx_policy *p = calloc(1, sizeof(*p));
	struct nx_domain_index x = {0};
	int rc = NX_ERR_NOMEM;

	assert(in->n_workers <= NX_WORKER_MAX && in->config->n_classes >= 1);
	*out = NULL;
	if (!p || nx_domain_index_init(&x, in->domains, in->n_domains)) {
		nx_fail(err, rc, "no memory for the policy");
		goto fail;
	}
	rc = snapshot_fill(p, in, &x, err);
	if (rc)
		goto fail;
	nx_domain_index_fini(&x);
	*out = p;
	return 0;
fail:
	nx_domain_index_fini(&x);
	nx_policy_free(p);
	return rc;
}

void nx_policy_free(struct nx_policy *p)
{
	if (!p)
		return;
	nx_ruleset_free(p->rules);
	nx_services_free(p);
	nx_domains_free(p);
	nx_ivmap_fini(&p->sources);
	free(p->plans);
	free(p);
}
