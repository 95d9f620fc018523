/* Flattened prefixes against the definition: of all prefixes that cover a key, the longest; of
 * equal ones the last given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/policy/policy.h"
#include "tests/unit/chance.h"

static uint64_t seed = 0x2545f4914f6cdd1d;

static nx_u128 mask_of(uint8_t len)
{
	return len == 0 ? 0 : ~(nx_u128)0 << (128 - len);
}

static uint32_t naive_find(const struct nx_ivmap_prefix *p, uint32_t n, nx_u128 key)
{
	uint32_t value = NX_IVMAP_NONE;
	int best = -1;

	for (uint32_t i = 0; i < n; i++) {
		if (((p[i].key ^ key) & mask_of(p[i].len)) == 0 && p[i].len >= best) {
			best = p[i].len;
			value = p[i].value;
		}
	}
	return value;
}

static void assert_same(
	const struct nx_ivmap *map, const struct nx_ivmap_prefix *p, uint32_t n, nx_u128 key)
{
	assert_int_equal(nx_ivmap_find(map, key), naive_find(p, n, key));
}

static void check_all(const struct nx_ivmap_prefix *p, uint32_t n)
{
	struct nx_ivmap map;

	assert_int_equal(nx_ivmap_build(p, n, &map), 0);
	for (uint32_t i = 0; i < n; i++) {
		nx_u128 first = p[i].key & mask_of(p[i].len), last = first | ~mask_of(p[i].len);

		assert_same(&map, p, n, first);
		assert_same(&map, p, n, last);
		assert_same(&map, p, n, first - 1); /* wraps at the ends: any key will do */
		assert_same(&map, p, n, last + 1);
	}
	for (uint32_t i = 0; i < 64; i++)
		assert_same(&map, p, n, (nx_u128)random64(&seed) << 64 | random64(&seed));
	for (uint32_t i = 1; i < map.n; i++) {
		assert_true(map.start[i - 1] < map.start[i]);
		assert_true(map.value[i - 1] != map.value[i]);
	}
	assert_true(map.n >= 1 && map.n <= 2 * n + 1 && map.start[0] == 0);
	nx_ivmap_fini(&map);
}

/* Few distinct bits, so that prefixes nest deeply and repeat. */
static void random_prefixes_match_the_definition(void **state)
{
	struct nx_ivmap_prefix p[60];

	(void)state;
	for (int round = 0; round < 400; round++) {
		uint32_t n = 1 + (uint32_t)(random64(&seed) % 60);

		for (uint32_t i = 0; i < n; i++) {
			uint64_t pick = random64(&seed);

			p[i].key = (nx_u128)(pick & 7) << 125 | (nx_u128)(pick >> 3 & 3) << 90 |
				   (pick >> 5 & 3);
			p[i].len = (uint8_t)(pick >> 8 & 1 ? (pick >> 16) % 129 : (pick >> 16) % 5);
			p[i].value = (uint32_t)(pick >> 32) % 5;
		}
		check_all(p, n);
	}
}

static void nothing_covers_nothing(void **state)
{
	struct nx_ivmap map;

	(void)state;
	assert_int_equal(nx_ivmap_build(NULL, 0, &map), 0);
	assert_int_equal(nx_ivmap_find(&map, 0), NX_IVMAP_NONE);
	assert_int_equal(nx_ivmap_find(&map, ~(nx_u128)0), NX_IVMAP_NONE);
	nx_ivmap_fini(&map);
}

static void ends_of_the_key_space(void **state)
{
	const struct nx_ivmap_prefix p[] = {
		{0, 0, 1},
		{0, 128, 2},
		{~(nx_u128)0, 128, 3},
		{~(nx_u128)0, 1, 4},
	};

	(void)state;
	for (uint32_t n = 1; n <= 4; n++)
		check_all(p, n);
}

static void of_equal_prefixes_the_last_wins(void **state)
{
	const struct nx_ivmap_prefix p[] = {{(nx_u128)10 << 120, 8, 1}, {(nx_u128)10 << 120, 8, 2}};
	struct nx_ivmap map;

	(void)state;
	assert_int_equal(nx_ivmap_build(p, 2, &map), 0);
	assert_int_equal(nx_ivmap_find(&map, ((nx_u128)10 << 120) + 5), 2);
	assert_int_equal(nx_ivmap_find(&map, (nx_u128)11 << 120), NX_IVMAP_NONE);
	nx_ivmap_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_prefixes_match_the_definition),
		cmocka_unit_test(nothing_covers_nothing),
		cmocka_unit_test(ends_of_the_key_space),
		cmocka_unit_test(of_equal_prefixes_the_last_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
