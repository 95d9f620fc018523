/* Every method of the control protocol through the real socket, engine and
 * store: parameters in, results out as nxsip/protocol.h states them, the audit
 * line, and what a load does to those who wait for it, leave it, or come in
 * between. */
#include "tests/unit/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nxsip/protocol.h"

static struct client c;

static int start(void **state)
{
	int ret = daemon_start(state);

	client_open(*state, &c);
	return ret;
}

static int stop(void **state)
{
	client_close(&c);
	return daemon_stop(state);
}

/* does asks for a change and drops its result. */
static void does(const char *method, const char *params)
{
	json_t *result = client_result(&c, method, params);

	assert_true(json_integer_value(json_object_get(result, "version")) > 0);
	json_decref(result);
}

/* same compares two values, and shows both where they differ. */
static void same(const json_t *value, const json_t *want)
{
	char *got = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	char *expect = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	assert_non_null(got);
	assert_string_equal(got, expect);
	free(got);
	free(expect);
}

/* gives compares a method's whole result. */
static void gives(const char *method, const char *params, const char *expect)
{
	json_t *result = client_result(&c, method, params);
	json_t *want = json_loads(expect, 0, NULL);

	same(result, want);
	json_decref(want);
	json_decref(result);
}

/* has compares some members of an object. */
static void has(json_t *object, const char *expect)
{
	json_t *want = json_loads(expect, 0, NULL), *value;
	const char *key;

	assert_non_null(want);
	json_object_foreach (want, key, value)
		same(json_object_get(object, key), value);
	json_decref(want);
}

#define D "\"domain\":\"example.net\""

static void add_domain(void)
{
	does("domain.add", "{\"name\":\"example.net\",\"authoritative\":true}");
}

/* ---- status ---- */

static void hello_states_the_protocol(void **state)
{
	json_t *result = client_result(&c, "hello", "{\"protocol\":1}");

	(void)state;
	has(result, "{\"protocol\":1,\"name\":\"testbox\"}");
	assert_true(strlen(json_string_value(json_object_get(result, "version"))) > 0);
	assert_int_equal(json_object_size(result), 3);
	json_decref(result);
	client_fails(&c, "hello", NULL, NX_RPC_PARAMS, "hello: parameter \"protocol\" is missing");
	client_fails(&c, "hello", "{\"protocol\":2}", NX_ERR_UNSUPPORTED, NULL);
}

static void status_sums_the_workers(void **state)
{
	struct daemon *d = *state;
	json_t *result, *workers;

	add_domain();
	atomic_store(&d->stats[0].rx_packets, 10);
	atomic_store(&d->stats[1].rx_packets, 5);
	atomic_store(&d->stats[0].reason[0][NX_R_KNOWN], 8);
	atomic_store(&d->stats[0].reason[1][NX_R_UNKNOWN_NUMBER], 2);
	atomic_store(&d->stats[1].reason[1][NX_R_GONE_604], 4);
	atomic_store(&d->stats[1].reason[0][NX_R_TX_FULL], 1);
	result = client_result(&c, "status", NULL);
	has(result, "{\"name\":\"testbox\",\"state\":\"serving\",\"bypass\":false,\"shadow\":"
		    "false,"
		    "\"writer\":null,\"stall\":null,"
		    "\"verdicts\":{\"pass\":8,\"404\":2,\"604\":4,\"absorb\":0,\"drop\":1}}");
	assert_int_equal(json_integer_value(json_object_get(result, "pid")), getpid());
	assert_true(json_integer_value(json_object_get(result, "policy_version")) > 0);
	assert_true(json_integer_value(json_object_get(result, "data_version")) > 0);
	workers = json_object_get(result, "workers");
	has(json_array_get(workers, 0), "{\"worker\":0,\"core\":4,\"rx_packets\":10}");
	has(json_array_get(workers, 1), "{\"worker\":1,\"core\":5,\"rx_packets\":5}");
	has(json_array_get(json_object_get(result, "domains"), 0),
		"{\"name\":\"example.net\",\"authoritative\":true,\"complete\":false,"
		"\"shadow\":false,\"ready\":true,\"known\":0,\"gone\":0,\"head\":0}");
	assert_int_equal(json_object_size(result), 16);
	json_decref(result);
}

