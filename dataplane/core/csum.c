/* The Internet checksum (RFC 1071) in software, for ports that do not check or fill it in.
 * Ones'-complement addition may be done in words of any width and in host order. Here in vectors of
 * 32-bit lanes, which hold two 16-bit words each: `low` adds the lanes and lets them wrap, `high`
 * adds their upper halves, which cannot overflow in 64 KiB. What wrapped is known at the end,
 * because low - (high << 16) is the sum of the lower halves, modulo 2^32 and so exactly. Three
 * instructions for 16 bytes, in plain C. */
#include "dataplane/core/decode.h"

#include <endian.h>

#define PROTO_UDP 17
#define BLOCK     sizeof(lanes[2])
#define CHUNK     65536

typedef uint32_t lanes __attribute__((vector_size(16)));

static inline uint64_t load64(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return w;
}

/* The last 0 to 7 bytes; behind an odd one stands a zero. */
static inline uint64_t add_tail(const uint8_t *at, size_t len)
{
	uint64_t sum = 0;
	uint32_t four;
	uint16_t two;

	if (len & 4) {
		memcpy(&four, at, sizeof(four));
		sum += four;
	}
	if (len & 2) {
		memcpy(&two, at + (len & 4), sizeof(two));
		sum += two;
	}
	if (len & 1)
		sum += htole16(at[len - 1]);
	return sum;
}

/* len is a multiple of BLOCK and at most CHUNK. */
static inline uint64_t add_blocks(const uint8_t *in, size_t len)
{
	lanes low[2] = {{0}}, high[2] = {{0}};

	for (; len > 0; in += BLOCK, len -= BLOCK) {
		lanes v[2];

		memcpy(v, in, sizeof(v));
		low[0] += v[0];
		low[1] += v[1];
		high[0] += v[0] >> 16;
		high[1] += v[1] >> 16;
	}
	low[0] += low[1];
	high[0] += high[1];
	low[0] += high[0] - (high[0] << 16);
	return (uint64_t)low[0][0] + low[0][1] + low[0][2] + low[0][3];
}

uint64_t nx_csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *in = data;
	nx_u128 wide = sum;

	while (len >= BLOCK) {
		size_t n = (len < CHUNK ? len : CHUNK) / BLOCK * BLOCK;

		wide += add_blocks(in, n);
		in += n;
		len -= n;
	}
	for (; len >= 8; in += 8, len -= 8)
		wide += load64(in);
	wide += add_tail(in, len);

	sum = (uint64_t)wide;
	sum += (uint64_t)(wide >> 64);
	return sum + (sum < (uint64_t)(wide >> 64));
}

uint16_t nx_csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t nx_csum_pseudo(const uint8_t *l3, bool is_v6, uint16_t udp_len)
{
	uint64_t sum = (uint64_t)htobe16(PROTO_UDP) + htobe16(udp_len);

	return is_v6 ? nx_csum_add(sum, l3 + 8, 32) : nx_csum_add(sum, l3 + 12, 8);
}
