/* Readers under a writer, for a moment; tests/torture runs the same for longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/torture/churn.h"

static void churn(unsigned replicas)
{
	struct nx_churn r;

	nx_churn(1, 4242, 2, replicas, &r);
	assert_true(r.probes > 0);
	assert_true(r.changes > 0);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.torn, 0);
	assert_int_equal(r.failed, 0);
}

static void every_answer_was_true_while_it_was_looked_for(void **state)
{
	(void)state;
	churn(1);
}

static void so_it_was_in_every_replica(void **state)
{
	(void)state;
	churn(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_was_true_while_it_was_looked_for),
		cmocka_unit_test(so_it_was_in_every_replica),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
