/* Rule 30: which host is served, and which domain it maps to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/policy/build.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NET, ORG, TRUNK, NOT_SERVED = -1 };

static const struct nx_domain_def domains[] = {
	[NET] = {.id = 7, .name = "example.net"},
	[ORG] = {.id = 3, .name = "example.org"},
	[TRUNK] = {.id = 9, .name = "trunk"},
};

struct fixture {
	struct nx_domain_index index;
	uint16_t ports[2];
	struct nx_service service;
};

static int build(struct fixture *f, struct nx_host_config *hosts, uint32_t n, struct nx_error *err)
{
	struct nx_service_config c = {.name = "sbc", .hosts = hosts, .n_hosts = n};

	memset(f, 0, sizeof(*f));
	assert_int_equal(nx_domain_index_init(&f->index, domains, COUNT(domains)), 0);
	f->ports[0] = 5060;
	f->ports[1] = 5070;
	f->service.ports = f->ports;
	f->service.n_ports = 2;
	return nx_hosts_build(&c, &f->index, &f->service.hosts, err);
}

static void fini(struct fixture *f)
{
	nx_hosts_fini(&f->service.hosts);
	nx_domain_index_fini(&f->index);
}

static int32_t find(const struct fixture *f, const char *host)
{
	return nx_hosts_find(&f->service, (const uint8_t *)host, (uint32_t)strlen(host), 0);
}

static int32_t find_port(const struct fixture *f, const char *host, uint16_t port)
{
	return nx_hosts_find(&f->service, (const uint8_t *)host, (uint32_t)strlen(host), port);
}

static struct nx_host_config usual[] = {
	{"Example.NET.", "example.net"},
	{"*.example.net", "example.net"},
	{"*.voice.example.net", "example.org"},
	{"sip.example.org", "EXAMPLE.org"},
	{"192.0.2.10", "trunk"},
	{"2001:db8::1", "trunk"},
	{"[2001:db8::2]", "trunk"},
};

static void rule_30_names_in_any_case_with_a_trailing_dot(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, usual, COUNT(usual), NULL), 0);
	assert_int_equal(find(&f, "example.net"), NET);
	assert_int_equal(find(&f, "EXAMPLE.net"), NET);
	assert_int_equal(find(&f, "example.net."), NET);
	assert_int_equal(find(&f, "Sip.Example.Org"), ORG);
	assert_int_equal(find(&f, "example.org"), NOT_SERVED);
	assert_int_equal(find(&f, "example.net.."), NOT_SERVED);
	assert_int_equal(find(&f, "example.ne"), NOT_SERVED);
	assert_int_equal(find(&f, "xample.net"), NOT_SERVED);
	assert_int_equal(find(&f, ""), NOT_SERVED);
	assert_int_equal(find(&f, "."), NOT_SERVED);
	fini(&f);
}

static void rule_30_a_wildcard_takes_labels_in_front_and_the_longest_wins(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, usual, COUNT(usual), NULL), 0);
	assert_int_equal(find(&f, "a.example.net"), NET);
	assert_int_equal(find(&f, "a.b.C.example.NET."), NET);
	assert_int_equal(find(&f, "a.voice.example.net"), ORG);
	assert_int_equal(find(&f, "voice.example.net"), NET);
	assert_int_equal(find(&f, "a.sip.example.org"), NOT_SERVED);
	assert_int_equal(find(&f, ".example.net"), NOT_SERVED);
	assert_int_equal(find(&f, "a..example.net"), NOT_SERVED);
	assert_int_equal(find(&f, "*.example.net"), NET); /* a label like any other */
	fini(&f);
}

/* The wildcard's own domain is not matched by the wildcard. */
static void rule_30_not_a_wildcards_own_name(void **state)
{
	struct nx_host_config only[] = {{"*.example.net", "example.net"}};
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, only, 1, NULL), 0);
	assert_int_equal(find(&f, "example.net"), NOT_SERVED);
	assert_int_equal(find(&f, "a.example.net"), NET);
	fini(&f);
}

