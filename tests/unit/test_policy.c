/* The snapshot as a whole: services, source classes, domains with ranges, plans, keys; and that a
 * half-built one is freed without a leak (the sanitizers watch). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "control/policy/policy.h"
#include "nxsip/verdict.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct nx_addr v4(const char *text)
{
	uint8_t b[4];

	assert_int_equal(inet_pton(AF_INET, text, b), 1);
	return nx_addr_v4(b);
}

static struct nx_addr v6(const char *text)
{
	uint8_t b[16];

	assert_int_equal(inet_pton(AF_INET6, text, b), 1);
	return nx_addr_v6(b);
}

static struct nx_prefix prefix4(const char *text, unsigned len)
{
	return (struct nx_prefix){v4(text), (uint8_t)(96 + len)};
}

/* ---- a small world: two services, three classes, two domains ---- */

struct world {
	struct nx_config config;
	struct nx_service_config services[2];
	struct nx_plan plans[1];
	uint16_t vlans[2], untagged[1], ports[2];
	struct nx_addr addrs[2], other[1];
	struct nx_host_config hosts[2];
	struct nx_prefix peers[2], trusted[1];
	struct nx_domain_def domains[2];
	struct nx_range_def ranges[5];
	struct nx_rule_def rules[1];
	struct nx_source_def sources[2];
	struct nx_policy_input in;
};

static struct nx_range_def range(uint32_t domain, const char *prefix, uint8_t min, uint8_t max)
{
	struct nx_range_def r = {.domain = domain, .range = {.min_len = min, .max_len = max}};

	memcpy(r.range.prefix, prefix, strlen(prefix));
	return r;
}

static void services_init(struct world *w)
{
	w->vlans[0] = 100;
	w->vlans[1] = 101;
	w->untagged[0] = NX_VLAN_NONE;
	w->ports[0] = 5060;
	w->ports[1] = 5070;
	w->addrs[0] = v4("192.0.2.10");
	w->addrs[1] = v6("2001:db8::10");
	w->other[0] = v4("192.0.2.10");
	w->hosts[0] = (struct nx_host_config){"example.net", "example.net"};
	w->hosts[1] = (struct nx_host_config){"192.0.2.10", "trunk"};
	w->services[0] = (struct nx_service_config){.name = "retail",
		.vlans = w->vlans,
		.n_vlans = 2,
		.addrs = w->addrs,
		.n_addrs = 2,
		.ports = w->ports,
		.n_ports = 2,
		.kind = NX_SERVICE_NAMES,
		.hosts = w->hosts,
		.n_hosts = 2,
		.plan = 0};
	w->services[1] = (struct nx_service_config){.name = "wholesale",
		.vlans = w->untagged,
		.n_vlans = 1,
		.addrs = w->other,
		.n_addrs = 1,
		.ports = w->ports,
		.n_ports = 1,
		.originating = true,
		.plan = -1};
}

static void classes_init(struct world *w)
{
	struct nx_class_config *c = w->config.classes;

	w->peers[0] = prefix4("10.0.0.0", 8);
	w->peers[1] = (struct nx_prefix){v6("2001:db8:1::"), 48};
	w->trusted[0] = prefix4("10.1.0.0", 16);
	c[0] = (struct nx_class_config){.class.name = "default", .plan = -1};
	c[1] = (struct nx_class_config){
		.class = {.name = "peers", .trust = NX_TRUST_PEER, .may_604 = true},
		.plan = 0,
		.prefixes = w->peers,
		.n_prefixes = 2};
	c[2] = (struct nx_class_config){.class = {.name = "core", .trust = NX_TRUST_TRUSTED},
		.plan = -1,
		.prefixes = w->trusted,
		.n_prefixes = 1};
	w->config.n_classes = 3;
}

