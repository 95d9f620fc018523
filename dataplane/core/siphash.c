/* SipHash-2-4: a keyed 64-bit hash that outsiders cannot steer, for what they can insert (sources,
 * fragments, transactions) and to finish the To tag's MAC. Two compression rounds a word, four at
 * the end, as published; words are little-endian on every machine, so that a fleet agrees.
 * Leaves out the 128-bit output and incremental hashing.
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012. */
#include "dataplane/core/siphash.h"

#include <stdbool.h>

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

uint64_t nx_siphash(const uint8_t key[16], const void *data, size_t len)
{
	const uint8_t *in = data;
	struct nx_siphash_state s;
	size_t left = len;

	nx_siphash_begin(&s, key);
	for (; left >= 8; in += 8, left -= 8)
		nx_siphash_word(&s, nx_siphash_le64(in));
	nx_siphash_word(&s, (uint64_t)len << 56 | le_tail(in, left));
	return nx_siphash_end(&s);
}

#ifdef __x86_64__
/* The same rounds on vectors: one lane a message. */
#define WIDE __attribute__((target("avx512f")))

typedef uint64_t lanes __attribute__((vector_size(8 * NX_SIPHASH_LANES)));

#define ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))

WIDE static void siphash_16_wide(const uint8_t key[16], const uint64_t word0[NX_SIPHASH_LANES],
	const uint64_t word1[NX_SIPHASH_LANES], uint64_t out[NX_SIPHASH_LANES])
{
	struct nx_siphash_state k;
	lanes v0, v1, v2, v3, word[3] = {{0}};

	nx_siphash_begin(&k, key);
	v0 = k.v0 - (lanes){0};
	v1 = k.v1 - (lanes){0};
	v2 = k.v2 - (lanes){0};
	v3 = k.v3 - (lanes){0};
	memcpy(&word[0], word0, sizeof(lanes));
	memcpy(&word[1], word1, sizeof(lanes));
	word[2] += (uint64_t)16 << 56;
#pragma GCC unroll 10
	for (unsigned i = 0; i < 10; i++) { /* two rounds a word, then four */
		if (i < 6 && i % 2 == 0)
			v3 ^= word[i / 2];
		v0 += v1;
		v2 += v3;
		v1 = ROTL(v1, 13) ^ v0;
		v3 = ROTL(v3, 16) ^ v2;
		v0 = ROTL(v0, 32);
		v2 += v1;
		v0 += v3;
		v1 = ROTL(v1, 17) ^ v2;
		v3 = ROTL(v3, 21) ^ v0;
		v2 = ROTL(v2, 32);
		if (i < 6 && i % 2 == 1)
			v0 ^= word[i / 2];
		if (i == 5)
			v2 ^= 0xff;
	}
	v0 ^= v1 ^ v2 ^ v3;
	memcpy(out, &v0, sizeof(lanes));
}

static bool is_wide(void)
{
	return __builtin_cpu_supports("avx512f");
}
#else
#define siphash_16_wide(key, word0, word1, out) ((void)0)

static bool is_wide(void)
{
	return false;
}
#endif

void nx_siphash_16_lanes(const uint8_t key[16], const uint64_t word0[NX_SIPHASH_LANES],
	const uint64_t word1[NX_SIPHASH_LANES], uint64_t out[NX_SIPHASH_LANES])
{
	if (is_wide()) {
		siphash_16_wide(key, word0, word1, out);
		return;
	}
	for (unsigned i = 0; i < NX_SIPHASH_LANES; i++)
		out[i] = nx_siphash_16(key, word0[i], word1[i]);
}
