/* Changes through the real socket: transactions, the line in which changes wait for each other to
 * settle, and what clients see who do not wait for answers, leave, or meet a worker that stands
 * still. */
#include "tests/unit/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nxsip/protocol.h"
#include "tests/unit/stuck.h"

#define D "\"domain\":\"example.net\""

static struct client c;

static int start(void **state)
{
	int ret = daemon_start(state);

	client_open(*state, &c);
	json_decref(client_result(&c, "domain.add", "{\"name\":\"example.net\"}"));
	return ret;
}

static int stop(void **state)
{
	client_close(&c);
	return daemon_stop(state);
}

static json_int_t number(const json_t *o, const char *name)
{
	const json_t *value = json_object_get(o, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* result_number is one number of a method's result. */
static json_int_t result_number(
	struct client *who, const char *method, const char *params, const char *name)
{
	json_t *result = client_result(who, method, params);
	json_int_t n = number(result, name);

	json_decref(result);
	return n;
}

static void state_is(const char *user, const char *want)
{
	char params[128];
	json_t *result;

	(void)snprintf(params, sizeof(params), "{" D ",\"user\":\"%s\"}", user);
	result = client_result(&c, "user.get", params);
	assert_string_equal(json_string_value(json_object_get(result, "state")), want);
	json_decref(result);
}

/* digest copies the digest of all data. */
static void digest(char out[64])
{
	json_t *result = client_result(&c, "digest", NULL);

	(void)snprintf(out, 64, "%s", json_string_value(json_object_get(result, "digest")));
	assert_int_equal(strlen(out), 32);
	json_decref(result);
}

/* ---- transactions ---- */

static void a_transaction_is_committed_whole(void **state)
{
	json_t *result, *example;
	json_int_t base, txn;
	char params[256];

	(void)state;
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"alice\"}"));
	result = client_result(&c, "begin", "{" D ",\"mode\":\"delta\"}");
	txn = number(result, "txn");
	base = number(result, "base");
	json_decref(result);
	(void)snprintf(params, sizeof(params),
		"{\"txn\":%lld,\"users\":[\"bob\",\"+44 20 7946 0000\"]}", (long long)txn);
	assert_int_equal(result_number(&c, "put", params, "staged"), 2);
	(void)snprintf(params, sizeof(params),
		"{\"txn\":%lld,\"users\":[\"02079\"],\"state\":\"head\",\"digits_are_names\":true}",
		(long long)txn);
	assert_int_equal(result_number(&c, "put", params, "staged"), 3);
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld,\"users\":[\"alice\",\"nobody\"]}",
		(long long)txn);
	assert_int_equal(result_number(&c, "del", params, "staged"), 5);
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld}", (long long)txn);
	result = client_result(&c, "diff", params);
	assert_int_equal(number(result, "added"), 3);
	assert_int_equal(number(result, "removed"), 1);
	assert_int_equal(number(result, "unchanged"), 1);
	assert_int_equal(number(result, "before"), 1);
	assert_int_equal(number(result, "count"), 3);
	example = json_array_get(json_object_get(result, "examples"), 0);
	assert_string_equal(json_string_value(json_object_get(example, "user")), "+442079460000");
	assert_string_equal(json_string_value(json_object_get(example, "was")), "absent");
	assert_string_equal(json_string_value(json_object_get(example, "state")), "known");
	json_decref(result);
	state_is("bob", "absent");
	state_is("alice", "known");
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld,\"expect\":3}", (long long)txn);
	result = client_result(&c, "commit", params);
	assert_int_equal(number(result, "version"), base + 1);
	assert_int_equal(number(result, "count"), 3);
	assert_true(number(result, "grace_us") >= 0);
	assert_int_equal(strlen(json_string_value(json_object_get(result, "digest"))), 32);
	json_decref(result);
	state_is("bob", "known");
	state_is("alice", "absent");
	daemon_logged(*state, "change: method=begin by uid=");
	daemon_logged(*state, "change: method=commit by uid=");
	client_fails(&c, "commit", params, NX_ERR_NOT_FOUND, NULL);
}

static void wrong_parameters_are_named(void **state)
{
	(void)state;
	client_fails(&c, "begin", "{" D ",\"mode\":\"merge\"}", NX_RPC_PARAMS,
		"begin: parameter \"mode\" must be \"delta\" or \"replace\", not \"merge\"");
	client_fails(&c, "put", "{\"txn\":1,\"users\":\"bob\"}", NX_RPC_PARAMS,
		"put: parameter \"users\" must be a list, not a string");
	client_fails(&c, "put", "{\"txn\":1,\"users\":[\"bob\",7]}", NX_RPC_PARAMS,
		"put: parameter \"users\" must be a list of strings: its element 1 is an integer");
	client_fails(&c, "put", "{\"txn\":1,\"users\":[\"bob\"],\"state\":\"absent\"}",
		NX_RPC_PARAMS,
		"put: parameter \"state\" must be \"known\", \"gone\" or \"head\", not \"absent\"");
	client_fails(&c, "put", "{\"txn\":1,\"users\":[\"bob\"]}", NX_ERR_NOT_FOUND, NULL);
	client_fails(&c, "commit", "{\"txn\":1,\"max_shrink\":101}", NX_RPC_PARAMS, NULL);
	client_fails(&c, "begin", "{" D ",\"mode\":\"delta\",\"base\":99}", NX_ERR_CONFLICT,
		"the data have version 2, not 99: somebody changed them since; look at what is "
		"there and begin anew");
	client_fails(&c, "digest", "{\"domain\":\"none.net\"}", NX_ERR_NOT_FOUND, NULL);
}

