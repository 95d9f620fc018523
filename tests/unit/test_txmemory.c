/* The transaction memory (rule 28): the table against what it promises, over any course of time,
 * and what becomes of the packets of a burst. */
#include "dataplane/core/txmemory.h"
#include "tests/unit/chance.h"
#include "tests/unit/frame.h"
#include "tests/unit/txmemory_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S           UINT64_C(1000000000)
#define TICK        (UINT64_C(1) << 29) /* ns */
#define BUCKETS_MAX 1024
#define TAG_SHIFT   40 /* of an id: its upper 24 bits are what a slot holds */
#define START       (1000 * S)
#define URI         "sip:+442079460000@192.0.2.10"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t key[16] = "transactions-key";

struct world {
	struct nx_txmemory m;
	struct nx_txbucket bucket[BUCKETS_MAX];
	uint8_t trace[NX_TXMEMORY_TRACES * BUCKETS_MAX];
	struct nx_policy policy;
	struct nx_recall recall;
};

static int make_world(void **state)
{
	struct world *w = aligned_alloc(64, sizeof(struct world));

	assert_non_null(w);
	memset(w, 0, sizeof(*w));
	nx_recall_hold(&w->recall);
	w->policy.recall = &w->recall;
	nx_txmemory_init(&w->m, key, w->bucket, w->trace, BUCKETS_MAX);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	free(*state);
	return 0;
}

static void clear(struct world *w, uint32_t buckets)
{
	memset(w->bucket, 0, sizeof(w->bucket));
	memset(w->trace, 0, sizeof(w->trace));
	nx_txmemory_init(&w->m, key, w->bucket, w->trace, buckets);
}

/* ---- the table ---- */

static enum nx_txfound get(const struct world *w, uint64_t id, uint64_t now)
{
	return nx_txmemory_get(&w->m, id, now);
}

static void rule_28_a_transaction_is_held_for_32_seconds(void **state)
{
	struct world *w = *state;

	for (uint64_t at = 0; at < 3 * TICK; at += TICK / 7) {
		clear(w, 1);
		assert_int_equal(get(w, 5, at), NX_TX_NEW);
		nx_txmemory_put(&w->m, 5, at);
		assert_int_equal(get(w, 5, at), NX_TX_HELD);
		assert_int_equal(get(w, 5, at + 32 * S), NX_TX_HELD);
		assert_int_equal(get(w, 5, at + 32 * S + 2 * TICK), NX_TX_NEW);
	}
}

static void rule_28_a_retransmission_that_passes_is_held_anew(void **state)
{
	struct world *w = *state;

	nx_txmemory_put(&w->m, 5, START);
	nx_txmemory_put(&w->m, 5, START + 30 * S);
	assert_int_equal(get(w, 5, START + 62 * S), NX_TX_HELD);
	for (unsigned i = 0; i < 1000; i++) /* and takes one slot all the time */
		nx_txmemory_put(&w->m, 5, START + 62 * S + i);
	assert_int_equal(get(w, 6, START + 63 * S), NX_TX_NEW);
}

/* An id whose upper bits are all 0 is no free slot, at any tick. */
static void rule_28_any_id_can_be_held(void **state)
{
	struct world *w = *state;

	for (uint64_t at = START; at < START + 300 * TICK; at += TICK) {
		clear(w, 1);
		nx_txmemory_put(&w->m, UINT64_MAX, at);
		assert_int_equal(get(w, 0, at), NX_TX_NEW);
		nx_txmemory_put(&w->m, 0, at);
		assert_int_equal(get(w, 0, at), NX_TX_HELD);
		assert_int_equal(get(w, UINT64_MAX, at), NX_TX_HELD);
	}
}

/* Ids of one bucket, told apart by their tags. */
static uint64_t nth_id(uint64_t i)
{
	return (i + 1) << TAG_SHIFT;
}

