/* SipHash-2-4: a keyed 64-bit hash that outsiders cannot steer, for what they can insert (sources,
 * fragments, transactions) and to finish the To tag's MAC. Two compression rounds a word, four at
 * the end, as published; words are little-endian on every machine, so that a fleet agrees.
 * Leaves out the 128-bit output and incremental hashing.
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012. */
#include "dataplane/core/siphash.h"

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
