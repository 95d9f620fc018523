/* The engine: the one owner of everything that changes. It holds the configuration, the store and
 * its records in memory, the user tables and the published policy, and carries out every change in
 * one order:
 *
 *   check (the new policy is built here) -> store (durable) -> user table -> policy pointer
 *     -> grace period -> free the old -> answer
 *
 * A call returns with the change stored and in force; the grace period goes on without it, and
 * when nx_engine_settled is true every worker has seen the change and the answer may be given. The
 * next change first waits for that (a server calls only when it is settled, and never blocks): so
 * what waits to be freed is bounded. Where a worker holds a grace period up for more than
 * NX_STALL_NS, changes answer NX_ERR_STALLED until it moves.
 *
 * so that nothing is left to fail after the commit but memory for one user table; where that fails,
 * the domain loses its table and its requests pass (no-table), never a wrong answer.
 * The RPC handlers (rpc_*.c) only translate JSON to these calls and back.
 *
 * Threads: every function is called by the main thread alone. Bulk work runs on one loader thread
 * that the engine starts and joins; what it has to say arrives by nx_engine_poll. Both threads are
 * registered with RCU (QSBR) by the engine and are offline but for the moments they read.
 * While bulk work runs or a transaction is open, every other change but nx_engine_bypass and
 * nx_engine_shadow_box answers NX_ERR_BUSY and names the holder; reading goes on.
 *
 * Errors: 0 or a code of error.h with the sentence in err (may be NULL); on error nothing has
 * changed, but where it says so. Domain names are given in any case, with or without a trailing
 * dot. Users are given as nx_key_from_row reads them. `version` (may be NULL) is the data version
 * after the change; a change that changes nothing succeeds and gives the present one. */
#ifndef NX_CONTROL_ENGINE_H
#define NX_CONTROL_ENGINE_H

#include "control/config/config.h"
#include "control/policy/placement.h"
#include "control/policy/policy.h"
#include "control/server/grace.h"
#include "control/server/guard.h"
#include "control/store/store.h"
#include "nxsip/dataplane.h"
#include "nxsip/protocol.h"

struct nx_engine;

/* One line for the log, without a line end. Called on the main thread only. */
typedef void (*nx_engine_log_cb)(void *arg, const char *line);

/* nx_engine_create registers the calling thread with RCU, opens the store and publishes a first
 * policy in which every domain's table is NULL (everything passes as no-table).
 * config: taken over on success only. *policy_slot: what workers read; the engine alone writes it;
 * outlives the engine. placement: where tables lie; outlives the engine, NULL: anywhere. log: may
 * be NULL.
 * Error: nx_store_open's, nx_policy_build's. A store source whose class the file lacks is logged
 * and left out (its senders fall back to the file's classes). */
int nx_engine_create(struct nx_config *config, unsigned n_workers,
	const struct nx_placement *placement, struct nx_policy **policy_slot, nx_engine_log_cb log,
	void *log_arg, struct nx_engine **out, struct nx_error *err);

/* nx_engine_destroy cancels and joins bulk work, sets *policy_slot to NULL and frees everything;
 * NULL is fine. Call it only after the workers have stopped. */
void nx_engine_destroy(struct nx_engine *e);

/* ---- when answers begin ---- */

/* nx_engine_ports_open says that packets come from now on: the settle time (box.settle) begins.
 * Until it is called nothing is answered, unless that time is 0. Call it once.
 * nx_engine_settling_s: for how long nothing will be answered yet, rounded up; 0: answers are
 * given. */
void nx_engine_ports_open(struct nx_engine *e);
uint32_t nx_engine_settling_s(const struct nx_engine *e);

/* ---- settling: when a change is seen by all ---- */

/* nx_engine_settled says whether every worker has seen the last change, and frees what it took out
 * of service. nx_engine_settle waits for it, at most NX_STALL_NS. Error: NX_ERR_STALLED. */
bool nx_engine_settled(struct nx_engine *e);
int nx_engine_settle(struct nx_engine *e, struct nx_error *err);

/* nx_engine_stall_ns: for how long a worker has kept a grace period from ending, where that is a
 * stall; else 0. */
uint64_t nx_engine_stall_ns(const struct nx_engine *e);

