/* The transaction memory. Two things carry it.
 *
 * Time in 8 bits: a put clears what has ended in its bucket, and everything where the last put was
 * longer ago than a life. So whatever a slot holds was no older than a life at the last put; a
 * reader who finds the last put no older than a life knows every slot to be at most two lives old,
 * 120 ticks, and 8 bits tell ages up to 255 apart. Nothing old can come back as new, and no sweep
 * is needed.
 *
 * Ids: SipHash over all of a transaction's 130 bytes or so would cost more than the whole budget of
 * a packet. As for the To tag, XXH3 under a secret gathers them, and one SipHash over the 16 bytes
 * left, eight packets at a time, makes the id. Nobody outside sees an id or what follows from it
 * but by guessing at which of his requests passed; and whoever could make ids collide would gain
 * that requests pass, which he has for a forged To tag. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>

#include "dataplane/core/siphash.h"
#include "dataplane/core/txmemory.h"

#define TICK_SHIFT 29 /* ns to ticks: 0.54 s; 32 bits of them are 73 years */
#define LIFE       ((uint32_t)(NX_TXMEMORY_LIFE_NS >> TICK_SHIFT) + 1) /* rounded up */
#define TICK_MASK  0xffu                                               /* of a slot */
#define TAG_SHIFT  40                           /* of an id: its upper bits */
#define STEP       UINT64_C(0x9e3779b97f4a7c15) /* odd */

_Static_assert(2 * (LIFE + 1) <= TICK_MASK, "8 bits tell two lives apart");

void nx_txmemory_init(
	struct nx_txmemory *m, const uint8_t key[16], struct nx_txbucket *bucket, uint32_t n)
{
	assert(n > 0 && (n & (n - 1)) == 0);
	m->bucket = bucket;
	m->mask = n - 1;
	memcpy(m->key, key, sizeof(m->key));
	for (uint8_t i = 0; i < NX_USERS_SECRET_LEN / 8; i++) {
		/* 9 bytes: never the 16 that an id is made of */
		uint8_t label[9] = {'n', 'x', '-', 't', 'x', '-', 'm', 'e', i};
		uint64_t v = htole64(nx_siphash(key, label, sizeof(label)));

		memcpy(m->secret + 8 * i, &v, sizeof(v));
	}
}

/* ---- ids ---- */

static inline uint64_t hash_span(
	const struct nx_txmemory *m, const struct nx_packet *p, struct nx_span s)
{
	return XXH3_64bits_withSecret(nx_span_at(p, s), s.len, m->secret, sizeof(m->secret));
}

/* Polynomials, so that the order counts. */
static inline uint64_t via_word(const struct nx_txmemory *m, const struct nx_packet *p)
{
	return hash_span(m, p, p->sip.branch) * STEP + hash_span(m, p, p->sip.sent_by);
}

static inline uint64_t call_word(const struct nx_txmemory *m, const struct nx_packet *p)
{
	uint64_t cseq = (uint64_t)p->sip.method << 32 | p->sip.cseq_number;

	return (hash_span(m, p, p->sip.call_id) * STEP + hash_span(m, p, p->sip.ruri)) * STEP +
	       cseq;
}

void nx_txmemory_ids(
	const struct nx_txmemory *m, const struct nx_packet *const p[], unsigned n, uint64_t id[])
{
	uint64_t word0[NX_SIPHASH_LANES] = {0}, word1[NX_SIPHASH_LANES] = {0};
	uint64_t out[NX_SIPHASH_LANES];

	for (unsigned i = 0; i < n; i += NX_SIPHASH_LANES) {
		unsigned k = n - i < NX_SIPHASH_LANES ? n - i : NX_SIPHASH_LANES;

		for (unsigned j = 0; j < k; j++) {
			word0[j] = via_word(m, p[i + j]);
			word1[j] = call_word(m, p[i + j]);
		}
		nx_siphash_16_lanes(m->key, word0, word1, out);
		memcpy(id + i, out, k * sizeof(out[0]));
	}
}

/* ---- the table ---- */

/* From LIFE + 1 on, so that the zeros of an unused bucket are of the past at any time. */
static inline uint32_t tick_of(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> TICK_SHIFT) + LIFE + 1;
}

static inline struct nx_txbucket *bucket_of(const struct nx_txmemory *m, uint64_t id)
{
	return &m->bucket[id & m->mask];
}

/* Never 0, which a free slot has. */
static inline uint32_t tag_of(uint64_t id)
{
	uint32_t tag = (uint32_t)(id >> TAG_SHIFT);

	return tag ? tag : 1;
}

static inline uint32_t age_of(uint32_t slot, uint32_t tick)
{
	return (tick - slot) & TICK_MASK;
}

static inline void clear_ended(struct nx_txbucket *b, uint32_t tick)
{
	bool all = tick - b->written > LIFE;

	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++)
		if (all || age_of(b->slot[i], tick) > LIFE)
			b->slot[i] = 0;
}

/* The slot for a tag: its own, else a free one, else the oldest. */
static inline unsigned place_for(const struct nx_txbucket *b, uint32_t tag, uint32_t tick)
{
	unsigned best = 0;
	uint32_t best_age = 0;

	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++) {
		uint32_t age = b->slot[i] ? age_of(b->slot[i], tick) : UINT32_MAX;

		if (b->slot[i] >> 8 == tag)
			return i;
		if (age >= best_age) {
			best = i;
			best_age = age;
		}
	}
	return best;
}

