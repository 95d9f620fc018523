/* To tags (tag.c) with AVX-512: what follows digest and NH is done for eight tags at once. */
#include "dataplane/core/tag.h"

#ifdef __x86_64__
#include "dataplane/core/nh_avx512.h"

#define WIDE  NX_NH_WIDE
#define LANES NX_SIPHASH_LANES

WIDE static always_inline __m256i load_from(const uint8_t *msg, const struct nx_sip *sip)
{
	const __mmask32 there =
		_bzhi_u32(UINT32_MAX << TAG_CSEQ_LEN, sip->from_tag.len + TAG_CSEQ_LEN);
	const __m256i v = _mm256_maskz_loadu_epi8(there, msg + sip->from_tag.off - TAG_CSEQ_LEN);
	const __mmask32 upper = _mm256_cmplt_epu8_mask(
		_mm256_sub_epi8(v, _mm256_set1_epi8('A')), _mm256_set1_epi8(26));
	const __m128i cseq = _mm_cvtsi32_si128((int)sip->cseq_number);

	return _mm256_or_si256(_mm256_mask_add_epi8(v, upper, v, _mm256_set1_epi8(0x20)),
		_mm256_zextsi128_si256(cseq));
}

WIDE static always_inline XXH128_hash_t digest_of(
	const struct nx_tag_key *key, const struct nx_packet *p)
{
	const uint8_t *msg = nx_payload(p);
	struct {
		_Alignas(64) uint8_t before[TAG_FROM_LEN]; /* puts the Call-ID into one line */
		uint8_t text[TAG_TEXT_LEN];
	} line;

	if (!tag_text_is_usual(&p->sip))
		return nx_tag_digest_any(key, p);
	_mm256_storeu_si256((__m256i *)(void *)line.text, load_from(msg, &p->sip));
	_mm512_storeu_si512(line.text + TAG_FROM_LEN,
		nx_nh_load_wide(msg + p->sip.call_id.off, p->sip.call_id.len));
	__asm__("" : "+m"(line.text)); /* words are cheaper read back than extracted */
	return tag_digest(key, line.text);
}

/* Returns what hash_of makes its result of. */
WIDE static always_inline uint64_t hash_sum(const struct nx_tag_key *key, const struct nx_packet *p)
{
	const uint8_t *msg = nx_payload(p);
	__m512i sum = nx_nh_wide(key->secret, p, msg, &p->sip.branch, TAG_BRANCH);

	sum = _mm512_add_epi64(sum, nx_nh_wide(key->secret, p, msg, &p->sip.sent_by, TAG_SENT_BY));
	sum = _mm512_add_epi64(sum, nx_nh_wide(key->secret, p, msg, &p->sip.ruri, TAG_RURI));
	return nx_nh_sum(sum);
}

WIDE static always_inline __m512i hash_final(__m512i sum)
{
	return _mm512_mullo_epi64(_mm512_xor_si512(sum, _mm512_srli_epi64(sum, 37)),
		_mm512_set1_epi64(TAG_HASH_FINAL));
}

/* Sixteen hex digits for each of the eight numbers. */
WIDE static always_inline void put_hex16(char out[LANES][16], __m512i v)
{
	const __m512i reversed = _mm512_broadcast_i32x4(
		_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
	const __m512i digit = _mm512_broadcast_i32x4(_mm_setr_epi8(
		'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
	const __m512i low4 = _mm512_set1_epi8(0xf);
	const __m512i be = _mm512_shuffle_epi8(v, reversed);
	const __m512i high =
		_mm512_shuffle_epi8(digit, _mm512_and_si512(_mm512_srli_epi64(be, 4), low4));
	const __m512i low = _mm512_shuffle_epi8(digit, _mm512_and_si512(be, low4));
	const __m512i even = _mm512_unpacklo_epi8(high, low);
	const __m512i odd = _mm512_unpackhi_epi8(high, low);

	_mm512_storeu_si512(out,
		_mm512_permutex2var_epi64(even, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), odd));
	_mm512_storeu_si512(
		out + LANES / 2, _mm512_permutex2var_epi64(
					 even, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), odd));
}

/* n <= LANES */
WIDE __attribute__((flatten)) static void put_lanes(const struct nx_tag_key *key,
	const struct nx_packet *const p[], unsigned n, char tag[][NX_TO_TAG_LEN])
{
	_Alignas(64) uint64_t word0[LANES] = {0}, word1[LANES] = {0}, mac[LANES], sum[LANES] = {0};
	_Alignas(64) char mac_text[LANES][16], hash_text[LANES][16];
	char prefix[TAG_MAC_OFF];

	for (unsigned i = 0; i < n; i++) {
		XXH128_hash_t d = digest_of(key, p[i]);

		word0[i] = d.low64;
		word1[i] = d.high64;
		sum[i] = hash_sum(key, p[i]);
	}
	nx_siphash_16_lanes(key->k, word0, word1, mac);
	put_hex16(mac_text, _mm512_loadu_si512(mac));
	put_hex16(hash_text, hash_final(_mm512_loadu_si512(sum)));
	tag_put_prefix(key, prefix);
	for (unsigned i = 0; i < n; i++) {
		memcpy(tag[i], prefix, sizeof(prefix));
		memcpy(tag[i] + TAG_MAC_OFF, mac_text[i], TAG_HASH_OFF - TAG_MAC_OFF);
		memcpy(tag[i] + TAG_HASH_OFF, hash_text[i], NX_TO_TAG_LEN - TAG_HASH_OFF);
	}
}

WIDE __attribute__((flatten)) XXH128_hash_t nx_tag_digest_avx512(
	const struct nx_tag_key *key, const struct nx_packet *p)
{
	return digest_of(key, p);
}

void nx_tag_put_avx512(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN])
{
	for (unsigned i = 0; i < n; i += LANES)
		put_lanes(key, p + i, n - i < LANES ? n - i : LANES, tag + i);
}
#endif
