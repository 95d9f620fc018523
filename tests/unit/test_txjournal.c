/* The journal of the transaction memory (rule 28): that writes wait is seen by nobody. */
#include "tests/unit/chance.h"
#include "tests/unit/frame.h"
#include "tests/unit/txmemory_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S           UINT64_C(1000000000)
#define HOUR        (3600 * S)
#define TICK        (UINT64_C(1) << 29) /* ns */
#define START       (1000 * S)
#define BUCKETS_MAX 8
#define CALLS       200 /* more than wait, and more than a few buckets hold */

/* m is what is tested. at_once: what it is to look like; there every put is done as it comes, by
 * the plain way, and every request is looked for in the buckets, whether it has a trace or not. */
struct world {
	struct nx_txmemory m, at_once;
	struct nx_txbucket bucket[BUCKETS_MAX], bucket_at_once[BUCKETS_MAX];
	uint8_t trace[NX_TXMEMORY_TRACES * BUCKETS_MAX], trace_at_once[1];
	uint64_t passed[CALLS]; /* when, or 0 */
	struct nx_policy policy;
	struct nx_recall recall;
	struct request call[CALLS];
};

static void clear(struct world *w, uint32_t buckets)
{
	static const uint8_t key[16] = "transactions-key";

	memset(w->bucket, 0, sizeof(w->bucket));
	memset(w->bucket_at_once, 0, sizeof(w->bucket_at_once));
	memset(w->trace, 0, sizeof(w->trace));
	memset(w->passed, 0, sizeof(w->passed));
	nx_txmemory_init(&w->m, key, w->bucket, w->trace, buckets);
	nx_txmemory_init(&w->at_once, key, w->bucket_at_once, w->trace_at_once, buckets);
}

static int make_world(void **state)
{
	struct world *w = aligned_alloc(64, sizeof(struct world));

	assert_non_null(w);
	memset(w, 0, sizeof(*w));
	w->policy.recall = &w->recall;
	for (unsigned i = 0; i < CALLS; i++) {
		char text[400];

		(void)snprintf(text, sizeof(text),
			"INVITE sip:1@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\r\n"
			"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n"
			"CSeq: 1 INVITE\r\n\r\n",
			i);
		request_make(&w->call[i], &(struct frame_spec){0}, text);
	}
	clear(w, BUCKETS_MAX);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	free(*state);
	return 0;
}

static void recall(struct world *w, bool on)
{
	atomic_store(&w->recall.until_ns, on ? UINT64_MAX : 0);
}

static unsigned one(struct world *w, unsigned call, unsigned reason, uint64_t now)
{
	struct nx_packet copy = w->call[call].p, *p = &copy;

	copy.reason = (uint8_t)reason;
	nx_txmemory_apply(&w->m, &w->policy, now, &p, 1);
	return copy.reason;
}

/* Passes a call while nobody recalls, and asks for it as if there had been a change. */
static void pass(struct world *w, unsigned call, uint64_t now)
{
	recall(w, false);
	assert_int_equal(one(w, call, NX_R_KNOWN, now), NX_R_KNOWN);
}

static unsigned ask(struct world *w, unsigned call, uint64_t now)
{
	recall(w, true);
	return one(w, call, NX_R_UNKNOWN_NUMBER, now);
}

static void rule_28_what_waits_is_found(void **state)
{
	struct world *w = *state;

	for (unsigned n = 1; n < CALLS / 2; n++) {
		clear(w, BUCKETS_MAX);
		for (unsigned i = 0; i < n; i++)
			pass(w, i, START);
		assert_int_equal(w->m.n_waiting, (n - 1) % NX_TXMEMORY_WAITING + 1);
		for (unsigned i = 0; i < n; i++)
			assert_int_not_equal(ask(w, i, START + S), NX_R_UNKNOWN_NUMBER);
		assert_int_equal(w->m.n_waiting, 0);
	}
}

static void rule_28_not_what_did_not_wait(void **state)
{
	struct world *w = *state;

	pass(w, 0, START);
	assert_int_equal(ask(w, 1, START + S), NX_R_UNKNOWN_NUMBER);
	assert_int_equal(ask(w, 0, START + S), NX_R_IN_TRANSACTION);
	recall(w, false);
	assert_int_equal(one(w, 2, NX_R_UNKNOWN_NUMBER, START + S), NX_R_UNKNOWN_NUMBER);
	assert_int_equal(w->m.n_waiting, 0);
	assert_int_equal(ask(w, 2, START + S), NX_R_UNKNOWN_NUMBER);
}

/* The time of an entry is its packet's: neither that of the write nor that of the reader. */
static void rule_28_what_waits_ends_in_its_time(void **state)
{
	static const uint64_t after[] = {34 * S, 64 * S, 70 * S, 256 * TICK, 257 * TICK,
		512 * TICK + 5 * S, HOUR, 9 * HOUR, (9 * HOUR & ~(256 * TICK - 1)) + TICK};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		clear(w, 1);
		pass(w, 0, START);
		assert_int_equal(ask(w, 0, START + 32 * S), NX_R_IN_TRANSACTION);
		clear(w, 1);
		pass(w, 0, START);
		assert_int_equal(ask(w, 0, START + after[i]), NX_R_UNKNOWN_NUMBER);
		clear(w, 1);
		pass(w, 0, START);
		pass(w, 1, START + after[i]); /* into the same bucket, behind it */
		assert_int_equal(ask(w, 0, START + after[i]), NX_R_UNKNOWN_NUMBER);
		assert_int_equal(ask(w, 1, START + after[i] + 32 * S), NX_R_IN_TRANSACTION);
	}
}

