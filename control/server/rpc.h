/* From a line to a handler and back: the method tables, and what a handler is given. Handlers
 * (rpc_*.c, by topic) only translate: parameters, already checked against the table, into one call
 * of the engine, and its outcome into JSON. Main thread throughout. */
#ifndef NX_CONTROL_RPC_H
#define NX_CONTROL_RPC_H

#include <jansson.h>

#include "control/server/conn.h"
#include "control/server/jsonrpc.h"
#include "control/server/listen.h"
#include "control/server/reading.h"
#include "control/server/server.h"

#define NX_RPC_PENDING    1 /* a handler's third outcome: the answer comes later */
#define NX_RPC_PARAMS_MAX 8 /* of one method */

struct nx_server {
	struct nx_engine *engine;
	struct nx_server_dataplane dp;
	struct event_base *base;
	struct nx_listener listener;
	struct event *accepting, *accept_again, *engine_ready, *ticking, *sampling, *on_signal[3];
	struct event *run_line;
	struct nx_pending *line, **line_end; /* changes that wait (rpc_queue.c) */
	size_t n_done;                       /* at its head, answered when they have settled */
	LIST_HEAD(, nx_conn) clients;
	unsigned n_clients;
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	bool stopping;
	struct nx_load { /* the one load that a client waits for */
		bool running;
		struct nx_conn *conn; /* NULL: it went away */
		json_t *id;           /* NULL: notification, or null */
		json_t *params;
		bool notification;
		uid_t uid;
		pid_t pid;
		uint64_t told_ns; /* when progress was last sent */
	} load;
	struct nx_txn_client {        /* the one transaction that a client has open */
		uint64_t id;          /* 0: none */
		struct nx_conn *conn; /* NULL: it went away */
		bool replace;
		bool answering; /* a diff or commit, to which what follows belongs */
		bool silent;    /* a notification */
		json_t *answer_to;
		json_t *params;
		const char *method;
		uid_t uid;
		pid_t pid;
	} txn;
	LIST_HEAD(, nx_read) reads; /* dumps and diffs under way (rpc_read.c) */
	unsigned n_reads;
	struct nx_idle_sample {
		uint64_t loops, idle_loops;
		unsigned percent; /* of the last second's loops */
	} idle[NX_WORKER_MAX];
};

/* A dump or diff that a client waits for. */
struct nx_read {
	LIST_ENTRY(nx_read) link;
	struct nx_server *server;
	struct nx_conn *conn; /* NULL: it went away */
	json_t *id;
	bool notification;
	struct nx_reading *reading;
	struct event *ready;
	json_t *(*result)(const struct nx_reading_result *r);
};

struct nx_call {
	struct nx_server *server;
	struct nx_conn *conn;
	const struct nx_request *request;
	int *fds; /* that came with the line; -1: closed, or kept by the handler, which writes it */
	unsigned n_fds;
	json_t *result;     /* out: an object */
	json_t *error_data; /* out: more for error.data than the name, or NULL */
	struct nx_error err;
};

/* What a method is. A change waits in the line (rpc_queue.c) but where it is said otherwise. */
#define NX_CHANGES  1u /* logged, with who asked */
#define NX_TAKES_FD 2u
#define NX_AT_ONCE  4u  /* does not wait, nor does its answer */
#define NX_URGENT   8u  /* does not wait, but its answer does */
#define NX_HOLDS    16u /* waits, keeps the connection, and answers itself */
#define NX_USER     32u /* a change of one user, made with others' (nx_rpc_user_change) */

struct nx_method {
	const char *name;
	int (*handle)(struct nx_call *call); /* 0, NX_RPC_PENDING, or a code with call->err */
	unsigned is;                         /* the above */
	struct nx_param params[NX_RPC_PARAMS_MAX + 1];
};

/* Parameters as a method's table lists them; r: required. */
#define NX_TEXT(name, r)                       \
	{                                      \
		name, NX_PARAM_STRING, r, 0, 0 \
	}
#define NX_FLAG(name, r)                     \
	{                                    \
		name, NX_PARAM_BOOL, r, 0, 0 \
	}
#define NX_LIST(name, r)                     \
	{                                    \
		name, NX_PARAM_LIST, r, 0, 0 \
	}
#define NX_INT(name, r, lo, hi)               \
	{                                     \
		name, NX_PARAM_INT, r, lo, hi \
	}

/* Tables of methods, each ended by name NULL. */
extern const struct nx_method nx_rpc_status[];
extern const struct nx_method nx_rpc_policy[];
extern const struct nx_method nx_rpc_users[];
extern const struct nx_method nx_rpc_load[];
extern const struct nx_method nx_rpc_txn[];
extern const struct nx_method nx_rpc_reads[];
extern const struct nx_method nx_rpc_explain[];
extern const struct nx_method nx_rpc_box[];

/* nx_rpc_line carries out one request line and answers it; the descriptors (-1: one that was too
 * many) are taken over. */
void nx_rpc_line(struct nx_conn *c, const char *line, size_t len, int *fds, unsigned n_fds);

/* nx_rpc_carry_out checks and runs a request by its method, and logs a change; the outcome as a
 * handler's. nx_rpc_answer_line is what to send for it; NULL: nothing, or later. */
