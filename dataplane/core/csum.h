/* The Internet checksum (RFC 1071) in software. A sum is kept in 64 bits of ones'-complement, in
 * host-order words: added to with nx_csum_add, nx_csum_words and plain `+` of short terms, finished
 * by nx_csum_fold. */
#ifndef NX_CORE_CSUM_H
#define NX_CORE_CSUM_H

#include <endian.h>
#include <stddef.h>

#include "nxsip/addr.h"

/* nx_csum_add adds bytes to a sum, at any alignment; in a chain of calls every length but the last
 * is even. Thread: any; no state. */
uint64_t nx_csum_add(uint64_t sum, const void *data, size_t len);

/* nx_csum_datagram is the sum of what fits into a datagram, to begin or go on with by `+`. */
uint32_t nx_csum_datagram(const void *data, uint16_t len);

/* The ways to do so, the widest that the machine has being the one that is taken; the results are
 * the same. For tests. */
enum nx_csum_way { NX_CSUM_PLAIN, NX_CSUM_AVX2, NX_CSUM_AVX512 };

enum nx_csum_way nx_csum_widest(void);
uint64_t nx_csum_add_by(enum nx_csum_way way, uint64_t sum, const void *data, size_t len);

/* nx_csum_words is the sum of n 32-bit words, for headers, whose n is a small constant. */
static inline uint64_t nx_csum_words(const uint8_t *at, size_t n)
{
	uint64_t sum = 0;
	uint32_t w;

#pragma GCC unroll 10
	for (size_t i = 0; i < n; i++) {
		memcpy(&w, at + 4 * i, sizeof(w));
		sum += w;
	}
	return sum;
}

/* nx_csum_fold finishes a sum: folded to 16 bits and complemented. The result is stored with
 * memcpy, no byte swap; over data that include a right checksum it is 0. */
static inline uint16_t nx_csum_fold(uint64_t sum)
{
	uint32_t half;

	/* each half added to the other, its carry come round: in the upper half of the result */
	half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
	return (uint16_t) ~((half + (half << 16 | half >> 16)) >> 16);
}

/* nx_csum_pseudo begins the sum of a UDP datagram with its pseudo-header (RFC 768, RFC 8200 8.1),
 * udp_len in host order. */
static inline uint64_t nx_csum_pseudo(
	const struct nx_addr *src, const struct nx_addr *dst, bool is_v6, uint16_t udp_len)
{
	uint64_t sum = (uint64_t)htobe16(17) + htobe16(udp_len);

	if (is_v6)
		return sum + nx_csum_words(src->b, 4) + nx_csum_words(dst->b, 4);
	return sum + nx_csum_words(src->b + 12, 1) + nx_csum_words(dst->b + 12, 1);
}

#endif
