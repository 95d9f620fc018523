/* A URI as bits: SSE2 marks which of its first 64 bytes are plain (letters, digits, '-' and '.',
 * what users, hosts and parameters are mostly made of), once. Where a part ends is then a shift and
 * a count of trailing zeros, and the labels of a host name are checked all at once by logic on
 * words.
 * This only skips ahead and agrees with the table of classes in uri.c, which reads whatever is left
 * out here: URIs shorter than a block, what lies behind 64 bytes, and everything where there is no
 * SSE2 (or NX_URI_PLAIN, by which tests hold one against the other). Nothing outside the URI is
 * read. For inclusion by uri.c only. */
#ifndef NX_CORE_URI_BITS_H
#define NX_CORE_URI_BITS_H

#include "dataplane/core/bytes.h"

#define URI_BITS 64

#if defined(__SSE2__) && !defined(NX_URI_PLAIN)

#define URI_BLOCK 16 /* bytes, also the shortest URI that is marked */

/* A mark sets the bytes of v that are of its class to 0xff. */
typedef __m128i mark_fn(__m128i v);

static inline __m128i mark_dot(__m128i v)
{
	return nx_bytes_equal(v, '.');
}

static inline __m128i mark_dash(__m128i v)
{
	return nx_bytes_equal(v, '-');
}

static inline __m128i mark_plain(__m128i v)
{
	__m128i letter = nx_bytes_within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z' - 'a');
	__m128i other =
		_mm_andnot_si128(nx_bytes_equal(v, '/'), nx_bytes_within(v, '-', '9' - '-'));

	return _mm_or_si128(letter, other);
}

static inline __attribute__((always_inline)) uint64_t marked(
	const uint8_t *s, uint32_t i, mark_fn *mark)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(mark(nx_bytes_block(s + i))) << i;
}

/* uri_bits marks the first 64 of the len bytes at s; 0 where they are less than a block. */
static inline __attribute__((always_inline)) uint64_t uri_bits(
	const uint8_t *s, uint32_t len, mark_fn *mark)
{
	uint32_t last = (len < URI_BITS ? len : URI_BITS) - URI_BLOCK;
	uint64_t bits;

	if (len < URI_BLOCK)
		return 0;
	bits = marked(s, last, mark);
	for (uint32_t i = 0; i < last; i += URI_BLOCK)
		bits |= marked(s, i, mark);
	return bits;
}

static inline uint64_t uri_plain_bits(const uint8_t *s, uint32_t len)
{
	return uri_bits(s, len, mark_plain);
}

/* uri_is_name checks the host name of n plain bytes at offset i, i + n < 64, of a URI of len bytes.
 * No label is empty, or begins or ends with '-'; the top label begins with no digit; one dot may
 * trail. */
static inline bool uri_is_name(const uint8_t *s, uint32_t len, uint32_t i, uint32_t n)
{
	const uint64_t all = (UINT64_C(1) << n) - 1, last = UINT64_C(1) << (n - 1);
	const uint64_t dots = uri_bits(s, len, mark_dot) >> i & all;
	const uint64_t dash = uri_bits(s, len, mark_dash) >> i & all;
	const uint64_t dot = dots & ~last, end = dots & last ? last >> 1 : last;
	const uint64_t first = dot << 1 | 1;

	return end && !((first | dot >> 1 | end) & (dot | dash)) &&
	       (uint8_t)(s[i + 63 - (uint32_t)__builtin_clzll(first)] - '0') > 9;
}

#else

static inline uint64_t uri_plain_bits(const uint8_t *s, uint32_t len)
{
	(void)s, (void)len;
	return 0;
}

static inline bool uri_is_name(const uint8_t *s, uint32_t len, uint32_t i, uint32_t n)
{
	(void)s, (void)len, (void)i, (void)n;
	return false;
}

#endif

/* uri_four_digits reads four digits at once, eight bits each, then pairs of them. */
static inline bool uri_four_digits(const uint8_t *s, uint32_t *value)
{
	uint32_t w;

	memcpy(&w, s, 4);
	w ^= 0x30303030;
	if (((w + 0x76767676) | w) & 0x80808080)
		return false;
	w = (w * 10 + (w >> 8)) & 0x00ff00ff;
	*value = (w & 0xff) * 100 + (w >> 16);
	return true;
}

#endif
