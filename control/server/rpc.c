/* From a line to a handler and back: see rpc.h. */
#include "control/server/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/server/log.h"
#include "nxsip/protocol.h"

static const struct nx_method *find_method(const char *name)
{
	static const struct nx_method *const tables[] = {nx_rpc_status, nx_rpc_policy, nx_rpc_users,
		nx_rpc_load, nx_rpc_txn, nx_rpc_reads, nx_rpc_explain, nx_rpc_box};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct nx_method *m = tables[i]; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

static const char *code_name(int code)
{
	switch (code) {
	case NX_RPC_PARSE:
		return "parse-error";
	case NX_RPC_REQUEST:
		return "invalid-request";
	case NX_RPC_METHOD:
		return "unknown-method";
	case NX_RPC_PARAMS:
		return "invalid-params";
	default:
		return nx_err_name(code);
	}
}

static int check_fds(const struct nx_method *m, struct nx_call *call)
{
	bool takes_fd = m->is & NX_TAKES_FD;

	if (!takes_fd && call->n_fds > 0)
		return nx_fail(&call->err, NX_RPC_PARAMS,
			"%s takes no descriptor: what came with it was closed", m->name);
	if (takes_fd && call->n_fds == 0)
		return nx_fail(&call->err, NX_RPC_PARAMS,
			"%s needs the descriptor of a file, passed with its line (SCM_RIGHTS)",
			m->name);
	if (call->n_fds > 1 || (call->n_fds == 1 && call->fds[0] < 0))
		return nx_fail(&call->err, NX_RPC_PARAMS,
			"%s takes one descriptor, and several came: all were closed", m->name);
	return 0;
}

int nx_rpc_carry_out(struct nx_call *call, const struct nx_method *m)
{
	const struct nx_request *r = call->request;
	int ret = m->handle(call);

	if ((m->is & NX_CHANGES) && ret != NX_RPC_PENDING)
		nx_rpc_log_change(m->name, call->conn->uid, call->conn->pid, r->params,
			ret ? code_name(ret) : "ok");
	if (ret == 0 && !call->result)
		return nx_fail(&call->err, NX_ERR_NOMEM, "no memory left for the answer");
	return ret;
}

bool nx_rpc_waits_in_line(const struct nx_method *m)
{
	return (m->is & NX_HOLDS) || ((m->is & NX_CHANGES) && !(m->is & (NX_AT_ONCE | NX_URGENT)));
}

static int call_method(struct nx_call *call)
{
	const struct nx_request *r = call->request;
	const struct nx_method *m = find_method(r->method);
	int ret;

	if (!m)
		return nx_fail(&call->err, NX_RPC_METHOD, "unknown method \"%.64s\"", r->method);
	if ((ret = nx_params_check(m->name, m->params, r->params, &call->err)) ||
		(ret = check_fds(m, call)))
		return ret;
	/* of the urgent ones, a single domain's is a record as any other */
	if (nx_rpc_waits_in_line(m) || call->conn->waiting > 0 ||
		((m->is & NX_URGENT) && json_object_get(r->params, "domain")))
		return nx_rpc_enqueue(call, m);
	return m->is & NX_URGENT ? nx_rpc_run_urgent(call, m) : nx_rpc_carry_out(call, m);
}

static json_t *error_data(struct nx_call *call, int code)
{
	json_t *data = call->error_data ? call->error_data : json_object();

	call->error_data = NULL;
	(void)json_object_set_new(data, "name", json_string(code_name(code)));
	return data;
}

char *nx_rpc_answer_line(struct nx_call *call, int ret)
{
	const struct nx_request *r = call->request;
	bool silent = r->notification && ret != NX_RPC_PARSE && ret != NX_RPC_REQUEST;

	if (silent || ret == NX_RPC_PENDING)
		return NULL;
	return ret ? nx_jsonrpc_error(r->id, ret, call->err.text, error_data(call, ret))
		   : nx_jsonrpc_result(r->id, json_incref(call->result));
}

void nx_rpc_line(struct nx_conn *c, const char *line, size_t len, int *fds, unsigned n_fds)
{
	struct nx_request request;
	struct nx_call call = {
		.server = c->server, .conn = c, .request = &request, .fds = fds, .n_fds = n_fds};
	int ret = nx_request_parse(line, len, &request, &call.err);

	if (ret == 0)
		ret = call_method(&call);
	for (unsigned i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	nx_conn_send(c, nx_rpc_answer_line(&call, ret));
	json_decref(call.result);
	json_decref(call.error_data);
	nx_request_fini(&request);
}

void nx_rpc_refuse_line(struct nx_conn *c)
{
	char text[80];

	nx_log(NX_LOG_WARNING, "client uid=%u pid=%d sent a line of over %d bytes: closed",
		(unsigned)c->uid, (int)c->pid, NX_LINE_MAX);
	(void)snprintf(text, sizeof(text), "a line is at most %d bytes long: closing", NX_LINE_MAX);
	nx_conn_send(c, nx_jsonrpc_error(NULL, NX_RPC_REQUEST, text,
				json_pack("{s:s}", "name", code_name(NX_RPC_REQUEST))));
}

void nx_rpc_log_change(
	const char *method, uid_t uid, pid_t pid, const json_t *params, const char *result)
{
	char *text = json_dumps(params, JSON_COMPACT);

	nx_log(NX_LOG_INFO, "change: method=%s by uid=%u pid=%d result=%s params=%.1024s", method,
		(unsigned)uid, (int)pid, result, text ? text : "{}");
	free(text);
}

const char *nx_call_string(const struct nx_call *call, const char *name)
{
	return json_string_value(json_object_get(call->request->params, name));
}

bool nx_call_bool(const struct nx_call *call, const char *name)
{
	return json_is_true(json_object_get(call->request->params, name));
}

const bool *nx_call_bool_at(const struct nx_call *call, const char *name, bool *at)
{
	const json_t *value = json_object_get(call->request->params, name);

	*at = json_is_true(value);
	return value ? at : NULL;
}

const uint32_t *nx_call_u32_at(const struct nx_call *call, const char *name, uint32_t *at)
{
	const json_t *value = json_object_get(call->request->params, name);

	*at = (uint32_t)json_integer_value(value);
	return value ? at : NULL;
}

const uint64_t *nx_call_u64_at(const struct nx_call *call, const char *name, uint64_t *at)
{
	const json_t *value = json_object_get(call->request->params, name);

	*at = (uint64_t)json_integer_value(value);
	return value ? at : NULL;
}

uint32_t nx_call_u32(const struct nx_call *call, const char *name, uint32_t absent)
{
	uint32_t value;

	return nx_call_u32_at(call, name, &value) ? value : absent;
}

int nx_call_done(struct nx_call *call, int ret, uint64_t version)
{
	if (ret == 0)
		call->result = json_pack("{s:I}", "version", (json_int_t)version);
	return ret;
}

uint64_t nx_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
