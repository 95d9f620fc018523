/* The user table against a naive model, and the promises of nxsip/users.h one by one. Hashes are
 * made up here, so that buckets overflow, wrap and meet as they please. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/policy/users.h"
#include "control/policy/users_replica.h"
#include "tests/unit/chance.h"
#include "tests/unit/users_plain.h"

static const uint8_t secret[NX_USERS_SECRET_LEN] = "a secret of the test's own, and zeroes";
static uint64_t seed;

static struct nx_users *table_new(uint64_t expected)
{
	struct nx_users *t;

	assert_int_equal(nx_users_create(expected, secret, NULL, &t), 0);
	return t;
}

static enum nx_user_state set(struct nx_users *t, struct nx_hash h, enum nx_user_state state)
{
	enum nx_user_state old = NX_USER_ABSENT;

	assert_int_equal(nx_users_set(t, h, state, &old), 0);
	return old;
}

/* Every way to look must find the expected states. */
static void look_up(
	const struct nx_users *t, const struct nx_hash hash[], size_t n, const uint8_t expected[])
{
	static void (*const burst[])(struct nx_users_query *, size_t) = {
		nx_users_probe_burst, users_probe_burst_plain};
	struct nx_users_query *q = calloc(n, sizeof(*q));

	assert_non_null(q);
	for (size_t way = 0; way < 2; way++) {
		for (size_t i = 0; i < n; i++)
			q[i] = (struct nx_users_query){.table = t, .hash = hash[i], .state = 9};
		burst[way](q, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(q[i].state, expected[i]);
	}
	free(q);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(nx_users_probe(t, hash[i]), expected[i]);
}

static enum nx_user_state look(const struct nx_users *t, struct nx_hash h)
{
	uint8_t state = (uint8_t)nx_users_probe(t, h);

	look_up(t, &h, 1, &state);
	return (enum nx_user_state)state;
}

static size_t shards_of(const struct nx_users *t)
{
	return (size_t)1 << t->shard_bits;
}

static const struct nx_shard *shard_at(const struct nx_users *t, size_t i)
{
	return &t->writer->shard[i];
}

/* ---- the model: hashes from a small space, a state for each ---- */

#define MODEL_SHARDS 2
#define MODEL_TAGS   1200

struct model {
	struct nx_hash hash[MODEL_SHARDS * MODEL_TAGS];
	uint8_t state[MODEL_SHARDS * MODEL_TAGS];
	uint64_t live;
};

/* A third of the tags crowd the first home bucket, a third the last, so that chains are long and
 * wrap; the rest spreads. */
static void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (uint64_t i = 0; i < MODEL_SHARDS * MODEL_TAGS; i++) {
		uint64_t tag = i % MODEL_TAGS, low = tag << 4 | (random64(&seed) & 0xf);

		m->hash[i].hi = i / MODEL_TAGS << 63 | (random64(&seed) >> 8);
		m->hash[i].lo = tag % 3 == 0   ? low
				: tag % 3 == 1 ? UINT64_C(0xffffffff) << 32 | low
					       : tag * UINT64_C(0x9e3779b97f4a7c15);
	}
}

static void assert_is_model(const struct nx_users *t, const struct model *m)
{
	uint64_t count[4], by_state[4] = {0}, live = 0;

	look_up(t, m->hash, MODEL_SHARDS * MODEL_TAGS, m->state);
	for (size_t i = 0; i < MODEL_SHARDS * MODEL_TAGS; i++) {
		if (m->state[i])
			by_state[m->state[i]]++;
	}
	nx_users_counts(t, count);
	assert_memory_equal(count, by_state, sizeof(count));
	for (size_t i = 0; i < shards_of(t); i++) {
		const struct nx_shard *s = shard_at(t, i);
		uint64_t in_shard = 0;

		assert_true(t->shard[i] == nx_shard_word(s));
		for (uint64_t k = 0; k < s->buckets * NX_USERS_SLOTS; k++)
			in_shard += (s->bucket[k / 8].slot[k % 8] & NX_SLOT_STATE) != 0;
		assert_int_equal(in_shard, s->live);
		live += in_shard;
	}
	assert_int_equal(live, m->live); /* no tag stands twice */
}

