/* The To tag of our replies (rule 20; RFC 3261 19.3, 8.2.7), by which any node that holds the
 * fleet's key knows the ACK again without having stored anything:
 *
 *   "nx1"  key id, 1 hex digit  MAC, 16 hex digits  hash, 8 hex digits
 *
 * MAC = SipHash-2-4(k, XXH3-128(secret, CSeq number, From tag in lower case, Call-ID)): what the
 * ACK for a non-2xx repeats even through devices that rewrite URIs and branches (17.1.1.3). XXH3
 * gathers, SipHash over its 16 bytes makes the result unforgeable. Its text is of one length for
 * nearly every call: 4 bytes of CSeq number, the From tag and at least one zero up to 32 bytes (or
 * a multiple), the Call-ID and zeros up to 96. No value holds a zero (rule 15), so none runs into
 * the next. A longer text goes 96 bytes at a time, the first 16 of which are the digest so far.
 *
 * hash = of branch, sent-by and Request-URI, so that the branches of a fork get tags of their own;
 * nobody verifies it. It is NH (nh.h) of the three values, each keyed by a third of the secret.
 *
 * Here are the ways for any machine; with SSE2 values are gathered without a branch on their length
 * where the frame has so many bytes behind them. tag_avx512.c makes eight tags at once. */
#include "dataplane/core/tag.h"

#include <endian.h>

/* ---- the MAC's digest, of values of any length ---- */

/* Bytes behind `used` are zero. */
struct text {
	uint32_t used;
	uint8_t b[TAG_TEXT_LEN];
};

static void chain(struct text *t, const struct nx_tag_key *key)
{
	XXH128_canonical_t so_far;

	XXH128_canonicalFromHash(&so_far, tag_digest(key, t->b));
	*t = (struct text){.used = sizeof(so_far)};
	memcpy(t->b, &so_far, sizeof(so_far));
}

static void add(struct text *t, const struct nx_tag_key *key, const void *from, size_t len)
{
	const uint8_t *at = from;

	while (len > 0) {
		size_t room = TAG_TEXT_LEN - t->used, n = len < room ? len : room;

		if (n == 0) {
			chain(t, key);
			continue;
		}
		memcpy(t->b + t->used, at, n);
		t->used += (uint32_t)n;
		at += n;
		len -= n;
	}
}

static inline uint8_t lower(uint8_t c)
{
	return (uint8_t)(c | ((uint8_t)(c - 'A') < 26) << 5);
}

static void add_lower(struct text *t, const struct nx_tag_key *key, const uint8_t *at, size_t len)
{
	uint8_t part[TAG_FROM_LEN];

	for (size_t n; len > 0; at += n, len -= n) {
		n = len < sizeof(part) ? len : sizeof(part);
		for (size_t i = 0; i < n; i++)
			part[i] = lower(at[i]);
		add(t, key, part, n);
	}
}

XXH128_hash_t nx_tag_digest_any(const struct nx_tag_key *key, const struct nx_packet *p)
{
	const uint32_t cseq = htole32(p->sip.cseq_number);
	struct text t = {0};

	add(&t, key, &cseq, sizeof(cseq));
	add_lower(&t, key, nx_span_at(p, p->sip.from_tag), p->sip.from_tag.len);
	if (t.used == TAG_TEXT_LEN)
		chain(&t, key);
	t.used += TAG_FROM_LEN - t.used % TAG_FROM_LEN;
	add(&t, key, nx_span_at(p, p->sip.call_id), p->sip.call_id.len);
	return tag_digest(key, t.b);
}

/* ---- the usual lengths ---- */

#if defined(__SSE2__) && !defined(NX_NH_PLAIN)
static always_inline __m128i lower_block(__m128i v)
{
	return _mm_or_si128(v, _mm_and_si128(nx_bytes_within(v, 'A', 25), _mm_set1_epi8(0x20)));
}

static always_inline void put_vector(uint8_t *to, __m128i v)
{
	_mm_storeu_si128((__m128i *)(void *)to, v);
}