static void rule_28_status_says_how_long_nothing_is_answered(void **state)
{
	struct daemon *d = *state;
	json_t *result = client_result(&c, "status", NULL);

	has(result, "{\"settling_s\":32}"); /* the time begins when the ports are open */
	json_decref(result);
	nx_engine_ports_open(d->engine);
	result = client_result(&c, "status", NULL);
	assert_in_range(json_integer_value(json_object_get(result, "settling_s")), 20, 32);
	json_decref(result);
}

static void stats_holds_every_reason(void **state)
{
	struct daemon *d = *state;
	json_t *result, *reasons;

	atomic_store(&d->stats[0].reason[0][NX_R_KNOWN], 8);
	atomic_store(&d->stats[1].reason[1][NX_R_KNOWN], 1);
	atomic_store(&d->stats[1].tx_replies, 3);
	result = client_result(&c, "stats", NULL);
	has(result, "{\"rx_packets\":0,\"tx_replies\":3,"
		    "\"classes\":{\"default\":{\"known\":8},\"carrier\":{\"known\":1}}}");
	reasons = json_object_get(result, "reasons");
	assert_int_equal(json_object_size(reasons), NX_REASON_COUNT);
	has(reasons, "{\"known\":{\"verdict\":\"pass\",\"count\":9},"
		     "\"unknown-number\":{\"verdict\":\"404\",\"count\":0}}");
	assert_int_equal(json_array_size(json_object_get(result, "workers")), DAEMON_WORKERS);
	json_decref(result);
}

static void ports_and_services_are_listed(void **state)
{
	json_t *result = client_result(&c, "ports", NULL);

	(void)state;
	has(json_array_get(json_object_get(result, "ports"), 1),
		"{\"name\":\"net_test\",\"pair\":\"p0\",\"side\":\"core\",\"driver\":"
		"\"net_test\","
		"\"mac\":\"02:00:00:00:00:01\",\"queues\":2,\"mtu\":1500,\"numa_node\":-"
		"1,"
		"\"link_up\":true,\"link_mbps\":0,\"rss\":false,"
		"\"offloads\":[\"rx-ip-csum\",\"tx-udp-csum\"],\"rx_packets\":101,\"tx_"
		"packets\":0,"
		"\"rx_missed\":0,\"rx_errors\":0,\"tx_errors\":0,\"rx_nombuf\":0}");
	json_decref(result);
	gives("service.list", NULL,
		"{\"services\":["
		"{\"name\":\"dial-out\",\"kind\":\"phone\",\"direction\":\"originating\","
		"\"vlan\":[null],\"addresses\":[\"192.0.2.20\"],\"ports\":[5060],"
		"\"hosts\":[],"
		"\"plan\":null},"
		"{\"name\":\"sbc\",\"kind\":\"phone\",\"direction\":\"terminating\","
		"\"vlan\":[null,7],\"addresses\":[\"192.0.2.10\",\"2001:db8::10\"],"
		"\"ports\":[5060],\"hosts\":[{\"host\":\"example.net\",\"domain\":"
		"\"example.net\"},"
		"{\"host\":\"192.0.2.10\",\"domain\":\"example.net\"}],\"plan\":\"uk\"}]"
		"}");
}

/* ---- policy ---- */

static void domains_come_and_go(void **state)
{
	json_t *result;

	(void)state;
	add_domain();
	client_fails(&c, "domain.add", "{\"name\":\"EXAMPLE.net.\"}", NX_ERR_EXISTS, NULL);
	client_fails(&c, "domain.add", "{\"name\":\"no domain\"}", NX_ERR_INVALID, NULL);
	client_fails(&c, "domain.set", "{\"name\":\"other.net\"}", NX_ERR_NOT_FOUND, NULL);
	does("domain.set", "{\"name\":\"example.net\",\"complete\":true}");
	result = client_result(&c, "domain.list", NULL);
	has(json_array_get(json_object_get(result, "domains"), 0),
		"{\"authoritative\":true,\"complete\":true,\"shadow\":false}");
	json_decref(result);
	does("user.add", "{" D ",\"user\":\"alice\"}");
	client_fails(&c, "domain.del", "{\"name\":\"example.net\"}", NX_ERR_GUARD, NULL);
	does("domain.del", "{\"name\":\"example.net\",\"force\":true}");
	gives("domain.list", NULL, "{\"domains\":[]}");
}

