/* Datagrams in fragments (rule 36): every order of arrival, ids used again, floods, and the memory
 * against a naive model. */
#include "dataplane/core/fragment.h"
#include "tests/unit/chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define N(array)    (sizeof(array) / sizeof((array)[0]))
#define S           UINT64_C(1000000000)
#define START       (1000 * S)
#define BUCKETS_MAX 256

static const uint8_t key[16] = "fragments-key-16";

struct world {
	struct nx_fragments m;
	struct nx_fragment_bucket bucket[BUCKETS_MAX];
};

static int make_world(void **state)
{
	struct world *w = aligned_alloc(64, sizeof(struct world));

	assert_non_null(w);
	memset(w, 0, sizeof(*w));
	nx_fragments_init(&w->m, key, w->bucket, BUCKETS_MAX);
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
	nx_fragments_init(&w->m, key, w->bucket, buckets);
}

static bool is_empty(const struct world *w)
{
	for (unsigned i = 0; i < BUCKETS_MAX; i++)
		for (unsigned k = 0; k < NX_FRAGMENT_SLOTS; k++)
			if (w->bucket[i].slot[k].fate != 0)
				return false;
	return true;
}

/* A datagram of 3,508 bytes in the fragments of a 1,500-byte path. */
enum { FIRST, MIDDLE, LAST, PIECES };

static struct nx_fragment piece(uint32_t id, unsigned which)
{
	static const uint16_t off[PIECES] = {0, 1480, 2960}, len[PIECES] = {1480, 1480, 548};
	struct nx_fragment f = {
		.src = nx_addr_v4((const uint8_t[4]){198, 51, 100, 7}),
		.dst = nx_addr_v4((const uint8_t[4]){192, 0, 2, 10}),
		.id = id,
		.vlan = 0xffff,
		.off = off[which],
		.len = len[which],
		.total = which == FIRST ? 3508 : 0,
	};

	return f;
}

static bool first(struct world *w, uint32_t id, bool ends, uint64_t now)
{
	struct nx_fragment f = piece(id, FIRST);

	return nx_fragments_follow(&w->m, &f, ends, now);
}

static bool later(struct world *w, uint32_t id, unsigned which, uint64_t now)
{
	struct nx_fragment f = piece(id, which);

	return nx_fragments_follow(&w->m, &f, false, now);
}

/* ---- one datagram ---- */

static void rule_36_later_fragments_follow_the_first(void **state)
{
	struct world *w = *state;

	for (int ends = 0; ends < 2; ends++) {
		assert_int_equal(first(w, 7, ends, START), ends);
		assert_int_equal(later(w, 7, MIDDLE, START + 1), ends);
		assert_false(is_empty(w));
		assert_int_equal(later(w, 7, LAST, START + 2), ends);
		assert_true(is_empty(w)); /* whole: the id is free */
	}
}

static void rule_36_unknown_fragments_pass(void **state)
{
	struct world *w = *state;

	assert_false(later(w, 7, LAST, START));
	assert_true(first(w, 8, true, START));
}

/* The SBC gets all of a datagram or nothing, in whatever order it comes. */
static void rule_36_any_order_gives_all_or_nothing(void **state)
{
	static const unsigned order[6][PIECES] = {{FIRST, MIDDLE, LAST}, {FIRST, LAST, MIDDLE},
		{MIDDLE, FIRST, LAST}, {MIDDLE, LAST, FIRST}, {LAST, FIRST, MIDDLE},
		{LAST, MIDDLE, FIRST}};
	struct world *w = *state;

	for (unsigned i = 0; i < 6; i++)
		for (int ends = 0; ends < 2; ends++) {
			bool want = ends && order[i][0] == FIRST;

			for (unsigned k = 0; k < PIECES; k++) {
				struct nx_fragment f = piece(7, order[i][k]);

				assert_int_equal(nx_fragments_follow(&w->m, &f, ends, START), want);
			}
			assert_true(is_empty(w));
		}
}

