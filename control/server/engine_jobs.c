/* Bulk work: the loader thread, and main's side of it. The thread works on the store and on tables
 * that nobody else writes; whatever changes records or the policy is done by main when it polls. So
 * each thing has one writer, and the two share only a few fields under the job's lock. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server/engine_internal.h"
#include "control/server/tables.h"
#include "nxsip/rcu.h"

/* ---- the loader thread ---- */

static void wake(const struct nx_job *job)
{
	(void)eventfd_write(job->engine->event_fd, 1);
}

static void on_progress(void *arg, const struct nx_load_progress *p)
{
	struct nx_job *job = arg;

	pthread_mutex_lock(&job->lock);
	job->progress = *p;
	job->has_progress = true;
	pthread_mutex_unlock(&job->lock);
	wake(job);
}

/* The store's users are checked also where there is no domain to read: one may come. */
static void run_tables(struct nx_job *job)
{
	struct nx_error err;

	(void)nx_store_check_users(job->engine->store, &job->cancel, &err); /* a task says why */
	for (uint32_t i = 0; i < job->n_tasks; i++) {
		struct nx_table_task *t = &job->task[i];

		t->code = nx_tables_build(job->engine->store, t->domain, job->engine->placement,
			job->secret, &job->secret_changed, &job->cancel, &t->table, &t->err);
		pthread_mutex_lock(&job->lock);
		job->n_done = i + 1;
		pthread_mutex_unlock(&job->lock);
		wake(job);
	}
}

static void run_load(struct nx_job *job)
{
	nx_load_run(&job->load);
}

static void *run(void *arg)
{
	struct nx_job *job = arg;

	rcu_register_thread();
	nx_rcu_offline();
	job->run(job);
	rcu_unregister_thread();
	pthread_mutex_lock(&job->lock);
	job->finished = true;
	pthread_mutex_unlock(&job->lock);
	wake(job);
	return NULL;
}

/* ---- main: starting ---- */

struct nx_job *nx_engine_job_create(struct nx_engine *e, const char *client)
{
	struct nx_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->engine = e;
	job->load.fd = -1;
	job->holder.since_ns = nx_engine_now_ns();
	snprintf(job->holder.client, sizeof(job->holder.client), "%s", client);
	pthread_mutex_init(&job->lock, NULL);
	return job;
}

static void job_free(struct nx_job *job)
{
	if (job->load.fd >= 0)
		close(job->load.fd);
	for (uint32_t i = job->n_taken; i < job->n_tasks; i++)
		nx_users_destroy(job->task[i].table);
	pthread_mutex_destroy(&job->lock);
	free(job->task);
	free(job);
}

int nx_engine_job_start(struct nx_engine *e, struct nx_job *job, struct nx_error *err)
{
	int rc = pthread_create(&job->thread, NULL, run, job);

	if (rc != 0) {
		job_free(job);
		return nx_fail(err, NX_ERR_NOMEM, "no thread for bulk work: %s", strerror(rc));
	}
	e->job = job;
	return NX_OK;
}

void nx_engine_job_domain(struct nx_engine *e, struct nx_job *job, const struct nx_domain_def *d)
{
	job->domain = d->id;
	nx_engine_domain_info(e, (uint32_t)(d - e->records.domains), &job->before);
}

static void take_all_tables(struct nx_engine *e, struct nx_job *job);
static void announce_tables(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out);
static void take_load(struct nx_engine *e, struct nx_job *job);
static void announce_load(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out);

int nx_engine_load_tables_start(struct nx_engine *e, struct nx_error *err)
{
	struct nx_job *job;
	int rc = nx_engine_idle(e, err);

	if (rc != NX_OK)
		return rc;
	job = nx_engine_job_create(e, "nxsipd");
	if (!job)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for bulk work");
	job->run = run_tables;
	job->take = take_all_tables;
	job->announce = announce_tables;
	job->task = calloc(e->records.n_domains + 1, sizeof(*job->task));
	if (!job->task) {
		job_free(job);
		return nx_fail(err, NX_ERR_NOMEM, "no memory for bulk work");
	}
	memcpy(job->secret, e->records.meta.users_secret, sizeof(job->secret));
	snprintf(job->holder.what, sizeof(job->holder.what), "tables are being built");
	for (uint32_t i = 0; i < e->records.n_domains; i++) {
		const struct nx_domain_def *d = &e->records.domains[i];
		struct nx_table_task *t = &job->task[job->n_tasks];

		if (d->users)
			continue;
		t->domain = d->id;
		strcpy(t->name, d->name);
		job->n_tasks++;
	}
	if (job->n_tasks == 0 && nx_store_is_checked(e->store)) {
		job_free(job);
		nx_store_sweep(e->store); /* of a domain that was deleted just before the end */
		return NX_OK;
	}
	return nx_engine_job_start(e, job, err);
}

