/* What tag.c and tag_avx512.c share: the shape of what a To tag is made of, and the ways for values
 * that do not fit it. For inclusion by these two only. */
#ifndef NX_CORE_TAG_H
#define NX_CORE_TAG_H

#include "dataplane/core/nh.h"
#include "dataplane/core/reply.h"
#include "dataplane/core/siphash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define TAG_PREFIX   "nx1"
#define TAG_MAC_OFF  4 /* behind prefix and key id */
#define TAG_HASH_OFF (TAG_MAC_OFF + 16)

/* The MAC's text: CSeq number, From tag and a zero at least; Call-ID. */
#define TAG_CSEQ_LEN    4
#define TAG_FROM_LEN    32
#define TAG_CALL_ID_LEN 64
#define TAG_TEXT_LEN    (TAG_FROM_LEN + TAG_CALL_ID_LEN)

/* The parts of the secret, one a value of the hash. */
enum { TAG_BRANCH, TAG_SENT_BY, TAG_RURI };

#define TAG_HASH_FINAL 0x165667919e3779f9 /* odd; what XXH3 ends with, too */

_Static_assert((TAG_RURI + 1) * NX_NH_BLOCK <= NX_USERS_SECRET_LEN, "each value has its part");

#define always_inline inline __attribute__((always_inline))

static always_inline bool tag_text_is_usual(const struct nx_sip *sip)
{
	return sip->from_tag.len < TAG_FROM_LEN - TAG_CSEQ_LEN &&
	       sip->call_id.len <= TAG_CALL_ID_LEN;
}

static always_inline XXH128_hash_t tag_digest(const struct nx_tag_key *key, const uint8_t *text)
{
	return XXH3_128bits_withSecret(text, TAG_TEXT_LEN, key->secret, sizeof(key->secret));
}

static inline void tag_put_prefix(const struct nx_tag_key *key, char *tag)
{
	memcpy(tag, TAG_PREFIX, sizeof(TAG_PREFIX) - 1);
	tag[sizeof(TAG_PREFIX) - 1] = "0123456789abcdef"[key->id & 0xf];
}

/* nx_tag_digest_any digests values of any length. */
XXH128_hash_t nx_tag_digest_any(const struct nx_tag_key *key, const struct nx_packet *p);

/* tag_avx512.c: the digest, and n whole tags; where nx_nh_has_avx512. Tests build tag.c for less.
 */
#ifdef NX_NH_AVX512
XXH128_hash_t nx_tag_digest_avx512(const struct nx_tag_key *key, const struct nx_packet *p);
void nx_tag_put_avx512(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN]);
#else
#define nx_tag_digest_avx512(key, p)      nx_tag_digest_any(key, p)
#define nx_tag_put_avx512(key, p, n, tag) ((void)0)
#endif

#endif
