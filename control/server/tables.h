/* A domain's user table, built anew from the store. */
#ifndef NX_CONTROL_TABLES_H
#define NX_CONTROL_TABLES_H

#include <stdatomic.h>

#include "control/policy/users.h"
#include "control/store/store.h"

/* New users on their way into a table that no worker knows yet. */
#define NX_TABLE_BATCH 256
struct nx_table_batch {
	struct nx_users *table;
	size_t n;
	struct nx_user_set set[NX_TABLE_BATCH];
};

/* nx_table_batch_add adds a user that is not in the table; nx_table_batch_end puts in what is left.
 * Error: as nx_users_set_burst. */
int nx_table_batch_add(struct nx_table_batch *b, const uint8_t *key, size_t len, uint8_t state);
int nx_table_batch_end(struct nx_table_batch *b);

/* nx_tables_fill puts the domain's users into t, which should be empty.  Thread: any one writer of
 * t. Error: NX_ERR_COLLISION (two keys, one hash: t's secret must change), NX_ERR_CANCELLED,
 *        NX_ERR_NOMEM, the store's. */
int nx_tables_fill(struct nx_store *s, uint32_t domain, struct nx_users *t,
	const atomic_bool *cancel, struct nx_error *err);

/* nx_tables_build makes the table. After a collision it stores a new secret and begins again:
 * *secret is then the new one and *rotated true. */
int nx_tables_build(struct nx_store *s, uint32_t domain, const struct nx_placement *placement,
	uint8_t secret[NX_USERS_SECRET_LEN], bool *rotated, const atomic_bool *cancel,
	struct nx_users **out, struct nx_error *err);

#endif
