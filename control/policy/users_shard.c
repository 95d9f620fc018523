/* One shard of a user table: find, insert, update, rebuild (shape: nxsip/users.h).
 *
 * Of its two buckets a key takes the one with more room: filled to five sixths, a shard has one
 * user in a thousand behind both, and to seven eighths one in two hundred. There it grows: a new
 * user would find both full one time in ten. Cuckoo and Robin Hood tables pack tighter, but move
 * live slots, which a reader without locks cannot survive. Pages of buckets are in the order of the
 * tags (multiply-shift keeps order), so a rebuild reads and writes in one sweep.
 *
 * Sizes form a ladder, at most 64 steps to a doubling: rounding up to one costs little memory, and
 * shards of a table have one of two or three sizes at a time (why: users_arena.c). They are whole
 * pages, or a power of two where they are smaller, and never cross one. */
#include <assert.h>
#include <string.h>

#include "control/policy/users_shard.h"

#define STEPS    64 /* of the ladder, a doubling */
#define GATHERED 32 /* buckets that a rebuild looks at together */

static uint64_t slot_load(const _Atomic uint64_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

static void slot_store(_Atomic uint64_t *slot, uint64_t v)
{
	atomic_store_explicit(slot, v, memory_order_relaxed);
}

uint64_t nx_shard_word(const struct nx_shard *s)
{
	uint64_t line = (uint64_t)(uintptr_t)s->bucket >> 6;

	assert(line < UINT64_C(1) << 42);
	return (uint64_t)s->buckets << 42 | line;
}

uint32_t nx_shard_size_up(uint64_t buckets)
{
	uint64_t step = NX_USERS_PAGE;

	if (buckets >= NX_SHARD_BUCKETS_MAX)
		return NX_SHARD_BUCKETS_MAX;
	if (buckets <= NX_USERS_PAGE)
		return buckets < 2 ? 1 : 1U << (64 - __builtin_clzll(buckets - 1));
	while (buckets > step * (2 * STEPS - 1))
		step *= 2;
	return (uint32_t)((buckets + step - 1) / step * step);
}

uint32_t nx_shard_buckets_for(uint64_t n)
{
	return nx_shard_size_up(n * 15 / (NX_USERS_SLOTS * 11) + 1);
}

uint32_t nx_shard_buckets_expecting(uint64_t n)
{
	return nx_shard_size_up(n * 6 / (NX_USERS_SLOTS * 5) + 1);
}

bool nx_shard_wants_room(const struct nx_shard *s)
{
	return (s->live + UINT64_C(1)) * 8 > (uint64_t)s->buckets * NX_USERS_SLOTS * 7;
}

/* For memory: below five eighths, but not before a sixteenth was deleted, so that a shard that was
 * made large to be filled stays large. For overflow bits: as many deletions as slots. */
bool nx_shard_wants_rebuild(const struct nx_shard *s)
{
	uint64_t slots = (uint64_t)s->buckets * NX_USERS_SLOTS;

	if (s->live * UINT64_C(8) < slots * 5 && s->deleted * UINT64_C(16) > slots)
		return nx_shard_buckets_for(s->live) < s->buckets;
	return s->deleted > slots;
}

static struct nx_users_bucket *home(const struct nx_shard *s, uint64_t lo)
{
	return s->bucket + nx_users_home(lo, s->buckets);
}

static struct nx_users_bucket *other(const struct nx_shard *s, uint64_t lo)
{
	return s->bucket + nx_users_other(lo, nx_users_home(lo, s->buckets), s->buckets);
}

static struct nx_users_bucket *next(const struct nx_shard *s, struct nx_users_bucket *b)
{
	return b + 1 == s->bucket + s->buckets ? s->bucket : b + 1;
}

/* Bit i: slot i has the tag, if it is live at all; slot i is empty. Without branches: which slot it
 * will be is random. */
static unsigned slots_with(struct nx_users_bucket *b, uint64_t lo)
{
	unsigned with = 0;

#pragma GCC unroll 8
	for (int i = NX_USERS_SLOTS - 1; i >= 0; i--)
		with = with + with +
		       ((slot_load(&b->slot[i]) ^ (lo & NX_SLOT_TAG)) <= ~NX_SLOT_TAG);
	return with;
}

static unsigned slots_empty(struct nx_users_bucket *b)
{
	unsigned empty = 0;

#pragma GCC unroll 8
	for (int i = NX_USERS_SLOTS - 1; i >= 0; i--)
		empty = empty + empty + ((slot_load(&b->slot[i]) & NX_SLOT_STATE) == 0);
	return empty;
}

/* How many of eight bits are set: __builtin_popcount is a call on the oldest x86-64. */
static unsigned count(unsigned bits)
{
	bits -= bits >> 1 & 0x55;
	bits = (bits & 0x33) + (bits >> 2 & 0x33);
	return (bits + (bits >> 4)) & 0xf;
}

static _Atomic uint64_t *spill_slot(struct nx_users_bucket *b, uint64_t lo)
{
	return &b->slot[nx_users_spill(lo)];
}

/* A tag stands in one live slot at most, but that of 0 in every empty one. */
static _Atomic uint64_t *find(struct nx_users_bucket *b, uint64_t lo)
{
	for (unsigned with = slots_with(b, lo); with; with &= with - 1) {
		_Atomic uint64_t *slot = &b->slot[__builtin_ctz(with)];

		if (slot_load(slot) & NX_SLOT_STATE)
			return slot;
	}
	return NULL;
}

_Atomic uint64_t *nx_shard_find(const struct nx_shard *s, uint64_t lo)
{
	struct nx_users_bucket *first = home(s, lo), *b = first;
	_Atomic uint64_t *slot = find(b, lo);

	if (!slot)
		slot = find(other(s, lo), lo);
	while (!slot && slot_load(spill_slot(b, lo)) & NX_SLOT_OVERFLOW) {
		b = next(s, b);
		slot = find(b, lo);
		if (b == first)
			break;
	}
	return slot;
}

/* Finds a bucket with room for a tag, and leaves overflow bits on the way.
 * Out: *empty: the bits of its empty slots. */
static struct nx_users_bucket *with_room(struct nx_shard *s, uint64_t lo, unsigned *empty)
{
	struct nx_users_bucket *b = home(s, lo), *second = other(s, lo);
	unsigned at_home = slots_empty(b), at_other = slots_empty(second);

	if (at_home | at_other) {
		bool far = count(at_other) > count(at_home);

		*empty = far ? at_other : at_home;
		return far ? second : b;
	}
	do {
		_Atomic uint64_t *slot = spill_slot(b, lo);

		slot_store(slot, slot_load(slot) | NX_SLOT_OVERFLOW);
		b = next(s, b);
	} while (!(*empty = slots_empty(b)));
	return b;
}

void nx_shard_insert(struct nx_shard *s, uint64_t lo, enum nx_user_state state)
{
	struct nx_users_bucket *b;
	_Atomic uint64_t *slot;
	unsigned empty;

	assert(s->live < (uint64_t)s->buckets * NX_USERS_SLOTS);
	b = with_room(s, lo, &empty);
	slot = &b->slot[__builtin_ctz(empty)];
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

/* Takes the users out of some buckets, without a branch on which slots are in use.
 * Return: how many. */
static unsigned gather(const struct nx_shard *s, uint64_t from, uint64_t to, uint64_t *user)
{
	unsigned n = 0;

	for (uint64_t k = from; k < to; k++) {
#pragma GCC unroll 8
		for (unsigned i = 0; i < NX_USERS_SLOTS; i++) {
			uint64_t v = slot_load(&s->bucket[k].slot[i]);

			user[n] = v & ~NX_SLOT_OVERFLOW;
			n += (v & NX_SLOT_STATE) != 0;
		}
	}
	return n;
}

/* Puts a user who is not there into a shard where used[] says how many slots of each bucket are in
 * use, from the front on. Which of two buckets it will be is random: no branch. */
static void put(struct nx_shard *s, uint8_t *used, uint64_t user)
{
	uint64_t b = nx_users_home(user, s->buckets);
	uint64_t second = nx_users_other(user, b, s->buckets);

	b ^= (b ^ second) & -(uint64_t)(used[second] < used[b]);
	while (__builtin_expect(used[b] == NX_USERS_SLOTS, 0)) { /* then b is the home */
		_Atomic uint64_t *slot = spill_slot(&s->bucket[b], user);

		slot_store(slot, slot_load(slot) | NX_SLOT_OVERFLOW);
		b = b + 1 == s->buckets ? 0 : b + 1;
	}
	slot_store(&s->bucket[b].slot[used[b]++], user);
}

/* The users come nearly in the order of their homes, so both shards are walked through once. */
void nx_shard_fill(struct nx_shard *s, const struct nx_shard *from, uint8_t *used)
{
	uint64_t user[GATHERED * NX_USERS_SLOTS];

	memset(used, 0, s->buckets);
	for (uint64_t k = 0; k < from->buckets; k += GATHERED) {
		uint64_t left = from->buckets - k;
		unsigned n = gather(from, k, k + (left < GATHERED ? left : GATHERED), user);

		for (unsigned i = 0; i < n; i++)
			put(s, used, user[i]);
	}
	s->live = from->live;
}
