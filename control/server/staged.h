/* The users that a transaction has gathered, in memory: packed one behind another, and sorted by
 * an index when they are to be used. */
#ifndef NX_CONTROL_STAGED_H
#define NX_CONTROL_STAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "nxsip/error.h"
#include "nxsip/key.h"

struct nx_staged {
	uint8_t *arena;
	uint32_t used, room; /* bytes */
	uint32_t n;          /* users gathered */
	uint32_t *index;     /* sorted: offsets, each user once; NULL: not sorted */
	uint32_t n_index;
	bool heads; /* some are head numbers */
};

struct nx_staged_user {
	struct nx_key key;
	uint8_t state;
	uint8_t old; /* as nx_staged_set_old left it */
};

/* nx_staged_add gathers a user.  Error: NX_ERR_FULL (bytes_max), NX_ERR_NOMEM; no sentence. */
int nx_staged_add(struct nx_staged *s, const struct nx_key *key, uint8_t state, uint64_t bytes_max);

/* nx_staged_cut forgets the users gathered since s was as `mark`, a copy of it from then. */
void nx_staged_cut(struct nx_staged *s, const struct nx_staged *mark);

/* nx_staged_sort makes the index: in the store's order, of a user's states the last.
 * Error: NX_ERR_NOMEM. */
int nx_staged_sort(struct nx_staged *s);

/* nx_staged_get: i < n_index, after nx_staged_sort. */
void nx_staged_get(const struct nx_staged *s, uint32_t i, struct nx_staged_user *out);
void nx_staged_set_old(struct nx_staged *s, uint32_t i, uint8_t old);

void nx_staged_fini(struct nx_staged *s);

#endif
