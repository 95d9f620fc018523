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
	NX_DBI_COUNTS,  /* domain id -> number of users */
	NX_DBI_N
};

struct nx_store {
	MDB_env *env;
	MDB_dbi dbi[NX_DBI_N];
	char *path;
	int lock_fd;
	atomic_bool writing;        /* a write transaction is open */
	atomic_uint_least64_t want; /* bytes the next begin makes room for */
	pthread_rwlock_t map_lock;  /* readers share it; growing the map excludes them */
};

struct nx_store_txn {
	struct nx_store *store;
	MDB_txn *txn;
	MDB_cursor *users;
	uint32_t count_domain; /* whose users were added or removed, by count_delta, 0: none */
	int64_t count_delta;
};

/* nx_store_fail turns an LMDB or errno code into a code of ours and a sentence; what: the doing
 * that failed ("write a user"). A full map also asks the next begin for more room. */
int nx_store_fail(struct nx_store *s, int rc, const char *what, struct nx_error *err);

/* nx_store_read_begin opens a consistent snapshot; while it is open the map cannot grow. */
int nx_store_read_begin(struct nx_store *s, MDB_txn **txn, struct nx_error *err);
void nx_store_read_end(struct nx_store *s, MDB_txn *txn);

/* nx_store_count_add notes n more (or fewer) users of a domain; _flush writes the note. */
int nx_store_count_add(struct nx_store_txn *t, uint32_t domain, int64_t n, struct nx_error *err);
int nx_store_count_flush(struct nx_store_txn *t, struct nx_error *err);

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
