/* begin, put, del, diff, commit, abort: a transaction, which belongs to the connection that began
 * it. Its id keeps a client from writing into one that is not its own by mistake. */
#include "control/server/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "control/server/log.h"

/* ---- begin ---- */

static int mode_of(struct nx_call *call, bool *replace)
{
	const char *mode = nx_call_string(call, "mode");

	*replace = strcmp(mode, "replace") == 0;
	if (*replace || strcmp(mode, "delta") == 0)
		return 0;
	return nx_fail(&call->err, NX_RPC_PARAMS,
		"begin: parameter \"mode\" must be \"delta\" or \"replace\", not \"%.32s\"", mode);
}

static int begin(struct nx_call *call)
{
	struct nx_txn_client *t = &call->server->txn;
	struct nx_txn_request request = {.domain = nx_call_string(call, "domain")};
	uint64_t given, base, id;
	char who[64];
	int ret = mode_of(call, &request.replace);

	if (ret)
		return ret;
	(void)snprintf(
		who, sizeof(who), "pid %d uid %u", (int)call->conn->pid, (unsigned)call->conn->uid);
	request.client = who;
	request.base = nx_call_u64_at(call, "base", &given);
	ret = nx_engine_txn_begin(call->server->engine, &request, &id, &base, &call->err);
	if (ret)
		return ret;
	*t = (struct nx_txn_client){.id = id, .conn = call->conn, .replace = request.replace};
	call->result = json_pack("{s:I, s:I}", "txn", (json_int_t)id, "base", (json_int_t)base);
	return 0;
}

/* The transaction that the call names, which must be its own connection's. */
static int own(struct nx_call *call, uint64_t *id)
{
	const struct nx_txn_client *t = &call->server->txn;

	(void)nx_call_u64_at(call, "txn", id);
	if (t->id == *id && t->conn != call->conn)
		return nx_fail(&call->err, NX_ERR_BUSY,
			"transaction %llu is another connection's: it ends with that",
			(unsigned long long)*id);
	return 0;
}

/* ---- put, del ---- */

static int gather(struct nx_call *call, enum nx_user_state state)
{
	const json_t *list = json_object_get(call->request->params, "users"), *user;
	size_t i, n = json_array_size(list);
	struct nx_user_text *users = calloc(n + 1, sizeof(*users));
	uint64_t id, staged;
	int ret = own(call, &id);

	if (ret == 0 && !users)
		ret = nx_fail(&call->err, NX_ERR_NOMEM, "no memory for %zu users", n);
	if (ret == 0) {
		json_array_foreach (list, i, user)
			users[i] = (struct nx_user_text){
				json_string_value(user), json_string_length(user)};
		ret = nx_engine_txn_put(call->server->engine, id, users, n,
			nx_call_bool(call, "digits_are_names"), state, &staged, &call->err);
	}
	free(users);
	if (ret == 0)
		call->result = json_pack("{s:I}", "staged", (json_int_t)staged);
	return ret;
}

static int put(struct nx_call *call)
{
	const char *name = nx_call_string(call, "state");

	for (unsigned state = NX_USER_KNOWN; state <= NX_USER_HEAD; state++)
		if (!name || strcmp(name, nx_rpc_user_state_name(state)) == 0)
			return gather(call, (enum nx_user_state)state);
	return nx_fail(&call->err, NX_RPC_PARAMS,
		"put: parameter \"state\" must be \"known\", \"gone\" or \"head\", not \"%.32s\"",
		name);
}

static int del(struct nx_call *call)
{
	return gather(call, NX_USER_ABSENT);
}

/* ---- diff, commit ---- */

static void await(struct nx_call *call, const char *method)
{
	struct nx_txn_client *t = &call->server->txn;

	t->answering = true;
	t->silent = call->request->notification;
	t->answer_to = json_incref(call->request->id);
	t->params = json_incref(call->request->params);
	t->method = method;
	t->uid = call->conn->uid;
	t->pid = call->conn->pid;
}

static int diff(struct nx_call *call)
{
	uint64_t id;
	int ret = own(call, &id);

	if (ret == 0)
		ret = nx_engine_txn_diff(call->server->engine, id, &call->err);
	if (ret)
		return ret;
	await(call, "diff");
	return NX_RPC_PENDING;
}

