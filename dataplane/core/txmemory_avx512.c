/* The transaction memory (txmemory.c) with AVX-512: a bucket is one register. */
#include "dataplane/core/txbucket.h"

#ifdef __x86_64__
#include "dataplane/core/nh_avx512.h"

#define WIDE NX_NH_WIDE

/* The bucket's words, as bits of a mask. */
#define WRITTEN 0x0001u
#define LOST    0x0002u
#define SLOTS   0xfffcu

_Static_assert(offsetof(struct nx_txbucket, written) == 0 &&
		       offsetof(struct nx_txbucket, lost) == 4 &&
		       offsetof(struct nx_txbucket, slot) == 8,
	"the masks above");

WIDE void nx_txmemory_gather_avx512(const struct nx_txmemory *m, const struct nx_packet *const p[],
	unsigned n, uint64_t word0[], uint64_t word1[])
{
	for (unsigned i = 0; i < n; i++) {
		const struct nx_sip *sip = &p[i]->sip;
		const uint8_t *msg = nx_payload(p[i]);
		__m512i sum = nx_nh_wide(m->secret, p[i], msg, &sip->branch, TX_BRANCH);

		sum = _mm512_add_epi64(
			sum, nx_nh_wide(m->secret, p[i], msg, &sip->sent_by, TX_SENT_BY));
		sum = _mm512_add_epi64(sum, nx_nh_wide(m->secret, p[i], msg, &sip->ruri, TX_RURI));
		sum = _mm512_add_epi64(
			sum, nx_nh_wide(m->secret, p[i], msg, &sip->call_id, TX_CALL_ID));
		word0[i] = nx_nh_sum(sum);
		word1[i] = tx_call_word(sip);
	}
}

/* put_at of txmemory.c: the last of several free or oldest slots is taken there, too. */
WIDE static inline void put_at(struct nx_txbucket *b, uint32_t tag, uint32_t tick)
{
	const __m512i old = _mm512_load_si512(b);
	const __m512i age = _mm512_and_si512(_mm512_sub_epi32(_mm512_set1_epi32((int)tick), old),
		_mm512_set1_epi32(TX_TICK_MASK));
	const __mmask16 used = _mm512_mask_test_epi32_mask(SLOTS, old, old);
	const __mmask16 young = _mm512_mask_cmple_epu32_mask(used, age, _mm512_set1_epi32(TX_LIFE));
	const __mmask16 live = tick - b->written > TX_LIFE ? 0 : young;
	const __mmask16 own = _mm512_mask_cmpeq_epi32_mask(
		live, _mm512_srli_epi32(old, TX_TICK_BITS), _mm512_set1_epi32((int)tag));
	uint32_t place = own ? own : SLOTS & ~(uint32_t)live;
	__m512i new = _mm512_maskz_mov_epi32(live | LOST, old);

	if (place == 0) {
		const uint32_t oldest = _mm512_mask_reduce_max_epu32(SLOTS, age);

		place = _mm512_mask_cmpeq_epi32_mask(SLOTS, age, _mm512_set1_epi32((int)oldest));
		new = _mm512_mask_mov_epi32(new, LOST, _mm512_set1_epi32((int)(tick - oldest)));
	}
	place = 0x80000000u >> __builtin_clz(place);
	new = _mm512_mask_mov_epi32(new, (__mmask16)place,
		_mm512_set1_epi32((int)(tag << TX_TICK_BITS | (tick & TX_TICK_MASK))));
	new = _mm512_mask_mov_epi32(new, WRITTEN, _mm512_set1_epi32((int)tick));
	_mm512_store_si512(b, new);
}

WIDE void nx_txmemory_put_avx512(
	struct nx_txmemory *m, const uint64_t id[], const uint32_t tick[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_at(tx_bucket_of(m, id[i]), tx_tag_of(id[i]), tick[i]);
}

WIDE enum nx_txfound nx_txmemory_get_avx512(const struct nx_txmemory *m, uint64_t id, uint32_t tick)
{
	const struct nx_txbucket *b = tx_bucket_of(m, id);
	const __m512i v = _mm512_load_si512(b);
	const __m512i age = _mm512_and_si512(
		_mm512_sub_epi32(_mm512_set1_epi32((int)tick), v), _mm512_set1_epi32(TX_TICK_MASK));
	const __mmask16 young =
		_mm512_mask_cmple_epu32_mask(SLOTS, age, _mm512_set1_epi32(TX_LIFE));

	if (tick - b->written > TX_LIFE)
		return NX_TX_NEW;
	if (_mm512_mask_cmpeq_epi32_mask(young, _mm512_srli_epi32(v, TX_TICK_BITS),
		    _mm512_set1_epi32((int)tx_tag_of(id))))
		return NX_TX_HELD;
	return tick - b->lost > TX_LIFE ? NX_TX_NEW : NX_TX_LOST;
}
#endif
