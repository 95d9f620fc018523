/* Frames that a port delivers in several segments: whatever the split, the packet is judged and
 * answered as if it had come whole. Real mbufs, laid out by hand, so that no EAL is needed: each
 * segment lies before an unreadable page. The frames are what fuzzing begins with
 * (tests/fuzz/corpus): requests, and raw frames with all kinds of headers; and the corpora's
 * messages, where they are. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "dataplane/core/reply.h"
#include "dataplane/shell/attach.h"
#include "tests/unit/guard.h"
#include "tests/unit/world.h"

#define SEGMENTS_MAX 3
#define MTU          9000

struct bench {
	struct world *w;
	struct guard segment[SEGMENTS_MAX];
	uint8_t *linear;
};

struct judged {
	struct nx_packet p;
	uint8_t reply[FRAME_MAX];
	uint32_t reply_len;
};

static int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	void *w;

	assert_non_null(b);
	assert_int_equal(world_setup(&w), 0);
	b->w = w;
	world_build(b->w);
	b->linear = malloc(NX_FRAME_MAX);
	assert_non_null(b->linear);
	for (unsigned i = 0; i < SEGMENTS_MAX; i++)
		guard_init(&b->segment[i]);
	*state = b;
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *b = *state;
	void *w = b->w;

	for (unsigned i = 0; i < SEGMENTS_MAX; i++)
		guard_fini(&b->segment[i]);
	free(b->linear);
	free(b);
	return world_teardown(&w);
}

/* The frame in n segments that begin at from[].  Return: the first one's mbuf, of m. */
static struct rte_mbuf *lay(struct bench *b, const uint8_t *frame, size_t len, const size_t from[],
	unsigned n, struct rte_mbuf m[SEGMENTS_MAX])
{
	for (unsigned i = 0; i < n; i++) {
		size_t end = i + 1 < n ? from[i + 1] : len;
		const uint8_t *at = guard_tail(&b->segment[i], frame + from[i], end - from[i]);

		memset(&m[i], 0, sizeof(m[i]));
		m[i].buf_addr = b->segment[i].first;
		m[i].buf_len = UINT16_MAX;
		m[i].data_off = (uint16_t)(at - b->segment[i].first);
		m[i].data_len = (uint16_t)(end - from[i]);
		m[i].next = i + 1 < n ? &m[i + 1] : NULL;
	}
	m[0].pkt_len = (uint32_t)len;
	m[0].nb_segs = (uint16_t)n;
	return &m[0];
}

/* Nobody in place of somebody, so that most are answered. */
static void call_nobody(uint8_t *text, size_t len)
{
	static const char known[] = "+442079460000@";
	uint8_t *at = text;

	while ((at = memmem(at, (size_t)(text + len - at), known, sizeof(known) - 1)))
		at[sizeof(known) - 3] = '2';
}

/* As a worker does with a packet alone in its burst. */
static void judge(struct bench *b, const struct rte_mbuf *m, struct judged *out)
{
	struct nx_packet *burst[1] = {&out->p};
	const struct nx_packet *answered[1] = {&out->p};
	char tag[1][NX_TO_TAG_LEN];
	struct nx_reply_peer peer = {0};
	struct nx_reply_options o = {
		.policy = b->w->policy, .peer = &peer, .tag = tag[0], .mtu = MTU};
	enum nx_verdict verdict;

	memset(&out->p, 0, sizeof(out->p));
	nx_attach(&out->p, m, false, b->linear);
	nx_pipeline_judge(b->w->pipeline, b->w->policy, b->w->now_ns, burst, 1);
	verdict = nx_reason_info(out->p.reason)->verdict;
	out->reply_len = 0;
	if (verdict != NX_404 && verdict != NX_604)
		return;
	nx_reply_tags(&b->w->policy->tag_key[0], answered, 1, tag);
	out->reply_len = nx_reply_build(&out->p, verdict, &o, out->reply, sizeof(out->reply));
}

static void assert_same(const struct judged *whole, const struct judged *split)
{
	struct nx_packet p = split->p;

	assert_int_equal(p.frame_len, whole->p.frame_len);
	assert_memory_equal(p.frame, whole->p.frame, p.frame_len);
	/* all that the stages wrote but where the frame lies, and which packet it is */
	p.frame = whole->p.frame;
	p.like = whole->p.like;
	assert_memory_equal(&p, &whole->p, sizeof(p));
	assert_int_equal(split->reply_len, whole->reply_len);
	assert_memory_equal(split->reply, whole->reply, whole->reply_len);
}

