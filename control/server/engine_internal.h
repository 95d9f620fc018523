/* What the engine's files share. */
#ifndef NX_CONTROL_ENGINE_INTERNAL_H
#define NX_CONTROL_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "control/server/engine.h"
#include "control/server/loader.h"

/* A domain whose table the tables job builds. */
struct nx_table_task {
	uint32_t domain;
	char name[NX_DOMAIN_NAME_MAX];
	int code;
	struct nx_error err;
	struct nx_users *table;
};

/* Bulk work. main makes it, the loader thread runs it, main joins and frees it. */
struct nx_job {
	struct nx_engine *engine;
	pthread_t thread;
	bool is_load;
	struct nx_writer_info holder;
	atomic_bool cancel;
	struct nx_domain_info before; /* of the domain being loaded */

	/* loader: w; main: r once it has seen n_done or finished */
	struct nx_load load;
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

struct nx_engine {
	struct nx_config *config, *boot_config;
	unsigned n_workers;
	struct nx_policy **slot;
	uint64_t policy_version;
	struct nx_store *store;
	struct nx_store_records records; /* owns its domains' tables */
	uint64_t bypass_ack_until_ns;
	bool flags_deferred; /* bypass and shadow are in force but not stored */
	int event_fd;
	struct nx_job *job; /* NULL: nobody writes but main */
	struct nx_load_result result;
	nx_engine_log_cb log;
	void *log_arg;
};

__attribute__((format(printf, 2, 3))) void nx_engine_say(struct nx_engine *e, const char *fmt, ...);

/* nx_engine_idle: NX_ERR_BUSY, naming the holder, while bulk work runs. */
int nx_engine_idle(const struct nx_engine *e, struct nx_error *err);

/* nx_engine_publish puts a policy in force and frees the old one after a grace period; returns how
 * long that took. */
uint64_t nx_engine_publish_us(struct nx_engine *e, struct nx_policy *p);

/* nx_engine_build makes a policy of records; bypass and shadow are those of records' meta. */
int nx_engine_build(struct nx_engine *e, const struct nx_config *config,
	const struct nx_store_records *records, struct nx_policy **out, struct nx_error *err);

/* nx_engine_republish builds and publishes the engine's own records. Where memory lacks even for
 * that, no policy at all is published: everything passes. */
uint64_t nx_engine_republish_us(struct nx_engine *e);

/* A change of records: fn writes it to the transaction; the records are read back from there, the
 * policy is built of them, and only then all is committed and put in force. */
typedef int (*nx_change_fn)(struct nx_store_txn *t, void *arg, struct nx_error *err);
int nx_engine_change(
	struct nx_engine *e, nx_change_fn fn, void *arg, uint64_t *version, struct nx_error *err);

/* nx_engine_drop_table takes a domain's table out of service (its requests pass), frees it, and has
 * it built anew; why is for the log. */
void nx_engine_drop_table(struct nx_engine *e, uint32_t domain, const char *why);

struct nx_domain_def *nx_engine_domain(struct nx_engine *e, uint32_t id);

/* nx_engine_domain_named: as nx_engine_domain_find, with the sentence. */
int nx_engine_domain_named(const struct nx_engine *e, const char *name,
	const struct nx_domain_def **out, struct nx_error *err);

/* nx_domain_name_fold lowers the case and takes the trailing dot off. */
int nx_domain_name_fold(const char *name, char out[NX_DOMAIN_NAME_MAX], struct nx_error *err);

/* nx_engine_job_end cancels and joins the job and takes its results. */
void nx_engine_job_end(struct nx_engine *e);

uint64_t nx_engine_now_ns(void);

#endif
