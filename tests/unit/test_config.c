/* The configuration file: a whole one, the defaults, the exact message of every kind of fault, and
 * that nothing a file can hold crashes or leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config/config.h"
#include "control/config/internal.h"

#define EXAMPLE "scripts/nxsip.yaml"

/* The least that is a configuration, on lines 1 to 3; what a test adds begins on line 4. */
#define BOX                       \
	"workers: {cores: [1]}\n" \
	"ports:\n"                \
	"  - {name: p, access: net_tap0, core: net_tap1}\n"

#define SERVICE "services:\n  - {name: s, addresses: [192.0.2.1], kind: phone, hosts: [], "

static char file[] = "/tmp/nxsip-config-XXXXXX";

static void write_file(const char *data, size_t len)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	(void)close(fd);
}

static struct nx_config *load_good(const char *yaml)
{
	struct nx_config *c;
	struct nx_config_errors errors;

	write_file(yaml, strlen(yaml));
	(void)nx_config_load(file, &c, &errors);
	for (uint32_t i = 0; i < errors.n; i++)
		print_error("%s\n", errors.line[i]);
	assert_int_equal(errors.n, 0);
	assert_non_null(c);
	nx_config_errors_free(&errors);
	return c;
}

/* messages loads a file that is wrong and gives what is said about it, without the file's name. */
static void messages(const char *path, char *out, size_t cap)
{
	struct nx_config *c;
	struct nx_config_errors errors;
	size_t n = 0, skip = strlen(path);

	assert_int_not_equal(nx_config_load(path, &c, &errors), NX_OK);
	assert_null(c);
	assert_true(errors.n > 0);
	for (uint32_t i = 0; i < errors.n; i++) {
		assert_memory_equal(errors.line[i], path, skip);
		n += (size_t)snprintf(out + n, cap - n, "%s\n", errors.line[i] + skip);
		assert_true(n < cap);
	}
	nx_config_errors_free(&errors);
}

#define refused(yaml, want) refused_bytes(yaml, strlen(yaml), want)

static void refused_bytes(const char *yaml, size_t len, const char *want)
{
	char got[16384];

	write_file(yaml, len);
	messages(file, got, sizeof(got));
	assert_string_equal(got, want);
}

static struct nx_addr addr(const char *s)
{
	struct nx_addr a;

	assert_int_equal(nx_addr_parse(s, &a), NX_OK);
	return a;
}

/* ---- what is right ---- */

static void the_example_is_read_whole(void **state)
{
	struct nx_config *c;
	struct nx_config_errors errors;
	struct nx_addr v4 = addr("192.0.2.10"), v6 = addr("2001:db8::10");
	char text[56];

	(void)state;
	assert_int_equal(nx_config_load(EXAMPLE, &c, &errors), NX_OK);
	assert_int_equal(errors.n, 0);
	nx_config_errors_free(&errors);
	assert_string_equal(c->path, EXAMPLE);
	assert_string_equal(c->box.name, "edge1");
	assert_int_equal(c->box.settle_s, 32);
	assert_int_equal(c->box.n_workers, 1);
	assert_int_equal(c->box.worker_core[0], 1);
	assert_int_equal(c->box.n_pairs, 1);
	assert_string_equal(c->box.pair[0].access, "0000:3b:00.0");
	assert_string_equal(c->box.pair[0].core, "0000:3b:00.1");
	assert_string_equal(c->socket_group, "nxsip");
	assert_int_equal(c->emergency.n, 32);
	assert_string_equal(c->emergency.number[3].d, "000");
	assert_int_equal(c->n_plans, 1);
	assert_string_equal(c->plans[0].name, "uk");
	assert_string_equal(c->plans[0].country_code.d, "44");
	assert_int_equal(c->plans[0].n_international, 1);
	assert_string_equal(c->plans[0].international[0].d, "00");
	assert_int_equal(c->plans[0].n_carrier, 0);
	assert_int_equal(c->n_services, 3);
	assert_int_equal(c->services[0].n_addrs, 2);
	assert_true(nx_addr_eq(&c->services[0].addrs[0], &v4));
	assert_true(nx_addr_eq(&c->services[0].addrs[1], &v6));
	assert_int_equal(c->services[0].vlans[0], NX_VLAN_NONE);
	assert_int_equal(c->services[0].plan, 0);
	assert_int_equal(c->services[0].kind, NX_SERVICE_PHONE);
	assert_int_equal(c->services[1].kind, NX_SERVICE_NAMES);
	assert_int_equal(c->services[1].plan, -1);
	assert_int_equal(c->services[1].n_hosts, 3);
	assert_string_equal(c->services[1].hosts[1].host, "*.example.org");
	assert_string_equal(c->services[1].hosts[2].domain, "example.org");
	assert_true(c->services[2].originating);
	assert_int_equal(c->services[2].n_vlans, 2);
	assert_int_equal(c->services[2].vlans[1], 200);
	assert_int_equal(c->n_classes, 2);
	assert_string_equal(c->classes[0].class.name, "default");
	assert_int_equal(c->classes[1].class.trust, NX_TRUST_PEER);
	assert_int_equal(c->classes[1].class.answer, NX_ANSWER_ANSWER);
	assert_int_equal(c->classes[1].class.symmetric, NX_SYM_RFC);
	assert_int_equal(c->classes[1].n_prefixes, 2);
	nx_prefix_format(&c->classes[1].prefixes[0], text);
	assert_string_equal(text, "198.51.100.0/24");
	nx_config_free(c);
}

static void what_is_left_out_has_its_default(void **state)
{
	struct nx_config *c = load_good(BOX SERVICE "direction: originating}\n");
	char host[64] = "";

	(void)state;
	(void)gethostname(host, sizeof(host) - 1);
	assert_string_equal(c->box.name, host);
	assert_int_equal(c->box.settle_s, 32);
	assert_int_equal(c->box.hugepages, NX_HUGE_AUTO);
	assert_int_equal(c->box.memory_mib, 512);
	assert_string_equal(c->box.file_prefix, "nxsip");
	assert_int_equal(c->box.n_eal_args, 0);
	assert_int_equal(c->box.control_core, 0);
	assert_int_equal(c->box.idle, NX_IDLE_ADAPTIVE);
	assert_int_equal(c->box.user_tables, NX_TABLES_ONE);
	assert_int_equal(c->box.rx_descriptors, 1024);
	assert_int_equal(c->box.tx_descriptors, 1024);
	assert_int_equal(c->box.mempool_size, 0);
	assert_int_equal(c->box.pair[0].mtu, 1500);
	assert_string_equal(c->socket_path, "/run/nxsip/nxsipd.sock");
	assert_null(c->socket_group);
	assert_string_equal(c->store_path, "/var/lib/nxsip");
	assert_int_equal(c->store_map_mib, 1024);
	assert_string_equal(c->server, "");
	assert_true(c->reason_header);
	assert_false(c->tag_key[0].present);
	assert_int_equal(c->emergency.n, 32);
	assert_string_equal(c->emergency.number[0].d, "112");
	assert_string_equal(c->emergency.number[31].d, "18");
	assert_int_equal(c->services[0].n_ports, 1);
	assert_int_equal(c->services[0].ports[0], 5060);
	assert_int_equal(c->services[0].n_vlans, 1);
	assert_int_equal(c->services[0].vlans[0], NX_VLAN_NONE);
	assert_int_equal(c->n_classes, 1);
	assert_string_equal(c->classes[0].class.name, "default");
	assert_int_equal(c->classes[0].class.trust, NX_TRUST_PUBLIC);
	assert_int_equal(c->classes[0].class.answer, NX_ANSWER_PASS);
	assert_int_equal(c->classes[0].class.symmetric, NX_SYM_PASS);
	assert_int_equal(c->classes[0].plan, -1);
	nx_config_free(c);
}