/* ---- bulk work: the loader thread ---- */

/* nx_engine_load_tables_start begins to build, on the loader thread, the table of every domain that
 * has none; nx_engine_poll publishes domain after domain. A domain that cannot be read or built
 * stays without a table (fails open) and is logged. Call it once after start.
 * Error: NX_ERR_BUSY, NX_ERR_NOMEM (no thread). Nothing to do is no error. */
int nx_engine_load_tables_start(struct nx_engine *e, struct nx_error *err);

struct nx_load_request {
	const char *domain;
	bool replace; /* false: merge */
	bool skip_bad;
	bool digits_are_names;
	struct nx_guard guard;
	int fd;             /* a regular file, open for reading, at any offset */
	const char *client; /* who loads, for the holder's line: "pid 4711 uid 0"; copied */
};

/* nx_engine_load_start begins a CSV load. A replacement by a file without a user is refused
 * (NX_ERR_GUARD in the result). fd is taken over in every case, also on error.
 * Error: NX_ERR_BUSY, NX_ERR_NOT_FOUND (domain), NX_ERR_INVALID (not a regular, readable file). */
int nx_engine_load_start(
	struct nx_engine *e, const struct nx_load_request *r, struct nx_error *err);

/* nx_engine_load_cancel asks the CSV load to stop (a client went away); it ends soon, with
 * NX_ERR_CANCELLED, unless its commit was already under way. Harmless when none runs. */
void nx_engine_load_cancel(struct nx_engine *e);

enum nx_load_phase { NX_LOAD_READ, NX_LOAD_TABLE, NX_LOAD_COMMIT, NX_LOAD_COMPARE, NX_LOAD_DUMP };

/* nx_load_phase_name: "read", "table", "commit"; of bulk reading: "compare", "dump". */
const char *nx_load_phase_name(enum nx_load_phase p);

struct nx_load_progress {
	enum nx_load_phase phase;
	uint64_t rows;
	uint64_t bytes, size; /* of the file; of a dump: users */
};

struct nx_load_bad {
	uint64_t row;    /* line of the file, from 1 */
	uint32_t column; /* byte in the line, from 1 */
	char *text;      /* the line, cut and cleaned to printable ASCII */
	const char *why; /* static */
};

struct nx_load_result {
	int code; /* 0 or NX_ERR_...; nothing was changed unless 0 or err says so */
	struct nx_error err;
	uint64_t bad_row; /* the row that refused the load; 0: none */
	uint32_t bad_column;
	uint64_t version;
	uint64_t rows; /* data rows read, bad ones included */
	uint64_t added, changed, removed, unchanged, skipped;
	struct nx_load_bad *bad; /* the first NX_BAD_ROWS_MAX with skip_bad */
	uint32_t n_bad;
	uint64_t count;          /* users in the domain afterwards */
	struct nx_digest digest; /* of them */
	uint64_t grace_us;
	double seconds;
};

/* How a transaction's commit ended, or what it would do (diff). */
#define NX_TXN_EXAMPLES 100
struct nx_txn_result {
	int code; /* 0 or NX_ERR_...; nothing was changed unless 0 or err says so */
	struct nx_error err;
	bool diff;
	uint64_t version;
	uint64_t added, changed, removed, unchanged;
	uint64_t before, count; /* users in the domain */
	struct nx_digest digest;
	uint64_t grace_us;
	double seconds;
	struct nx_txn_example { /* of a diff: the first differences, in key order */
		struct nx_key key;
		uint8_t was, state;
	} example[NX_TXN_EXAMPLES];
	uint32_t n_examples;
};

/* What nx_engine_poll found. */
struct nx_engine_events {
	bool progress; /* `at` is new (at most some 5 a second) */
	struct nx_load_progress at;
	const struct nx_load_result
		*loaded; /* the CSV load has ended; valid until the next start */
	const struct nx_txn_result
		*applied;   /* a diff or commit has ended; valid until the next start */
	bool serving;       /* the tables job has ended */
	bool txn_timed_out; /* the open transaction was idle too long, and was aborted */
	bool stall_began;
};