static void rule_28_what_a_full_bucket_lost_passes_until_it_would_have_ended(void **state)
{
	struct world *w = *state;
	const uint64_t n = NX_TXMEMORY_SLOTS;

	for (uint64_t i = 0; i < n; i++)
		nx_txmemory_put(&w->m, nth_id(i), START + i * S);
	assert_int_equal(get(w, nth_id(99), START + 20 * S), NX_TX_NEW); /* full, nothing lost */
	nx_txmemory_put(&w->m, nth_id(n), START + 20 * S);
	assert_int_equal(get(w, nth_id(0), START + 20 * S), NX_TX_LOST); /* the oldest went */
	assert_int_equal(get(w, nth_id(99), START + 20 * S), NX_TX_LOST);
	assert_int_equal(get(w, nth_id(1), START + 20 * S), NX_TX_HELD);
	assert_int_equal(get(w, nth_id(99) + 1, START + 20 * S), NX_TX_NEW); /* another bucket */
	assert_int_equal(get(w, nth_id(0), START + 32 * S), NX_TX_LOST);
	assert_int_equal(get(w, nth_id(0), START + 33 * S + TICK), NX_TX_NEW);
	assert_int_equal(get(w, nth_id(n), START + 52 * S), NX_TX_HELD);
}

static void rule_28_an_ended_entry_makes_room_without_loss(void **state)
{
	struct world *w = *state;

	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t now = START + i * 34 * S / NX_TXMEMORY_SLOTS;

		nx_txmemory_put(&w->m, nth_id(i), now);
		assert_int_equal(get(w, nth_id(2000), now), NX_TX_NEW);
	}
}

/* What is true of the memory whatever was put when. log: every put, in order. */
struct put {
	uint64_t id, now;
};

static bool same_slot(uint64_t a, uint64_t b, uint32_t mask)
{
	return (a & mask) == (b & mask) && a >> TAG_SHIFT == b >> TAG_SHIFT;
}

static void check_found(
	const struct put *log, unsigned n, uint32_t mask, uint64_t id, uint64_t now, unsigned found)
{
	bool must = false, may = false;
	unsigned others = 0;

	for (unsigned i = n; i-- > 0 && now - log[i].now <= NX_TXMEMORY_LIFE_NS + 2 * TICK;) {
		bool again = false;

		must = must || (log[i].id == id && now - log[i].now <= NX_TXMEMORY_LIFE_NS);
		may = may || same_slot(log[i].id, id, mask);
		for (unsigned k = i + 1; k < n && !again; k++)
			again = same_slot(log[k].id, log[i].id, mask);
		others += !again && (log[i].id & mask) == (id & mask);
	}
	if (must)
		assert_int_not_equal(found, NX_TX_NEW);
	if (found == NX_TX_HELD)
		assert_true(may);
	if (found == NX_TX_LOST)
		assert_in_range(others, NX_TXMEMORY_SLOTS + 1, UINT32_MAX);
}

/* Steps of every size that matters: within a tick, within a life, about its end, about the 137 s
 * after which 8 bits of ticks come round, and long. */
static uint64_t time_step(uint64_t *seed)
{
	uint64_t r = random64(seed), some = r >> 8;

	switch (r % 64) {
	case 0:
		return 31 * S + some % (3 * S);
	case 1:
		return 130 * S + some % (40 * S);
	case 2:
		return some % (1000 * S);
	case 3:
		return 256 * TICK;
	default:
		return some % (r & 64 ? S : S / 8);
	}
}

static uint64_t some_id(uint64_t *seed)
{
	return nth_id(random64(seed) % 40) + random64(seed) % 8;
}

