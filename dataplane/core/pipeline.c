/* The stages over a burst: each packet is read and its key made; then all the keys are looked up
 * together (nxsip/users.h); then each is decided. */
#include "dataplane/core/pipeline.h"

#include "dataplane/core/bytes.h"
#include "dataplane/core/decode.h"
#include "dataplane/core/passes.h"
#include "dataplane/core/verdict.h"

static inline void start(struct nx_packet *p)
{
	p->reason = NX_R_UNDECIDED;
	p->class = 0;
	p->service = -1;
	p->domain = -1;
	p->rule = -1;
	p->range = -1;
	p->user_state = NX_USER_ABSENT;
	p->has_key = false;
}

/* L2 to source: is the packet sound, and of whom?  before: the last one that was decoded, or NULL.
 * Return: whether p was. */
static inline bool read_head(const struct nx_policy *policy, uint64_t now_ns,
	const struct nx_packet *before, struct nx_packet *p)
{
	if (!before || !nx_decode_like(before, p)) {
		if (nx_decode(p) != NX_R_UNDECIDED)
			return false;
		nx_verdict_admit(policy, now_ns, p);
	}
	p->reason = p->admitted;
	if (p->reason == NX_R_UNDECIDED && !nx_decode_udp_csum(p))
		p->reason = NX_R_UDP_CHECKSUM;
	return true;
}

void nx_pipeline_init(
	struct nx_pipeline *pl, unsigned worker, const uint8_t key[NX_PIPELINE_KEYS][16])
{
	pl->worker = worker;
	memset(&pl->stencils, 0, sizeof(pl->stencils));
	nx_limit_init(&pl->limit, key[0]);
	memset(pl->tx_bucket, 0, sizeof(pl->tx_bucket));
	memset(pl->tx_trace, 0, sizeof(pl->tx_trace));
	nx_txmemory_init(&pl->tx, key[1], pl->tx_bucket, pl->tx_trace, NX_TXMEMORY_BUCKETS);
	memset(pl->fragment_bucket, 0, sizeof(pl->fragment_bucket));
	nx_fragments_init(&pl->fragments, key[2], pl->fragment_bucket, NX_FRAGMENT_BUCKETS);
}

/* Rule 36, in the order of arrival. */
static void follow(struct nx_pipeline *pl, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *p)
{
	bool ends = nx_reason_info(p->reason)->verdict != NX_PASS;
	bool ended;

	if (p->frag.off ? !nx_policy_is_own(policy, &p->dst) : p->service < 0)
		return;
	ended = nx_fragments_follow(&pl->fragments, &p->frag, ends, now_ns);
	if (p->frag.off) {
		p->reason = ended ? NX_R_FRAGMENT_DROP : NX_R_FRAGMENT;
	} else if (ends && !ended) {
		p->reason = NX_R_FRAGMENT;
		if (p->has_key)
			nx_txmemory_remember(&pl->tx, now_ns, p);
	}
}

static out_of_line void follow_all(struct nx_pipeline *pl, const struct nx_policy *policy,
	uint64_t now_ns, struct nx_packet *const pkts[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!pkts[i]->from_core && pkts[i]->is_fragment)
			follow(pl, policy, now_ns, pkts[i]);
}

void nx_pipeline_give_up(
	struct nx_pipeline *pl, uint64_t now_ns, struct nx_packet *p, unsigned reason)
{
	p->reason = (uint8_t)reason;
	nx_txmemory_remember(&pl->tx, now_ns, p);
	if (p->is_fragment)
		(void)nx_fragments_follow(&pl->fragments, &p->frag, false, now_ns);
}

void nx_pipeline_judge(struct nx_pipeline *pl, const struct nx_policy *policy, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n)
{
	struct nx_packet *open[NX_BURST_MAX];
	const struct nx_packet *before = NULL;
	unsigned n_open = 0;
	bool fragments = false;

	for (unsigned i = 0; i < n; i++) {
		struct nx_packet *p = pkts[i];

		start(p);
		if (p->from_core) {
			p->reason = NX_R_FROM_CORE;
		} else if (!policy) {
			p->reason = NX_R_NO_TABLE;
		} else {
			if (read_head(policy, now_ns, before, p))
				before = p;
			fragments |= p->is_fragment;
		}
		if (p->reason != NX_R_UNDECIDED)
			continue;
		nx_verdict_ask(policy, &pl->stencils, p);
		if (p->reason == NX_R_UNDECIDED)
			open[n_open++] = p;
	}
	if (n_open)
		nx_verdict_look_up(policy, pl->worker, open, n_open);
	for (unsigned i = 0; i < n_open; i++)
		nx_verdict_decide(policy, pl->worker, open[i]);
	if (!policy)
		return;
	nx_txmemory_apply(&pl->tx, policy, now_ns, pkts, n);
	if (policy->limits_passes)
		nx_passes_limit(policy, &pl->limit, now_ns, pkts, n);
	if (fragments && !policy->bypass)
		follow_all(pl, policy, now_ns, pkts, n);
}