static void a_copy_of_the_user_tables_for_each_node_is_asked_for(void **state)
{
	struct nx_config *c = load_good("workers: {cores: [1], user_tables: per-node}\n"
					"ports: [{name: p, access: net_tap0, core: net_tap1}]\n");
	struct nx_config *one = load_good(BOX);
	const char *keys[16];

	(void)state;
	assert_int_equal(c->box.user_tables, NX_TABLES_PER_NODE);
	assert_int_equal(nx_config_box_diff(one, c, keys, 16), 1);
	assert_string_equal(keys[0], "workers.user_tables");
	nx_config_free(one);
	nx_config_free(c);
}

static void a_plan_has_its_defaults(void **state)
{
	struct nx_config *c = load_good(BOX "plans: {a: {country_code: 44}, b: }\n");

	(void)state;
	assert_int_equal(c->n_plans, 2);
	assert_string_equal(c->plans[1].name, "b");
	assert_int_equal(c->plans[1].country_code.len, 0);
	assert_int_equal(c->plans[1].min_digits, 7);
	assert_int_equal(c->plans[1].max_digits, 15);
	assert_int_equal(c->plans[1].bare, NX_BARE_PASS);
	assert_int_equal(c->plans[1].n_routing, 0);
	nx_config_free(c);
}

static void rule_34_routing_numbers_are_read(void **state)
{
	struct nx_config *c =
		load_good(BOX "plans: {a: {routing_numbers: [447700900123, \"12025440000\"]}}\n");

	(void)state;
	assert_int_equal(c->plans[0].n_routing, 2);
	assert_true(nx_plan_owns_routing(&c->plans[0], "447700900123", 12));
	assert_true(nx_plan_owns_routing(&c->plans[0], "12025440000", 11));
	assert_false(nx_plan_owns_routing(&c->plans[0], "1202544000", 10));
	nx_config_free(c);
}

/* The example shows the default emergency list, so the two must be equal. */
static void the_example_shows_the_default_numbers(void **state)
{
	struct nx_config *plain = load_good(BOX), *example;
	struct nx_config_errors errors;

	(void)state;
	assert_int_equal(nx_config_load(EXAMPLE, &example, &errors), NX_OK);
	nx_config_errors_free(&errors);
	assert_memory_equal(&plain->emergency, &example->emergency, sizeof(plain->emergency));
	nx_config_free(example);
	nx_config_free(plain);
}

static void numbers_keep_their_digits_without_quotes(void **state)
{
	struct nx_config *c = load_good(BOX
		"emergency: [000, 0112, \"999\"]\nplans: {p: {country_code: 1, national: [0]}}\n");

	(void)state;
	assert_string_equal(c->emergency.number[0].d, "000");
	assert_string_equal(c->emergency.number[1].d, "0112");
	assert_string_equal(c->emergency.number[2].d, "999");
	assert_string_equal(c->plans[0].country_code.d, "1");
	assert_string_equal(c->plans[0].national[0].d, "0");
	nx_config_free(c);
}

static void every_word_for_yes_and_no_is_known(void **state)
{
	static const char *const words[] = {
		"on", "true", "yes", "On", "TRUE", "off", "false", "no", "Off", "NO"};
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct nx_config *c;

		(void)snprintf(yaml, sizeof(yaml), "%sreply: {reason: %s}\n", BOX, words[i]);
		c = load_good(yaml);
		assert_int_equal(c->reason_header, i < 5);
		nx_config_free(c);
	}
}

static void the_default_class_is_first_wherever_it_stands(void **state)
{
	struct nx_config *c = load_good(BOX "plans: {p: }\n"
					    "sources:\n"
					    "  - {class: a, trust: trusted, plan: p}\n"
					    "  - {class: b, trust: public, answer: drop}\n"
					    "  - {class: default, answer: answer, \"604\": yes}\n"
					    "  - {class: c, trust: peer, symmetric: always}\n");

	(void)state;
	assert_int_equal(c->n_classes, 4);
	assert_string_equal(c->classes[0].class.name, "default");
	assert_int_equal(c->classes[0].class.answer, NX_ANSWER_ANSWER);
	assert_true(c->classes[0].class.may_604);
	assert_string_equal(c->classes[1].class.name, "a");
	assert_int_equal(c->classes[1].class.symmetric, NX_SYM_RFC);
	assert_int_equal(c->classes[1].plan, 0);
	assert_string_equal(c->classes[2].class.name, "b");
	assert_int_equal(c->classes[2].class.answer, NX_ANSWER_DROP);
	assert_int_equal(c->classes[2].class.symmetric, NX_SYM_PASS);
	assert_string_equal(c->classes[3].class.name, "c");
	assert_int_equal(c->classes[3].class.answer, NX_ANSWER_ANSWER);
	assert_int_equal(c->classes[3].class.symmetric, NX_SYM_ALWAYS);
	nx_config_free(c);
}

static void switches_of_a_class_are_read(void **state)
{
	struct nx_config *c = load_good(
		BOX "sources:\n  - {class: a, trust: peer, options: as-invite, register: answer, "
		    "unanswerable: drop}\n");
	const struct nx_class *class = &c->classes[1].class;

	(void)state;
	assert_true(class->options_as_invite);
	assert_true(class->register_answer);
	assert_true(class->unanswerable_drop);
	assert_int_equal(class->unanswerable_rate, 0);
	assert_false(class->may_604);
	nx_config_free(c);
}

static void limits_of_a_class_are_read(void **state)
{
	struct nx_config *c = load_good(
		BOX "sources:\n"
		    "  - {class: a, trust: peer, unanswerable: limit}\n"
		    "  - {class: b, trust: public, unanswerable: limit, unanswerable_rate: 10000, "
		    "dialog_rate: 7}\n"
		    "  - {class: c, trust: peer, dialog_rate: 0}\n"
		    "  - {class: default, dialog_rate: 1}\n");

	(void)state;
	assert_int_equal(c->classes[0].class.dialog_rate, 1);
	assert_int_equal(c->classes[0].class.unanswerable_rate, 0);
	assert_int_equal(c->classes[1].class.unanswerable_rate, 10);
	assert_false(c->classes[1].class.unanswerable_drop);
	assert_int_equal(c->classes[2].class.unanswerable_rate, 10000);
	assert_int_equal(c->classes[2].class.dialog_rate, 7);
	assert_int_equal(c->classes[3].class.unanswerable_rate, 0);
	nx_config_free(c);
}