static void a_transaction_is_its_connections(void **state)
{
	struct client other;
	json_int_t txn;
	char params[128];

	client_open(*state, &other);
	txn = result_number(&other, "begin", "{" D ",\"mode\":\"replace\"}", "txn");
	(void)snprintf(
		params, sizeof(params), "{\"txn\":%lld,\"users\":[\"bob\"]}", (long long)txn);
	client_fails(&c, "put", params, NX_ERR_BUSY, NULL);
	client_fails(&c, "user.add", "{" D ",\"user\":\"alice\"}", NX_ERR_BUSY, NULL);
	client_fails(&c, "begin", "{" D ",\"mode\":\"delta\"}", NX_ERR_BUSY, NULL);
	json_decref(client_result(&other, "put", params));
	client_close(&other); /* it dies */
	daemon_logged(*state, "went away with a transaction open: aborted");
	state_is("bob", "absent");
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"alice\"}"));
	txn = result_number(&c, "begin", "{" D ",\"mode\":\"delta\"}", "txn");
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld}", (long long)txn);
	json_decref(client_result(&c, "abort", params));
	client_fails(&c, "abort", params, NX_ERR_NOT_FOUND, NULL);
	json_decref(client_result(&c, "user.del", "{" D ",\"user\":\"alice\"}"));
}

static void a_refused_commit_can_be_forced(void **state)
{
	json_int_t txn;
	char params[128];

	(void)state;
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"alice\"}"));
	txn = result_number(&c, "begin", "{" D ",\"mode\":\"replace\"}", "txn");
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld}", (long long)txn);
	client_fails(&c, "commit", params, NX_ERR_GUARD,
		"example.net would shrink from 1 to 0 users, by more than 10 percent: nothing was "
		"changed; say --force if that is meant, or allow it by --max-shrink");
	(void)snprintf(params, sizeof(params), "{\"txn\":%lld,\"force\":true}", (long long)txn);
	assert_int_equal(result_number(&c, "commit", params, "count"), 0);
	state_is("alice", "absent");
}

static void the_digest_comes_back_with_the_data(void **state)
{
	char empty[64], one[64], again[64];
	json_t *result;

	(void)state;
	digest(empty);
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"alice\"}"));
	digest(one);
	assert_string_not_equal(empty, one);
	json_decref(client_result(
		&c, "range.add", "{" D ",\"prefix\":\"+4420794\",\"min\":12,\"max\":12}"));
	digest(again);
	assert_string_not_equal(one, again);
	json_decref(client_result(&c, "range.del", "{" D ",\"prefix\":\"+4420794\"}"));
	digest(again);
	assert_string_equal(one, again);
	json_decref(client_result(&c, "user.del", "{" D ",\"user\":\"alice\"}"));
	digest(again);
	assert_string_equal(empty, again);
	result = client_result(&c, "digest", "{" D "}");
	assert_int_equal(json_array_size(json_object_get(result, "domains")), 1);
	assert_int_equal(number(result, "count"), 0);
	json_decref(result);
	result = client_result(&c, "status", NULL);
	assert_string_equal(json_string_value(json_object_get(result, "digest")), empty);
	json_decref(result);
}

/* ---- the line ---- */

static void send_add(struct client *who, int id)
{
	char line[160];
	int n = snprintf(line, sizeof(line),
		"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"user.add\",\"params\":{" D
		",\"user\":\"u%d\"}}\n",
		id, id);

	assert_int_equal(send(who->fd, line, (size_t)n, MSG_NOSIGNAL), n);
}

static json_t *next_answer(struct client *who)
{
	char *line = client_line(who);
	json_t *answer;

	assert_non_null(line);
	answer = json_loads(line, 0, NULL);
	assert_non_null(answer);
	free(line);
	return answer;
}

static void changes_that_wait_together_share_a_transaction(void **state)
{
	enum { N = 16 };
	struct client who[N];
	json_int_t before = result_number(&c, "status", NULL, "data_version"), last = 0;

	for (int i = 0; i < N; i++)
		client_open(*state, &who[i]);
	daemon_step(*state);
	for (int i = 0; i < N; i++)
		send_add(&who[i], i);
	for (int i = 0; i < N; i++) {
		json_t *answer = next_answer(&who[i]);
		json_int_t version = number(json_object_get(answer, "result"), "version");

		last = version > last ? version : last;
		json_decref(answer);
	}
	assert_in_range(last, before + 1, before + 3);
	state_is("u15", "known");
	for (int i = 0; i < N; i++)
		client_close(&who[i]);
}