static void rule_28_the_memory_keeps_its_promises_over_any_course_of_time(void **state)
{
	enum { ROUNDS = 12, PUTS = 4000 };
	struct world *w = *state;
	struct put *log = calloc(PUTS, sizeof(*log));
	uint64_t seed = 28, seen[3] = {0};

	assert_non_null(log);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t now = round % 3 == 0 ? 0 : random64(&seed) >> (round % 3 == 1 ? 8 : 30);
		uint32_t buckets = 1u << round % 4;

		clear(w, buckets);
		for (unsigned n = 0; n < PUTS; n++) {
			uint64_t id = some_id(&seed);
			unsigned found = get(w, id, now);

			seen[found]++;
			check_found(log, n, buckets - 1, id, now, found);
			id = some_id(&seed);
			nx_txmemory_put(&w->m, id, now);
			log[n] = (struct put){id, now};
			assert_int_equal(get(w, id, now), NX_TX_HELD);
			now += time_step(&seed);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(seen[i], 500, UINT32_MAX);
	free(log);
}

/* ---- capacity ---- */

/* Puts rate ids a second for a time, and returns how many of 10,000 others are then not new. */
static unsigned not_new_after(struct world *w, unsigned rate, unsigned seconds, uint64_t now)
{
	uint64_t seed = rate;
	unsigned n = 0;

	for (unsigned i = 0; i < rate * seconds; i++)
		nx_txmemory_put(&w->m, random64(&seed), now + (uint64_t)i * S / rate);
	for (unsigned i = 0; i < 10000; i++)
		n += get(w, random64(&seed), now + seconds * S) != NX_TX_NEW;
	return n;
}

/* 12,000 passed requests a second fill NX_TXMEMORY_BUCKETS as 188 fill 1,024. */
static void rule_28_the_rated_load_costs_few_answers(void **state)
{
	assert_in_range(
		not_new_after(*state, 12000 / (NX_TXMEMORY_BUCKETS / BUCKETS_MAX), 100, 7), 0, 50);
}

static void rule_28_a_flood_ends_with_itself(void **state)
{
	struct world *w = *state;
	uint64_t seed = 1;

	assert_in_range(not_new_after(w, 4000, 40, START), 9990, 10000);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(get(w, random64(&seed), START + 73 * S), NX_TX_NEW);
}

/* ---- ids ---- */

struct fields {
	const char *method, *uri, *sent_by, *branch, *call_id, *cseq;
};

static const struct fields usual = {"INVITE", URI, "198.51.100.7:5060", ";branch=z9hG4bK776asdhds",
	"a84b4c76e66710@pc33", "314159"};

static void message(struct request *r, const struct fields *f)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s%s\r\nMax-Forwards: 70\r\n"
		"From: <sip:a@example.org>;tag=1\r\nTo: <" URI ">\r\nCall-ID: %s\r\n"
		"CSeq: %s %s\r\n\r\n",
		f->method, f->uri, f->sent_by, f->branch, f->call_id, f->cseq, f->method);
	request_make(r, &(struct frame_spec){0}, text);
}

static uint64_t id_of(const struct nx_txmemory *m, const struct fields *f)
{
	const struct nx_packet *p;
	struct request r;
	struct guard g;
	uint64_t id[NX_BURST_MAX], plain[NX_BURST_MAX], sse2[NX_BURST_MAX];

	guard_init(&g);
	message(&r, f);
	request_guard(&r, &g);
	p = &r.p;
	nx_txmemory_ids(m, &p, 1, id);
	txmemory_ids_plain(m, &p, 1, plain);
	txmemory_ids_sse2(m, &p, 1, sse2);
	assert_true(id[0] == plain[0] && id[0] == sse2[0]);
	guard_fini(&g);
	return id[0];
}

static void rule_28_each_part_tells_transactions_apart(void **state)
{
	const struct world *w = *state;
	struct fields other[] = {usual, usual, usual, usual, usual, usual, usual, usual, usual};
	const uint64_t id = id_of(&w->m, &usual);
	uint64_t ids[N(other)];

	other[0].method = "MESSAGE";
	other[1].uri = "sip:+442079460001@192.0.2.10";
	other[2].sent_by = "198.51.100.7";
	other[3].branch = ";branch=z9hG4bK776asdhdt"; /* of one fork: the rest is the same */
	other[4].branch = "";                         /* RFC 2543 */
	other[5].call_id = "a84b4c76e66710@pc34";
	other[6].cseq = "314160";
	other[7].sent_by = "one"; /* the same two texts the other way round */
	other[7].branch = ";branch=two";
	other[8].sent_by = "two";
	other[8].branch = ";branch=one";
	assert_true(id == id_of(&w->m, &usual));
	for (unsigned i = 0; i < N(other); i++) {
		ids[i] = id_of(&w->m, &other[i]);
		assert_true(ids[i] != id);
		for (unsigned k = 0; k < i; k++)
			assert_true(ids[i] != ids[k]);
	}
}

/* Texts about as long as NH's place for them, and longer: each byte counts. */
static void rule_28_texts_of_any_length_count_whole(void **state)
{
	enum { LONG = 140 };
	const struct world *w = *state;
	char text[LONG + 20];

	for (unsigned part = 0; part < 4; part++) {
		uint64_t before = 0;

		for (unsigned n = 1; n < LONG; n++) {
			static const char *const heads[] = {";branch=", "", "", "sip:a@"};
			struct fields f = usual;
			const char **const fields[] = {&f.branch, &f.sent_by, &f.call_id, &f.uri};
			char *last = text +
				     snprintf(text, sizeof(text), "%s%0*u", heads[part], n, 1) - 1;
			uint64_t id;

			*fields[part] = text;
			id = id_of(&w->m, &f);
			assert_true(id != before);
			before = id;
			*last = '2';
			assert_true(id != id_of(&w->m, &f));
		}
	}
}

