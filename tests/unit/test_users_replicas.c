/* A table of several replicas: they never differ, whatever is changed and wherever memory lacks.
 * This program's functions of users_mem.h stand before the table's own, so that the memory of one
 * replica, known by its node, can be short. The nodes are not there: asking for them is a
 * preference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define nx_mem_reserve whole_mem_reserve
#define nx_mem_release whole_mem_release
#define nx_mem_back    whole_mem_back
#define nx_mem_has     whole_mem_has
#include "control/policy/users_mem.c"
#undef nx_mem_reserve
#undef nx_mem_release
#undef nx_mem_back
#undef nx_mem_has

int nx_mem_reserve(struct nx_mem *m, size_t bytes, int node);
void nx_mem_release(struct nx_mem *m);
int nx_mem_back(struct nx_mem *m, size_t bytes);
bool nx_mem_has(uint64_t bytes);

#include "control/policy/users.h"
#include "control/policy/users_replica.h"
#include "tests/unit/chance.h"

#define USERS    20000
#define BURST    48
#define REPLICAS 3
#define NODE     50 /* of the first replica; the others' follow */

static const struct nx_placement three = {
	.n_replicas = REPLICAS, .node = {NODE, NODE + 1, NODE + 2}, .replica_of = {0, 2, 1, 2}};
static const uint8_t secret[NX_USERS_SECRET_LEN] = "a secret of the test's own, and zeroes";
static uint64_t seed;

/* ---- memory that lacks ---- */

static struct {
	bool lacks[REPLICAS]; /* by replica: half of what is asked for is refused */
	uint64_t has;         /* what nx_mem_has says the machine has */
	uint64_t asked;       /* of it, last */
	uint64_t refused;
	int reserved; /* and not yet released */
} memory;

int nx_mem_reserve(struct nx_mem *m, size_t bytes, int node)
{
	memory.reserved++;
	return whole_mem_reserve(m, bytes, node);
}

void nx_mem_release(struct nx_mem *m)
{
	memory.reserved -= m->base != NULL;
	whole_mem_release(m);
}

int nx_mem_back(struct nx_mem *m, size_t bytes)
{
	bool lacks = m->node >= NODE && memory.lacks[m->node - NODE];

	if (bytes <= m->backed || !lacks || random64(&seed) % 2)
		return whole_mem_back(m, bytes);
	memory.refused++;
	return NX_ERR_NOMEM;
}

bool nx_mem_has(uint64_t bytes)
{
	memory.asked = bytes;
	return bytes <= memory.has;
}

static int plenty(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	memory.has = UINT64_MAX;
	seed = 20260731;
	return 0;
}

/* ---- the model ---- */

struct model {
	uint8_t state[USERS];
};

static struct nx_users *table_new(unsigned replicas, uint64_t expected)
{
	struct nx_placement placement = three;
	struct nx_users *t;

	placement.n_replicas = replicas;
	memset(placement.replica_of, 0, sizeof(placement.replica_of));
	assert_int_equal(nx_users_create(expected, secret, &placement, &t), NX_OK);
	return t;
}

static struct nx_hash hash_of(const struct nx_users *t, uint64_t user)
{
	return nx_users_hash(t, &user, sizeof(user));
}

static void assert_replica_is_model(const struct nx_users *r, const struct model *m)
{
	uint64_t live = 0, in_model = 0;

	for (uint64_t i = 0; i < USERS; i++) {
		in_model += m->state[i] != 0;
		if (nx_users_probe(r, hash_of(r, i)) != m->state[i])
			fail_msg("user %llu of the replica on node %d", (unsigned long long)i,
				r->writer->node);
	}
	for (size_t i = 0; i < (size_t)1 << r->shard_bits; i++) {
		assert_true(r->shard[i] == nx_shard_word(&r->writer->shard[i]));
		live += r->writer->shard[i].live;
	}
	assert_int_equal(live, in_model); /* nobody stands twice */
}

static void assert_is_model(const struct nx_users *t, const struct model *m)
{
	uint64_t count[4], by_state[4] = {0};

	for (const struct nx_users *r = t; r; r = r->writer->next)
		assert_replica_is_model(r, m);
	for (uint64_t i = 0; i < USERS; i++)
		by_state[m->state[i]]++;
	by_state[NX_USER_ABSENT] = 0;
	nx_users_counts(t, count);
	assert_memory_equal(count, by_state, sizeof(count));
}

/* A burst of changes, of which of eight so many are deletions, to table and model.
 * Return: how many were made; all, unless memory lacked for the next. */