static void store_init(struct world *w)
{
	w->domains[0] = (struct nx_domain_def){.id = 20, .name = "trunk", .authoritative = true};
	w->domains[1] = (struct nx_domain_def){.id = 10,
		.name = "example.net",
		.complete = true,
		.shadow = true,
		.has_heads = true,
		.users = (struct nx_users *)(void *)w};
	w->ranges[0] = range(20, "+44", 9, 12);
	w->ranges[1] = range(10, "+44", 10, 10);
	w->ranges[2] = range(20, "+4420", 12, 12);
	w->ranges[3] = range(99, "+1", 11, 11); /* no such domain: covers nothing */
	w->ranges[4] = range(20, "+442079", 11, 13);
	w->rules[0] = (struct nx_rule_def){
		.id = 1, .domain = 20, .verdict = NX_404, .expression = "^\\+44207"};
	w->sources[0] = (struct nx_source_def){prefix4("10.1.0.0", 16), "default"};
	w->sources[1] = (struct nx_source_def){prefix4("198.51.100.7", 32), "core"};
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	services_init(w);
	classes_init(w);
	store_init(w);
	memcpy(w->plans[0].name, "uk", 3);
	w->config.plans = w->plans;
	w->config.n_plans = 1;
	w->config.services = w->services;
	w->config.n_services = 2;
	w->config.reason_header = true;
	memcpy(w->config.server, "nxsip", 6);
	w->in = (struct nx_policy_input){.config = &w->config,
		.domains = w->domains,
		.n_domains = 2,
		.ranges = w->ranges,
		.n_ranges = 5,
		.rules = w->rules,
		.n_rules = 1,
		.sources = w->sources,
		.n_sources = 2,
		.n_workers = 1,
		.version = 17};
}

static struct nx_policy *build(const struct world *w)
{
	struct nx_policy *p = NULL;
	struct nx_error err = {""};

