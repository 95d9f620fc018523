/* See world.h. */
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "dataplane/core/reply.h"
#include "tests/unit/scratch.h"

static const char yaml[] =
	"workers: {cores: [1]}\n"
	"ports: [{name: p, access: net_tap0, core: net_tap1}]\n"
	"plans:\n"
	"  uk: {country_code: 44, international: ['00'], national: ['0'],\n"
	"       routing_numbers: [447700900123, 12025440000]}\n"
	"  de: {country_code: 49, international: ['00'], national: ['0']}\n"
	"services:\n"
	"  - {name: trunk, addresses: [192.0.2.10, '2001:db8::10'], kind: phone, plan: uk,\n"
	"     hosts: [{host: any, domain: example.net}]}\n"
	"  - {name: users, addresses: [192.0.2.11], kind: names,\n"
	"     hosts: [{host: example.org, domain: example.org},\n"
	"             {host: '*.example.org', domain: example.org},\n"
	"             {host: example.com, domain: example.com}]}\n"
	"  - {name: outbound, addresses: [192.0.2.12], kind: phone, direction: originating}\n"
	"sources:\n"
	"  - {class: carriers, trust: peer, '604': on,\n"
	"     prefixes: [198.51.100.0/24, '2001:db8::/32']}\n"
	"  - {class: opted, trust: peer, options: as-invite, register: answer, plan: de,\n"
	"     symmetric: pass, unanswerable: drop, prefixes: [203.0.113.64/26]}\n"
	"  - {class: answered, trust: public, answer: answer, prefixes: [203.0.113.128/26]}\n"
	"  - {class: limited, trust: public, answer: answer, unanswerable: limit,\n"
	"     unanswerable_rate: 2, dialog_rate: 3, prefixes: [203.0.113.192/26]}\n";

static struct nx_config *load(void)
{
	char dir[NX_SCRATCH_PATH], path[NX_SCRATCH_PATH + 16];
	struct nx_config_errors errors;
	struct nx_config *config;
	FILE *f;

	nx_scratch_make(dir);
	(void)snprintf(path, sizeof(path), "%s/nxsip.yaml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(yaml, f) >= 0);
	assert_int_equal(fclose(f), 0);
	(void)nx_config_load(path, &config, &errors);
	for (uint32_t i = 0; i < errors.n; i++)
		print_error("%s\n", errors.line[i]);
	assert_int_equal(errors.n, 0);
	nx_config_errors_free(&errors);
	nx_scratch_remove(dir);
	return config;
}

static void fill(struct world *w)
{
	static const struct nx_domain_def defs[WORLD_DOMAINS] = {
		{.id = 1, .name = "example.net", .authoritative = true},
		{.id = 2, .name = "example.org", .complete = true},
		{.id = 3, .name = "example.com"},
	};
	static const uint8_t secret[NX_USERS_SECRET_LEN] = {1, 2, 3};

	memcpy(w->domains, defs, sizeof(defs));
	for (unsigned i = 0; i < WORLD_DOMAINS; i++)
		assert_int_equal(nx_users_create(0, secret, NULL, &w->domains[i].users), 0);
	w->ranges[0] = (struct nx_range_def){
		.domain = 1, .range = {.prefix = "+442079", .min_len = 12, .max_len = 12}};
	w->in = (struct nx_policy_input){.config = w->config,
		.domains = w->domains,
		.n_domains = WORLD_DOMAINS,
		.ranges = w->ranges,
		.n_ranges = 1,
		.n_workers = 1,
		.version = 1};
	nx_tag_key_init(&w->in.tag_key[0], 3, (const uint8_t[16]){1, 2, 3});
	world_user(w, WORLD_NET, "+442079460000", NX_USER_KNOWN);
	world_user(w, WORLD_NET, "+442079460001", NX_USER_GONE);
	world_user(w, WORLD_ORG, "alice", NX_USER_KNOWN);
	world_user(w, WORLD_ORG, "eve", NX_USER_GONE);
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->config = load();
	w->pipeline = aligned_alloc(64, sizeof(*w->pipeline));
	assert_non_null(w->pipeline);
	nx_pipeline_init(w->pipeline, 0, (const uint8_t[NX_PIPELINE_KEYS][16]){{4}, {5}, {6}});
	fill(w);
	world_build(w);
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	nx_policy_free(w->policy);
	for (unsigned i = 0; i < WORLD_DOMAINS; i++)
		if (w->domains[i].users)
			nx_users_destroy(w->domains[i].users);
	nx_config_free(w->config);
	free(w->pipeline);
	free(w);
	return 0;
}

void world_build(struct world *w)
{
	struct nx_error err;

	nx_policy_free(w->policy);
	w->policy = NULL;
	if (nx_policy_build(&w->in, &w->policy, &err) != NX_OK)
		fail_msg("policy: %s", err.text);
}

void world_user(struct world *w, unsigned domain, const char *key, enum nx_user_state state)
{
	struct nx_users *users = w->domains[domain].users;
	enum nx_user_state old;

	assert_int_equal(
		nx_users_set(users, nx_users_hash(users, key, strlen(key)), state, &old), 0);
	w->domains[domain].has_heads |= state == NX_USER_HEAD;
}

const char *world_frame(struct world *w, const uint8_t *frame, size_t len, bool from_core)
{
	struct nx_packet p = {.frame = frame, .frame_len = (uint32_t)len, .from_core = from_core};
	struct nx_packet *burst[1] = {&p};

	nx_pipeline_judge(w->pipeline, w->policy, w->now_ns, burst, 1);
	assert_true(p.reason < NX_REASON_COUNT);
	return nx_reason_info(p.reason)->name;
}

const char *world_sip(struct world *w, const struct frame_spec *s)
{
	uint8_t frame[FRAME_MAX];

	return world_frame(w, frame, frame_build(frame, s, w->sip.text, w->sip.len), false);
}

const char *world_request(struct world *w, const char *method, const char *uri, const char *lines)
{
	sample_request(&w->sip, method, uri, lines);
	sample_replace(&w->sip, "sip:callee@example.net", uri);
	return world_sip(w, &(struct frame_spec){0});
}

void world_tag(struct world *w, const struct frame_spec *s, char *tag)
{
	const struct nx_packet *p;
	struct request r;

	request_make(&r, s, w->sip.text);
	p = &r.p;
	nx_reply_tags(&w->policy->tag_key[0], &p, 1, (char(*)[NX_TO_TAG_LEN])tag);
	tag[NX_TO_TAG_LEN] = '\0';
}
