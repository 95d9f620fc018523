/* What the engine's files share. */
#ifndef NX_CONTROL_ENGINE_INTERNAL_H
#define NX_CONTROL_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "control/server/engine.h"
#include "control/server/grace.h"
#include "control/server/loader.h"
#include "control/server/txn_apply.h"

#define NX_LITTER_MAX 64 /* what may wait for a grace period; changes need half of it free */

/* A domain whose table the tables job builds. */
struct nx_table_task {
	uint32_t domain;
	char name[NX_DOMAIN_NAME_MAX];
	int code;
	struct nx_error err;
	struct nx_users *table;
};

/* Bulk work. main makes it, the loader thread runs it, main joins it, puts its outcome in force,
 * and when that has settled announces it. */
struct nx_job {
	struct nx_engine *engine;
	pthread_t thread;
	void (*run)(struct nx_job *job);                       /* loader */
	void (*take)(struct nx_engine *e, struct nx_job *job); /* main: it has ended */
	void (*announce)(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out);
	bool taken, published; /* main only, as all up to here */
	struct nx_writer_info holder;
	atomic_bool cancel;
	uint32_t domain;              /* whose table the loader writes, 0: none's */
	struct nx_domain_info before; /* of that domain */

	/* loader: w; main: r once it has seen n_done or finished */
	struct nx_load load;
	struct nx_txn_apply apply;
	struct nx_table_task *task;
	uint32_t n_tasks, n_taken; /* n_taken: main only */
	uint8_t secret[NX_USERS_SECRET_LEN];
	bool secret_changed;

	pthread_mutex_t lock; /* of what follows */
	uint32_t n_done;
	bool finished;
	bool has_progress;
	struct nx_load_progress progress;
};

/* What waits to be freed, or given back by a table, when a grace period is over. */
struct nx_litter {
	uint64_t ticket;
	struct nx_policy *policy;
	struct nx_users *table;
	bool reclaim; /* the tables in service left something behind */
};

/* Why a domain has no table. */
struct nx_fault {
	uint32_t domain;
	char text[512];
};

/* A transaction that a client has begun. */
struct nx_txn {
	uint64_t id;
	uint32_t domain;
	bool replace;
	uint64_t base;
	uint64_t used_ns;
	struct nx_writer_info holder;
	struct nx_staged rows;
};

struct nx_engine {
	struct nx_config *config, *boot_config;
	unsigned n_workers;
	const struct nx_placement *placement; /* of every table */
	struct nx_policy **slot;
	uint64_t policy_version;
	struct nx_store *store;
	struct nx_store_records records; /* owns its domains' tables */
	struct nx_fault *faults;
	uint32_t n_faults;
	uint64_t bypass_ack_until_ns;
	bool ports_open;
	uint64_t settle_until_ns;
	struct nx_recall recall; /* loader: w too */
	bool flags_deferred;     /* bypass and shadow are in force but not stored */
	int event_fd;
	struct nx_job *job; /* NULL: nobody writes but main */
	struct nx_txn *txn; /* NULL: no transaction is open */
	uint64_t last_txn;
	struct nx_load_result result;
	struct nx_txn_result txn_result;

	struct nx_grace *grace;
	uint64_t ticket;     /* of the last change */
	uint64_t changed_ns; /* when it was put in force */
	struct nx_litter litter[NX_LITTER_MAX];
	uint32_t n_litter;
	uint64_t stall_since_ns; /* 0: no alarm */

	nx_engine_log_cb log;
	void *log_arg;
};

__attribute__((format(printf, 2, 3))) void nx_engine_say(struct nx_engine *e, const char *fmt, ...);

/* nx_engine_idle: NX_ERR_BUSY, naming the holder, while somebody holds the right to write.
 * nx_engine_ready: and the last change has settled: NX_ERR_STALLED where it does not. */
int nx_engine_idle(const struct nx_engine *e, struct nx_error *err);
int nx_engine_ready(struct nx_engine *e, struct nx_error *err);

/* nx_engine_publish puts a policy in force, and has the old one freed when that has settled;
 * nx_engine_discard_table does so for a table that is no longer reachable.
 * nx_engine_tables_changed: tables in service were changed in place, and left memory behind or not.
 */
void nx_engine_publish(struct nx_engine *e, struct nx_policy *p);
void nx_engine_discard_table(struct nx_engine *e, struct nx_users *t);
void nx_engine_tables_changed(struct nx_engine *e, bool left_behind);

