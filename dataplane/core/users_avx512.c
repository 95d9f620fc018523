/* The user table's reader (users_probe.c) with AVX-512: eight keys are hashed and placed at once,
 * and a bucket is one register.
 *
 * A bucket is loaded by one instruction, which C's memory model has no word for. It is as good as
 * eight relaxed loads: processors with AVX read every aligned 16 bytes whole (Intel SDM vol. 3A,
 * 9.1.1; AMD APM vol. 2, 7.3.2) and make wider loads of such parts, and no slot crosses one. The
 * instruction is written out so that no compiler reads twice or in pieces. */
#include "dataplane/core/users_probe.h"

#ifdef USERS_WIDE
#define XXH_INLINE_ALL
#include <immintrin.h>
#include <xxhash.h>

#include "dataplane/core/bytes.h"

#define WIDE  __attribute__((target("avx512f,avx512bw,avx512dq")))
#define INTO  static inline __attribute__((always_inline))
#define LANES 8

/* Of eight values, one from each query. */
#define EACH(of)                                                                               \
	_mm512_setr_epi64((long long)(of(q[0])), (long long)(of(q[1])), (long long)(of(q[2])), \
		(long long)(of(q[3])), (long long)(of(q[4])), (long long)(of(q[5])),           \
		(long long)(of(q[6])), (long long)(of(q[7])))
#define TABLE(q)      (uintptr_t)(q).table
#define LEN(q)        (q).len
#define FIRST_WORD(q) nx_bytes_word((q).key)
#define LAST_WORD(q)  nx_bytes_word((const char *)(q).key + (q).len - sizeof(uint64_t))
#define HASH_LO(q)    (q).hash.lo
#define HASH_HI(q)    (q).hash.hi

struct lanes_hash {
	__m512i lo, hi;
};

/* All is put INTO the functions at the end: the constants of a burst stay in registers. */
WIDE INTO __m512i all(uint64_t v)
{
	return _mm512_set1_epi64((long long)v);
}

/* ---- hash ---- */

/* The lengths that XXH3 treats as two words, which may overlap: those of most numbers. */
WIDE INTO bool is_usual(__m512i len)
{
	return !_mm512_cmpgt_epu64_mask(_mm512_sub_epi64(len, all(9)), all(16 - 9));
}

/* The 128 bits of a * b. */
WIDE INTO struct lanes_hash multiply(__m512i a, uint64_t b)
{
	const __m512i half = all(UINT32_MAX), b_lo = all(b), b_hi = all(b >> 32);
	const __m512i a_hi = _mm512_srli_epi64(a, 32);
	const __m512i cross = _mm512_mul_epu32(a, b_hi);
	__m512i middle = _mm512_srli_epi64(_mm512_mul_epu32(a, b_lo), 32);

	middle = _mm512_add_epi64(middle, _mm512_and_si512(cross, half));
	middle = _mm512_add_epi64(middle, _mm512_mul_epu32(a_hi, b_lo));
	return (struct lanes_hash){
		.lo = _mm512_mullo_epi64(a, b_lo),
		.hi = _mm512_add_epi64(_mm512_add_epi64(_mm512_mul_epu32(a_hi, b_hi),
					       _mm512_srli_epi64(cross, 32)),
			_mm512_srli_epi64(middle, 32)),
	};
}

WIDE INTO __m512i bytes_reversed(__m512i v)
{
	return _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0,
					      15, 14, 13, 12, 11, 10, 9, 8)));
}

WIDE INTO __m512i avalanche(__m512i v)
{
	v = _mm512_xor_si512(v, _mm512_srli_epi64(v, 37));
	v = _mm512_mullo_epi64(v, all(0x165667919e3779f9));
	return _mm512_xor_si512(v, _mm512_srli_epi64(v, 32));
}

/* XXH3-128 of keys of 9 to 16 bytes (xxhash.h, XXH3_len_9to16_128b, without a seed). */
WIDE INTO struct lanes_hash hash(const uint8_t *secret, const struct nx_users_query q[])
{
	const uint64_t flip_lo = nx_bytes_word(secret + 32) ^ nx_bytes_word(secret + 40);
	const uint64_t flip_hi = nx_bytes_word(secret + 48) ^ nx_bytes_word(secret + 56);
	const __m512i first = EACH(FIRST_WORD), last = EACH(LAST_WORD);
	const __m512i len = _mm512_sub_epi64(EACH(LEN), all(1));
	__m512i high = _mm512_xor_si512(last, all(flip_hi));
	struct lanes_hash h = multiply(
		_mm512_xor_si512(_mm512_xor_si512(first, last), all(flip_lo)), XXH_PRIME64_1);

	h.lo = _mm512_add_epi64(h.lo, _mm512_slli_epi64(len, 54));
	high = _mm512_add_epi64(high, _mm512_mul_epu32(high, all(XXH_PRIME32_2 - 1)));
	h.hi = _mm512_add_epi64(h.hi, high);
	h.lo = _mm512_xor_si512(h.lo, bytes_reversed(h.hi));
	high = _mm512_mullo_epi64(h.hi, all(XXH_PRIME64_2));
	h = multiply(h.lo, XXH_PRIME64_2);
	h.hi = _mm512_add_epi64(h.hi, high);
	return (struct lanes_hash){.lo = avalanche(h.lo), .hi = avalanche(h.hi)};
}

