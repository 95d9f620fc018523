/* The Internet checksum over many bytes, for ports that do not check or fill it in.
 * Ones'-complement addition may be done in words of any width and in host order. Vectors add in
 * lanes of 32 bits, which hold two 16-bit words each: `low` adds the lanes and lets them wrap,
 * `high` adds their upper halves, which cannot overflow in 64 KiB. What wrapped is known at the
 * end, because low - (high << 16) is the sum of the lower halves, modulo 2^32 and so exactly.
 * That is three instructions for 32 bytes with AVX2, for 64 with AVX-512, whose masked load takes a
 * tail of any length as well. The machine is asked what it has, not the compiler; where it has
 * neither, and for AVX2's tail, words of 64 bits are added half by half. */
#include "dataplane/core/csum.h"

#define CHUNK 65536 /* the lanes can hold it, and the sum of all of them 32 bits */

static inline uint64_t add_plain(const uint8_t *in, size_t len)
{
	uint64_t sum = 0, w;
	uint32_t four;
	uint16_t two;

	for (; len >= sizeof(w); in += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, in, sizeof(w));
		sum += (w & UINT32_MAX) + (w >> 32);
	}
	if (len & 4) {
		memcpy(&four, in, sizeof(four));
		sum += four;
	}
	if (len & 2) {
		memcpy(&two, in + (len & 4), sizeof(two));
		sum += two;
	}
	if (len & 1)
		sum += htole16(in[len - 1]);
	return sum;
}

#ifdef __x86_64__
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t add_avx2(const uint8_t *in, size_t len)
{
	__m256i low = _mm256_setzero_si256(), high = low, v;
	uint32_t lane[8];
	uint64_t sum;

	for (; len >= sizeof(v); in += sizeof(v), len -= sizeof(v)) {
		v = _mm256_loadu_si256((const __m256i *)(const void *)in);
		low = _mm256_add_epi32(low, v);
		high = _mm256_add_epi32(high, _mm256_srli_epi32(v, 16));
	}
	low = _mm256_sub_epi32(low, _mm256_slli_epi32(high, 16));
	low = _mm256_add_epi32(low, high);
	_mm256_storeu_si256((__m256i *)(void *)lane, low);
	sum = add_plain(in, len);
	for (unsigned i = 0; i < 8; i++)
		sum += lane[i];
	return sum;
}

__attribute__((target("avx512f,avx512bw"))) static uint64_t add_avx512(
	const uint8_t *in, size_t len)
{
	__m512i low = _mm512_setzero_si512(), high = low, v;

	for (; len >= sizeof(v); in += sizeof(v), len -= sizeof(v)) {
		v = _mm512_loadu_si512(in);
		low = _mm512_add_epi32(low, v);
		high = _mm512_add_epi32(high, _mm512_srli_epi32(v, 16));
	}
	v = _mm512_maskz_loadu_epi8(((uint64_t)1 << len) - 1, in);
	low = _mm512_add_epi32(low, v);
	high = _mm512_add_epi32(high, _mm512_srli_epi32(v, 16));
	low = _mm512_sub_epi32(low, _mm512_slli_epi32(high, 16));
	return (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
}

static inline uint64_t add_chunk(enum nx_csum_way way, const uint8_t *in, size_t len)
{
	if (way == NX_CSUM_AVX512)
		return add_avx512(in, len);
	return way == NX_CSUM_AVX2 ? add_avx2(in, len) : add_plain(in, len);
}

enum nx_csum_way nx_csum_widest(void)
{
	if (__builtin_cpu_supports("avx512bw"))
		return NX_CSUM_AVX512;
	return __builtin_cpu_supports("avx2") ? NX_CSUM_AVX2 : NX_CSUM_PLAIN;
}
#else
static inline uint64_t add_chunk(enum nx_csum_way way, const uint8_t *in, size_t len)
{
	(void)way;
	return add_plain(in, len);
}

enum nx_csum_way nx_csum_widest(void)
{
	return NX_CSUM_PLAIN;
}
#endif

uint64_t nx_csum_add_by(enum nx_csum_way way, uint64_t sum, const void *data, size_t len)
{
	const uint8_t *in = data;

	while (len > 0) {
		size_t n = len < CHUNK ? len : CHUNK;
		uint64_t more = add_chunk(way, in, n);

		sum += more;
		sum += sum < more;
		in += n;
		len -= n;
	}
	return sum;
}

uint64_t nx_csum_add(uint64_t sum, const void *data, size_t len)
{
	return nx_csum_add_by(nx_csum_widest(), sum, data, len);
}
