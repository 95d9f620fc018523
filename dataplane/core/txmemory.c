/* The transaction memory. Four things carry it.
 *
 * Time in 8 bits: a put clears what has ended in its bucket, and everything where the last put was
 * longer ago than a life. So whatever a slot holds was no older than a life at the last put; a
 * reader who finds the last put no older than a life knows every slot to be at most two lives old,
 * 120 ticks, and 8 bits tell ages up to 255 apart. Nothing old can come back as new, and no sweep
 * is needed.
 *
 * Writes that wait: a put waits for its line of 4 MiB, and one id costs what eight do. So what is
 * remembered is put many at a time, when the journal has no more room or a reader comes. An entry
 * has the tick of its packet, and the order is that of arrival: a bucket then is what it would be
 * had none of them waited, be it for hours.
 *
 * Traces: for 33 s after any change every request that would be answered is looked for, and hardly
 * any of them was passed. The eight first and last bytes of branch and Call-ID lead to a byte that
 * holds the tick of the last that passed there; where it is not of this life, nothing of the
 * transaction is in the table, and neither an id nor the journal's writes are needed. Eight bits of
 * a tick come round every 137 s: a trace that looks young and is not costs a lookup, no more. For
 * the same reason the trace needs no key: who makes his requests meet the traces of others makes
 * each of them cost what it would without.
 *
 * Ids: SipHash over all of a transaction's 130 bytes or so would cost more than the whole budget of
 * a packet. NH gathers the four texts (nh.h: two transactions have the same sum with 2^-32 at
 * most), and one SipHash over the sum, method and CSeq number makes the id. Nobody outside sees an
 * id or what follows from it but by guessing at which of his requests passed; and whoever could
 * make ids collide would gain that requests pass, which he has for a forged To tag. */
#include <assert.h>

#include "dataplane/core/siphash.h"
#include "dataplane/core/txbucket.h"

_Static_assert(NX_TXMEMORY_WAITING % NX_SIPHASH_LANES == 0 && NX_BURST_MAX % NX_SIPHASH_LANES == 0,
	"ids are made a whole number of lanes at a time");
_Static_assert(NX_TXMEMORY_WAITING >= NX_BURST_MAX, "a burst can wait");

void nx_txmemory_init(struct nx_txmemory *m, const uint8_t key[16], struct nx_txbucket *bucket,
	uint8_t *trace, uint32_t n)
{
	assert(n > 0 && (n & (n - 1)) == 0 && n <= UINT32_MAX / NX_TXMEMORY_TRACES);
	memset(m, 0, sizeof(*m));
	m->bucket = bucket;
	m->trace = trace;
	m->mask = n - 1;
	memcpy(m->key, key, sizeof(m->key));
	for (uint8_t i = 0; i < NX_TXMEMORY_SECRET_LEN / 8; i++) {
		/* 9 bytes: never the 16 that an id is made of */
		uint8_t label[9] = {'n', 'x', '-', 't', 'x', '-', 'm', 'e', i};
		uint64_t v = htole64(nx_siphash(key, label, sizeof(label)));

		memcpy(m->secret + 8 * i, &v, sizeof(v));
	}
}

/* ---- ids ---- */

/* The two words that each packet's id is made of. */
static inline void gather(const struct nx_txmemory *m, const struct nx_packet *const p[],
	unsigned n, uint64_t word0[], uint64_t word1[])
{
	if (nx_nh_has_avx512()) {
		nx_txmemory_gather_avx512(m, p, n, word0, word1);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct nx_sip *sip = &p[i]->sip;

		word0[i] = nx_nh_of(m->secret, p[i], sip->branch, TX_BRANCH) +
			   nx_nh_of(m->secret, p[i], sip->sent_by, TX_SENT_BY) +
			   nx_nh_of(m->secret, p[i], sip->ruri, TX_RURI) +
			   nx_nh_of(m->secret, p[i], sip->call_id, TX_CALL_ID);
		word1[i] = tx_call_word(sip);
	}
}

/* The ids, and their buckets on the way from memory. All three arrays have whole lanes. */
static void make_ids(const struct nx_txmemory *m, const uint64_t word0[], const uint64_t word1[],
	unsigned n, uint64_t id[])
{
	for (unsigned i = 0; i < n; i += NX_SIPHASH_LANES) {
		nx_siphash_16_lanes(m->key, word0 + i, word1 + i, id + i);
		for (unsigned j = i; j < n && j < i + NX_SIPHASH_LANES; j++)
			__builtin_prefetch(tx_bucket_of(m, id[j]), 1);
	}
}