int nx_rpc_carry_out(struct nx_call *call, const struct nx_method *m);
char *nx_rpc_answer_line(struct nx_call *call, int ret);

/* The line of changes. nx_rpc_waits_in_line: requests of the method do; nx_rpc_enqueue puts one
 * there, with its descriptors; nx_rpc_run_urgent runs one at once and has its answer wait.
 * Return: NX_RPC_PENDING, or an error.
 * nx_rpc_run_line goes on with the line, as far as may be; call it whenever the engine has news. */
bool nx_rpc_waits_in_line(const struct nx_method *m);
int nx_rpc_enqueue(struct nx_call *call, const struct nx_method *m);
int nx_rpc_run_urgent(struct nx_call *call, const struct nx_method *m);
void nx_rpc_run_line(struct nx_server *s);
void nx_rpc_forget_client(struct nx_server *s, const struct nx_conn *c);
void nx_rpc_drop_line(struct nx_server *s); /* unanswered, at the end */

/* nx_rpc_refuse_line tells a client that its line is too long. */
void nx_rpc_refuse_line(struct nx_conn *c);

/* nx_rpc_client_gone cancels the client's load, dumps and diffs, and aborts its transaction.
 * Harmless when repeated. */
void nx_rpc_client_gone(struct nx_conn *c);
void nx_rpc_reads_client_gone(struct nx_conn *c);

/* nx_rpc_reads_end cancels all dumps and diffs and waits for their threads. */
void nx_rpc_reads_end(struct nx_server *s);

/* nx_rpc_log_change writes the audit line; params may be NULL. */
void nx_rpc_log_change(
	const char *method, uid_t uid, pid_t pid, const json_t *params, const char *result);

/* nx_rpc_load_progress and nx_rpc_load_done tell the loading client what the engine reports. */
void nx_rpc_load_progress(struct nx_server *s, const struct nx_load_progress *at);
void nx_rpc_load_done(struct nx_server *s, const struct nx_load_result *result);

/* nx_rpc_txn_gone aborts the client's transaction; nx_rpc_txn_done answers its diff or commit;
 * nx_rpc_txn_fini is for the end. */
void nx_rpc_txn_gone(struct nx_conn *c);
void nx_rpc_txn_done(struct nx_server *s, const struct nx_txn_result *result);
void nx_rpc_txn_fini(struct nx_server *s);

/* What a load and its diff say alike: the parameter "mode", the line of a progress notification,
 * the list of bad rows, and an error's data. */
int nx_rpc_load_mode(struct nx_call *call, bool *replace);
char *nx_rpc_progress_line(const struct nx_load_progress *at);
json_t *nx_rpc_bad_rows(const struct nx_load_result *r);
json_t *nx_rpc_load_error_data(int code, const struct nx_load_result *r);

/* nx_rpc_reload reads the configuration file again and puts it in force; result as the protocol's
 * `reload`, error_data as in struct nx_call. */
int nx_rpc_reload(struct nx_server *s, json_t **result, json_t **error_data, struct nx_error *err);

/* nx_rpc_domains is the list of domains that `status` and `domain.list` show. *whole (may be
 * NULL): the digest of all data, null where the store cannot be read. */
json_t *nx_rpc_domains(const struct nx_engine *e, json_t **whole);
json_t *nx_rpc_digest(struct nx_digest d); /* a JSON string */

/* nx_rpc_user_state_name: "absent", "known", "gone", "head". */
const char *nx_rpc_user_state_name(unsigned state);

/* nx_rpc_user_change is what a method that is NX_USER asks for; params outlive *out.
 * nx_rpc_user_changed is its result. */
void nx_rpc_user_change(
	const struct nx_method *m, const json_t *params, struct nx_user_change *out);
json_t *nx_rpc_user_changed(const struct nx_user_changed *changed);

/* nx_rpc_guard reads expect, max_shrink and force; absent: the default, in percent. */
void nx_rpc_guard(const struct nx_call *call, uint32_t absent, struct nx_guard *out);

/* nx_rpc_sample_idle updates the workers' idle percentages; called once a second. */
void nx_rpc_sample_idle(struct nx_server *s);

/* A parameter's value; NULL or `absent` where it is not given. _bool_at and _u32_at store the
 * value at *at and return at, or return NULL: the shape of the engine's "leave it" arguments. */
const char *nx_call_string(const struct nx_call *call, const char *name);
bool nx_call_bool(const struct nx_call *call, const char *name);
const bool *nx_call_bool_at(const struct nx_call *call, const char *name, bool *at);
uint32_t nx_call_u32(const struct nx_call *call, const char *name, uint32_t absent);
const uint64_t *nx_call_u64_at(const struct nx_call *call, const char *name, uint64_t *at);
const uint32_t *nx_call_u32_at(const struct nx_call *call, const char *name, uint32_t *at);

/* nx_call_done sets {version} as the result of a change that ended in ret, and returns ret. */
int nx_call_done(struct nx_call *call, int ret, uint64_t version);

/* nx_now_ns reads CLOCK_MONOTONIC. */
uint64_t nx_now_ns(void);

#endif