static void rule_28_the_key_decides_the_ids(void **state)
{
	struct world *w = *state;
	uint64_t id = id_of(&w->m, &usual);

	for (unsigned bit = 0; bit < 128; bit++) {
		struct nx_txmemory m;
		uint8_t other[16];

		memcpy(other, key, sizeof(other));
		other[bit / 8] = (uint8_t)(other[bit / 8] ^ 1u << bit % 8);
		nx_txmemory_init(&m, other, w->bucket, w->trace, BUCKETS_MAX);
		assert_true(id_of(&m, &usual) != id);
	}
}

/* ---- bursts ---- */

struct burst {
	struct request r[NX_BURST_MAX];
	struct nx_packet *p[NX_BURST_MAX];
	unsigned n;
};

static void burst_add(struct burst *b, const char *call_id, unsigned reason)
{
	struct fields f = usual;

	f.call_id = call_id;
	message(&b->r[b->n], &f);
	b->r[b->n].p.reason = (uint8_t)reason;
	b->p[b->n] = &b->r[b->n].p;
	b->n++;
}

static unsigned one(struct world *w, const char *call_id, unsigned reason, uint64_t now)
{
	struct burst b = {.n = 0};

	burst_add(&b, call_id, reason);
	nx_txmemory_apply(&w->m, &w->policy, now, b.p, 1);
	return b.p[0]->reason;
}

static const unsigned ended[] = {NX_R_UNKNOWN_NUMBER, NX_R_UNKNOWN_NAME, NX_R_GONE_404,
	NX_R_RULE_404, NX_R_REGISTER_404, NX_R_GONE_604, NX_R_RULE_604, NX_R_RULE_DROP,
	NX_R_PUBLIC_DROP};
static const unsigned kept[] = {NX_R_HOST, NX_R_NO_TABLE, NX_R_KNOWN, NX_R_OVERLAP, NX_R_OPEN,
	NX_R_RULE_PASS, NX_R_RULE_FAILED, NX_R_SETTLING, NX_R_SHADOW_404, NX_R_SHADOW_604,
	NX_R_SHADOW_DROP, NX_R_PUBLIC_PASS, NX_R_SYMMETRIC};

static bool among(const unsigned *list, size_t n, unsigned reason)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == reason)
			return true;
	return false;
}

static void rule_28_what_was_passed_goes_on_passing(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < N(kept); i++)
		for (unsigned k = 0; k < N(ended); k++) {
			clear(w, BUCKETS_MAX);
			assert_int_equal(one(w, "a", kept[i], START), kept[i]);
			assert_int_equal(one(w, "a", ended[k], START + S / 2), NX_R_IN_TRANSACTION);
			assert_int_equal(
				one(w, "a", ended[k], START + 32 * S), NX_R_IN_TRANSACTION);
			assert_int_equal(one(w, "a", ended[k], START + 34 * S), ended[k]);
			assert_int_equal(one(w, "b", ended[k], START + S), ended[k]);
		}
}

static void rule_28_not_what_was_answered_before(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(
			one(w, "a", NX_R_UNKNOWN_NUMBER, START + i * S), NX_R_UNKNOWN_NUMBER);
}

static void rule_28_not_for_other_reasons(void **state)
{
	static const struct nx_txbucket none[BUCKETS_MAX];
	struct world *w = *state;

	for (unsigned r = 0; r < NX_REASON_COUNT; r++) {
		if (among(ended, N(ended), r) || among(kept, N(kept), r))
			continue;
		assert_int_equal(one(w, "a", r, START), r);
		assert_memory_equal(w->bucket, none, sizeof(none));
		w->policy.settle_until_ns = UINT64_MAX;
		assert_int_equal(one(w, "a", r, START), r);
		w->policy.settle_until_ns = 0;
		atomic_store(&w->recall.until_ns, 0);
		assert_int_equal(one(w, "a", r, START), r);
		assert_int_equal(w->m.n_waiting, 0);
		nx_recall_hold(&w->recall);
	}
}