static size_t change(struct nx_users *t, struct model *m, unsigned deletes)
{
	struct nx_user_set u[BURST];
	uint64_t user[BURST];
	size_t n = 1 + random64(&seed) % BURST, made = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		user[i] = random64(&seed) % USERS;
		u[i] = (struct nx_user_set){.hash = hash_of(t, user[i]),
			.state = random64(&seed) % 8 < deletes ? NX_USER_ABSENT
							       : (uint8_t)(1 + random64(&seed) % 3),
			.old = UINT8_MAX};
	}
	rc = nx_users_set_burst(t, u, n);
	for (; made < n && u[made].old != UINT8_MAX; made++) {
		bool failed = rc != NX_OK && (made + 1 == n || u[made + 1].old == UINT8_MAX);

		assert_int_equal(u[made].old, m->state[user[made]]);
		if (failed) {
			assert_int_equal(rc, NX_ERR_NOMEM);
			assert_int_equal(m->state[user[made]], NX_USER_ABSENT);
			assert_int_not_equal(u[made].state, NX_USER_ABSENT);
			return made;
		}
		m->state[user[made]] = u[made].state;
	}
	assert_int_equal(rc, NX_OK);
	return n;
}

/* Up and down again, so that shards grow, shrink, and leave holes.
 * Return: the changes that were not made. */
static uint64_t turn(struct nx_users *t, struct model *m)
{
	uint64_t failed = 0;

	for (int phase = 0; phase < 4; phase++) {
		for (int i = 0; i < 1500; i++) {
			failed += change(t, m, phase % 2 ? 7 : 1) < 1;
			if (random64(&seed) % 32 == 0)
				nx_users_reclaim(t);
		}
		assert_is_model(t, m);
	}
	return failed;
}

/* ---- what holds ---- */

static void replicas_match_a_model(void **state)
{
	struct model *m = malloc(sizeof(*m));

	(void)state;
	for (unsigned replicas = 1; replicas <= REPLICAS; replicas++) {
		struct nx_users *t = table_new(replicas, 0);

		memset(m, 0, sizeof(*m));
		assert_int_equal(turn(t, m), 0);
		nx_users_destroy(t);
		assert_int_equal(memory.reserved, 0);
	}
	free(m);
}

static void put_all(struct nx_users *t, struct model *m)
{
	for (uint64_t i = 0; i < USERS; i++) {
		enum nx_user_state old;

		assert_int_equal(nx_users_set(t, hash_of(t, i), NX_USER_KNOWN, &old), NX_OK);
		assert_int_equal(old, m->state[i]);
		m->state[i] = NX_USER_KNOWN;
	}
}

/* Whichever it is that lacks memory, the first, one between or the last, or all of them. */
static void where_one_lacks_memory_none_changes(void **state)
{
	struct model *m = malloc(sizeof(*m));

	(void)state;
	for (unsigned lacking = 0; lacking <= REPLICAS; lacking++) {
		struct nx_users *t = table_new(REPLICAS, 0);

		memset(m, 0, sizeof(*m));
		for (unsigned i = 0; i < REPLICAS; i++)
			memory.lacks[i] = i == lacking || lacking == REPLICAS;
		assert_true(turn(t, m) > 0);
		assert_true(memory.refused > 0);
		memset(memory.lacks, 0, sizeof(memory.lacks));
		memory.refused = 0;
		put_all(t, m);
		assert_is_model(t, m);
		nx_users_destroy(t);
		assert_int_equal(memory.reserved, 0);
	}
	free(m);
}

/* Not even where a shard should have been rebuilt for it. */
static void deleting_and_changing_never_fail(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct nx_users *t = table_new(REPLICAS, 0);

	(void)state;
	put_all(t, m);
	for (unsigned i = 0; i < REPLICAS; i++)
		memory.lacks[i] = true;
	for (uint64_t i = 0; i < USERS; i++) {
		enum nx_user_state to = i % 4 ? NX_USER_ABSENT : NX_USER_GONE, old;

		assert_int_equal(nx_users_set(t, hash_of(t, i), to, &old), NX_OK);
		assert_int_equal(old, NX_USER_KNOWN);
		m->state[i] = (uint8_t)to;
	}
	assert_true(memory.refused > 0);
	assert_is_model(t, m);
	nx_users_destroy(t);
	free(m);
}

static void a_collision_touches_no_replica(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct nx_users *t = table_new(REPLICAS, 0);
	struct nx_user_set u = {.state = NX_USER_GONE, .is_new = true};

	(void)state;
	put_all(t, m);
	u.hash = hash_of(t, 7);
	assert_int_equal(nx_users_set_burst(t, &u, 1), NX_ERR_COLLISION);
	assert_is_model(t, m);
	nx_users_destroy(t);
	free(m);
}

static void what_cannot_be_made_whole_is_not_made(void **state)
{
	struct nx_users *t = NULL;
	unsigned failed = 0;

	(void)state;
	for (unsigned lacking = 0; lacking < REPLICAS; lacking++) {
		memset(memory.lacks, 0, sizeof(memory.lacks));
		memory.lacks[lacking] = true;
		for (int i = 0; i < 8; i++) {
			if (nx_users_create(1000, secret, &three, &t) == NX_OK) {
				nx_users_destroy(t);
				t = NULL;
			} else {
				failed++;
			}
			assert_null(t);
			assert_int_equal(memory.reserved, 0);
		}
	}
	assert_true(failed >= REPLICAS);
}

