/* The user table's speed and size at N users: filled at a known size, looked up in bursts alone and
 * beside a writer, changed, and grown by a third. Prints one JSON object.
 *   users_bench N */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "control/policy/users.h"
#include "nxsip/rcu.h"
#include "tests/bench/bench.h"

#define CHUNK     1024 /* changes timed at once */
#define CHANGES   (QUERIES / 2)
#define UPDATES   100 /* a millisecond: 10^5 a second */
#define UPDATE_NS 1000000

struct bench {
	struct nx_users *t;
	uint64_t n;
	/* beside a writer */
	_Atomic bool stop;
	uint64_t updates;
	double seconds;
	/* in growth */
	double worst_bytes;
};

static uint64_t lookup(void *arg, const char *keys)
{
	struct nx_users_query q[BURST];
	uint64_t found = 0;

	for (int i = 0; i < BURST; i++) {
		q[i].table = ((struct bench *)arg)->t;
		q[i].key = keys + i * STRIDE;
		q[i].len = KEY_LEN;
	}
	nx_users_look_up(q, BURST);
	for (int i = 0; i < BURST; i++)
		found += q[i].state != NX_USER_ABSENT;
	nx_rcu_quiescent();
	return found;
}

/* What the machine takes for the lines alone: a random one of the table for each key, in bursts. */
static double line_ns(const struct nx_users *t)
{
	uint64_t seed = 12345, sum = 0, begin = cpu_ns();

	for (uint64_t q = 0; q < QUERIES; q += BURST) {
		const struct nx_users_bucket *line[BURST];

		for (int i = 0; i < BURST; i++) {
			uint64_t r = rnd(&seed);

			line[i] = nx_users_place(t->shard[r >> (64 - t->shard_bits)], r << 16).home;
			__builtin_prefetch(line[i]);
		}
		for (int i = 0; i < BURST; i++)
			sum += line[i]->slot[0];
	}
	return sum ? (double)(cpu_ns() - begin) / (double)QUERIES : 0;
}

/* Puts users [from, to) in; returns the nanoseconds each took, hash included. */
static double insert_ns(struct bench *b, uint64_t from, uint64_t to)
{
	static struct nx_user_set set[CHUNK];
	static char keys[CHUNK * STRIDE];
	uint64_t total = 0;

	for (uint64_t i = from; i < to; i += CHUNK) {
		uint64_t n = to - i < CHUNK ? to - i : CHUNK, begin;
		double each;

		for (uint64_t k = 0; k < n; k++)
			key_write(keys + k * STRIDE, i + k);
		begin = cpu_ns();
		for (uint64_t k = 0; k < n; k++)
			set[k] = (struct nx_user_set){
				.hash = nx_users_hash(b->t, keys + k * STRIDE, KEY_LEN),
				.state = NX_USER_KNOWN,
			};
		if (nx_users_set_burst(b->t, set, n) != NX_OK)
			die("no memory for the table");
		if (nx_users_wants_reclaim(b->t))
			nx_users_reclaim(b->t); /* nobody reads meanwhile */
		total += cpu_ns() - begin;
		each = (double)nx_users_bytes(b->t) / (double)(i + n);
		b->worst_bytes = each > b->worst_bytes ? each : b->worst_bytes;
	}
	return (double)total / (double)(to - from);
}

static double change_ns(struct bench *b, const char *keys)
{
	static struct nx_user_set set[CHUNK];
	uint64_t begin = cpu_ns();

	for (uint64_t q = 0; q < CHANGES; q += CHUNK) {
		for (uint64_t k = 0; k < CHUNK; k++)
			set[k] = (struct nx_user_set){
				.hash = nx_users_hash(b->t, keys + (q + k) * STRIDE, KEY_LEN),
				.state = k % 2 ? NX_USER_KNOWN : NX_USER_GONE,
			};
		if (nx_users_set_burst(b->t, set, CHUNK) != NX_OK)
			die("a change of state failed");
	}
	return (double)(cpu_ns() - begin) / (double)CHANGES;
}