static void rule_28_nothing_is_answered_while_the_box_settles(void **state)
{
	struct world *w = *state;

	w->policy.settle_until_ns = START + 32 * S;
	for (unsigned k = 0; k < N(ended); k++) {
		clear(w, BUCKETS_MAX);
		assert_int_equal(one(w, "a", ended[k], START), NX_R_SETTLING);
		assert_int_equal(one(w, "b", ended[k], START + 32 * S - 1), NX_R_SETTLING);
		assert_int_equal(one(w, "c", ended[k], START + 32 * S), ended[k]);
		/* what was passed meanwhile is a transaction as any other */
		assert_int_equal(one(w, "b", ended[k], START + 63 * S), NX_R_IN_TRANSACTION);
		assert_int_equal(one(w, "b", ended[k], START + 66 * S), ended[k]);
	}
	assert_int_equal(one(w, "d", NX_R_KNOWN, START), NX_R_KNOWN);
}

static void rule_28_not_looked_up_long_after_a_change(void **state)
{
	struct world *w = *state;

	assert_int_equal(one(w, "a", NX_R_KNOWN, START), NX_R_KNOWN);
	atomic_store(&w->recall.until_ns, START + 10 * S);
	assert_int_equal(one(w, "a", NX_R_UNKNOWN_NUMBER, START + 10 * S), NX_R_UNKNOWN_NUMBER);
	assert_int_equal(one(w, "a", NX_R_UNKNOWN_NUMBER, START + 10 * S - 1), NX_R_IN_TRANSACTION);
	assert_int_equal(one(w, "b", NX_R_KNOWN, START + 10 * S), NX_R_KNOWN);
	nx_recall_hold(&w->recall); /* what passed meanwhile is remembered */
	assert_int_equal(one(w, "b", NX_R_UNKNOWN_NUMBER, START + 20 * S), NX_R_IN_TRANSACTION);
}

static void rule_28_a_packet_that_passes_late_is_remembered(void **state)
{
	struct world *w = *state;
	struct burst b = {.n = 0};

	burst_add(&b, "a", NX_R_UNKNOWN_NUMBER);
	nx_txmemory_apply(&w->m, &w->policy, START, b.p, 1);
	b.p[0]->reason = NX_R_NO_BUFFER;
	nx_txmemory_remember(&w->m, START, b.p[0]);
	assert_int_equal(one(w, "a", NX_R_UNKNOWN_NUMBER, START + S), NX_R_IN_TRANSACTION);
}

/* By the traces, most requests that were not passed are known for such even then; not here, where
 * so many meet in four of them. */
static void rule_28_an_overflow_passes_and_does_not_feed_itself(void **state)
{
	struct world *w = *state;
	char call_id[16];

	clear(w, 1);
	for (unsigned i = 0; i <= 4 * NX_TXMEMORY_SLOTS; i++) {
		(void)snprintf(call_id, sizeof(call_id), "known%u", i);
		assert_int_equal(one(w, call_id, NX_R_KNOWN, START), NX_R_KNOWN);
	}
	for (unsigned i = 0; i < 320; i++) {
		(void)snprintf(call_id, sizeof(call_id), "junk%u", i);
		assert_int_equal(one(w, call_id, NX_R_UNKNOWN_NUMBER, START + i * S / 10),
			NX_R_MEMORY_OVERFLOW);
	}
	assert_int_equal(one(w, "junk0", NX_R_UNKNOWN_NUMBER, START + 33 * S), NX_R_UNKNOWN_NUMBER);
}

static void rule_28_what_left_no_trace_does_not_disturb_the_journal(void **state)
{
	struct world *w = *state;
	unsigned asked = 0;

	assert_int_equal(one(w, "a", NX_R_KNOWN, START), NX_R_KNOWN);
	assert_int_equal(w->m.n_waiting, 1);
	for (unsigned i = 0; i < 100; i++) {
		char call_id[16];

		(void)snprintf(call_id, sizeof(call_id), "junk%u", i);
		assert_int_equal(
			one(w, call_id, NX_R_UNKNOWN_NUMBER, START + S), NX_R_UNKNOWN_NUMBER);
		asked += w->m.n_waiting == 0;
		clear(w, BUCKETS_MAX);
		assert_int_equal(one(w, "a", NX_R_KNOWN, START), NX_R_KNOWN);
	}
	assert_in_range(asked, 0, 2);
}