static void ranges_come_and_go(void **state)
{
	(void)state;
	add_domain();
	does("domain.add", "{\"name\":\"other.net\"}");
	does("range.add", "{" D ",\"prefix\":\"+4420794\",\"min\":12,\"max\":12}");
	does("range.add", "{\"domain\":\"other.net\",\"prefix\":\"+49\",\"min\":4,\"max\":15}");
	client_fails(&c, "range.add", "{" D ",\"prefix\":\"+4420794\",\"min\":12,\"max\":12}",
		NX_ERR_EXISTS, NULL);
	client_fails(&c, "range.add", "{" D ",\"prefix\":\"4420\",\"min\":12,\"max\":12}",
		NX_ERR_INVALID, NULL);
	client_fails(&c, "range.add", "{" D ",\"prefix\":\"+1\",\"min\":12,\"max\":16}",
		NX_RPC_PARAMS, "range.add: parameter \"max\" must lie between 1 and 15");
	client_fails(&c, "range.list", "{\"domain\":\"none.net\"}", NX_ERR_NOT_FOUND,
		"there is no domain \"none.net\"");
	does("range.set", "{" D ",\"prefix\":\"+4420794\",\"max\":13}");
	gives("range.list", "{" D "}",
		"{\"ranges\":[{" D ",\"prefix\":\"+4420794\",\"min\":12,\"max\":13}]}");
	does("range.del", "{" D ",\"prefix\":\"+4420794\"}");
	gives("range.list", NULL,
		"{\"ranges\":[{\"domain\":\"other.net\",\"prefix\":\"+49\",\"min\":4,"
		"\"max\":15}]}");
}

static void sources_of_file_and_store_are_told_apart(void **state)
{
	(void)state;
	does("source.add", "{\"prefix\":\"203.0.113.7\",\"class\":\"carrier\"}");
	client_fails(&c, "source.add", "{\"prefix\":\"203.0.113.0/8\",\"class\":\"carrier\"}",
		NX_ERR_INVALID, NULL);
	client_fails(&c, "source.add", "{\"prefix\":\"203.0.113.8\",\"class\":\"nobody\"}",
		NX_ERR_INVALID, NULL);
	client_fails(&c, "source.del", "{\"prefix\":\"198.51.100.0/24\"}", NX_ERR_IN_FILE, NULL);
	gives("source.list", NULL,
		"{\"classes\":["
		"{\"name\":\"default\",\"trust\":\"public\",\"answer\":\"pass\",\"may_"
		"604\":false,"
		"\"symmetric\":\"pass\",\"options\":\"pass\",\"register\":\"pass\","
		"\"unanswerable\":\"pass\",\"unanswerable_rate\":0,\"dialog_rate\":0,\"plan\":null}"
		","
		"{\"name\":\"carrier\",\"trust\":\"peer\",\"answer\":\"answer\",\"may_"
		"604\":true,"
		"\"symmetric\":\"rfc\",\"options\":\"pass\",\"register\":\"pass\","
		"\"unanswerable\":\"pass\",\"unanswerable_rate\":0,\"dialog_rate\":0,\"plan\":null}"
		"],"
		"\"sources\":["
		"{\"prefix\":\"198.51.100.0/"
		"24\",\"class\":\"carrier\",\"origin\":\"file\"},"
		"{\"prefix\":\"203.0.113.7/"
		"32\",\"class\":\"carrier\",\"origin\":\"store\"}]}");
	does("source.set", "{\"prefix\":\"203.0.113.7\",\"class\":\"default\"}");
	does("source.add", "{\"prefix\":\"198.51.100.0/24\",\"class\":\"default\"}");
	does("source.del", "{\"prefix\":\"203.0.113.7\"}");
	json_t *result = client_result(&c, "source.list", NULL);
	has(result, "{\"sources\":[{\"prefix\":\"198.51.100.0/24\",\"class\":\"default\","
		    "\"origin\":\"store\"}]}");
	json_decref(result);
}