static void limits_are_consistent(void **state)
{
	(void)state;
	refused(BOX "sources:\n"
		    "  - {class: a, trust: trusted, dialog_rate: 5}\n"
		    "  - {class: b, trust: public, unanswerable_rate: 5}\n"
		    "  - {class: c, trust: public, unanswerable: limit, unanswerable_rate: 0}\n"
		    "  - {class: d, trust: public, unanswerable: limit, dialog_rate: 10001}\n",
		":5: sources[0].dialog_rate: only for public classes: a limit on calls in progress "
		"would cut those of a peer; remove the key, or set trust: public\n"
		":6: sources[1].unanswerable_rate: counts only with unanswerable: limit; add that, "
		"or remove the key\n"
		":7: sources[2].unanswerable_rate: 0 is out of range; give 1 to 10000\n"
		":8: sources[3].dialog_rate: 10001 is out of range; give 0 to 10000\n");
}

static void hosts_are_kept_in_one_form(void **state)
{
	struct nx_config *c = load_good(
		BOX "services:\n  - {name: s, addresses: [192.0.2.1], kind: names, hosts: [{host: "
		    "SBC.Example.COM., domain: Example.COM.}, {host: \"2001:DB8:0::1\", domain: "
		    "a}, {host: ANY, domain: b}]}\n");

	(void)state;
	assert_string_equal(c->services[0].hosts[0].host, "sbc.example.com");
	assert_string_equal(c->services[0].hosts[0].domain, "example.com");
	assert_string_equal(c->services[0].hosts[1].host, "2001:db8::1");
	assert_string_equal(c->services[0].hosts[2].host, "any");
	nx_config_free(c);
}

static void rule_20_tag_keys_are_read_and_ready(void **state)
{
	struct nx_config *c =
		load_good(BOX "reply:\n  tag_keys:\n"
			      "    - {id: 3, key: \"00112233445566778899aabbccddeeFF\"}\n"
			      "    - {id: 15, key: ffeeddccbbaa99887766554433221100}\n");
	static const uint8_t zero[NX_USERS_SECRET_LEN];

	(void)state;
	assert_true(c->tag_key[0].present && c->tag_key[1].present);
	assert_int_equal(c->tag_key[0].id, 3);
	assert_int_equal(c->tag_key[1].id, 15);
	assert_int_equal(c->tag_key[0].k[1], 0x11);
	assert_int_equal(c->tag_key[0].k[15], 0xff);
	assert_int_equal(c->tag_key[1].k[0], 0xff);
	assert_memory_not_equal(c->tag_key[0].secret, zero, sizeof(zero));
	assert_memory_not_equal(
		c->tag_key[0].secret, c->tag_key[1].secret, sizeof(c->tag_key[0].secret));
	nx_config_free(c);
}

static void devices_of_every_kind_are_taken(void **state)
{
	static const char *const good[] = {"0000:3b:00.0", "3b:00.0", "0000:3B:00.7,txq_inline=1",
		"net_af_xdp0,iface=eth0,start_queue=1", "net_pcap0,rx_pcap=a.pcap,tx_pcap=b.pcap",
		"eth_af_packet0,iface=eth0", "virtio_user0,path=/dev/vhost-net", "net_memif0"};
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct nx_config *c;

		(void)snprintf(yaml, sizeof(yaml),
			"workers: {cores: [1]}\nports: [{name: p, access: \"%s\", core: "
			"net_tap9}]\n",
			good[i]);
		c = load_good(yaml);
		assert_string_equal(c->box.pair[0].access, good[i]);
		nx_config_free(c);
	}
}

/* ---- what is wrong: the file ---- */

static void a_file_that_is_none_is_named(void **state)
{
	char got[1024];

	(void)state;
	messages("/nonexistent/nxsip.yaml", got, sizeof(got));
	assert_string_equal(got,
		": cannot be read: No such file or directory; check the path and its rights\n");
	messages("/tmp", got, sizeof(got));
	assert_string_equal(got, ": is a directory; name the file in it\n");
	messages("/dev/null", got, sizeof(got));
	assert_string_equal(got, ": is not a regular file\n");
}

static void a_file_without_rights_is_named(void **state)
{
	char got[1024];

	(void)state;
	if (geteuid() == 0)
		skip();
	write_file(BOX, strlen(BOX));
	assert_int_equal(chmod(file, 0), 0);
	messages(file, got, sizeof(got));
	assert_int_equal(chmod(file, 0600), 0);
	assert_string_equal(
		got, ": cannot be read: Permission denied; check the path and its rights\n");
}

static void a_file_over_a_megabyte_is_refused(void **state)
{
	char *big = malloc(NX_CONFIG_BYTES_MAX + 1);
	struct nx_config *c;
	struct nx_config_errors errors;

	(void)state;
	assert_non_null(big);
	memset(big, '#', NX_CONFIG_BYTES_MAX + 1);
	memcpy(big, BOX, strlen(BOX));
	refused_bytes(big, NX_CONFIG_BYTES_MAX + 1,
		": is larger than 1 MiB; users belong into the store, by nxsipctl load\n");
	write_file(big, NX_CONFIG_BYTES_MAX);
	assert_int_equal(nx_config_load(file, &c, &errors), NX_OK);
	nx_config_errors_free(&errors);
	nx_config_free(c);
	free(big);
}

static void an_empty_file_is_refused(void **state)
{
	static const char want[] = ": is empty; it needs at least workers and ports\n";

	(void)state;
	refused("", want);
	refused("# only a comment\n", want);
	refused("---\n", want);
}

static void a_file_that_is_no_mapping_is_refused(void **state)
{
	static const char want[] =
		":1: the file must be a mapping of sections, such as \"workers:\"\n";

	(void)state;
	refused("nxsip\n", want);
	refused("- workers\n- ports\n", want);
}

/* ---- what is wrong: YAML ---- */

static void syntax_errors_have_line_and_column(void **state)
{
	(void)state;
	refused("workers:\n  cores: [1\nports: 1\n",
		":3:6: not valid YAML: did not find expected ',' or ']', while parsing a flow "
		"sequence\n");
	refused("workers:\n\tcores: [1]\n",
		":2:1: not valid YAML: found character that cannot start any token, while scanning "
		"for the next token; indent with spaces, not tabs\n");
	refused("workers: \"abc\n",
		":2:1: not valid YAML: found unexpected end of stream, while scanning a quoted "
		"scalar\n");
	refused("box:\n  name: \xff\xfe\n",
		":2: not valid YAML: invalid leading UTF-8 octet; save the file as UTF-8\n");
}

