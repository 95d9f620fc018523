/* A reader that stands still: see stuck.h. */
#include "tests/unit/stuck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "nxsip/policy.h"
#include "nxsip/rcu.h"

static void pause_a_little(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	(void)nanosleep(&t, NULL);
}

static void *stand_still(void *arg)
{
	struct nx_stuck *s = arg;
	const struct nx_policy *held;

	rcu_register_thread();
	held = s->slot ? rcu_dereference(*s->slot) : NULL;
	atomic_store(&s->holds, 1);
	while (!atomic_load(&s->go))
		pause_a_little();
	s->seen = held ? held->n_domains : 0; /* freed early, this is a use after free */
	nx_rcu_quiescent();
	rcu_unregister_thread();
	return NULL;
}

void nx_stuck_start(struct nx_stuck *s, struct nx_policy **slot)
{
	*s = (struct nx_stuck){.slot = slot};
	assert_int_equal(pthread_create(&s->thread, NULL, stand_still, s), 0);
	while (!atomic_load(&s->holds))
		pause_a_little();
}

void nx_stuck_release(struct nx_stuck *s)
{
	atomic_store(&s->go, 1);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
}
