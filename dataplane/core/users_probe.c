/* The user table's reader: hash and probe (shape: nxsip/users.h).
 *
 * A bucket is compared without branches: which of eight slots matches is random, and a mispredicted
 * branch costs more than the seven compares it would save. A tag stands in one live slot at most,
 * so OR-ing the states of all that match is picking the one.
 *
 * Order of memory: the shard word is read with acquire and leads to a shard that is complete; slots
 * are read relaxed, each whole. A key that was there before the probe began stays where it is for
 * the shard's life, behind overflow bits that were set before it was stored and are never cleared:
 * it is found on whatever interleaving. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "nxsip/users.h"

struct nx_hash nx_users_hash(const struct nx_users *t, const void *key, size_t len)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(key, len, t->secret, sizeof(t->secret));

	return (struct nx_hash){.lo = h.low64, .hi = h.high64};
}

static inline uint64_t slot_load(const struct nx_users_bucket *b, unsigned i)
{
	return atomic_load_explicit(&b->slot[i], memory_order_relaxed);
}

/* Returns the state of the tag in the bucket, 0 where it is not. */
static inline uint64_t bucket_find(const struct nx_users_bucket *b, uint64_t tag)
{
	uint64_t state = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
		uint64_t diff = slot_load(b, i) ^ tag;

		state |= diff & -(uint64_t)(diff <= ~NX_SLOT_TAG);
	}
	return state & NX_SLOT_STATE;
}

enum nx_user_state nx_users_probe(const struct nx_users *t, struct nx_hash h)
{
	uint64_t word =
		atomic_load_explicit(&t->shard[nx_users_shard_of(t, h)], memory_order_acquire);
	uint64_t nb;
	const struct nx_users_bucket *b = nx_users_bucket_of(word, h.lo, &nb);
	const struct nx_users_bucket *first = nx_users_bucket_of(word, 0, &nb);

	for (uint64_t n = 0; n < nb; n++) {
		uint64_t state = bucket_find(b, h.lo & NX_SLOT_TAG);

		if (state)
			return (enum nx_user_state)state;
		if (!(slot_load(b, nx_users_spill(h.lo)) & NX_SLOT_OVERFLOW))
			break;
		b = b + 1 == first + nb ? first : b + 1;
	}
	return NX_USER_ABSENT;
}
