/* When answers may begin (rule 28). What a worker passes it remembers; but a worker that has just
 * started remembers nothing, and what passed under bypass, without a policy, or for an address that
 * was no service's, nobody has looked at. Until the transactions of then are over nothing is
 * answered: for box.settle seconds, 32 of them (64*T1) if nobody says otherwise. Before the ports
 * are open that time has not begun: opening them, and reading tables first, may take longer than
 * it. */
#include "control/server/engine_internal.h"

#define NS_PER_S UINT64_C(1000000000)

/* 64*T1, and more than the steps of the workers' clock and of their memory's. */
#define RECALL_NS (33 * NS_PER_S)

void nx_engine_hold_answers(struct nx_engine *e)
{
	uint64_t settle_ns = e->boot_config->box.settle_s * NS_PER_S;

	if (settle_ns == 0)
		e->settle_until_ns = 0;
	else
		e->settle_until_ns = e->ports_open ? nx_engine_now_ns() + settle_ns : UINT64_MAX;
}

/* As long as no port is open nothing has passed that could be recalled. */
void nx_engine_recall(struct nx_engine *e)
{
	if (e->ports_open)
		nx_recall_hold(&e->recall);
}

void nx_engine_recall_ends(struct nx_engine *e)
{
	uint64_t from = nx_engine_now_ns();

	if (atomic_load_explicit(&e->recall.until_ns, memory_order_relaxed) != UINT64_MAX ||
		e->job || e->settle_until_ns == UINT64_MAX)
		return;
	if (from < e->settle_until_ns)
		from = e->settle_until_ns;
	atomic_store_explicit(&e->recall.until_ns, from + RECALL_NS, memory_order_relaxed);
}

void nx_engine_ports_open(struct nx_engine *e)
{
	e->ports_open = true;
	if (e->settle_until_ns == 0)
		return;
	nx_engine_hold_answers(e);
	nx_engine_republish(e);
}

uint32_t nx_engine_settling_s(const struct nx_engine *e)
{
	uint64_t now = nx_engine_now_ns();

	if (e->settle_until_ns == UINT64_MAX)
		return e->boot_config->box.settle_s;
	if (e->settle_until_ns <= now)
		return 0;
	return (uint32_t)((e->settle_until_ns - now + NS_PER_S - 1) / NS_PER_S);
}