/* nx_engine_event_fd becomes readable when nx_engine_poll has something to do; never closed by the
 * caller. nx_engine_poll takes the loader's messages, publishes finished tables and says what
 * happened. A load is over for other writers once poll has returned `loaded`. */
int nx_engine_event_fd(const struct nx_engine *e);
void nx_engine_poll(struct nx_engine *e, struct nx_engine_events *out);

/* nx_engine_tick is to be called some times a second: it polls, sees whether the workers pass
 * quiescent states also while nothing changes, and aborts a transaction that nobody works on. */
void nx_engine_tick(struct nx_engine *e, struct nx_engine_events *out);

/* nx_engine_wait blocks until no bulk work runs, polling meanwhile; out (may be NULL) gathers the
 * events. For --check, tests and shutdown; a server uses the event fd. */
void nx_engine_wait(struct nx_engine *e, struct nx_engine_events *out);

/* ---- reading: views owned by the engine, valid until the next change or poll ---- */

const struct nx_config *nx_engine_config(const struct nx_engine *e);      /* in force */
const struct nx_config *nx_engine_boot_config(const struct nx_engine *e); /* of the box: at start */
const struct nx_policy *nx_engine_policy(const struct nx_engine *e);      /* NULL: all passes */
/* domains in name order, ranges in domain and prefix order, rules by priority and id, sources in
 * address order; meta holds bypass, shadow and the data version */
const struct nx_store_records *nx_engine_records(const struct nx_engine *e);
bool nx_engine_loading(const struct nx_engine *e); /* state "loading": the tables job runs */

/* Who holds the right to write; NULL: nobody. */
struct nx_writer_info {
	char client[64];
	char what[320];    /* "load into example.com (replace)" */
	uint64_t since_ns; /* CLOCK_MONOTONIC */
};
const struct nx_writer_info *nx_engine_writer(const struct nx_engine *e);

struct nx_domain_info {
	bool ready; /* has its table; false: its requests pass */
	uint64_t known, gone, head;
	uint64_t bytes;    /* of the table */
	const char *fault; /* why it has no table; NULL: it has, or will have */
};
/* nx_engine_domain_info: i is the index into records' domains. Without a table, known is the
 * store's count of all its users and gone and head are 0. While a load works on the domain the
 * numbers are those from before it. */
void nx_engine_domain_info(const struct nx_engine *e, uint32_t i, struct nx_domain_info *out);

/* nx_engine_tallies reads what the users of each of records' domains come to, and the data version
 * that goes with it, from the store. out: room for n_domains. */
int nx_engine_tallies(
	const struct nx_engine *e, struct nx_tally *out, uint64_t *version, struct nx_error *err);

/* nx_engine_domain_find returns the domain's record, or NULL; by any spelling of the name. */
const struct nx_domain_def *nx_engine_domain_find(const struct nx_engine *e, const char *name);
const struct nx_domain_def *nx_engine_domain_by_id(const struct nx_engine *e, uint32_t id);

/* nx_engine_user_get: state ABSENT where there is none (no error); key (may be NULL) is the
 * canonical key.  Error: NX_ERR_NOT_FOUND (domain), NX_ERR_INVALID (user), the store's. */
int nx_engine_user_get(struct nx_engine *e, const char *domain, const char *user, size_t len,
	bool digits_are_names, struct nx_key *key, struct nx_user_record *out,
	struct nx_error *err);

/* nx_engine_user_list calls back in key order for users that begin with prefix (NULL or empty: all,
 * bytes as they are) and come after `after` (NULL or empty: from the start), until cb says stop. */
int nx_engine_user_list(struct nx_engine *e, const char *domain, const char *prefix,
	const char *after, nx_user_cb cb, void *arg, struct nx_error *err);

/* nx_engine_explain runs nx_explain on the published policy, RCU online.
 * Error: its own; NX_ERR_BUSY where no policy is published (memory ran out). */
int nx_engine_explain(struct nx_engine *e, const struct nx_explain_query *q,
	struct nx_explanation *out, struct nx_error *err);

/* ---- domains ---- */

/* What to set; a NULL pointer leaves the value (add: false). */
struct nx_domain_change {
	const bool *authoritative, *complete, *shadow;
};