static void rule_36_duplicates_follow_too(void **state)
{
	struct world *w = *state;

	assert_true(first(w, 7, true, START));
	assert_true(first(w, 7, true, START));
	assert_true(later(w, 7, MIDDLE, START));
	assert_true(later(w, 7, MIDDLE, START));
	assert_true(later(w, 7, LAST, START));
}

static void rule_36_a_first_that_passes_opens_the_way(void **state)
{
	struct world *w = *state;

	assert_true(first(w, 7, true, START)); /* forged, or of another datagram */
	assert_true(later(w, 7, LAST, START));
	assert_false(first(w, 7, false, START));
	assert_false(later(w, 7, MIDDLE, START));
	assert_false(later(w, 7, LAST, START));
}

static void rule_36_where_one_first_passed_no_other_ends(void **state)
{
	struct world *w = *state;

	assert_false(first(w, 7, false, START));
	assert_false(first(w, 7, true, START));
	assert_false(later(w, 7, MIDDLE, START));
}

static void rule_36_a_first_taken_back_passes_with_all_that_follows(void **state)
{
	struct world *w = *state;

	assert_true(first(w, 7, true, START));
	assert_false(first(w, 7, false, START)); /* no buffer for the reply */
	assert_false(later(w, 7, MIDDLE, START));
	assert_false(later(w, 7, LAST, START));
	assert_true(is_empty(w));
}

static void rule_36_overlaps_follow_as_well(void **state)
{
	struct world *w = *state;
	struct nx_fragment over = piece(7, MIDDLE);

	assert_true(first(w, 7, true, START));
	over.off = 8; /* would overwrite what was judged */
	assert_true(nx_fragments_follow(&w->m, &over, false, START));
	over.off = 2960;
	over.len = 65528;
	assert_true(nx_fragments_follow(&w->m, &over, false, START));
}

/* ---- which datagram ---- */

static void rule_36_each_part_tells_datagrams_apart(void **state)
{
	struct world *w = *state;
	struct nx_fragment other[5];

	for (unsigned i = 0; i < N(other); i++)
		other[i] = piece(7, LAST);
	other[0].src.b[15]++;
	other[1].dst.b[15]++;
	other[2].id++;
	other[3].id += 0x10000; /* IPv6 ids have 32 bits */
	other[4].vlan = 7;
	assert_true(first(w, 7, true, START));
	for (unsigned i = 0; i < N(other); i++)
		assert_false(nx_fragments_follow(&w->m, &other[i], false, START));
	assert_true(later(w, 7, LAST, START));
}

static void rule_36_an_id_may_come_again(void **state)
{
	struct world *w = *state;

	for (uint64_t i = 0; i < 100; i++) { /* at once, whatever the one before was */
		int ends = i % 3 == 0;

		assert_int_equal(first(w, 7, ends, START + i), ends);
		assert_int_equal(later(w, 7, MIDDLE, START + i), ends);
		assert_int_equal(later(w, 7, LAST, START + i), ends);
	}
	assert_true(first(w, 7, true, START + S)); /* its rest is lost on the way */
	assert_false(first(w, 7, false, START + 2 * S));
	assert_false(later(w, 7, MIDDLE, START + 2 * S));
	assert_false(later(w, 7, LAST, START + 2 * S));
	assert_true(is_empty(w));
}

static void rule_36_a_datagram_is_forgotten_after_30_seconds(void **state)
{
	struct world *w = *state;

	for (uint64_t at = 0; at < S / 10; at += S / 333) {
		clear(w, BUCKETS_MAX);
		assert_true(first(w, 7, true, at));
		assert_true(later(w, 7, MIDDLE, at + 30 * S));
		assert_false(later(w, 7, MIDDLE, at + 30 * S + S / 25));

		clear(w, BUCKETS_MAX);
		assert_false(later(w, 7, MIDDLE, at));
		assert_false(later(w, 7, LAST, at + 29 * S)); /* does not make it younger */
		assert_false(first(w, 7, true, at + 30 * S));
		assert_false(later(w, 8, MIDDLE, at));
		assert_true(first(w, 8, true, at + 30 * S + S / 25));
	}
}

