/* JSON-RPC without a socket: what is a request, what is not and how that is told, parameter tables,
 * answers as they go out, and the escaping of log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/jsonrpc.h"
#include "control/server/log.h"
#include "nxsip/protocol.h"

static int parse(const char *line, struct nx_request *r, struct nx_error *err)
{
	return nx_request_parse(line, strlen(line), r, err);
}

static void refused(const char *line, size_t len, int code, const char *text)
{
	struct nx_request r;
	struct nx_error err;

	assert_int_equal(nx_request_parse(line, len, &r, &err), code);
	assert_string_equal(err.text, text);
	nx_request_fini(&r);
}

static void begins(const char *line, size_t len, int code, const char *text)
{
	struct nx_request r;
	struct nx_error err;

	assert_int_equal(nx_request_parse(line, len, &r, &err), code);
	err.text[strlen(text)] = '\0'; /* jansson goes on with what is near */
	assert_string_equal(err.text, text);
	nx_request_fini(&r);
}

static void a_request_is_read(void **state)
{
	struct nx_request r;
	struct nx_error err;

	(void)state;
	assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"user.get\",\"params\":{"
			       "\"a\":1}}\r",
				 &r, &err),
		0);
	assert_string_equal(r.method, "user.get");
	assert_int_equal(json_integer_value(r.id), 7);
	assert_int_equal(json_integer_value(json_object_get(r.params, "a")), 1);
	assert_false(r.notification);
	nx_request_fini(&r);
}

static void without_an_id_it_is_a_notification(void **state)
{
	struct nx_request r;
	struct nx_error err;

	(void)state;
	assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}", &r, &err), 0);
	assert_true(r.notification);
	nx_request_fini(&r);
	assert_int_equal(
		parse("{\"jsonrpc\":\"2.0\",\"method\":\"status\",\"id\":null}", &r, &err), 0);
	assert_false(r.notification);
	nx_request_fini(&r);
}

static void what_is_not_json_is_refused(void **state)
{
	static const char nul[] = "{\"jsonrpc\":\"2.0\",\0\"id\":1}";
	static const char escaped_nul[] = "{\"method\":\"a\\u0000b\"}";
	static const char not_utf8[] = "{\"method\":\"\xc3(\"}";
	static const char huge_int[] = "{\"id\":123456789012345678901234567890}";
	static const char huge_real[] = "{\"id\":1e999}";
	static const char twice[] = "{\"id\":1,\"id\":2}";

	(void)state;
	refused("hello", 5, NX_RPC_PARSE, "not JSON, at byte 5: '[' or '{' expected near 'hello'");
	refused("", 0, NX_RPC_PARSE, "not JSON, at byte 0: '[' or '{' expected near end of file");
	refused("{\"id\":1", 7, NX_RPC_PARSE, "not JSON, at byte 7: '}' expected near end of file");
	refused("{} {}", 5, NX_RPC_PARSE, "not JSON, at byte 4: end of file expected near '{'");
	begins(nul, sizeof(nul) - 1, NX_RPC_PARSE, "not JSON, at byte ");
	begins(escaped_nul, sizeof(escaped_nul) - 1, NX_RPC_PARSE,
		"not JSON, at byte 20: a NUL character (\\u0000) in a string");
	begins(not_utf8, sizeof(not_utf8) - 1, NX_RPC_PARSE,
		"not JSON, at byte 11: unable to decode byte 0xc3");
	begins(huge_int, sizeof(huge_int) - 1, NX_RPC_PARSE,
		"not JSON, at byte 36: too big integer");
	begins(huge_real, sizeof(huge_real) - 1, NX_RPC_PARSE,
		"not JSON, at byte 11: real number overflow");
	begins(twice, sizeof(twice) - 1, NX_RPC_PARSE,
		"not JSON, at byte 12: duplicate object key near '\"id\"'");
}

static void nesting_has_a_limit(void **state)
{
	char line[2 * 200000 + 1];
	struct nx_request r;
	struct nx_error err;

	(void)state;
	memset(line, '[', 200000);
	memset(line + 200000, ']', 200000);
	refused(line, 400000, NX_RPC_PARSE, "nested deeper than 16 levels");
	refused(line, 200000, NX_RPC_PARSE, "nested deeper than 16 levels");
	refused(line + 200000 - 16, 32, NX_RPC_REQUEST,
		"batches are not supported: send one request object a line");
	refused(line + 200000 - 17, 34, NX_RPC_PARSE, "nested deeper than 16 levels");
	/* brackets inside of strings are text, also behind an escaped quote */
	assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":\"\\\"[[[[[[[[[[[[[[[[[[[[[\","
			       "\"method\":\"m\"}",
				 &r, &err),
		0);
	nx_request_fini(&r);
}

