/* See sip_box.h. */
#include "tests/torture/sip_box.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/policy/policy.h"

#define PORTS  65535
#define DOMAIN "torture.example"

static struct nx_addr addr_of(const char *text)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		return nx_addr_v4(b);
	if (inet_pton(AF_INET6, text, b) != 1)
		abort();
	return nx_addr_v6(b);
}

/* What the input points to; the snapshot keeps nothing of it. */
struct world {
	struct nx_config config;
	struct nx_service_config service;
	struct nx_plan plan;
	struct nx_addr addrs[2];
	struct nx_prefix senders[2];
	struct nx_host_config host;
	uint16_t vlan, ports[PORTS];
	struct nx_domain_def domain;
	struct nx_range_def ranges[9];
	struct nx_rule_def rule;
};

static void service_init(struct world *w)
{
	w->vlan = NX_VLAN_NONE;
	for (unsigned i = 0; i < PORTS; i++)
		w->ports[i] = (uint16_t)(i + 1);
	w->addrs[0] = addr_of(SIP_BOX_V4);
	w->addrs[1] = addr_of(SIP_BOX_V6);
	w->host = (struct nx_host_config){"any", DOMAIN};
	nx_plan_defaults(&w->plan);
	w->plan.bare = NX_BARE_GLOBAL;
	w->plan.min_digits = 1;
	w->service = (struct nx_service_config){
		.name = "torture",
		.vlans = &w->vlan,
		.n_vlans = 1,
		.addrs = w->addrs,
		.n_addrs = 2,
		.ports = w->ports,
		.n_ports = PORTS,
		.kind = NX_SERVICE_NAMES,
		.hosts = &w->host,
		.n_hosts = 1,
		.plan = 0,
	};
}

static void sources_init(struct world *w)
{
	w->senders[0] = (struct nx_prefix){addr_of(SIP_BOX_FROM_V4), 128};
	w->senders[1] = (struct nx_prefix){addr_of(SIP_BOX_FROM_V6), 128};
	w->config.classes[0] = (struct nx_class_config){.class.name = "default", .plan = -1};
	w->config.classes[1] = (struct nx_class_config){
		.class = {.name = "senders",
			.trust = NX_TRUST_TRUSTED,
			.answer = NX_ANSWER_ANSWER,
			.symmetric = NX_SYM_ALWAYS,
			.may_604 = true,
			.options_as_invite = true,
			.register_answer = true},
		.plan = -1,
		.prefixes = w->senders,
		.n_prefixes = 2,
	};
	w->config.n_classes = 2;
}

/* Every number that can be: +1 to +9, of any length. */
static void store_init(struct world *w, struct nx_users *users)
{
	w->domain = (struct nx_domain_def){
		.id = 1, .name = DOMAIN, .authoritative = true, .complete = true, .users = users};
	for (unsigned i = 0; i < 9; i++)
		w->ranges[i] = (struct nx_range_def){.domain = 1,
			.range = {.prefix = {'+', (char)('1' + i)}, .min_len = 1, .max_len = 15}};
	w->rule = (struct nx_rule_def){.id = 1, .domain = 1, .verdict = NX_604, .expression = "^."};
}

struct nx_policy *sip_box_create(bool gone)
{
	static const uint8_t secret[NX_USERS_SECRET_LEN] = {1}, key[16] = {2};
	struct world *w = calloc(1, sizeof(*w));
	struct nx_policy *policy;
	struct nx_error err = {""};
	struct nx_users *users;
	struct nx_policy_input in;

	if (!w || nx_users_create(0, secret, NULL, &users) != NX_OK)
		abort();
	service_init(w);
	sources_init(w);
	store_init(w, users);
	w->config.plans = &w->plan;
	w->config.n_plans = 1;
	w->config.services = &w->service;
	w->config.n_services = 1;
	w->config.reason_header = true;
	in = (struct nx_policy_input){
		.config = &w->config,
		.domains = &w->domain,
		.n_domains = 1,
		.ranges = w->ranges,
		.n_ranges = 9,
		.rules = &w->rule,
		.n_rules = gone,
		.n_workers = 1,
	};
	nx_tag_key_init(&in.tag_key[0], 0, key);
	if (nx_policy_build(&in, &policy, &err) != NX_OK) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	free(w);
	return policy;
}

void sip_box_destroy(struct nx_policy *policy)
{
	struct nx_users *users = policy->domains[0].users;

	nx_policy_free(policy);
	nx_users_destroy(users);
}
