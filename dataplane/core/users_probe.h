/* What the ways of looking into a user table share (users_probe.c, users_avx512.c). */
#ifndef NX_CORE_USERS_PROBE_H
#define NX_CORE_USERS_PROBE_H

#include <stdbool.h>

#include "nxsip/users.h"

#define USERS_BURST 32 /* lookups whose lines are asked for together */

#ifdef __has_feature
#define USERS_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define USERS_TSAN 1
#else
#define USERS_TSAN 0
#endif

/* TSan could not see the loads of users_avx512.c, and does without. So do tests that lay both ways
 * side by side. */
#if defined(__x86_64__) && !USERS_TSAN && !defined(NX_USERS_PLAIN)
#define USERS_WIDE
void nx_users_look_up_avx512(struct nx_users_query q[], size_t n);
void nx_users_probe_burst_avx512(struct nx_users_query q[], size_t n);
#endif

/* Where the keys of a burst may be. */
struct users_aim {
	_Alignas(64) const struct nx_users_bucket *home[USERS_BURST];
	_Alignas(64) const struct nx_users_bucket *other[USERS_BURST];
	_Alignas(64) uint64_t tag[USERS_BURST];
};

static inline struct nx_users_place users_place(const struct nx_users *t, struct nx_hash h)
{
	return nx_users_place(
		atomic_load_explicit(&t->shard[nx_users_shard_of(t, h)], memory_order_acquire),
		h.lo);
}

static inline void users_aim_at(
	struct users_aim *aim, size_t i, const struct nx_users *t, struct nx_hash h)
{
	struct nx_users_place p = users_place(t, h);

	aim->home[i] = p.home;
	aim->other[i] = p.other;
	aim->tag[i] = h.lo & NX_SLOT_TAG;
}

/* Asks for the lines of a burst, in a loop with nothing else in it: why, users_probe.c says. Always
 * inline: gcc takes a call of what only prefetches for one without effect, and drops it. */
static inline __attribute__((always_inline)) void users_fetch(const struct users_aim *aim, size_t n)
{
#pragma GCC unroll 4
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(aim->home[i]);
		__builtin_prefetch(aim->other[i]);
	}
}

static inline uint64_t users_slot(const struct nx_users_bucket *b, unsigned i)
{
	return atomic_load_explicit(&b->slot[i], memory_order_relaxed);
}

/* Has a key with the class of this tag spilled from the bucket? */
static inline bool users_spilled(const struct nx_users_bucket *b, uint64_t tag)
{
	return users_slot(b, nx_users_spill(tag)) & NX_SLOT_OVERFLOW;
}

#endif