/* Every split in two, and so many in three.  Return: whether the frame is answered. */
static bool split_all(struct bench *b, const uint8_t *frame, size_t len)
{
	static struct judged whole, split;
	struct rte_mbuf m[SEGMENTS_MAX];
	static struct guard held;

	if (!held.map)
		guard_init(&held);
	lay(b, frame, len, (const size_t[]){0}, 1, m);
	judge(b, m, &whole);
	whole.p.frame = guard_tail(&held, frame, len);
	for (size_t at = 1; at < len; at++) {
		judge(b, lay(b, frame, len, (const size_t[]){0, at}, 2, m), &split);
		assert_ptr_equal(split.p.frame, b->linear);
		assert_same(&whole, &split);
		if (at < 2)
			continue;
		judge(b, lay(b, frame, len, (const size_t[]){0, at * at % (at - 1) + 1, at}, 3, m),
			&split);
		assert_same(&whole, &split);
	}
	return whole.reply_len > 0;
}

/* Return: the number of files; *answered: of those of which a reply was made. */
static unsigned each(struct bench *b, const char *dir, bool frames, unsigned *answered)
{
	uint8_t text[GUARD_MAX], frame[FRAME_MAX];
	const struct frame_spec spec = {.sport = 5060};
	struct dirent **entry;
	int n = scandir(dir, &entry, NULL, alphasort);
	unsigned files = 0;

	*answered = 0;
	for (int i = 0; i < n; i++) {
		char path[512];
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		f = entry[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
		free(entry[i]);
		if (!f)
			continue;
		len = fread(text, 1, FRAME_MAX - 256, f);
		fclose(f);
		files++;
		call_nobody(text, len);
		if (frames)
			*answered += split_all(b, text, len);
		else
			*answered += split_all(b, frame, frame_build(frame, &spec, text, len));
	}
	free(entry);
	return files;
}

static void requests_in_two_and_three_segments_are_judged_as_whole(void **state)
{
	unsigned answered;

	assert_in_range(each(*state, "tests/fuzz/corpus/sip", false, &answered), 100, 10000);
	assert_in_range(answered, 20, 10000);
}

static void frames_in_two_and_three_segments_are_judged_as_whole(void **state)
{
	unsigned answered;

	assert_in_range(each(*state, "tests/fuzz/corpus/decode", true, &answered), 20, 10000);
}

static void corpus_messages_in_two_and_three_segments_are_judged_as_whole(void **state)
{
	static const char *const corpora[] = {"abnf-generated", "jain-sip-torture",
		"kamailio-test-sip", "pjsip-fuzz-seeds", "rfc4475", "rfc5118", "sofia-sip-tests"};
	const char *root = getenv("NX_CORPORA");
	unsigned answered, files = 0;

	root = root ? root : "../shared/corpora";
	if (access(root, F_OK) != 0) {
		print_message("skipped: no corpora\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(corpora) / sizeof(corpora[0]); i++) {
		char dir[512];

		snprintf(dir, sizeof(dir), "%s/%s/raw", root, corpora[i]);
		files += each(*state, dir, false, &answered);
	}
	assert_in_range(files, 1000, 100000);
}

static void a_frame_beyond_the_room_is_cut_there(void **state)
{
	struct bench *b = *state;
	static uint8_t text[NX_FRAME_MAX + 100];
	struct rte_mbuf m[SEGMENTS_MAX];
	struct nx_packet p = {0};

	memset(text, 'x', sizeof(text));
	lay(b, text, sizeof(text), (const size_t[]){0, 40000}, 2, m);
	nx_attach(&p, m, false, b->linear);
	assert_int_equal(p.frame_len, NX_FRAME_MAX);
	assert_ptr_equal(p.frame, b->linear);
	assert_memory_equal(p.frame, text, NX_FRAME_MAX);
}

static void what_the_core_sends_is_left_in_its_segments(void **state)
{
	struct bench *b = *state;
	const uint8_t text[100] = {0};
	struct rte_mbuf m[SEGMENTS_MAX];
	struct nx_packet p = {0};

	lay(b, text, sizeof(text), (const size_t[]){0, 50}, 2, m);
	nx_attach(&p, m, true, b->linear);
	assert_true(p.from_core);
	assert_ptr_equal(p.frame, rte_pktmbuf_mtod(&m[0], const uint8_t *));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_in_two_and_three_segments_are_judged_as_whole),
		cmocka_unit_test(corpus_messages_in_two_and_three_segments_are_judged_as_whole),
		cmocka_unit_test(frames_in_two_and_three_segments_are_judged_as_whole),
		cmocka_unit_test(a_frame_beyond_the_room_is_cut_there),
		cmocka_unit_test(what_the_core_sends_is_left_in_its_segments),
	};

	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