/* ---- place ---- */

WIDE INTO __m512i words_of(const struct nx_users *t, __m512i shard)
{
	_Alignas(64) uint64_t i[LANES];

	_mm512_store_si512(i, shard);
#define WORD(k) atomic_load_explicit(&t->shard[i[k]], memory_order_acquire)
	return _mm512_setr_epi64((long long)WORD(0), (long long)WORD(1), (long long)WORD(2),
		(long long)WORD(3), (long long)WORD(4), (long long)WORD(5), (long long)WORD(6),
		(long long)WORD(7));
#undef WORD
}

/* users_aim_at for eight keys. */
WIDE INTO void aim_at(
	struct users_aim *aim, size_t i, const struct nx_users *t, struct lanes_hash h)
{
	const __m512i word =
		words_of(t, _mm512_srl_epi64(h.hi, _mm_cvtsi32_si128(64 - t->shard_bits)));
	const __m512i buckets = _mm512_srli_epi64(word, 42);
	const __m512i first = _mm512_srli_epi64(_mm512_slli_epi64(word, 22), 16);
	const __m512i tag = _mm512_and_si512(h.lo, all(NX_SLOT_TAG));
	const __m512i home = _mm512_srli_epi64(
		_mm512_add_epi64(_mm512_mul_epu32(_mm512_srli_epi64(tag, 32), buckets),
			_mm512_srli_epi64(_mm512_mul_epu32(tag, buckets), 32)),
		32);
	const __m512i page =
		_mm512_sub_epi64(_mm512_min_epu64(buckets, all(NX_USERS_PAGE)), all(1));
	const __m512i other = _mm512_xor_si512(
		home, _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(tag, 4), all(1)), page));

	_mm512_store_si512(aim->home + i, _mm512_add_epi64(first, _mm512_slli_epi64(home, 6)));
	_mm512_store_si512(aim->other + i, _mm512_add_epi64(first, _mm512_slli_epi64(other, 6)));
	_mm512_store_si512(aim->tag + i, tag);
}

/* ---- probe ---- */

/* The states of the slots with the tag, 0 in the lanes of all others. */
WIDE INTO __m512i states_of(const struct nx_users_bucket *b, __m512i tag)
{
	__m512i diff;

	__asm__ volatile("vpxorq %1, %2, %0" : "=v"(diff) : "m"(*b), "v"(tag));
	return _mm512_maskz_and_epi64(
		_mm512_testn_epi64_mask(diff, all(NX_SLOT_TAG)), diff, all(NX_SLOT_STATE));
}

/* Of several states any is right, but no mixture is (users_probe.c). */
WIDE INTO enum nx_user_state find(const struct users_aim *aim, size_t i)
{
	const __m512i tag = all(aim->tag[i]);
	const __m512i states =
		_mm512_max_epu64(states_of(aim->home[i], tag), states_of(aim->other[i], tag));
	const __mmask8 there = _mm512_test_epi64_mask(states, states);

	return (enum nx_user_state)_mm512_cvtsi512_si32(_mm512_maskz_compress_epi64(there, states));
}

static struct nx_hash hash_one(const struct nx_users_query *q, bool hashed)
{
	return hashed ? q->hash : nx_users_hash(q->table, q->key, q->len);
}

/* Eight that are not all of one table and of usual lengths are aimed one by one. */
WIDE INTO bool aim_eight(
	struct users_aim *aim, size_t i, const struct nx_users_query q[], bool hashed)
{
	const struct nx_users *t = q[0].table;

	if (_mm512_cmpneq_epu64_mask(EACH(TABLE), all((uintptr_t)t)))
		return false;
	if (hashed)
		aim_at(aim, i, t, (struct lanes_hash){.lo = EACH(HASH_LO), .hi = EACH(HASH_HI)});
	else if (is_usual(EACH(LEN)))
		aim_at(aim, i, t, hash(t->secret, q));
	else
		return false;
	return true;
}

/* n <= USERS_BURST */
WIDE INTO void look(struct nx_users_query q[], size_t n, bool hashed)
{
	struct users_aim aim;

	for (size_t i = 0, end; i < n; i = end) {
		end = i + LANES;
		if (end <= n && aim_eight(&aim, i, q + i, hashed))
			continue;
		end = end < n ? end : n;
		for (size_t k = i; k < end; k++)
			users_aim_at(&aim, k, q[k].table, hash_one(&q[k], hashed));
	}
	users_fetch(&aim, n);
	for (size_t i = 0; i < n; i++) {
		enum nx_user_state state = find(&aim, i);

		if (__builtin_expect(
			    (state == NX_USER_ABSENT) & users_spilled(aim.home[i], aim.tag[i]), 0))
			state = nx_users_probe(q[i].table, hash_one(&q[i], hashed));
		q[i].state = state;
	}
}

WIDE void nx_users_look_up_avx512(struct nx_users_query q[], size_t n)
{
	for (; n > USERS_BURST; n -= USERS_BURST, q += USERS_BURST)
		look(q, USERS_BURST, false);
	look(q, n, false);
}

WIDE void nx_users_probe_burst_avx512(struct nx_users_query q[], size_t n)
{
	for (; n > USERS_BURST; n -= USERS_BURST, q += USERS_BURST)
		look(q, USERS_BURST, true);
	look(q, n, true);
}
#endif
