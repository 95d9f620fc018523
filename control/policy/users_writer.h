/* The writer's half of a user table, which readers never see. */
#ifndef NX_CONTROL_USERS_WRITER_H
#define NX_CONTROL_USERS_WRITER_H

#include "control/policy/users_arena.h"
#include "control/policy/users_shard.h"

struct nx_users_writer {
	uint64_t count[4];       /* users by state */
	uint64_t retired;        /* bytes that wait for a grace period */
	struct nx_arena *arenas; /* one for each size a shard has */
	int node;
	uint8_t *scratch; /* for a rebuild: a byte a bucket */
	uint32_t scratch_len;
	struct nx_shard shard[]; /* beside the table's shard words */
};

#endif