/* Error: NX_ERR_INVALID (not a DNS name of at most 253 bytes), NX_ERR_EXISTS. */
int nx_engine_domain_add(struct nx_engine *e, const char *name, const struct nx_domain_change *c,
	uint64_t *version, struct nx_error *err);
/* authoritative may be taken away while there are gone users: they are answered 404 from then on.
 */
int nx_engine_domain_set(struct nx_engine *e, const char *name, const struct nx_domain_change *c,
	uint64_t *version, struct nx_error *err);
/* Its ranges, rules and users go with it. Error: NX_ERR_GUARD where it has users and not force. */
int nx_engine_domain_del(
	struct nx_engine *e, const char *name, bool force, uint64_t *version, struct nx_error *err);

/* ---- ranges ---- prefix is "+" and digits; lengths count digits */

int nx_engine_range_add(struct nx_engine *e, const char *domain, const char *prefix,
	uint32_t min_len, uint32_t max_len, uint64_t *version, struct nx_error *err);
/* min_len, max_len 0: left as it is */
int nx_engine_range_set(struct nx_engine *e, const char *domain, const char *prefix,
	uint32_t min_len, uint32_t max_len, uint64_t *version, struct nx_error *err);
int nx_engine_range_del(struct nx_engine *e, const char *domain, const char *prefix,
	uint64_t *version, struct nx_error *err);

/* ---- source prefixes ---- prefix is "ADDR" or "ADDR/LEN" */

/* add: NX_ERR_EXISTS where the store has it; set: NX_ERR_NOT_FOUND where it has not; both:
 * NX_ERR_INVALID where the file has no such class. One of the file may be overruled by add. */
int nx_engine_source_add(struct nx_engine *e, const char *prefix, const char *class_name,
	uint64_t *version, struct nx_error *err);
int nx_engine_source_set(struct nx_engine *e, const char *prefix, const char *class_name,
	uint64_t *version, struct nx_error *err);
/* Error: NX_ERR_IN_FILE where only the file has it, NX_ERR_NOT_FOUND where nobody has. */
int nx_engine_source_del(
	struct nx_engine *e, const char *prefix, uint64_t *version, struct nx_error *err);

/* ---- pattern rules ---- */

#define NX_RULE_PRIORITY_DEFAULT 100

/* What to set; a NULL pointer leaves the value. */
struct nx_rule_change {
	const char *expression;   /* required by add */
	const uint8_t *verdict;   /* NX_PASS, NX_404, NX_604 or NX_DROP; required by add */
	const uint32_t *priority; /* add: NX_RULE_PRIORITY_DEFAULT */
	const bool *shadow;       /* add: false */
	const char *domain;       /* add only; NULL: every domain */
};

/* Error: NX_ERR_INVALID (Hyperscan refuses the expression, or no such verdict), NX_ERR_NOT_FOUND,
 * NX_ERR_AUTHORITY (604 for a domain without authority, rule 27; a 604 for every domain is taken,
 * and the verdict gives 404 where the domain has no authority). */
int nx_engine_rule_add(struct nx_engine *e, const struct nx_rule_change *c, uint32_t *id,
	uint64_t *version, struct nx_error *err);
int nx_engine_rule_set(struct nx_engine *e, uint32_t id, const struct nx_rule_change *c,
	uint64_t *version, struct nx_error *err);
int nx_engine_rule_del(struct nx_engine *e, uint32_t id, uint64_t *version, struct nx_error *err);

/* ---- users ---- */

struct nx_user_change {
	const char *domain;
	const char *user; /* need not be terminated */
	size_t len;
	bool digits_are_names;
	enum nx_user_state state; /* KNOWN, GONE, HEAD; ABSENT deletes */
};

struct nx_user_changed {
	uint64_t version;
	struct nx_key key;
	enum nx_user_state was;
};

/* nx_engine_user_set changes one user. Deleting an absent one succeeds (was ABSENT).
 * Error: NX_ERR_NOT_FOUND (domain), NX_ERR_INVALID (user), NX_ERR_AUTHORITY (GONE in a domain
 * without authority), the store's. NX_ERR_NOMEM may come after the change was stored: the sentence
 * says so, and the domain's requests pass until its table is built again. */
