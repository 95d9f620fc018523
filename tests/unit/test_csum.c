/* The Internet checksum against RFC 1071 by the letter: every length and alignment that the
 * unrolled loops distinguish, data full of carries, chains. */
#include "dataplane/core/decode.h"
#include "tests/unit/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LEN_MAX   300
#define ALIGN_MAX 64

static void fill_counting(uint8_t *data, size_t len)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
}

static void fill_ones(uint8_t *data, size_t len)
{
	memset(data, 0xff, len);
}

static void fill_zeros(uint8_t *data, size_t len)
{
	memset(data, 0, len);
}

static void (*const fills[])(uint8_t *, size_t) = {fill_counting, fill_ones, fill_zeros};

/* The sum as it would lie in a frame, compared with the naive one in network order. */
static void assert_csum(uint64_t sum, uint16_t naive)
{
	uint16_t csum = nx_csum_fold(sum);
	uint8_t b[2];

	memcpy(b, &csum, 2);
	assert_int_equal(b[0] << 8 | b[1], naive);
}

/* The widest is the one that nx_csum_add takes. */
static void assert_every_way(const uint8_t *data, size_t len)
{
	uint16_t naive = frame_csum(0, data, len);

	for (unsigned way = 0; way <= nx_csum_widest(); way++)
		assert_csum(nx_csum_add_by(way, 0, data, len), naive);
	assert_csum(nx_csum_add(0, data, len), naive);
}

static void any_length_and_alignment(void **state)
{
	uint8_t data[LEN_MAX + ALIGN_MAX];

	(void)state;
	for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
		fills[f](data, sizeof(data));
		for (size_t align = 0; align < ALIGN_MAX; align++) {
			for (size_t len = 0; len <= LEN_MAX; len++)
				assert_every_way(data + align, len);
		}
	}
}

static void the_longest_datagram(void **state)
{
	static uint8_t data[65535];

	(void)state;
	for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
		fills[f](data, sizeof(data));
		assert_every_way(data, sizeof(data));
	}
}

/* A sum does not overflow where there are more bytes than the lanes can hold. */
static void more_than_a_datagram(void **state)
{
	static uint8_t data[3 * 65536 + 77];

	(void)state;
	for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
		uint64_t sum;

		fills[f](data, sizeof(data));
		sum = nx_csum_add_by(NX_CSUM_PLAIN, 0, data, sizeof(data));
		for (unsigned way = 0; way <= nx_csum_widest(); way++)
			assert_int_equal(nx_csum_fold(nx_csum_add_by(way, 0, data, sizeof(data))),
				nx_csum_fold(sum));
	}
}

/* Also those ways that load more than they add. */
static void nothing_is_read_beside_the_data(void **state)
{
	struct guard g;

	(void)state;
	guard_init(&g);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		uint8_t data[LEN_MAX];

		fill_counting(data, len);
		assert_every_way(guard_tail(&g, data, len), len);
		assert_every_way(guard_head(&g, data, len), len);
	}
	guard_fini(&g);
}

static void a_chain_is_one_sum(void **state)
{
	uint8_t data[LEN_MAX];

	(void)state;
	fill_counting(data, sizeof(data));
	for (size_t cut = 0; cut <= LEN_MAX; cut += 2) {
		uint64_t sum = nx_csum_add(0, data, cut);

		assert_csum(
			nx_csum_add(sum, data + cut, LEN_MAX - cut), frame_csum(0, data, LEN_MAX));
	}
}

/* 2^64 - 1 and two halves of 2^64: a carry out of the sum, and another when it is put back. */
static void carries_of_the_incoming_sum_count(void **state)
{
	static const uint8_t data[16] = {[7] = 0x80, [15] = 0x80};

	(void)state;
	assert_csum(nx_csum_add(UINT64_MAX, data, sizeof(data)), frame_csum(0, data, 16));
	assert_csum(UINT64_MAX, 0);
	assert_csum(0, 0xffff);
}

/* Over data that include their own checksum the sum is 0. */
static void a_right_checksum_sums_to_zero(void **state)
{
	uint8_t ip[20];
	uint16_t csum;

	(void)state;
	fill_counting(ip, sizeof(ip));
	memset(ip + 10, 0, 2);
	csum = nx_csum_fold(nx_csum_add(0, ip, sizeof(ip)));
	memcpy(ip + 10, &csum, 2);
	assert_int_equal(nx_csum_fold(nx_csum_add(0, ip, sizeof(ip))), 0);
	ip[3] ^= 1;
	assert_int_not_equal(nx_csum_fold(nx_csum_add(0, ip, sizeof(ip))), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_and_alignment),
		cmocka_unit_test(the_longest_datagram),
		cmocka_unit_test(more_than_a_datagram),
		cmocka_unit_test(nothing_is_read_beside_the_data),
		cmocka_unit_test(a_chain_is_one_sum),
		cmocka_unit_test(carries_of_the_incoming_sum_count),
		cmocka_unit_test(a_right_checksum_sums_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
