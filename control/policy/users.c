/* The user table's writer: which shard, when it grows, what is retired (shape: nxsip/users.h).
 *
 * A shard grows alone by a seventh when four fifths of its slots are in use, and shrinks when five
 * eighths are not: memory follows the number of users without a cliff, and the room needed beside
 * the table is one shard's. What is left behind is kept until the caller's grace period. The count
 * of shards never changes: the bits that choose one are not stored. */
#include <stdlib.h>
#include <string.h>

#include "control/policy/users.h"
#include "control/policy/users_writer.h"

/* Shards of some ten thousand users rebuild in well under a millisecond. Never fewer than 16, or a
 * table made for nobody could not grow to the size of a country. */
#define SHARD_USERS    16384
#define SHARD_BITS_MIN 4

/* Places of one size: only so many can be retired at a time. Address space is not scarce. */
#define ROOM_SHARDS 4
#define ROOM_MORE   4096

#define RETIRED_PART  64
#define RETIRED_SMALL ((uint64_t)64 << 10)
#define BURST         32

static size_t shards_of(const struct nx_users *t)
{
	return (size_t)1 << t->shard_bits;
}

static uint64_t bytes_of(const struct nx_shard *s)
{
	return s->buckets * (uint64_t)sizeof(struct nx_users_bucket);
}

static void publish(struct nx_users *t, size_t i)
{
	atomic_store_explicit(
		&t->shard[i], nx_shard_word(&t->writer->shard[i]), memory_order_release);
}

static uint8_t shard_bits_for(uint64_t expected)
{
	uint8_t bits = SHARD_BITS_MIN;

	while (bits < NX_USERS_SHARD_BITS && expected >> bits > SHARD_USERS)
		bits++;
	return bits;
}

/* ---- places ---- */

static struct nx_arena *arena_of(const struct nx_users *t, uint32_t buckets)
{
	struct nx_arena *a = t->writer->arenas;

	while (a && a->size != buckets * sizeof(struct nx_users_bucket))
		a = a->next;
	return a;
}

static struct nx_arena *arena_for(struct nx_users *t, uint32_t buckets)
{
	struct nx_users_writer *w = t->writer;
	struct nx_arena *a = arena_of(t, buckets);

	if (a)
		return a;
	a = nx_arena_create(buckets * sizeof(struct nx_users_bucket),
		(uint32_t)shards_of(t) * ROOM_SHARDS + ROOM_MORE, w->node);
	if (a) {
		a->next = w->arenas;
		w->arenas = a;
	}
	return a;
}

/* An empty shard of the given size, not yet in anyone's sight. */
static int shard_new(struct nx_users *t, size_t i, uint32_t buckets, struct nx_shard *s)
{
	struct nx_arena *a = arena_for(t, buckets);

	*s = (struct nx_shard){.buckets = buckets};
	if (!a || nx_arena_take(a, (uint32_t)i, &s->place) != NX_OK)
		return NX_ERR_NOMEM;
	s->bucket = nx_arena_at(a, s->place);
	return NX_OK;
}

/* Room to note a byte for each bucket while a shard is rebuilt. */
static int make_scratch(struct nx_users_writer *w, uint32_t buckets)
{
	uint8_t *larger;

	if (w->scratch_len >= buckets)
		return NX_OK;
	if (!(larger = realloc(w->scratch, buckets)))
		return NX_ERR_NOMEM;
	w->scratch = larger;
	w->scratch_len = buckets;
	return NX_OK;
}

/* Puts a rebuilt shard in the place of shard i; readers change over when they next load the word.
 */
static int shard_rebuild(struct nx_users *t, size_t i, uint32_t buckets)
{
	struct nx_users_writer *w = t->writer;
	struct nx_shard old = w->shard[i], fresh;

	if (make_scratch(w, buckets) != NX_OK || shard_new(t, i, buckets, &fresh) != NX_OK)
		return NX_ERR_NOMEM;
	nx_shard_fill(&fresh, &old, w->scratch);
	w->shard[i] = fresh;
	publish(t, i);
	nx_arena_retire(arena_of(t, old.buckets), old.place);
	w->retired += bytes_of(&old);
	return NX_OK;
}

/* Moves shards from the end of an array into its holes. */
static void close_holes(struct nx_users *t, struct nx_arena *a)
{
	uint32_t from, to;

	while (nx_arena_next_move(a, &from, &to)) {
		size_t i = a->owner[from];
		struct nx_shard *s = &t->writer->shard[i];

		nx_arena_moved(a, from, to);
		s->place = to;
		s->bucket = memcpy(nx_arena_at(a, to), s->bucket, a->size);
		publish(t, i);
		t->writer->retired += a->size;
	}
}

/* ---- life ---- */

int nx_users_create_on_node(uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN], int node,
	struct nx_users **out)
{
	struct nx_users *t = aligned_alloc(_Alignof(struct nx_users), sizeof(*t));
	struct nx_arena *a;
	uint32_t buckets;