static void rules_come_and_go(void **state)
{
	json_t *result;

	(void)state;
	add_domain();
	does("domain.add", "{\"name\":\"plain.net\"}");
	result = client_result(&c, "rule.add",
		"{\"expression\":\"^\\\\+44909\",\"verdict\":\"404\"," D ",\"priority\":10}");
	has(result, "{\"id\":1}");
	json_decref(result);
	does("rule.add", "{\"expression\":\"^spam\",\"verdict\":\"drop\",\"shadow\":true}");
	client_fails(&c, "rule.add", "{\"expression\":\"x\",\"verdict\":\"absorb\"}",
		NX_ERR_INVALID, "a rule's verdict is pass, 404, 604 or drop, not \"absorb\"");
	client_fails(
		&c, "rule.add", "{\"expression\":\"(\",\"verdict\":\"404\"}", NX_ERR_INVALID, NULL);
	client_fails(&c, "rule.add",
		"{\"expression\":\"x\",\"verdict\":\"604\",\"domain\":\"plain.net\"}",
		NX_ERR_AUTHORITY, NULL);
	client_fails(&c, "rule.set", "{\"id\":99,\"verdict\":\"pass\"}", NX_ERR_NOT_FOUND, NULL);
	client_fails(&c, "rule.set", "{\"id\":0}", NX_RPC_PARAMS, NULL);
	client_fails(&c, "rule.set", "{\"id\":4294967296}", NX_RPC_PARAMS,
		"rule.set: parameter \"id\" must lie between 1 and 4294967295");
	does("rule.set", "{\"id\":1,\"verdict\":\"604\"}");
	gives("rule.list", NULL,
		"{\"rules\":[{\"id\":1,\"priority\":10,\"verdict\":\"604\"," D
		",\"expression\":\"^\\\\+44909\",\"shadow\":false},"
		"{\"id\":2,\"priority\":100,\"verdict\":\"drop\",\"domain\":null,"
		"\"expression\":\"^spam\",\"shadow\":true}]}");
	does("rule.del", "{\"id\":1}");
	does("rule.del", "{\"id\":2}");
	gives("rule.list", NULL, "{\"rules\":[]}");
}

/* ---- users ---- */

static void users_change_state(void **state)
{
	json_t *result;

	(void)state;
	add_domain();
	result = client_result(&c, "user.add", "{" D ",\"user\":\"+44 20 7946-0000\"}");
	has(result, "{\"user\":\"+442079460000\",\"was\":\"absent\"}");
	json_decref(result);
	result = client_result(&c, "user.gone", "{" D ",\"user\":\"+442079460000\"}");
	has(result, "{\"user\":\"+442079460000\",\"was\":\"known\"}");
	json_decref(result);
	result = client_result(&c, "user.add", "{" D ",\"user\":\"+442079460000\",\"head\":true}");
	has(result, "{\"was\":\"gone\"}");
	json_decref(result);
	result = client_result(&c, "user.get", "{" D ",\"user\":\"+442079460000\"}");
	has(result, "{\"user\":\"+442079460000\",\"state\":\"head\"}");
	assert_true(json_integer_value(json_object_get(result, "updated")) > 1600000000);
	json_decref(result);
	result = client_result(&c, "user.del", "{" D ",\"user\":\"+442079460000\"}");
	has(result, "{\"was\":\"head\"}");
	json_decref(result);
	gives("user.get", "{" D ",\"user\":\"+442079460000\"}",
		"{\"user\":\"+442079460000\",\"state\":\"absent\"}");
	client_fails(&c, "user.add", "{" D ",\"user\":\"02079460000\"}", NX_ERR_INVALID, NULL);
	does("user.add", "{" D ",\"user\":\"02079460000\",\"digits_are_names\":true}");
	client_fails(&c, "user.add", "{" D ",\"user\":\"\"}", NX_ERR_INVALID, NULL);
	client_fails(
		&c, "user.add", "{\"domain\":\"none.net\",\"user\":\"a\"}", NX_ERR_NOT_FOUND, NULL);
	does("domain.set", "{\"name\":\"example.net\",\"authoritative\":false}");
	client_fails(&c, "user.gone", "{" D ",\"user\":\"bob\"}", NX_ERR_AUTHORITY, NULL);
}

static void lists_are_paged(void **state)
{
	char params[256] = "{" D ",\"limit\":3,\"prefix\":\"u\"}";
	int seen = 0, pages = 0;
	bool more = true;

	(void)state;
	add_domain();
	does("user.add", "{" D ",\"user\":\"other\"}");
	for (int i = 0; i < 6; i++) {
		char user[64];

		(void)snprintf(user, sizeof(user), "{" D ",\"user\":\"u%d\"}", i);
		does("user.add", user);
	}
	for (; more; pages++) {
		json_t *result = client_result(&c, "user.list", params), *user;
		const char *next = json_string_value(json_object_get(result, "next"));
		size_t i;

		json_array_foreach (json_object_get(result, "users"), i, user) {
			char name[16];

			(void)snprintf(name, sizeof(name), "u%d", seen++);
			assert_string_equal(json_string_value(json_object_get(user, "user")), name);
		}
		more = next != NULL;
		if (more)
			(void)snprintf(params, sizeof(params),
				"{" D ",\"limit\":3,\"prefix\":\"u\",\"after\":\"%s\"}", next);
		json_decref(result);
	}
	assert_int_equal(seen, 6);
	assert_int_equal(pages, 2);
	client_fails(&c, "user.list", "{" D ",\"limit\":10001}", NX_RPC_PARAMS,
		"user.list: parameter \"limit\" must lie between 1 and 10000");
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = {"u1", "7", "00", "7530FF"};

		(void)snprintf(params, sizeof(params), "{" D ",\"after\":\"%s\"}", bad[i]);
		client_fails(&c, "user.list", params, NX_ERR_INVALID,
			"user.list: \"after\" must be the \"next\" of the page before");
	}
}

