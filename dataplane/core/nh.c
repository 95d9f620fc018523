/* NH (nh.h) of values of any length, by words. */
#include "dataplane/core/nh.h"

#include <endian.h>
#include <xxhash.h>

uint64_t nx_nh_long(const uint8_t *secret, const struct nx_packet *p, struct nx_span s)
{
	return XXH3_64bits_withSecret(nx_span_at(p, s), s.len, secret, NX_NH_SECRET_MIN);
}

static uint64_t nh(const uint8_t key[NX_NH_BLOCK], const uint8_t block[NX_NH_BLOCK])
{
	uint32_t k[NX_NH_BLOCK / 4], m[NX_NH_BLOCK / 4];
	uint64_t sum = 0;

	memcpy(k, key, sizeof(k));
	memcpy(m, block, sizeof(m));
	for (unsigned i = 0; i < NX_NH_BLOCK / 4; i += 2)
		sum += (uint64_t)(le32toh(m[i]) + le32toh(k[i])) *
		       (le32toh(m[i + 1]) + le32toh(k[i + 1]));
	return sum;
}

uint64_t nx_nh_any(
	const uint8_t *secret, const struct nx_packet *p, struct nx_span s, unsigned part)
{
	uint8_t block[NX_NH_BLOCK] = {0};

	if (s.len <= NX_NH_BLOCK) {
		memcpy(block, nx_span_at(p, s), s.len);
	} else {
		uint64_t h = htole64(nx_nh_long(secret, p, s));

		memcpy(block, &h, sizeof(h));
	}
	return nh(secret + part * NX_NH_BLOCK, block);
}
