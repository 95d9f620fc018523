/* What the user table is measured beside: the same keys and the same passes of lookups in DPDK's
 * cuckoo table, in bulk, and in liburcu's lock-free table, one by one as it has no bulk call. Both
 * get transparent huge pages, which the user table has as well. Prints one JSON object.
 *   users_rivals rte_hash|lfht N */
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <urcu-qsbr.h>
#include <urcu/rculfhash.h>

#include "tests/bench/bench.h"

/* ---- rte_hash ---- */

/* Bytes of EAL memory: keys of 32 bytes, 8 a bucket of 64 bytes and a free list, both for a power
 * of two, with some room. */
static uint64_t rte_hash_bytes(uint64_t n)
{
	uint64_t slots = 1;

	while (slots < n)
		slots *= 2;
	return n * 32 + slots * 12 + n * 4 + ((uint64_t)256 << 20);
}

static int advise_huge(const struct rte_memseg_list *msl, void *arg)
{
	(void)arg;
	(void)madvise(msl->base_va, msl->len, MADV_HUGEPAGE);
	return 0;
}

static void eal_init(uint64_t bytes)
{
	char mib[32];
	char *args[] = {"users_rivals", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
		"--log-level=error", "-l", "0", "-m", mib};

	snprintf(mib, sizeof(mib), "%llu", (unsigned long long)(bytes >> 20));
	if (rte_eal_init(sizeof(args) / sizeof(args[0]), args) < 0)
		die("DPDK does not start");
	(void)rte_memseg_list_walk(advise_huge, NULL);
}

static uint64_t rte_hash_lookup_burst(void *table, const char *keys)
{
	const void *key[BURST];
	void *data[BURST];
	uint64_t hits = 0;

	for (int i = 0; i < BURST; i++)
		key[i] = keys + i * STRIDE;
	(void)rte_hash_lookup_bulk_data(table, key, BURST, &hits, data);
	return (uint64_t)__builtin_popcountll(hits);
}

static void *rte_hash_new(uint64_t n)
{
	struct rte_hash_parameters p = {
		.name = "users",
		.entries = (uint32_t)(n + n / 16 + 64), /* cuckoo: never quite full */
		.key_len = KEY_LEN,
		.hash_func = rte_hash_crc,
	};
	struct rte_hash *h;

	eal_init(rte_hash_bytes(p.entries));
	if (!(h = rte_hash_create(&p)))
		die("rte_hash: no memory");
	return h;
}

static void rte_hash_fill(void *table, uint64_t n)
{
	char key[STRIDE];

	for (uint64_t i = 0; i < n; i++) {
		key_write(key, i);
		if (rte_hash_add_key_data(table, key, (void *)(uintptr_t)1) != 0)
			die("rte_hash: full");
	}
}

/* ---- cds_lfht ---- */

struct user {
	struct cds_lfht_node node;
	char key[STRIDE];
};

static int is_user(struct cds_lfht_node *node, const void *key)
{
	return memcmp(caa_container_of(node, struct user, node)->key, key, KEY_LEN) == 0;
}

static uint64_t lfht_lookup_burst(void *table, const char *keys)
{
	uint64_t found = 0;

	for (int i = 0; i < BURST; i++) {
		const char *key = keys + i * STRIDE;
		struct cds_lfht_iter it;

		cds_lfht_lookup(table, XXH3_64bits(key, KEY_LEN), is_user, key, &it);
		found += cds_lfht_iter_get_node(&it) != NULL;
	}
	rcu_quiescent_state();
	return found;
}

static void *lfht_new(uint64_t n)
{
	struct cds_lfht *t;
	unsigned long buckets = 1;

	while (buckets < n)
		buckets *= 2;
	rcu_register_thread();
	if (!(t = cds_lfht_new(buckets, 1, buckets, 0, NULL)))
		die("cds_lfht: no memory");
	return t;
}

static void lfht_fill(void *table, uint64_t n)
{
	struct user *users = huge_alloc(n * sizeof(*users));

	for (uint64_t i = 0; i < n; i++) {
		cds_lfht_node_init(&users[i].node);
		key_write(users[i].key, i);
		(void)cds_lfht_add(table, XXH3_64bits(users[i].key, KEY_LEN), &users[i].node);
	}
}

struct rival {
	const char *name;
	void *(*create)(uint64_t n);
	void (*fill)(void *table, uint64_t n);
	lookup_burst lookup;
};

static const struct rival rivals[] = {
	{"rte_hash", rte_hash_new, rte_hash_fill, rte_hash_lookup_burst},
	{"lfht", lfht_new, lfht_fill, lfht_lookup_burst},
};

int main(int argc, char **argv)
{
	uint64_t n = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, begin, before;
	const struct rival *r = rivals;
	char *hits, *misses;
	void *t;

	while (argc == 3 && r < rivals + 2 && strcmp(argv[1], r->name) != 0)
		r++;
	if (n == 0 || r == rivals + 2)
		die("usage: users_rivals rte_hash|lfht N");
	hits = queries_new(0, n);
	misses = queries_new(n * 2, n);
	before = resident();
	t = r->create(n);
	begin = cpu_ns();
	r->fill(t, n);
	printf("{\"n\": %llu, \"insert_ns\": %.2f, ", (unsigned long long)n,
		(double)(cpu_ns() - begin) / (double)n);
	printf("\"resident_per_user\": %.2f, ", (double)(resident() - before) / (double)n);
	printf("\"hit_ns\": %.2f, ", lookups_ns(r->lookup, t, hits, BURST));
	printf("\"miss_ns\": %.2f}\n", lookups_ns(r->lookup, t, misses, 0));
	fflush(stdout);
	_exit(0); /* the memory need not be given back piece by piece */
}
