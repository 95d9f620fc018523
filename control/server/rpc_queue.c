/* Changes wait in one line, in the order in which they came, for the one before to settle; then
 * the next begins, or all users at the head of the line at once, in one store transaction. What
 * was done is answered when every worker has seen it. So the loop never waits for a worker, and
 * the more clients wait, the more changes share an fdatasync and a grace period.
 *
 * What a client sends after a change that still waits, waits behind it: a client sees its own
 * changes, and gets its answers in order. The line runs at the end of the loop's turn, after all
 * clients that are ready were read. While a worker stands still, what waits is refused. */
#include "control/server/rpc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/server/log.h"
#include "nxsip/protocol.h"

#define GROUP_MAX 1024 /* users a store transaction */

struct nx_pending {
	struct nx_pending *next;
	struct nx_conn *conn; /* NULL: it went away */
	struct nx_server *server;
	struct nx_request request;
	const struct nx_method *method;
	uid_t uid;
	pid_t pid;
	int fds[NX_CONN_FDS + 1];
	unsigned n_fds;
	bool ran;
	char *line; /* then: the answer; NULL: none, or it comes later */
	json_int_t version;
	bool changed; /* the answer waits for the change to settle */
};

static void pending_free(struct nx_pending *p)
{
	for (unsigned i = 0; i < p->n_fds; i++)
		if (p->fds[i] >= 0)
			(void)close(p->fds[i]);
	nx_request_fini(&p->request);
	free(p->line);
	free(p);
}

static struct nx_pending *take_first(struct nx_server *s)
{
	struct nx_pending *p = s->line;

	s->line = p->next;
	if (!s->line)
		s->line_end = &s->line;
	return p;
}

/* Answers the first in the line, which leaves it. */
static void answer_first(struct nx_server *s)
{
	struct nx_pending *p = take_first(s);
	char *line = p->line;

	p->line = NULL;
	if (p->conn) {
		nx_conn_send(p->conn, line);
		nx_conn_answered(p->conn);
	} else {
		free(line);
	}
	pending_free(p);
}

/* Puts a request at the end of the line; NULL: no memory. */
static struct nx_pending *enqueue(struct nx_call *call, const struct nx_method *m)
{
	struct nx_server *s = call->server;
	struct nx_pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct nx_pending){.conn = call->conn,
		.server = s,
		.request = *call->request,
		.method = m,
		.uid = call->conn->uid,
		.pid = call->conn->pid,
		.n_fds = call->n_fds};
	json_incref(p->request.root); /* the caller ends with its own */
	memcpy(p->fds, call->fds, call->n_fds * sizeof(p->fds[0]));
	for (unsigned i = 0; i < call->n_fds; i++)
		call->fds[i] = -1;
	*s->line_end = p;
	s->line_end = &p->next;
	call->conn->waiting++;
	event_active(s->run_line, EV_TIMEOUT, 0);
	return p;
}

int nx_rpc_enqueue(struct nx_call *call, const struct nx_method *m)
{
	if (enqueue(call, m))
		return NX_RPC_PENDING;
	return nx_fail(&call->err, NX_ERR_NOMEM, "no memory for a request");
}

void nx_rpc_forget_client(struct nx_server *s, const struct nx_conn *c)
{
	struct nx_pending *p;

	for (p = s->line; p; p = p->next) {
		if (p->conn == c)
			p->conn = NULL;
	}
}

/* ---- running ---- */

static void has_run(struct nx_pending *p, struct nx_call *call, int ret)
{
	p->ran = true;
	p->changed = (p->method->is & NX_CHANGES) && !(p->method->is & NX_AT_ONCE) && ret == 0;
	p->version = json_integer_value(json_object_get(call->result, "version"));
	p->line = nx_rpc_answer_line(call, ret);
}

int nx_rpc_run_urgent(struct nx_call *call, const struct nx_method *m)
{
	int ret = nx_rpc_carry_out(call, m);
	struct nx_pending *p = ret == 0 ? enqueue(call, m) : NULL;

	if (!p)
		return ret;
	has_run(p, call, ret);
	return NX_RPC_PENDING;
}

/* Whether a request is carried out though the client has gone: a change that needs nobody. */
static bool stays_wanted(const struct nx_method *m)
{
	return (m->is & NX_CHANGES) && !(m->is & (NX_HOLDS | NX_AT_ONCE));
}

