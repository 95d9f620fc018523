/* The user table: who exists (known), who is globally gone, who is a head number.
 * One table per domain, in shards; a shard is an array of 64-byte buckets of eight 8-byte slots; a
 * slot holds 60 bits of the key's hash and a state, and changes by one atomic store. Readers are
 * wait-free. The full keys are in the store, not here.
 *
 * A key has two buckets, home and other, and is put into the one with more room: so shards can be
 * nine tenths full, and hardly a key lies elsewhere. Both are in one page of memory: in a large
 * table a lookup waits for the page walk above all, and shares it between them.
 *
 * hash (128 bits, keyed): high 64: shard index (top shard_bits); low 64: slot bits.
 *
 * slot: [63..4] stored hash bits; [3] a key of this slot's class spilled; [1..0] state, 0: empty.
 *
 * shard word: [63..42] buckets; [41..0] address >> 6. Pointer and size are read by one load.
 *
 * home bucket in shard: multiply-shift of the stored bits, so a shard can be rebuilt at any size
 * from its own slots, without the keys. The lowest stored bits choose the other bucket.
 *
 * A key whose two buckets are full spills to the first behind its home (wrapping) that is not, and
 * leaves a bit behind in the home and in each that it passed by, one of eight: the stored bits
 * choose which, so that seven of eight misses there still read two lines. The bit stays, also when
 * slots fall empty, until the shard is rebuilt: whoever spilled is found.
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
#define NX_USERS_PAGE       64  /* buckets of which two are a key's: 4 KiB */
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

/* nx_users_home gives the bucket where a key belongs, and nx_users_other the second one: in the
 * same page, and not the same one unless the shard has no other. A shard is whole pages, or less
 * than one and a power of two. nx_users_spill gives in which slot of a full bucket its overflow bit
 * stands. */
static inline uint64_t nx_users_home(uint64_t lo, uint64_t buckets)
{
	return (uint64_t)(((unsigned __int128)(lo & NX_SLOT_TAG) * buckets) >> 64);
}

static inline uint64_t nx_users_other(uint64_t lo, uint64_t home, uint64_t buckets)
{
	uint64_t page = buckets < NX_USERS_PAGE ? buckets : NX_USERS_PAGE;

	return home ^ ((lo >> 4 | 1) & (page - 1));
}

static inline unsigned nx_users_spill(uint64_t lo)
{
	return lo >> 10 & (NX_USERS_SLOTS - 1);
}

/* The buckets of a key, and the shard that they are in. */
struct nx_users_place {
	const struct nx_users_bucket *home, *other, *first, *end;
};

/* nx_users_place finds them.  In: word: the shard's. */
static inline struct nx_users_place nx_users_place(uint64_t word, uint64_t lo)
{
	uint64_t buckets = word >> 42, home = nx_users_home(lo, buckets);
	const struct nx_users_bucket *first =
		(const void *)(uintptr_t)((word & ((UINT64_C(1) << 42) - 1)) << 6);

	return (struct nx_users_place){
		.home = first + home,
		.other = first + nx_users_other(lo, home, buckets),
		.first = first,
		.end = first + buckets,
	};
}

/* nx_users_probe returns the state of the key with hash h.
 * Thread: worker, RCU online (or the writer); never blocks or allocates.  Error: none; absence is
 * an answer. */
enum nx_user_state nx_users_probe(const struct nx_users *t, struct nx_hash h);

/* One of a burst of lookups. */
struct nx_users_query {
	const struct nx_users *table; /* in: the replica to look into */
	const void *key;              /* in, for nx_users_look_up */
	size_t len;
	struct nx_hash hash;      /* in, for nx_users_probe_burst */
	enum nx_user_state state; /* out */
};

/* nx_users_look_up finds the states of keys, nx_users_probe_burst those of hashes: the memory that
 * all of them need is asked for before any is looked at, so that a burst waits for it once.
 * Thread: as nx_users_probe. */
void nx_users_look_up(struct nx_users_query q[], size_t n);
void nx_users_probe_burst(struct nx_users_query q[], size_t n);

#endif