void nx_txmemory_ids(
	const struct nx_txmemory *m, const struct nx_packet *const p[], unsigned n, uint64_t id[])
{
	uint64_t word0[NX_BURST_MAX] = {0}, word1[NX_BURST_MAX] = {0};

	gather(m, p, n, word0, word1);
	make_ids(m, word0, word1, n, id);
}

/* ---- the table ---- */

/* From TX_LIFE + 1 on, so that the zeros of an unused bucket are of the past at any time. */
static inline uint32_t tick_of(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> TX_TICK_SHIFT) + TX_LIFE + 1;
}

static inline uint32_t age_of(uint32_t slot, uint32_t tick)
{
	return (tick - slot) & TX_TICK_MASK;
}

static inline void clear_ended(struct nx_txbucket *b, uint32_t tick)
{
	bool all = tick - b->written > TX_LIFE;

	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++)
		if (all || age_of(b->slot[i], tick) > TX_LIFE)
			b->slot[i] = 0;
}

/* The slot for a tag: its own, else a free one, else the oldest. */
static inline unsigned place_for(const struct nx_txbucket *b, uint32_t tag, uint32_t tick)
{
	unsigned best = 0;
	uint32_t best_age = 0;

	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++) {
		uint32_t age = b->slot[i] ? age_of(b->slot[i], tick) : UINT32_MAX;

		if (b->slot[i] >> TX_TICK_BITS == tag)
			return i;
		if (age >= best_age) {
			best = i;
			best_age = age;
		}
	}
	return best;
}

static void put_at(struct nx_txbucket *b, uint32_t tag, uint32_t tick)
{
	uint32_t *slot;

	clear_ended(b, tick);
	slot = &b->slot[place_for(b, tag, tick)];
	if (*slot && *slot >> TX_TICK_BITS != tag)
		b->lost = tick - age_of(*slot, tick);
	*slot = tag << TX_TICK_BITS | (tick & TX_TICK_MASK);
	b->written = tick;
}

