/* The engine: the one owner of everything that changes. It holds the configuration, the store and
 * its records in memory, the user tables and the published policy, and carries out every change in
 * one order: check -> store (durable) -> table -> policy pointer -> grace period -> answer.
 * The RPC handlers (rpc_*.c) only translate JSON to these calls and back.
 *
 * Threads: main, and for nx_engine_load_* the one loader thread. Both are registered with RCU
 * (QSBR) by the engine and are offline but for the moments they publish or read. While a load runs,
 * every other change answers NX_ERR_BUSY and names the holder. */
#ifndef NX_CONTROL_ENGINE_H
#define NX_CONTROL_ENGINE_H

#include "control/config/config.h"
#include "control/policy/policy.h"
#include "control/store/store.h"

struct nx_engine;

/* nx_engine_create opens the store and publishes a first policy in which every domain's table is
 * NULL (everything passes as no-table). nx_engine_load_tables then fills the tables from the store
 * (on the loader thread) and publishes each domain when it is complete.
 * config is taken over. *policy_slot is what workers read; the engine alone writes it. */
int nx_engine_create(struct nx_config *config, unsigned n_workers, struct nx_policy **policy_slot,
	struct nx_engine **out, struct nx_error *err);
void nx_engine_destroy(struct nx_engine *e); /* only after the workers have stopped */

#endif
