/* The user table's writer: which shard, when it grows, what is retired (shape: nxsip/users.h).
 *
 * A shard grows alone by an eighth when four fifths of its slots are in use: memory follows the
 * number of users without a cliff, and the room needed beside the table is one shard's. What growth
 * leaves behind is kept until the caller's grace period. The count of shards never changes: the
 * bits that choose one are not stored. */
#include <stdlib.h>
#include <string.h>

#include "control/policy/users.h"
#include "control/policy/users_shard.h"

/* Shards of some ten thousand users rebuild in well under a millisecond. Never fewer than 16, or a
 * table made for nobody could not grow to the size of a country. */
#define SHARD_USERS    16384
#define SHARD_BITS_MIN 4

struct nx_users_writer {
	uint64_t count[4];
	uint64_t bytes;
	struct nx_shard *retired;
	uint64_t retired_bytes;
};

static size_t shards_of(const struct nx_users *t)
{
	return (size_t)1 << t->shard_bits;
}

static _Atomic uint64_t *word_of(struct nx_users *t, struct nx_hash h)
{
	return &t->shard[h.hi >> (64 - t->shard_bits)];
}

static struct nx_shard *shard_at(_Atomic uint64_t *word)
{
	return nx_shard_of(atomic_load_explicit(word, memory_order_relaxed));
}

static void publish(_Atomic uint64_t *word, const struct nx_shard *s)
{
	atomic_store_explicit(word, nx_shard_word(s), memory_order_release);
}

static uint8_t shard_bits_for(uint64_t expected)
{
	uint8_t bits = SHARD_BITS_MIN;

	while (bits < NX_USERS_SHARD_BITS && expected >> bits > SHARD_USERS)
		bits++;
	return bits;
}

int nx_users_create(
	uint64_t expected, const uint8_t secret[NX_USERS_SECRET_LEN], struct nx_users **out)
{
	struct nx_users *t = aligned_alloc(_Alignof(struct nx_users), sizeof(*t));
	uint64_t buckets;

	if (!t)
		return NX_ERR_NOMEM;
	memset(t, 0, sizeof(*t));
	memcpy(t->secret, secret, NX_USERS_SECRET_LEN);
	t->shard_bits = shard_bits_for(expected);
	t->shard = calloc(shards_of(t), sizeof(*t->shard));
	t->writer = calloc(1, sizeof(*t->writer));
	if (!t->shard || !t->writer)
		goto fail;
	t->writer->bytes = sizeof(*t) + sizeof(*t->writer) + shards_of(t) * sizeof(*t->shard);
	buckets = nx_shard_buckets_for(expected >> t->shard_bits);
	for (size_t i = 0; i < shards_of(t); i++) {
		struct nx_shard *s = nx_shard_create(buckets);

		if (!s)
			goto fail;
		publish(&t->shard[i], s);
		t->writer->bytes += nx_shard_bytes(s);
	}
	*out = t;
	return 0;
fail:
	nx_users_destroy(t);
	return NX_ERR_NOMEM;
}

void nx_users_destroy(struct nx_users *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->shard && i < shards_of(t); i++)
		if (t->shard[i])
			nx_shard_free(shard_at(&t->shard[i]));
	if (t->writer)
		nx_users_reclaim(t);
	free(t->writer);
	free((void *)t->shard);
	free(t);
}

/* Puts a rebuilt shard of the given size in the place of the one at word; readers change over when
 * they next load the word. */
static int shard_replace(struct nx_users *t, _Atomic uint64_t *word, uint64_t buckets)
{
	struct nx_users_writer *w = t->writer;
	struct nx_shard *old = shard_at(word), *fresh = nx_shard_rebuild(old, buckets);

	if (!fresh)
		return NX_ERR_NOMEM;
	publish(word, fresh);
	old->next = w->retired;
	w->retired = old;
	w->retired_bytes += nx_shard_bytes(old);
	w->bytes += nx_shard_bytes(fresh);
	w->bytes -= nx_shard_bytes(old);
	return 0;
}

static int shard_grow(struct nx_users *t, _Atomic uint64_t *word)
{
	uint64_t buckets = shard_at(word)->buckets, larger = buckets + buckets / 8 + 1;

	if (buckets == NX_SHARD_BUCKETS_MAX)
		return NX_ERR_FULL;
	return shard_replace(
		t, word, larger < NX_SHARD_BUCKETS_MAX ? larger : NX_SHARD_BUCKETS_MAX);
}

static int insert(struct nx_users *t, _Atomic uint64_t *word, uint64_t lo, enum nx_user_state state)
{
	if (nx_shard_is_full(shard_at(word))) {
		int rc = shard_grow(t, word);

		if (rc)
			return rc;
	}
	nx_shard_insert(shard_at(word), lo, state);
	t->writer->count[state]++;
	return 0;
}

static void update(struct nx_users *t, _Atomic uint64_t *word, _Atomic uint64_t *slot,
	enum nx_user_state old, enum nx_user_state state)
{
	struct nx_shard *s = shard_at(word);

	nx_shard_update(s, slot, state);
	t->writer->count[old]--;
	if (state)
		t->writer->count[state]++;
	else if (nx_shard_is_stale(s))
		(void)shard_replace(t, word, nx_shard_buckets_for(s->live)); /* else: next time */
}

int nx_users_set(
	struct nx_users *t, struct nx_hash h, enum nx_user_state state, enum nx_user_state *old)
{
	_Atomic uint64_t *word = word_of(t, h), *slot = nx_shard_find(shard_at(word), h.lo);

	*old = NX_USER_ABSENT;
	if (slot) {
		*old = (enum nx_user_state)(
			atomic_load_explicit(slot, memory_order_relaxed) & NX_SLOT_STATE);
		if (*old != state)
			update(t, word, slot, *old, state);
		return 0;
	}
	return state ? insert(t, word, h.lo, state) : 0;
}

uint64_t nx_users_retired(const struct nx_users *t)
{
	return t->writer->retired_bytes;
}

void nx_users_reclaim(struct nx_users *t)
{
	struct nx_shard *next;

	for (struct nx_shard *s = t->writer->retired; s; s = next) {
		next = s->next;
		nx_shard_free(s);
	}
	t->writer->retired = NULL;
	t->writer->retired_bytes = 0;
}

void nx_users_counts(const struct nx_users *t, uint64_t count[4])
{
	memcpy(count, t->writer->count, sizeof(t->writer->count));
}

uint64_t nx_users_bytes(const struct nx_users *t)
{
	return t->writer->bytes;
}