static void anchors_aliases_and_tags_are_refused(void **state)
{
	(void)state;
	refused(BOX "emergency: &list [112]\n",
		":4:12: anchors (&) are not used here; write the value out where it is needed\n");
	refused(BOX "box: {name: &n edge}\nstore: {path: *n}\n",
		":4:13: anchors (&) are not used here; write the value out where it is needed\n"
		":5:15: aliases (*) are not used here; write the value out\n");
	refused(BOX "eal: {memory: !!int 512}\n",
		":4:15: tags (!) are not used here; write the plain value\n");
	refused(BOX "box: {*n : 1}\n",
		":4:7: an alias (*) cannot be a key here; write the key out\n");
}

static void other_forms_of_yaml_are_refused(void **state)
{
	(void)state;
	refused(BOX "? [a, b]\n: 1\n",
		":4:3: a list or mapping cannot be a key; write a plain word before the colon\n");
	refused(BOX "---\n" BOX, ":4: a second document begins (---); put everything into one\n");
	refused(BOX "box: {name: \"a\\nb\"}\n",
		":4:13: the value holds a control byte or a line break; write it on one line\n");
	refused(BOX "box: {name: \"a\\0b\"}\n",
		":4:13: the value holds a control byte or a line break; write it on one line\n");
	refused(BOX "box: {\"name\\0x\": a}\n",
		":4: box.\\0: unknown key; known here: name, settle\n");
}

static void depth_is_bounded(void **state)
{
	size_t len = 1000000;
	char *deep = malloc(len);

	(void)state;
	assert_non_null(deep);
	refused(BOX "box: {a: [[[[[[[1]]]]]]]}\n",
		":4:16: nested more than 8 deep; nothing here needs that\n");
	memset(deep, '[', len);
	refused_bytes(deep, len, ":1:9: nested more than 8 deep; nothing here needs that\n");
	free(deep);
}

static void width_is_bounded(void **state)
{
	static char wide[40000], got[65536];
	size_t n = 0;
	uint32_t lines = 0;

	(void)state;
	for (unsigned i = 0; i < 1025; i++)
		n += (size_t)snprintf(wide + n, sizeof(wide) - n, "key%u: 1\n", i);
	refused_bytes(wide, n, ":1025: more than 1024 keys in one mapping\n");
	n -= strlen("key1024: 1\n");
	write_file(wide, n);
	messages(file, got, sizeof(got));
	for (const char *c = got; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, NX_CONFIG_FAULTS_MAX + 1);
	assert_non_null(strstr(got, "\n: and 826 more; mend these first\n"));
}

/* ---- what is wrong: keys and values ---- */

static void unknown_keys_name_the_nearest(void **state)
{
	(void)state;
	refused(BOX "sevices: []\n", ":4: sevices: unknown key; did you mean \"services\"?\n");
	refused(BOX "queues: {rx_descriptor: 64}\n",
		":4: queues.rx_descriptor: unknown key; did you mean \"rx_descriptors\"?\n");
	refused(BOX "queues:\n  colour: blue\n",
		":5: queues.colour: unknown key; known here: rx_descriptors, tx_descriptors, "
		"mempool\n");
	refused(BOX "plans: {uk: {stripp: 1}}\n",
		":4: plans.uk.stripp: unknown key; did you mean \"strip\"?\n");
	refused("workers: {cores: [1]}\nports: [{name: p, acess: net_tap0, core: net_tap1}]\n",
		":2: ports[0].acess: unknown key; did you mean \"access\"?\n"
		":2: ports[0].access: required, but missing; add it: PCI address or virtual "
		"device, at most 255 bytes\n");
}

static void required_keys_are_missed(void **state)
{
	(void)state;
	refused("box: {name: a}\n",
		":1: workers.cores: required, but missing; add it: list of at most 64 whole "
		"numbers, 0 to 1023\n"
		":1: ports: required, but missing; add it: list of at most 16 sections\n");
	refused("workers: {cores: []}\nports:\n",
		":1: workers.cores: is empty; give at least one\n"
		":2: ports: required, but missing; add it: list of at most 16 sections\n");
	refused(BOX
		"services:\n  - name: s\n    addresses: [192.0.2.1]\n    hosts: [{host: any}]\n",
		":5: services[0].kind: required, but missing; add it: phone or names\n"
		":7: services[0].hosts[0].domain: required, but missing; add it: domain name\n");
	refused(BOX "sources: [{class: a}]\n",
		":4: sources[0].trust: required, but missing; write public, peer or trusted\n");
}

static void wrong_types_are_told(void **state)
{
	(void)state;
	refused(BOX "box: edge\n",
		":4: box: must be a section of keys, each \"key: value\" on a line of its own\n");
	refused(BOX "eal: {memory: [512]}\n",
		":4: eal.memory: must be a single value, not a list\n");
	refused(BOX "eal: {memory: {a: 1}}\n",
		":4: eal.memory: must be a single value, not a mapping\n");
	refused(BOX "eal: {memory: }\n",
		":4: eal.memory: has no value; give one or remove the key\n");
	refused(BOX "emergency: 112\n", ":4: emergency: must be a list; write [112]\n");
	refused(BOX "services: {name: s}\n",
		":4: services: must be a list; begin each item with \"- \"\n");
	refused(BOX "services: [trunks]\n",
		":4: services[0]: must be a section of keys, each \"key: value\" on a line of its "
		"own\n");
	refused(BOX "plans: [uk]\n", ":4: plans: must be a mapping from names to sections\n");
}

static void numbers_are_checked(void **state)
{
	(void)state;
	refused(BOX "eal: {memory: big}\n",
		":4: eal.memory: \"big\" is not a whole number; give 64 to 1048576\n");
	refused(BOX "eal: {memory: 63}\n",
		":4: eal.memory: 63 is out of range; give 64 to 1048576\n");
	refused(BOX "eal: {memory: -1}\n",
		":4: eal.memory: \"-1\" is not a whole number; give 64 to 1048576\n");
	refused(BOX "eal: {memory: 0512}\n",
		":4: eal.memory: \"0512\" is not a whole number; give 64 to 1048576\n");
	refused(BOX "eal: {memory: 99999999999999999999}\n",
		":4: eal.memory: \"99999999999999999999\" is not a whole number; give 64 to "
		"1048576\n");
	refused(BOX SERVICE "direction: originating, ports: [65536]}\n",
		":5: services[0].ports[0]: 65536 is out of range; give 1 to 65535\n");
	refused(BOX SERVICE "direction: originating, vlans: [4095]}\n",
		":5: services[0].vlans[0]: \"4095\" is not a VLAN; give none or 1 to 4094\n");
}

