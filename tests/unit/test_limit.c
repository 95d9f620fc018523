/* The limiter's promises, as properties under floods: nobody below the rate is refused, nobody
 * above it gets more, there is always room, and the clock may stand anywhere. */
#include "dataplane/core/limit.h"
#include "tests/unit/chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)
#define START_NS  (UINT64_C(77) * 3600 * SECOND_NS)

static const uint8_t key[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
static uint64_t seed;

static int setup(void **state)
{
	struct nx_limit *l = aligned_alloc(64, sizeof(*l));

	assert_non_null(l);
	nx_limit_init(l, key);
	seed = 88172645463325252;
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct nx_addr v4(uint32_t n)
{
	return nx_addr_v4((const uint8_t[4]){
		(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static struct nx_addr v6(uint64_t network, uint64_t host)
{
	struct nx_addr a;

	for (unsigned i = 0; i < 8; i++) {
		a.b[i] = (uint8_t)(network >> (56 - 8 * i));
		a.b[8 + i] = (uint8_t)(host >> (56 - 8 * i));
	}
	return a;
}

static bool admit(struct nx_limit *l, struct nx_addr sender, uint32_t rate, uint64_t now_ns)
{
	return nx_limit_admit(l, &sender, NX_LIMIT_UNANSWERABLE, rate, now_ns);
}

/* A second of `sends` from one sender, evenly; how many were admitted. */
static unsigned a_second_of(
	struct nx_limit *l, struct nx_addr sender, uint32_t rate, unsigned sends, uint64_t from_ns)
{
	unsigned admitted = 0;

	for (unsigned i = 0; i < sends; i++)
		admitted += admit(l, sender, rate, from_ns + i * (SECOND_NS / sends));
	return admitted;
}

static void rule_13_a_sender_is_held_to_its_rate(void **state)
{
	static const uint32_t rates[] = {1, 2, 3, 10, 100, 999, NX_LIMIT_RATE_MAX};
	struct nx_limit *l = *state;

	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const uint32_t rate = rates[i], sends = 20 * rate;
		const struct nx_addr sender = v4(0xc6336400 + i);
		unsigned first = a_second_of(l, sender, rate, sends, START_NS), next = 0;

		for (unsigned s = 1; s <= 20; s++)
			next += a_second_of(l, sender, rate, sends, START_NS + s * SECOND_NS);
		/* at first a second's worth at once besides; the clock's step is 1 % at most */
		assert_in_range(first, rate, 2 * rate + rate / 50 + 1);
		assert_in_range(next, 20 * rate - 20, 20 * rate + 20 * rate / 100 + 1);
	}
}

static void rule_13_a_seconds_worth_may_come_at_once_and_no_more(void **state)
{
	struct nx_limit *l = *state;

	for (uint32_t rate = 1; rate <= 200; rate++) {
		const struct nx_addr sender = v4(0xcb007100 + rate);

		for (uint32_t i = 0; i < rate; i++)
			assert_true(admit(l, sender, rate, START_NS));
		assert_false(admit(l, sender, rate, START_NS));
		/* an interval is cut to units of 1,024 ns: all of them together are that much short
		 */
		assert_false(
			admit(l, sender, rate, START_NS + SECOND_NS / rate - 3000 - 1024 * rate));
		assert_true(admit(l, sender, rate, START_NS + SECOND_NS / rate + 3000));
		assert_false(admit(l, sender, rate, START_NS + SECOND_NS / rate + 3000));
	}
}

/* A flood of ever new senders, two million a second, on 131,072 slots: the heavy one stays limited
 * all the same. */
static void rule_13_a_flood_of_others_frees_no_heavy_sender(void **state)
{
	struct nx_limit *l = *state;
	const struct nx_addr heavy = v4(0xc6336401);
	unsigned admitted = 0;

	for (uint64_t i = 0; i < 6000000; i++) {
		const uint64_t now = START_NS + i * 500;

		assert_true(admit(l, v4((uint32_t)random64(&seed)), 10, now));
		if (i % 1000 == 0)
			for (unsigned k = 0; k < 5; k++)
				admitted += admit(l, heavy, 10, now);
	}
	/* of 30,000 in three seconds 10 a second, and 10 at first */
	assert_in_range(admitted, 38, 44);
}

/* Whatever others do, and however many they are, who stays below the rate is admitted. */
static void rule_13_not_a_sender_below_its_rate_in_any_flood(void **state)
{
	struct nx_limit *l = *state;
	const uint32_t rate = 10;
	uint64_t now = START_NS, next[16];

	for (unsigned i = 0; i < 16; i++)
		next[i] = now + random64(&seed) % SECOND_NS;
	for (unsigned i = 0; i < 3000000; i++) {
		now += random64(&seed) % 8000;
		/* new senders, a thousand heavy ones, and a few very heavy ones */
		(void)admit(l, v4((uint32_t)random64(&seed)), rate, now);
		(void)admit(l, v4(0x0a000000 + (uint32_t)(random64(&seed) % 1000)), rate, now);
		(void)admit(l, v4(0x0b000000 + (uint32_t)(random64(&seed) % 4)), rate, now);
		for (unsigned k = 0; k < 16; k++) {
			if (now < next[k])
				continue;
			assert_true(admit(l, v4(0xc0000200 + k), rate, now));
			next[k] = now + SECOND_NS / rate + random64(&seed) % SECOND_NS;
		}
	}
}

static void rule_13_not_a_new_sender_where_all_is_full(void **state)
{
	struct nx_limit *l = *state;

	/* heavy senders by far more than there are slots, all at their limit */
	for (uint32_t i = 0; i < 4 * NX_LIMIT_LINES * NX_LIMIT_SLOTS; i++)
		for (unsigned k = 0; k < 3; k++)
			(void)admit(l, v4(i), 2, START_NS);
	for (uint32_t i = 0; i < 100000; i++)
		assert_true(admit(l, v4(0xe0000000 + i), 2, START_NS));
}

static void rule_13_not_where_there_is_no_limit(void **state)
{
	struct nx_limit *l = *state;

	for (unsigned i = 0; i < 100000; i++)
		assert_true(admit(l, v4(1), 0, START_NS));
}

static void rule_06_each_limit_has_its_own_account(void **state)
{
	struct nx_limit *l = *state;
	const struct nx_addr senders[] = {v4(1), v6(0x20010db800000001, 7), v6(0, 0)};

	for (unsigned i = 0; i < 3; i++) {
		assert_true(nx_limit_admit(l, &senders[i], NX_LIMIT_DIALOG, 1, START_NS));
		assert_false(nx_limit_admit(l, &senders[i], NX_LIMIT_DIALOG, 1, START_NS));
		assert_true(nx_limit_admit(l, &senders[i], NX_LIMIT_UNANSWERABLE, 1, START_NS));
		assert_false(nx_limit_admit(l, &senders[i], NX_LIMIT_UNANSWERABLE, 1, START_NS));
	}
}

static void senders_are_addresses_or_networks_of_64_bits(void **state)
{
	struct nx_limit *l = *state;

	assert_true(admit(l, v4(0xc0000201), 1, START_NS));
	assert_false(admit(l, v4(0xc0000201), 1, START_NS));
	assert_true(admit(l, v4(0xc0000202), 1, START_NS));
	assert_true(admit(l, v6(0x20010db800000001, 1), 1, START_NS));
	assert_false(admit(l, v6(0x20010db800000001, 0xffff000000000000), 1, START_NS));
	assert_true(admit(l, v6(0x20010db800000002, 1), 1, START_NS));
}

/* The moments wrap every 13 days; a machine's clock may start anywhere. */
static void any_clock_will_do(void **state)
{
	static const uint64_t starts[] = {0, 1, SECOND_NS / 2, (UINT64_C(1) << 50) - SECOND_NS / 2,
		(UINT64_C(1) << 50) - 1, UINT64_C(1) << 50, UINT64_MAX / 2,
		(UINT64_C(1) << 63) - SECOND_NS / 3};
	struct nx_limit *l = *state;

	for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		nx_limit_init(l, key);
		assert_in_range(a_second_of(l, v4(5), 100, 1000, starts[i]), 195, 205);
		assert_in_range(a_second_of(l, v4(5), 100, 1000, starts[i] + SECOND_NS), 95, 105);
		assert_in_range(a_second_of(l, v4(6), 100, 1000, starts[i] + SECOND_NS), 195, 205);
	}
}

static void silence_gives_a_seconds_worth_back_and_no_more(void **state)
{
	struct nx_limit *l = *state;
	uint64_t now = START_NS;

	for (unsigned hours = 0; hours < 400; hours++) {
		assert_in_range(a_second_of(l, v4(5), 10, 100, now), 18, 21);
		now += 3600 * SECOND_NS + random64(&seed) % SECOND_NS;
	}
}

static void a_changed_rate_holds_at_once(void **state)
{
	struct nx_limit *l = *state;

	assert_in_range(a_second_of(l, v4(5), 1000, 5000, START_NS), 1990, 2020);
	assert_in_range(a_second_of(l, v4(5), 10, 5000, START_NS + SECOND_NS), 8, 11);
	assert_in_range(a_second_of(l, v4(5), 1000, 5000, START_NS + 2 * SECOND_NS), 980, 1020);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rule_13_a_sender_is_held_to_its_rate),
		TEST(rule_13_a_seconds_worth_may_come_at_once_and_no_more),
		TEST(rule_13_a_flood_of_others_frees_no_heavy_sender),
		TEST(rule_13_not_a_sender_below_its_rate_in_any_flood),
		TEST(rule_13_not_a_new_sender_where_all_is_full),
		TEST(rule_13_not_where_there_is_no_limit),
		TEST(rule_06_each_limit_has_its_own_account),
		TEST(senders_are_addresses_or_networks_of_64_bits),
		TEST(any_clock_will_do),
		TEST(silence_gives_a_seconds_worth_back_and_no_more),
		TEST(a_changed_rate_holds_at_once),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
