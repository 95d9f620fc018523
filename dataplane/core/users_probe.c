/* The user table's reader: hash and probe (shape: nxsip/users.h).
 *
 * A burst's lines are asked for in a loop with nothing else in it. Where the TLB does not have the
 * page, as in a table of 10^9 users, a prefetch does not retire before its page walk ends: what
 * stands between two of them decides how many walks are under way at a time. For the same reason
 * what comes before and after is kept short: a burst's walks overlap with as much of it as the
 * processor holds instructions. With AVX-512 they are about half as many (users_avx512.c).
 *
 * A bucket is compared without branches: which of eight slots matches, and whether one does, is
 * random, and a mispredicted branch costs more than the compares it would save.
 *
 * Order of memory: the shard word is read with acquire and leads to a shard that is complete; slots
 * are read relaxed, each whole. A key that was there before the probe began stays where it is for
 * the shard's life, in one of its two buckets or behind overflow bits that were set before it was
 * stored and are never cleared: it is found on whatever interleaving. A probe that begins again may
 * read a newer shard. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/core/bytes.h"
#include "dataplane/core/users_probe.h"

static inline __attribute__((always_inline)) struct nx_hash hash_of(
	const struct nx_users *t, const void *key, size_t len)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(key, len, t->secret, sizeof(t->secret));

	return (struct nx_hash){.lo = h.low64, .hi = h.high64};
}

static out_of_line struct nx_hash hash_any(const struct nx_users *t, const void *key, size_t len)
{
	return hash_of(t, key, len);
}

/* The lengths of most numbers are one case of XXH3, which inlined alone needs no stack. */
__attribute__((flatten)) struct nx_hash nx_users_hash(
	const struct nx_users *t, const void *key, size_t len)
{
	return len > 8 && len <= 16 ? hash_of(t, key, len) : hash_any(t, key, len);
}

static inline uint64_t either(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Returns the state of the tag in the bucket, 0 where it is not. A tag stands in one live slot at
 * most; but one that is deleted and put again elsewhere while a probe goes by can be seen twice.
 * Then any of its states was true, and no mixture: known and gone do not make a head number. */
static inline uint64_t bucket_find(const struct nx_users_bucket *b, uint64_t tag)
{
	uint64_t state = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
		uint64_t diff = users_slot(b, i) ^ tag;

		state = either(state, diff & NX_SLOT_STATE & -(uint64_t)(diff <= ~NX_SLOT_TAG));
	}
	return state;
}

/* Looks in the buckets behind the home, which others have spilled from. */
static out_of_line enum nx_user_state probe_on(struct nx_users_place p, uint64_t tag)
{
	const struct nx_users_bucket *b = p.home;
	uint64_t state;

	do {
		b = b + 1 == p.end ? p.first : b + 1;
		state = bucket_find(b, tag);
	} while (state == NX_USER_ABSENT && users_spilled(b, tag) && b != p.home);
	return (enum nx_user_state)state;
}

enum nx_user_state nx_users_probe(const struct nx_users *t, struct nx_hash h)
{
	struct nx_users_place p = users_place(t, h);
	uint64_t tag = h.lo & NX_SLOT_TAG;
	uint64_t state = either(bucket_find(p.home, tag), bucket_find(p.other, tag));

	if (state == NX_USER_ABSENT && users_spilled(p.home, tag))
		return probe_on(p, tag);
	return (enum nx_user_state)state;
}

static void probe_plain(struct nx_users_query q[], size_t n)
{
	for (size_t done = 0, len; done < n; done += len, q += len) {
		struct users_aim aim;

		len = n - done < USERS_BURST ? n - done : USERS_BURST;
		for (size_t i = 0; i < len; i++)
			users_aim_at(&aim, i, q[i].table, q[i].hash);
		users_fetch(&aim, len);
		for (size_t i = 0; i < len; i++)
			q[i].state = nx_users_probe(q[i].table, q[i].hash);
	}
}

static void look_up_plain(struct nx_users_query q[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		q[i].hash = nx_users_hash(q[i].table, q[i].key, q[i].len);
	probe_plain(q, n);
}

static void (*look_up)(struct nx_users_query q[], size_t n) = look_up_plain;
static void (*probe)(struct nx_users_query q[], size_t n) = probe_plain;

#ifdef USERS_WIDE
__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq"))
		return;
	look_up = nx_users_look_up_avx512;
	probe = nx_users_probe_burst_avx512;
}
#endif

void nx_users_look_up(struct nx_users_query q[], size_t n)
{
	look_up(q, n);
}

void nx_users_probe_burst(struct nx_users_query q[], size_t n)
{
	probe(q, n);
}
