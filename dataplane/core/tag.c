/* The To tag of our replies (rule 20; RFC 3261 19.3, 8.2.7), by which any node that holds the
 * fleet's key knows the ACK again without having stored anything:
 *
 *   "nx1"  key id, 1 hex digit  MAC, 16 hex digits  hash, 8 hex digits
 *
 * MAC = SipHash-2-4(k, XXH3-128(secret, Call-ID) XXH3-128(secret, From tag in lower case) CSeq
 * number, From tag length): what the ACK for a non-2xx repeats even through devices that rewrite
 * URIs and branches (17.1.1.3). XXH3 takes the values where they stand, whatever their length;
 * SipHash makes the result unforgeable, over 38 bytes whose fields cannot run together.
 * hash = XXH3-64 of branch, sent-by and Request-URI, so that the branches of a fork get tags of
 * their own; nobody verifies it. */
#include "dataplane/core/reply.h"

#include "dataplane/core/siphash.h"

#include <endian.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define PREFIX     "nx1"
#define PREFIX_LEN 3
#define MAC_OFF    (PREFIX_LEN + 1)
#define HASH_OFF   (MAC_OFF + 16)
#define HASH_STEP  0x9e3779b97f4a7c15 /* odd: 2^64 over the golden ratio */
#define FOLD_LEN   64                 /* bytes lower-cased at a time: four vectors */

struct material {
	XXH128_canonical_t call_id, from_tag;
	uint32_t cseq_be;
	uint16_t from_tag_len_be;
} __attribute__((packed));

static inline XXH128_canonical_t digest(const struct nx_tag_key *key, const void *data, size_t len)
{
	XXH128_canonical_t d;

	XXH128_canonicalFromHash(
		&d, XXH3_128bits_withSecret(data, len, key->secret, sizeof(key->secret)));
	return d;
}

static inline void lower(uint8_t text[FOLD_LEN])
{
	for (unsigned i = 0; i < FOLD_LEN; i++)
		text[i] = (uint8_t)(text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 0x20 : 0));
}

/* Takes n bytes at data, of which `readable` may be read: usually a whole piece, at a fixed cost,
 * and what lies behind the n bytes is of no interest. */
static inline void load_lower(
	uint8_t text[FOLD_LEN], const uint8_t *data, size_t n, size_t readable)
{
	if (readable >= FOLD_LEN) {
		memcpy(text, data, FOLD_LEN);
	} else {
		memset(text, 0, FOLD_LEN);
		memcpy(text, data, n);
	}
	lower(text);
}

/* Longer values than FOLD_LEN in pieces, in front of each but the first the digest so far. */
static inline XXH128_canonical_t digest_lower(
	const struct nx_tag_key *key, const struct nx_packet *p, struct nx_span s)
{
	const uint8_t *data = nx_span_at(p, s), *msg_end = nx_payload(p) + p->payload_len;
	size_t left = s.len, n = left < FOLD_LEN ? left : FOLD_LEN;
	struct {
		XXH128_canonical_t chain;
		uint8_t text[FOLD_LEN];
	} block;

	load_lower(block.text, data, n, (size_t)(msg_end - data));
	block.chain = digest(key, block.text, n);
	while (left > FOLD_LEN) {
		data += n;
		left -= n;
		n = left < FOLD_LEN ? left : FOLD_LEN;
		load_lower(block.text, data, n, (size_t)(msg_end - data));
		block.chain = digest(key, &block, sizeof(block.chain) + n);
	}
	return block.chain;
}

static inline uint64_t mac_of(const struct nx_tag_key *key, const struct nx_packet *p)
{
	const struct nx_sip *sip = &p->sip;
	const struct material m = {
		.call_id = digest(key, nx_span_at(p, sip->call_id), sip->call_id.len),
		.from_tag = digest_lower(key, p, sip->from_tag),
		.cseq_be = htobe32(sip->cseq_number),
		.from_tag_len_be = htobe16(sip->from_tag.len),
	};

	return nx_siphash(key->k, &m, sizeof(m));
}

static inline uint64_t hash_span(
	const struct nx_tag_key *key, const struct nx_packet *p, struct nx_span s)
{
	return XXH3_64bits_withSecret(nx_span_at(p, s), s.len, key->secret, sizeof(key->secret));
}

/* A polynomial of the three, so that their order counts. */
static inline uint32_t hash_of(const struct nx_tag_key *key, const struct nx_packet *p)
{
	uint64_t h = hash_span(key, p, p->sip.branch);

	h = h * HASH_STEP + hash_span(key, p, p->sip.sent_by);
	h = h * HASH_STEP + hash_span(key, p, p->sip.ruri);
	return (uint32_t)(h >> 32);
}

/* Eight hex digits at once: the nibbles are spread to a byte each, first digit highest, and those
 * above 9 moved on to 'a'. */
static inline void put_hex8(char *out, uint32_t v)
{
	uint64_t x = v, above9;

	x = (x << 16 | x) & 0x0000ffff0000ffff;
	x = (x << 8 | x) & 0x00ff00ff00ff00ff;
	x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0f;
	above9 = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
	x = htobe64(x + 0x3030303030303030 + above9 * ('a' - '9' - 1));
	memcpy(out, &x, sizeof(x));
}

static inline void put_prefix(const struct nx_tag_key *key, char *tag)
{
	memcpy(tag, PREFIX, PREFIX_LEN);
	tag[PREFIX_LEN] = "0123456789abcdef"[key->id & 0xf];
}

static inline void put_mac(const struct nx_tag_key *key, const struct nx_packet *p, char *tag)
{
	uint64_t mac = mac_of(key, p);

	put_hex8(tag + MAC_OFF, (uint32_t)(mac >> 32));
	put_hex8(tag + MAC_OFF + 8, (uint32_t)mac);
}

void nx_reply_tag(const struct nx_tag_key *key, const struct nx_packet *p, char *tag)
{
	put_prefix(key, tag);
	put_mac(key, p, tag);
	put_hex8(tag + HASH_OFF, hash_of(key, p));
}

bool nx_reply_owns(const struct nx_tag_key key[2], const struct nx_packet *p)
{
	uint8_t got[FOLD_LEN];
	char want[HASH_OFF];

	if (p->sip.to_tag.len != NX_TO_TAG_LEN)
		return false;
	load_lower(got, nx_span_at(p, p->sip.to_tag), NX_TO_TAG_LEN, NX_TO_TAG_LEN);
	for (unsigned i = 0; i < 2; i++) {
		if (!key[i].present)
			continue;
		put_prefix(&key[i], want);
		if (memcmp(got, want, MAC_OFF) != 0)
			continue;
		put_mac(&key[i], p, want);
		if (memcmp(got, want, HASH_OFF) == 0)
			return true;
	}
	return false;
}