static void words_are_checked(void **state)
{
	(void)state;
	refused(BOX "eal: {hugepages: maybe}\n",
		":4: eal.hugepages: \"maybe\" is not known here; write auto, on or off\n");
	refused("workers: {cores: [1], user_tables: two}\n"
		"ports: [{name: p, access: net_tap0, core: net_tap1}]\n",
		":1: workers.user_tables: \"two\" is not known here; write one or per-node\n");
	refused(BOX "reply: {reason: 1}\n",
		":4: reply.reason: \"1\" is neither on nor off; write on or off\n");
	refused(BOX "sources: [{class: a, trust: friend}]\n",
		":4: sources[0].trust: \"friend\" is not known here; write public, peer or "
		"trusted\n");
}

static void texts_are_checked(void **state)
{
	(void)state;
	refused(BOX "box: {name: edge one}\n",
		":4: box.name: \"edge one\" is not a name; use letters, digits and . _ - only\n");
	refused(BOX "box: {name: \"\"}\n",
		":4: box.name: is empty; give a value or remove the key\n");
	refused(BOX "eal: {file_prefix: a1234567890123456789012345678901}\n",
		":4: eal.file_prefix: \"a1234567890123456789012345678901\" is 32 bytes long; at "
		"most 31 fit\n");
	refused(BOX "reply: {server: caf\xc3\xa9}\n", ":4: reply.server: \"caf??\" holds a byte "
						      "that is not printable ASCII; remove it\n");
	refused(BOX "socket: {path: nxsipd.sock}\n",
		":4: socket.path: \"nxsipd.sock\" is not an absolute path; begin it with /\n");
	refused(BOX "emergency: [112, +44]\n",
		":4: emergency[1]: \"+44\" is not 2 to 15 digits; write digits only, without + and "
		"spaces\n");
	refused(BOX "emergency: []\n", ":4: emergency: is empty; give at least one\n");
}

static void addresses_are_checked(void **state)
{
	(void)state;
	refused(BOX
		"services: [{name: s, kind: names, direction: originating, addresses: [192.0.2, "
		"192.0.2.256, \"[::1]\", \"::ffff:192.0.2.1\", 239.0.0.1]}]\n",
		":4: services[0].addresses[0]: \"192.0.2\" is not an IP address; write 192.0.2.10 "
		"or 2001:db8::10\n"
		":4: services[0].addresses[1]: \"192.0.2.256\" is not an IP address; write "
		"192.0.2.10 or 2001:db8::10\n"
		":4: services[0].addresses[2]: \"[::1]\" is not an IP address; write 192.0.2.10 or "
		"2001:db8::10\n"
		":4: services[0].addresses[3]: \"::ffff:192.0.2.1\" is not an IP address; write "
		"192.0.2.10 or 2001:db8::10\n"
		":4: services[0].addresses: 239.0.0.1 is not the address of one host; give the "
		"SBC's own\n");
}

static void prefixes_are_checked(void **state)
{
	(void)state;
	refused(BOX "sources:\n  - class: a\n    trust: peer\n    prefixes:\n"
		    "      - 198.51.100.7/24\n      - 2001:db8::1/32\n      - 10.0.0.0/33\n"
		    "      - 10.0.0.0/\n      - carrier\n      - ::/0\n",
		":8: sources[0].prefixes[0]: \"198.51.100.7/24\": has bits set after the prefix "
		"length; did you mean 198.51.100.0/24?\n"
		":9: sources[0].prefixes[1]: \"2001:db8::1/32\": has bits set after the prefix "
		"length; did you mean 2001:db8::/32?\n"
		":10: sources[0].prefixes[2]: \"10.0.0.0/33\": the prefix length after the slash "
		"must be 0 to 32\n"
		":11: sources[0].prefixes[3]: \"10.0.0.0/\": the prefix length after the slash "
		"must "
		"be 0 to 32\n"
		":12: sources[0].prefixes[4]: \"carrier\": \"carrier\" is not an IP address; write "
		"192.0.2.0/24 or 2001:db8::/32\n"
		":13: sources[0].prefixes[5]: \"::/0\": would cover IPv4 too; for all global IPv6 "
		"addresses write 2000::/3\n");
}

static void hosts_are_checked(void **state)
{
	(void)state;
	refused(BOX "services:\n- name: s\n  addresses: [192.0.2.1]\n  kind: names\n  hosts:\n"
		    "  - {host: 192.0.2.300, domain: a}\n  - {host: \"[2001:db8::1]\", domain: a}\n"
		    "  - {host: \"a..b\", domain: a}\n  - {host: \"*.\", domain: \"a b\"}\n",
		":9: services[0].hosts[0].host: \"192.0.2.300\" is not a host; write a name, "
		"*.name, an IP address or any\n"
		":10: services[0].hosts[1].host: \"[2001:db8::1]\": write an IPv6 address without "
		"brackets and port\n"
		":11: services[0].hosts[2].host: \"a..b\" is not a host; write a name, *.name, an "
		"IP address or any\n"
		":12: services[0].hosts[3].host: \"*.\" is not a host; write a name, *.name, an IP "
		"address or any\n"
		":12: services[0].hosts[3].domain: \"a b\" is not a domain name; write one such as "
		"example.net\n");
}

static void tag_keys_are_checked_and_never_shown(void **state)
{
	(void)state;
	refused(BOX "reply: {tag_keys: [{id: 0, key: 00112233445566778899aabbccddeef}]}\n",
		":4: reply.tag_keys[0].key: is not 32 hexadecimal digits; make a key with: openssl "
		"rand -hex 16\n");
	refused(BOX "reply:\n  tag_keys:\n"
		    "    - {id: 1, key: 00112233445566778899aabbccddeeff}\n"
		    "    - {id: 1, key: 10112233445566778899aabbccddeeff}\n",
		":7: reply.tag_keys[1].id: both keys have the id 1; give each its own\n");
	refused(BOX "reply: {tag_keys: [{id: 0, key: 00112233445566778899aabbccddeeff}, {id: 1, "
		    "key: 00112233445566778899aabbccddeeff}, {id: 2, key: "
		    "00112233445566778899aabbccddeeff}]}\n",
		":4: reply.tag_keys: has 3 entries; at most 2 fit\n");
}

static void devices_are_checked(void **state)
{
	(void)state;
	refused("workers: {cores: [1]}\nports: [{name: p, access: eth0, core: \"net_tap0, "
		"iface=a\"}]\n",
		":2: ports[0].access: \"eth0\" is neither a PCI address such as 0000:3b:00.0 nor a "
		"DPDK virtual device such as net_af_xdp0,iface=eth0\n"
		":2: ports[0].core: \"net_tap0, iface=a\" holds a space; device arguments are "
		"joined by commas alone\n");
}

/* ---- what is wrong: one thing with another ---- */