static void put_all(struct nx_txmemory *m, const uint64_t id[], const uint32_t tick[], unsigned n)
{
	if (nx_nh_has_avx512()) {
		nx_txmemory_put_avx512(m, id, tick, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		put_at(tx_bucket_of(m, id[i]), tx_tag_of(id[i]), tick[i]);
}

void nx_txmemory_put(struct nx_txmemory *m, uint64_t id, uint64_t now_ns)
{
	const uint32_t tick = tick_of(now_ns);

	put_all(m, &id, &tick, 1);
}

enum nx_txfound nx_txmemory_get(const struct nx_txmemory *m, uint64_t id, uint64_t now_ns)
{
	const struct nx_txbucket *b = tx_bucket_of(m, id);
	const uint32_t tick = tick_of(now_ns), tag = tx_tag_of(id);

	if (nx_nh_has_avx512())
		return nx_txmemory_get_avx512(m, id, tick);
	if (tick - b->written > TX_LIFE)
		return NX_TX_NEW;
	for (unsigned i = 0; i < NX_TXMEMORY_SLOTS; i++)
		if (b->slot[i] >> TX_TICK_BITS == tag && age_of(b->slot[i], tick) <= TX_LIFE)
			return NX_TX_HELD;
	return tick - b->lost > TX_LIFE ? NX_TX_NEW : NX_TX_LOST;
}

/* ---- traces ---- */

#define TRACE_MIX UINT64_C(0x9e3779b97f4a7c15) /* odd, 2^64 by the golden ratio */

/* The first and the last eight bytes of a value, or all that it has. Before a value there are eight
 * bytes of headers at least. */
static inline uint64_t ends_of(const struct nx_packet *p, struct nx_span s)
{
	const uint8_t *at = nx_span_at(p, s);
	uint64_t last;

	if (s.len == 0)
		return 0;
	last = le64toh(nx_bytes_word(at + s.len - 8));
	if (s.len < 8)
		return last >> 8 * (8 - s.len);
	return last ^ nx_bytes_rotate(le64toh(nx_bytes_word(at)), 31);
}

static inline uint8_t *trace_of(const struct nx_txmemory *m, const struct nx_packet *p)
{
	uint64_t h = ends_of(p, p->sip.call_id) * TRACE_MIX;

	h = (h ^ h >> 32 ^ ends_of(p, p->sip.branch)) * TRACE_MIX;
	return &m->trace[(h >> 32) & (m->mask * NX_TXMEMORY_TRACES + NX_TXMEMORY_TRACES - 1)];
}

/* Never 0, which says that there is none: a tick earlier in its place. */
static inline uint8_t stamp_of(uint32_t tick)
{
	return tick & TX_TICK_MASK ? tick & TX_TICK_MASK : TX_TICK_MASK;
}

static inline bool is_young(uint8_t trace, uint32_t tick)
{
	return trace != 0 && age_of(trace, tick) <= TX_LIFE + 1;
}

/* ---- the journal ---- */

void nx_txmemory_flush(struct nx_txmemory *m)
{
	uint64_t id[NX_TXMEMORY_WAITING];

	make_ids(m, m->word0, m->word1, m->n_waiting, id);
	put_all(m, id, m->tick, m->n_waiting);
	m->n_waiting = 0;
}

static void write_down(
	struct nx_txmemory *m, uint64_t now_ns, const struct nx_packet *const p[], unsigned n)
{
	if (n > NX_TXMEMORY_WAITING - m->n_waiting)
		nx_txmemory_flush(m);
	gather(m, p, n, m->word0 + m->n_waiting, m->word1 + m->n_waiting);
	for (unsigned i = 0; i < n; i++)
		m->tick[m->n_waiting + i] = tick_of(now_ns);
	m->n_waiting += n;
}

static void remember(
	struct nx_txmemory *m, uint64_t now_ns, const struct nx_packet *const p[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		*trace_of(m, p[i]) = stamp_of(tick_of(now_ns));
	write_down(m, now_ns, p, n);
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
	assert(n_open <= n); /* which analysers do not see */
	return n_open;
}

static void settle(struct nx_packet *const p[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (roles[p[i]->reason] == ENDED)
			p[i]->reason = NX_R_SETTLING;
}

/* Leaves of a burst's open packets what passes, which leaves its traces here, and what ends and has
 * a trace, be it of one before it here. The traces are asked for together: they are seldom in a
 * near cache. Return: how many are left; out: asked, how many of them end. */
static inline unsigned follow_traces(
	struct nx_txmemory *m, uint32_t tick, struct nx_packet *open[], unsigned n, unsigned *asked)
{
	uint8_t *trace[NX_BURST_MAX];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		trace[i] = trace_of(m, open[i]);
		__builtin_prefetch(trace[i], 1);
	}
	*asked = 0;
	for (unsigned i = 0; i < n; i++) {
		const bool passes = roles[open[i]->reason] == KEPT;
		const bool young = is_young(*trace[i], tick);

		if (passes)
			*trace[i] = stamp_of(tick);
		*asked += young && !passes;
		open[left] = open[i];
		left += young || passes;
	}
	return left;
}

/* What passes is put at once where something that ends may be looked for behind it in the same
 * burst. */
static out_of_line void recall(
	struct nx_txmemory *m, uint64_t now_ns, struct nx_packet *open[], unsigned n)
{
	uint64_t id[NX_BURST_MAX];
	unsigned asked;

	n = follow_traces(m, tick_of(now_ns), open, n, &asked);
	if (asked == 0) {
		write_down(m, now_ns, (const struct nx_packet *const *)open, n);
		return;
	}
	nx_txmemory_flush(m);
	nx_txmemory_ids(m, (const struct nx_packet *const *)open, n, id);
	for (unsigned i = 0; i < n; i++)
		apply_one(m, now_ns, open[i], id[i]);
}

void nx_txmemory_apply(struct nx_txmemory *m, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const p[], unsigned n)
{
	const bool recalling = policy->recall && nx_recall_is_on(policy->recall, now_ns);
	struct nx_packet *open[NX_BURST_MAX];
	unsigned n_open;

	if (recalling && now_ns < policy->settle_until_ns)
		settle(p, n);
	n_open = select_open(recalling, p, n, open);
	if (n_open == 0)
		return;
	if (recalling)
		recall(m, now_ns, open, n_open);
	else
		remember(m, now_ns, (const struct nx_packet *const *)open, n_open);
}

void nx_txmemory_remember(struct nx_txmemory *m, uint64_t now_ns, const struct nx_packet *p)
{
	remember(m, now_ns, &p, 1);
}