/* ---- load ---- */

static json_t *load(const struct daemon *d, const char *params, const char *csv, size_t len)
{
	int fd = daemon_file(d, "rows.csv", csv, len);
	json_t *answer = client_call(&c, "load", params, fd);

	(void)close(fd);
	return answer;
}

static void a_load_reports_what_it_did(void **state)
{
	static const char csv[] = "user,state\n+442079460000\nalice,known\nbob,gone\n";
	json_t *answer, *result;

	add_domain();
	does("user.add", "{" D ",\"user\":\"alice\"}");
	does("user.add", "{" D ",\"user\":\"zoe\"}");
	answer = load(*state, "{" D ",\"mode\":\"replace\"}", csv, sizeof(csv) - 1);
	result = json_object_get(answer, "result");
	has(result, "{\"rows\":3,\"added\":2,\"changed\":0,\"removed\":1,\"unchanged\":1,"
		    "\"skipped\":0,\"bad\":[],\"count\":3}");
	assert_int_equal(json_object_size(result), 12);
	json_decref(answer);
	daemon_logged(*state, "change: method=load by uid=");
}

static void users_that_are_not_utf8_are_shown_and_paged(void **state)
{
	static const char csv[] = "a\n\xfc\n\xfd\n";
	json_t *result;

	add_domain();
	json_decref(load(*state, "{" D ",\"mode\":\"merge\"}", csv, sizeof(csv) - 1));
	result = client_result(&c, "user.list", "{" D ",\"limit\":2}");
	has(result, "{\"next\":\"fc\"}");
	has(json_array_get(json_object_get(result, "users"), 1),
		"{\"user\":\"\\ufffd\",\"state\":\"known\"}");
	json_decref(result);
	result = client_result(&c, "user.list", "{" D ",\"limit\":2,\"after\":\"fc\"}");
	assert_int_equal(json_array_size(json_object_get(result, "users")), 1);
	assert_null(json_object_get(result, "next"));
	json_decref(result);
}

static void a_bad_row_refuses_a_load(void **state)
{
	static const char csv[] = "alice\nbob,alive\n";
	json_t *answer;

	add_domain();
	answer = load(*state, "{" D ",\"mode\":\"merge\"}", csv, sizeof(csv) - 1);
	has(json_object_get(json_object_get(answer, "error"), "data"),
		"{\"name\":\"invalid\",\"row\":2}");
	json_decref(answer);
	gives("user.get", "{" D ",\"user\":\"alice\"}",
		"{\"user\":\"alice\",\"state\":\"absent\"}");
	answer = load(*state, "{" D ",\"mode\":\"merge\",\"skip_bad\":true}", csv, sizeof(csv) - 1);
	has(json_object_get(answer, "result"), "{\"added\":1,\"skipped\":1}");
	has(json_array_get(json_object_get(json_object_get(answer, "result"), "bad"), 0),
		"{\"row\":2}");
	json_decref(answer);
	answer = load(*state, "{" D ",\"mode\":\"append\"}", csv, sizeof(csv) - 1);
	has(json_object_get(answer, "error"),
		"{\"message\":\"load: parameter \\\"mode\\\" must be \\\"merge\\\" or "
		"\\\"replace\\\", not \\\"append\\\"\"}");
	json_decref(answer);
}

/* many_rows makes a file that takes a while. */
static char *many_rows(size_t n, size_t *len)
{
	char *csv = malloc(n * 16);

	assert_non_null(csv);
	*len = 0;
	for (size_t i = 0; i < n; i++)
		*len += (size_t)sprintf(csv + *len, "+4420%08zu\n", i);
	return csv;
}