int nx_engine_check_file(int fd, struct nx_error *err)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) != 0)
		return nx_fail(err, NX_ERR_INVALID, "the file's descriptor: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return nx_fail(err, NX_ERR_INVALID,
			"only a regular file can be loaded, as it is read twice: not a pipe, "
			"terminal, socket or directory; write the rows to a file first");
	if ((flags & O_ACCMODE) == O_WRONLY)
		return nx_fail(err, NX_ERR_INVALID, "the file is not open for reading");
	return NX_OK;
}

static struct nx_job *load_create(
	struct nx_engine *e, const struct nx_load_request *r, const struct nx_domain_def *d)
{
	struct nx_job *job = nx_engine_job_create(e, r->client);

	if (!job)
		return NULL;
	job->run = run_load;
	job->take = take_load;
	job->announce = announce_load;
	snprintf(job->holder.what, sizeof(job->holder.what), "load into %s (%s)", d->name,
		r->replace ? "replace" : "merge");
	nx_engine_job_domain(e, job, d);
	job->load = (struct nx_load){
		.store = e->store,
		.grace = e->grace,
		.guard = r->guard,
		.domain = d->id,
		.authoritative = d->authoritative,
		.replace = r->replace,
		.skip_bad = r->skip_bad,
		.digits_are_names = r->digits_are_names,
		.fd = -1,
		.live = d->users,
		.placement = e->placement,
		.recall = &e->recall,
		.cancel = &job->cancel,
		.progress = on_progress,
		.progress_arg = job,
	};
	strcpy(job->load.domain_name, d->name);
	memcpy(job->load.secret, e->records.meta.users_secret, sizeof(job->load.secret));
	return job;
}

int nx_engine_load_start(struct nx_engine *e, const struct nx_load_request *r, struct nx_error *err)
{
	const struct nx_domain_def *d;
	struct nx_job *job = NULL;
	int rc;

	if ((rc = nx_engine_ready(e, err)) != NX_OK)
		goto fail;
	if ((rc = nx_engine_domain_named(e, r->domain, &d, err)) != NX_OK)
		goto fail;
	if ((rc = nx_engine_check_file(r->fd, err)) != NX_OK)
		goto fail;
	nx_load_result_fini(&e->result);
	if (!(job = load_create(e, r, d))) {
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory for bulk work");
		goto fail;
	}
	job->load.fd = r->fd;
	return nx_engine_job_start(e, job, err);
fail:
	close(r->fd);
	return rc;
}

void nx_engine_load_cancel(struct nx_engine *e)
{
	if (e->job && e->job->run == run_load)
		atomic_store(&e->job->cancel, true);
}

/* ---- main: taking results ---- */

static void take_secret(
	struct nx_engine *e, bool changed, const uint8_t secret[NX_USERS_SECRET_LEN])
{
	if (changed)
		memcpy(e->records.meta.users_secret, secret, NX_USERS_SECRET_LEN);
}

static void table_in_force(struct nx_engine *e, struct nx_domain_def *d, struct nx_users *t)
{
	uint64_t count[4] = {0};

	nx_users_counts(t, count);
	d->users = t;
	d->has_heads = count[NX_USER_HEAD] > 0;
	nx_engine_fault(e, d->id, NULL);
}

/* Publishes the tables that are finished, as many as there are at once. */
static void take_tables(struct nx_engine *e, struct nx_job *job, uint32_t n_done)
{
	bool any = false;

	if (!nx_engine_has_room(e))
		return; /* tried again when a grace period ends */
	for (; job->n_taken < n_done; job->n_taken++) {
		struct nx_table_task *t = &job->task[job->n_taken];
		struct nx_domain_def *d = nx_engine_domain(e, t->domain);

		if (t->code == NX_OK && d) {
			table_in_force(e, d, t->table);
			any = true;
		} else if (t->code != NX_OK && t->code != NX_ERR_CANCELLED) {
			nx_engine_fault(e, t->domain, t->err.text);
			nx_engine_say(e,
				"domain %s: no table: %s: its requests pass; reload tries again",
				t->name, t->err.text);
		}
	}
	if (any)
		nx_engine_republish(e);
}

static void take_all_tables(struct nx_engine *e, struct nx_job *job)
{
	take_secret(e, job->secret_changed, job->secret);
}

static void announce_tables(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out)
{
	(void)job;
	nx_store_sweep(e->store);
	out->serving = true;
}

void nx_engine_take_table(struct nx_engine *e, uint32_t domain, struct nx_users *fresh,
	bool has_heads, const uint8_t *secret)
{
	struct nx_domain_def *d = nx_engine_domain(e, domain);
	struct nx_users *old = d->users;

	take_secret(e, secret != NULL, secret);
	if (fresh) {
		table_in_force(e, d, fresh);
		nx_engine_republish(e);
		nx_engine_discard_table(e, old);
	} else if (has_heads && !d->has_heads) {
		d->has_heads = true;
		nx_engine_republish(e);
	}
}

