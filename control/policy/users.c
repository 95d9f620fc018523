/* The user table's writer: its changes, to every replica alike (shape: nxsip/users.h; one replica:
 * users_replica.c).
 *
 * What can fail comes first: a user is put anywhere only when every replica has room for it, and
 * deleting and changing a state cannot fail. So no replica is ever ahead of another by more than
 * the change that is being made, and there is nothing to take back. Their shards are of equal size
 * but where memory lacked for one: the users in them are what is the same. */
#include <assert.h>
#include <string.h>

#include "control/policy/users.h"
#include "control/policy/users_replica.h"

/* Shards of some ten thousand users rebuild in well under a millisecond. Never fewer than 16, or a
 * table made for nobody could not grow to the size of a country. */
#define SHARD_USERS    16384
#define SHARD_BITS_MIN 4

#define RETIRED_PART  64
#define RETIRED_SMALL ((uint64_t)64 << 10)
#define BURST         32

static uint8_t shard_bits_for(uint64_t expected)
{
	uint8_t bits = SHARD_BITS_MIN;

	while (bits < NX_USERS_SHARD_BITS && expected >> bits > SHARD_USERS)
		bits++;
	return bits;
}

/* ---- life ---- */

/* Says which replica each worker reads; they hang one on another in the placement's order. */
static void assign(struct nx_users *t, const struct nx_placement *placement)
{
	unsigned i = 0;

	for (const struct nx_users *r = t; r; r = r->writer->next, i++)
		for (unsigned w = 0; w < NX_WORKER_MAX; w++)
			if (placement->replica_of[w] == i)
				t->near[w] = r;
	t->near[NX_WORKER_MAX] = t;
}

int nx_users_create(uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN],
	const struct nx_placement *placement, struct nx_users **out)
{
	static const struct nx_placement anywhere = {.n_replicas = 1, .node = {NX_NODE_ANY}};
	uint8_t shard_bits = shard_bits_for(expected);
	uint32_t buckets = nx_shard_buckets_expecting(expected >> shard_bits);
	uint64_t bytes = (buckets * (uint64_t)sizeof(struct nx_users_bucket)) << shard_bits;
	struct nx_users *first = NULL, **at = &first;

	if (!placement)
		placement = &anywhere;
	assert(placement->n_replicas >= 1);
	if (!nx_mem_has(bytes * placement->n_replicas))
		return NX_ERR_NOMEM;
	for (unsigned i = 0; i < placement->n_replicas; i++) {
		if (nx_replica_create(secret, shard_bits, buckets, placement->node[i], at) !=
			NX_OK) {
			nx_users_destroy(first);
			return NX_ERR_NOMEM;
		}
		at = &(*at)->writer->next;
	}
	assign(first, placement);
	*out = first;
	return NX_OK;
}

void nx_users_destroy(struct nx_users *t)
{
	for (struct nx_users *next; t; t = next) {
		next = t->writer->next;
		nx_replica_destroy(t);
	}
}

/* ---- changes ---- */

static int insert(struct nx_users *t, size_t i, uint64_t lo, enum nx_user_state state)
{
	int rc;

	for (struct nx_users *r = t; r; r = r->writer->next)
		if ((rc = nx_replica_make_room(r, i)) != NX_OK)
			return rc;
	for (struct nx_users *r = t; r; r = r->writer->next)
		nx_shard_insert(&r->writer->shard[i], lo, state);
	t->writer->count[state]++;
	return NX_OK;
}

/* slot: where the first replica has the user. */
static void update(struct nx_users *t, size_t i, uint64_t lo, _Atomic uint64_t *slot,
	enum nx_user_state old, enum nx_user_state state)
{
	for (struct nx_users *r = t; r; r = r->writer->next) {
		struct nx_shard *s = &r->writer->shard[i];

		if (r != t)
			slot = nx_shard_find(s, lo);
		assert(slot);
		nx_shard_update(s, slot, state);
		if (!state)
			nx_replica_shrink(r, i);
	}
	t->writer->count[old]--;
	if (state)
		t->writer->count[state]++;
}

static int set(struct nx_users *t, struct nx_user_set *u)
{
	size_t i = nx_users_shard_of(t, u->hash);
	enum nx_user_state state = (enum nx_user_state)u->state;
	_Atomic uint64_t *slot = nx_shard_find(&t->writer->shard[i], u->hash.lo);

	u->old = NX_USER_ABSENT;
	if (!slot)
		return state ? insert(t, i, u->hash.lo, state) : NX_OK;
	u->old = atomic_load_explicit(slot, memory_order_relaxed) & NX_SLOT_STATE;
	if (u->is_new)
		return NX_ERR_COLLISION;
	if (u->old != state)
		update(t, i, u->hash.lo, slot, (enum nx_user_state)u->old, state);
	return NX_OK;
}

int nx_users_set(
	struct nx_users *t, struct nx_hash h, enum nx_user_state state, enum nx_user_state *old)
{
	struct nx_user_set u = {.hash = h, .state = (uint8_t)state};
	int rc = set(t, &u);

	*old = (enum nx_user_state)u.old;
	return rc;
}

/* Always inline: nx_shard_prefetch says why. */
static inline __attribute__((__always_inline__)) void prefetch(
	const struct nx_users *t, const struct nx_user_set *u, size_t n)
{
	for (const struct nx_users *r = t; r; r = r->writer->next) {
		const struct nx_shard *shard = r->writer->shard;

		for (size_t k = 0; k < n; k++)
			__builtin_prefetch(&shard[nx_users_shard_of(r, u[k].hash)]);
		for (size_t k = 0; k < n; k++)
			nx_shard_prefetch(&shard[nx_users_shard_of(r, u[k].hash)], u[k].hash.lo);
	}
}

int nx_users_set_burst(struct nx_users *t, struct nx_user_set *u, size_t n)
{
	int rc = NX_OK;

	for (size_t done = 0, end; done < n; done = end) {
		end = n - done < BURST ? n : done + BURST;
		prefetch(t, u + done, end - done);
		for (size_t k = done; k < end; k++)
			if ((rc = set(t, &u[k])) != NX_OK)
				return rc;
	}
	return rc;
}

/* ---- memory ---- */

uint64_t nx_users_retired(const struct nx_users *t)
{
	uint64_t retired = 0;

	for (const struct nx_users *r = t; r; r = r->writer->next)
		retired += r->writer->retired;
	return retired;
}

bool nx_users_wants_reclaim(const struct nx_users *t)
{
	uint64_t retired = nx_users_retired(t);

	return retired > RETIRED_SMALL && retired > nx_users_bytes(t) / RETIRED_PART;
}

void nx_users_reclaim(struct nx_users *t)
{
	for (struct nx_users *r = t; r; r = r->writer->next)
		nx_replica_reclaim(r);
}

void nx_users_counts(const struct nx_users *t, uint64_t count[4])
{
	memcpy(count, t->writer->count, sizeof(t->writer->count));
}

uint64_t nx_users_bytes(const struct nx_users *t)
{
	uint64_t bytes = 0;

	for (const struct nx_users *r = t; r; r = r->writer->next)
		bytes += nx_replica_bytes(r);
	return bytes;
}