/* Carries one request out. */
static void run_one(struct nx_server *s, struct nx_pending *p)
{
	struct nx_conn gone = {.server = s, .fd = -1, .uid = p->uid, .pid = p->pid, .dead = true};
	struct nx_call call = {.server = s,
		.conn = p->conn ? p->conn : &gone,
		.request = &p->request,
		.fds = p->fds,
		.n_fds = p->n_fds};

	if (!p->conn && !stays_wanted(p->method))
		has_run(p, &call, NX_RPC_PENDING);
	else
		has_run(p, &call, nx_rpc_carry_out(&call, p->method));
	json_decref(call.result);
	json_decref(call.error_data);
}

static void user_outcome(struct nx_pending *p, const struct nx_user_outcome *o)
{
	struct nx_call call = {.server = p->server, .request = &p->request, .err = o->err};

	if (o->code == 0)
		call.result = nx_rpc_user_changed(&o->changed);
	nx_rpc_log_change(p->method->name, p->uid, p->pid, p->request.params,
		o->code ? nx_err_name(o->code) : "ok");
	has_run(p, &call, o->code);
	json_decref(call.result);
	json_decref(call.error_data);
}

/* All users' changes at the head of the line.  Return: the last of them. */
static struct nx_pending *run_users(struct nx_server *s, struct nx_pending *first)
{
	struct nx_pending *p = first, *last = first;
	struct nx_user_change *change;
	struct nx_user_outcome *outcome;
	size_t n = 0;

	for (; p && (p->method->is & NX_USER) && n < GROUP_MAX; p = p->next)
		n++;
	change = calloc(n, sizeof(*change));
	outcome = calloc(n, sizeof(*outcome));
	if (!change || !outcome)
		n = 0;
	p = first;
	for (size_t i = 0; i < n; i++, p = p->next)
		nx_rpc_user_change(p->method, p->request.params, &change[i]);
	if (n > 0)
		nx_engine_users_set(s->engine, change, outcome, n);
	p = first;
	for (size_t i = 0; i < n; i++, p = p->next) {
		user_outcome(p, &outcome[i]);
		last = p;
	}
	if (n == 0) {
		const struct nx_user_outcome none = {
			.code = NX_ERR_NOMEM, .err = {"no memory for a change"}};

		user_outcome(first, &none);
	}
	free(change);
	free(outcome);
	return last;
}

static char *stalled_line(struct nx_server *s, const struct nx_pending *p)
{
	struct nx_call call = {.server = s, .request = &p->request};
	uint64_t stall_s = nx_engine_stall_ns(s->engine) / 1000000000u;
	char *line;

	if (p->changed)
		(void)nx_fail(&call.err, NX_ERR_STALLED,
			"the change is stored (version %lld) and in force, but a worker has "
			"passed no quiescent state for %" PRIu64 " s and may not have seen it: "
			"see status",
			(long long)p->version, stall_s);
	else
		(void)nx_fail(&call.err, NX_ERR_STALLED,
			"a worker has passed no quiescent state for %" PRIu64
			" s: nothing is changed until it does (see status)",
			stall_s);
	line = nx_rpc_answer_line(&call, NX_ERR_STALLED);
	json_decref(call.error_data);
	return line;
}

/* A worker stands still: what is done is answered so, what waits is refused, reading goes on. */
static void refuse_line(struct nx_server *s)
{
	struct nx_pending *p;

	while ((p = s->line)) {
		bool waits = nx_rpc_waits_in_line(p->method) && !p->ran;

		if (!waits && !p->ran)
			run_one(s, p);
		if (waits)
			nx_rpc_log_change(p->method->name, p->uid, p->pid, p->request.params,
				nx_err_name(NX_ERR_STALLED));
		if (waits || p->changed) {
			free(p->line);
			p->line = stalled_line(s, p);
		}
		answer_first(s);
	}
	s->n_done = 0;
}

/* Answers what was done. */
static void answer_done(struct nx_server *s)
{
	for (; s->n_done > 0; s->n_done--)
		answer_first(s);
}

static void run_next(struct nx_server *s)
{
	struct nx_pending *first = s->line, *last = first, *p;

	if (first->method->is & NX_USER)
		last = run_users(s, first);
	else if (!first->ran)
		run_one(s, first);
	s->n_done = 1;
	for (p = first; p != last; p = p->next)
		s->n_done++;
}

void nx_rpc_run_line(struct nx_server *s)
{
	for (;;) {
		if (s->line && nx_engine_stall_ns(s->engine))
			refuse_line(s);
		if (!s->line || !nx_engine_settled(s->engine))
			return; /* called again when a grace period ends */
		answer_done(s);
		if (s->line)
			run_next(s);
	}
}

void nx_rpc_drop_line(struct nx_server *s)
{
	while (s->line)
		pending_free(take_first(s));
	s->n_done = 0;
}
