/* The URI of nearly every call, told at a glance: "sip:", digits with or without '+', '@', an IPv4
 * address or a host name, perhaps a port of four digits and ";user=phone", and nothing else.
 * One register holds the bytes of the user, one those of an address, and what the grammar says of
 * them is logic on a bit per byte. User and rest are found from the two ends of the URI, so that
 * neither waits for the other: it is the length of the chain that costs here, not the instructions.
 * Takes only what uri.c takes, with the same result, and leaves the rest, right or wrong, to it.
 * With AVX-512, user and address are one register. Tests build it for less (NX_URI_SSE2). Without
 * SSE2, or with NX_URI_PLAIN (see uri_bits.h), nothing is taken. Nothing outside the URI is
 * read. For inclusion by uri.c only. */
#ifndef NX_CORE_URI_USUAL_H
#define NX_CORE_URI_USUAL_H

#include "dataplane/core/uri.h"
#include "dataplane/core/uri_bits.h"
#include "nxsip/verdict.h"

#if defined(__SSE2__) && !defined(NX_URI_PLAIN)

#define USUAL_SCHEME "sip:"
#define USUAL_PHONE  ";user=phone"
#define USUAL_USER   4u /* its offset */
#define USUAL_BLOCK  16 /* a user, or an address and the byte before it */
#define USUAL_MIN    (USUAL_USER + USUAL_BLOCK + 1) /* bytes: the longest user's '@' is inside */
#define USUAL_MAX    URI_BITS                       /* bytes: no part outlasts the bits */

/* What the end of a URI says. */
struct usual {
	uint32_t port, flags;
};

static inline bool usual_begins(const uint8_t *s, uint32_t len)
{
	return len >= USUAL_MIN && len <= USUAL_MAX && memcmp(s, USUAL_SCHEME, USUAL_USER) == 0;
}

static inline uint32_t usual_bits(__m128i mark)
{
	return (uint32_t)_mm_movemask_epi8(mark);
}

/* usual_user returns how many bytes at s, all of a block, are a '+' and digits. */
static inline uint32_t usual_user(const uint8_t *s)
{
	const uint32_t plus = s[0] == '+';
	const uint32_t digits = usual_bits(nx_bytes_within(nx_bytes_block(s), '0', 9));

	return plus + (uint32_t)__builtin_ctz(~(digits >> plus));
}

static inline uint32_t usual_octet(const uint8_t *s)
{
	return s[0] * 100u + s[1] * 10u + s[2] - 111u * '0';
}

/* usual_is_ipv4: are the n bytes before `end`, which a block is, four octets of 0 to 255 without a
 * leading zero? A shift drops what comes before them. */
static inline bool usual_is_ipv4(const uint8_t *end, uint32_t n)
{
	const __m128i v = nx_bytes_block(end - USUAL_BLOCK);
	const uint32_t skip = USUAL_BLOCK - n, behind = 1u << n;
	const uint32_t digit = usual_bits(nx_bytes_within(v, '0', 9)) >> skip;
	const uint32_t dot = usual_bits(mark_dot(v)) >> skip;
	const uint32_t zero = usual_bits(nx_bytes_equal(v, '0')) >> skip;
	const uint32_t from_2 = usual_bits(nx_bytes_within(v, '2', 7)) >> skip;
	const uint32_t first = dot << 1 | 1, two = digit & digit >> 1, three = two & digit >> 2;
	const uint32_t last_dots = dot & (dot - 1), last_dot = last_dots & (last_dots - 1);

	if (((digit | dot) ^ (behind - 1)) | (first & (dot | behind)) | (three & digit >> 3) |
			(first & zero & two) | (last_dot & (last_dot - 1)) ||
		!last_dot)
		return false;
	for (uint32_t octet = three & from_2; octet; octet &= octet - 1)
		if (usual_octet(end - n + __builtin_ctz(octet)) > 255)
			return false;
	return true;
}

/* usual_is_name: are the bytes from i to end, where the URI at s may go on, a host name? */
static out_of_line bool usual_is_name(const uint8_t *s, uint32_t i, uint32_t end)
{
	const uint32_t from = i + URI_BLOCK <= end ? i : end - URI_BLOCK, skip = i - from;
	const uint32_t n = end - i;
	const uint64_t plain = uri_plain_bits(s + from, end - from) >> skip;

	return plain == (UINT64_C(1) << n) - 1 && uri_is_name(s + from, end - from, skip, n);
}

static inline bool usual_host(const uint8_t *s, uint32_t i, uint32_t end)
{
	return (end - i < USUAL_BLOCK && usual_is_ipv4(s + end, end - i)) ||
	       usual_is_name(s, i, end);
}