static int commit(struct nx_call *call)
{
	struct nx_guard guard;
	uint64_t id;
	int ret = own(call, &id);

	nx_rpc_guard(call, call->server->txn.replace ? NX_SHRINK_DEFAULT : NX_SHRINK_ANY, &guard);
	if (ret == 0)
		ret = nx_engine_txn_commit(call->server->engine, id, &guard, &call->err);
	if (ret)
		return ret;
	await(call, "commit");
	return NX_RPC_PENDING;
}

static json_t *examples(const struct nx_txn_result *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->n_examples; i++) {
		const struct nx_txn_example *x = &r->example[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:s, s:s}", "user",
				      nx_json_text((const char *)x->key.text, x->key.len), "was",
				      nx_rpc_user_state_name(x->was), "state",
				      nx_rpc_user_state_name(x->state)));
	}
	return list;
}

static json_t *result_of(const struct nx_txn_result *r)
{
	json_t *result = json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "added", (json_int_t)r->added,
		"changed", (json_int_t)r->changed, "removed", (json_int_t)r->removed, "unchanged",
		(json_int_t)r->unchanged, "count", (json_int_t)r->count, "seconds", r->seconds);

	if (r->diff) {
		(void)json_object_set_new(result, "before", json_integer((json_int_t)r->before));
		(void)json_object_set_new(result, "examples", examples(r));
		return result;
	}
	(void)json_object_set_new(result, "version", json_integer((json_int_t)r->version));
	(void)json_object_set_new(result, "digest", nx_rpc_digest(r->digest));
	(void)json_object_set_new(result, "grace_us", json_integer((json_int_t)r->grace_us));
	return result;
}

static void forget(struct nx_txn_client *t)
{
	json_decref(t->answer_to);
	json_decref(t->params);
	t->answer_to = t->params = NULL;
	t->answering = false;
}

void nx_rpc_txn_done(struct nx_server *s, const struct nx_txn_result *r)
{
	struct nx_txn_client *t = &s->txn;

	if (!t->answering)
		return;
	if (!r->diff)
		nx_rpc_log_change(t->method, t->uid, t->pid, t->params, nx_err_name(r->code));
	if (t->conn && !t->silent)
		nx_conn_send(
			t->conn, r->code ? nx_jsonrpc_error(t->answer_to, r->code, r->err.text,
						   json_pack("{s:s}", "name", nx_err_name(r->code)))
					 : nx_jsonrpc_result(t->answer_to, result_of(r)));
	forget(t);
	if (!t->conn || (!r->diff && r->code == 0))
		t->id = 0;
}

/* ---- abort, and other ends ---- */

static int abort_txn(struct nx_call *call)
{
	uint64_t id;
	int ret = own(call, &id);

	if (ret == 0)
		ret = nx_engine_txn_abort(call->server->engine, id, &call->err);
	if (ret == 0)
		call->result = json_object();
	return ret;
}

void nx_rpc_txn_gone(struct nx_conn *c)
{
	struct nx_txn_client *t = &c->server->txn;
	struct nx_error err;

	if (t->conn != c)
		return;
	t->conn = NULL;
	if (nx_engine_txn_abort(c->server->engine, t->id, &err) == 0)
		nx_log(NX_LOG_WARNING,
			"client uid=%u pid=%d went away with a transaction open: aborted",
			(unsigned)c->uid, (int)c->pid);
}

void nx_rpc_txn_fini(struct nx_server *s)
{
	forget(&s->txn);
}

const struct nx_method nx_rpc_txn[] = {
	{"begin", begin, NX_CHANGES | NX_AT_ONCE,
		{NX_TEXT("domain", true), NX_TEXT("mode", true),
			NX_INT("base", false, 0, INT64_MAX)}},
	{"put", put, 0,
		{NX_INT("txn", true, 1, INT64_MAX), NX_LIST("users", true), NX_TEXT("state", false),
			NX_FLAG("digits_are_names", false)}},
	{"del", del, 0,
		{NX_INT("txn", true, 1, INT64_MAX), NX_LIST("users", true),
			NX_FLAG("digits_are_names", false)}},
	{"diff", diff, NX_HOLDS, {NX_INT("txn", true, 1, INT64_MAX)}},
	{"commit", commit, NX_CHANGES | NX_HOLDS,
		{NX_INT("txn", true, 1, INT64_MAX), NX_INT("expect", false, 0, INT64_MAX),
			NX_INT("max_shrink", false, 0, 100), NX_FLAG("force", false)}},
	{"abort", abort_txn, NX_CHANGES | NX_AT_ONCE, {NX_INT("txn", true, 1, INT64_MAX)}},
	{0},
};
