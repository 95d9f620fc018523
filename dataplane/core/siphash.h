/* SipHash-2-4 (Aumasson, Bernstein 2012), 64-bit output: for what an outsider can insert. */
#ifndef NX_CORE_SIPHASH_H
#define NX_CORE_SIPHASH_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/core/bytes.h"

uint64_t nx_siphash(const uint8_t key[16], const void *data, size_t len);

#define NX_SIPHASH_LANES 8

/* nx_siphash_16_lanes is nx_siphash_16 of NX_SIPHASH_LANES pairs of words at once: where the CPU
 * has AVX-512, for little more than the price of one. */
void nx_siphash_16_lanes(const uint8_t key[16], const uint64_t word0[NX_SIPHASH_LANES],
	const uint64_t word1[NX_SIPHASH_LANES], uint64_t out[NX_SIPHASH_LANES]);

/* ---- its parts, for siphash.c and for nx_siphash_16 ---- */

struct nx_siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t nx_siphash_le64(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return le64toh(w);
}

static inline void nx_siphash_round(struct nx_siphash_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = nx_bytes_rotate(s->v1, 13) ^ s->v0;
	s->v3 = nx_bytes_rotate(s->v3, 16) ^ s->v2;
	s->v0 = nx_bytes_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = nx_bytes_rotate(s->v1, 17) ^ s->v2;
	s->v3 = nx_bytes_rotate(s->v3, 21) ^ s->v0;
	s->v2 = nx_bytes_rotate(s->v2, 32);
}

static inline void nx_siphash_begin(struct nx_siphash_state *s, const uint8_t key[16])
{
	uint64_t k0 = nx_siphash_le64(key), k1 = nx_siphash_le64(key + 8);

	s->v0 = k0 ^ 0x736f6d6570736575;
	s->v1 = k1 ^ 0x646f72616e646f6d;
	s->v2 = k0 ^ 0x6c7967656e657261;
	s->v3 = k1 ^ 0x7465646279746573;
}

static inline void nx_siphash_word(struct nx_siphash_state *s, uint64_t word)
{
	s->v3 ^= word;
	nx_siphash_round(s);
	nx_siphash_round(s);
	s->v0 ^= word;
}

static inline uint64_t nx_siphash_end(struct nx_siphash_state *s)
{
	s->v2 ^= 0xff;
	nx_siphash_round(s);
	nx_siphash_round(s);
	nx_siphash_round(s);
	nx_siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* nx_siphash_16 is nx_siphash of the 16 bytes that the two words are in little-endian order: ten
 * rounds in a row, all in registers. */
static inline uint64_t nx_siphash_16(const uint8_t key[16], uint64_t word0, uint64_t word1)
{
	struct nx_siphash_state s;

	nx_siphash_begin(&s, key);
	nx_siphash_word(&s, word0);
	nx_siphash_word(&s, word1);
	nx_siphash_word(&s, (uint64_t)16 << 56);
	return nx_siphash_end(&s);
}

#endif
