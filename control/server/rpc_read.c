/* dump and load.diff: bulk reading on its own thread, whose progress and end go to the client that
 * waits for it. */
#include "control/server/rpc.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control/server/log.h"
#include "nxsip/protocol.h"

#define READS_MAX 8 /* at a time */

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void read_free(struct nx_read *r)
{
	LIST_REMOVE(r, link);
	r->server->n_reads--;
	if (r->ready)
		event_free(r->ready);
	nx_reading_end(r->reading);
	json_decref(r->id);
	free(r);
}

static int start(struct nx_call *call, struct nx_reading_request *q,
	json_t *(*result)(const struct nx_reading_result *r))
{
	struct nx_server *s = call->server;
	struct nx_read *r;
	int rc;

	if (s->n_reads == READS_MAX)
		return nx_fail(&call->err, NX_ERR_BUSY,
			"%d dumps and diffs are under way: try again when one is done", READS_MAX);
	r = calloc(1, sizeof(*r));
	if (!r)
		return nx_fail(&call->err, NX_ERR_NOMEM, "no memory");
	q->fd = call->fds[0];
	call->fds[0] = -1;
	r->server = s;
	r->conn = call->conn;
	r->id = json_incref(call->request->id);
	r->notification = call->request->notification;
	r->result = result;
	LIST_INSERT_HEAD(&s->reads, r, link);
	s->n_reads++;
	rc = nx_reading_start(s->engine, q, &r->reading, &call->err);
	if (rc == NX_OK) {
		r->ready = event_new(s->base, nx_reading_event_fd(r->reading), EV_READ | EV_PERSIST,
			on_ready, r);
		if (!r->ready || event_add(r->ready, NULL) != 0)
			rc = nx_fail(&call->err, NX_ERR_NOMEM, "no memory");
	}
	if (rc == NX_OK)
		return NX_RPC_PENDING;
	read_free(r);
	return rc;
}

static void answer(const struct nx_read *r)
{
	struct nx_reading_result result;

	nx_reading_result(r->reading, &result);
	if (!r->conn || r->notification)
		return;
	nx_conn_send(r->conn, result.code == 0
				      ? nx_jsonrpc_result(r->id, r->result(&result))
				      : nx_jsonrpc_error(r->id, result.code, result.err->text,
						nx_rpc_load_error_data(result.code, result.load)));
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct nx_read *r = arg;
	struct nx_load_progress at;
	bool progress, ended = nx_reading_poll(r->reading, &progress, &at);

	(void)fd;
	(void)what;
	if (progress && !ended && r->conn && !r->notification)
		nx_conn_send(r->conn, nx_rpc_progress_line(&at));
	if (!ended)
		return;
	answer(r);
	read_free(r);
}

void nx_rpc_reads_client_gone(struct nx_conn *c)
{
	struct nx_read *r;

	LIST_FOREACH(r, &c->server->reads, link)
	{
		if (r->conn != c)
			continue;
		r->conn = NULL;
		nx_reading_cancel(r->reading);
	}
}

void nx_rpc_reads_end(struct nx_server *s)
{
	for (struct nx_read *r = LIST_FIRST(&s->reads), *next; r; r = next) {
		next = LIST_NEXT(r, link);
		read_free(r);
	}
}

/* ---- dump ---- */

static json_t *dump_result(const struct nx_reading_result *r)
{
	char digest[NX_DIGEST_TEXT];

	nx_digest_text(r->digest, digest);
	return json_pack("{s:I, s:I, s:I, s:s, s:b, s:f}", "version", (json_int_t)r->version,
		"rows", (json_int_t)r->rows, "bytes", (json_int_t)r->bytes, "digest", digest,
		"bare_digits", r->bare_digits, "seconds", r->seconds);
}

static int dump(struct nx_call *call)
{
	struct nx_reading_request q = {.domain = nx_call_string(call, "domain")};

	return start(call, &q, dump_result);
}

/* ---- diff ---- */

static json_t *examples(const struct nx_diff *d)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < d->n_examples; i++) {
		const struct nx_diff_example *e = &d->example[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:s, s:s}", "user",
				      nx_json_text((const char *)e->key.text, e->key.len), "was",
				      nx_rpc_user_state_name(e->old), "state",
				      nx_rpc_user_state_name(e->state)));
	}
	return list;
}

static json_t *diff_result(const struct nx_reading_result *r)
{
	const struct nx_diff *d = r->diff;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:f}", "rows",
		(json_int_t)r->load->rows, "added", (json_int_t)d->added, "changed",
		(json_int_t)d->changed, "removed", (json_int_t)d->removed, "unchanged",
		(json_int_t)d->unchanged, "skipped", (json_int_t)r->load->skipped, "bad",
		nx_rpc_bad_rows(r->load), "examples", examples(d), "seconds", r->seconds);
}

static int load_diff(struct nx_call *call)
{
	struct nx_reading_request q = {
		.domain = nx_call_string(call, "domain"),
		.diff = true,
		.skip_bad = nx_call_bool(call, "skip_bad"),
		.digits_are_names = nx_call_bool(call, "digits_are_names"),
	};
	int rc = nx_rpc_load_mode(call, &q.replace);

	return rc == NX_OK ? start(call, &q, diff_result) : rc;
}

const struct nx_method nx_rpc_reads[] = {
	{"dump", dump, NX_TAKES_FD, {NX_TEXT("domain", true)}},
	{"load.diff", load_diff, NX_TAKES_FD,
		{NX_TEXT("domain", true), NX_TEXT("mode", true), NX_FLAG("skip_bad", false),
			NX_FLAG("digits_are_names", false)}},
	{0},
};
