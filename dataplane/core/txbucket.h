/* What txmemory.c and txmemory_avx512.c share: time and place of an entry, and what an id is made
 * of. For inclusion by these two only. */
#ifndef NX_CORE_TXBUCKET_H
#define NX_CORE_TXBUCKET_H

#include "dataplane/core/nh.h"
#include "dataplane/core/txmemory.h"

#define TX_TICK_SHIFT 29 /* ns to ticks: 0.54 s; 32 bits of them are 73 years */
#define TX_LIFE       ((uint32_t)(NX_TXMEMORY_LIFE_NS >> TX_TICK_SHIFT) + 1) /* rounded up */
#define TX_TICK_BITS  8                                                      /* of a slot */
#define TX_TICK_MASK  ((1u << TX_TICK_BITS) - 1)
#define TX_TAG_SHIFT  40 /* of an id: its upper bits */

_Static_assert(2 * (TX_LIFE + 1) <= TX_TICK_MASK, "8 bits tell two lives apart");

/* The parts of the secret, one a value. */
enum { TX_BRANCH, TX_SENT_BY, TX_RURI, TX_CALL_ID };

_Static_assert((TX_CALL_ID + 1) * NX_NH_BLOCK == NX_TXMEMORY_SECRET_LEN, "each value has its part");

static inline uint64_t tx_call_word(const struct nx_sip *sip)
{
	return (uint64_t)sip->method << 32 | sip->cseq_number;
}

static inline struct nx_txbucket *tx_bucket_of(const struct nx_txmemory *m, uint64_t id)
{
	return &m->bucket[id & m->mask];
}

/* Never 0, which a free slot has. */
static inline uint32_t tx_tag_of(uint64_t id)
{
	uint32_t tag = (uint32_t)(id >> TX_TAG_SHIFT);

	return tag ? tag : 1;
}

/* txmemory_avx512.c, where nx_nh_has_avx512: gather, put_all and get of txmemory.c. Tests build
 * that for less. */
#ifdef NX_NH_AVX512
void nx_txmemory_gather_avx512(const struct nx_txmemory *m, const struct nx_packet *const p[],
	unsigned n, uint64_t word0[], uint64_t word1[]);
void nx_txmemory_put_avx512(
	struct nx_txmemory *m, const uint64_t id[], const uint32_t tick[], unsigned n);
enum nx_txfound nx_txmemory_get_avx512(const struct nx_txmemory *m, uint64_t id, uint32_t tick);
#else
#define nx_txmemory_gather_avx512(m, p, n, word0, word1) ((void)0)
#define nx_txmemory_put_avx512(m, id, tick, n)           ((void)0)
#define nx_txmemory_get_avx512(m, id, tick)              NX_TX_LOST
#endif

#endif