static inline XXH128_hash_t digest_of(const struct nx_tag_key *key, const struct nx_packet *p)
{
	const uint8_t *from = nx_span_at(p, p->sip.from_tag) - TAG_CSEQ_LEN;
	const uint8_t *call_id = nx_span_at(p, p->sip.call_id);
	const size_t from_len = p->sip.from_tag.len + (size_t)TAG_CSEQ_LEN;
	_Alignas(16) uint8_t text[TAG_TEXT_LEN];
	__m128i v;

	if (!tag_text_is_usual(&p->sip) || !nx_nh_has_behind(p, from, TAG_FROM_LEN) ||
		!nx_nh_has_behind(p, call_id, TAG_CALL_ID_LEN))
		return nx_tag_digest_any(key, p);
	v = lower_block(
		_mm_and_si128(nx_nh_load(from, from_len, 0), _mm_setr_epi32(0, -1, -1, -1)));
	put_vector(text, _mm_or_si128(v, _mm_cvtsi32_si128((int)p->sip.cseq_number)));
	put_vector(text + NX_NH_VECTOR, lower_block(nx_nh_load(from, from_len, NX_NH_VECTOR)));
	for (size_t i = 0; i < TAG_CALL_ID_LEN; i += NX_NH_VECTOR)
		put_vector(text + TAG_FROM_LEN + i, nx_nh_load(call_id, p->sip.call_id.len, i));
	return tag_digest(key, text);
}
#else
#define digest_of nx_tag_digest_any
#endif

static uint32_t hash_of(const struct nx_tag_key *key, const struct nx_packet *p)
{
	uint64_t sum = nx_nh_of(key->secret, p, p->sip.branch, TAG_BRANCH) +
		       nx_nh_of(key->secret, p, p->sip.sent_by, TAG_SENT_BY) +
		       nx_nh_of(key->secret, p, p->sip.ruri, TAG_RURI);

	return (uint32_t)((sum ^ sum >> 37) * TAG_HASH_FINAL >> 32);
}

/* ---- the text ---- */

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

static inline void put_mac(uint64_t mac, char *tag)
{
	put_hex8(tag + TAG_MAC_OFF, (uint32_t)(mac >> 32));
	put_hex8(tag + TAG_MAC_OFF + 8, (uint32_t)mac);
}

static void put_tag(const struct nx_tag_key *key, const struct nx_packet *p, char *tag)
{
	XXH128_hash_t d = digest_of(key, p);

	tag_put_prefix(key, tag);
	put_mac(nx_siphash_16(key->k, d.low64, d.high64), tag);
	put_hex8(tag + TAG_HASH_OFF, hash_of(key, p));
}

void nx_reply_tags(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN])
{
	if (nx_nh_has_avx512()) {
		nx_tag_put_avx512(key, p, n, tag);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		put_tag(key, p[i], tag[i]);
}

bool nx_reply_owns(const struct nx_tag_key key[2], const struct nx_packet *p)
{
	uint8_t got[NX_TO_TAG_LEN];
	char want[TAG_HASH_OFF];
	XXH128_hash_t d;

	if (p->sip.to_tag.len != NX_TO_TAG_LEN)
		return false;
	memcpy(got, nx_span_at(p, p->sip.to_tag), NX_TO_TAG_LEN);
	for (unsigned i = 0; i < TAG_HASH_OFF; i++)
		got[i] = lower(got[i]);
	for (unsigned i = 0; i < 2; i++) {
		if (!key[i].present)
			continue;
		tag_put_prefix(&key[i], want);
		if (memcmp(got, want, TAG_MAC_OFF) != 0)
			continue;
		d = nx_nh_has_avx512() ? nx_tag_digest_avx512(&key[i], p) : digest_of(&key[i], p);
		put_mac(nx_siphash_16(key[i].k, d.low64, d.high64), want);
		if (memcmp(got, want, TAG_HASH_OFF) == 0)
			return true;
	}
	return false;
}
