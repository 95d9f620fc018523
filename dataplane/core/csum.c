/* The Internet checksum over many bytes, for ports that do not check or fill it in.
 * Ones'-complement addition may be done in words of any width and in host order. Vectors add in
 * lanes of 32 bits, which hold two 16-bit words each: `low` adds the lanes and lets them wrap,
 * `high` adds their upper halves, which cannot overflow in 64 KiB. What wrapped is known at the
 * end, because low - (high << 16) is the sum of the lower halves, modulo 2^32 and so exactly.
 * That is three instructions for 32 bytes with AVX2, for 64 with AVX-512, whose masked load takes a
 * tail of any length as well. The machine is asked what it has, once, before main; where it has
 * neither, and for AVX2's tail, words of 64 bits are added half by half. */
#include "dataplane/core/csum.h"

#define CHUNK 65536 /* the lanes can hold it, and the sum of all of them 32 bits */

/* Adds len <= CHUNK bytes. */
typedef uint64_t add_fn(const uint8_t *in, size_t len);

static inline uint64_t add_words(const uint8_t *in, size_t len)
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

static uint64_t add_plain(const uint8_t *in, size_t len)
{
	return add_words(in, len);
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
	sum = add_words(in, len);
	for (unsigned i = 0; i < 8; i++)
		sum += lane[i];
	return sum;
}

/* Two vectors a turn, in sums of their own, so that neither the loop nor the additions are what
 * it waits for. */
__attribute__((target("avx512f,avx512bw"))) static uint64_t add_avx512(
	const uint8_t *in, size_t len)
{
	__m512i low = _mm512_setzero_si512(), high = low, low2 = low, high2 = low, v;
	const uint8_t *pairs_end = in + (len & ~(size_t)(2 * sizeof(v) - 1));

	for (; in != pairs_end; in += 2 * sizeof(v)) {
		v = _mm512_loadu_si512(in);
		low = _mm512_add_epi32(low, v);
		high = _mm512_add_epi32(high, _mm512_srli_epi32(v, 16));
		v = _mm512_loadu_si512(in + sizeof(v));
		low2 = _mm512_add_epi32(low2, v);
		high2 = _mm512_add_epi32(high2, _mm512_srli_epi32(v, 16));
	}
	if (len & sizeof(v)) {
		v = _mm512_loadu_si512(in);
		low = _mm512_add_epi32(low, v);
		high = _mm512_add_epi32(high, _mm512_srli_epi32(v, 16));
		in += sizeof(v);
	}
	v = _mm512_maskz_loadu_epi8(((uint64_t)1 << (len & (sizeof(v) - 1))) - 1, in);
	low = _mm512_add_epi32(_mm512_add_epi32(low, low2), v);
	high = _mm512_add_epi32(_mm512_add_epi32(high, high2), _mm512_srli_epi32(v, 16));
	low = _mm512_sub_epi32(low, _mm512_slli_epi32(high, 16));
	return (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
}

static add_fn *const ways[] = {
	[NX_CSUM_PLAIN] = add_plain, [NX_CSUM_AVX2] = add_avx2, [NX_CSUM_AVX512] = add_avx512};

enum nx_csum_way nx_csum_widest(void)
{
	if (__builtin_cpu_supports("avx512bw"))
		return NX_CSUM_AVX512;
	return __builtin_cpu_supports("avx2") ? NX_CSUM_AVX2 : NX_CSUM_PLAIN;
}
#else
static add_fn *const ways[] = {[NX_CSUM_PLAIN] = add_plain};

enum nx_csum_way nx_csum_widest(void)
{
	return NX_CSUM_PLAIN;
}
#endif

static add_fn *widest = add_plain;

__attribute__((constructor)) static void choose(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	widest = ways[nx_csum_widest()];
}

static uint64_t add_chunks(add_fn *add, uint64_t sum, const uint8_t *in, size_t len)
{
	while (len > 0) {
		size_t n = len < CHUNK ? len : CHUNK;
		uint64_t more = add(in, n);

		sum += more;
		sum += sum < more;
		in += n;
		len -= n;
	}
	return sum;
}

uint64_t nx_csum_add_by(enum nx_csum_way way, uint64_t sum, const void *data, size_t len)
{
	return add_chunks(ways[way], sum, data, len);
}

uint64_t nx_csum_add(uint64_t sum, const void *data, size_t len)
{
	return add_chunks(widest, sum, data, len);
}

uint32_t nx_csum_datagram(const void *data, uint16_t len)
{
	return (uint32_t)widest(data, len);
}
