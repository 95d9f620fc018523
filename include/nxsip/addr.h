/* Network addresses. One 16-byte form for both families: IPv4 is held as ::ffff:a.b.c.d, so that
 * one table serves both. (A real IPv6 packet with a v4-mapped source is a martian; decode counts
 * it as unsound, so the two never meet.) */
#ifndef NXSIP_ADDR_H
#define NXSIP_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct nx_addr {
	uint8_t b[16]; /* network byte order */
};

typedef unsigned __int128 nx_u128;

static inline struct nx_addr nx_addr_v4(const uint8_t v4[4])
{
	struct nx_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	memcpy(a.b + 12, v4, 4);
	return a;
}

static inline struct nx_addr nx_addr_v6(const uint8_t v6[16])
{
	struct nx_addr a;

	memcpy(a.b, v6, 16);
	return a;
}

static inline bool nx_addr_is_v4(const struct nx_addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

static inline bool nx_addr_eq(const struct nx_addr *a, const struct nx_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* nx_addr_u128 gives the address as a number, first byte most significant. */
static inline nx_u128 nx_addr_u128(const struct nx_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	return ((nx_u128)__builtin_bswap64(hi) << 64) | __builtin_bswap64(lo);
}

#endif
