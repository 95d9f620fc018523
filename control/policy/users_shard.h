/* One shard of a user table, as its writer sees it, and the ladder of sizes a shard can have. */
#ifndef NX_CONTROL_USERS_SHARD_H
#define NX_CONTROL_USERS_SHARD_H

#include <stdbool.h>

#include "nxsip/users.h"

#define NX_SHARD_BUCKETS_MAX (127 << 15) /* the ladder's last; the word has room for 2^22 - 1 */

struct nx_shard {
	struct nx_users_bucket *bucket;
	uint32_t buckets; /* a size of the ladder */
	uint32_t place;   /* in the arena of that size */
	uint32_t live;    /* slots in use */
	uint32_t deleted; /* since it was built: what may have left overflow bits behind */
};

/* nx_shard_word is what readers load of a shard. */
uint64_t nx_shard_word(const struct nx_shard *s);

/* nx_shard_size_up returns the least size of the ladder that has so many buckets. */
uint32_t nx_shard_size_up(uint64_t buckets);

/* nx_shard_buckets_for returns the least size that n users fill to 11/15 at most, so that a shard
 * that grows does so by a fifth; nx_shard_buckets_expecting, to 5/6: where so many are to come, and
 * the shards get some more or fewer each. */
uint32_t nx_shard_buckets_for(uint64_t n);
uint32_t nx_shard_buckets_expecting(uint64_t n);

/* nx_shard_wants_room says whether one user more would pass the load limit; nx_shard_wants_rebuild,
 * whether so much was deleted that rebuilding pays, in memory or in overflow bits. */
bool nx_shard_wants_room(const struct nx_shard *s);
bool nx_shard_wants_rebuild(const struct nx_shard *s);

/* nx_shard_prefetch starts the loads that finding or inserting the tag of lo needs. Always inline:
 * gcc takes a call of what only prefetches for one without effect, and drops it. */
static inline __attribute__((__always_inline__)) void nx_shard_prefetch(
	const struct nx_shard *s, uint64_t lo)
{
	uint64_t home = nx_users_home(lo, s->buckets);

	__builtin_prefetch(s->bucket + home, 1);
	__builtin_prefetch(s->bucket + nx_users_other(lo, home, s->buckets), 1);
}

/* nx_shard_find returns the live slot that holds the tag of lo, or NULL. */
_Atomic uint64_t *nx_shard_find(const struct nx_shard *s, uint64_t lo);

/* nx_shard_insert puts a tag that is not there into the first empty slot of its path; the shard is
 * not full. nx_shard_update changes a live slot's state, NX_USER_ABSENT empties it. Both by one
 * atomic store a slot, under running readers. */
void nx_shard_insert(struct nx_shard *s, uint64_t lo, enum nx_user_state state);
void nx_shard_update(struct nx_shard *s, _Atomic uint64_t *slot, enum nx_user_state state);

/* nx_shard_fill puts the users of `from` into a shard that is empty and in nobody's sight; used:
 * room for a byte for each of its buckets. */
void nx_shard_fill(struct nx_shard *s, const struct nx_shard *from, uint8_t *used);

#endif
