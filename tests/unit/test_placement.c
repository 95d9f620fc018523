/* Where user tables lie, by the workers' cores and what the kernel says of them: a directory is
 * made like the kernel's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "control/policy/placement.h"
#include "tests/unit/scratch.h"

static char nodes[NX_SCRATCH_PATH], said[4096];

static void keep_line(const char *line)
{
	size_t used = strlen(said);

	(void)snprintf(said + used, sizeof(said) - used, "%s\n", line);
}

static void core(unsigned node, unsigned core_id)
{
	char path[NX_SCRATCH_PATH + 64];

	(void)snprintf(path, sizeof(path), "%s/node%u", nodes, node);
	if (access(path, F_OK) != 0)
		assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/node%u/cpu%u", nodes, node, core_id);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* Node 0: cores 0, 2, 4; node 1: 1, 3, 5; node 9: 6, 7. Nobody has core 8. */
static int setup(void **state)
{
	(void)state;
	nx_scratch_make(nodes);
	for (unsigned i = 0; i < 6; i++)
		core(i % 2, i);
	core(9, 6);
	core(9, 7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nx_scratch_remove(nodes);
	return 0;
}

/* Workers on the given cores, up to -1. */
static struct nx_placement choose(enum nx_user_tables tables, const int *cores)
{
	struct nx_box_config box = {.user_tables = (uint8_t)tables};
	struct nx_placement p;

	for (; cores[box.n_workers] >= 0; box.n_workers++)
		box.worker_core[box.n_workers] = (uint32_t)cores[box.n_workers];
	said[0] = '\0';
	nx_placement_choose(&box, nodes, keep_line, &p);
	return p;
}

#define CORES(...) ((const int[]){__VA_ARGS__, -1})

static void assert_one(const struct nx_placement *p, int node)
{
	assert_int_equal(p->n_replicas, 1);
	assert_int_equal(p->node[0], node);
	for (unsigned w = 0; w < NX_WORKER_MAX; w++)
		assert_int_equal(p->replica_of[w], 0);
}

static void workers_of_one_node_need_one_copy(void **state)
{
	static const enum nx_user_tables both[] = {NX_TABLES_ONE, NX_TABLES_PER_NODE};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nx_placement p = choose(both[i], CORES(1, 3));

		assert_one(&p, 1);
		assert_string_equal(said, "user tables: one copy, in memory of NUMA node 1\n");
	}
}

static void one_copy_lies_where_most_workers_are(void **state)
{
	struct nx_placement p = choose(NX_TABLES_ONE, CORES(2, 6, 3, 7));

	(void)state;
	assert_one(&p, 9);
	assert_string_equal(said,
		"user tables: one copy, in memory of NUMA node 9\n"
		"user tables: the workers on NUMA nodes other than 9 (0, 1) read remote memory, "
		"which is slower: workers.user_tables: per-node gives each node a copy of its own, "
		"for 3 times the memory\n");
	p = choose(NX_TABLES_ONE, CORES(3, 2)); /* as many: the first */
	assert_one(&p, 0);
}

static void each_node_that_has_workers_gets_a_copy(void **state)
{
	struct nx_placement p = choose(NX_TABLES_PER_NODE, CORES(6, 0, 7, 2, 8));

	(void)state;
	assert_int_equal(p.n_replicas, 2);
	assert_int_equal(p.node[0], 0);
	assert_int_equal(p.node[1], 9);
	assert_int_equal(p.replica_of[0], 1);
	assert_int_equal(p.replica_of[1], 0);
	assert_int_equal(p.replica_of[2], 1);
	assert_int_equal(p.replica_of[3], 0);
	assert_int_equal(p.replica_of[4], 0); /* of no node: the first */
	assert_string_equal(said,
		"user tables: 2 copies, in memory of NUMA nodes 0, 9: each worker reads its own "
		"node's\n");
}

static void without_nodes_there_is_one_copy_anywhere(void **state)
{
	struct nx_placement p = choose(NX_TABLES_PER_NODE, CORES(8));

	(void)state;
	assert_one(&p, NX_NODE_ANY);
	assert_string_equal(
		said, "user tables: one copy, in any memory (the kernel tells of no NUMA nodes)\n");
}

/* As many workers as there may be, each on a node of its own. */
static void there_is_room_for_a_copy_a_worker(void **state)
{
	struct nx_box_config box = {.user_tables = NX_TABLES_PER_NODE, .n_workers = NX_WORKER_MAX};
	struct nx_placement p;

	(void)state;
	for (unsigned i = 0; i < NX_WORKER_MAX; i++) {
		core(i, 100 + i);
		box.worker_core[i] = 100 + i;
	}
	nx_placement_choose(&box, nodes, keep_line, &p);
	assert_int_equal(p.n_replicas, NX_WORKER_MAX);
	for (unsigned i = 0; i < NX_WORKER_MAX; i++) {
		assert_int_equal(p.node[i], i);
		assert_int_equal(p.replica_of[i], i);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(workers_of_one_node_need_one_copy),
		TEST(one_copy_lies_where_most_workers_are),
		TEST(each_node_that_has_workers_gets_a_copy),
		TEST(without_nodes_there_is_one_copy_anywhere),
		TEST(there_is_room_for_a_copy_a_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
