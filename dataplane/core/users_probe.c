/* The user table's reader: hash and probe (shape: nxsip/users.h).
 *
 * A burst's lines are asked for in a loop with nothing else in it. Where the TLB does not have the
 * page, as in a table of 10^9 users, a prefetch does not retire before its page walk ends: what
 * stands between two of them decides how many walks are under way at a time. For the same reason
 * the loops before and after are kept short: they are what a burst's walks do not overlap with.
 *
 * A bucket is compared without branches: which of eight slots matches, and whether one does, is
 * random, and a mispredicted branch costs more than the compares it would save. With AVX-512 the
 * eight are one vector.
 *
 * Order of memory: the shard word is read with acquire and leads to a shard that is complete; slots
 * are read relaxed, each whole. A key that was there before the probe began stays where it is for
 * the shard's life, behind overflow bits that were set before it was stored and are never cleared:
 * it is found on whatever interleaving. A probe that begins again may read a newer shard.
 *
 * The vector is loaded from an aligned line by one instruction, which C's memory model has no word
 * for. It is as good as eight relaxed loads: processors with AVX read every aligned 16 bytes whole
 * (Intel SDM vol. 3A, 9.1.1; AMD APM vol. 2, 7.3.2) and make wider loads of such parts, and no slot
 * crosses one. The instruction is written out so that no compiler reads twice or in pieces. TSan
 * could not see it, so its builds go without; so do tests that lay both ways side by side
 * (NX_USERS_PLAIN). */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/core/bytes.h"
#include "nxsip/users.h"

#ifdef __has_feature
#define HAS_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#else
#define HAS_TSAN 0
#endif

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
static inline __attribute__((always_inline)) struct nx_hash hash_usual(
	const struct nx_users *t, const void *key, size_t len)
{
	return len > 8 && len <= 16 ? hash_of(t, key, len) : hash_any(t, key, len);
}

__attribute__((flatten)) struct nx_hash nx_users_hash(
	const struct nx_users *t, const void *key, size_t len)
{
	return hash_usual(t, key, len);
}

__attribute__((flatten)) void nx_users_hash_burst(struct nx_users_query q[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		q[i].hash = hash_usual(q[i].table, q[i].key, q[i].len);
}

static inline uint64_t slot_load(const struct nx_users_bucket *b, unsigned i)
{
	return atomic_load_explicit(&b->slot[i], memory_order_relaxed);
}

static inline const struct nx_users_bucket *home_of(
	const struct nx_users *t, struct nx_hash h, uint64_t *word)
{
	uint64_t nb;

	*word = atomic_load_explicit(&t->shard[nx_users_shard_of(t, h)], memory_order_acquire);
	return nx_users_bucket_of(*word, h.lo, &nb);
}

static inline bool has_spilled(const struct nx_users_bucket *b, struct nx_hash h)
{
	return slot_load(b, nx_users_spill(h.lo)) & NX_SLOT_OVERFLOW;
}

/* Returns the state of the tag in the bucket, 0 where it is not: a tag stands in one live slot at
 * most, so OR-ing the states of all that match is picking the one. */
static inline enum nx_user_state bucket_find(const struct nx_users_bucket *b, uint64_t tag)
{
	uint64_t state = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
		uint64_t diff = slot_load(b, i) ^ tag;

		state |= diff & -(uint64_t)(diff <= ~NX_SLOT_TAG);
	}
	return (enum nx_user_state)(state & NX_SLOT_STATE);
}

/* Looks in the buckets behind the home b, which others have spilled from. */
static out_of_line enum nx_user_state probe_on(
	uint64_t word, const struct nx_users_bucket *b, struct nx_hash h)
{
	uint64_t nb;
	const struct nx_users_bucket *first = nx_users_bucket_of(word, 0, &nb);

	for (uint64_t n = 1; n < nb; n++) {
		enum nx_user_state state;

		b = b + 1 == first + nb ? first : b + 1;
		state = bucket_find(b, h.lo & NX_SLOT_TAG);
		if (state != NX_USER_ABSENT)
			return state;
		if (!has_spilled(b, h))
			break;
	}
	return NX_USER_ABSENT;
}

enum nx_user_state nx_users_probe(const struct nx_users *t, struct nx_hash h)
{
	uint64_t word;
	const struct nx_users_bucket *b = home_of(t, h, &word);
	enum nx_user_state state = bucket_find(b, h.lo & NX_SLOT_TAG);

	return state == NX_USER_ABSENT && has_spilled(b, h) ? probe_on(word, b, h) : state;
}

/* One key in twenty lies behind its home and would wait for a line alone, so the next one comes
 * along. */
static inline __attribute__((always_inline)) void fetch_homes(struct nx_users_query q[], size_t n)
{
	uint64_t word;

	for (size_t i = 0; i < n; i++)
		q[i].home = home_of(q[i].table, q[i].hash, &word);
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(q[i].home);
		__builtin_prefetch(q[i].home + 1);
	}
}

static void probe_plain(struct nx_users_query q[], size_t n)
{
	fetch_homes(q, n);
	for (size_t i = 0; i < n; i++)
		q[i].state = nx_users_probe(q[i].table, q[i].hash);
}

#if defined(__x86_64__) && !HAS_TSAN && !defined(NX_USERS_PLAIN)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void probe_wide(struct nx_users_query q[], size_t n)
{
	const __m512i tag = _mm512_set1_epi64((long long)NX_SLOT_TAG);
	const __m512i live = _mm512_set1_epi64(NX_SLOT_STATE);
	__m512i diff;
	__mmask8 at;

	fetch_homes(q, n);
	for (size_t i = 0; i < n; i++) {
		const struct nx_hash h = q[i].hash;
		enum nx_user_state state;

		__asm__ volatile(
			"vpxorq %1, %2, %0"
			: "=v"(diff)
			: "m"(*q[i].home), "v"(_mm512_set1_epi64((long long)(h.lo & NX_SLOT_TAG))));
		at = _mm512_mask_test_epi64_mask(
			_mm512_testn_epi64_mask(diff, tag), diff, live); /* one bit, or none */
		diff = _mm512_maskz_compress_epi64(at, diff);
		state = (enum nx_user_state)(
			(uint32_t)_mm512_cvtsi512_si32(diff) & (uint32_t)NX_SLOT_STATE);
		if (__builtin_expect((state == NX_USER_ABSENT) & has_spilled(q[i].home, h), false))
			state = nx_users_probe(q[i].table, h);
		q[i].state = state;
	}
}

static void (*probe)(struct nx_users_query q[], size_t n) = probe_plain;

__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		probe = probe_wide;
}

void nx_users_probe_burst(struct nx_users_query q[], size_t n)
{
	probe(q, n);
}
#else
void nx_users_probe_burst(struct nx_users_query q[], size_t n)
{
	probe_plain(q, n);
}
#endif
