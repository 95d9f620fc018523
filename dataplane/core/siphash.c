/* SipHash-2-4: a keyed 64-bit hash that outsiders cannot steer, for what they can insert (sources,
 * fragments, transactions) and to finish the To tag's MAC. Two compression rounds a word, four at
 * the end, as published; words are little-endian on every machine, so that a fleet agrees.
 * Leaves out the 128-bit output and incremental hashing.
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012. */
#include "dataplane/core/siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline uint64_t le64(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return le64toh(w);
}

/* The last 0 to 7 bytes as a number, by loads of their own: stores put together here could not be
 * forwarded to one load of eight bytes. */
static inline uint64_t le_tail(const uint8_t *at, size_t len)
{
	uint64_t w = 0;
	uint32_t four;
	uint16_t two;

	if (len & 1)
		w = at[len - 1];
	if (len & 2) {
		memcpy(&two, at + (len & 4), sizeof(two));
		w = w << 16 | le16toh(two);
	}
	if (len & 4) {
		memcpy(&four, at, sizeof(four));
		w = w << 32 | le32toh(four);
	}
	return w;
}

static inline void sipround(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static inline void compress(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	sipround(s);
	sipround(s);
	s->v0 ^= word;
}

uint64_t nx_siphash(const uint8_t key[16], const void *data, size_t len)
{
	const uint8_t *in = data;
	uint64_t k0 = le64(key), k1 = le64(key + 8);
	size_t total = len;
	struct state s = {
		.v0 = k0 ^ 0x736f6d6570736575,
		.v1 = k1 ^ 0x646f72616e646f6d,
		.v2 = k0 ^ 0x6c7967656e657261,
		.v3 = k1 ^ 0x7465646279746573,
	};

	for (; len >= 8; in += 8, len -= 8)
		compress(&s, le64(in));
	compress(&s, (uint64_t)total << 56 | le_tail(in, len));

	s.v2 ^= 0xff;
	for (unsigned i = 0; i < 4; i++)
		sipround(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
