/* One replica of a user table: when a shard grows, what is retired (shape: nxsip/users.h).
 *
 * A shard grows alone by a fifth when seven eighths of its slots are in use, and shrinks when less
 * than five eighths are: memory follows the number of users without a cliff, and the room needed
 * beside the table is one shard's. What is left behind is kept until the caller's grace period. The
 * count of shards never changes: the bits that choose one are not stored.
 *
 * Shards lie in the memory of the replica's node, and so do the shard words of a large table. What
 * else readers load of it, a line or two that nobody writes, stays in their caches. */
#include <stdlib.h>
#include <string.h>

#include "control/policy/users_replica.h"
#include "nxsip/error.h"

/* Places of one size: only so many can be retired at a time. Address space is not scarce. */
#define ROOM_SHARDS 4
#define ROOM_MORE   4096

/* Bytes of shard words that are worth a mapping of their own: a box of many small domains has no
 * mappings to waste, and so few lines stay in the workers' caches. */
#define WORDS_MAPPED 4096

static size_t shards_of(const struct nx_users *r)
{
	return (size_t)1 << r->shard_bits;
}

static uint64_t bytes_of(const struct nx_shard *s)
{
	return s->buckets * (uint64_t)sizeof(struct nx_users_bucket);
}

static void publish(struct nx_users *r, size_t i)
{
	atomic_store_explicit(
		&r->shard[i], nx_shard_word(&r->writer->shard[i]), memory_order_release);
}

/* ---- places ---- */

static struct nx_arena *arena_of(const struct nx_users *r, uint32_t buckets)
{
	struct nx_arena *a = r->writer->arenas;

	while (a && a->size != buckets * sizeof(struct nx_users_bucket))
		a = a->next;
	return a;
}

static struct nx_arena *arena_for(struct nx_users *r, uint32_t buckets)
{
	struct nx_users_writer *w = r->writer;
	struct nx_arena *a = arena_of(r, buckets);

	if (a)
		return a;
	a = nx_arena_create(buckets * sizeof(struct nx_users_bucket),
		(uint32_t)shards_of(r) * ROOM_SHARDS + ROOM_MORE, w->node);
	if (a) {
		a->next = w->arenas;
		w->arenas = a;
	}
	return a;
}