static void model_set(struct nx_users *t, struct model *m, size_t i, enum nx_user_state state)
{
	assert_int_equal(set(t, m->hash[i], state), m->state[i]);
	m->live += (state != 0) - (uint64_t)(m->state[i] != 0);
	m->state[i] = (uint8_t)state;
}

static void random_changes_match_a_model(void **state)
{
	struct model *m = malloc(sizeof(*m));

	(void)state;
	for (int round = 0; round < 4; round++) {
		struct nx_users *t = table_new(0);

		seed = 7919 + (uint64_t)round;
		model_init(m);
		for (int phase = 0; phase < 6; phase++) {
			unsigned deletes = phase % 2 ? 6 : 1; /* of eight: shrink, grow in turn */

			for (int op = 0; op < 4000; op++) {
				size_t i = random64(&seed) % (MODEL_SHARDS * MODEL_TAGS);
				enum nx_user_state to = random64(&seed) % 8 < deletes
								? NX_USER_ABSENT
								: 1 + random64(&seed) % 3;

				model_set(t, m, i, to);
				if (op % 500 == 0)
					assert_is_model(t, m);
				if (random64(&seed) % 64 == 0)
					nx_users_reclaim(t);
			}
		}
		assert_is_model(t, m);
		nx_users_destroy(t);
	}
	free(m);
}

/* ---- promises ---- */

/* While a shard stays, so does every live slot in it, whatever is inserted or deleted. */
static void insertion_never_moves_a_live_slot(void **state)
{
	struct nx_users *t = table_new(100000);
	struct nx_hash h[900];
	_Atomic uint64_t *at[900];
	uint64_t word = t->shard[0];
	const struct nx_shard *s = shard_at(t, 0);

	(void)state;
	for (uint64_t i = 0; i < 900; i++) {
		h[i] = (struct nx_hash){.lo = UINT64_C(0xfffff) << 44 | i << 4, .hi = 0};
		set(t, h[i], NX_USER_KNOWN);
		at[i] = nx_shard_find(s, h[i].lo);
		if (i % 7 == 3)
			assert_int_equal(set(t, h[i / 2], NX_USER_ABSENT) != 0, at[i / 2] != NULL);
		if (i % 7 == 3)
			at[i / 2] = NULL;
		for (uint64_t k = 0; k <= i; k++)
			assert_ptr_equal(nx_shard_find(s, h[k].lo), at[k]);
	}
	assert_true(t->shard[0] == word);
	nx_users_destroy(t);
}

/* The k-th of keys that have buckets 0 and 1 of shard 0, in a table of at most a page a shard, and
 * overflow bits of one class. */
static struct nx_hash crowding(uint64_t k, uint64_t class)
{
	return (struct nx_hash){.lo = (k << 9 | class << 6) << 4, .hi = 0};
}

#define TWO_FULL (2 * NX_USERS_SLOTS)

static unsigned in_use(const struct nx_users_bucket *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NX_USERS_SLOTS; i++)
		n += (b->slot[i] & NX_SLOT_STATE) != 0;
	return n;
}

static void a_user_goes_where_there_is_more_room(void **state)
{
	struct nx_users *t = table_new(2000);
	const struct nx_shard *s = shard_at(t, 0);

	(void)state;
	for (uint64_t i = 0; i < TWO_FULL; i++) {
		set(t, crowding(i, 0), NX_USER_KNOWN);
		assert_int_equal(in_use(&s->bucket[0]), i / 2 + 1);
		assert_int_equal(in_use(&s->bucket[1]), (i + 1) / 2);
	}
	for (unsigned i = 0; i < NX_USERS_SLOTS; i++)
		assert_false((s->bucket[0].slot[i] | s->bucket[1].slot[i]) & NX_SLOT_OVERFLOW);
	nx_users_destroy(t);
}