static void rule_36_the_key_decides_the_bucket(void **state)
{
	struct world *w = *state;
	unsigned same = 0;

	for (unsigned bit = 0; bit < 128; bit++) {
		uint8_t other[16];

		memcpy(other, key, sizeof(other));
		other[bit / 8] = (uint8_t)(other[bit / 8] ^ 1u << bit % 8);
		clear(w, BUCKETS_MAX);
		assert_true(first(w, 7, true, START));
		memcpy(w->m.key, other, sizeof(other));
		same += later(w, 7, LAST, START);
	}
	assert_int_equal(same, 0);
}

/* ---- capacity ---- */

static void rule_36_a_flood_of_later_fragments_pushes_out_no_verdict(void **state)
{
	struct world *w = *state;

	clear(w, 1);
	for (uint32_t id = 0; id < NX_FRAGMENT_SLOTS; id++)
		assert_true(first(w, id, true, START));
	for (uint32_t id = 100; id < 10000; id++) {
		assert_false(later(w, id, MIDDLE, START));
		assert_false(first(w, id, false, START));
	}
	for (uint32_t id = 0; id < NX_FRAGMENT_SLOTS; id++)
		assert_true(later(w, id, MIDDLE, START + S));
}

static void rule_36_a_flood_of_later_fragments_does_not_keep_firsts_from_an_answer(void **state)
{
	struct world *w = *state;

	clear(w, 1);
	for (uint32_t id = 0; id < 1000; id++) {
		assert_false(later(w, 2 * id, MIDDLE, START + id));
		assert_true(first(w, 2 * id + 1, true, START + id));
		assert_true(later(w, 2 * id + 1, MIDDLE, START + id));
	}
}

static void rule_36_of_too_many_verdicts_the_oldest_goes(void **state)
{
	struct world *w = *state;

	clear(w, 1);
	for (uint32_t id = 0; id <= NX_FRAGMENT_SLOTS; id++)
		assert_true(first(w, id, true, START + id * S));
	assert_false(later(w, 0, LAST, START + 9 * S));
	for (uint32_t id = 1; id <= NX_FRAGMENT_SLOTS; id++)
		assert_true(later(w, id, LAST, START + 9 * S));
}

static void rule_36_a_verdict_takes_the_place_of_what_passed(void **state)
{
	struct world *w = *state;

	clear(w, 1);
	for (uint32_t id = 0; id < NX_FRAGMENT_SLOTS; id++)
		assert_int_equal(first(w, id, id != 2, START + id * S), id != 2);
	assert_true(first(w, 9, true, START + 5 * S));
	for (uint32_t id = 0; id < NX_FRAGMENT_SLOTS; id++)
		assert_int_equal(later(w, id, LAST, START + 6 * S), id != 2);
	assert_true(later(w, 9, LAST, START + 6 * S));
}

/* ---- the model: no table, no hash, every fragment ever seen ---- */

#define IDS 6

struct model {
	struct {
		bool known, ended, has_first;
		int missing;
		uint64_t since;
	} of[IDS];
};

static bool model_follow(struct model *m, const struct nx_fragment *f, bool ends, uint64_t now)
{
	bool known = m->of[f->id].known && now - m->of[f->id].since <= NX_FRAGMENT_LIFE_NS;
	bool passed = known && !m->of[f->id].ended;
	bool ended = f->off ? known && !passed : ends && !passed;

	if (!known) {
		memset(&m->of[f->id], 0, sizeof(m->of[f->id]));
		m->of[f->id].since = now;
	}
	m->of[f->id].known = true;
	m->of[f->id].ended = ended;
	if (f->off == 0) {
		if (m->of[f->id].has_first)
			m->of[f->id].missing = 0;
		m->of[f->id].has_first = true;
		m->of[f->id].missing += f->total;
		m->of[f->id].since = now;
	}
	m->of[f->id].missing -= f->len;
	if (m->of[f->id].has_first && m->of[f->id].missing == 0)
		m->of[f->id].known = false;
	return ended;
}

