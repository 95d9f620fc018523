/* The transaction memory (rule 28, step 8 of the verdict): which requests this worker has passed in
 * the last 32 s, so that no change of a table, a rule or a switch turns on a transaction that the
 * SBC is at work on. A request that would be answered, but is remembered, passes.
 *
 * What is remembered: the transaction's id, a keyed hash of branch, sent-by, Call-ID, CSeq and
 * Request-URI. All of them are the same in a retransmission and in no other transaction: the
 * branches of a forking proxy (one Call-ID and CSeq, many branches) are judged one by one. The
 * Request-URI tells apart the transactions of peers that send no branch, as RFC 3261 17.2.3 does,
 * and keeps a sender from having one passed INVITE stand for others. ACK and CANCEL do not come
 * here: both pass, or are absorbed, before (rules 4 and 5). Retransmissions reach the worker that
 * had the original, since the port spreads packets by their addresses and ports.
 *
 * How: a hash table of buckets, one cache line each. A request that passes costs one write to one
 * line, one that would be answered one read at most, and that only after a change
 * (nxsip/recall.h). A slot holds 24 bits of the id and the time. An entry is held for 32 s from the
 * last time it was put, at most 0.8 s more. Reads are rare: in a journal, writes wait for one, or
 * until they are many. What passed also leaves a trace, a byte found by the ends of branch and
 * Call-ID: who finds none need not make an id, and most do not.
 *
 * When a bucket has no free slot, the oldest entry goes, and the bucket notes when that one had
 * been put: until it would have ended, the bucket answers LOST for what it does not hold, and such
 * requests pass. So a full bucket never causes a wrong answer, and one bucket's overflow is no
 * other's.
 *
 * What an outsider can do: whoever sends requests to users that exist, spoofed or not, fills slots.
 * It costs him a packet for each slot and 32 s, he cannot choose the bucket (the hash is keyed),
 * and neither memory nor the time of a call grows. Beyond 14/32 requests a second and bucket
 * (28,000 a second for NX_TXMEMORY_BUCKETS) nearly every bucket overflows, and nearly every trace
 * is of this life: after a change the worker then answers hardly anything until 32 s after the
 * flood, and the rest passes as it would without nxsip. What passes only for such a reason
 * (MEMORY_OVERFLOW, IN_TRANSACTION) is not put again, so that an overflow cannot keep itself alive.
 * An id that equals another's in its 24 bits and bucket makes a request pass: one in 10^6 of those
 * that would be answered, from a full bucket.
 *
 * RFC 3261 sections 17.1.1.2 (Timer B, 64*T1), 17.1.2.2 (Timer F), 17.2.3. */
#ifndef NX_CORE_TXMEMORY_H
#define NX_CORE_TXMEMORY_H

#include "dataplane/core/packet.h"

#define NX_TXMEMORY_LIFE_NS UINT64_C(32000000000) /* 64*T1 */
#define NX_TXMEMORY_SLOTS   14                    /* of a bucket */
#define NX_TXMEMORY_BUCKETS (1u << 16)            /* 4 MiB: 12,000 passed requests a second */
#define NX_TXMEMORY_WAITING 64                    /* of the journal */
#define NX_TXMEMORY_TRACES  4                     /* a bucket */

#define NX_TXMEMORY_SECRET_LEN 256 /* NH's of four values */

/* All zero: empty. Times are in ticks of 2^29 ns (0.54 s). */
struct nx_txbucket {
	_Alignas(64) uint32_t written;    /* the last put */
	uint32_t lost;                    /* when the youngest entry was put that had to go */
	uint32_t slot[NX_TXMEMORY_SLOTS]; /* 24 bits of the id, 8 of the tick; 0: free */
};
_Static_assert(sizeof(struct nx_txbucket) == 64, "a bucket is one cache line");

/* One worker's; nobody else reads or writes it. */
struct nx_txmemory {
	_Alignas(64) uint8_t key[16];
	struct nx_txbucket *bucket;
	uint8_t *trace; /* the tick of the last put; 0: none */
	uint32_t mask;  /* buckets - 1 */
	uint32_t n_waiting;
	_Alignas(64) uint8_t secret[NX_TXMEMORY_SECRET_LEN]; /* derived from key */

	/* the journal: what is remembered and not in the buckets yet, in the order of arrival */
	uint64_t word0[NX_TXMEMORY_WAITING], word1[NX_TXMEMORY_WAITING]; /* of the ids */
	uint32_t tick[NX_TXMEMORY_WAITING];                              /* of the packets */
};

enum nx_txfound {
	NX_TX_NEW,  /* was not passed within 32 s */
	NX_TX_HELD, /* was passed */
	NX_TX_LOST, /* may have been: its bucket has overflowed */
};

/* nx_txmemory_init makes an empty memory in the caller's n buckets and NX_TXMEMORY_TRACES times as
 * many traces, which outlive it and are all zero; n: a power of two.
 * In:     key: 16 random bytes, secret, the worker's own. */
void nx_txmemory_init(struct nx_txmemory *m, const uint8_t key[16], struct nx_txbucket *bucket,
	uint8_t *trace, uint32_t n);

/* nx_txmemory_apply is rule 28 for a judged burst, in the order of arrival: a packet whose reason
 * ends it here passes as SETTLING, IN_TRANSACTION or MEMORY_OVERFLOW instead where the rule says
 * so; one that passes, and that a change could have answered, is remembered. What ends is looked up
 * only while policy->recall is on.
 * Thread: the worker, after it has read policy and tables; no allocation, no system call.
 * In:     n <= NX_BURST_MAX packets with their final reasons (steps 9 and 10 included: what is only
 *         counted in shadow stays so); now_ns: CLOCK_MONOTONIC, never less than before. */
void nx_txmemory_apply(struct nx_txmemory *m, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const p[], unsigned n);

/* nx_txmemory_remember puts one packet that passes for a reason found after nx_txmemory_apply
 * (NO_BUFFER, REPLY_SIZE): else its retransmission might be answered. */
void nx_txmemory_remember(struct nx_txmemory *m, uint64_t now_ns, const struct nx_packet *p);

/* ---- its parts, for tests and benches ---- */

/* nx_txmemory_ids makes the ids of n <= NX_BURST_MAX packets with a sound request.
 * Out:    id has room for NX_BURST_MAX; those behind n mean nothing. */
void nx_txmemory_ids(
	const struct nx_txmemory *m, const struct nx_packet *const p[], unsigned n, uint64_t id[]);

/* nx_txmemory_flush puts what waits into the buckets. */
void nx_txmemory_flush(struct nx_txmemory *m);

/* Both know the buckets only: nothing may be waiting. nx_txmemory_put holds an id from now_ns on,
 * in place of the oldest where the bucket is full. */
void nx_txmemory_put(struct nx_txmemory *m, uint64_t id, uint64_t now_ns);
enum nx_txfound nx_txmemory_get(const struct nx_txmemory *m, uint64_t id, uint64_t now_ns);

#endif