static void a_client_that_does_not_wait_gets_its_answers_in_order(void **state)
{
	enum { N = 3000 }; /* more than are read at a time */
	char *lines = malloc(N * 160);
	size_t len = 0;

	(void)state;
	assert_non_null(lines);
	for (int i = 0; i < N; i++)
		len += (size_t)sprintf(lines + len,
			"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"user.%s\",\"params\":{" D
			",\"user\":\"u%d\"}}\n",
			i, i % 3 == 2 ? "get" : "add", i / 3 * 3);
	client_send(&c, lines, len, NULL, 0);
	free(lines);
	for (int i = 0; i < N; i++) {
		json_t *answer = next_answer(&c);
		const json_t *result = json_object_get(answer, "result");

		assert_int_equal(number(answer, "id"), i);
		if (i % 3 == 2) /* it sees its own changes */
			assert_string_equal(
				json_string_value(json_object_get(result, "state")), "known");
		else
			assert_string_equal(json_string_value(json_object_get(result, "was")),
				i % 3 ? "known" : "absent");
		json_decref(answer);
	}
}

static void who_sends_and_leaves_has_sent(void **state)
{
	struct client other;
	json_t *answer;

	client_open(*state, &other);
	send_add(&other, 1);
	client_close(&other);
	for (int i = 0; i < 1000; i++)
		daemon_step(*state);
	state_is("u1", "known");
	client_open(*state, &other);
	send_add(&other, 2);
	assert_int_equal(shutdown(other.fd, SHUT_WR), 0); /* and still reads */
	answer = next_answer(&other);
	assert_true(json_is_object(json_object_get(answer, "result")));
	json_decref(answer);
	assert_null(client_line(&other)); /* closed then */
	client_close(&other);
}

static void a_change_is_answered_though_others_failed(void **state)
{
	struct client other;
	json_t *answer;

	client_open(*state, &other);
	daemon_step(*state);
	send_add(&other, 1);
	client_fails(&c, "user.add", "{" D ",\"user\":\"+44x\"}", NX_ERR_INVALID, NULL);
	answer = next_answer(&other);
	assert_true(json_is_object(json_object_get(answer, "result")));
	json_decref(answer);
	client_close(&other);
}

/* ---- a worker that stands still ---- */

static void a_stall_is_told_and_ends(void **state)
{
	struct daemon *d = *state;
	struct nx_stuck stuck;
	struct client other;
	json_t *result, *answer;

	client_open(d, &other);
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"before\"}"));
	nx_stuck_start(&stuck, &d->policy);
	send_add(&other, 1);
	answer = next_answer(&other); /* a second later */
	assert_int_equal(number(json_object_get(answer, "error"), "code"), NX_ERR_STALLED);
	assert_non_null(strstr(
		json_string_value(json_object_get(json_object_get(answer, "error"), "message")),
		"the change is stored (version 4) and in force, but a worker has passed no "
		"quiescent state for 1 s"));
	json_decref(answer);
	client_fails(&c, "user.add", "{" D ",\"user\":\"u2\"}", NX_ERR_STALLED, NULL);
	client_fails(&c, "domain.add", "{\"name\":\"more.net\"}", NX_ERR_STALLED, NULL);
	client_fails(&c, "begin", "{" D ",\"mode\":\"delta\"}", NX_ERR_STALLED, NULL);
	state_is("u1", "known");
	state_is("u2", "absent");
	client_fails(&c, "bypass", "{\"on\":true}", NX_ERR_STALLED, NULL); /* told, but done: */
	result = client_result(&c, "status", NULL);
	assert_true(json_is_true(json_object_get(result, "bypass")));
	assert_true(number(json_object_get(result, "stall"), "since_s") >= 1);
	assert_true(json_is_array(json_object_get(json_object_get(result, "stall"), "workers")));
	json_decref(result);
	daemon_logged(d, "ALARM: a worker has passed no quiescent state for 1 s");
	daemon_logged(d, "result=stalled");
	nx_stuck_release(&stuck);
	daemon_logged(d, "every worker passes quiescent states again");
	json_decref(client_result(&c, "user.add", "{" D ",\"user\":\"u2\"}"));
	result = client_result(&c, "status", NULL);
	assert_true(json_is_null(json_object_get(result, "stall")));
	json_decref(result);
	client_close(&other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_transaction_is_committed_whole),
		TEST(wrong_parameters_are_named),
		TEST(a_transaction_is_its_connections),
		TEST(a_refused_commit_can_be_forced),
		TEST(the_digest_comes_back_with_the_data),
		TEST(changes_that_wait_together_share_a_transaction),
		TEST(a_client_that_does_not_wait_gets_its_answers_in_order),
		TEST(who_sends_and_leaves_has_sent),
		TEST(a_change_is_answered_though_others_failed),
		TEST(a_stall_is_told_and_ends),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