static void rule_30_addresses_by_value(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, usual, COUNT(usual), NULL), 0);
	assert_int_equal(find(&f, "192.0.2.10"), TRUNK);
	assert_int_equal(find(&f, "[2001:db8::1]"), TRUNK);
	assert_int_equal(find(&f, "[2001:DB8:0:0:0:0:0:1]"), TRUNK);
	assert_int_equal(find(&f, "[2001:0db8::0001]"), TRUNK);
	assert_int_equal(find(&f, "[2001:db8::0.0.0.2]"), TRUNK);
	assert_int_equal(find(&f, "192.0.2.11"), NOT_SERVED);
	assert_int_equal(find(&f, "192.0.2.010"), NOT_SERVED);
	assert_int_equal(find(&f, "[192.0.2.10]"), NOT_SERVED);
	assert_int_equal(find(&f, "[::ffff:192.0.2.10]"), NOT_SERVED);
	assert_int_equal(find(&f, "2001:db8::1"), NOT_SERVED);
	assert_int_equal(find(&f, "[2001:db8::1"), NOT_SERVED);
	assert_int_equal(find(&f, "[2001:db8::3]"), NOT_SERVED);
	assert_int_equal(find(&f, "[]"), NOT_SERVED);
	assert_int_equal(
		nx_hosts_find(&f.service, (const uint8_t *)"192.0.2.10\0x", 12, 0), NOT_SERVED);
	fini(&f);
}

/* The usual text of a literal is found by its bytes, others by value, and no other host by either.
 */
static void rule_30_a_literal_has_no_trailing_dot_and_no_capitals_that_count(void **state)
{
	struct nx_host_config literals[] = {{"192.0.2.10", "trunk"},
		{"2001:DB8:0::A", "example.org"}, {"*.2.10", "example.net"},
		{"any", "example.net"}};
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, literals, 3, NULL), 0);
	assert_int_equal(find(&f, "192.0.2.10"), TRUNK);
	assert_int_equal(find(&f, "192.0.2.10."), NET); /* a name, under the wildcard */
	assert_int_equal(find(&f, "192.0.3.10."), NOT_SERVED);
	assert_int_equal(find(&f, "192.0.2.1"), NOT_SERVED);
	assert_int_equal(find(&f, "[192.0.2.10]"), NOT_SERVED);
	assert_int_equal(find(&f, "[2001:db8::a]"), ORG);
	assert_int_equal(find(&f, "[2001:DB8::A]"), ORG);
	assert_int_equal(find(&f, "[2001:0db8:0:0::a]"), ORG);
	assert_int_equal(find(&f, "[2001:db8::a]."), NOT_SERVED);
	assert_int_equal(find(&f, "2001:db8::a"), NOT_SERVED);
	assert_int_equal(find(&f, "[2001:db8::b]"), NOT_SERVED);
	fini(&f);
	assert_int_equal(build(&f, literals, COUNT(literals), NULL), 0);
	assert_int_equal(find(&f, "[2001:db8::a]."), NET);
	assert_int_equal(find(&f, "[2001:db8::a]"), ORG);
	fini(&f);
}

/* A name is found in every spelling, whatever its length, and with any one byte changed it is not.
 */
static void rule_30_capitals_anywhere_in_a_name_of_any_length(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 70; len++) {
		char name[80], spelt[80];
		struct nx_host_config one[] = {{name, "example.net"}};
		struct fixture f;

		for (size_t i = 0; i < len; i++)
			name[i] = (char)('a' + (i * 7 + len) % 26);
		name[len] = '\0';
		assert_int_equal(build(&f, one, 1, NULL), 0);
		assert_int_equal(find(&f, name), NET);
		for (size_t i = 0; i < len; i++) {
			memcpy(spelt, name, len + 1);
			spelt[i] = (char)(spelt[i] - 0x20);
			assert_int_equal(find(&f, spelt), NET);
			spelt[i] = (char)(spelt[i] | 0x80);
			assert_int_equal(find(&f, spelt), NOT_SERVED);
			spelt[i] = name[i] == 'a' ? '@' : '[';
			assert_int_equal(find(&f, spelt), NOT_SERVED);
		}
		fini(&f);
	}
}

static void rule_30_port_absent_or_one_of_the_services(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, usual, COUNT(usual), NULL), 0);
	assert_int_equal(find_port(&f, "example.net", 0), NET);
	assert_int_equal(find_port(&f, "example.net", 5060), NET);
	assert_int_equal(find_port(&f, "192.0.2.10", 5070), TRUNK);
	assert_int_equal(find_port(&f, "example.net", 5061), NOT_SERVED);
	assert_int_equal(find_port(&f, "192.0.2.10", 1), NOT_SERVED);
	fini(&f);
}

static void rule_30_any_takes_the_rest(void **state)
{
	struct nx_host_config with_any[] = {
		{"sip.example.org", "example.org"}, {"any", "trunk"}, {"10.0.0.1", "example.net"}};
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, with_any, COUNT(with_any), NULL), 0);
	assert_int_equal(find(&f, "sip.example.org"), ORG);
	assert_int_equal(find(&f, "10.0.0.1"), NET);
	assert_int_equal(find(&f, "10.0.0.2"), TRUNK);
	assert_int_equal(find(&f, "whatever"), TRUNK);
	assert_int_equal(find(&f, ""), TRUNK);
	assert_int_equal(find_port(&f, "whatever", 5061), NOT_SERVED);
	fini(&f);
}