/* Every second user changes state, the others come and go, far from those looked up. */
static void update(struct bench *b, uint64_t round, uint64_t *seed)
{
	struct nx_user_set set[UPDATES];
	char key[STRIDE];

	for (uint64_t k = 0; k < UPDATES; k++) {
		bool stays = k % 2 == 0;
		uint64_t i = stays ? rnd(seed) % b->n : 8 * b->n + round / 2 * UPDATES + k;

		key_write(key, i);
		set[k] = (struct nx_user_set){
			.hash = nx_users_hash(b->t, key, KEY_LEN),
			.state = stays       ? 1 + k / 2 % 2
				 : round % 2 ? NX_USER_ABSENT
					     : NX_USER_KNOWN,
		};
	}
	if (nx_users_set_burst(b->t, set, UPDATES) != NX_OK)
		die("an update failed");
	nx_rcu_synchronize();
	nx_users_reclaim(b->t);
}

static void *updater(void *arg)
{
	struct bench *b = arg;
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), seed = 42, round = 0;

	while (!b->stop) {
		uint64_t due = begin + round * UPDATE_NS, now = clock_ns(CLOCK_MONOTONIC);
		struct timespec rest = {.tv_nsec = (long)(due > now ? due - now : 0)};

		if (due > now)
			nanosleep(&rest, NULL);
		update(b, round++, &seed);
	}
	b->updates = round * UPDATES;
	b->seconds = (double)(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9;
	return NULL;
}

static void beside_updates(struct bench *b, const char *hits, const char *misses)
{
	pthread_t thread;

	b->stop = false;
	if (pthread_create(&thread, NULL, updater, b) != 0)
		die("no thread");
	printf("\"hit_updates_ns\": %.2f, ", lookups_ns(lookup, b, hits, BURST));
	printf("\"miss_updates_ns\": %.2f, ", lookups_ns(lookup, b, misses, 0));
	b->stop = true;
	nx_rcu_offline();
	pthread_join(thread, NULL);
	nx_rcu_online();
	printf("\"updates_per_s\": %.0f, ", (double)b->updates / b->seconds);
}

/* From three quarters of N on: every shard grows twice, by a fifth each time. */
static void grow(struct bench *b, const uint8_t *secret)
{
	uint64_t from = b->n / 4 * 3;

	if (nx_users_create(from, secret, NULL, &b->t) != NX_OK)
		die("no memory for the table");
	(void)insert_ns(b, 0, from);
	b->worst_bytes = 0;
	printf("\"grow_ns\": %.2f, ", insert_ns(b, from, b->n));
	printf("\"worst_bytes_per_user\": %.3f}\n", b->worst_bytes);
	nx_users_destroy(b->t);
}

int main(int argc, char **argv)
{
	uint8_t secret[NX_USERS_SECRET_LEN];
	struct bench b = {.n = argc == 2 ? strtoull(argv[1], NULL, 10) : 0};
	char *hits, *misses;
	uint64_t before, seed = 7;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(rnd(&seed) >> 32);
	if (b.n < CHUNK)
		die("usage: users_bench N, N at least 1024");
	hits = queries_new(0, b.n);
	misses = queries_new(b.n * 2, b.n);
	before = resident();
	rcu_register_thread();
	if (nx_users_create(b.n, secret, NULL, &b.t) != NX_OK)
		die("no memory for the table");
	printf("{\"n\": %llu, ", (unsigned long long)b.n);
	printf("\"insert_ns\": %.2f, ", insert_ns(&b, 0, b.n));
	printf("\"bytes_per_user\": %.3f, ", (double)nx_users_bytes(b.t) / (double)b.n);
	printf("\"resident_per_user\": %.3f, ", (double)(resident() - before) / (double)b.n);
	printf("\"line_ns\": %.2f, ", line_ns(b.t));
	printf("\"hit_ns\": %.2f, ", lookups_ns(lookup, &b, hits, BURST));
	printf("\"miss_ns\": %.2f, ", lookups_ns(lookup, &b, misses, 0));
	printf("\"change_ns\": %.2f, ", change_ns(&b, hits));
	beside_updates(&b, hits, misses);
	nx_users_destroy(b.t);
	grow(&b, secret);
	rcu_unregister_thread();
	return 0;
}