void nx_txmemory_put(struct nx_txmemory *m, uint64_t id, uint64_t now_ns)
{
	struct nx_txbucket *b = bucket_of(m, id);
	const uint32_t tick = tick_of(now_ns), tag = tag_of(id);
	uint32_t *slot;

	clear_ended(b, tick);
	slot = &b->slot[place_for(b, tag, tick)];
	if (*slot && *slot >> 8 != tag)
		b->lost = tick - age_of(*slot, tick);
	*slot = tag << 8 | (tick & TICK_MASK);
	b->written = tick;
}

enum nx_txfound nx_txmemory_get(const struct nx_txmemory *m, uint64_t id, uint64_t now_ns)
{
	const struct nx_txbucket *b = bucket_of(m, id);
	const uint32_t tick = tick_of(now_ns), tag = tag_of(id);

	if (tick - b->written > LIFE)
		return NX_TX_NEW;
	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++)
		if (b->slot[i] >> 8 == tag && age_of(b->slot[i], tick) <= LIFE)
			return NX_TX_HELD;
	return tick - b->lost > LIFE ? NX_TX_NEW : NX_TX_LOST;
}

/* ---- rule 28 ---- */

/* What a reason means to the memory. */
enum role {
	NONE,
	ENDED, /* a judged request does not reach the SBC */
	KEPT,  /* it passes, and might be answered after a change of the store, a switch, or another
		* moment. What only the configuration file can turn is not among them: after such a
		* reload the box settles anew. Nor are those of step 8 itself but SETTLING. */
};

static const uint8_t roles[NX_REASON_COUNT] = {
	[NX_R_UNKNOWN_NUMBER] = ENDED,
	[NX_R_UNKNOWN_NAME] = ENDED,
	[NX_R_REGISTER_404] = ENDED,
	[NX_R_GONE_404] = ENDED,
	[NX_R_GONE_604] = ENDED,
	[NX_R_RULE_404] = ENDED,
	[NX_R_RULE_604] = ENDED,
	[NX_R_RULE_DROP] = ENDED,
	[NX_R_PUBLIC_DROP] = ENDED,
	[NX_R_HOST] = KEPT,
	[NX_R_NO_TABLE] = KEPT,
	[NX_R_KNOWN] = KEPT,
	[NX_R_OVERLAP] = KEPT,
	[NX_R_OPEN] = KEPT,
	[NX_R_RULE_PASS] = KEPT,
	[NX_R_RULE_FAILED] = KEPT,
	[NX_R_SETTLING] = KEPT,
	[NX_R_SHADOW_404] = KEPT,
	[NX_R_SHADOW_604] = KEPT,
	[NX_R_SHADOW_DROP] = KEPT,
	[NX_R_PUBLIC_PASS] = KEPT,
	[NX_R_SYMMETRIC] = KEPT,
};

static void apply_one(struct nx_txmemory *m, uint64_t now_ns, struct nx_packet *p, uint64_t id)
{
	enum nx_txfound found;

	if (roles[p->reason] == KEPT) {
		nx_txmemory_put(m, id, now_ns);
		return;
	}
	found = nx_txmemory_get(m, id, now_ns);
	if (found != NX_TX_NEW)
		p->reason = found == NX_TX_HELD ? NX_R_IN_TRANSACTION : NX_R_MEMORY_OVERFLOW;
}

/* Out: open, the packets of a burst that the memory has to do with: what passes is always
 * remembered, what ends is only looked up while recalling. */
static inline unsigned select_open(
	bool recalling, struct nx_packet *const p[], unsigned n, struct nx_packet *open[])
{
	const unsigned first = recalling ? ENDED : KEPT;
	unsigned n_open = 0;

	for (unsigned i = 0; i < n; i++) {
		open[n_open] = p[i];
		n_open += roles[p[i]->reason] >= first;
	}
	return n_open;
}

static void settle(struct nx_packet *const p[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (roles[p[i]->reason] == ENDED)
			p[i]->reason = NX_R_SETTLING;
}

void nx_txmemory_apply(struct nx_txmemory *m, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const p[], unsigned n)
{
	const bool recalling = policy->recall && nx_recall_is_on(policy->recall, now_ns);
	struct nx_packet *open[NX_BURST_MAX];
	uint64_t id[NX_BURST_MAX];
	unsigned n_open;

	if (recalling && now_ns < policy->settle_until_ns)
		settle(p, n);
	n_open = select_open(recalling, p, n, open);
	if (n_open == 0)
		return;
	nx_txmemory_ids(m, (const struct nx_packet *const *)open, n_open, id);
	for (unsigned i = 0; i < n_open; i++)
		__builtin_prefetch(bucket_of(m, id[i]), 1);
	for (unsigned i = 0; i < n_open; i++)
		apply_one(m, now_ns, open[i], id[i]);
}

void nx_txmemory_remember(struct nx_txmemory *m, uint64_t now_ns, const struct nx_packet *p)
{
	uint64_t id;

	nx_txmemory_ids(m, &p, 1, &id);
	nx_txmemory_put(m, id, now_ns);
}
