/* Readers under a user table that never rests.
 *
 * What may be true of a key is a set of states. The writer adds the new state before it touches the
 * table, and takes the old one away when a grace period has ended: a reader that looks at the set
 * after the table, within one quiescent state and the next, must find its answer there. A stale
 * shard, a moved slot, a freed place reused too early all show as an answer outside.
 *
 * Rounds of four phases: users are mostly put, so that shards grow; mostly deleted, so that they
 * shrink and holes are closed; the table is replaced by one with another secret in the midst of
 * that; and it is replaced again and again by one in which every answer differs, where a burst must
 * be of one version. A quarter of the keys crowd a few buckets, and live by their overflow bits. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/policy/users.h"
#include "nxsip/rcu.h"
#include "tests/torture/churn.h"

#define KEYS        24000
#define BURST       32
#define BATCH       192 /* changes between two grace periods */
#define READERS_MAX 16
#define VERSIONS    6 /* of the table that differs everywhere */

struct churn {
	_Atomic(struct nx_users *) table;
	_Atomic uint8_t may_be[KEYS]; /* bits 1 << state */
	_Atomic bool stop, differs;
	uint8_t truth[KEYS];
	struct nx_placement placement;
	uint64_t seed;
	struct nx_churn *out;
};

struct reader {
	pthread_t thread;
	struct churn *churn;
	unsigned index;
	uint64_t probes, wrong, torn;
};

static uint64_t rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct nx_hash hash_of(const struct nx_users *t, uint64_t key)
{
	struct nx_hash h = nx_users_hash(t, &key, sizeof(key));

	if (key % 8 == 1)
		h.lo >>= 12;
	else if (key % 8 == 3)
		h.lo |= UINT64_C(0xfff) << 52;
	return h;
}

/* ---- readers ---- */

static void look(struct reader *r, uint64_t first)
{
	struct churn *c = r->churn;
	const struct nx_users *t = atomic_load_explicit(&c->table, memory_order_acquire);
	const struct nx_users *near = nx_users_near(t, r->index);
	bool differs = c->differs;
	struct nx_users_query q[BURST];
	uint64_t versions = 0;

	for (uint64_t i = 0; i < BURST; i++) {
		q[i].table = near;
		q[i].hash = hash_of(t, (first + i) % KEYS);
	}
	nx_users_probe_burst(q, BURST);
	for (uint64_t i = 0; i < BURST; i++) {
		uint64_t key = (first + i) % KEYS;
		unsigned state = q[i].state;

		r->wrong += !(c->may_be[key] >> state & 1);
		versions |= UINT64_C(1) << (state + key) % 3;
	}
	/* the phase may end in this burst, and the next not begin before it is over */
	r->torn += differs && c->differs && (versions & (versions - 1)) != 0;
	r->probes += BURST;
}

static void *reader(void *arg)
{
	struct reader *r = arg;
	uint64_t seed = (uint64_t)(uintptr_t)r | 1;

	rcu_register_thread();
	while (!r->churn->stop) {
		look(r, rnd(&seed) % KEYS);
		nx_rcu_quiescent();
	}
	rcu_unregister_thread();
	return NULL;
}

/* ---- the writer ---- */

static struct nx_users *table_new(struct churn *c, uint64_t expected)
{
	uint8_t secret[NX_USERS_SECRET_LEN];
	struct nx_users *t;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(rnd(&c->seed) >> 32);
	if (nx_users_create(expected, secret, &c->placement, &t) != NX_OK)
		abort();
	for (uint64_t key = 0; key < KEYS; key++) {
		struct nx_user_set u = {
			.hash = hash_of(t, key), .state = c->truth[key], .is_new = true};

		if (u.state && nx_users_set_burst(t, &u, 1) != NX_OK)
			c->out->failed++;
		nx_users_reclaim(t);
	}
	return t;
}

static void only_the_truth(struct churn *c)
{
	for (uint64_t key = 0; key < KEYS; key++)
		c->may_be[key] = (uint8_t)(1 << c->truth[key]);
}