/* One page walk for both. */
static void a_users_buckets_are_two_of_one_page(void **state)
{
	(void)state;
	seed = 3;
	for (uint64_t want = 1; want < NX_SHARD_BUCKETS_MAX; want += want / 3 + 1) {
		uint64_t buckets = nx_shard_size_up(want);

		assert_true(buckets >= want);
		assert_true(buckets < NX_USERS_PAGE ? NX_USERS_PAGE % buckets == 0
						    : buckets % NX_USERS_PAGE == 0);
		for (int i = 0; i < 200; i++) {
			uint64_t lo = random64(&seed), home = nx_users_home(lo, buckets);
			uint64_t other = nx_users_other(lo, home, buckets);

			assert_true(home < buckets && other < buckets);
			assert_int_equal(home / NX_USERS_PAGE, other / NX_USERS_PAGE);
			assert_true((home != other) == (buckets > 1));
		}
	}
}

static void a_spilled_user_survives_the_deletion_of_slot_0(void **state)
{
	struct nx_users *t = table_new(2000);
	const struct nx_shard *s = shard_at(t, 0);
	struct nx_hash h[TWO_FULL + 1], last;

	(void)state;
	for (uint64_t i = 0; i <= TWO_FULL; i++) {
		h[i] = crowding(i, 0);
		set(t, h[i], NX_USER_GONE);
	}
	last = h[TWO_FULL];
	assert_true(s->bucket[0].slot[0] & s->bucket[1].slot[0] & NX_SLOT_OVERFLOW);
	assert_ptr_equal(nx_shard_find(s, last.lo), &s->bucket[2].slot[0]);

	assert_int_equal(set(t, h[0], NX_USER_ABSENT), NX_USER_GONE);
	assert_int_equal(s->bucket[0].slot[0], NX_SLOT_OVERFLOW);
	assert_int_equal(look(t, last), NX_USER_GONE);
	assert_int_equal(look(t, h[0]), NX_USER_ABSENT);

	assert_int_equal(set(t, h[0], NX_USER_HEAD), NX_USER_ABSENT);
	assert_int_equal(look(t, h[0]), NX_USER_HEAD);
	assert_int_equal(look(t, last), NX_USER_GONE);
	/* found where it is, not put a second time into the nearer slot that fell empty */
	set(t, h[1], NX_USER_ABSENT);
	assert_int_equal(set(t, last, NX_USER_KNOWN), NX_USER_GONE);
	assert_ptr_equal(nx_shard_find(s, last.lo), &s->bucket[2].slot[0]);
	nx_users_destroy(t);
}

/* Whatever tag a dead slot has (that of 0 stands in every empty one), before or behind the live
 * one, in its bucket or in the other. */
static void a_dead_slot_does_not_hide_a_live_one(void **state)
{
	struct nx_users *t = table_new(2000);
	const struct nx_hash h = {.lo = 7 << 4, .hi = 0};
	_Atomic uint64_t *slot[] = {&shard_at(t, 0)->bucket[0].slot[1],
		&shard_at(t, 0)->bucket[0].slot[6], &shard_at(t, 0)->bucket[7].slot[1]};

	(void)state;
	assert_int_equal(nx_users_other(h.lo, 0, shard_at(t, 0)->buckets), 7);
	for (size_t live = 0; live < 3; live++) {
		for (size_t i = 0; i < 3; i++)
			*slot[i] = h.lo | NX_SLOT_OVERFLOW;
		assert_int_equal(look(t, h), NX_USER_ABSENT);
		for (unsigned to = NX_USER_KNOWN; to <= NX_USER_HEAD; to++) {
			*slot[live] = h.lo | to;
			assert_int_equal(look(t, h), to);
		}
		for (size_t i = 0; i < 3; i++)
			*slot[i] = 0;
	}
	nx_users_destroy(t);
}

/* As while it is deleted and put again: one of its states is found, by every way of looking. */
static void a_user_seen_twice_has_one_of_its_states(void **state)
{
	static void (*const burst[])(struct nx_users_query *, size_t) = {
		nx_users_probe_burst, users_probe_burst_plain};
	struct nx_users *t = table_new(2000);
	struct nx_users_query q = {.table = t, .hash = {.lo = 7 << 4, .hi = 0}};
	_Atomic uint64_t *first = &shard_at(t, 0)->bucket[0].slot[1];
	_Atomic uint64_t *second[] = {
		&shard_at(t, 0)->bucket[0].slot[6], &shard_at(t, 0)->bucket[7].slot[1]};

	(void)state;
	*first = q.hash.lo | NX_USER_KNOWN;
	for (size_t i = 0; i < 2; i++) {
		*second[i] = q.hash.lo | NX_USER_GONE;
		assert_in_range(nx_users_probe(t, q.hash), NX_USER_KNOWN, NX_USER_GONE);
		for (size_t way = 0; way < 2; way++) {
			burst[way](&q, 1);
			assert_in_range(q.state, NX_USER_KNOWN, NX_USER_GONE);
		}
		*second[i] = 0;
	}
	*first = 0;
	nx_users_destroy(t);
}