static void what_is_json_but_no_request_is_refused(void **state)
{
	static const struct {
		const char *line, *text;
	} c[] = {
		{"[]", "batches are not supported: send one request object a line"},
		{"{\"method\":\"m\"}", "\"jsonrpc\": \"2.0\" is missing"},
		{"{\"jsonrpc\":2.0,\"method\":\"m\"}", "\"jsonrpc\" must be \"2.0\""},
		{"{\"jsonrpc\":\"1.0\",\"method\":\"m\"}", "\"jsonrpc\" must be \"2.0\""},
		{"{\"jsonrpc\":\"2.0\",\"id\":1}", "\"method\" is missing"},
		{"{\"jsonrpc\":\"2.0\",\"method\":[\"m\"]}", "\"method\" must be a string"},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1.5}",
			"\"id\" must be a string, an integer or null"},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"param\":{}}",
			"unknown member \"param\": a request has jsonrpc, id, method and params"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		refused(c[i].line, strlen(c[i].line), NX_RPC_REQUEST, c[i].text);
}

static void the_id_is_known_also_of_a_bad_request(void **state)
{
	struct nx_request r;
	struct nx_error err;

	(void)state;
	assert_int_equal(parse("{\"bogus\":1,\"id\":\"x\"}", &r, &err), NX_RPC_REQUEST);
	assert_string_equal(json_string_value(r.id), "x");
	nx_request_fini(&r);
}

/* ---- parameters ---- */

static const struct nx_param table[] = {
	{"domain", NX_PARAM_STRING, true, 0, 0},
	{"force", NX_PARAM_BOOL, false, 0, 0},
	{"limit", NX_PARAM_INT, false, 1, 10000},
	{0},
};

static int check(const struct nx_param *t, const char *params, struct nx_error *err)
{
	json_t *given = params ? json_loads(params, JSON_DECODE_ANY, NULL) : NULL;
	int ret = nx_params_check("m", t, given, err);

	json_decref(given);
	return ret;
}

static void good_parameters_are_accepted(void **state)
{
	static const struct nx_param none[] = {{0}};
	struct nx_error err;

	(void)state;
	assert_int_equal(check(table, "{\"domain\":\"d\"}", &err), 0);
	assert_int_equal(check(table, "{\"limit\":1,\"force\":false,\"domain\":\"d\"}", &err), 0);
	assert_int_equal(check(table, "{\"limit\":10000,\"domain\":\"d\"}", &err), 0);
	assert_int_equal(check(none, NULL, &err), 0);
	assert_int_equal(check(none, "{}", &err), 0);
}