static void begin_load(const struct daemon *d, struct client *who, size_t rows)
{
	static const char line[] =
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"load\",\"params\":{" D
		",\"mode\":\"replace\"}}\n";
	size_t len;
	char *csv = many_rows(rows, &len);
	int fd = daemon_file(d, "rows.csv", csv, len);

	client_send(who, line, sizeof(line) - 1, &fd, 1);
	free(csv);
	(void)close(fd);
}

static void others_wait_while_a_load_runs(void **state)
{
	struct client loader;
	json_t *status, *answer = NULL;
	char *line = NULL;
	int progress = 0;

	add_domain();
	client_open(*state, &loader);
	begin_load(*state, &loader, 1000000);
	status = client_result(&c, "status", NULL);
	assert_non_null(strstr(
		json_string_value(json_object_get(json_object_get(status, "writer"), "what")),
		"example.net"));
	json_decref(status);
	client_fails(&c, "user.add", "{" D ",\"user\":\"alice\"}", NX_ERR_BUSY, NULL);
	while ((line = client_line(&loader)) && strstr(line, "\"method\":\"progress\"")) {
		progress++;
		free(line);
	}
	answer = json_loads(line, 0, NULL);
	free(line);
	has(answer, "{\"id\":5}");
	has(json_object_get(answer, "result"), "{\"added\":1000000,\"count\":1000000}");
	assert_true(progress <= 5 * (1 + json_real_value(json_object_get(
						 json_object_get(answer, "result"), "seconds"))));
	json_decref(answer);
	does("user.add", "{" D ",\"user\":\"alice\"}");
	client_close(&loader);
}

static void a_client_that_leaves_cancels_its_load(void **state)
{
	struct client loader;
	json_t *result;

	add_domain();
	client_open(*state, &loader);
	begin_load(*state, &loader, 1000000);
	client_close(&loader);
	daemon_logged(*state, "went away during its load: cancelling");
	daemon_logged(*state, "result=cancelled");
	does("user.add", "{" D ",\"user\":\"alice\"}");
	result = client_result(&c, "user.list", "{" D "}");
	assert_int_equal(json_array_size(json_object_get(result, "users")), 1);
	json_decref(result);
}

/* ---- explain, plan.test ---- */

static void explain_says_which_step_decided(void **state)
{
	json_t *result;

	(void)state;
	add_domain();
	does("range.add", "{" D ",\"prefix\":\"+4420794\",\"min\":12,\"max\":12}");
	does("user.add", "{" D ",\"user\":\"+442079460000\"}");
	result = client_result(&c, "explain",
		"{\"uri\":\"sip:02079460000@example.net\",\"from\":\"198.51.100.1\"}");
	has(result, "{\"verdict\":\"pass\",\"reason\":\"known\",\"step\":5,\"service\":"
		    "\"sbc\","
		    "\"class\":\"carrier\",\"host_domain\":\"example.net\","
		    "\"key\":\"+442079460000\",\"user_state\":\"known\",\"rule\":null}");
	assert_true(strlen(json_string_value(json_object_get(result, "step_text"))) > 20);
	assert_int_equal(json_object_size(result), 12);
	json_decref(result);
	result = client_result(&c, "explain",
		"{\"uri\":\"sip:02079460001@example.net\",\"from\":\"198.51.100.1\"}");
	has(result, "{\"verdict\":\"404\",\"reason\":\"unknown-number\",\"step\":7,"
		    "\"user_state\":\"absent\","
		    "\"range\":{\"prefix\":\"+4420794\",\"min\":12,\"max\":12}}");
	json_decref(result);
	result = client_result(&c, "explain", "{\"uri\":\"sip:02079460001@example.net\"}");
	has(result, "{\"verdict\":\"pass\",\"reason\":\"public-pass\",\"step\":10,"
		    "\"class\":\"default\"}");
	json_decref(result);
	does("rule.add", "{\"expression\":\"0002$\",\"verdict\":\"604\"," D "}");
	result = client_result(&c, "explain",
		"{\"uri\":\"tel:+442079460002\",\"from\":\"198.51.100."
		"1\",\"service\":\"sbc\"}");
	json_decref(result);
	result = client_result(&c, "explain",
		"{\"uri\":\"sip:+442079460002@example.net\",\"from\":\"198.51.100.1\"}");
	has(result, "{\"verdict\":\"604\",\"reason\":\"rule-604\",\"step\":6,"
		    "\"rule\":{\"id\":1,\"expression\":\"0002$\"}}");
	json_decref(result);
	result = client_result(&c, "explain", "{\"uri\":\"sip:+442079460002@elsewhere.org\"}");
	has(result, "{\"reason\":\"host\",\"step\":4,\"host_domain\":null}");
	json_decref(result);
	client_fails(&c, "explain", "{\"uri\":\"sip:a@b\",\"from\":\"nowhere\"}", NX_ERR_INVALID,
		"\"from\" must be an IPv4 or IPv6 address, not \"nowhere\"");
	client_fails(&c, "explain", "{\"uri\":\"sip:a@b\",\"service\":\"none\"}", NX_ERR_NOT_FOUND,
		"there is no service \"none\"");
}