int nx_engine_user_set(struct nx_engine *e, const struct nx_user_change *c,
	struct nx_user_changed *out, struct nx_error *err);

/* nx_engine_users_set makes n changes in their order, of any domains, in one store transaction:
 * one fdatasync and one grace period for all. Each has its own outcome: one that is refused does
 * not keep the others from being made. */
struct nx_user_outcome {
	int code;
	struct nx_user_changed changed;
	struct nx_error err;
};
void nx_engine_users_set(
	struct nx_engine *e, const struct nx_user_change *c, struct nx_user_outcome *out, size_t n);

/* ---- transactions ----
 * A client gathers users, which wait in memory outside store and table, and commits them all at
 * once or not at all. It has the right to write from begin to the end. */

struct nx_txn_request {
	const char *domain;
	bool replace;         /* what is put is all there is; else a delta */
	const uint64_t *base; /* the data version it builds on; NULL: the present one */
	const char *client;   /* for the holder's line; copied */
};

/* nx_engine_txn_begin.  Out: *id, never 0; *base: the data version.
 * Error: NX_ERR_BUSY, NX_ERR_NOT_FOUND (domain), NX_ERR_CONFLICT (the data have another version),
 *        NX_ERR_STALLED, NX_ERR_NOMEM. */
int nx_engine_txn_begin(struct nx_engine *e, const struct nx_txn_request *r, uint64_t *id,
	uint64_t *base, struct nx_error *err);

/* nx_engine_txn_put gathers n users that are to have a state (ABSENT: be deleted, in a delta), all
 * or none. Of one that is put twice the last state counts.  Out: *staged: gathered so far.
 * Error: NX_ERR_NOT_FOUND (no such transaction), NX_ERR_INVALID (a user, named), NX_ERR_AUTHORITY,
 *        NX_ERR_FULL (NX_TXN_BYTES_MAX), NX_ERR_NOMEM, NX_ERR_BUSY (it is being committed). */
struct nx_user_text {
	const char *text; /* need not be terminated */
	size_t len;
};
int nx_engine_txn_put(struct nx_engine *e, uint64_t id, const struct nx_user_text *users, size_t n,
	bool digits_are_names, enum nx_user_state state, uint64_t *staged, struct nx_error *err);

/* nx_engine_txn_diff and _commit begin their work on the loader thread; nx_engine_poll gives the
 * result. After a commit that succeeded the transaction is over; after one that was refused it is
 * as it was. guard: NULL: none but the default.
 * Error: NX_ERR_NOT_FOUND, NX_ERR_BUSY, NX_ERR_STALLED, NX_ERR_NOMEM. */
int nx_engine_txn_diff(struct nx_engine *e, uint64_t id, struct nx_error *err);
int nx_engine_txn_commit(
	struct nx_engine *e, uint64_t id, const struct nx_guard *guard, struct nx_error *err);

/* nx_engine_txn_abort: a commit that is under way is cancelled if it still can be. */
int nx_engine_txn_abort(struct nx_engine *e, uint64_t id, struct nx_error *err);

/* ---- switches ---- */

/* Both act at once, also while somebody holds the right to write; then *deferred (may be NULL) is
 * true: the switch is in force but will be stored only when that ends. Also while a worker stands
 * still, some times. */
int nx_engine_bypass(
	struct nx_engine *e, bool on, bool *deferred, uint64_t *version, struct nx_error *err);
int nx_engine_shadow_box(
	struct nx_engine *e, bool on, bool *deferred, uint64_t *version, struct nx_error *err);
/* A domain's shadow is nx_engine_domain_set's. */

/* nx_engine_reload puts another configuration in force: services, plans, classes, emergency
 * numbers, tag keys. What belongs to the box (nx_config_box_diff against nx_engine_boot_config) is
 * ignored until a restart. Where requests are judged otherwise than before, the box settles anew.
 * next: taken over on success only. *policy_version: of the new policy.
 * Error: nx_policy_build's; a store source whose class next lacks refuses it. Domains that have
 * lost their table are built again. */
int nx_engine_reload(struct nx_engine *e, struct nx_config *next, uint64_t *policy_version,
	struct nx_error *err);

#endif