/* usual_tail takes ";user=phone" and a port of four digits from the end of the URI. */
static inline bool usual_tail(const uint8_t *s, uint32_t *end, struct usual *u)
{
	const uint32_t phone = sizeof(USUAL_PHONE) - 1;

	u->flags = 0;
	u->port = 0;
	if (nx_bytes_same(s + *end - phone, USUAL_PHONE, phone)) {
		*end -= phone;
		u->flags = NX_URI_USER_PHONE | NX_URI_UNKNOWN_PARAM;
	}
	if (s[*end - 5] != ':')
		return true;
	*end -= 5;
	if (memcmp(s + *end + 1, "5060", 4) == 0) {
		u->port = 5060;
		return true;
	}
	return uri_four_digits(s + *end + 1, &u->port) && u->port > 0;
}

static inline void usual_put(
	struct nx_span span, const struct usual *u, uint32_t host, uint32_t end, struct nx_uri *out)
{
	const uint32_t user_len = host - 1 - USUAL_USER;

	out->scheme = NX_URI_SIP;
	out->flags = (uint16_t)u->flags;
	out->user = (struct nx_span){(uint16_t)(span.off + USUAL_USER), (uint16_t)user_len};
	out->host = (struct nx_span){(uint16_t)(span.off + host), (uint16_t)(end - host)};
	out->phone_context = (struct nx_span){0};
	out->has_user = user_len > 0;
	out->plain_number = true;
	out->port = (uint16_t)u->port;
	out->dialled = (uint16_t)user_len;
}

/* uri_usual is nx_uri_parse; false: the URI is left to others, and out is not written. */
static inline bool uri_usual(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	const uint8_t *s = msg + span.off;
	uint32_t end = span.len, host;
	struct usual u;

	if (!usual_begins(s, end) || !usual_tail(s, &end, &u))
		return false;
	host = USUAL_USER + usual_user(s + USUAL_USER) + 1;
	if (s[host - 1] != '@' || host >= end || end < USUAL_BLOCK || !usual_host(s, host, end))
		return false;
	usual_put(span, &u, host, end, out);
	return true;
}

#if defined(__x86_64__) && !defined(NX_URI_SSE2)
#include <immintrin.h>

#define URI_WIDE __attribute__((target("avx512bw,avx512vl,bmi,bmi2,popcnt")))

/* Each byte from the user on, less '0': 32 hold the longest user, '@' and the longest address. */
URI_WIDE static inline __m256i wide_digits(const uint8_t *user, uint32_t len)
{
	return _mm256_sub_epi8(
		_mm256_maskz_loadu_epi8(_bzhi_u32(UINT32_MAX, len), user), _mm256_set1_epi8('0'));
}

/* wide_from has a bit for every byte of d from the i-th on that is at least `from`. */
URI_WIDE static inline uint32_t wide_from(__m256i d, uint32_t i, char from)
{
	return _mm256_cmpge_epu8_mask(d, _mm256_set1_epi8(from)) >> i;
}

/* wide_is_ipv4: does an IPv4 address stand at the i-th byte? It ends where digits and dots do, n
 * bytes on. */
URI_WIDE static inline bool wide_is_ipv4(__m256i d, uint32_t digits, uint32_t i, uint32_t *n)
{
	const uint32_t dot = _mm256_cmpeq_epi8_mask(d, _mm256_set1_epi8('.' - '0')) >> i;
	const uint32_t end = _tzcnt_u32(~(digits >> i | dot));
	const uint32_t digit = _bzhi_u32(digits >> i, end), first = dot << 1 | 1;
	const uint32_t two = digit & digit >> 1, three = two & two >> 1;
	const uint32_t zero = _mm256_testn_epi8_mask(d, d) >> i;
	uint32_t from_200;

	if ((first & ~digit) | (three & three >> 1) | (first & two & zero) ||
		__builtin_popcount(dot) != 3)
		return false;
	*n = end;
	from_200 = three & wide_from(d, i, 2);
	return !from_200 ||
	       !(from_200 & (wide_from(d, i, 3) | wide_from(d, i + 1, 6) |
				    (wide_from(d, i + 1, 5) & wide_from(d, i + 2, 6))));
}

/* uri_usual_wide is uri_usual with AVX-512, for an address only: it and the user are in one
 * register. */
URI_WIDE static inline bool uri_usual_wide(
	const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	const uint8_t *s = msg + span.off;
	uint32_t end = span.len, user_len, host, n;
	uint32_t digits;
	struct usual u;
	__m256i d;

	if (!usual_begins(s, end))
		return false;
	d = wide_digits(s + USUAL_USER, end - USUAL_USER);
	digits = _mm256_cmple_epu8_mask(d, _mm256_set1_epi8(9));
	user_len = _tzcnt_u32(~(digits | (s[USUAL_USER] == '+')));
	host = USUAL_USER + user_len + 1;
	if (user_len > USUAL_BLOCK || s[host - 1] != '@' ||
		!wide_is_ipv4(d, digits, user_len + 1, &n) || !usual_tail(s, &end, &u) ||
		end != host + n)
		return false;
	usual_put(span, &u, host, end, out);
	return true;
}
#define HAS_URI_USUAL_WIDE
#endif

#else

static inline bool uri_usual(const uint8_t *msg, struct nx_span span, struct nx_uri *out)
{
	(void)msg, (void)span, (void)out;
	return false;
}

#endif

#endif
