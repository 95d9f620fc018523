/* The pieces of building a policy snapshot, each in a file of its own; nx_policy_build calls them
 * in order. A piece fills its part of a zeroed snapshot and, when it fails, leaves what it has made
 * in place: nx_policy_free frees a half-built snapshot too. */
#ifndef NX_CONTROL_POLICY_BUILD_H
#define NX_CONTROL_POLICY_BUILD_H

#include "control/policy/policy.h"

/* Domains found by name (any case) or by the store's id; -1: none. */
struct nx_domain_index {
	const struct nx_domain_def *defs;
	uint32_t *by_name, *by_id; /* indexes into defs, sorted */
	uint32_t n;
};
int nx_domain_index_init(struct nx_domain_index *x, const struct nx_domain_def *defs, uint32_t n);
void nx_domain_index_fini(struct nx_domain_index *x);
int32_t nx_domain_by_name(const struct nx_domain_index *x, const char *name);
int32_t nx_domain_by_id(const struct nx_domain_index *x, uint32_t id);

/* domains.c: domains in the order of the input, with their ranges. */
int nx_domains_build(struct nx_policy *p, const struct nx_policy_input *in,
	const struct nx_domain_index *x, struct nx_error *err);
void nx_domains_free(struct nx_policy *p);

/* services.c: services, their hosts, the slots that find them, own addresses. Needs p->plans, whose
 * last is the plan of services that name none. */
int nx_services_build(struct nx_policy *p, const struct nx_config *c,
	const struct nx_domain_index *x, struct nx_error *err);
void nx_services_free(struct nx_policy *p);

/* hosts.c: one service's hosts. */
int nx_hosts_build(const struct nx_service_config *s, const struct nx_domain_index *x,
	struct nx_hosts *out, struct nx_error *err);
void nx_hosts_fini(struct nx_hosts *h);

/* rules.c: *out NULL where there is no rule. */
int nx_ruleset_build(const struct nx_policy_input *in, const struct nx_domain_index *x,
	struct nx_ruleset **out, struct nx_error *err);
void nx_ruleset_free(struct nx_ruleset *r);

/* nx_slots_for returns a power of two at which n entries fill at most half. */
static inline uint32_t nx_slots_for(uint32_t n)
{
	uint32_t slots = 2;

	while (slots / 2 < n)
		slots *= 2;
	return slots;
}

#endif
