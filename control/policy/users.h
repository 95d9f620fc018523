/* The user table's writer (shape and reader: nxsip/users.h). One thread writes at a time; readers
 * run on. Memory that readers may still see is retired, and freed by nx_users_reclaim after a grace
 * period.
 * A table is all its replicas: each call acts on all of them, and leaves them with the same users
 * also where it fails. Who calls need not know how many there are. */
#ifndef NX_CONTROL_USERS_H
#define NX_CONTROL_USERS_H

#include <stdbool.h>

#include "control/policy/placement.h"
#include "nxsip/error.h"
#include "nxsip/users.h"

/* nx_users_create makes an empty table with room for `expected` users; it grows by itself, but the
 * number of shards is fixed here: a table made for few can hold 4 x 10^8, one made for 10^8 can
 * hold 2 x 10^11.
 * In:    placement: how many replicas and where; NULL: one, wherever the kernel puts it.
 * Error: NX_ERR_NOMEM, before anything is taken where the machine has not so much left for all. */
int nx_users_create(uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN],
	const struct nx_placement *placement, struct nx_users **out);

/* nx_users_destroy frees the table at once: only when no reader can hold it; NULL is fine. */
void nx_users_destroy(struct nx_users *t);

/* nx_users_set puts the key with hash h into a state (NX_USER_ABSENT deletes).
 * Out:    *old: the state it had.
 * Error:  NX_ERR_NOMEM (no user changed), NX_ERR_FULL (a shard at its largest: make a new table
 *         with the right `expected`). Deleting and changing a state never fail. */
int nx_users_set(
	struct nx_users *t, struct nx_hash h, enum nx_user_state state, enum nx_user_state *old);

/* nx_users_set_burst makes n changes in their order, several times as fast as one by one: their
 * buckets are fetched together. Any n; best a multiple of 32.
 * Error:  as nx_users_set, and NX_ERR_COLLISION: a key that the caller knows from the store to be
 *         new has the hash of another, whose state was not touched; rebuild with a new secret.
 *         The changes before the failing one are made. */
struct nx_user_set {
	struct nx_hash hash;
	uint8_t state; /* enum nx_user_state; ABSENT deletes */
	uint8_t old;   /* out: the state it had */
	bool is_new;   /* the table must not have it */
};
int nx_users_set_burst(struct nx_users *t, struct nx_user_set *u, size_t n);

/* nx_users_retired says how many bytes wait for a grace period; nx_users_wants_reclaim, whether
 * that is more than a small part of the table; nx_users_reclaim frees them.
 * Call it only after synchronize_rcu() that began after the last change; at any time while no
 * reader has the table yet, as in a bulk load, which must do so: a table grown from nothing leaves
 * ten times its size behind. It closes the holes that it makes, and what that leaves behind in turn
 * is freed by the next call. */
uint64_t nx_users_retired(const struct nx_users *t);
bool nx_users_wants_reclaim(const struct nx_users *t);
void nx_users_reclaim(struct nx_users *t);

/* nx_users_counts: users by state, each once; count[NX_USER_ABSENT] is 0. nx_users_bytes: all
 * memory that the table holds, all replicas', in whole pages, with what is retired. */
void nx_users_counts(const struct nx_users *t, uint64_t count[4]);
uint64_t nx_users_bytes(const struct nx_users *t);

#endif
