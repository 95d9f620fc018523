/* Byte scanning for the SIP parser: the byte classes of RFC 3261 section 25.1, a cursor over one
 * value, and the search for line ends.
 * The class table is the truth. SSE2 only skips ahead over bytes that are surely of a class, and
 * the table decides where it stopped; so the plain path (NX_SIP_PLAIN, and machines without SSE2)
 * accepts exactly the same messages, which tests prove over every corpus. Wider instructions slot
 * in where SIP_SSE2 is asked: low_bytes64, the stop_ functions and header_name_fast, nothing else.
 * Nothing reads at or beyond `limit`: a block that would, is left to the table.
 * For inclusion by sip_parse.c and its parts only. */
#ifndef NX_CORE_SIP_SCAN_H
#define NX_CORE_SIP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/core/sip_class.h"

#if defined(__SSE2__) && !defined(NX_SIP_PLAIN)
#define SIP_SSE2 1
#include <emmintrin.h>
#else
#define SIP_SSE2 0
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define always_inline inline __attribute__((always_inline))

/* Where a value's parsing stands: msg <= p <= end <= limit. */
struct cursor {
	const uint8_t *p;
	const uint8_t *end;   /* of the value */
	const uint8_t *limit; /* of the message: blocks may be read up to here */
	const uint8_t *msg;   /* spans count from here */
};

static always_inline struct nx_span span(
	const struct cursor *c, const uint8_t *from, const uint8_t *to)
{
	return (struct nx_span){(uint16_t)(from - c->msg), (uint16_t)(to - from)};
}

/* ---- blocks: a mask of the bytes, bit 0 the first, that stop a skip ---- */

typedef uint32_t stop_fn(const uint8_t *p);

static inline uint32_t stop_always(const uint8_t *p)
{
	(void)p;
	return 1;
}

#if SIP_SSE2
#define BLOCK 16

static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i equal(__m128i v, char byte)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(byte));
}

/* first .. first + width, unsigned */
static inline __m128i within(__m128i v, char first, char width)
{
	__m128i d = _mm_sub_epi8(v, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(width)), d);
}

static inline __m128i letters(__m128i v)
{
	return within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 25);
}

/* letters, digits, '.' and '-': in tokens, words and hosts alike */
static inline uint32_t stop_plain_word(const uint8_t *p)
{
	__m128i v = load(p);
	__m128i digits = _mm_andnot_si128(equal(v, '/'), within(v, '-', '9' - '-'));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(letters(v), digits)) ^ 0xffff;
}

static inline uint32_t stop_uri(const uint8_t *p)
{
	__m128i v = load(p);
	__m128i low_or_high = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21)); /* signed: 0x80.. too */
	__m128i angle = equal(_mm_or_si128(v, _mm_set1_epi8('<' ^ '>')), '>');
	__m128i quote = _mm_or_si128(equal(v, '"'), equal(v, 0x7f));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low_or_high, _mm_or_si128(angle, quote)));
}

static inline uint32_t stop_quoted(const uint8_t *p)
{
	__m128i v = load(p);
	__m128i low = within(v, 0, 0x1f);
	__m128i end = _mm_or_si128(equal(v, '"'), equal(v, '\\'));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(end, equal(v, 0x7f))));
}

static inline uint64_t low_bytes16(const uint8_t *p)
{
	return (uint32_t)_mm_movemask_epi8(within(load(p), 0, 0x0d));
}

/* low_bytes64 marks bytes below 0x0e among 64: CR, LF, NUL and a few that the caller passes by. */
static inline uint64_t low_bytes64(const uint8_t *p)
{
	return low_bytes16(p) | low_bytes16(p + 16) << 16 | low_bytes16(p + 32) << 32 |
	       low_bytes16(p + 48) << 48;
}

#else

#define BLOCK           SIZE_MAX /* no block is ever that long: the table does it all */
#define stop_plain_word stop_always
#define stop_uri        stop_always
#define stop_quoted     stop_always

static inline uint64_t low_bytes64(const uint8_t *p)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < 64; i++)
		mask |= (uint64_t)(p[i] < 0x0e) << i;
	return mask;
}
#endif

/* ---- steps over a value ---- */

static always_inline bool at(const struct cursor *c, uint8_t byte)
{
	return c->p < c->end && *c->p == byte;
}

static always_inline bool take(struct cursor *c, uint8_t byte)
{
	if (!at(c, byte))
		return false;
	c->p++;
	return true;
}

static always_inline bool at_class(const struct cursor *c, uint8_t class)
{
	return c->p < c->end && nx_sip_class[*c->p] & class;
}

/* skip returns the first byte at or after p that is not of class, at most end. stop16 has to stop
 * at every byte that is not of it, and may stop at others. */
static always_inline const uint8_t *skip(
	const uint8_t *p, const uint8_t *end, const uint8_t *limit, unsigned class, stop_fn *stop16)
{
	for (;; p++) {
		while (likely((size_t)(limit - p) >= BLOCK)) {
			uint32_t stop = stop16(p);

			if (likely(stop)) {
				p += __builtin_ctz(stop);
				break;
			}
			p += 16;
		}
		if (unlikely(p >= end))
			return end;
		if (!(nx_sip_class[*p] & class))
			return p;
	}
}

/* Out of line, and with pointers instead of the cursor, so that cursors stay in registers. */
static const uint8_t *words_end(
	const uint8_t *p, const uint8_t *end, const uint8_t *limit, unsigned class)
{
	return skip(p, end, limit, class, stop_plain_word);
}

static const uint8_t *uri_end(const uint8_t *p, const uint8_t *end, const uint8_t *limit)
{
	return skip(p, end, limit, NX_SIP_URI, stop_uri);
}