/* Texts too short for eight bytes, and absent ones, with unreadable pages on both sides. */
static void rule_28_texts_of_any_length_leave_a_trace(void **state)
{
	enum { LONG = 20 };
	struct world *w = *state;
	struct guard g;

	guard_init(&g);
	for (unsigned n = 1; n < LONG; n++) {
		for (unsigned k = 0; k < LONG; k++) {
			char call_id[LONG + 1], branch[LONG + 16];
			struct fields f = usual;
			struct nx_packet *p;
			struct request r;

			(void)snprintf(call_id, sizeof(call_id), "%0*u", n, 1);
			(void)snprintf(branch, sizeof(branch), k ? ";branch=%0*u" : "", k, 2);
			f.call_id = call_id;
			f.branch = branch;
			message(&r, &f);
			request_guard(&r, &g);
			clear(w, BUCKETS_MAX);
			p = &r.p;
			for (unsigned reason = NX_R_KNOWN, i = 0; i < 2; i++) {
				p->reason = (uint8_t)reason;
				nx_txmemory_apply(&w->m, &w->policy, START, &p, 1);
				assert_int_equal(p->reason, i ? NX_R_IN_TRANSACTION : NX_R_KNOWN);
				reason = NX_R_UNKNOWN_NUMBER;
			}
		}
	}
	guard_fini(&g);
}

/* Any burst, and any split of it, ends alike; within one, what came first counts first. */
static void rule_28_any_split_of_a_burst_is_the_same(void **state)
{
	static const unsigned reasons[] = {
		NX_R_KNOWN, NX_R_UNKNOWN_NUMBER, NX_R_CANCEL, NX_R_GONE_604};
	struct world *w = *state;
	struct burst *whole = malloc(sizeof(*whole)), *split = malloc(sizeof(*split));
	uint64_t seed = 5, passed = 0;

	assert_true(whole && split);
	for (unsigned round = 0; round < 300; round++) {
		whole->n = split->n = 0;
		while (whole->n < NX_BURST_MAX) {
			unsigned reason = reasons[random64(&seed) % 4];
			char call_id[16];

			(void)snprintf(
				call_id, sizeof(call_id), "c%u", (unsigned)(random64(&seed) % 24));
			burst_add(whole, call_id, reason);
			burst_add(split, call_id, reason);
		}
		clear(w, 4);
		nx_txmemory_apply(&w->m, &w->policy, START, whole->p, whole->n);
		clear(w, 4);
		for (unsigned i = 0, k; i < split->n; i += k) {
			k = 1 + (unsigned)(random64(&seed) % (split->n - i));
			nx_txmemory_apply(&w->m, &w->policy, START, split->p + i, k);
		}
		for (unsigned i = 0; i < whole->n; i++) {
			assert_int_equal(whole->p[i]->reason, split->p[i]->reason);
			passed += whole->p[i]->reason == NX_R_IN_TRANSACTION;
		}
	}
	assert_in_range(passed, 300, UINT32_MAX);
	free(whole);
	free(split);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(rule_28_a_transaction_is_held_for_32_seconds),
		test(rule_28_a_retransmission_that_passes_is_held_anew),
		test(rule_28_any_id_can_be_held),
		test(rule_28_what_a_full_bucket_lost_passes_until_it_would_have_ended),
		test(rule_28_an_ended_entry_makes_room_without_loss),
		test(rule_28_the_memory_keeps_its_promises_over_any_course_of_time),
		test(rule_28_the_rated_load_costs_few_answers),
		test(rule_28_a_flood_ends_with_itself),
		test(rule_28_each_part_tells_transactions_apart),
		test(rule_28_texts_of_any_length_count_whole),
		test(rule_28_the_key_decides_the_ids),
		test(rule_28_what_was_passed_goes_on_passing),
		test(rule_28_not_what_was_answered_before),
		test(rule_28_not_for_other_reasons),
		test(rule_28_nothing_is_answered_while_the_box_settles),
		test(rule_28_not_looked_up_long_after_a_change),
		test(rule_28_a_packet_that_passes_late_is_remembered),
		test(rule_28_an_overflow_passes_and_does_not_feed_itself),
		test(rule_28_what_left_no_trace_does_not_disturb_the_journal),
		test(rule_28_texts_of_any_length_leave_a_trace),
		test(rule_28_any_split_of_a_burst_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