	if (nx_policy_build(&w->in, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

/* ---- services ---- */

static void rule_01_service_by_vlan_address_and_port(void **state)
{
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	p = build(&w);
	for (unsigned v = 0; v < 2; v++)
		for (unsigned a = 0; a < 2; a++)
			for (unsigned o = 0; o < 2; o++)
				assert_int_equal(
					nx_policy_service(p, w.vlans[v], &w.addrs[a], w.ports[o]),
					0);
	assert_int_equal(nx_policy_service(p, NX_VLAN_NONE, &w.addrs[0], 5060), 1);
	assert_int_equal(nx_policy_service(p, NX_VLAN_NONE, &w.addrs[0], 5070), -1);
	assert_int_equal(nx_policy_service(p, NX_VLAN_NONE, &w.addrs[1], 5060), -1);
	assert_int_equal(nx_policy_service(p, 102, &w.addrs[0], 5060), -1);
	assert_int_equal(nx_policy_service(p, 100, &w.addrs[0], 5061), -1);
	for (uint32_t i = 0; i < 5000; i++) {
		struct nx_addr a = v4("192.0.2.10");

		a.b[13] = (uint8_t)i;
		a.b[14] = (uint8_t)(3 + (i >> 8));
		assert_int_equal(nx_policy_service(p, 100, &a, 5060), -1);
	}
	nx_policy_free(p);
}

static void rule_02_own_addresses_on_any_vlan_and_port(void **state)
{
	struct nx_addr near = v4("192.0.2.11"), below = v4("192.0.2.9");
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	p = build(&w);
	assert_int_equal(p->n_own, 2); /* one address is in both services */
	assert_true(nx_policy_is_own(p, &w.addrs[0]));
	assert_true(nx_policy_is_own(p, &w.addrs[1]));
	assert_false(nx_policy_is_own(p, &near));
	assert_false(nx_policy_is_own(p, &below));
	nx_policy_free(p);
}

static void two_services_may_not_claim_the_same(void **state)
{
	struct world w;
	struct nx_policy *p;
	struct nx_error err;

	(void)state;
	world_init(&w);
	w.untagged[0] = 101;
	assert_int_equal(nx_policy_build(&w.in, &p, &err), NX_ERR_INVALID);
	assert_null(p);
	assert_non_null(strstr(err.text, "\"retail\" and \"wholesale\""));
	assert_non_null(strstr(err.text, "192.0.2.10"));
}

static void services_are_copied_and_always_have_a_plan(void **state)
{
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	p = build(&w);
	memset(w.ports, 0, sizeof(w.ports));
	memset(w.plans, 0, sizeof(w.plans));
	assert_string_equal(p->services[0].name, "retail");
	assert_int_equal(p->services[0].kind, NX_SERVICE_NAMES);
	assert_false(p->services[0].originating);
	assert_true(p->services[1].originating);
	assert_int_equal(p->services[0].n_ports, 2);
	assert_int_equal(p->services[0].ports[1], 5070);
	assert_string_equal(p->services[0].plan->name, "uk");
	assert_non_null(p->services[1].plan);
	assert_ptr_not_equal(p->services[1].plan, p->services[0].plan);
	assert_int_equal(p->services[1].plan->min_digits, 7);
	assert_int_equal(
		nx_hosts_find(&p->services[0], (const uint8_t *)"example.net", 11, 5070), 1);
	assert_int_equal(nx_hosts_find(&p->services[0], (const uint8_t *)"192.0.2.10", 10, 0), 0);
	assert_int_equal(nx_hosts_find(&p->services[1], (const uint8_t *)"example.net", 11, 0), -1);
	nx_policy_free(p);
}

/* ---- sources ---- */

static uint32_t class_of(const struct nx_policy *p, struct nx_addr a)
{
	return nx_policy_class(p, &a);
}

static void the_longest_prefix_gives_the_class(void **state)
{
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	w.in.n_sources = 0;
	p = build(&w);
	assert_int_equal(class_of(p, v4("10.0.0.1")), 1);
	assert_int_equal(class_of(p, v4("10.1.2.3")), 2);
	assert_int_equal(class_of(p, v4("10.2.0.0")), 1);
	assert_int_equal(class_of(p, v4("11.0.0.0")), 0);
	assert_int_equal(class_of(p, v6("2001:db8:1:ffff::1")), 1);
	assert_int_equal(class_of(p, v6("2001:db8:2::")), 0);
	assert_ptr_equal(p->classes[1].plan, &p->plans[0]);
	assert_null(p->classes[2].plan);
	assert_true(p->classes[1].may_604);
	nx_policy_free(p);
}

static void the_stores_sources_win_over_the_files_equal_prefixes(void **state)
{
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	p = build(&w);
	assert_int_equal(class_of(p, v4("10.1.2.3")), 0);
	assert_int_equal(class_of(p, v4("10.2.0.0")), 1);
	assert_int_equal(class_of(p, v4("198.51.100.7")), 2);
	assert_int_equal(class_of(p, v4("198.51.100.8")), 0);
	nx_policy_free(p);
}

static void a_source_of_an_unknown_class_is_refused(void **state)
{
	struct world w;
	struct nx_policy *p;
	struct nx_error err;

	(void)state;
	world_init(&w);
	memcpy(w.sources[1].class, "gone", 5);
	assert_int_equal(nx_policy_build(&w.in, &p, &err), NX_ERR_INVALID);
	assert_null(p);
	assert_non_null(strstr(err.text, "198.51.100.7"));
	assert_non_null(strstr(err.text, "class \"gone\""));
}

/* ---- domains and ranges ---- */

static const char *range_of(const struct nx_domain *d, const char *digits)
{
	uint8_t padded[NX_DIGITS_MAX + 1];
	uint32_t i;

	(void)memset(padded, 0xff, sizeof(padded)); /* what stands behind a number must not count */
	(void)memcpy(padded, digits, strnlen(digits, NX_DIGITS_MAX));
	i = nx_ivmap_find(&d->range_map, nx_digits_key(padded, (uint32_t)strlen(digits)));
	return i == NX_IVMAP_NONE ? "" : d->ranges[i].prefix;
}

static void digits_are_packed_as_one_by_one(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t d[NX_DIGITS_MAX];
		uint32_t len = round % (NX_DIGITS_MAX + 1);
		nx_u128 key = 0;

		for (uint32_t i = 0; i < NX_DIGITS_MAX; i++)
			d[i] = (uint8_t)(i < len ? '0' + rand() % 10 : rand());
		for (uint32_t i = 0; i < len; i++)
			key |= (nx_u128)(unsigned)(d[i] - '0' + 1) << (124 - 4 * i);
		assert_true(nx_digits_key(d, len) == key);
	}
}

static void rule_26_the_longest_range_prefix_covers_a_number(void **state)
{
	struct world w;
	struct nx_policy *p;
	const struct nx_domain *trunk, *net;

	(void)state;
	world_init(&w);
	p = build(&w);
	trunk = &p->domains[0];
	net = &p->domains[1];
	assert_int_equal(trunk->n_ranges, 3);
	assert_string_equal(range_of(trunk, "442079460000"), "+442079");
	assert_string_equal(range_of(trunk, "442079"), "+442079");
	assert_string_equal(range_of(trunk, "442080000000"), "+4420");
	assert_string_equal(range_of(trunk, "4420"), "+4420");
	assert_string_equal(range_of(trunk, "441632960000"), "+44");
	assert_string_equal(range_of(trunk, "44"), "+44");
	assert_string_equal(range_of(trunk, "449999999999999"), "+44");
	assert_string_equal(range_of(trunk, "4"), "");
	assert_string_equal(range_of(trunk, "45"), "");
	assert_string_equal(range_of(trunk, "439999999999999"), "");
	assert_string_equal(range_of(trunk, "12025550100"), "");
	assert_string_equal(range_of(net, "442079460000"), "+44");
	assert_int_equal(net->ranges[0].max_len, 10);
	nx_policy_free(p);
}

static void domains_keep_their_order_and_flags(void **state)
{
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	p = build(&w);
	assert_int_equal(p->n_domains, 2);
	assert_int_equal(p->domains[0].id, 20);
	assert_true(p->domains[0].authoritative);
	assert_false(p->domains[0].complete_names);
	assert_null(p->domains[0].users);
	assert_string_equal(p->domains[1].name, "example.net");
	assert_true(p->domains[1].complete_names && p->domains[1].shadow);
	assert_true(p->domains[1].has_heads);
	assert_ptr_equal(p->domains[1].users, &w);
	assert_int_equal(p->rules->rules[0].domain, 0);
	nx_policy_free(p);
}

static void ranges_are_checked(void **state)
{
	static const struct {
		const char *prefix;
		uint8_t min, max;
		int rc;
	} cases[] = {
		{"+4420794", 12, 12, 0},
		{"+1", 1, 15, 0},
		{"+123456789012345", 15, 15, 0},
		{"+1234567890123456", 16, 16, NX_ERR_INVALID},
		{"+", 7, 12, NX_ERR_INVALID},
		{"", 7, 12, NX_ERR_INVALID},
		{"4420794", 12, 12, NX_ERR_INVALID},
		{"+44 20", 12, 12, NX_ERR_INVALID},
		{"+44a", 12, 12, NX_ERR_INVALID},
		{"+4420", 3, 12, NX_ERR_INVALID},
		{"+4420", 12, 11, NX_ERR_INVALID},
		{"+4420", 12, 16, NX_ERR_INVALID},
	};
	struct nx_range full = {.min_len = 15, .max_len = 15};
	struct nx_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nx_range_def r = range(1, cases[i].prefix, cases[i].min, cases[i].max);

		err.text[0] = '\0';
		assert_int_equal(nx_range_check(&r.range, &err), cases[i].rc);
		assert_int_equal(err.text[0] != '\0', cases[i].rc != 0);
	}
	memset(full.prefix, '1', sizeof(full.prefix)); /* not terminated */
	assert_int_equal(nx_range_check(&full, &err), NX_ERR_INVALID);
}

/* ---- the whole ---- */

static void a_half_built_snapshot_is_freed(void **state)
{
	struct world w;
	struct nx_policy *p;
	struct nx_error err;

	(void)state;
	world_init(&w);
	w.rules[0].expression = "a(";
	assert_int_equal(nx_policy_build(&w.in, &p, &err), NX_ERR_INVALID); /* the last step */
	assert_non_null(strstr(err.text, "rule 1"));
	world_init(&w);
	w.hosts[1].host = "*";
	assert_int_equal(nx_policy_build(&w.in, &p, &err), NX_ERR_INVALID);
	world_init(&w);
	w.ranges[2].range.prefix[0] = '4';
	assert_int_equal(nx_policy_build(&w.in, &p, &err), NX_ERR_INVALID);
	assert_null(p);
	nx_policy_free(NULL);
}

static void an_empty_world_is_a_policy(void **state)
{
	struct nx_addr a = v4("192.0.2.10");
	struct nx_config config = {.n_classes = 1, .classes[0].plan = -1};
	struct nx_policy_input in = {.config = &config};
	struct nx_policy *p;

	(void)state;
	assert_int_equal(nx_policy_build(&in, &p, NULL), 0);
	assert_int_equal(nx_policy_service(p, NX_VLAN_NONE, &a, 5060), -1);
	assert_false(nx_policy_is_own(p, &a));
	assert_int_equal(nx_policy_class(p, &a), 0);
	assert_null(p->rules);
	nx_policy_free(p);
}

static void flags_and_keys_are_carried_over(void **state)
{
	static const uint8_t k[16] = "0123456789abcdef";
	struct world w;
	struct nx_policy *p;

	(void)state;
	world_init(&w);
	w.in.bypass = w.in.shadow = true;
	w.in.bypass_ack_until_ns = 99;
	w.in.settle_until_ns = 77;
	nx_tag_key_init(&w.in.tag_key[0], 3, k);
	p = build(&w);
	assert_true(p->bypass && p->shadow && p->reason_header);
	assert_int_equal(p->version, 17);
	assert_int_equal(p->bypass_ack_until_ns, 99);
	assert_int_equal(p->settle_until_ns, 77);
	assert_string_equal(p->server, "nxsip");
	assert_int_equal(p->tag_key[0].id, 3);
	assert_false(p->tag_key[1].present);
	nx_policy_free(p);

	nx_tag_key_init(&w.config.tag_key[0], 4, k);
	p = build(&w);
	assert_int_equal(p->tag_key[0].id, 4); /* the file's wins */
	nx_policy_free(p);
}

static void rule_20_a_tag_keys_secret_follows_from_its_bytes_alone(void **state)
{
	static const uint8_t k1[16] = "0123456789abcdef", k2[16] = "0123456789abcdeg";
	struct nx_tag_key a, b, c;

	(void)state;
	memset(&a, 0xff, sizeof(a));
	memset(&b, 0, sizeof(b));
	nx_tag_key_init(&a, 1, k1);
	nx_tag_key_init(&b, 1, k1);
	nx_tag_key_init(&c, 1, k2);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(a.present && a.id == 1);
	assert_memory_equal(a.k, k1, 16);
	for (size_t i = 0; i < sizeof(a.secret); i += 8)
		assert_memory_not_equal(a.secret + i, c.secret + i, 8);
	for (size_t i = 8; i < sizeof(a.secret); i += 8)
		assert_memory_not_equal(a.secret + i, a.secret + i - 8, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_01_service_by_vlan_address_and_port),
		cmocka_unit_test(rule_02_own_addresses_on_any_vlan_and_port),
		cmocka_unit_test(two_services_may_not_claim_the_same),
		cmocka_unit_test(services_are_copied_and_always_have_a_plan),
		cmocka_unit_test(the_longest_prefix_gives_the_class),
		cmocka_unit_test(the_stores_sources_win_over_the_files_equal_prefixes),
		cmocka_unit_test(a_source_of_an_unknown_class_is_refused),
		cmocka_unit_test(digits_are_packed_as_one_by_one),
		cmocka_unit_test(rule_26_the_longest_range_prefix_covers_a_number),
		cmocka_unit_test(domains_keep_their_order_and_flags),
		cmocka_unit_test(ranges_are_checked),
		cmocka_unit_test(a_half_built_snapshot_is_freed),
		cmocka_unit_test(an_empty_world_is_a_policy),
		cmocka_unit_test(flags_and_keys_are_carried_over),
		cmocka_unit_test(rule_20_a_tag_keys_secret_follows_from_its_bytes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