/* Ages are multiples of 0.1 s, so that the 33 ms by which the memory's life is coarse never decide.
 */
static void rule_36_the_memory_is_the_model(void **state)
{
	struct world *w = *state;
	struct model model = {0};
	uint64_t seed = 36, now = 0, ended = 0, passed = 0;

	for (unsigned i = 0; i < 300000; i++) {
		uint64_t r = random64(&seed);
		struct nx_fragment f = piece((uint32_t)(r % IDS), (unsigned)(r >> 8) % PIECES);
		bool ends = r >> 16 & 1, got;

		if ((r >> 20) % 4 == 0) /* odd sizes: overlaps, and sums that never fit */
			f.len = (uint16_t)(8 * (r >> 32 & 0xff) + 8);
		got = nx_fragments_follow(&w->m, &f, ends, now);
		assert_int_equal(got, model_follow(&model, &f, ends, now));
		ended += got;
		passed += !got;
		if ((r >> 24) % 8 == 0)
			now += (r >> 40) % ((r >> 27) % 8 == 0 ? 400 : 20) * (S / 10);
	}
	assert_in_range(ended, 10000, UINT32_MAX);
	assert_in_range(passed, 10000, UINT32_MAX);
}

/* Whatever is pushed out: nothing is ended but what the last first of its datagram was ended for,
 * and no first is kept from passing. */
static void rule_36_a_full_memory_only_passes_more(void **state)
{
	enum { MANY = 64 };
	struct world *w = *state;
	bool last_first_ended[MANY] = {0};
	uint64_t seed = 4, now = START, ended = 0, lost = 0;

	clear(w, 2);
	for (unsigned i = 0; i < 300000; i++) {
		uint64_t r = random64(&seed);
		uint32_t id = (uint32_t)(r % MANY);
		bool ends = r >> 16 & 1, got;

		if (r >> 17 & 1) {
			got = first(w, id, ends, now);
			assert_true(!got || ends);
			last_first_ended[id] = got;
		} else {
			got = later(w, id, 1 + (r >> 18 & 1), now);
			assert_true(!got || last_first_ended[id]);
			lost += !got && last_first_ended[id];
		}
		ended += got;
		now += (r >> 40) % (S / 100);
	}
	assert_in_range(ended, 10000, UINT32_MAX);
	assert_in_range(lost, 10000, UINT32_MAX);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(rule_36_later_fragments_follow_the_first),
		test(rule_36_unknown_fragments_pass),
		test(rule_36_any_order_gives_all_or_nothing),
		test(rule_36_duplicates_follow_too),
		test(rule_36_a_first_that_passes_opens_the_way),
		test(rule_36_where_one_first_passed_no_other_ends),
		test(rule_36_a_first_taken_back_passes_with_all_that_follows),
		test(rule_36_overlaps_follow_as_well),
		test(rule_36_each_part_tells_datagrams_apart),
		test(rule_36_an_id_may_come_again),
		test(rule_36_a_datagram_is_forgotten_after_30_seconds),
		test(rule_36_the_key_decides_the_bucket),
		test(rule_36_a_flood_of_later_fragments_pushes_out_no_verdict),
		test(rule_36_a_flood_of_later_fragments_does_not_keep_firsts_from_an_answer),
		test(rule_36_of_too_many_verdicts_the_oldest_goes),
		test(rule_36_a_verdict_takes_the_place_of_what_passed),
		test(rule_36_the_memory_is_the_model),
		test(rule_36_a_full_memory_only_passes_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
