/* Limits on what passes. A malformed request and one that claims to be in a dialog pass without a
 * question asked of any table, which makes both a way round: per source class an operator may hold
 * each sender to a rate of them. Nothing else that passes is ever limited: not a known user, no
 * emergency, no BYE, no answer. */
#include "dataplane/core/passes.h"

/* over_limit gives the reason of the drop, or NX_R_UNDECIDED where the packet keeps its own. */
static unsigned over_limit(const struct nx_class *class, struct nx_limit *limit, uint64_t now_ns,
	const struct nx_packet *p)
{
	if (nx_reason_is_unanswerable(p->reason))
		return nx_limit_admit(limit, &p->src, NX_LIMIT_UNANSWERABLE,
			       class->unanswerable_rate, now_ns)
			       ? NX_R_UNDECIDED
			       : NX_R_UNANSWERABLE_LIMIT;
	if (p->reason == NX_R_IN_DIALOG || p->reason == NX_R_DIALOG_TARGET)
		return nx_limit_admit(limit, &p->src, NX_LIMIT_DIALOG, class->dialog_rate, now_ns)
			       ? NX_R_UNDECIDED
			       : NX_R_DIALOG_LIMIT;
	return NX_R_UNDECIDED;
}

void nx_passes_limit(const struct nx_policy *policy, struct nx_limit *limit, uint64_t now_ns,
	struct nx_packet *const pkts[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned reason =
			over_limit(&policy->classes[pkts[i]->class], limit, now_ns, pkts[i]);

		if (reason != NX_R_UNDECIDED)
			pkts[i]->reason = policy->shadow ? NX_R_SHADOW_DROP : (uint8_t)reason;
	}
}