/* Sixteen keys fill their two buckets; the next spills, and only those of its class look further.
 */
static void a_miss_on_full_buckets_reads_on_for_its_class_alone(void **state)
{
	struct nx_users *t = table_new(2000);
	const struct nx_shard *s = shard_at(t, 0);

	(void)state;
	for (uint64_t i = 0; i <= TWO_FULL; i++)
		set(t, crowding(i, 3), NX_USER_KNOWN);
	for (unsigned i = 0; i < 2 * NX_USERS_SLOTS; i++)
		assert_int_equal(
			(s->bucket[i / 8].slot[i % 8] & NX_SLOT_OVERFLOW) != 0, i % 8 == 3);
	for (uint64_t i = 0; i <= TWO_FULL; i++)
		assert_int_equal(look(t, crowding(i, 3)), NX_USER_KNOWN);
	nx_users_destroy(t);
}

/* The lowest bits of the hash are not stored: they neither tell keys apart nor leak into flags. */
static void the_low_bits_are_not_part_of_the_tag(void **state)
{
	struct nx_users *t = table_new(0);
	struct nx_hash zero = {.lo = 0xf, .hi = 5};

	(void)state;
	assert_int_equal(look(t, zero), NX_USER_ABSENT);
	set(t, zero, NX_USER_KNOWN);
	assert_int_equal(look(t, (struct nx_hash){.lo = 0, .hi = 5}), NX_USER_KNOWN);
	assert_int_equal(look(t, (struct nx_hash){.lo = 16, .hi = 5}), NX_USER_ABSENT);
	nx_users_destroy(t);
}

/* Closing holes leaves something behind again: ever less. */
static void reclaim_all(struct nx_users *t)
{
	for (int i = 0; i < 64 && nx_users_retired(t); i++)
		nx_users_reclaim(t);
	assert_int_equal(nx_users_retired(t), 0);
}

static struct nx_hash hash_of(const struct nx_users *t, uint64_t n)
{
	return nx_users_hash(t, &n, sizeof(n));
}

/* No cliff: at every size a table larger than the smallest takes at most 12 bytes a user on the
 * average over its growth, and never more than a load just after growing explains. */
