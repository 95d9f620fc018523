/* The user table: who exists (known), who is globally gone, who is a head number.
 * One table per domain, in shards; a shard is an array of 64-byte buckets of eight 8-byte slots; a
 * slot holds 60 bits of the key's hash and a state, and changes by one atomic store. Readers are
 * wait-free. The full keys are in the store, not here.
 *
 * hash (128 bits, keyed): high 64: shard index (top shard_bits); low 64: slot bits.
 *
 * slot: [63..4] stored hash bits; [3] a key of this slot's class spilled; [1..0] state, 0: empty.
 *
 * shard word: [63..42] buckets; [41..0] address >> 6. Pointer and size are read by one load.
 *
 * bucket in shard: multiply-shift of the stored bits, so a shard can be rebuilt at any size from
 * its own slots, without the keys.
 *
 * A key whose bucket is full spills to the next (wrapping) and leaves a bit behind, one of eight:
 * the stored bits choose which, so that seven of eight misses on a full bucket still read one line.
 * The bit stays, also when slots fall empty, until the shard is rebuilt: whoever spilled is found.
 * INSERTION NEVER MOVES A LIVE SLOT: a reader that missed a moved key would give a false 404.
 *
 * A table may have replicas, each in the memory of another NUMA node: the same users, one hash and
 * as many shards, which grow each for itself. Whoever holds the table holds its first replica, and
 * looks users up in the one that nx_users_near gives.
 * Probe: dataplane/core/users_probe.c. Writer: control/policy/users.c. */
#ifndef NXSIP_USERS_H
#define NXSIP_USERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "nxsip/worker.h"

#define NX_USERS_SLOTS      8   /* slots a bucket: one cache line */
#define NX_USERS_SHARD_BITS 13  /* the most: 8,192 shards; 13 + 60 = 73 bits tell keys apart */
#define NX_USERS_SECRET_LEN 192 /* XXH3's default secret size */

enum nx_user_state {
	NX_USER_ABSENT = 0,
	NX_USER_KNOWN = 1,
	NX_USER_GONE = 2,
	NX_USER_HEAD = 3, /* known, and so is every longer number that begins with it (rule 35) */
};

#define NX_SLOT_STATE    ((uint64_t)0x3)
#define NX_SLOT_OVERFLOW ((uint64_t)0x8)
#define NX_SLOT_TAG      (~(uint64_t)0xf)

struct nx_users_bucket {
	_Alignas(64) _Atomic uint64_t slot[NX_USERS_SLOTS]; /* dp: r, ctl: w */
};

struct nx_hash {
	uint64_t lo, hi;
};

struct nx_users {
	_Atomic uint64_t *shard; /* 1 << shard_bits words; dp: r, ctl: w */
	uint8_t shard_bits;      /* >= 1 */
	/* of the first replica: which one each worker reads, at the end control; dp: r; fixed */
	const struct nx_users *near[NX_WORKER_MAX + 1];
	_Alignas(64) uint8_t secret[NX_USERS_SECRET_LEN]; /* dp: r; fixed for the table's life */
	struct nx_users_writer *writer;                   /* ctl only */
};

/* nx_users_near gives the replica that a worker should look into; a table that has no others is
 * its own.  In: t: the first replica. worker: NX_WORKER_MAX for control. */
static inline const struct nx_users *nx_users_near(const struct nx_users *t, unsigned worker)
{
	return t->near[worker];
}

/* nx_users_hash hashes a key with the table's secret (XXH3-128), which its replicas share.
 * Thread: any. */
struct nx_hash nx_users_hash(const struct nx_users *t, const void *key, size_t len);

static inline size_t nx_users_shard_of(const struct nx_users *t, struct nx_hash h)
{
	return h.hi >> (64 - t->shard_bits);
}

/* nx_users_home gives the bucket where a key belongs; nx_users_spill, in which slot of a full
 * bucket its overflow bit stands. */
static inline uint64_t nx_users_home(uint64_t lo, uint64_t buckets)
{
	return (uint64_t)(((unsigned __int128)(lo & NX_SLOT_TAG) * buckets) >> 64);
}

static inline unsigned nx_users_spill(uint64_t lo)
{
	return lo >> 4 & (NX_USERS_SLOTS - 1);
}

static inline struct nx_users_bucket *nx_users_bucket_of(uint64_t word, uint64_t lo, uint64_t *nb)
{
	*nb = word >> 42;
	return (struct nx_users_bucket *)(uintptr_t)((word & ((UINT64_C(1) << 42) - 1)) << 6) +
	       nx_users_home(lo, *nb);
}

/* nx_users_probe returns the state of the key with hash h.
 * Thread: worker, RCU online (or the writer); never blocks or allocates.  Error: none; absence is
 * an answer. */
enum nx_user_state nx_users_probe(const struct nx_users *t, struct nx_hash h);

/* One of a burst of lookups. */
struct nx_users_query {
	const struct nx_users *table; /* in: the replica to look into */
	const void *key;              /* in */
	size_t len;
	struct nx_hash hash;                /* nx_users_hash_burst's, and nx_users_probe_burst's */
	const struct nx_users_bucket *home; /* nx_users_probe_burst's own */
	enum nx_user_state state;           /* out */
};

/* nx_users_hash_burst hashes the keys; nx_users_probe_burst finds the states of what was hashed:
 * the memory that all of them need is asked for before any is looked at, so that a burst waits for
 * it once.  Thread: as nx_users_probe. */
void nx_users_hash_burst(struct nx_users_query q[], size_t n);
void nx_users_probe_burst(struct nx_users_query q[], size_t n);

#endif
