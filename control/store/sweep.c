/* The sweeper: a thread that deletes users under an id that no domain has: those that a stage wrote
 * or replaced, and those of a domain that was deleted. Deleting 10^8 of them
 * in one transaction would hold up every change and fill memory with changed pages, so it goes in
 * small ones, between those of others, whom it lets go first. It needs no list of what is to be
 * done, and so none can be lost in a crash: it looks at which ids there are. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "control/store/store_internal.h"

#define SWEEP_ROWS 8192     /* a transaction: about 2 ms, and a sync */
#define PAUSE_NS   2000000u /* between two of them */

struct nx_sweeper {
	struct nx_store *store;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool work, stop;
};

/* The cursor onto the first user of the least id >= *domain.  Return: 0 or LMDB's. */
static int first_of(MDB_cursor *c, uint32_t *domain)
{
	uint8_t k[4];
	MDB_val key = {.mv_size = sizeof(k), .mv_data = k}, value;
	int rc;

	nx_put_be32(k, *domain);
	rc = mdb_cursor_get(c, &key, &value, MDB_SET_RANGE);
	if (rc == 0 && key.mv_size >= 4)
		*domain = nx_get_be32(key.mv_data);
	return rc;
}

static bool has_domain(struct nx_store *s, MDB_txn *txn, uint32_t domain)
{
	uint8_t k[4];
	MDB_val key = {.mv_size = sizeof(k), .mv_data = k}, value;

	nx_put_be32(k, domain);
	return mdb_get(txn, s->dbi[NX_DBI_DOMAINS], &key, &value) != MDB_NOTFOUND;
}

/* Deletes from where the cursor stands while the users are the domain's. */
static int delete_some(MDB_cursor *c, uint32_t domain)
{
	MDB_val key, value;
	int rc = 0;

	for (unsigned n = 0; n < SWEEP_ROWS && rc == 0; n++) {
		rc = mdb_cursor_get(c, &key, &value, n == 0 ? MDB_GET_CURRENT : MDB_NEXT);
		if (rc != 0 || key.mv_size < 4 || nx_get_be32(key.mv_data) != domain)
			break;
		rc = mdb_cursor_del(c, 0); /* NEXT is then what moved up */
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Finds the first id that was given to a domain which no longer is, and deletes some of its users.
 * Return: 0 or LMDB's; MDB_NOTFOUND: there is none. */
static int sweep_once(struct nx_store *s, MDB_txn *txn)
{
	struct nx_store_meta meta;
	uint32_t domain = 0;
	MDB_cursor *c;
	int rc;

	if (nx_store_users_ready(s, NULL) != NX_OK ||
		nx_store_meta_read(s, txn, &meta, NULL) != NX_OK)
		return MDB_CORRUPTED;
	if ((rc = mdb_cursor_open(txn, s->dbi[NX_DBI_USERS], &c)) != 0)
		return rc;
	while ((rc = first_of(c, &domain)) == 0 && domain < meta.next_domain) {
		if (!has_domain(s, txn, domain))
			return delete_some(c, domain);
		domain++;
	}
	return rc == 0 ? MDB_NOTFOUND : rc;
}

/* Return: whether there may be more to do. */
static bool sweep_batch(struct nx_store *s)
{
	MDB_txn *txn;
	int rc;

	pthread_mutex_lock(&s->turn);
	rc = nx_store_txn_begin(s, &txn);
	if (rc == 0) {
		rc = sweep_once(s, txn);
		if (rc == 0)
			rc = nx_store_txn_commit(s, txn);
		else
			mdb_txn_abort(txn);
	}
	pthread_mutex_unlock(&s->turn);
	return rc == 0; /* after an error, at the next occasion */
}

/* Waits for work, or a little while where there is some.  Return: false: stop. */
static bool wait_turn(struct nx_sweeper *w, bool busy)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && !w->work && !busy)
		pthread_cond_wait(&w->wake, &w->lock);
	w->work = false;
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	if (!stop && busy)
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	return !stop;
}

static bool others_write(struct nx_store *s)
{
	return atomic_load(&s->writing) || atomic_load(&s->staging);
}

static void *run(void *arg)
{
	struct nx_sweeper *w = arg;
	bool busy = false;

	while (wait_turn(w, busy))
		busy = others_write(w->store) || sweep_batch(w->store);
	return NULL;
}

/* It takes no signals: they are the main thread's. */
static int start(struct nx_sweeper *w)
{
	sigset_t all, was;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return rc;
}

int nx_sweeper_start(struct nx_store *s)
{
	struct nx_sweeper *w = calloc(1, sizeof(*w));

	if (!w)
		return NX_ERR_NOMEM;
	w->store = s;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	if (start(w) != 0) {
		pthread_cond_destroy(&w->wake);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return NX_ERR_NOMEM;
	}
	s->sweeper = w;
	return NX_OK;
}

void nx_store_sweep(struct nx_store *s)
{
	struct nx_sweeper *w = s->sweeper;

	atomic_store(&s->staging, false);
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->work = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void nx_sweeper_stop(struct nx_store *s)
{
	struct nx_sweeper *w = s->sweeper;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
	s->sweeper = NULL;
}
