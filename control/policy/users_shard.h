/* One shard of a user table, as its writer sees it: a line of its own in front of the buckets,
 * which readers never touch. */
#ifndef NX_CONTROL_USERS_SHARD_H
#define NX_CONTROL_USERS_SHARD_H

#include <stdbool.h>

#include "nxsip/users.h"

#define NX_SHARD_BUCKETS_MAX ((UINT64_C(1) << 22) - 1) /* what the shard word has room for */

struct nx_shard {
	uint64_t buckets;
	uint64_t live;         /* slots in use */
	uint64_t deleted;      /* since it was built: what may have left overflow bits behind */
	struct nx_shard *next; /* in the list of the retired */
	_Alignas(64) struct nx_users_bucket bucket[];
};

/* nx_shard_create makes an empty shard, 1 <= buckets <= NX_SHARD_BUCKETS_MAX; NULL: no memory. */
struct nx_shard *nx_shard_create(uint64_t buckets);
void nx_shard_free(struct nx_shard *s);
uint64_t nx_shard_bytes(const struct nx_shard *s);

/* nx_shard_word and nx_shard_of convert between a shard and what readers load. */
uint64_t nx_shard_word(const struct nx_shard *s);
struct nx_shard *nx_shard_of(uint64_t word);

/* nx_shard_buckets_for returns the size at which n users fill 3/4 of a shard. */
uint64_t nx_shard_buckets_for(uint64_t n);

/* nx_shard_is_full says whether one user more would pass the load limit. */
bool nx_shard_is_full(const struct nx_shard *s);

/* nx_shard_is_stale says whether so much was deleted that rebuilding pays. */
bool nx_shard_is_stale(const struct nx_shard *s);

/* nx_shard_find returns the live slot that holds the tag of lo, or NULL. */
_Atomic uint64_t *nx_shard_find(struct nx_shard *s, uint64_t lo);

/* nx_shard_insert puts a tag that is not there into the first empty slot of its path; the shard is
 * not full. nx_shard_update changes a live slot's state, NX_USER_ABSENT empties it. Both by one
 * atomic store a slot, under running readers. */
void nx_shard_insert(struct nx_shard *s, uint64_t lo, enum nx_user_state state);
void nx_shard_update(struct nx_shard *s, _Atomic uint64_t *slot, enum nx_user_state state);

/* nx_shard_rebuild returns a new shard with the same users and no overflow bit left over; s stays
 * as it is.  NULL: no memory. */
struct nx_shard *nx_shard_rebuild(struct nx_shard *s, uint64_t buckets);

#endif