/* A committed load comes into force. */
static void take_load(struct nx_engine *e, struct nx_job *job)
{
	struct nx_load *l = &job->load;

	if (!l->committed)
		return;
	if (l->moved_to) {
		nx_store_records_move(&e->records, job->domain, l->moved_to);
		job->domain = l->moved_to;
		nx_store_sweep(e->store);
	}
	e->records.meta.version = l->result.version;
	nx_engine_take_table(
		e, job->domain, l->fresh, l->has_heads, l->secret_changed ? l->secret : NULL);
}

static void announce_load(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out)
{
	const struct nx_domain_def d = {.id = job->domain};
	struct nx_tally tally = {0};

	e->result = job->load.result;
	if (job->published)
		e->result.grace_us = (nx_engine_now_ns() - e->changed_ns) / 1000;
	if (nx_store_tallies(e->store, &d, 1, &tally, NULL, NULL) == NX_OK)
		e->result.digest = tally.digest;
	out->loaded = &e->result;
}

static int store_flags_again(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	const struct nx_engine *e = arg;
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	m.bypass = e->records.meta.bypass;
	m.shadow = e->records.meta.shadow;
	return nx_store_meta_put(t, &m, err);
}

void nx_engine_store_deferred(struct nx_engine *e)
{
	struct nx_error err;

	if (!e->flags_deferred || nx_engine_writer(e))
		return;
	e->flags_deferred = false;
	if (nx_engine_change(e, store_flags_again, e, NULL, &err) != NX_OK)
		nx_engine_say(e, "bypass and shadow are in force but not stored: %s", err.text);
}

/* The thread has ended: what it made is put in force. */
static void job_take(struct nx_engine *e, struct nx_job *job)
{
	uint64_t ticket = e->ticket;

	pthread_join(job->thread, NULL);
	job->take(e, job);
	job->taken = true;
	job->published = e->ticket != ticket;
}

/* And every worker has seen it. */
static void job_end(struct nx_engine *e, struct nx_job *job, struct nx_engine_events *out)
{
	bool stale = job->load.live_stale || job->apply.live_stale;
	uint32_t domain = job->domain;

	job->announce(e, job, out);
	e->job = NULL;
	job_free(job);
	nx_engine_store_deferred(e);
	if (stale)
		nx_engine_drop_table(e, domain, "the table could not follow the change");
}

void nx_engine_poll(struct nx_engine *e, struct nx_engine_events *out)
{
	struct nx_job *job = e->job;
	eventfd_t n;
	uint32_t n_done;
	bool finished;

	memset(out, 0, sizeof(*out));
	(void)eventfd_read(e->event_fd, &n);
	out->stall_began = nx_engine_watch_workers(e);
	if (job && !job->taken) {
		pthread_mutex_lock(&job->lock);
		n_done = job->n_done;
		finished = job->finished;
		out->progress = job->has_progress;
		out->at = job->progress;
		job->has_progress = false;
		pthread_mutex_unlock(&job->lock);
		take_tables(e, job, n_done);
		if (finished && job->n_taken == job->n_tasks)
			job_take(e, job);
	}
	if (nx_engine_settled(e) && job && job->taken)
		job_end(e, job, out);
	if (nx_engine_settled(e)) /* the end may have begun something */
		nx_engine_recall_ends(e);
}

void nx_engine_tick(struct nx_engine *e, struct nx_engine_events *out)
{
	nx_engine_poll(e, out);
	if (nx_grace_age_ns(e->grace) == 0)
		(void)nx_grace_begin(e->grace); /* whoever stands still is seen by it */
	out->txn_timed_out = nx_engine_txn_expire(e);
}

int nx_engine_event_fd(const struct nx_engine *e)
{
	return e->event_fd;
}

void nx_engine_wait(struct nx_engine *e, struct nx_engine_events *out)
{
	struct nx_engine_events ev, all = {0};

	while (e->job) {
		struct pollfd p = {.fd = e->event_fd, .events = POLLIN};

		(void)poll(&p, 1, 1000);
		nx_engine_poll(e, &ev);
		all.serving |= ev.serving;
		if (ev.loaded)
			all.loaded = ev.loaded;
		if (ev.applied)
			all.applied = ev.applied;
		if (ev.progress) {
			all.progress = true;
			all.at = ev.at;
		}
	}
	if (out)
		*out = all;
}

void nx_engine_job_end(struct nx_engine *e)
{
	while (e->job) { /* the end of one may begin another */
		atomic_store(&e->job->cancel, true);
		nx_engine_wait(e, NULL);
	}
}
