/* NH (RFC 4418, 5.2.2) of a packet's values: 2^-32 universal and the shortest keyed hash that is.
 * The To tag's hash and the transaction memory's ids begin with it. Each value, filled up to 64
 * bytes with zeros, is keyed by a part of the secret of its own, so that none stands for another,
 * and the sums of all are added; no value holds a zero (rule 15), so none looks like a longer one.
 * In place of a longer value than 64 bytes stands its XXH3-64.
 *
 * Here is the way for any machine, and that with SSE2, which gathers values without a branch on
 * their length where the frame has so many bytes behind them; nh_avx512.h has the third. All make
 * the same. Tests build for less than the machine has by NX_NH_PLAIN and NX_NH_SSE2. */
#ifndef NX_CORE_NH_H
#define NX_CORE_NH_H

#include "dataplane/core/bytes.h"
#include "dataplane/core/packet.h"

#define NX_NH_BLOCK 64 /* a value's place, and its part of the secret */

/* The least that a secret has: XXH3 takes so much of it. */
#define NX_NH_SECRET_MIN NX_USERS_SECRET_LEN

#define NX_NH_INLINE static inline __attribute__((__always_inline__))

/* nx_nh_long is what stands for a value longer than its place, as eight little-endian bytes.
 * nx_nh_any is NH of a value of any length by part `part` of the secret. */
uint64_t nx_nh_long(const uint8_t *secret, const struct nx_packet *p, struct nx_span s);
uint64_t nx_nh_any(
	const uint8_t *secret, const struct nx_packet *p, struct nx_span s, unsigned part);

/* Is there what nh_avx512.h needs, and has it been built? */
#if defined(__x86_64__) && !defined(NX_NH_PLAIN) && !defined(NX_NH_SSE2)
#define NX_NH_AVX512
static inline bool nx_nh_has_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}
#else
#define nx_nh_has_avx512() false
#endif

#if defined(__SSE2__) && !defined(NX_NH_PLAIN)
#define NX_NH_VECTOR sizeof(__m128i)

/* Can the len bytes from at on be read? */
static inline bool nx_nh_has_behind(const struct nx_packet *p, const uint8_t *at, size_t len)
{
	return len <= (size_t)(p->frame + p->frame_len - at);
}

/* Returns 16 of a value's place, from its byte i on: the value has n bytes, zeros follow. */
NX_NH_INLINE __m128i nx_nh_load(const uint8_t *at, size_t n, size_t i)
{
	static const uint8_t first[2 * NX_NH_BLOCK] = {[0 ... NX_NH_BLOCK - 1] = 0xff};

	return _mm_and_si128(nx_bytes_block(at + i), nx_bytes_block(first + NX_NH_BLOCK - n + i));
}

NX_NH_INLINE uint64_t nx_nh_of(
	const uint8_t *secret, const struct nx_packet *p, struct nx_span s, unsigned part)
{
	const uint8_t *at = nx_span_at(p, s), *key = secret + part * NX_NH_BLOCK;
	__m128i sum = _mm_setzero_si128(), m;

	if (s.len > NX_NH_BLOCK || !nx_nh_has_behind(p, at, NX_NH_BLOCK))
		return nx_nh_any(secret, p, s, part);
	for (size_t i = 0; i < NX_NH_BLOCK; i += NX_NH_VECTOR) {
		m = _mm_add_epi32(nx_nh_load(at, s.len, i), nx_bytes_block(key + i));
		sum = _mm_add_epi64(sum, _mm_mul_epu32(m, _mm_srli_epi64(m, 32)));
	}
	sum = _mm_add_epi64(sum, _mm_unpackhi_epi64(sum, sum));
	return (uint64_t)_mm_cvtsi128_si64(sum);
}
#else
#define nx_nh_of nx_nh_any
#endif

#endif
