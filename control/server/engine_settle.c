/* When a change has settled: every worker has seen it, and what it took out of service is freed.
 * The grace period is waited for elsewhere (grace.h). One change at a time waits for its own: the
 * next begins when all is settled, so what waits to be freed is one change's, and a worker that
 * stands still cannot make it more. Only the switches and the tables of a start may come in
 * between, within a fixed number of places. Nothing is ever freed early. */
#include <inttypes.h>
#include <string.h>

#include "control/server/engine_internal.h"
#include "nxsip/rcu.h"

#define NS_PER_S UINT64_C(1000000000)

static void free_litter(struct nx_engine *e, const struct nx_litter *l)
{
	nx_policy_free(l->policy);
	nx_users_destroy(l->table);
	for (uint32_t i = 0; i < e->records.n_domains && l->reclaim; i++) {
		if (e->records.domains[i].users)
			nx_users_reclaim(e->records.domains[i].users);
	}
}

static void sweep(struct nx_engine *e)
{
	uint32_t n = 0;

	while (n < e->n_litter && nx_grace_is_over(e->grace, e->litter[n].ticket))
		free_litter(e, &e->litter[n++]);
	e->n_litter -= n;
	memmove(e->litter, e->litter + n, e->n_litter * sizeof(e->litter[0]));
}

/* Whoever is refused by room_for has left room: what is discarded always has a place. */
static void discard(struct nx_engine *e, struct nx_litter l)
{
	l.ticket = e->ticket = nx_grace_begin(e->grace);
	e->changed_ns = nx_engine_now_ns();
	if (!l.policy && !l.table && !l.reclaim)
		return;
	if (e->n_litter == NX_LITTER_MAX) { /* not reached; and if, then slow rather than wrong */
		(void)nx_grace_wait(e->grace, l.ticket, UINT64_MAX);
		sweep(e);
	}
	e->litter[e->n_litter++] = l;
}

void nx_engine_publish(struct nx_engine *e, struct nx_policy *p)
{
	nx_engine_recall(e);
	NX_RCU_RELEASE();
	discard(e, (struct nx_litter){.policy = rcu_xchg_pointer(e->slot, p)});
}

void nx_engine_discard_table(struct nx_engine *e, struct nx_users *t)
{
	if (t)
		discard(e, (struct nx_litter){.table = t});
}

void nx_engine_tables_changed(struct nx_engine *e, bool left_behind)
{
	discard(e, (struct nx_litter){.reclaim = left_behind});
}

bool nx_engine_has_room(const struct nx_engine *e)
{
	return e->n_litter < NX_LITTER_MAX / 2;
}

bool nx_engine_settled(struct nx_engine *e)
{
	sweep(e);
	return e->n_litter == 0 && nx_grace_is_over(e->grace, e->ticket);
}

uint64_t nx_engine_stall_ns(const struct nx_engine *e)
{
	uint64_t age = nx_grace_age_ns(e->grace);

	return age > NX_STALL_NS ? age : 0;
}

int nx_engine_stalled(const struct nx_engine *e, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_STALLED,
		"a worker has passed no quiescent state for %" PRIu64
		" s: nothing is changed while it may still read the old (see status)",
		nx_engine_stall_ns(e) / NS_PER_S);
}

int nx_engine_settle(struct nx_engine *e, struct nx_error *err)
{
	if (nx_engine_stall_ns(e) == 0)
		(void)nx_grace_wait(e->grace, e->ticket, NX_STALL_NS);
	return nx_engine_settled(e) ? NX_OK : nx_engine_stalled(e, err);
}

int nx_engine_ready(struct nx_engine *e, struct nx_error *err)
{
	int rc = nx_engine_idle(e, err);

	return rc == NX_OK ? nx_engine_settle(e, err) : rc;
}

bool nx_engine_watch_workers(struct nx_engine *e)
{
	uint64_t stall = nx_engine_stall_ns(e);
	bool begins = stall && !e->stall_since_ns;

	if (begins) {
		e->stall_since_ns = nx_engine_now_ns() - stall;
		nx_engine_say(e,
			"ALARM: a worker has passed no quiescent state for %d s: changes "
			"are refused until it does",
			(int)(NX_STALL_NS / NS_PER_S));
	} else if (!stall && e->stall_since_ns) {
		nx_engine_say(e, "every worker passes quiescent states again, after %" PRIu64 " s",
			(nx_engine_now_ns() - e->stall_since_ns) / NS_PER_S);
		e->stall_since_ns = 0;
	}
	return begins;
}
