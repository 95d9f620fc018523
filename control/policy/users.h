/* The user table's writer (shape and reader: nxsip/users.h). One thread writes at a time; readers
 * run on. Memory that readers may still see is retired, and freed by nx_users_reclaim after a grace
 * period. */
#ifndef NX_CONTROL_USERS_H
#define NX_CONTROL_USERS_H

#include "nxsip/error.h"
#include "nxsip/users.h"

/* nx_users_create makes an empty table with room for `expected` users; it grows by itself, but the
 * number of shards is fixed here: a table made for few can hold 4 x 10^8, one made for 10^8 can
 * hold 2 x 10^11.
 * Error: NX_ERR_NOMEM. */
int nx_users_create(
	uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN], struct nx_users **out);

/* nx_users_destroy frees the table at once: only when no reader can hold it. */
void nx_users_destroy(struct nx_users *t);

/* nx_users_set puts the key with hash h into a state (NX_USER_ABSENT deletes).
 * Out:    *old: the state it had. A caller that knows from the store that the key is new and finds
 *         *old not ABSENT has met a hash collision: it must rebuild with a new secret.
 * Error:  NX_ERR_NOMEM (nothing changed), NX_ERR_FULL (a shard at its largest: make a new table
 * with the right `expected`). Deleting and changing a state never fail. */
int nx_users_set(
	struct nx_users *t, struct nx_hash h, enum nx_user_state state, enum nx_user_state *old);

/* nx_users_retired says how many bytes wait for a grace period; nx_users_reclaim frees them.
 * Call it only after synchronize_rcu() that began after the last nx_users_set; at any time while no
 * reader has the table yet, as in a bulk load, which must do so: a table grown from nothing leaves
 * nine times its size behind. */
uint64_t nx_users_retired(const struct nx_users *t);
void nx_users_reclaim(struct nx_users *t);

/* nx_users_counts: users by state; count[NX_USER_ABSENT] is 0. nx_users_bytes: all memory the
 * table holds but what is retired. */
void nx_users_counts(const struct nx_users *t, uint64_t count[4]);
uint64_t nx_users_bytes(const struct nx_users *t);

#endif
