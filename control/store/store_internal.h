/* What the store's files share: the environment, its tables, and how records are coded.
 * Every value opens with a byte that names the version of its layout. */
#ifndef NX_CONTROL_STORE_INTERNAL_H
#define NX_CONTROL_STORE_INTERNAL_H

#include <endian.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "control/store/store.h"

#define NX_STORE_VALUE_V1 1

enum nx_store_dbi {
	NX_DBI_META,    /* "meta" -> struct nx_store_meta */
	NX_DBI_DOMAINS, /* id */
	NX_DBI_RANGES,  /* domain id, prefix */
	NX_DBI_RULES,   /* id */
	NX_DBI_SOURCES, /* address, length */
	NX_DBI_USERS,   /* domain id, canonical key */
	NX_DBI_TALLIES, /* domain id -> struct nx_tally */
	NX_DBI_N
};

struct nx_store {
	MDB_env *env;
	MDB_dbi dbi[NX_DBI_N];
	char *path;
	int lock_fd;
	atomic_bool writing;  /* a write transaction is open */
	pthread_mutex_t turn; /* to write: ours or the sweeper's */
	atomic_bool staging;  /* a stage is open, or what it replaced is still looked at */
	struct nx_sweeper *sweeper;
	bool unsealed;              /* the last header's seal could not be written */
	bool is_new;                /* its first transaction has not been seen to its end */
	struct nx_check *check;     /* of the users, not yet made; NULL: made */
	atomic_int users_state;     /* NX_OK, NX_ERR_BUSY: not yet checked, NX_ERR_CORRUPT */
	atomic_uint_least64_t want; /* bytes the next begin makes room for */
	pthread_rwlock_t map_lock;  /* readers share it; growing the map excludes them */
};

struct nx_store_txn {
	struct nx_store *store;
	MDB_txn *txn;
	MDB_cursor *users;
	uint32_t tally_domain; /* whose users were changed, 0: none */
	struct nx_tally tally; /* what the changes come to, modulo all */
};

/* nx_store_fail turns an LMDB or errno code into a code of ours and a sentence; what: the doing
 * that failed ("write a user"). A full map also asks the next begin for more room. */
int nx_store_fail(struct nx_store *s, int rc, const char *what, struct nx_error *err);

/* nx_store_users_ready: NX_ERR_BUSY until the users' pages were checked, NX_ERR_CORRUPT for good
 * where they are damaged. */
int nx_store_users_ready(struct nx_store *s, struct nx_error *err);

/* nx_store_txn_begin and _commit: LMDB's own, with the seal of the header that a commit writes; the
 * turn is the caller's.  Return: 0 or LMDB's. */
int nx_store_txn_begin(struct nx_store *s, MDB_txn **txn);
int nx_store_txn_commit(struct nx_store *s, MDB_txn *txn);

/* nx_store_seal_headers seals both headers, which were checked, or made just now, before the first
 * transaction.  Return: 0 or LMDB's. */
int nx_store_seal_headers(struct nx_store *s);

/* nx_store_read_begin opens a consistent snapshot; while it is open the map cannot grow. */
int nx_store_read_begin(struct nx_store *s, MDB_txn **txn, struct nx_error *err);
void nx_store_read_end(struct nx_store *s, MDB_txn *txn);

/* nx_store_put_sealed writes a small record; nx_store_unseal says whether one that was read is as
 * it was written, and takes the seal off. */
int nx_store_put_sealed(struct nx_store_txn *t, enum nx_store_dbi dbi, MDB_val key, MDB_val value,
	const char *what, struct nx_error *err);
bool nx_store_unseal(enum nx_store_dbi dbi, const MDB_val *key, MDB_val *value);

/* nx_store_bad_record: NX_ERR_CORRUPT, what: the kind of record that cannot be read. */
int nx_store_bad_record(struct nx_store *s, const char *what, struct nx_error *err);

/* nx_store_tally_user notes a user's change of state (0: absent); _flush writes the notes; _set
 * puts what a domain's users come to in the place of all notes. */
int nx_store_tally_user(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	uint8_t old_state, uint8_t state, struct nx_error *err);
int nx_store_tally_flush(struct nx_store_txn *t, struct nx_error *err);
int nx_store_tally_set(struct nx_store_txn *t, uint32_t domain, const struct nx_tally *tally,
	struct nx_error *err);

/* nx_store_tally_read: zero where nothing was ever noted. */
int nx_store_tally_read(struct nx_store *s, MDB_txn *txn, uint32_t domain, struct nx_tally *out,
	struct nx_error *err);

/* nx_store_user_append writes a user behind all others in the store; the tally is the caller's. */
int nx_store_user_append(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_error *err);

/* A domain's users one by one within a write transaction, those behind `after` (NULL: all), in key
 * order. It ends with the transaction, which may write other domains' users meanwhile.
 * nx_user_cursor_next: 1, 0 at the end, or an error. */
struct nx_user_cursor {
	struct nx_store *store;
	MDB_cursor *at;
	uint32_t domain;
	bool ahead; /* it stands on the next one already */
	bool end;
};
int nx_user_cursor_open(struct nx_store_txn *t, uint32_t domain, const struct nx_key *after,
	struct nx_user_cursor *c, struct nx_error *err);
int nx_user_cursor_next(struct nx_user_cursor *c, struct nx_key *key, struct nx_user_record *rec,
	struct nx_error *err);

/* nx_store_domain_id finds a domain by its name. Error: NX_ERR_NOT_FOUND. */
int nx_store_domain_id(
	struct nx_store *s, MDB_txn *txn, const char *name, uint32_t *id, struct nx_error *err);

/* nx_store_domain_move gives a domain, its ranges and rules another id; its users stay behind. */
int nx_store_domain_move(struct nx_store_txn *t, uint32_t from, uint32_t to, struct nx_error *err);

/* The sweeper's thread (sweep.c). */
int nx_sweeper_start(struct nx_store *s);
void nx_sweeper_stop(struct nx_store *s);

/* nx_store_meta_read: NX_ERR_NOT_FOUND in a new store. */
int nx_store_meta_read(
	struct nx_store *s, MDB_txn *txn, struct nx_store_meta *m, struct nx_error *err);

static inline void nx_put_be32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t nx_get_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void nx_put_be64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint64_t nx_get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

#endif