static void bytes_a_user_stay_low_through_growth(void **state)
{
	struct nx_users *t = table_new(0);
	double sum = 0, worst = 0;
	uint64_t n = 0, samples = 0;

	(void)state;
	for (; n < 1000000; n++) {
		set(t, hash_of(t, n), NX_USER_KNOWN);
		if (nx_users_wants_reclaim(t))
			nx_users_reclaim(t);
		if (n >= 200000 && n % 1000 == 0) {
			double each = (double)nx_users_bytes(t) / (double)n;

			worst = each > worst ? each : worst;
			sum += each;
			samples++;
		}
	}
	printf("%.2f bytes a user, at worst %.2f\n", sum / (double)samples, worst);
	assert_true(worst < 13.0);
	assert_true(sum / (double)samples <= 12.0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(look(t, hash_of(t, i)), NX_USER_KNOWN);
	nx_users_destroy(t);
}

static void a_table_of_the_expected_size_does_not_grow(void **state)
{
	struct nx_users *t = table_new(200000);

	(void)state;
	assert_int_equal(nx_users_retired(t), 0);
	for (uint64_t n = 0; n < 200000; n++)
		set(t, hash_of(t, n), NX_USER_KNOWN);
	assert_int_equal(nx_users_retired(t), 0);
	assert_true(nx_users_bytes(t) <= 12 * 200000);
	nx_users_destroy(t);
}

static bool overflows(const struct nx_shard *s)
{
	for (uint64_t b = 0; b < s->buckets; b++)
		if (s->bucket[b].slot[0] & NX_SLOT_OVERFLOW)
			return true;
	return false;
}

static void deletion_gives_memory_and_overflow_bits_back(void **state)
{
	struct nx_users *t = table_new(0);
	uint64_t full, n = 100000;

	(void)state;
	for (uint64_t i = 0; i < n; i++)
		set(t, hash_of(t, i), NX_USER_KNOWN);
	reclaim_all(t);
	full = nx_users_bytes(t);
	for (uint64_t i = 10; i < n; i++)
		assert_int_equal(set(t, hash_of(t, i), NX_USER_ABSENT), NX_USER_KNOWN);
	assert_true(nx_users_retired(t) > 0);
	reclaim_all(t);
	assert_true(nx_users_bytes(t) < full / 8);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(look(t, hash_of(t, i)), i < 10 ? NX_USER_KNOWN : NX_USER_ABSENT);
	for (size_t i = 0; i < shards_of(t); i++)
		assert_false(overflows(shard_at(t, i)));
	nx_users_destroy(t);
}

/* Bursts of any length do what the same changes do one by one, also where a key comes twice. */
static void a_burst_is_its_changes_in_order(void **state)
{
	struct nx_users *a = table_new(0), *b = table_new(0);

	(void)state;
	seed = 99;
	for (int round = 0; round < 300; round++) {
		struct nx_user_set u[130];
		size_t n = random64(&seed) % 130;

		for (size_t i = 0; i < n; i++) {
			u[i] = (struct nx_user_set){.hash = hash_of(a, random64(&seed) % 900),
				.state = random64(&seed) % 4};
		}
		assert_int_equal(nx_users_set_burst(a, u, n), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(set(b, u[i].hash, u[i].state), u[i].old);
	}
	for (uint64_t i = 0; i < 900; i++)
		assert_int_equal(look(a, hash_of(a, i)), look(b, hash_of(b, i)));
	nx_users_destroy(a);
	nx_users_destroy(b);
}

static void a_new_key_with_anothers_hash_is_refused(void **state)
{
	struct nx_users *t = table_new(0);
	struct nx_user_set u[40];

	(void)state;
	for (uint64_t i = 0; i < 40; i++)
		u[i] = (struct nx_user_set){
			.hash = hash_of(t, i), .state = NX_USER_KNOWN, .is_new = true};
	u[36].hash = u[3].hash;
	u[36].state = NX_USER_GONE;
	assert_int_equal(nx_users_set_burst(t, u, 40), NX_ERR_COLLISION);
	for (uint64_t i = 0; i < 40; i++)
		assert_int_equal(look(t, hash_of(t, i)), i < 36 ? NX_USER_KNOWN : NX_USER_ABSENT);
	nx_users_destroy(t);
}

/* What growth leaves in the middle of an array is filled: memory follows the users down. */
static void holes_are_closed(void **state)
{
	struct nx_users *t = table_new(100000);
	uint64_t n = 0;

	(void)state;
	for (; n < 140000; n++) {
		set(t, hash_of(t, n), NX_USER_KNOWN);
		if (nx_users_wants_reclaim(t))
			nx_users_reclaim(t);
	}
	reclaim_all(t);
	assert_true(nx_users_bytes(t) <= 12 * n);
	while (n-- > 90000) {
		set(t, hash_of(t, n), NX_USER_ABSENT);
		if (nx_users_wants_reclaim(t))
			nx_users_reclaim(t);
	}
	reclaim_all(t);
	assert_true(nx_users_bytes(t) <= 13 * n); /* five eighths full */
	for (uint64_t i = 0; i < 140000; i++)
		assert_int_equal(look(t, hash_of(t, i)), i <= n ? NX_USER_KNOWN : NX_USER_ABSENT);
	nx_users_destroy(t);
}

static struct nx_users *table_of_other_secret(void)
{
	uint8_t other[NX_USERS_SECRET_LEN];
	struct nx_users *t;

	seed = 1;
	for (size_t i = 0; i < sizeof(other); i++)
		other[i] = (uint8_t)random64(&seed);
	assert_int_equal(nx_users_create(0, other, NULL, &t), 0);
	return t;
}

static void the_secret_changes_every_hash(void **state)
{
	struct nx_users *a = table_new(0), *b = table_of_other_secret();
	struct nx_hash ha, hb;

	(void)state;
	for (size_t len = 0; len < 40; len++) {
		static const char text[] = "+441632960000 and a name that goes on and on";

		ha = nx_users_hash(a, text, len);
		hb = nx_users_hash(b, text, len);
		assert_true(ha.lo != hb.lo && ha.hi != hb.hi);
		assert_true(ha.lo == nx_users_hash(a, text, len).lo);
	}
	nx_users_destroy(a);
	nx_users_destroy(b);
}

/* Keys of all lengths, most of them as numbers are; two tables, in which every second key is, in
 * bursts of one table and of both. A burst hashes by other code than what puts users in. */
static void a_burst_hashes_as_the_writer_does(void **state)
{
	static char text[4000][40];
	struct nx_users *t[] = {table_new(0), table_of_other_secret()};
	static struct nx_users_query q[4000];
	static void (*const ways[])(struct nx_users_query *, size_t) = {
		nx_users_look_up, users_look_up_plain};

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		for (size_t k = 0; k < sizeof(text[0]); k++)
			text[i][k] = (char)random64(&seed);
		memcpy(text[i], &i, sizeof(i));
		q[i].table = t[i / 640 % 3 == 2 ? random64(&seed) % 2 : i / 640 % 2];
		q[i].key = text[i];
		q[i].len =
			random64(&seed) % 200 ? 9 + random64(&seed) % 8 : 4 + random64(&seed) % 37;
		if (i % 2)
			set((struct nx_users *)(uintptr_t)q[i].table,
				nx_users_hash(q[i].table, q[i].key, q[i].len), 1 + i / 2 % 3);
	}
	for (size_t way = 0; way < 2; way++) {
		for (size_t i = 0, n; i < 4000; i += n) {
			n = random64(&seed) % 80;
			n = n < 4000 - i ? n : 4000 - i;
			ways[way](q + i, n);
		}
		for (size_t i = 0; i < 4000; i++) {
			assert_int_equal(q[i].state, i % 2 ? 1 + i / 2 % 3 : NX_USER_ABSENT);
			q[i].state = 9;
		}
	}
	nx_users_destroy(t[0]);
	nx_users_destroy(t[1]);
}

static void shards_follow_the_expected_size(void **state)
{
	static const struct {
		uint64_t expected;
		uint8_t bits;
	} cases[] = {{0, 4}, {1000, 4}, {300000, 5}, {1000000, 6}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nx_users *t = table_new(cases[i].expected);
		struct nx_hash last = {.hi = UINT64_MAX, .lo = UINT64_MAX};

		assert_int_equal(t->shard_bits, cases[i].bits);
		assert_int_equal(nx_users_shard_of(t, last), (1u << cases[i].bits) - 1);
		set(t, last, NX_USER_KNOWN);
		assert_int_equal(look(t, last), NX_USER_KNOWN);
		nx_users_destroy(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_match_a_model),
		cmocka_unit_test(insertion_never_moves_a_live_slot),
		cmocka_unit_test(a_user_goes_where_there_is_more_room),
		cmocka_unit_test(a_users_buckets_are_two_of_one_page),
		cmocka_unit_test(a_spilled_user_survives_the_deletion_of_slot_0),
		cmocka_unit_test(a_dead_slot_does_not_hide_a_live_one),
		cmocka_unit_test(a_user_seen_twice_has_one_of_its_states),
		cmocka_unit_test(a_miss_on_full_buckets_reads_on_for_its_class_alone),
		cmocka_unit_test(the_low_bits_are_not_part_of_the_tag),
		cmocka_unit_test(bytes_a_user_stay_low_through_growth),
		cmocka_unit_test(a_table_of_the_expected_size_does_not_grow),
		cmocka_unit_test(deletion_gives_memory_and_overflow_bits_back),
		cmocka_unit_test(a_burst_is_its_changes_in_order),
		cmocka_unit_test(a_new_key_with_anothers_hash_is_refused),
		cmocka_unit_test(holes_are_closed),
		cmocka_unit_test(the_secret_changes_every_hash),
		cmocka_unit_test(a_burst_hashes_as_the_writer_does),
		cmocka_unit_test(shards_follow_the_expected_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
