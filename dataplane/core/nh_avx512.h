/* NH (nh.h) with AVX-512: values are loaded by mask and zero behind their ends as they come. For
 * functions with NX_NH_WIDE, called where nx_nh_has_avx512. */
#ifndef NX_CORE_NH_AVX512_H
#define NX_CORE_NH_AVX512_H

#include "dataplane/core/nh.h"

#include <immintrin.h>

#define NX_NH_WIDE __attribute__((target("avx512bw,avx512dq,avx512vl,bmi2")))

/* A load by mask does not read what is masked: nothing beside the frame is touched. */
NX_NH_WIDE NX_NH_INLINE __m512i nx_nh_load_wide(const uint8_t *at, uint32_t len)
{
	return _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, len), at);
}

/* Returns eight numbers whose sum is NH of the value. */
NX_NH_WIDE NX_NH_INLINE __m512i nx_nh_wide(const uint8_t *secret, const struct nx_packet *p,
	const uint8_t *msg, const struct nx_span *s, unsigned part)
{
	__m512i m;

	if (s->len <= NX_NH_BLOCK)
		m = nx_nh_load_wide(msg + s->off, s->len);
	else
		m = _mm512_zextsi128_si512(_mm_cvtsi64_si128((long long)nx_nh_long(secret, p, *s)));
	m = _mm512_add_epi32(m, _mm512_loadu_si512(secret + part * NX_NH_BLOCK));
	return _mm512_mul_epu32(m, _mm512_srli_epi64(m, 32));
}

/* Returns the sum of the eight. _mm512_reduce_add_epi64 adds signed numbers, which must not
 * overflow. */
NX_NH_WIDE NX_NH_INLINE uint64_t nx_nh_sum(__m512i v)
{
	const __m256i four =
		_mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
	const __m128i two =
		_mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));

	return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

#endif
