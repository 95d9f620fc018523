/* A transaction's gathered users into the store and the table: what the loader thread runs for a
 * commit, and, without the last step, for a diff, which so says exactly what the commit would do.
 *
 * delta: each user is put or deleted in key order; after the store's commit the table in service is
 *   changed in place. replace: the gathered users in key order are walked beside those in the
 * store, and a new table is filled beside the old one, for the engine to flip. */
#ifndef NX_CONTROL_TXN_APPLY_H
#define NX_CONTROL_TXN_APPLY_H

#include <stdatomic.h>

#include "control/server/engine.h"
#include "control/server/staged.h"

struct nx_txn_apply {
	/* in */
	struct nx_store *store;
	struct nx_grace *grace;
	char domain_name[NX_DOMAIN_NAME_MAX];
	uint32_t domain;
	bool replace, diff;
	uint64_t base; /* the data version it builds on */
	struct nx_guard guard;
	struct nx_staged *rows;   /* not touched by others meanwhile */
	struct nx_users *live;    /* in service; changed in place by a delta. NULL: none */
	struct nx_recall *recall; /* held before that */
	const struct nx_placement *placement; /* of a new table */
	uint8_t secret[NX_USERS_SECRET_LEN];
	const atomic_bool *cancel;

	/* out */
	struct nx_txn_result result;
	bool committed;         /* what follows is to be put in force */
	struct nx_users *fresh; /* the domain's new table; NULL: the live one is up to date */
	bool live_stale;        /* the live table could not follow: it must go */
	bool secret_changed;    /* secret is another, and stored */
};

/* nx_txn_apply_run does it all.  Thread: loader, RCU registered and offline. */
void nx_txn_apply_run(struct nx_txn_apply *a);

#endif