static void publish(struct churn *c, struct nx_users *t)
{
	struct nx_users *old = atomic_exchange(&c->table, t);

	nx_rcu_synchronize();
	only_the_truth(c);
	nx_users_destroy(old);
}

/* A batch of neighbours, of which of eight so many are deleted; then a grace period. */
static void change(struct churn *c, unsigned deletes)
{
	struct nx_users *t = c->table;
	uint64_t first = rnd(&c->seed) % KEYS;
	struct nx_user_set set[BATCH];

	for (uint64_t i = 0; i < BATCH; i++) {
		uint64_t key = (first + i) % KEYS, r = rnd(&c->seed);
		uint8_t state = r % 8 < deletes ? NX_USER_ABSENT : (uint8_t)(1 + (r >> 8) % 3);

		set[i] = (struct nx_user_set){.hash = hash_of(t, key), .state = state};
		c->may_be[key] |= (uint8_t)(1 << state);
	}
	if (nx_users_set_burst(t, set, BATCH) != NX_OK)
		c->out->failed++;
	nx_rcu_synchronize();
	for (uint64_t i = 0; i < BATCH; i++) {
		uint64_t key = (first + i) % KEYS;

		c->out->failed += set[i].old != c->truth[key];
		c->truth[key] = set[i].state;
		c->may_be[key] = (uint8_t)(1 << set[i].state);
	}
	nx_users_reclaim(t);
	c->out->changes += BATCH;
}

static void check_counts(struct churn *c)
{
	uint64_t count[4], truth[4] = {0};

	for (uint64_t key = 0; key < KEYS; key++)
		truth[c->truth[key]]++;
	truth[NX_USER_ABSENT] = 0;
	nx_users_counts(c->table, count);
	c->out->failed += memcmp(count, truth, sizeof(count)) != 0;
}

/* Versions in which every key has another state than in the one before. */
static void replace_by_what_differs(struct churn *c)
{
	for (uint64_t version = 0; version < VERSIONS; version++) {
		for (uint64_t key = 0; key < KEYS; key++) {
			c->truth[key] = (uint8_t)(1 + (version + 2 * key) % 3);
			c->may_be[key] |= (uint8_t)(1 << c->truth[key]);
		}
		publish(c, table_new(c, version % 2 ? KEYS : 0));
		c->differs = true;
	}
	c->differs = false;
	nx_rcu_synchronize();
}

static void turn(struct churn *c)
{
	for (int i = 0; i < 2 * KEYS / BATCH; i++)
		change(c, 1);
	check_counts(c);
	publish(c, table_new(c, 0));
	for (int i = 0; i < 2 * KEYS / BATCH; i++)
		change(c, 7);
	check_counts(c);
	replace_by_what_differs(c);
	c->out->rounds++;
}

static void place(struct nx_placement *p, unsigned replicas)
{
	p->n_replicas = replicas;
	for (unsigned i = 0; i < NX_WORKER_MAX; i++) {
		p->node[i] = NX_NODE_ANY;
		p->replica_of[i] = (uint8_t)(i % replicas);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void nx_churn(
	double seconds, uint64_t seed, unsigned readers, unsigned replicas, struct nx_churn *out)
{
	struct churn *c = calloc(1, sizeof(*c));
	struct reader r[READERS_MAX];
	double end = now() + seconds;

	*out = (struct nx_churn){0};
	if (!c || readers > READERS_MAX || replicas < 1 || replicas > NX_WORKER_MAX)
		abort();
	c->seed = seed | 1;
	c->out = out;
	place(&c->placement, replicas);
	c->table = table_new(c, 0);
	only_the_truth(c);
	for (unsigned i = 0; i < readers; i++) {
		r[i] = (struct reader){.churn = c, .index = i};
		if (pthread_create(&r[i].thread, NULL, reader, &r[i]) != 0)
			abort();
	}
	do
		turn(c);
	while (now() < end);
	c->stop = true;
	for (unsigned i = 0; i < readers; i++) {
		pthread_join(r[i].thread, NULL);
		out->probes += r[i].probes;
		out->wrong += r[i].wrong;
		out->torn += r[i].torn;
	}
	nx_users_destroy(c->table);
	free(c);
}