static void bad_parameters_are_named(void **state)
{
	static const struct nx_param none[] = {{0}};
	static const struct {
		const struct nx_param *t;
		const char *params, *text;
	} c[] = {
		{table, NULL, "m: parameter \"domain\" is missing"},
		{table, "{\"force\":true}", "m: parameter \"domain\" is missing"},
		{table, "{\"domain\":3}",
			"m: parameter \"domain\" must be a string, not an integer"},
		{table, "{\"domain\":null}", "m: parameter \"domain\" must be a string, not null"},
		{table, "{\"domain\":[]}",
			"m: parameter \"domain\" must be a string, not an array"},
		{table, "{\"domain\":\"d\",\"force\":\"yes\"}",
			"m: parameter \"force\" must be true or false, not a string"},
		{table, "{\"domain\":\"d\",\"force\":{}}",
			"m: parameter \"force\" must be true or false, not an object"},
		{table, "{\"domain\":\"d\",\"limit\":1.0}",
			"m: parameter \"limit\" must be an integer, not a number with a fraction"},
		{table, "{\"domain\":\"d\",\"limit\":true}",
			"m: parameter \"limit\" must be an integer, not true or false"},
		{table, "{\"domain\":\"d\",\"limit\":0}",
			"m: parameter \"limit\" must lie between 1 and 10000"},
		{table, "{\"domain\":\"d\",\"limit\":10001}",
			"m: parameter \"limit\" must lie between 1 and 10000"},
		{table, "{\"domain\":\"d\",\"limit\":-9223372036854775808}",
			"m: parameter \"limit\" must lie between 1 and 10000"},
		{table, "{\"domain\":\"d\",\"Force\":true}",
			"m: unknown parameter \"Force\": it takes domain, force, limit"},
		{none, "{\"a\":1}", "m: unknown parameter \"a\": it takes none"},
		{table, "[\"d\"]",
			"m: \"params\" must be an object of named parameters, not an array"},
		{table, "\"d\"",
			"m: \"params\" must be an object of named parameters, not a string"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct nx_error err;

		assert_int_equal(check(c[i].t, c[i].params, &err), NX_RPC_PARAMS);
		assert_string_equal(err.text, c[i].text);
	}
}

/* ---- answers ---- */

static void goes_out(char *line, const char *text)
{
	assert_non_null(line);
	assert_string_equal(line, text);
	free(line);
}

static void answers_are_one_line_each(void **state)
{
	json_t *id = json_string("a\nb");

	(void)state;
	goes_out(nx_jsonrpc_result(id, json_object()),
		"{\"jsonrpc\":\"2.0\",\"id\":\"a\\nb\",\"result\":{}}\n");
	goes_out(nx_jsonrpc_result(NULL, json_object()),
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n");
	goes_out(nx_jsonrpc_error(NULL, -5, "not \n now", json_pack("{s:s}", "name", "busy")),
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-5,\"message\":\"not \\n "
		"now\",\"data\":{\"name\":\"busy\"}}}\n");
	goes_out(nx_jsonrpc_error(id, -5, "x", NULL),
		"{\"jsonrpc\":\"2.0\",\"id\":\"a\\nb\",\"error\":{\"code\":-5,\"message\":\"x\"}}"
		"\n");
	goes_out(nx_jsonrpc_notification("progress", json_pack("{s:i}", "rows", 3)),
		"{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"rows\":3}}\n");
	json_decref(id);
}

static void text_becomes(const char *bytes, const char *expect)
{
	json_t *text = nx_json_text(bytes, strlen(bytes));

	assert_non_null(text);
	assert_string_equal(json_string_value(text), expect);
	json_decref(text);
}

static void text_that_is_not_utf8_is_replaced(void **state)
{
	(void)state;
	text_becomes("", "");
	text_becomes("M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\x9e",
		"M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\x9e");
	text_becomes("M\xfcller", "M\xef\xbf\xbdller");
	text_becomes("\xc3", "\xef\xbf\xbd");
	text_becomes("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
	text_becomes("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
	text_becomes("\xf4\x90\x80\x80\xc3\xbc",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xbc"); /* over U+10FFFF */
	text_becomes("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
}

/* A name may hold one, as %00. */
static void a_nul_in_text_is_replaced(void **state)
{
	json_t *text = nx_json_text("a\0\xc3\xbc", 4);

	(void)state;
	assert_non_null(text);
	assert_string_equal(json_string_value(text), "a\xef\xbf\xbd\xc3\xbc");
	assert_int_equal(json_string_length(text), 6);
	json_decref(text);
}

/* Any text at all becomes a string that jansson accepts. */
static void any_bytes_become_text(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char bytes[24];
		json_t *text;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[i] = (char)(x & 1 ? 0x80 | (x >> 8 & 0x7f) : x >> 8 & 0xff);
		}
		text = nx_json_text(bytes, sizeof(bytes));
		assert_non_null(text);
		json_decref(text);
	}
}

/* ---- log lines ---- */

static void log_text_is_escaped(void **state)
{
	char out[64], small[8];
	size_t n;

	(void)state;
	n = nx_log_escape(out, sizeof(out), "a\nnxsipd: info: \x1b[31m\\\x7f\xff");
	assert_int_equal(n, strlen(out));
	assert_string_equal(out, "a\\x0anxsipd: info: \\x1b[31m\\\\\\x7f\\xff");
	assert_int_equal(nx_log_escape(small, sizeof(small), "abcd\nef"), 4);
	assert_string_equal(small, "abcd"); /* an escape is not cut in two */
	assert_int_equal(nx_log_escape(small, sizeof(small), "abcdefghij"), 7);
}

static void a_log_line_is_one_line(void **state)
{
	static char long_text[3 * NX_LOG_MAX];
	char got[2 * NX_LOG_MAX];
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	(void)state;
	memset(long_text, '\n', sizeof(long_text) - 1);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	nx_log(NX_LOG_WARNING, "user=%s", "x\nnxsipd: info: forged");
	n = read(ends[0], got, sizeof(got));
	nx_log(NX_LOG_ERROR, "%s", long_text);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	got[n] = '\0';
	assert_string_equal(got, "nxsipd: warning: user=x\\x0anxsipd: info: forged\n");
	n = read(ends[0], got, sizeof(got));
	assert_true(n > NX_LOG_MAX - 8 && n <= NX_LOG_MAX);
	assert_ptr_equal(memchr(got, '\n', (size_t)n), got + n - 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read),
		cmocka_unit_test(without_an_id_it_is_a_notification),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(what_is_json_but_no_request_is_refused),
		cmocka_unit_test(the_id_is_known_also_of_a_bad_request),
		cmocka_unit_test(good_parameters_are_accepted),
		cmocka_unit_test(bad_parameters_are_named),
		cmocka_unit_test(answers_are_one_line_each),
		cmocka_unit_test(text_that_is_not_utf8_is_replaced),
		cmocka_unit_test(a_nul_in_text_is_replaced),
		cmocka_unit_test(any_bytes_become_text),
		cmocka_unit_test(log_text_is_escaped),
		cmocka_unit_test(a_log_line_is_one_line),
	};

	return cmocka_run_group_tests_name("jsonrpc", tests, NULL, NULL);
}
