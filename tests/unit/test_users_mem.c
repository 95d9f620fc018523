/* Places for shards: zeroed, dense, given back. */
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "control/policy/users_arena.h"
#include "nxsip/error.h"

#define SIZE ((size_t)5 * 64 << 6) /* 20 KiB: no whole part of a huge page */
#define ROOM 400

static uint32_t take(struct nx_arena *a, uint32_t owner)
{
	uint32_t place = NX_PLACE_HOLE;
	const char *at;

	assert_int_equal(nx_arena_take(a, owner, &place), NX_OK);
	at = nx_arena_at(a, place);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(at[i], 0);
	memset(nx_arena_at(a, place), 0x5a, SIZE);
	return place;
}

static void places_are_zeroed_whenever_they_are_taken(void **state)
{
	struct nx_arena *a = nx_arena_create(SIZE, ROOM, 0);

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < ROOM; i++)
			assert_int_equal(take(a, i), i);
		for (uint32_t i = 0; i < ROOM; i += 3)
			nx_arena_retire(a, i);
		nx_arena_sweep(a);
		assert_int_equal(take(a, 7), 0); /* the lowest hole */
		for (uint32_t i = 0; i < ROOM; i++)
			if (a->owner[i] != NX_PLACE_HOLE)
				nx_arena_retire(a, i);
		nx_arena_sweep(a);
		assert_int_equal(a->n, 0);
		assert_int_equal(a->holes, 0);
		assert_int_equal(a->mem.backed, 0);
	}
	nx_arena_destroy(a);
}

static void a_retired_place_is_not_reused_before_the_sweep(void **state)
{
	struct nx_arena *a = nx_arena_create(SIZE, ROOM, NX_NODE_ANY);

	(void)state;
	assert_int_equal(take(a, 0), 0);
	nx_arena_retire(a, 0);
	assert_int_equal(take(a, 1), 1);
	nx_arena_sweep(a);
	assert_int_equal(take(a, 2), 0);
	nx_arena_destroy(a);
}

static void moves_make_the_array_dense(void **state)
{
	struct nx_arena *a = nx_arena_create(SIZE, ROOM, NX_NODE_ANY);
	uint32_t from, to, moves = 0;

	(void)state;
	for (uint32_t i = 0; i < ROOM; i++)
		take(a, i);
	assert_false(nx_arena_next_move(a, &from, &to));
	for (uint32_t i = 0; i < ROOM; i += 2)
		nx_arena_retire(a, i);
	nx_arena_sweep(a);
	for (; nx_arena_next_move(a, &from, &to); moves++) {
		uint32_t owner = a->owner[from];

		assert_true(to < from);
		nx_arena_moved(a, from, to);
		assert_int_equal(a->owner[to], owner);
	}
	assert_true(moves > 0);
	nx_arena_sweep(a);
	assert_true(a->n <= ROOM / 2 + ROOM / 64 + 2);
	assert_true(a->mem.backed <= a->n * SIZE + a->n * SIZE / 32 + 4096);
	nx_arena_destroy(a);
}

static void there_is_no_place_beyond_the_room(void **state)
{
	struct nx_arena *a = nx_arena_create(SIZE, 2, NX_NODE_ANY);
	uint32_t place;

	(void)state;
	take(a, 0);
	take(a, 1);
	assert_int_equal(nx_arena_reserve(a, 3), NX_ERR_NOMEM);
	assert_int_equal(nx_arena_take(a, 2, &place), NX_ERR_NOMEM);
	nx_arena_destroy(a);
}

/* Refused before it is taken, instead of ending the process later. */
static void more_than_the_machine_has_is_refused(void **state)
{
	struct nx_mem m;
	size_t much = (size_t)nx_mem_available() + ((size_t)8 << 30);

	(void)state;
	assert_int_equal(nx_mem_reserve(&m, much, NX_NODE_ANY), NX_OK);
	assert_int_equal(nx_mem_back(&m, much), NX_ERR_NOMEM);
	assert_int_equal(m.backed, 0);
	assert_int_equal(nx_mem_back(&m, 1), NX_OK);
	nx_mem_trim(&m, 0);
	assert_int_equal(m.backed, 0);
	nx_mem_release(&m);
}

/* Skipped where the kernel knows no nodes, or a container may not ask it for one. */
static void memory_is_asked_of_its_node(void **state)
{
	static const size_t len[] = {64 << 10, (size_t)6 << 20};
	unsigned long nodes = 0;
	int mode = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		struct nx_mem m;

		assert_int_equal(nx_mem_reserve(&m, len[i], 0), NX_OK);
		assert_int_equal(nx_mem_back(&m, len[i]), NX_OK);
		nodes = 1;
		if (syscall(SYS_mbind, m.base, len[i], MPOL_PREFERRED, &nodes, 65UL, 0UL) != 0 ||
			syscall(SYS_get_mempolicy, &mode, &nodes, 64UL, m.base, MPOL_F_ADDR) != 0) {
			nx_mem_release(&m);
			skip();
		}
		nx_mem_trim(&m, 0); /* what comes anew must be asked for anew */
		assert_int_equal(nx_mem_back(&m, len[i]), NX_OK);
		for (size_t at = 0; at < len[i]; at += len[i] / 4) {
			assert_int_equal(syscall(SYS_get_mempolicy, &mode, &nodes, 64UL,
						 m.base + at, MPOL_F_ADDR),
				0);
			assert_int_equal(mode, MPOL_PREFERRED);
			assert_int_equal(nodes, 1);
		}
		nx_mem_release(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_zeroed_whenever_they_are_taken),
		cmocka_unit_test(a_retired_place_is_not_reused_before_the_sweep),
		cmocka_unit_test(moves_make_the_array_dense),
		cmocka_unit_test(there_is_no_place_beyond_the_room),
		cmocka_unit_test(more_than_the_machine_has_is_refused),
		cmocka_unit_test(memory_is_asked_of_its_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
