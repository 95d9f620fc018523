/* Readers under a writer: a key that has always been there must never be absent, whatever is
 * inserted, deleted, grown, rebuilt and freed around it; and one that never was must never appear.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <urcu-qsbr.h>

#include "control/policy/users.h"

/* ThreadSanitizer does not know QSBR: say what a grace period orders. */
#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#define TSAN __has_feature(thread_sanitizer)
#endif
#if TSAN
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_release(p) ((void)(p))
#define __tsan_acquire(p) ((void)(p))
#endif

#define READERS 2
#define ALWAYS  3000 /* keys [0, ALWAYS): always there, in changing states */
#define CHURN   40000
#define ROUNDS  4
#define BURST   32

struct shared {
	struct nx_users *t;
	_Atomic bool stop;
	_Atomic uint64_t probes, false_absent, false_known, bad_state;
};

/* Half of the keys share a few home buckets a shard, so that they live by overflow bits. */
static struct nx_hash hash_of(const struct nx_users *t, uint64_t key)
{
	struct nx_hash h = nx_users_hash(t, &key, sizeof(key));

	if (key % 2)
		h.lo = h.lo >> 12 | (key % 4 == 1 ? UINT64_C(0xfff) << 52 : 0);
	return h;
}

static void probe_burst(struct shared *s, uint64_t key)
{
	struct nx_hash h[BURST];
	uint64_t lost = 0, bad = 0;

	for (unsigned i = 0; i < BURST; i++) {
		h[i] = hash_of(s->t, (key + i) % ALWAYS);
		nx_users_prefetch_shard(s->t, h[i]);
	}
	for (unsigned i = 0; i < BURST; i++)
		nx_users_prefetch(s->t, h[i]);
	for (unsigned i = 0; i < BURST; i++) {
		enum nx_user_state state = nx_users_probe(s->t, h[i]);

		lost += state == NX_USER_ABSENT;
		bad += state == NX_USER_HEAD; /* no key here ever is */
	}
	if (nx_users_probe(s->t, hash_of(s->t, UINT64_C(1) << 40 | key)) != NX_USER_ABSENT)
		s->false_known++;
	s->false_absent += lost;
	s->bad_state += bad;
	s->probes += BURST;
}

static void *reader(void *arg)
{
	struct shared *s = arg;

	rcu_register_thread();
	for (uint64_t key = 0; !s->stop; key += BURST) {
		probe_burst(s, key);
		__tsan_release(s->t);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void set(struct nx_users *t, uint64_t key, enum nx_user_state state)
{
	enum nx_user_state old;

	assert_int_equal(nx_users_set(t, hash_of(t, key), state, &old), 0);
}

static void reclaim(struct nx_users *t)
{
	synchronize_rcu();
	__tsan_acquire(t);
	nx_users_reclaim(t);
}

static void churn(struct nx_users *t, enum nx_user_state state)
{
	for (uint64_t key = ALWAYS; key < ALWAYS + CHURN; key++) {
		set(t, key, state);
		set(t, key % ALWAYS, key % 5 ? NX_USER_KNOWN : NX_USER_GONE);
		if (nx_users_retired(t) > 64 << 10)
			reclaim(t);
	}
}

static void what_was_always_there_is_never_absent(void **state)
{
	struct shared s = {0};
	const uint8_t secret[NX_USERS_SECRET_LEN] = "readers and a writer";
	pthread_t thread[READERS];
	uint64_t count[4];

	(void)state;
	assert_int_equal(nx_users_create(0, secret, &s.t), 0);
	for (uint64_t key = 0; key < ALWAYS; key++)
		set(s.t, key, NX_USER_KNOWN);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, &s), 0);
	for (int round = 0; round < ROUNDS; round++) {
		churn(s.t, NX_USER_KNOWN);  /* grows */
		churn(s.t, NX_USER_ABSENT); /* rebuilds to less */
	}
	s.stop = true;
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	nx_users_counts(s.t, count);
	assert_int_equal(count[NX_USER_KNOWN] + count[NX_USER_GONE], ALWAYS);
	assert_true(s.probes >= BURST * READERS);
	assert_int_equal(s.false_absent, 0);
	assert_int_equal(s.false_known, 0);
	assert_int_equal(s.bad_state, 0);
	nx_users_destroy(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_always_there_is_never_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