	if (!t)
		return NX_ERR_NOMEM;
	memset(t, 0, sizeof(*t));
	memcpy(t->secret, secret, NX_USERS_SECRET_LEN);
	t->shard_bits = shard_bits_for(expected);
	t->shard = calloc(shards_of(t), sizeof(*t->shard));
	t->writer = calloc(1, sizeof(*t->writer) + shards_of(t) * sizeof(t->writer->shard[0]));
	if (!t->shard || !t->writer)
		goto fail;
	t->writer->node = node;
	buckets = nx_shard_buckets_for(expected >> t->shard_bits);
	a = arena_for(t, buckets);
	if (!a || nx_arena_reserve(a, (uint32_t)shards_of(t)) != NX_OK)
		goto fail;
	for (size_t i = 0; i < shards_of(t); i++) {
		if (shard_new(t, i, buckets, &t->writer->shard[i]) != NX_OK)
			goto fail;
		publish(t, i);
	}
	*out = t;
	return NX_OK;
fail:
	nx_users_destroy(t);
	return NX_ERR_NOMEM;
}

int nx_users_create(
	uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN], struct nx_users **out)
{
	return nx_users_create_on_node(expected, secret, NX_NODE_ANY, out);
}

void nx_users_destroy(struct nx_users *t)
{
	if (!t)
		return;
	for (struct nx_arena *a = t->writer ? t->writer->arenas : NULL, *next; a; a = next) {
		next = a->next;
		nx_arena_destroy(a);
	}
	free(t->writer ? t->writer->scratch : NULL);
	free(t->writer);
	free((void *)t->shard);
	free(t);
}

/* ---- changes ---- */

static int insert(struct nx_users *t, size_t i, uint64_t lo, enum nx_user_state state)
{
	struct nx_shard *s = &t->writer->shard[i];

	if (nx_shard_wants_room(s)) {
		uint32_t larger = nx_shard_buckets_for(s->live + UINT64_C(1));
		int rc = s->buckets == NX_SHARD_BUCKETS_MAX ? NX_ERR_FULL
							    : shard_rebuild(t, i, larger);

		if (rc)
			return rc;
	}
	nx_shard_insert(s, lo, state);
	t->writer->count[state]++;
	return NX_OK;
}

static void update(struct nx_users *t, size_t i, _Atomic uint64_t *slot, enum nx_user_state old,
	enum nx_user_state state)
{
	struct nx_shard *s = &t->writer->shard[i];

	nx_shard_update(s, slot, state);
	t->writer->count[old]--;
	if (state)
		t->writer->count[state]++;
	else if (nx_shard_wants_rebuild(s))
		(void)shard_rebuild(t, i, nx_shard_buckets_for(s->live)); /* else: next time */
}

static int set(struct nx_users *t, struct nx_user_set *u)
{
	size_t i = nx_users_shard_of(t, u->hash);
	_Atomic uint64_t *slot = nx_shard_find(&t->writer->shard[i], u->hash.lo);

	u->old = NX_USER_ABSENT;
	if (!slot)
		return u->state ? insert(t, i, u->hash.lo, (enum nx_user_state)u->state) : NX_OK;
	u->old = atomic_load_explicit(slot, memory_order_relaxed) & NX_SLOT_STATE;
	if (u->is_new)
		return NX_ERR_COLLISION;
	if (u->old != u->state)
		update(t, i, slot, (enum nx_user_state)u->old, (enum nx_user_state)u->state);
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

int nx_users_set_burst(struct nx_users *t, struct nx_user_set *u, size_t n)
{
	int rc = NX_OK;

	for (size_t done = 0, end; done < n; done = end) {
		end = n - done < BURST ? n : done + BURST;
		for (size_t k = done; k < end; k++)
			__builtin_prefetch(&t->writer->shard[nx_users_shard_of(t, u[k].hash)]);
		for (size_t k = done; k < end; k++)
			nx_shard_prefetch(
				&t->writer->shard[nx_users_shard_of(t, u[k].hash)], u[k].hash.lo);
		for (size_t k = done; k < end; k++)
			if ((rc = set(t, &u[k])) != NX_OK)
				return rc;
	}
	return rc;
}

/* ---- memory ---- */

uint64_t nx_users_retired(const struct nx_users *t)
{
	return t->writer->retired;
}

bool nx_users_wants_reclaim(const struct nx_users *t)
{
	uint64_t retired = t->writer->retired;

	return retired > RETIRED_SMALL && retired > nx_users_bytes(t) / RETIRED_PART;
}

void nx_users_reclaim(struct nx_users *t)
{
	struct nx_arena **at = &t->writer->arenas, *a;

	if (t->writer->retired == 0)
		return;
	t->writer->retired = 0;
	while ((a = *at)) {
		nx_arena_sweep(a);
		if (a->n == 0) {
			*at = a->next;
			nx_arena_destroy(a);
			continue;
		}
		close_holes(t, a);
		at = &a->next;
	}
}

void nx_users_counts(const struct nx_users *t, uint64_t count[4])
{
	memcpy(count, t->writer->count, sizeof(t->writer->count));
}

uint64_t nx_users_bytes(const struct nx_users *t)
{
	uint64_t bytes = sizeof(*t) + sizeof(*t->writer) + t->writer->scratch_len +
			 shards_of(t) * (sizeof(t->shard[0]) + sizeof(t->writer->shard[0]));

	for (const struct nx_arena *a = t->writer->arenas; a; a = a->next)
		bytes += a->mem.backed + sizeof(*a) + a->peak * sizeof(a->owner[0]);
	return bytes;
}
