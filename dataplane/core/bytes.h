/* Short texts without a call and without a loop: the hot path copies and compares numbers and host
 * names, most of them 9 to 16 bytes long, which two words that may overlap cover.
 * With SSE2, also the steps of which a search for a byte class is made. */
#ifndef NX_CORE_BYTES_H
#define NX_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* For the uncommon way, so that the common one keeps the registers. */
#define out_of_line __attribute__((noinline))

static inline uint64_t nx_bytes_word(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint64_t nx_bytes_rotate(uint64_t w, unsigned n)
{
	return w << n | w >> (64 - n);
}

/* nx_bytes_same is memcmp() == 0. */
static inline bool nx_bytes_same(const void *a, const void *b, size_t len)
{
	if (len < 8 || len > 16)
		return memcmp(a, b, len) == 0;
	return nx_bytes_word(a) == nx_bytes_word(b) &&
	       nx_bytes_word((const char *)a + len - 8) == nx_bytes_word((const char *)b + len - 8);
}

#ifdef __SSE2__
static inline __m128i nx_bytes_block(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* Both mark the bytes of v with 0xff: those equal to byte; those in first .. first + width, width
 * less than 127. */
static inline __m128i nx_bytes_equal(__m128i v, char byte)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(byte));
}

static inline __m128i nx_bytes_within(__m128i v, char first, char width)
{
	__m128i signed_d = _mm_sub_epi8(v, _mm_set1_epi8((char)(first + 0x80)));

	return _mm_cmplt_epi8(signed_d, _mm_set1_epi8((char)(width + 1 - 0x80)));
}
#endif

/* nx_bytes_copy is memcpy to where there is room for 16 bytes at least. Those lengths go by one
 * store: what reads the text back at once, as a hash does, would wait for two that overlap. */
static inline void nx_bytes_copy(void *out, const void *from, size_t len)
{
#ifdef __SSE2__
	if (len > 8 && len <= 16) {
		uint64_t last = nx_bytes_word((const char *)from + len - 8) >> 8 * (16 - len);

		_mm_storeu_si128((__m128i *)out,
			_mm_set_epi64x((int64_t)last, (int64_t)nx_bytes_word(from)));
		return;
	}
#endif
	memcpy(out, from, len);
}

#endif
