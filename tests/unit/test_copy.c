/* Copies of every length that the moves distinguish: nothing but the span is read or written. */
#include "dataplane/core/copy.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LEN_MAX 200
#define MARGIN  64

static void any_length_is_copied_whole(void **state)
{
	uint8_t from[LEN_MAX], out[MARGIN + LEN_MAX + MARGIN], want[sizeof(out)];
	struct guard g;

	(void)state;
	guard_init(&g);
	for (size_t i = 0; i < LEN_MAX; i++)
		from[i] = (uint8_t)(i * 37 + 1);
	for (size_t n = 0; n <= LEN_MAX; n++) {
		memset(want, 0xa5, sizeof(want));
		memcpy(want + MARGIN, from, n);

		memset(out, 0xa5, sizeof(out));
		assert_ptr_equal(
			nx_copy_put(out + MARGIN, guard_tail(&g, from, n), n), out + MARGIN + n);
		assert_memory_equal(out, want, sizeof(out));

		memset(out, 0xa5, sizeof(out));
		assert_ptr_equal(
			nx_copy_put(out + MARGIN, guard_head(&g, from, n), n), out + MARGIN + n);
		assert_memory_equal(out, want, sizeof(out));
	}
	guard_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_is_copied_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