static const uint8_t *qdtext_end(const uint8_t *p, const uint8_t *end, const uint8_t *limit)
{
	return skip(p, end, limit, NX_SIP_QDTEXT, stop_quoted);
}

static always_inline bool advance(struct cursor *c, const uint8_t *to)
{
	bool some = to > c->p;

	c->p = to;
	return some;
}

/* Each moves on and says whether there was at least one byte. skip_some: any class that has all
 * letters, digits, '.' and '-'. */
static always_inline bool skip_some(struct cursor *c, unsigned class)
{
	return advance(c, words_end(c->p, c->end, c->limit, class));
}

static always_inline bool skip_uri(struct cursor *c)
{
	return advance(c, uri_end(c->p, c->end, c->limit));
}

static inline bool skip_ipv6(struct cursor *c)
{
	return advance(c, skip(c->p, c->end, c->limit, NX_SIP_IPV6, stop_always));
}

/* skip_lws moves over linear white space. A CRLF inside a value is always a folding: the search
 * for line ends has seen to it. */
static always_inline bool skip_lws(struct cursor *c)
{
	const uint8_t *from = c->p;

	while (c->p < c->end && nx_sip_is_lws(*c->p))
		c->p++;
	return c->p > from;
}

/* skip_quoted moves over a quoted string that begins here. */
static always_inline bool skip_quoted(struct cursor *c)
{
	c->p++;
	for (;;) {
		advance(c, qdtext_end(c->p, c->end, c->limit));
		if (take(c, '"'))
			return true;
		if (!at(c, '\\') || c->end - c->p < 2 || c->p[1] >= 0x80 || c->p[1] == '\r' ||
			c->p[1] == '\n')
			return false;
		c->p += 2;
	}
}

/* skip_number reads digits; *value stays at UINT32_MAX where there are too many. */
static always_inline bool skip_number(struct cursor *c, uint32_t *value)
{
	const uint8_t *from = c->p;
	uint64_t v = 0;

	for (; c->p < c->end && (uint8_t)(*c->p - '0') <= 9; c->p++)
		if (v < UINT32_MAX)
			v = v * 10 + (uint8_t)(*c->p - '0');
	*value = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
	return c->p > from;
}

/* same_text says whether from .. to is the lower-case text, in any case. */
static inline bool same_text(const uint8_t *from, const uint8_t *to, const char *text)
{
	for (; from < to && *text; from++, text++)
		if ((uint8_t)*text != (nx_sip_is_letter(*from) ? *from | 0x20 : *from))
			return false;
	return from == to && !*text;
}

/* pack makes a number of n bytes, 2 to 8, by two loads that may overlap: a copy into a wider
 * variable would be read back before it is whole. */
static always_inline uint64_t pack(const uint8_t *p, size_t n)
{
	uint16_t first16, last16;
	uint32_t first32, last32;

	if (n < sizeof(first32)) {
		memcpy(&first16, p, sizeof(first16));
		memcpy(&last16, p + n - sizeof(last16), sizeof(last16));
		return (uint64_t)last16 << 32 | first16;
	}
	memcpy(&first32, p, sizeof(first32));
	memcpy(&last32, p + n - sizeof(last32), sizeof(last32));
	return (uint64_t)last32 << 32 | first32;
}

/* The bit that tells small letters from capitals. */
static const uint8_t word_case[8] = {0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20};

/* is_word is same_text for a literal of 2 to 8 lower-case letters, in one comparison. */
#define is_word(from, to, word)                                                       \
	((size_t)((to) - (from)) == sizeof(word) - 1 &&                               \
		(pack(from, sizeof(word) - 1) | pack(word_case, sizeof(word) - 1)) == \
			pack((const uint8_t *)(word), sizeof(word) - 1))

/* ---- line ends ---- */

enum line_end { LINE_CRLF, LINE_BAD, LINE_NONE };

/* low_bytes_tail does as low_bytes64 for the last n bytes of the message, fewer than 64: the block
 * is read so that it ends there, and shifted. */
static uint64_t low_bytes_tail(const uint8_t *msg, const uint8_t *limit, size_t n)
{
	uint64_t mask = 0;

	if (limit - msg >= 64)
		return low_bytes64(limit - 64) >> (64 - n);
	for (size_t i = 1; i <= n; i++)
		mask = mask << 1 | (limit[-(ptrdiff_t)i] < 0x0e);
	return mask;
}

/* find_line_end finds the first CRLF at or after `from`: *eol is its CR. LINE_BAD: a bare CR, a
 * bare LF or a NUL comes first, at *eol. LINE_NONE: neither comes.
 * Blocks begin with the line, so that there is no state to carry and a line of up to 64 bytes takes
 * one, whatever its length: the branches stay predictable. */
static always_inline enum line_end find_line_end(
	const struct cursor *c, const uint8_t *from, const uint8_t **eol)
{
	for (size_t left; (left = (size_t)(c->limit - from)) > 0; from += 64) {
		uint64_t mask = likely(left >= 64) ? low_bytes64(from)
						   : low_bytes_tail(c->msg, c->limit, left);

		for (; mask; mask &= mask - 1) {
			const uint8_t *p = from + __builtin_ctzll(mask);

			*eol = p;
			if (likely(*p == '\r' && c->limit - p >= 2 && p[1] == '\n'))
				return LINE_CRLF;
			if (*p == '\r' || *p == '\n' || *p == 0)
				return LINE_BAD;
		}
		if (left <= 64)
			break;
	}
	*eol = c->limit;
	return LINE_NONE;
}

#endif
