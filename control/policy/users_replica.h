/* One replica of a user table, and the writer's half of it, which readers never see. The table is
 * one or more of them (users.c); each knows of the others only where the next one is. One thread at
 * a time. */
#ifndef NX_CONTROL_USERS_REPLICA_H
#define NX_CONTROL_USERS_REPLICA_H

#include "control/policy/users_arena.h"
#include "control/policy/users_shard.h"

struct nx_users_writer {
	struct nx_users *next;   /* replica of the table; NULL: this is the last */
	uint64_t count[4];       /* users by state; the table's, in its first replica */
	uint64_t retired;        /* bytes that wait for a grace period */
	struct nx_arena *arenas; /* one for each size a shard has */
	struct nx_mem words;     /* of the shard words, where they are many; else on the heap */
	int node;                /* NUMA node that is preferred, or NX_NODE_ANY */
	uint8_t *scratch;        /* for a rebuild: a byte a bucket */
	uint32_t scratch_len;
	struct nx_shard shard[]; /* beside the table's shard words */
};

/* nx_replica_create makes an empty one with shards of so many buckets, in a node's memory where it
 * can be had.  Error: NX_ERR_NOMEM.
 * nx_replica_destroy frees it at once: only when no reader can hold it. */
int nx_replica_create(const uint8_t secret[NX_USERS_SECRET_LEN], uint8_t shard_bits,
	uint32_t buckets, int node, struct nx_users **out);
void nx_replica_destroy(struct nx_users *r);

/* nx_replica_make_room sees to it that shard i has room for one user more.
 * Error: NX_ERR_NOMEM, NX_ERR_FULL (it is at its largest); the users are the same in every case.
 * nx_replica_shrink rebuilds shard i where so much was deleted that it pays, and memory allows. */
int nx_replica_make_room(struct nx_users *r, size_t i);
void nx_replica_shrink(struct nx_users *r, size_t i);

/* nx_replica_reclaim: what nx_users_reclaim does, and nx_replica_bytes, what nx_users_bytes counts,
 * of this one. */
void nx_replica_reclaim(struct nx_users *r);
uint64_t nx_replica_bytes(const struct nx_users *r);

#endif