/* An empty shard of the given size, not yet in anyone's sight. */
static int shard_new(struct nx_users *r, size_t i, uint32_t buckets, struct nx_shard *s)
{
	struct nx_arena *a = arena_for(r, buckets);

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
static int shard_rebuild(struct nx_users *r, size_t i, uint32_t buckets)
{
	struct nx_users_writer *w = r->writer;
	struct nx_shard old = w->shard[i], fresh;

	if (make_scratch(w, buckets) != NX_OK || shard_new(r, i, buckets, &fresh) != NX_OK)
		return NX_ERR_NOMEM;
	nx_shard_fill(&fresh, &old, w->scratch);
	w->shard[i] = fresh;
	publish(r, i);
	nx_arena_retire(arena_of(r, old.buckets), old.place);
	w->retired += bytes_of(&old);
	return NX_OK;
}

/* Moves shards from the end of an array into its holes. */
static void close_holes(struct nx_users *r, struct nx_arena *a)
{
	uint32_t from, to;

	while (nx_arena_next_move(a, &from, &to)) {
		size_t i = a->owner[from];
		struct nx_shard *s = &r->writer->shard[i];

		nx_arena_moved(a, from, to);
		s->place = to;
		s->bucket = memcpy(nx_arena_at(a, to), s->bucket, a->size);
		publish(r, i);
		r->writer->retired += a->size;
	}
}

/* ---- life ---- */

static size_t words_len(const struct nx_users *r)
{
	return shards_of(r) * sizeof(*r->shard);
}

static int words_new(struct nx_users *r)
{
	struct nx_mem *words = &r->writer->words;
	size_t len = words_len(r);

	if (len < WORDS_MAPPED) {
		r->shard = calloc(1, len);
		return r->shard ? NX_OK : NX_ERR_NOMEM;
	}
	if (nx_mem_reserve(words, len, r->writer->node) != NX_OK ||
		nx_mem_back(words, len) != NX_OK)
		return NX_ERR_NOMEM;
	r->shard = (void *)words->base;
	return NX_OK;
}

static void words_free(struct nx_users *r)
{
	struct nx_mem *words = &r->writer->words;

	if (words->base)
		nx_mem_release(words);
	else
		free((void *)r->shard);
}

int nx_replica_create(const uint8_t secret[NX_USERS_SECRET_LEN], uint8_t shard_bits,
	uint32_t buckets, int node, struct nx_users **out)
{
	struct nx_users *r = aligned_alloc(_Alignof(struct nx_users), sizeof(*r));
	struct nx_arena *a;

	if (!r)
		return NX_ERR_NOMEM;
	memset(r, 0, sizeof(*r));
	memcpy(r->secret, secret, NX_USERS_SECRET_LEN);
	r->shard_bits = shard_bits;
	r->writer = calloc(1, sizeof(*r->writer) + shards_of(r) * sizeof(r->writer->shard[0]));
	if (!r->writer)
		goto fail;
	r->writer->node = node;
	if (words_new(r) != NX_OK)
		goto fail;
	a = arena_for(r, buckets);
	if (!a || nx_arena_reserve(a, (uint32_t)shards_of(r)) != NX_OK)
		goto fail;
	for (size_t i = 0; i < shards_of(r); i++) {
		if (shard_new(r, i, buckets, &r->writer->shard[i]) != NX_OK)
			goto fail;
		publish(r, i);
	}
	*out = r;
	return NX_OK;
fail:
	nx_replica_destroy(r);
	return NX_ERR_NOMEM;
}

void nx_replica_destroy(struct nx_users *r)
{
	struct nx_users_writer *w = r->writer;

	for (struct nx_arena *a = w ? w->arenas : NULL, *next; a; a = next) {
		next = a->next;
		nx_arena_destroy(a);
	}
	if (w) {
		words_free(r);
		free(w->scratch);
	}
	free(w);
	free(r);
}

/* ---- changes ---- */

int nx_replica_make_room(struct nx_users *r, size_t i)
{
	const struct nx_shard *s = &r->writer->shard[i];

	if (!nx_shard_wants_room(s))
		return NX_OK;
	if (s->buckets == NX_SHARD_BUCKETS_MAX)
		return NX_ERR_FULL;
	return shard_rebuild(r, i, nx_shard_buckets_for(s->live + UINT64_C(1)));
}

void nx_replica_shrink(struct nx_users *r, size_t i)
{
	const struct nx_shard *s = &r->writer->shard[i];

	if (nx_shard_wants_rebuild(s))
		(void)shard_rebuild(r, i, nx_shard_buckets_for(s->live)); /* else: next time */
}

/* ---- memory ---- */

void nx_replica_reclaim(struct nx_users *r)
{
	struct nx_arena **at = &r->writer->arenas, *a;

	if (r->writer->retired == 0)
		return;
	r->writer->retired = 0;
	while ((a = *at)) {
		nx_arena_sweep(a);
		if (a->n == 0) {
			*at = a->next;
			nx_arena_destroy(a);
			continue;
		}
		close_holes(r, a);
		at = &a->next;
	}
}

uint64_t nx_replica_bytes(const struct nx_users *r)
{
	const struct nx_users_writer *w = r->writer;
	uint64_t bytes = sizeof(*r) + sizeof(*w) + shards_of(r) * sizeof(w->shard[0]) +
			 (w->words.base ? w->words.backed : words_len(r)) + w->scratch_len;

	for (const struct nx_arena *a = w->arenas; a; a = a->next)
		bytes += a->mem.backed + sizeof(*a) + a->peak * sizeof(a->owner[0]);
	return bytes;
}
