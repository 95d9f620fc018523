/* A domain's users written anew beside those in force, and put in their place at once.
 * Under a new domain id they are appended in key order, which fills pages whole, in transactions of
 * a bounded size, so that memory does not grow with the domain. The last transaction gives the
 * domain's name, ranges and rules the new id: before it nothing has changed, after it everything.
 * What then lies under an id that no domain has (the old users, or what a stage left behind that
 * did not come to its end) is deleted little by little by a thread of the store (sweep.c).
 * One stage at a time, and no other write transaction while it is open. */
#ifndef NX_CONTROL_STAGE_H
#define NX_CONTROL_STAGE_H

#include "control/store/store.h"

struct nx_stage;

/* Called for each user that a merge keeps, between those that are put.  Return: 0 or an error. */
typedef int (*nx_stage_kept)(void *arg, const struct nx_key *key, const struct nx_user_record *rec,
	struct nx_error *err);

/* nx_stage_begin opens a stage for a domain. kept NULL: a replacement, users that are not put are
 * gone; else a merge, and it is called for those. */
int nx_stage_begin(struct nx_store *s, uint32_t domain, nx_stage_kept kept, void *arg,
	struct nx_stage **out, struct nx_error *err);

/* nx_stage_put adds the next user; keys ascend. *old: as in the users in force, whose time is kept
 * where the state is the same.  Error: NX_ERR_CONFLICT (keys), NX_ERR_FULL and the store's. */
int nx_stage_put(struct nx_stage *g, const struct nx_key *key, const struct nx_user_record *rec,
	struct nx_user_record *old, struct nx_error *err);

struct nx_stage_end {
	uint32_t domain; /* its new id */
	uint64_t count, removed;
	uint64_t version;
};

/* nx_stage_finish writes what is left, and nx_stage_txn is then the last transaction, for more that
 * belongs into it. nx_stage_commit commits that and frees the stage, whatever comes of it;
 * the old users stay until nx_store_sweep is called.
 * nx_stage_abort leaves everything as it was; NULL is fine. */
int nx_stage_finish(struct nx_stage *g, struct nx_error *err);
struct nx_store_txn *nx_stage_txn(struct nx_stage *g);
int nx_stage_commit(struct nx_stage *g, struct nx_stage_end *out, struct nx_error *err);
void nx_stage_abort(struct nx_stage *g);

#endif
