/* The Internet checksum over many bytes, for ports that do not check or fill it in.
 * Ones'-complement addition may be done in words of any width and in host order. With AVX2, lanes
 * of 32 bits hold two 16-bit words each: `low` adds the lanes and lets them wrap, `high` adds their
 * upper halves, which cannot overflow in 64 KiB. What wrapped is known at the end, because
 * low - (high << 16) is the sum of the lower halves, modulo 2^32 and so exactly: three instructions
 * for 32 bytes. With AVX-512 and VNNI it is two for 64, and a masked load takes a tail of any
 * length. The machine is asked what it has, once, before main; where it has neither, and for AVX2's
 * tail, words of 64 bits are added half by half. */
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

/* Words less 2^15 are signed ones, which one instruction adds in pairs to lanes of 32 bits; what
 * was taken away is put back at the end, zeros of the tail included. Two sums, so that no addition
 * waits for the one before. */
#define BIAS     0x8000u
#define TWO_BIAS ((int)(BIAS << 16 | BIAS))

#define FOR_VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

FOR_VNNI static inline __m512i held(int lanes)
{
	__m512i v = _mm512_set1_epi32(lanes);

	__asm__("" : "+v"(v)); /* stays in its register, where a compiler would make it anew */
	return v;
}

FOR_VNNI static uint64_t add_avx512(const uint8_t *in, size_t len)
{
	const __m512i ones = held(1 << 16 | 1), bias = held(TWO_BIAS);
	const uint8_t *last = in + (len & ~(sizeof(ones) - 1));
	const __mmask64 tail = ((uint64_t)1 << (len & (sizeof(ones) - 1))) - 1;
	const size_t words = (len / sizeof(ones) + 1) * sizeof(ones) / 2;
	__m512i sum = _mm512_setzero_si512(), odd, v;

	v = _mm512_xor_si512(_mm512_maskz_loadu_epi8(tail, last), bias);
	odd = _mm512_dpwssd_epi32(sum, v, ones);
	if (len & sizeof(v)) {
		last -= sizeof(v);
		v = _mm512_xor_si512(_mm512_loadu_si512(last), bias);
		sum = _mm512_dpwssd_epi32(sum, v, ones);
	}
	for (; in != last; in += 2 * sizeof(v)) {
		v = _mm512_xor_si512(_mm512_loadu_si512(in), bias);
		sum = _mm512_dpwssd_epi32(sum, v, ones);
		v = _mm512_xor_si512(_mm512_loadu_si512(in + sizeof(v)), bias);
		odd = _mm512_dpwssd_epi32(odd, v, ones);
	}
	sum = _mm512_add_epi32(sum, odd);
	return (uint64_t)(_mm512_reduce_add_epi32(sum) + (int64_t)(words * BIAS));
}

static add_fn *const ways[] = {
	[NX_CSUM_PLAIN] = add_plain, [NX_CSUM_AVX2] = add_avx2, [NX_CSUM_AVX512] = add_avx512};

enum nx_csum_way nx_csum_widest(void)
{
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
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