/* Before anything is taken. */
static void memory_is_asked_for_all_replicas(void **state)
{
	struct nx_users *t = table_new(1, 100000);
	uint64_t one = memory.asked;

	(void)state;
	assert_true(one >= UINT64_C(8) * 100000);
	nx_users_destroy(t);
	memory.has = 3 * one - 1;
	assert_int_equal(nx_users_create(100000, secret, &three, &t), NX_ERR_NOMEM);
	assert_int_equal(memory.asked, 3 * one);
	assert_int_equal(memory.reserved, 0);
	memory.has = 3 * one;
	assert_int_equal(nx_users_create(100000, secret, &three, &t), NX_OK);
	nx_users_destroy(t);
}

static void reclaim_all(struct nx_users *t)
{
	for (int i = 0; i < 64 && nx_users_retired(t); i++)
		nx_users_reclaim(t);
	assert_int_equal(nx_users_retired(t), 0);
	assert_false(nx_users_wants_reclaim(t));
}

static void delete_most(struct nx_users *t)
{
	for (uint64_t i = 100; i < USERS; i++) {
		enum nx_user_state old;

		assert_int_equal(nx_users_set(t, hash_of(t, i), NX_USER_ABSENT, &old), NX_OK);
	}
}

static void memory_is_counted_of_all_replicas(void **state)
{
	struct model *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	struct nx_users *one = table_new(1, 0), *many = table_new(REPLICAS, 0);

	(void)state;
	put_all(one, a);
	put_all(many, b);
	assert_true(nx_users_retired(one) > 0);
	assert_int_equal(nx_users_retired(many), REPLICAS * nx_users_retired(one));
	assert_int_equal(nx_users_bytes(many), REPLICAS * nx_users_bytes(one));
	assert_true(nx_users_wants_reclaim(many));
	reclaim_all(one);
	reclaim_all(many);
	assert_int_equal(nx_users_bytes(many), REPLICAS * nx_users_bytes(one));
	delete_most(one);
	delete_most(many);
	reclaim_all(one);
	reclaim_all(many);
	assert_int_equal(nx_users_bytes(many), REPLICAS * nx_users_bytes(one));
	nx_users_destroy(one);
	nx_users_destroy(many);
	free(a);
	free(b);
}

/* ---- where they lie, and who reads which ---- */

static void a_worker_reads_the_replica_of_its_node(void **state)
{
	struct nx_users *t;

	(void)state;
	assert_int_equal(nx_users_create(0, secret, &three, &t), NX_OK);
	for (unsigned w = 0; w < NX_WORKER_MAX; w++) {
		const struct nx_users *r = nx_users_near(t, w);

		assert_int_equal(r->writer->node, three.node[three.replica_of[w]]);
		for (const struct nx_arena *a = r->writer->arenas; a; a = a->next)
			assert_int_equal(a->mem.node, r->writer->node);
		assert_memory_equal(r->secret, t->secret, sizeof(t->secret));
		assert_int_equal(r->shard_bits, t->shard_bits);
	}
	assert_ptr_equal(nx_users_near(t, 0), t);
	assert_ptr_equal(nx_users_near(t, NX_WORKER_MAX), t);
	assert_ptr_not_equal(nx_users_near(t, 1), nx_users_near(t, 2));
	nx_users_destroy(t);
}

/* They too are read for every user. */
static void many_shard_words_lie_on_the_node(void **state)
{
	struct nx_users *small, *large;

	(void)state;
	assert_int_equal(nx_replica_create(secret, 8, 1, NODE, &small), NX_OK);
	assert_null(small->writer->words.base);
	assert_int_equal(nx_replica_create(secret, 9, 1, NODE + 1, &large), NX_OK);
	assert_ptr_equal(large->writer->words.base, large->shard);
	assert_int_equal(large->writer->words.node, NODE + 1);
	assert_true(nx_replica_bytes(large) >= nx_replica_bytes(small) + 256 * 8);
	for (uint64_t i = 0; i < 512; i++) {
		struct nx_hash h = {.hi = i << 55, .lo = i << 8};

		assert_int_equal(nx_users_probe(large, h), NX_USER_ABSENT);
	}
	nx_replica_destroy(small);
	nx_replica_destroy(large);
	assert_int_equal(memory.reserved, 0);
}

static void a_table_without_others_is_its_own_replica(void **state)
{
	struct nx_users *t;

	(void)state;
	assert_int_equal(nx_users_create(0, secret, NULL, &t), NX_OK);
	for (unsigned w = 0; w <= NX_WORKER_MAX; w++)
		assert_ptr_equal(nx_users_near(t, w), t);
	assert_int_equal(t->writer->node, NX_NODE_ANY);
	assert_null(t->writer->next);
	nx_users_destroy(t);
}

#define TEST(f) cmocka_unit_test_setup(f, plenty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(replicas_match_a_model),
		TEST(where_one_lacks_memory_none_changes),
		TEST(deleting_and_changing_never_fail),
		TEST(a_collision_touches_no_replica),
		TEST(what_cannot_be_made_whole_is_not_made),
		TEST(memory_is_asked_for_all_replicas),
		TEST(memory_is_counted_of_all_replicas),
		TEST(a_worker_reads_the_replica_of_its_node),
		TEST(many_shard_words_lie_on_the_node),
		TEST(a_table_without_others_is_its_own_replica),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