static void duplicate_keys_are_told(void **state)
{
	(void)state;
	refused(BOX "box: {name: a}\neal: {memory: 64}\nbox: {name: b}\n",
		":6: box: given twice; the first is on line 4, remove one\n");
	refused(BOX "plans:\n  a: {strip: 1}\n  a: {strip: 2}\n",
		":6: plans.a: given twice; the first is on line 5, remove one\n");
}

static void duplicate_names_are_told(void **state)
{
	(void)state;
	refused("workers: {cores: [1]}\nports:\n"
		"  - {name: p, access: net_tap0, core: net_tap1}\n"
		"  - {name: p, access: net_tap2, core: net_tap3}\n",
		":4: ports[1].name: \"p\" names ports[0] already; choose another name\n");
	refused(BOX "services:\n"
		    "  - {name: s, kind: phone, direction: originating, addresses: [192.0.2.1]}\n"
		    "  - {name: s, kind: phone, direction: originating, addresses: [192.0.2.2]}\n",
		":6: services[1].name: \"s\" names services[0] already; choose another name\n");
	refused(BOX "sources:\n  - {class: a, trust: peer}\n  - {class: a, trust: public}\n",
		":6: sources[1].class: \"a\" names sources[0] already; choose another name\n");
}

static void a_plan_that_is_not_there_is_told(void **state)
{
	(void)state;
	refused(BOX SERVICE "direction: originating, plan: uk}\nplans: {us: }\n",
		":5: services[0].plan: there is no plan \"uk\"; add it under plans, or name one "
		"that is there\n");
	refused(BOX "sources: [{class: a, trust: peer, plan: uk}]\n",
		":4: sources[0].plan: there is no plan \"uk\"; add it under plans, or name one "
		"that "
		"is there\n");
}

static void one_place_belongs_to_one_service(void **state)
{
	(void)state;
	refused(BOX "services:\n"
		    "  - name: a\n"
		    "    kind: phone\n"
		    "    direction: originating\n"
		    "    addresses: [192.0.2.1, 192.0.2.2]\n"
		    "    ports: [5060, 5062]\n"
		    "    vlans: [none, 7]\n"
		    "  - name: b\n"
		    "    kind: phone\n"
		    "    direction: originating\n"
		    "    addresses: [192.0.2.3, 192.0.2.2]\n"
		    "    ports: [5061, 5062]\n"
		    "    vlans: [7]\n",
		":14: services[1].addresses: 192.0.2.2 port 5062 (VLAN 7) belongs to services[0] "
		"(a) "
		"already; a packet can be for one service only\n");
	refused(BOX SERVICE "direction: originating, ports: [5060, 5060]}\n",
		":5: services[0].addresses: 192.0.2.1 port 5060 (untagged) is listed twice; remove "
		"one\n");
	nx_config_free(load_good(
		BOX "services:\n"
		    "  - {name: a, kind: phone, direction: originating, addresses: [192.0.2.1], "
		    "vlans: [1]}\n"
		    "  - {name: b, kind: phone, direction: originating, addresses: [192.0.2.1], "
		    "vlans: [2]}\n"
		    "  - {name: c, kind: phone, direction: originating, addresses: [192.0.2.1], "
		    "vlans: [2], ports: [5061]}\n"));
}

static void too_many_places_are_told(void **state)
{
	static char yaml[65536];
	size_t n = (size_t)snprintf(yaml, sizeof(yaml), "%s%s", BOX,
		"services:\n  - {name: s, kind: phone, direction: originating, addresses: [");

	(void)state;
	for (unsigned i = 0; i < 512; i++)
		n += (size_t)snprintf(
			yaml + n, sizeof(yaml) - n, "%s10.0.%u.%u", i ? "," : "", i / 256, i % 256);
	n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "], ports: [1");
	for (unsigned i = 2; i <= 64; i++)
		n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, ",%u", i);
	n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "], vlans: [1");
	for (unsigned i = 2; i <= 64; i++)
		n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, ",%u", i);
	(void)snprintf(yaml + n, sizeof(yaml) - n, "]}\n");
	refused(yaml,
		":4: services: 2097152 combinations of VLAN, address and port; at most 1048576 "
		"fit\n");
}

static void a_terminating_service_needs_hosts(void **state)
{
	(void)state;
	refused(BOX "services: [{name: s, kind: phone, addresses: [192.0.2.1]}]\n",
		":4: services[0].hosts: required for a terminating service; add at least {host: "
		"any, domain: NAME}\n");
	refused(BOX "services:\n  - {name: s, kind: phone, addresses: [192.0.2.1], hosts: []}\n",
		":5: services[0].hosts: is empty; a terminating service needs at least {host: any, "
		"domain: NAME}\n");
	refused(BOX "services:\n  - {name: s, kind: phone, addresses: [192.0.2.1], hosts: [{host: "
		    "a.b, domain: a}, {host: A.B., domain: b}]}\n",
		":5: services[0].hosts: host a.b is listed twice; it can mean one domain\n");
}

static void a_device_is_used_once(void **state)
{
	(void)state;
	refused("workers: {cores: [1]}\nports:\n"
		"  - {name: p, access: \"0000:3b:00.0\", core: \"3B:00.0\"}\n",
		":3: ports[0].core: \"3B:00.0\" is ports[0].access already; a port belongs to one "
		"pair, on one side\n");
	refused("workers: {cores: [1]}\nports:\n"
		"  - name: p\n    access: net_af_xdp0,iface=eth0\n    core: "
		"net_af_xdp1,iface=eth1\n"
		"  - name: q\n    access: net_af_xdp2,iface=eth2\n"
		"    core: net_af_xdp3,start_queue=1,iface=eth0,x=1\n",
		":8: ports[1].core: \"net_af_xdp3,start_queue=1,iface=eth0,x=1\" is "
		"ports[0].access "
		"already; a port belongs to one pair, on one side\n");
	refused("workers: {cores: [1]}\nports:\n"
		"  - {name: p, access: \"net_tap0,iface=a\", core: \"net_tap0,iface=b\"}\n",
		":3: ports[0].core: \"net_tap0,iface=b\" is ports[0].access already; a port "
		"belongs "
		"to one pair, on one side\n");
}

static void a_core_works_once(void **state)
{
	(void)state;
	refused("workers:\n  cores:\n    - 1\n    - 0\n    - 1\n" /* 0 is the control core */
		"ports: [{name: p, access: net_tap0, core: net_tap1}]\n",
		":4: workers.cores[1]: core 0 is the control core; choose another, or move "
		"workers.control_core\n"
		":5: workers.cores[2]: core 1 is listed twice; one worker runs on a core\n");
	refused("workers: {cores: [x]}\nports: [{name: p, access: net_tap0, core: net_tap1}]\n",
		":1: workers.cores[0]: \"x\" is not a whole number; give 0 to 1023\n");
}

