/* load: a CSV file, whose descriptor the client passes, into a domain. The engine's loader thread
 * does the work; what it reports is passed on to the one client that waits for it. */
#include "control/server/rpc.h"

#include <string.h>

#include "control/server/log.h"

#define PROGRESS_NS 200000000u /* at most 5 progress notifications a second */

void nx_rpc_guard(const struct nx_call *call, uint32_t absent, struct nx_guard *out)
{
	*out = (struct nx_guard){.max_shrink = nx_call_u32(call, "max_shrink", absent),
		.force = nx_call_bool(call, "force")};
	out->has_expect = nx_call_u64_at(call, "expect", &out->expect) != NULL;
}

int nx_rpc_load_mode(struct nx_call *call, bool *replace)
{
	const char *mode = nx_call_string(call, "mode");

	*replace = strcmp(mode, "replace") == 0;
	if (!*replace && strcmp(mode, "merge") != 0)
		return nx_fail(&call->err, NX_RPC_PARAMS,
			"%s: parameter \"mode\" must be \"merge\" or \"replace\", not \"%.32s\"",
			call->request->method, mode);
	return NX_OK;
}

static int load(struct nx_call *call)
{
	struct nx_load *l = &call->server->load;
	struct nx_load_request request;
	char who[64];
	bool replace;
	int ret = nx_rpc_load_mode(call, &replace);

	if (ret)
		return ret;
	(void)snprintf(
		who, sizeof(who), "pid %d uid %u", (int)call->conn->pid, (unsigned)call->conn->uid);
	request = (struct nx_load_request){
		.domain = nx_call_string(call, "domain"),
		.replace = replace,
		.skip_bad = nx_call_bool(call, "skip_bad"),
		.digits_are_names = nx_call_bool(call, "digits_are_names"),
		.fd = call->fds[0],
		.client = who,
	};
	nx_rpc_guard(call, replace ? NX_SHRINK_DEFAULT : NX_SHRINK_ANY, &request.guard);
	call->fds[0] = -1;
	ret = nx_engine_load_start(call->server->engine, &request, &call->err);
	if (ret)
		return ret;
	*l = (struct nx_load){.running = true,
		.conn = call->conn,
		.id = json_incref(call->request->id),
		.notification = call->request->notification,
		.uid = call->conn->uid,
		.pid = call->conn->pid,
		.params = json_incref(call->request->params)};
	return NX_RPC_PENDING;
}

void nx_rpc_client_gone(struct nx_conn *c)
{
	struct nx_server *s = c->server;

	nx_rpc_txn_gone(c);
	nx_rpc_reads_client_gone(c);
	if (s->load.conn != c)
		return;
	s->load.conn = NULL;
	nx_log(NX_LOG_WARNING, "client uid=%u pid=%d went away during its load: cancelling",
		(unsigned)c->uid, (int)c->pid);
	nx_engine_load_cancel(s->engine);
}

char *nx_rpc_progress_line(const struct nx_load_progress *at)
{
	return nx_jsonrpc_notification(
		"progress", json_pack("{s:s, s:I, s:I, s:I}", "phase",
				    nx_load_phase_name(at->phase), "rows", (json_int_t)at->rows,
				    "bytes", (json_int_t)at->bytes, "size", (json_int_t)at->size));
}

void nx_rpc_load_progress(struct nx_server *s, const struct nx_load_progress *at)
{
	uint64_t now = nx_now_ns();

	if (!s->load.conn || s->load.notification || now - s->load.told_ns < PROGRESS_NS)
		return;
	s->load.told_ns = now;
	nx_conn_send(s->load.conn, nx_rpc_progress_line(at));
}

json_t *nx_rpc_bad_rows(const struct nx_load_result *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->n_bad; i++) {
		const struct nx_load_bad *bad = &r->bad[i];

		(void)json_array_append_new(
			list, json_pack("{s:I, s:i, s:o, s:s}", "row", (json_int_t)bad->row,
				      "column", (int)bad->column, "text",
				      nx_json_text(bad->text, strlen(bad->text)), "why", bad->why));
	}
	return list;
}

json_t *nx_rpc_load_error_data(int code, const struct nx_load_result *r)
{
	json_t *data = json_pack("{s:s}", "name", nx_err_name(code));

	if (r->bad_row) {
		(void)json_object_set_new(data, "row", json_integer((json_int_t)r->bad_row));
		(void)json_object_set_new(data, "column", json_integer(r->bad_column));
	}
	return data;
}

static char *result_line(const json_t *id, const struct nx_load_result *r)
{
	if (r->code == 0)
		return nx_jsonrpc_result(id,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:f}",
				"version", (json_int_t)r->version, "rows", (json_int_t)r->rows,
				"added", (json_int_t)r->added, "changed", (json_int_t)r->changed,
				"removed", (json_int_t)r->removed, "unchanged",
				(json_int_t)r->unchanged, "skipped", (json_int_t)r->skipped, "bad",
				nx_rpc_bad_rows(r), "count", (json_int_t)r->count, "digest",
				nx_rpc_digest(r->digest), "grace_us", (json_int_t)r->grace_us,
				"seconds", r->seconds));
	return nx_jsonrpc_error(id, r->code, r->err.text, nx_rpc_load_error_data(r->code, r));
}

void nx_rpc_load_done(struct nx_server *s, const struct nx_load_result *result)
{
	struct nx_load *l = &s->load;

	if (!l->running)
		return;
	nx_rpc_log_change("load", l->uid, l->pid, l->params, nx_err_name(result->code));
	if (l->conn && !l->notification)
		nx_conn_send(l->conn, result_line(l->id, result));
	json_decref(l->id);
	json_decref(l->params);
	*l = (struct nx_load){0};
}

const struct nx_method nx_rpc_load[] = {
	{"load", load, NX_CHANGES | NX_TAKES_FD | NX_HOLDS,
		{NX_TEXT("domain", true), NX_TEXT("mode", true), NX_FLAG("skip_bad", false),
			NX_FLAG("digits_are_names", false), NX_INT("expect", false, 0, INT64_MAX),
			NX_INT("max_shrink", false, 0, 100), NX_FLAG("force", false)}},
	{0},
};
