/* The store's transactions, and the map that they need room in. The map is address space, not disk:
 * it is made larger between transactions, which LMDB allows only while this process has none open;
 * hence map_lock. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/store/header.h"
#include "control/store/store_internal.h"

#define MIB          ((uint64_t)1 << 20)
#define MAP_HEADROOM (64 * MIB) /* what begin keeps free for an ordinary change */

void nx_store_reserve(struct nx_store *s, uint64_t bytes)
{
	atomic_store(&s->want, bytes);
}

/* LMDB unmaps before it maps: a failure would leave no map at all. So the room is tried first. */
static int remap(struct nx_store *s, uint64_t size)
{
	mdb_filehandle_t fd;
	void *probe;
	int rc = mdb_env_get_fd(s->env, &fd);

	if (rc != 0)
		return rc;
	probe = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (probe == MAP_FAILED)
		return errno;
	munmap(probe, size);
	return mdb_env_set_mapsize(s->env, size);
}

/* Makes the map large enough for the next transaction. Where a reader is at work it is left as it
 * is: there is headroom, and what does not fit says so. */
static int grow_map(struct nx_store *s, struct nx_error *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	uint64_t want = atomic_load(&s->want), need;
	int rc;

	if ((rc = mdb_env_info(s->env, &info)) != 0 || (rc = mdb_env_stat(s->env, &stat)) != 0)
		return nx_store_fail(s, rc, "growing", err);
	need = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize +
	       (want > MAP_HEADROOM ? want : MAP_HEADROOM);
	if (need <= info.me_mapsize) {
		atomic_store(&s->want, 0);
		return NX_OK;
	}
	need = (need + need / 4 + MIB - 1) / MIB * MIB;
	if (pthread_rwlock_trywrlock(&s->map_lock) != 0)
		return NX_OK;
	rc = remap(s, need);
	pthread_rwlock_unlock(&s->map_lock);
	if (rc != 0)
		return nx_fail(err, NX_ERR_FULL,
			"the store %s cannot grow to %llu MiB of address space (%s): raise the "
			"limit (ulimit -v, LimitAS=)",
			s->path, (unsigned long long)(need / MIB), mdb_strerror(rc));
	atomic_store(&s->want, 0);
	return NX_OK;
}

static int seal(struct nx_store *s, bool both)
{
	MDB_envinfo info;
	MDB_stat stat;
	mdb_filehandle_t fd;
	unsigned newer;
	int rc;

	if ((rc = mdb_env_info(s->env, &info)) != 0 || (rc = mdb_env_stat(s->env, &stat)) != 0 ||
		(rc = mdb_env_get_fd(s->env, &fd)) != 0)
		return rc;
	newer = info.me_last_txnid % 2;
	if (both && (rc = nx_header_seal(fd, stat.ms_psize, !newer)) != 0)
		return rc;
	if (both && fdatasync(fd) != 0) /* the newer one is not sealed before the older */
		return errno;
	return nx_header_seal(fd, stat.ms_psize, newer);
}

int nx_store_seal_headers(struct nx_store *s)
{
	return seal(s, true);
}

/* Before the next commit the last one's header must be sealed (header.h). */
static int seal_last(struct nx_store *s)
{
	int rc = seal(s, false);

	s->unsealed = rc != 0;
	return rc;
}

int nx_store_txn_begin(struct nx_store *s, MDB_txn **txn)
{
	int rc = s->unsealed ? seal_last(s) : 0;

	return rc == 0 ? mdb_txn_begin(s->env, NULL, 0, txn) : rc;
}

int nx_store_txn_commit(struct nx_store *s, MDB_txn *txn)
{
	int rc = mdb_txn_commit(txn);

	if (rc == 0)
		(void)seal_last(s); /* what fails is tried again at the next beginning */
	return rc;
}

/* LMDB frees a write transaction's cursors with it. */
static void txn_free(struct nx_store_txn *t)
{
	struct nx_store *s = t->store;

	free(t);
	pthread_mutex_unlock(&s->turn);
	atomic_store(&s->writing, false);
}

int nx_store_begin(struct nx_store *s, struct nx_store_txn **out, struct nx_error *err)
{
	struct nx_store_txn *t;
	int rc;

	*out = NULL;
	if (atomic_exchange(&s->writing, true))
		return nx_fail(err, NX_ERR_BUSY, "the store %s is being written", s->path);
	t = calloc(1, sizeof(*t));
	if (!t) {
		atomic_store(&s->writing, false);
		return nx_fail(err, NX_ERR_NOMEM, "the store %s: no memory", s->path);
	}
	t->store = s;
	pthread_mutex_lock(&s->turn);
	if ((rc = grow_map(s, err)) != NX_OK)
		goto fail;
	if ((rc = nx_store_txn_begin(s, &t->txn)) != 0) {
		rc = nx_store_fail(s, rc, "beginning", err);
		goto fail;
	}
	*out = t;
	return NX_OK;
fail:
	txn_free(t);
	return rc;
}

void nx_store_abort(struct nx_store_txn *t)
{
	if (!t)
		return;
	if (t->txn)
		mdb_txn_abort(t->txn);
	txn_free(t);
}

int nx_store_commit(struct nx_store_txn *t, uint64_t *version, struct nx_error *err)
{
	struct nx_store_meta meta;
	int rc;

	if ((rc = nx_store_tally_flush(t, err)) != NX_OK)
		goto out;
	if ((rc = nx_store_meta_get(t, &meta, err)) != NX_OK)
		goto out;
	meta.version++;
	if ((rc = nx_store_meta_put(t, &meta, err)) != NX_OK)
		goto out;
	rc = nx_store_txn_commit(t->store, t->txn);
	t->txn = NULL;
	if (rc != 0)
		rc = nx_store_fail(t->store, rc, "committing", err);
	else if (version)
		*version = meta.version;
out:
	nx_store_abort(t);
	return rc;
}

int nx_store_read_begin(struct nx_store *s, MDB_txn **txn, struct nx_error *err)
{
	int rc;

	pthread_rwlock_rdlock(&s->map_lock);
	rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, txn);
	if (rc == 0)
		return NX_OK;
	pthread_rwlock_unlock(&s->map_lock);
	return nx_store_fail(s, rc, "reading", err);
}

void nx_store_read_end(struct nx_store *s, MDB_txn *txn)
{
	mdb_txn_abort(txn);
	pthread_rwlock_unlock(&s->map_lock);
}
