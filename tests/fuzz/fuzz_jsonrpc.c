/* Target: lines of the control socket, as far as they are text: a request with its parameters, and
 * the lines that answer it, which are one line each and JSON again. */
#include <stdlib.h>
#include <string.h>

#include "control/server/jsonrpc.h"
#include "nxsip/protocol.h"
#include "tests/fuzz/fuzz.h"

static const struct nx_param params[] = {
	{"domain", NX_PARAM_STRING, true, 0, 0},
	{"user", NX_PARAM_STRING, false, 0, 0},
	{"limit", NX_PARAM_INT, false, 1, 1000},
	{"force", NX_PARAM_BOOL, false, 0, 0},
	{"workers", NX_PARAM_LIST, false, 0, 0},
	{0},
};

static void check_line(char *line)
{
	size_t len = line ? strlen(line) : 0;
	json_t *root;

	fuzz_require(len, "no answer");
	fuzz_require(strchr(line, '\n') == line + len - 1, "an answer of more than a line");
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	fuzz_require(json_is_object(root), "an answer that is no JSON object");
	fuzz_require(strcmp(json_string_value(json_object_get(root, "jsonrpc")), "2.0") == 0,
		"an answer without its version");
	json_decref(root);
	free(line);
}

/* A parameter that passed the table is of the table's type. */
static void check_given(const json_t *given)
{
	const json_t *limit = json_object_get(given, "limit");
	json_int_t n = json_integer_value(limit);

	fuzz_require(json_is_string(json_object_get(given, "domain")), "domain is no string");
	fuzz_require(
		!limit || (json_is_integer(limit) && n >= 1 && n <= 1000), "limit is out of range");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nx_error err = {""};
	struct nx_request r;
	int rc;

	if (memchr(data, '\n', len))
		return 0;
	rc = nx_request_parse((const char *)data, len, &r, &err);
	if (rc) {
		fuzz_require(rc == NX_RPC_PARSE || rc == NX_RPC_REQUEST, "error %d", rc);
		fuzz_require(err.text[0], "an error without a sentence");
		check_line(nx_jsonrpc_error(r.id, rc, err.text, NULL));
	} else {
		fuzz_require(r.method, "no request");
		rc = nx_params_check(r.method, params, r.params, &err);
		fuzz_require(rc == 0 || (rc == NX_RPC_PARAMS && err.text[0]), "error %d", rc);
		if (rc == 0)
			check_given(r.params);
		check_line(nx_jsonrpc_result(
			r.id, json_pack("{s:o}", "text", nx_json_text((const char *)data, len))));
	}
	nx_request_fini(&r);
	return 0;
}