static void plan_says(const char *params, const char *want)
{
	json_t *result = client_result(&c, "plan.test", params);

	has(result, want);
	assert_int_equal(json_object_size(result), 9);
	json_decref(result);
}

static void rule_33_plan_test_says_every_step_and_the_key(void **state)
{
	(void)state;
	plan_says("{\"number\":\"020 7946-0000\",\"from\":\"198.51.100.1\"}",
		"{\"service\":\"sbc\",\"class\":\"carrier\",\"plan\":\"uk\",\"plan_of\":"
		"\"service\",\"dialled\":\"02079460000\",\"steps\":[{\"step\":\"national\","
		"\"digits\":\"0\",\"rest\":\"2079460000\"},{\"step\":\"country-code\","
		"\"digits\":\"44\",\"rest\":\"442079460000\"}],\"key\":\"+442079460000\","
		"\"reason\":null,\"text\":null}");
	plan_says("{\"number\":\"00442079460000\"}",
		"{\"class\":\"default\",\"steps\":[{\"step\":\"international\",\"digits\":"
		"\"00\",\"rest\":\"442079460000\"}],\"key\":\"+442079460000\"}");
	plan_says("{\"number\":\"+44 (20) 7946.0000\",\"service\":\"sbc\"}",
		"{\"dialled\":\"+442079460000\",\"steps\":[{\"step\":\"global\",\"digits\":"
		"\"+\",\"rest\":\"442079460000\"}],\"key\":\"+442079460000\"}");
}

static void rule_33_not_a_key_where_plan_test_says_why(void **state)
{
	static const char *const rows[][3] = {
		{"2079460000", "plan",
			"it begins with no prefix of the plan, and such digits pass (bare: pass)"},
		{"00", "plan", "nothing follows its prefix"},
		{"+1234567890123456", "plan", "it is longer than the plan's max_digits"},
		{"0123456789012345", "plan", "it is longer than the plan's max_digits"},
		{"+4402079460000", "plan", "it has a 0 where no global number has one"},
		{"004420", "short-number", "it is shorter than the plan's min_digits"},
		{"0044112", "emergency", "it is an emergency number"},
		{"bob", "not-number", "not a plain number on a phone service"},
		{"+", "not-number", "not a plain number on a phone service"},
		{"", "not-number", "not a plain number on a phone service"},
		{"12+34567890", "not-number", "not a plain number on a phone service"},
		{"1234567890123456789012345678901234567890123456789012345678901234", "not-number",
			"not a plain number on a phone service"},
	};
	char params[128], want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(params, sizeof(params), "{\"number\":\"%s\"}", rows[i][0]);
		(void)snprintf(want, sizeof(want),
			"{\"key\":null,\"reason\":\"%s\",\"text\":\"%s\"}", rows[i][1], rows[i][2]);
		plan_says(params, want);
	}
	client_fails(&c, "plan.test", "{\"number\":\"1\",\"from\":\"x\"}", NX_ERR_INVALID,
		"\"from\" must be an IPv4 or IPv6 address, not \"x\"");
	client_fails(&c, "plan.test", "{\"number\":\"1\",\"service\":\"x\"}", NX_ERR_NOT_FOUND,
		"there is no service \"x\"");
}

/* ---- the box ---- */

static void switches_show_in_status(void **state)
{
	json_t *result;

	(void)state;
	add_domain();
	does("bypass", "{\"on\":true}");
	does("shadow", "{\"on\":true}");
	does("shadow", "{\"on\":true," D "}");
	result = client_result(&c, "status", NULL);
	has(result, "{\"bypass\":true,\"shadow\":true}");
	has(json_array_get(json_object_get(result, "domains"), 0), "{\"shadow\":true}");
	json_decref(result);
	does("bypass", "{\"on\":false}");
	does("shadow", "{\"on\":false}");
	result = client_result(&c, "status", NULL);
	has(result, "{\"bypass\":false,\"shadow\":false}");
	json_decref(result);
	client_fails(&c, "bypass", "{\"on\":1}", NX_RPC_PARAMS,
		"bypass: parameter \"on\" must be true or false, not an integer");
}