/* ---- any course of things ---- */

/* Bursts within a tick, within a life, about its end, about where 8 bits of ticks come round, and
 * after a rest of hours. */
static uint64_t time_step(uint64_t *seed)
{
	uint64_t r = random64(seed), some = r >> 8;

	switch (r % 64) {
	case 0:
		return 31 * S + some % (3 * S);
	case 1:
		return 256 * TICK + some % TICK;
	case 2:
		return some % (10 * HOUR);
	default:
		return some % (r & 64 ? 2 * S : S / 8);
	}
}

/* A trace tells some that were never passed from those that a bucket has lost. */
static bool may_have_passed(const struct world *w, unsigned call, uint64_t now)
{
	return w->passed[call] && now - w->passed[call] <= NX_TXMEMORY_LIFE_NS;
}

/* Return: the reason; NX_REASON_COUNT: UNKNOWN_NUMBER or MEMORY_OVERFLOW. */
static unsigned expect(struct world *w, unsigned call, const struct nx_packet *p, uint64_t now)
{
	uint64_t id[NX_BURST_MAX];
	enum nx_txfound found;

	nx_txmemory_ids(&w->at_once, &p, 1, id);
	if (p->reason == NX_R_KNOWN) {
		txmemory_put_plain(&w->at_once, id[0], now);
		w->passed[call] = now;
	}
	if (p->reason != NX_R_UNKNOWN_NUMBER || !nx_recall_is_on(&w->recall, now))
		return p->reason;
	found = nx_txmemory_get(&w->at_once, id[0], now);
	if (found == NX_TX_LOST)
		return may_have_passed(w, call, now) ? NX_R_MEMORY_OVERFLOW : NX_REASON_COUNT;
	return found == NX_TX_NEW ? NX_R_UNKNOWN_NUMBER : NX_R_IN_TRANSACTION;
}

/* Return: how many packets passed for reason, of a burst of any calls and reasons. */
static unsigned some_burst(struct world *w, uint64_t *seed, uint64_t now, unsigned reason)
{
	static const uint8_t reasons[] = {NX_R_KNOWN, NX_R_KNOWN, NX_R_UNKNOWN_NUMBER, NX_R_CANCEL};
	const unsigned n = 1 + (unsigned)(random64(seed) % (random64(seed) % 8 ? 4 : NX_BURST_MAX));
	struct nx_packet copy[NX_BURST_MAX], *p[NX_BURST_MAX];
	unsigned want[NX_BURST_MAX], passed = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned call = (unsigned)(random64(seed) % CALLS);

		copy[i] = w->call[call].p;
		copy[i].reason = reasons[random64(seed) % sizeof(reasons)];
		p[i] = &copy[i];
		want[i] = expect(w, call, p[i], now);
	}
	nx_txmemory_apply(&w->m, &w->policy, now, p, n);
	for (unsigned i = 0; i < n; i++) {
		if (want[i] != NX_REASON_COUNT || p[i]->reason != NX_R_MEMORY_OVERFLOW)
			assert_int_equal(p[i]->reason,
				want[i] == NX_REASON_COUNT ? NX_R_UNKNOWN_NUMBER : want[i]);
		passed += p[i]->reason == reason;
	}
	return passed;
}

static void late(struct world *w, uint64_t *seed, uint64_t now)
{
	const unsigned call = (unsigned)(random64(seed) % CALLS);
	struct nx_packet p = w->call[call].p;

	p.reason = NX_R_KNOWN;
	(void)expect(w, call, &p, now);
	nx_txmemory_remember(&w->m, now, &p);
}

static void rule_28_nobody_sees_that_writes_wait(void **state)
{
	enum { ROUNDS = 8, BURSTS = 3000 };
	static const unsigned reasons[] = {
		NX_R_IN_TRANSACTION, NX_R_MEMORY_OVERFLOW, NX_R_UNKNOWN_NUMBER};
	struct world *w = *state;
	uint64_t seed = 28, now = START;
	unsigned seen[3] = {0}, waited = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const uint32_t buckets = 1u << round % 4;

		clear(w, buckets);
		for (unsigned i = 0; i < BURSTS; i++) {
			recall(w, random64(&seed) % 8 == 0);
			seen[i % 3] += some_burst(w, &seed, now, reasons[i % 3]);
			if (random64(&seed) % 8 == 0)
				late(w, &seed, now);
			waited += w->m.n_waiting;
			if (random64(&seed) % 64 == 0)
				nx_txmemory_flush(&w->m);
			if (w->m.n_waiting == 0)
				assert_memory_equal(w->bucket, w->bucket_at_once,
					buckets * sizeof(w->bucket[0]));
			now += time_step(&seed);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(seen[i], 100, UINT32_MAX);
	assert_in_range(waited, ROUNDS * BURSTS, UINT32_MAX);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(rule_28_what_waits_is_found),
		test(rule_28_not_what_did_not_wait),
		test(rule_28_what_waits_ends_in_its_time),
		test(rule_28_nobody_sees_that_writes_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