static void plans_are_consistent(void **state)
{
	(void)state;
	refused(BOX "plans:\n"
		    "  a: {min_digits: 12, max_digits: 9}\n"
		    "  b: {bare: national}\n"
		    "  c: {country_code: \"044\"}\n"
		    "  d: {international: [\"00\", \"0\"], national: [\"0\"]}\n",
		":5: plans.a: min_digits 12 is above max_digits 9; no number would be judged\n"
		":6: plans.b: bare: national needs a country_code to make global numbers with\n"
		":7: plans.c: country_code \"044\" begins with 0; no country's does, prefixes go "
		"under international\n"
		":8: plans.d: prefix 0 is both international and national; it can be one\n");
}

static void classes_are_consistent(void **state)
{
	(void)state;
	refused(BOX "sources:\n"
		    "  - {class: default, trust: peer, prefixes: [10.0.0.0/8]}\n"
		    "  - {class: a, trust: trusted, answer: pass}\n"
		    "  - {class: b, trust: peer, answer: answer}\n",
		":5: sources[0].trust: the default class is public; give whom you trust a class of "
		"its own, with prefixes\n"
		":5: sources[0].prefixes: the default class is every address that no prefix "
		"covers; "
		"remove them\n"
		":6: sources[1].answer: only public classes choose; trusted and peer are always "
		"answered: remove the key, or set trust: public\n");
	refused(BOX
		"sources:\n"
		"  - {class: a, trust: peer, prefixes: [10.0.0.0/8, 10.0.0.0/9]}\n"
		"  - {class: b, trust: peer, prefixes: [192.0.2.1/32, 10.0.0.0/8, 192.0.2.1]}\n",
		":6: sources[1].prefixes: 10.0.0.0/8 is in sources[0] (a) already; an address has "
		"one class\n"
		":6: sources[1].prefixes: 192.0.2.1/32 is listed twice; remove one\n");
}

static void classes_are_counted(void **state)
{
	static char yaml[4096];
	size_t n = (size_t)snprintf(yaml, sizeof(yaml), "%ssources:\n", BOX);
	struct nx_config *c;

	(void)state;
	for (unsigned i = 0; i < 15; i++)
		n += (size_t)snprintf(
			yaml + n, sizeof(yaml) - n, "  - {class: c%u, trust: peer}\n", i);
	c = load_good(yaml);
	assert_int_equal(c->n_classes, 16);
	assert_string_equal(c->classes[15].class.name, "c14");
	nx_config_free(c);
	(void)snprintf(yaml + n, sizeof(yaml) - n, "  - {class: c15, trust: peer}\n");
	refused(yaml, ":20: sources: has 16 classes; at most 15 fit besides default\n");
	(void)snprintf(yaml + n, sizeof(yaml) - n, "  - {class: default}\n");
	c = load_good(yaml);
	assert_int_equal(c->n_classes, 16);
	assert_string_equal(c->classes[0].class.name, "default");
	assert_string_equal(c->classes[15].class.name, "c14");
	nx_config_free(c);
}

static void all_faults_are_told_in_file_order(void **state)
{
	(void)state;
	refused("sources: [{class: a, trust: no}]\n"
		"ports: [{name: p, access: eth0, core: net_tap1, mtu: 10}]\n"
		"worker: {cores: [1]}\n",
		":1: workers.cores: required, but missing; add it: list of at most 64 whole "
		"numbers, 0 to 1023\n"
		":1: sources[0].trust: \"no\" is not known here; write public, peer or trusted\n"
		":2: ports[0].access: \"eth0\" is neither a PCI address such as 0000:3b:00.0 nor a "
		"DPDK virtual device such as net_af_xdp0,iface=eth0\n"
		":2: ports[0].mtu: 10 is out of range; give 576 to 9600\n"
		":3: worker: unknown key; did you mean \"workers\"?\n");
}

/* ---- what a reload can change ---- */

static void differences_of_the_box_are_named(void **state)
{
	struct nx_config *a = load_good(BOX "eal: {args: [--a, --b]}\nsocket: {group: x}\n");
	struct nx_config *b = load_good("workers: {cores: [2]}\n"
					"ports: [{name: p, access: net_tap0, core: net_tap2}]\n"
					"eal: {args: [--a, --c], memory: 64}\n"
					"reply: {server: x}\nemergency: [112]\nplans: {p: }\n"
					"store: {path: /s}\n");
	const char *keys[16];

	(void)state;
	assert_int_equal(nx_config_box_diff(a, a, keys, 16), 0);
	assert_int_equal(nx_config_box_diff(a, b, keys, 16), 6);
	assert_string_equal(keys[0], "eal.memory");
	assert_string_equal(keys[1], "eal.args");
	assert_string_equal(keys[2], "workers.cores");
	assert_string_equal(keys[3], "ports");
	assert_string_equal(keys[4], "socket.group");
	assert_string_equal(keys[5], "store.path");
	assert_int_equal(nx_config_box_diff(b, a, keys, 2), 2);
	nx_config_free(b);
	nx_config_free(a);
}

/* What a reload changes tells whether the box settles anew (rule 28). */
static void rule_28_what_judges_otherwise_is_told_from_the_rest(void **state)
{
	static const char *const alike[] = {"", "reply: {server: x, reason: off}\n",
		"box: {name: other, settle: 5}\nstore: {path: /s}\nsocket: {group: g}\n"};
	static const char *const other[] = {"emergency: [112]\n", "plans: {p: }\n",
		("services: [{name: s, addresses: [192.0.2.1], kind: phone, direction: "
		 "originating}]\n"),
		"sources: [{class: c, trust: peer}]\n",
		"sources: [{class: default, answer: drop}]\n"};
	struct nx_config *base = load_good(BOX), *c;
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), BOX "%s", alike[i]);
		c = load_good(yaml);
		assert_true(nx_config_judges_alike(base, c));
		nx_config_free(c);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), BOX "%s", other[i]);
		c = load_good(yaml);
		assert_false(nx_config_judges_alike(base, c));
		assert_true(nx_config_judges_alike(c, c));
		nx_config_free(c);
	}
	nx_config_free(base);
}

static void rule_28_the_settle_time_is_the_operators(void **state)
{
	struct nx_config *c = load_good(BOX "box: {settle: 0}\n");

	(void)state;
	assert_int_equal(c->box.settle_s, 0);
	nx_config_free(c);
	refused(BOX "box: {settle: 3601}\n",
		":4: box.settle: 3601 is out of range; give 0 to 3600\n");
}

/* ---- the reference ---- */