/* nx_engine_has_room: what does not wait for the last change to settle may be done. */
bool nx_engine_has_room(const struct nx_engine *e);
int nx_engine_stalled(const struct nx_engine *e, struct nx_error *err); /* the sentence */

/* nx_engine_watch_workers says and notes when a stall begins (true) and ends. */
bool nx_engine_watch_workers(struct nx_engine *e);

/* nx_engine_build makes a policy of records; bypass and shadow are those of records' meta. */
int nx_engine_build(struct nx_engine *e, const struct nx_config *config,
	const struct nx_store_records *records, struct nx_policy **out, struct nx_error *err);

/* nx_engine_hold_answers has the policies built from now on answer nothing for the settle time, and
 * until the ports are open. For when requests may have been passed that no worker remembers. */
void nx_engine_hold_answers(struct nx_engine *e);

/* nx_engine_recall has the workers ask their memory from now on: call it before whatever may turn a
 * verdict. nx_engine_recall_ends says until when, once all has settled and no bulk work is under
 * way. */
void nx_engine_recall(struct nx_engine *e);
void nx_engine_recall_ends(struct nx_engine *e);

/* nx_engine_republish builds and publishes the engine's own records. Where memory lacks even for
 * that, no policy at all is published: everything passes. */
void nx_engine_republish(struct nx_engine *e);

/* A change of records: fn writes it to the transaction; the records are read back from there, the
 * policy is built of them, and only then all is committed and put in force. */
typedef int (*nx_change_fn)(struct nx_store_txn *t, void *arg, struct nx_error *err);
int nx_engine_change(
	struct nx_engine *e, nx_change_fn fn, void *arg, uint64_t *version, struct nx_error *err);

/* nx_engine_fault notes why a domain has no table; why NULL: it has one. */
void nx_engine_fault(struct nx_engine *e, uint32_t domain, const char *why);

/* nx_engine_drop_table takes a domain's table out of service (its requests pass), frees it, and has
 * it built anew; why is for the log. */
void nx_engine_drop_table(struct nx_engine *e, uint32_t domain, const char *why);

struct nx_domain_def *nx_engine_domain(struct nx_engine *e, uint32_t id);

/* nx_engine_domain_named: as nx_engine_domain_find, with the sentence. */
int nx_engine_domain_named(const struct nx_engine *e, const char *name,
	const struct nx_domain_def **out, struct nx_error *err);

/* nx_domain_name_fold lowers the case and takes the trailing dot off. */
int nx_domain_name_fold(const char *name, char out[NX_DOMAIN_NAME_MAX], struct nx_error *err);

/* nx_engine_user_key reads a user as nx_key_from_row does, with the sentence; nx_engine_may_be says
 * whether a domain may have users in a state; nx_engine_note_heads has the policy look for
 * extensions in a domain from now on. */
int nx_engine_user_key(const char *user, size_t len, bool digits_are_names, struct nx_key *key,
	struct nx_error *err);
int nx_engine_may_be(const struct nx_domain_def *d, enum nx_user_state state, struct nx_error *err);
int nx_engine_note_heads(struct nx_engine *e, struct nx_domain_def *d, struct nx_error *err);

/* nx_engine_job_create prepares bulk work, nx_engine_job_start runs it (and frees it on error). */
struct nx_job *nx_engine_job_create(struct nx_engine *e, const char *client);
int nx_engine_job_start(struct nx_engine *e, struct nx_job *job, struct nx_error *err);

/* nx_engine_job_domain: the job writes the table of d. */
void nx_engine_job_domain(struct nx_engine *e, struct nx_job *job, const struct nx_domain_def *d);

/* nx_engine_take_table puts what the loader has made of a domain's table in force: fresh, the one
 * in service changed in place, or neither. secret NULL: unchanged. */
void nx_engine_take_table(struct nx_engine *e, uint32_t domain, struct nx_users *fresh,
	bool has_heads, const uint8_t *secret);

/* nx_engine_txn_close forgets the open transaction; nx_engine_txn_expire aborts one that is left
 * alone (true). */
void nx_engine_txn_close(struct nx_engine *e);
bool nx_engine_txn_expire(struct nx_engine *e);

/* nx_engine_store_deferred stores the switches that were thrown while others wrote. */
void nx_engine_store_deferred(struct nx_engine *e);

/* nx_engine_check_file: NX_ERR_INVALID where fd is no regular file open for reading. */
int nx_engine_check_file(int fd, struct nx_error *err);

/* nx_engine_job_end cancels and joins the job and takes its results. */
void nx_engine_job_end(struct nx_engine *e);

uint64_t nx_engine_now_ns(void);

#endif