/* A listed host whose domain the store lacks passes; nothing behind it may answer for it. */
static void rule_30_a_host_without_its_domain_passes(void **state)
{
	struct nx_host_config lacking[] = {{"sip.example.org", "not-loaded"},
		{"*.example.org", "example.org"}, {"any", "trunk"}, {"10.0.0.1", "not-loaded"}};
	struct fixture f;

	(void)state;
	assert_int_equal(build(&f, lacking, COUNT(lacking), NULL), 0);
	assert_int_equal(find(&f, "sip.example.org"), NOT_SERVED);
	assert_int_equal(find(&f, "10.0.0.1"), NOT_SERVED);
	assert_int_equal(find(&f, "b.example.org"), ORG);
	fini(&f);
}

static void rule_30_hosts_of_every_length(void **state)
{
	struct nx_host_config long_one[1] = {{NULL, "example.net"}};
	char name[300], dots[600];
	struct fixture f;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	long_one[0].host = name;
	assert_int_equal(build(&f, long_one, 1, NULL), 0);
	assert_int_equal(find(&f, name), NET);
	name[254] = '\0';
	assert_int_equal(find(&f, name), NOT_SERVED);
	fini(&f);

	assert_int_equal(build(&f, usual, COUNT(usual), NULL), 0);
	for (size_t i = 0; i < sizeof(dots) - 1; i++)
		dots[i] = i % 2 ? '.' : 'a';
	dots[sizeof(dots) - 1] = '\0';
	assert_int_equal(find(&f, dots), NOT_SERVED);
	memcpy(dots + 200, "a.example.net", sizeof("a.example.net"));
	assert_int_equal(find(&f, dots), NET);
	fini(&f);
}

static void many_hosts_are_all_found(void **state)
{
	enum { N = 1000 };
	static char text[N][32];
	struct nx_host_config hosts[N];
	struct fixture f;

	(void)state;
	for (int i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), i % 3 ? "h%d.example" : "*.w%d.example", i);
		hosts[i] = (struct nx_host_config){text[i], i % 2 ? "example.net" : "example.org"};
	}
	assert_int_equal(build(&f, hosts, N, NULL), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(find(&f, text[i]), i % 2 ? NET : ORG);
	assert_int_equal(find(&f, "h1000.example"), NOT_SERVED);
	fini(&f);
}

static void wrong_hosts_are_refused_with_their_names(void **state)
{
	static const char *const wrong[] = {"*", "*.", "a*.example", "", "a..b", ".a",
		"[2001:db8::1", "a:5060", "::ffff:1.2.3.4"};
	struct nx_host_config twice[] = {{"a.example", "trunk"}, {"A.example.", "example.net"}};
	struct nx_host_config same[] = {{"a.example", "trunk"}, {"A.example.", "trunk"},
		{"10.0.0.1", "trunk"}, {"10.0.0.1", "trunk"}, {"any", "trunk"}, {"ANY", "trunk"}};
	struct fixture f;
	struct nx_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct nx_host_config one[] = {{(char *)(uintptr_t)wrong[i], "trunk"}};
		char quoted[64];

		assert_int_equal(build(&f, one, 1, &err), NX_ERR_INVALID);
		snprintf(quoted, sizeof(quoted), "service \"sbc\": host \"%s\"", wrong[i]);
		assert_non_null(strstr(err.text, quoted));
		fini(&f);
	}
	assert_int_equal(build(&f, twice, 2, &err), NX_ERR_INVALID);
	assert_non_null(strstr(err.text, "listed for two domains"));
	fini(&f);
	assert_int_equal(build(&f, same, COUNT(same), &err), 0);
	fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_30_names_in_any_case_with_a_trailing_dot),
		cmocka_unit_test(rule_30_a_wildcard_takes_labels_in_front_and_the_longest_wins),
		cmocka_unit_test(rule_30_not_a_wildcards_own_name),
		cmocka_unit_test(rule_30_addresses_by_value),
		cmocka_unit_test(rule_30_a_literal_has_no_trailing_dot_and_no_capitals_that_count),
		cmocka_unit_test(rule_30_capitals_anywhere_in_a_name_of_any_length),
		cmocka_unit_test(rule_30_port_absent_or_one_of_the_services),
		cmocka_unit_test(rule_30_any_takes_the_rest),
		cmocka_unit_test(rule_30_a_host_without_its_domain_passes),
		cmocka_unit_test(rule_30_hosts_of_every_length),
		cmocka_unit_test(many_hosts_are_all_found),
		cmocka_unit_test(wrong_hosts_are_refused_with_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