static void changes_are_logged_with_who_asked(void **state)
{
	char text[128];

	add_domain();
	(void)snprintf(text, sizeof(text), "change: method=domain.add by uid=%u pid=%d result=ok",
		(unsigned)getuid(), (int)getpid());
	daemon_logged(*state, text);
	client_fails(&c, "domain.del", "{\"name\":\"x\\ny\"}", NX_ERR_INVALID, NULL);
	(void)snprintf(text, sizeof(text),
		"change: method=domain.del by uid=%u pid=%d result=invalid "
		"params={\"name\":\"x\\\\ny\"}\n",
		(unsigned)getuid(), (int)getpid());
	daemon_logged(*state, text);
}

static void a_notification_is_carried_out_in_silence(void **state)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"domain.add\",\"params\":"
				   "{\"name\":\"quiet.net\"}}\n"
				   "{\"jsonrpc\":\"2.0\",\"method\":\"domain.add\"}\n"
				   "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}\n";
	json_t *result;

	(void)state;
	client_send(&c, line, sizeof(line) - 1, NULL, 0);
	result = client_result(&c, "domain.list", NULL);
	has(json_array_get(json_object_get(result, "domains"), 0), "{\"name\":\"quiet.net\"}");
	json_decref(result);
}

static void a_reload_applies_or_says_what_is_wrong(void **state)
{
	struct daemon *d = *state;
	json_t *answer, *result;

	daemon_write_config(d, "  - {class: vip, trust: trusted, prefixes: [203.0.113.0/24]}\n");
	result = client_result(&c, "reload", NULL);
	has(result, "{\"needs_restart\":[]}");
	json_decref(result);
	result = client_result(&c, "source.list", NULL);
	assert_int_equal(json_array_size(json_object_get(result, "classes")), 3);
	json_decref(result);
	daemon_write_config(d, "queues: {mempool: 4096}\n");
	result = client_result(&c, "reload", NULL);
	assert_int_equal(json_array_size(json_object_get(result, "needs_restart")), 1);
	json_decref(result);
	daemon_write_config(d, "colour: blue\nshape: round\n");
	answer = client_call(&c, "reload", NULL, -1);
	has(json_object_get(answer, "error"), "{\"code\":-2}");
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(json_object_get(answer, "error"), "data"), "errors")),
		2);
	json_decref(answer);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	daemon_logged(d, "nxsipd: error: SIGHUP: nothing was changed: ");
	daemon_write_config(d, "");
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	daemon_logged(d, "SIGHUP: the configuration was read again and is in force");
}

static void shutdown_answers_and_stops(void **state)
{
	struct daemon *d = *state;

	gives("shutdown", NULL, "{}");
	assert_true(nx_server_stopping(d->server));
	nx_server_run(d->server); /* returns at once */
}

static void a_stop_signal_stops(void **state)
{
	struct daemon *d = *state;

	assert_int_equal(kill(getpid(), SIGTERM), 0);
	nx_server_run(d->server);
	assert_true(nx_server_stopping(d->server));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hello_states_the_protocol),
		TEST(status_sums_the_workers),
		TEST(rule_28_status_says_how_long_nothing_is_answered),
		TEST(stats_holds_every_reason),
		TEST(ports_and_services_are_listed),
		TEST(domains_come_and_go),
		TEST(ranges_come_and_go),
		TEST(sources_of_file_and_store_are_told_apart),
		TEST(rules_come_and_go),
		TEST(users_change_state),
		TEST(lists_are_paged),
		TEST(a_load_reports_what_it_did),
		TEST(users_that_are_not_utf8_are_shown_and_paged),
		TEST(a_bad_row_refuses_a_load),
		TEST(others_wait_while_a_load_runs),
		TEST(a_client_that_leaves_cancels_its_load),
		TEST(explain_says_which_step_decided),
		TEST(rule_33_plan_test_says_every_step_and_the_key),
		TEST(rule_33_not_a_key_where_plan_test_says_why),
		TEST(switches_show_in_status),
		TEST(changes_are_logged_with_who_asked),
		TEST(a_notification_is_carried_out_in_silence),
		TEST(a_reload_applies_or_says_what_is_wrong),
		TEST(shutdown_answers_and_stops),
		TEST(a_stop_signal_stops),
	};

	return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