static void every_key_is_in_reference_and_example(void **state)
{
	char *reference, *example = calloc(1, 65536);
	size_t len;
	FILE *out = open_memstream(&reference, &len), *in = fopen(EXAMPLE, "r");

	(void)state;
	assert_non_null(out);
	assert_non_null(in);
	assert_non_null(example);
	assert_true(fread(example, 1, 65535, in) > 0);
	(void)fclose(in);
	nx_config_reference(out);
	(void)fclose(out);
	for (const struct nx_key_row *row = nx_keys; row->path; row++) {
		char want[NX_AT_MAX];
		const char *dot = strrchr(row->path, '.');

		(void)snprintf(want, sizeof(want), "\n| `%s` | ", row->path);
		assert_non_null(strstr(reference, want));
		if (dot && strcmp(dot, ".NAME") == 0)
			continue;
		(void)snprintf(want, sizeof(want),
			strcmp(row->path, "sources[].604") ? "%s:" : "\"%s\":",
			dot ? dot + 1 : row->path);
		assert_non_null(strstr(example, want));
	}
	assert_non_null(strstr(reference, "| `ports[].mtu` | whole number, 576 to 9600 | `1500` | "
					  "Largest IP packet, in bytes, on both ports. | restart "
					  "|\n"));
	assert_non_null(
		strstr(reference, "| `services[].vlans` | list of at most 256 VLANs (none or "
				  "1 to 4094) | `[none]` | "));
	free(reference);
	free(example);
}

/* ---- addresses ---- */

static void addresses_go_there_and_back(void **state)
{
	static const char *const same[] = {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "2000::/3",
		"2001:db8::/32", "2001:db8::1/128", "::1/128", "::fffe:0:0/96"};
	struct nx_prefix p;
	struct nx_error err;
	char text[56];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(nx_prefix_parse(same[i], &p, &err), NX_OK);
		nx_prefix_format(&p, text);
		assert_string_equal(text, same[i]);
	}
	assert_int_equal(nx_prefix_parse("192.0.2.0/24", &p, &err), NX_OK);
	assert_int_equal(p.len, 120);
	assert_true(nx_addr_is_v4(&p.addr));
	assert_int_equal(nx_prefix_parse("192.0.2.1/31", &p, &err), NX_ERR_INVALID);
	assert_int_equal(nx_prefix_parse("::/80", &p, &err), NX_ERR_INVALID);
	assert_int_equal(nx_prefix_parse("10.0.0.0/08", &p, &err), NX_ERR_INVALID);
	assert_int_equal(nx_prefix_parse("", &p, &err), NX_ERR_INVALID);
	assert_int_equal(nx_prefix_parse("/8", &p, NULL), NX_ERR_INVALID);
}

/* ---- whatever it holds ---- */

static char *example_bytes(size_t *len)
{
	char *data = malloc(65536);
	FILE *in = fopen(EXAMPLE, "r");

	assert_non_null(data);
	assert_non_null(in);
	*len = fread(data, 1, 65536, in);
	(void)fclose(in);
	return data;
}

/* survives loads anything: either a configuration or at least one message. */
static void survives(const char *data, size_t len)
{
	struct nx_config *c;
	struct nx_config_errors errors;
	int rc;

	write_file(data, len);
	rc = nx_config_load(file, &c, &errors);
	assert_int_equal(rc == NX_OK, c != NULL);
	assert_int_equal(rc == NX_OK, errors.n == 0);
	nx_config_errors_free(&errors);
	nx_config_free(c);
}

static void every_prefix_of_a_good_file_is_survived(void **state)
{
	size_t len;
	char *data = example_bytes(&len);

	(void)state;
	for (size_t n = 0; n <= len; n++)
		survives(data, n);
	free(data);
}

static void flipped_bytes_are_survived(void **state)
{
	size_t len;
	char *data = example_bytes(&len);
	uint64_t x = 88172645463325252u; /* xorshift64 */

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		size_t at[4];
		char was[4];

		for (unsigned i = 0; i < 4; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at[i] = (size_t)(x >> 16) % len;
			was[i] = data[at[i]];
			data[at[i]] = round % 2 ? (char)x : " \n:-[]{}#&*!\"'"[x % 14];
		}
		survives(data, len);
		for (unsigned i = 4; i-- > 0;)
			data[at[i]] = was[i];
	}
	free(data);
}

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	if (fd < 0)
		return -1;
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_read_whole),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(a_copy_of_the_user_tables_for_each_node_is_asked_for),
		cmocka_unit_test(a_plan_has_its_defaults),
		cmocka_unit_test(rule_34_routing_numbers_are_read),
		cmocka_unit_test(the_example_shows_the_default_numbers),
		cmocka_unit_test(numbers_keep_their_digits_without_quotes),
		cmocka_unit_test(every_word_for_yes_and_no_is_known),
		cmocka_unit_test(the_default_class_is_first_wherever_it_stands),
		cmocka_unit_test(switches_of_a_class_are_read),
		cmocka_unit_test(limits_of_a_class_are_read),
		cmocka_unit_test(limits_are_consistent),
		cmocka_unit_test(hosts_are_kept_in_one_form),
		cmocka_unit_test(rule_20_tag_keys_are_read_and_ready),
		cmocka_unit_test(devices_of_every_kind_are_taken),
		cmocka_unit_test(a_file_that_is_none_is_named),
		cmocka_unit_test(a_file_without_rights_is_named),
		cmocka_unit_test(a_file_over_a_megabyte_is_refused),
		cmocka_unit_test(an_empty_file_is_refused),
		cmocka_unit_test(a_file_that_is_no_mapping_is_refused),
		cmocka_unit_test(syntax_errors_have_line_and_column),
		cmocka_unit_test(anchors_aliases_and_tags_are_refused),
		cmocka_unit_test(other_forms_of_yaml_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(width_is_bounded),
		cmocka_unit_test(unknown_keys_name_the_nearest),
		cmocka_unit_test(required_keys_are_missed),
		cmocka_unit_test(wrong_types_are_told),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(words_are_checked),
		cmocka_unit_test(texts_are_checked),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(prefixes_are_checked),
		cmocka_unit_test(hosts_are_checked),
		cmocka_unit_test(tag_keys_are_checked_and_never_shown),
		cmocka_unit_test(devices_are_checked),
		cmocka_unit_test(duplicate_keys_are_told),
		cmocka_unit_test(duplicate_names_are_told),
		cmocka_unit_test(a_plan_that_is_not_there_is_told),
		cmocka_unit_test(one_place_belongs_to_one_service),
		cmocka_unit_test(too_many_places_are_told),
		cmocka_unit_test(a_terminating_service_needs_hosts),
		cmocka_unit_test(a_device_is_used_once),
		cmocka_unit_test(a_core_works_once),
		cmocka_unit_test(plans_are_consistent),
		cmocka_unit_test(classes_are_consistent),
		cmocka_unit_test(classes_are_counted),
		cmocka_unit_test(all_faults_are_told_in_file_order),
		cmocka_unit_test(differences_of_the_box_are_named),
		cmocka_unit_test(rule_28_what_judges_otherwise_is_told_from_the_rest),
		cmocka_unit_test(rule_28_the_settle_time_is_the_operators),
		cmocka_unit_test(every_key_is_in_reference_and_example),
		cmocka_unit_test(addresses_go_there_and_back),
		cmocka_unit_test(every_prefix_of_a_good_file_is_survived),
		cmocka_unit_test(flipped_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
