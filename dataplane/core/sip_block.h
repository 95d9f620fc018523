/* Blocks: the bytes that the parser looks at in one go, and the only part of it that knows an
 * instruction set. A block is 64 bytes, in an AVX-512 register or two of AVX2, or, plainly, one
 * byte. What is asked of a block is always a mask, bit 0 its first byte: which bytes are not of a
 * class, which may end a line or are the first of a run of such, which are a certain byte. A block
 * that would reach beyond the message is filled up with zeros, which are of no class and end every
 * line. The file that includes this chooses by NX_SIP_AVX512 or NX_SIP_AVX2 and sets the target. */
#ifndef NX_CORE_SIP_BLOCK_H
#define NX_CORE_SIP_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_class.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define always_inline inline __attribute__((always_inline))
#define slow_path     __attribute__((noinline, cold))

#if defined(NX_SIP_AVX512) || defined(NX_SIP_AVX2)
#define BLOCK 64

static always_inline __m256i ymm_load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* first_of counts the bytes before the first that the mask names, up to BLOCK. */
static always_inline size_t first_of(uint64_t mask)
{
	return _tzcnt_u64(mask);
}
#endif

#if defined(NX_SIP_AVX512)
typedef __m512i block;

/* in_register keeps a compiler from computing on in a mask register, where each step is slow. */
static always_inline uint64_t in_register(__mmask64 mask)
{
	uint64_t v = mask;

	__asm__("" : "+r"(v));
	return v;
}

static always_inline block block_load(const uint8_t *p)
{
	return _mm512_loadu_si512((const void *)p);
}

/* block_part loads n bytes, fewer than BLOCK. */
static always_inline block block_part(const uint8_t *p, size_t n)
{
	return _mm512_maskz_loadu_epi8((1ull << n) - 1, p);
}

/* One look-up takes the class's bit of every byte from 128 entries, by the low seven bits: so that
 * bytes from 0x80 on have to be seen to. Members are above the byte looked up only where the byte
 * is below 0x80; quoted text may have all the others. */
static always_inline uint64_t block_stops(block v, unsigned class)
{
	const uint8_t *members = nx_sip_members[__builtin_ctz(class)];
	__m512i in = _mm512_permutex2var_epi8(_mm512_load_si512((const void *)members), v,
		_mm512_load_si512((const void *)(members + 64)));

	if (class == NX_SIP_QDTEXT)
		return in_register(
			_mm512_cmpge_epi8_mask(_mm512_or_si512(in, v), _mm512_setzero_si512()));
	return in_register(_mm512_cmple_epu8_mask(in, v));
}

static always_inline uint64_t block_equals(block v, char byte)
{
	return in_register(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(byte)));
}

static always_inline uint64_t block_breaks(block v)
{
	return in_register(_mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(NX_SIP_BREAKS)));
}

static always_inline uint64_t block_starts(const uint8_t *p)
{
	__m512i breaks = _mm512_load_si512((const void *)nx_sip_breaks);
	__mmask64 behind_none = _mm512_cmple_epu8_mask(breaks, block_load(p - 1));

	return in_register(_mm512_mask_cmpgt_epu8_mask(behind_none, breaks, block_load(p)));
}

static always_inline bool block_is_name(block v, const uint8_t *p, const char *name, unsigned n)
{
	__m256i lower = _mm256_or_si256(_mm512_castsi512_si256(v), _mm256_set1_epi8(0x20));
	__m256i wanted = ymm_load((const uint8_t *)name);

	(void)p;
	return !(_mm256_cmpneq_epi8_mask(lower, wanted) & ((1u << n) - 1));
}

#elif defined(NX_SIP_AVX2)
typedef struct {
	__m256i lo, hi;
} block;

static always_inline block block_load(const uint8_t *p)
{
	return (block){ymm_load(p), ymm_load(p + BLOCK / 2)};
}

static always_inline block block_part(const uint8_t *p, size_t n)
{
	uint8_t part[BLOCK] = {0};

	memcpy(part, p, n);
	return block_load(part);
}

static always_inline uint64_t bits(__m256i lo, __m256i hi)
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(hi) << 32 |
	       (uint32_t)_mm256_movemask_epi8(lo);
}

/* A byte is of the class if the row of its lower half has the bit of its upper half. The look-up of
 * the row gives 0 for bytes from 0x80 on, of which only quoted text may have any. */
static always_inline __m256i half_stops(__m256i v, unsigned class)
{
	const uint8_t *halves = nx_sip_class_halves[__builtin_ctz(class)];
	__m256i rows =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)halves));
	__m256i bit = _mm256_broadcastsi128_si256(_mm_set1_epi64x((long long)0x8040201008040201));
	__m256i upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
	__m256i in =
		_mm256_and_si256(_mm256_shuffle_epi8(rows, v), _mm256_shuffle_epi8(bit, upper));
	__m256i stops = _mm256_cmpeq_epi8(in, _mm256_setzero_si256());

	return class == NX_SIP_QDTEXT ? _mm256_andnot_si256(v, stops) : stops;
}

static always_inline uint64_t block_stops(block v, unsigned class)
{
	return bits(half_stops(v.lo, class), half_stops(v.hi, class));
}

static always_inline uint64_t block_equals(block v, char byte)
{
	__m256i wanted = _mm256_set1_epi8(byte);

	return bits(_mm256_cmpeq_epi8(v.lo, wanted), _mm256_cmpeq_epi8(v.hi, wanted));
}

static always_inline uint64_t block_breaks(block v)
{
	__m256i last = _mm256_set1_epi8(NX_SIP_BREAKS - 1);

	return bits(_mm256_cmpeq_epi8(_mm256_max_epu8(v.lo, last), last),
		_mm256_cmpeq_epi8(_mm256_max_epu8(v.hi, last), last));
}

static always_inline uint64_t block_starts(const uint8_t *p)
{
	uint64_t breaks = block_breaks(block_load(p));

	return breaks & ~(breaks << 1 | (p[-1] < NX_SIP_BREAKS));
}

static always_inline bool block_is_name(block v, const uint8_t *p, const char *name, unsigned n)
{
	__m256i lower = _mm256_or_si256(v.lo, _mm256_set1_epi8(0x20));
	__m256i same = _mm256_cmpeq_epi8(lower, ymm_load((const uint8_t *)name));

	(void)p;
	return !(~(uint32_t)_mm256_movemask_epi8(same) & ((1u << n) - 1));
}

#else
#define BLOCK 1

typedef uint8_t block;

static always_inline size_t first_of(uint64_t mask)
{
	return !mask;
}

static always_inline block block_load(const uint8_t *p)
{
	return *p;
}

static always_inline block block_part(const uint8_t *p, size_t n)
{
	return n ? *p : 0;
}

static always_inline uint64_t block_stops(block v, unsigned class)
{
	return !(nx_sip_class[v] & class);
}

static always_inline uint64_t block_equals(block v, char byte)
{
	return v == (uint8_t)byte;
}

static always_inline uint64_t block_breaks(block v)
{
	return v < NX_SIP_BREAKS;
}

static always_inline uint64_t block_starts(const uint8_t *p)
{
	return p[0] < NX_SIP_BREAKS && p[-1] >= NX_SIP_BREAKS;
}

static always_inline bool block_is_name(block v, const uint8_t *p, const char *name, unsigned n)
{
	(void)v;
	for (unsigned i = 0; i < n; i++)
		if ((p[i] | 0x20) != (uint8_t)name[i])
			return false;
	return true;
}
#endif

#endif
