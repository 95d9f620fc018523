/* Places for shards of one size: an array, and who lies where. One thread at a time. */
#ifndef NX_CONTROL_USERS_ARENA_H
#define NX_CONTROL_USERS_ARENA_H

#include <stdbool.h>

#include "control/policy/users_mem.h"

#define NX_PLACE_HOLE    UINT32_MAX       /* free, below a place that is not */
#define NX_PLACE_RETIRED (UINT32_MAX - 1) /* waits for a grace period */

struct nx_arena {
	struct nx_arena *next; /* the table's next, of another size */
	struct nx_mem mem;
	size_t size;      /* bytes a place */
	uint32_t room;    /* places there is address space for */
	uint32_t n;       /* places in use: the last of them is no hole */
	uint32_t holes;   /* among them */
	uint32_t peak;    /* the most there were in use */
	uint32_t owner[]; /* of each place: the index of a shard, or NX_PLACE_... */
};

/* nx_arena_create makes an array of at most `room` places; memory comes as they are taken.
 * NULL: no memory. */
struct nx_arena *nx_arena_create(size_t size, uint32_t room, int node);
void nx_arena_destroy(struct nx_arena *a);

/* nx_arena_reserve backs the first n places at once, on pages as large as may be.
 * Error: NX_ERR_NOMEM. */
int nx_arena_reserve(struct nx_arena *a, uint32_t n);

static inline void *nx_arena_at(const struct nx_arena *a, uint32_t place)
{
	return a->mem.base + (size_t)place * a->size;
}

/* nx_arena_take gives the owner a place, zeroed. Error: NX_ERR_NOMEM. */
int nx_arena_take(struct nx_arena *a, uint32_t owner, uint32_t *place);

/* nx_arena_retire says that only readers still look at a place. nx_arena_sweep frees all the
 * retired ones, after a grace period. */
void nx_arena_retire(struct nx_arena *a, uint32_t place);
void nx_arena_sweep(struct nx_arena *a);

/* nx_arena_next_move says which place should move into which hole for the array to get shorter:
 * false where so little is to be gained that it should be left. The caller copies and publishes;
 * nx_arena_moved then gives the hole to the owner and retires the old place. */
bool nx_arena_next_move(const struct nx_arena *a, uint32_t *from, uint32_t *to);
void nx_arena_moved(struct nx_arena *a, uint32_t from, uint32_t to);

#endif
