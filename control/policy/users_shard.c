/* One shard of a user table: find, insert, update, rebuild (shape: nxsip/users.h).
 *
 * Linear spilling from bucket to bucket, at a load of 0.71 to 0.80: one user in thirty lies beyond
 * its home line. Cuckoo and Robin Hood tables pack tighter, but move live slots, which a reader
 * without locks cannot survive. Buckets are in the order of the tags (multiply-shift keeps order),
 * so a rebuild reads and writes in one sweep. */
#include <assert.h>

#include "control/policy/users_mem.h"
#include "control/policy/users_shard.h"

static uint64_t slot_load(const _Atomic uint64_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

static void slot_store(_Atomic uint64_t *slot, uint64_t v)
{
	atomic_store_explicit(slot, v, memory_order_relaxed);
}

static size_t bytes_of(uint64_t buckets)
{
	return sizeof(struct nx_shard) + buckets * sizeof(struct nx_users_bucket);
}

struct nx_shard *nx_shard_create(uint64_t buckets)
{
	struct nx_shard *s;

	assert(buckets >= 1 && buckets <= NX_SHARD_BUCKETS_MAX);
	s = nx_users_mem_alloc(bytes_of(buckets));
	if (s)
		s->buckets = buckets;
	return s;
}

void nx_shard_free(struct nx_shard *s)
{
	nx_users_mem_free(s, bytes_of(s->buckets));
}

uint64_t nx_shard_bytes(const struct nx_shard *s)
{
	return bytes_of(s->buckets);
}

uint64_t nx_shard_word(const struct nx_shard *s)
{
	uint64_t line = (uint64_t)(uintptr_t)s->bucket >> 6;

	assert(line < UINT64_C(1) << 42);
	return s->buckets << 42 | line;
}

struct nx_shard *nx_shard_of(uint64_t word)
{
	uint64_t nb;
	char *first = (char *)nx_users_bucket_of(word, 0, &nb);

	return (struct nx_shard *)(void *)(first - offsetof(struct nx_shard, bucket));
}

uint64_t nx_shard_buckets_for(uint64_t n)
{
	uint64_t buckets = n / (NX_USERS_SLOTS * 3 / 4) + 1;

	return buckets < NX_SHARD_BUCKETS_MAX ? buckets : NX_SHARD_BUCKETS_MAX;
}

bool nx_shard_is_full(const struct nx_shard *s)
{
	return (s->live + 1) * 5 > s->buckets * NX_USERS_SLOTS * 4;
}

bool nx_shard_is_stale(const struct nx_shard *s)
{
	return s->deleted > s->buckets * NX_USERS_SLOTS / 2;
}

static struct nx_users_bucket *home(struct nx_shard *s, uint64_t lo)
{
	uint64_t nb;

	return nx_users_bucket_of(nx_shard_word(s), lo, &nb);
}

static struct nx_users_bucket *next(struct nx_shard *s, struct nx_users_bucket *b)
{
	return b + 1 == s->bucket + s->buckets ? s->bucket : b + 1;
}

_Atomic uint64_t *nx_shard_find(struct nx_shard *s, uint64_t lo)
{
	struct nx_users_bucket *b = home(s, lo);

	for (uint64_t n = 0; n < s->buckets; n++, b = next(s, b)) {
		for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
			uint64_t v = slot_load(&b->slot[i]);

			if (!((v ^ lo) & NX_SLOT_TAG) && (v & NX_SLOT_STATE))
				return &b->slot[i];
		}
		if (!(slot_load(&b->slot[0]) & NX_SLOT_OVERFLOW))
			break;
	}
	return NULL;
}

static _Atomic uint64_t *first_empty(struct nx_users_bucket *b)
{
	for (unsigned i = 0; i < NX_USERS_SLOTS; i++)
		if (!(slot_load(&b->slot[i]) & NX_SLOT_STATE))
			return &b->slot[i];
	return NULL;
}

void nx_shard_insert(struct nx_shard *s, uint64_t lo, enum nx_user_state state)
{
	struct nx_users_bucket *b = home(s, lo);
	_Atomic uint64_t *slot;

	assert(s->live < s->buckets * NX_USERS_SLOTS);
	while (!(slot = first_empty(b))) {
		slot_store(&b->slot[0], slot_load(&b->slot[0]) | NX_SLOT_OVERFLOW);
		b = next(s, b);
	}
	slot_store(slot, (lo & NX_SLOT_TAG) | (slot_load(slot) & NX_SLOT_OVERFLOW) | state);
	s->live++;
}

void nx_shard_update(struct nx_shard *s, _Atomic uint64_t *slot, enum nx_user_state state)
{
	uint64_t v = slot_load(slot);

	if (state) {
		slot_store(slot, (v & ~NX_SLOT_STATE) | state);
		return;
	}
	slot_store(slot, v & NX_SLOT_OVERFLOW);
	s->live--;
	s->deleted++;
}

struct nx_shard *nx_shard_rebuild(struct nx_shard *s, uint64_t buckets)
{
	struct nx_shard *fresh = nx_shard_create(buckets);

	if (!fresh)
		return NULL;
	for (struct nx_users_bucket *b = s->bucket; b < s->bucket + s->buckets; b++) {
		for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
			uint64_t v = slot_load(&b->slot[i]);

			if (v & NX_SLOT_STATE)
				nx_shard_insert(fresh, v, (enum nx_user_state)(v & NX_SLOT_STATE));
		}
	}
	return fresh;
}
