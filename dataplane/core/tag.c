/* The To tag of our replies (rule 20; RFC 3261 19.3, 8.2.7), by which any node that holds the
 * fleet's key knows the ACK again without having stored anything:
 *
 *   "nx1"  key id, 1 hex digit  MAC, 16 hex digits  hash, 8 hex digits
 *
 * MAC = SipHash-2-4(k, XXH3-128(secret, CSeq number, Call-ID, From tag in lower case)): what the
 * ACK for a non-2xx repeats even through devices that rewrite URIs and branches (17.1.1.3). The
 * hash gathers, SipHash over its 16 bytes makes the result unforgeable.
 * hash = XXH3-64 of branch, sent-by and Request-URI, so that the branches of a fork get tags of
 * their own; nobody verifies it.
 *
 * The values are gathered in pieces of a fixed width, each value's first piece filled up with zeros
 * in front. That first piece has at least one zero, which no value holds (rule 15), so values
 * cannot run together; and pieces are copied without a branch on their length. */
#include "dataplane/core/reply.h"

#include "dataplane/core/siphash.h"

#include <assert.h>
#include <endian.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define PREFIX     "nx1"
#define PREFIX_LEN 3
#define MAC_OFF    (PREFIX_LEN + 1)
#define HASH_OFF   (MAC_OFF + 16)
#define HASH_STEP  0x9e3779b97f4a7c15 /* odd: 2^64 over the golden ratio */
#define PIECE_LEN  32
#define FRONT_LEN  sizeof(XXH128_canonical_t)

#define always_inline inline __attribute__((always_inline))

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* What one call of XXH3 takes: in front the CSeq number or, where the values are longer than the
 * pieces, the digest so far. */
struct material {
	uint32_t used;
	_Alignas(16) uint8_t text[FRONT_LEN + 7 * PIECE_LEN];
};

static always_inline bytes16 load16(const uint8_t *at)
{
	bytes16 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static always_inline bytes16 lower(bytes16 v)
{
	return v | ((bytes16)((v >= 'A') & (v <= 'Z')) & 0x20);
}

static always_inline XXH128_hash_t digest(const struct nx_tag_key *key, const struct material *m)
{
	return XXH3_128bits_withSecret(m->text, m->used, key->secret, sizeof(key->secret));
}

static void chain(struct material *m, const struct nx_tag_key *key)
{
	XXH128_canonical_t front;

	XXH128_canonicalFromHash(&front, digest(key, m));
	memcpy(m->text, &front, sizeof(front));
	m->used = FRONT_LEN;
}

/* Adds the n <= PIECE_LEN bytes before end. The bytes before those, which are masked, are there to
 * be read: at least the headers of Ethernet, IPv4 and UDP. */
static always_inline void add_piece(struct material *m, const uint8_t *end, size_t n, bool fold)
{
	static const uint8_t last[2 * PIECE_LEN] = {[PIECE_LEN... 2 * PIECE_LEN - 1] = 0xff};

	for (size_t i = 0; i < PIECE_LEN; i += sizeof(bytes16)) {
		bytes16 v = load16(end - PIECE_LEN + i) & load16(last + n + i);

		v = fold ? lower(v) : v;
		memcpy(m->text + m->used + i, &v, sizeof(v));
	}
	m->used += PIECE_LEN;
}

static always_inline void add_span(struct material *m, const struct nx_tag_key *key,
	const struct nx_packet *p, struct nx_span s, bool fold)
{
	size_t n = s.len % PIECE_LEN;
	const uint8_t *end = nx_span_at(p, s) + n;

	for (size_t more = s.len / PIECE_LEN;; more--, n = PIECE_LEN, end += n) {
		if (m->used == sizeof(m->text))
			chain(m, key);
		add_piece(m, end, n, fold);
		if (more == 0)
			return;
	}
}

/* What the MAC is made of, gathered: SipHash over it makes it one. */
static always_inline XXH128_hash_t mac_digest(
	const struct nx_tag_key *key, const struct nx_packet *p)
{
	const uint64_t front[2] = {htole64(p->sip.cseq_number)};
	struct material m;

	assert(p->payload_off >= PIECE_LEN);
	memcpy(m.text, front, FRONT_LEN);
	m.used = FRONT_LEN;
	add_span(&m, key, p, p->sip.call_id, false);
	add_span(&m, key, p, p->sip.from_tag, true);
	return digest(key, &m);
}

static always_inline uint64_t hash_span(
	const struct nx_tag_key *key, const struct nx_packet *p, struct nx_span s)
{
	return XXH3_64bits_withSecret(nx_span_at(p, s), s.len, key->secret, sizeof(key->secret));
}

/* A polynomial of the three, so that their order counts. */
static always_inline uint32_t hash_of(const struct nx_tag_key *key, const struct nx_packet *p)
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

static inline void put_mac(uint64_t mac, char *tag)
{
	put_hex8(tag + MAC_OFF, (uint32_t)(mac >> 32));
	put_hex8(tag + MAC_OFF + 8, (uint32_t)mac);
}

/* n <= NX_SIPHASH_LANES */
static void put_tags(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN])
{
	uint64_t word0[NX_SIPHASH_LANES] = {0}, word1[NX_SIPHASH_LANES] = {0};
	uint64_t mac[NX_SIPHASH_LANES];

	for (unsigned i = 0; i < n; i++) {
		XXH128_hash_t d = mac_digest(key, p[i]);

		word0[i] = d.low64;
		word1[i] = d.high64;
	}
	nx_siphash_16_lanes(key->k, word0, word1, mac);
	for (unsigned i = 0; i < n; i++) {
		put_prefix(key, tag[i]);
		put_mac(mac[i], tag[i]);
		put_hex8(tag[i] + HASH_OFF, hash_of(key, p[i]));
	}
}

void nx_reply_tags(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN])
{
	for (unsigned i = 0; i < n; i += NX_SIPHASH_LANES)
		put_tags(key, p + i, n - i < NX_SIPHASH_LANES ? n - i : NX_SIPHASH_LANES, tag + i);
}

bool nx_reply_owns(const struct nx_tag_key key[2], const struct nx_packet *p)
{
	uint8_t got[2 * sizeof(bytes16)];
	char want[HASH_OFF];
	XXH128_hash_t d;

	if (p->sip.to_tag.len != NX_TO_TAG_LEN)
		return false;
	memcpy(got, nx_span_at(p, p->sip.to_tag), NX_TO_TAG_LEN);
	for (unsigned i = 0; i < HASH_OFF; i++)
		got[i] = (uint8_t)(got[i] | (got[i] >= 'A' && got[i] <= 'Z' ? 0x20 : 0));
	for (unsigned i = 0; i < 2; i++) {
		if (!key[i].present)
			continue;
		put_prefix(&key[i], want);
		if (memcmp(got, want, MAC_OFF) != 0)
			continue;
		d = mac_digest(&key[i], p);
		put_mac(nx_siphash_16(key[i].k, d.low64, d.high64), want);
		if (memcmp(got, want, HASH_OFF) == 0)
			return true;
	}
	return false;
}
