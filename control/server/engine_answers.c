/* When answers may begin (rule 28). What a worker passes it remembers; but a worker that has just
 * started remembers nothing, and what passed under bypass, without a policy, or for an address that
 * was no service's, nobody has looked at. Until the transactions of then are over nothing is
 * answered: for box.settle seconds, 32 of them (64*T1) if nobody says otherwise. Before the ports
 * are open that time has not begun: opening them, and reading tables first, may take longer than
 * it. */
#include "control/server/engine_internal.h"

#define NS_PER_S UINT64_C(1000000000)

void nx_engine_hold_answers(struct nx_engine *e)
{
	uint64_t settle_ns = e->boot_config->box.settle_s * NS_PER_S;

	if (settle_ns == 0)
		e->settle_until_ns = 0;
	else
		e->settle_until_ns = e->ports_open ? nx_engine_now_ns() + settle_ns : UINT64_MAX;
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
