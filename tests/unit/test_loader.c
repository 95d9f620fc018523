/* CSV loads: what comes in, what is refused and in which words, and that workers never see less
 * than either the old or the new users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <urcu-qsbr.h>

#include "control/server/engine_internal.h"
#include "tests/unit/engine_box.h"

enum { MERGE, REPLACE, SKIP = 2, NAMES = 4 };

static const struct nx_load_result *load_fd(struct nx_box *b, int fd, unsigned how)
{
	struct nx_load_request r = {.domain = "example.com",
		.guard.max_shrink = NX_SHRINK_ANY,
		.fd = fd,
		.client = "test",
		.replace = how & REPLACE,
		.skip_bad = how & SKIP,
		.digits_are_names = how & NAMES};
	struct nx_engine_events ev;

	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_engine_wait(b->e, &ev);
	assert_non_null(ev.loaded);
	b->err = ev.loaded->err;
	return ev.loaded;
}

static const struct nx_load_result *load(struct nx_box *b, const char *csv, unsigned how)
{
	return load_fd(b, nx_scratch_file(b->dir, csv, strlen(csv)), how);
}

static void counts(const struct nx_load_result *r, uint64_t rows, uint64_t added, uint64_t changed,
	uint64_t removed, uint64_t unchanged, uint64_t count)
{
	if (r->code != 0)
		fail_msg("load: %s", r->err.text);
	assert_int_equal(r->rows, rows);
	assert_int_equal(r->added, added);
	assert_int_equal(r->changed, changed);
	assert_int_equal(r->removed, removed);
	assert_int_equal(r->unchanged, unchanged);
	assert_int_equal(r->count, count);
	assert_int_equal(r->rows, r->added + r->changed + r->unchanged + r->skipped);
}

static enum nx_user_state served(struct nx_box *b, const char *key)
{
	return nx_box_served(b, "example.com", key);
}

/* ---- what a file may look like ---- */

static void every_lawful_form_is_read(void **state)
{
	struct nx_box *b = *state;
	const struct nx_load_result *r = load(b,
		"\xef\xbb\xbf"
		"User,STATE\r\n"
		"# a comment, with a comma\n"
		"\n"
		"  \t\r\n"
		"alice\r\n"
		"bob,known\n"
		"carol,\n"
		" dave , gone \n"
		"+44 20 7946-0000,head\n"
		"\"eve\"\n"
		"\"fr\"\"ank\",\"gone\"\n"
		"\"gr,ace\" , known\n"
		"sip:x;y\n"
		"last,gone",
		MERGE);

	counts(r, 10, 10, 0, 0, 0, 10);
	assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
	assert_int_equal(served(b, "bob"), NX_USER_KNOWN);
	assert_int_equal(served(b, "carol"), NX_USER_KNOWN);
	assert_int_equal(served(b, "dave"), NX_USER_GONE);
	assert_int_equal(served(b, "+442079460000"), NX_USER_HEAD);
	assert_int_equal(served(b, "eve"), NX_USER_KNOWN);
	assert_int_equal(served(b, "fr\"ank"), NX_USER_GONE);
	assert_int_equal(served(b, "gr,ace"), NX_USER_KNOWN);
	assert_int_equal(served(b, "sip:x;y"), NX_USER_KNOWN);
	assert_int_equal(served(b, "last"), NX_USER_GONE);
	assert_true(nx_box_domain(b, "example.com")->has_heads);
}

static void a_header_is_one_only_at_the_top(void **state)
{
	struct nx_box *b = *state;

	counts(load(b, "user\nalice\n", MERGE), 1, 1, 0, 0, 0, 1);
	assert_int_equal(served(b, "user"), NX_USER_ABSENT);
	counts(load(b, "alice\nuser\n", MERGE), 2, 1, 0, 0, 1, 2);
	assert_int_equal(served(b, "user"), NX_USER_KNOWN);
}

static void bare_digits_are_names_only_if_asked(void **state)
{
	struct nx_box *b = *state;

	assert_int_equal(load(b, "02079460000\n", MERGE)->code, NX_ERR_INVALID);
	nx_box_says_part(b, "row 1, column 1: ");
	counts(load(b, "02079460000\n", MERGE | NAMES), 1, 1, 0, 0, 0, 1);
	assert_int_equal(served(b, "02079460000"), NX_USER_KNOWN);
}

/* ---- bad rows ---- */

static void every_bad_row_is_named_and_refuses_the_load(void **state)
{
	struct nx_box *b = *state;
	char longest[1100], why[300];
	static const struct {
		const char *row, *says;
		uint32_t column;
	} bad[] = {
		{"eve,kown", "the state is none of known, gone, head: \"eve,kown\"", 5},
		{"eve, lost", "the state is none of known, gone, head: \"eve, lost\"", 6},
		{"eve,known,1", "more than two columns: they are user and state: \"eve,known,1\"",
			11},
		{"\"eve", "a quote is opened and not closed on this line: \"\"eve\"", 1},
		{"eve,\"known", "a quote is opened and not closed on this line: \"eve,\"known\"",
			5},
		{"\"eve\"x",
			"text follows the closing quote: separate the columns by a comma: "
			"\"\"eve\"x\"",
			6},
		{"eve;known",
			"the columns are separated by a semicolon: it must be a comma: "
			"\"eve;known\"",
			1},
	};

	counts(load(b, "alice\n", MERGE), 1, 1, 0, 0, 0, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (unsigned how = MERGE; how <= REPLACE; how++) {
			char csv[200];
			const struct nx_load_result *r;

			snprintf(csv, sizeof(csv), "user,state\nbob\n%s\ncarol\n", bad[i].row);
			r = load(b, csv, how);
			assert_int_equal(r->code, NX_ERR_INVALID);
			assert_int_equal(r->bad_row, 3);
			assert_int_equal(r->bad_column, bad[i].column);
			snprintf(why, sizeof(why), "row 3, column %u: %s; nothing was loaded",
				bad[i].column, bad[i].says);
			nx_box_says(b, why);
			assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
			assert_int_equal(served(b, "bob"), NX_USER_ABSENT);
		}
	}
	/* what nx_key_from_row refuses, with its words */
	static const struct {
		const char *row;
		enum nx_row_err e;
	} bad_user[] = {{",known", NX_ROW_EMPTY}, {"\"\"", NX_ROW_EMPTY},
		{"+44x", NX_ROW_BAD_NUMBER}, {"2079460000", NX_ROW_BARE_DIGITS},
		{"e\tve", NX_ROW_CONTROL_BYTE}, {"e\rve", NX_ROW_CONTROL_BYTE}};

	for (size_t i = 0; i < sizeof(bad_user) / sizeof(bad_user[0]); i++) {
		assert_int_equal(load(b, bad_user[i].row, MERGE)->code, NX_ERR_INVALID);
		snprintf(why, sizeof(why), "row 1, column 1: %s: ", nx_row_err_text(bad_user[i].e));
		nx_box_says_part(b, why);
	}
	memset(longest, 'a', sizeof(longest));
	longest[121] = '\0';
	assert_int_equal(load(b, longest, MERGE)->code, NX_ERR_INVALID);
	nx_box_says_part(b, nx_row_err_text(NX_ROW_TOO_LONG));
	longest[121] = 'a';
	longest[1025] = '\0';
	assert_int_equal(load(b, longest, MERGE)->code, NX_ERR_INVALID);
	nx_box_says_part(b, "row 1, column 1025: the line is longer than 1024 bytes");
}

static void a_line_longer_than_any_buffer_is_one_bad_row(void **state)
{
	struct nx_box *b = *state;
	size_t len = (size_t)3 << 20;
	char *csv = malloc(len);
	const struct nx_load_result *r;

	memset(csv, 'a', len);
	memcpy(csv, "bob\n", 4);
	memcpy(csv + len - 7, "\nalice\n", 7);
	r = load_fd(b, nx_scratch_file(b->dir, csv, len), MERGE | SKIP);
	counts(r, 3, 2, 0, 0, 0, 2);
	assert_int_equal(r->skipped, 1);
	assert_int_equal(r->bad[0].row, 2);
	assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
	assert_int_equal(served(b, "bob"), NX_USER_KNOWN);
	free(csv);
}

static void a_nul_cuts_nothing(void **state)
{
	struct nx_box *b = *state;

	assert_int_equal(
		load_fd(b, nx_scratch_file(b->dir, "al\0ice\n", 7), MERGE)->code, NX_ERR_INVALID);
	nx_box_says_part(b, "\"al?ice\"");
}

static void skip_bad_loads_the_rest_and_lists_them(void **state)
{
	struct nx_box *b = *state;
	const struct nx_load_result *r = load(b, "alice\n+1x\nbob,odd\ncarol\n", REPLACE | SKIP);
	char *csv = malloc(20000), *p = csv;

	counts(r, 4, 2, 0, 0, 0, 2);
	assert_int_equal(r->skipped, 2);
	assert_int_equal(r->n_bad, 2);
	assert_int_equal(r->bad[0].row, 2);
	assert_int_equal(r->bad[0].column, 1);
	assert_string_equal(r->bad[0].text, "+1x");
	assert_string_equal(r->bad[0].why, nx_row_err_text(NX_ROW_BAD_NUMBER));
	assert_int_equal(r->bad[1].row, 3);
	assert_int_equal(r->bad[1].column, 5);
	assert_string_equal(r->bad[1].why, "the state is none of known, gone, head");
	assert_int_equal(served(b, "carol"), NX_USER_KNOWN);
	assert_int_equal(served(b, "bob"), NX_USER_ABSENT);
	for (int i = 0; i < 1000; i++)
		p += sprintf(p, "u%d,odd\n", i);
	strcpy(p, "dave\n");
	r = load(b, csv, MERGE | SKIP);
	counts(r, 1001, 1, 0, 0, 0, 3);
	assert_int_equal(r->skipped, 1000);
	assert_int_equal(r->n_bad, NX_BAD_ROWS_MAX);
	assert_int_equal(r->bad[NX_BAD_ROWS_MAX - 1].row, NX_BAD_ROWS_MAX);
	free(csv);
}

static void rule_27_a_gone_row_needs_authority(void **state)
{
	struct nx_box *b = *state;
	struct nx_domain_change c = {.authoritative = &(const bool){false}};
	const struct nx_load_result *r;

	counts(load(b, "old,gone\n", MERGE), 1, 1, 0, 0, 0, 1);
	assert_int_equal(nx_engine_domain_set(b->e, "example.com", &c, NULL, &b->err), 0);
	for (unsigned how = MERGE; how <= REPLACE; how++) {
		r = load(b, "alice\nlost,gone\n", how);
		assert_int_equal(r->code, NX_ERR_AUTHORITY);
		assert_int_equal(r->bad_row, 2);
		nx_box_says(b, "row 2, column 6: a gone user needs a domain marked authoritative "
			       "(domain set NAME --authoritative): \"lost\"; nothing was "
			       "loaded");
		assert_int_equal(served(b, "alice"), NX_USER_ABSENT);
		assert_int_equal(served(b, "old"), NX_USER_GONE);
	}
	r = load(b, "alice\nlost,gone\n", MERGE | SKIP);
	counts(r, 2, 1, 0, 0, 0, 2);
	assert_int_equal(r->skipped, 1);
	assert_int_equal(served(b, "lost"), NX_USER_ABSENT);
	assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
}

/* ---- merge and replace ---- */

static void merging_adds_changes_and_keeps(void **state)
{
	struct nx_box *b = *state;

	counts(load(b, "a\nb\nc,gone\n", MERGE), 3, 3, 0, 0, 0, 3);
	counts(load(b, "d,head\nb,gone\nc,gone\na\n", MERGE), 4, 1, 1, 0, 2, 4);
	assert_int_equal(served(b, "a"), NX_USER_KNOWN);
	assert_int_equal(served(b, "b"), NX_USER_GONE);
	assert_int_equal(served(b, "c"), NX_USER_GONE);
	assert_int_equal(served(b, "d"), NX_USER_HEAD);
	assert_true(nx_box_domain(b, "example.com")->has_heads);
	nx_box_restart(b);
	assert_int_equal(served(b, "b"), NX_USER_GONE);
	assert_int_equal(served(b, "d"), NX_USER_HEAD);
}

static void replacing_removes_what_the_file_lacks(void **state)
{
	struct nx_box *b = *state;
	uint64_t version;
	const struct nx_load_result *r;

	counts(load(b, "a\nb\nc,gone\nz\n", REPLACE), 4, 4, 0, 0, 0, 4);
	r = load(b, "y\nb,gone\nc,gone\n", REPLACE); /* not in order */
	counts(r, 3, 1, 1, 2, 1, 3);
	version = r->version;
	assert_int_equal(nx_engine_records(b->e)->meta.version, version);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(served(b, "a"), NX_USER_ABSENT);
		assert_int_equal(served(b, "b"), NX_USER_GONE);
		assert_int_equal(served(b, "c"), NX_USER_GONE);
		assert_int_equal(served(b, "y"), NX_USER_KNOWN);
		assert_int_equal(served(b, "z"), NX_USER_ABSENT);
		nx_box_restart(b);
	}
	assert_int_equal(nx_engine_records(b->e)->meta.version, version);
}

static void of_rows_with_one_user_the_last_counts(void **state)
{
	struct nx_box *b = *state;

	counts(load(b, "a\na,gone\nb\n", REPLACE), 3, 2, 0, 0, 1, 2);
	assert_int_equal(served(b, "a"), NX_USER_GONE);
	counts(load(b, "b\na\nb,gone\na,head\na\n", REPLACE), 5, 0, 2, 0, 3, 2);
	assert_int_equal(served(b, "a"), NX_USER_KNOWN);
	assert_int_equal(served(b, "b"), NX_USER_GONE);
	assert_int_equal(load(b, "a,gone\na\na,gone\n", MERGE)->code, 0);
	assert_int_equal(served(b, "a"), NX_USER_GONE);
}

static void other_domains_are_left_alone(void **state)
{
	struct nx_box *b = *state;
	const struct nx_domain_change plain = {0};
	struct nx_user_change u = {
		.domain = "z.example", .user = "a", .len = 1, .state = NX_USER_KNOWN};
	struct nx_user_changed changed;

	assert_int_equal(nx_engine_domain_add(b->e, "z.example", &plain, NULL, &b->err), 0);
	assert_int_equal(nx_engine_user_set(b->e, &u, &changed, &b->err), 0);
	counts(load(b, "b\nc\n", REPLACE), 2, 2, 0, 0, 0, 2);
	counts(load(b, "a\nd\n", REPLACE), 2, 2, 0, 2, 0, 2);
	nx_box_restart(b);
	assert_int_equal(nx_box_served(b, "z.example", "a"), NX_USER_KNOWN);
	assert_int_equal(served(b, "b"), NX_USER_ABSENT);
	assert_int_equal(served(b, "d"), NX_USER_KNOWN);
}

static void an_empty_file_replaces_nobody(void **state)
{
	struct nx_box *b = *state;

	counts(load(b, "", REPLACE), 0, 0, 0, 0, 0, 0);
	counts(load(b, "a\n", REPLACE), 1, 1, 0, 0, 0, 1);
	assert_int_equal(load(b, "user,state\n", REPLACE)->code, NX_ERR_GUARD);
	nx_box_says(b, "the file holds no user: to replace by it would remove all 1 users of "
		       "example.com; nothing was loaded (--force if that is meant)");
	assert_int_equal(served(b, "a"), NX_USER_KNOWN);
	counts(load(b, "", MERGE), 0, 0, 0, 0, 0, 1);
}

static void a_collision_in_a_merge_is_healed(void **state)
{
	struct nx_box *b = *state;
	struct nx_users *t;
	enum nx_user_state old;

	counts(load(b, "a\nb\n", MERGE), 2, 2, 0, 0, 0, 2);
	t = nx_box_domain(b, "example.com")->users;
	nx_users_set(t, nx_users_hash(t, "c", 1), NX_USER_GONE, &old);
	counts(load(b, "c\nd\n", MERGE), 2, 2, 0, 0, 0, 4);
	assert_ptr_not_equal(nx_box_domain(b, "example.com")->users, t); /* built anew */
	assert_int_equal(served(b, "a"), NX_USER_KNOWN);
	assert_int_equal(served(b, "c"), NX_USER_KNOWN);
	assert_int_equal(served(b, "d"), NX_USER_KNOWN);
}

static void a_merge_into_a_domain_without_a_table_builds_one(void **state)
{
	struct nx_box *b = *state;

	counts(load(b, "a\nb\n", MERGE), 2, 2, 0, 0, 0, 2);
	nx_engine_destroy(b->e);
	nx_box_open(b, nx_box_config(b));
	assert_null(nx_box_domain(b, "example.com")->users);
	counts(load(b, "c\n", MERGE), 1, 1, 0, 0, 0, 3);
	assert_int_equal(served(b, "a"), NX_USER_KNOWN);
	assert_int_equal(served(b, "c"), NX_USER_KNOWN);
}

/* ---- starting, stopping ---- */

static void only_regular_files_are_read(void **state)
{
	struct nx_box *b = *state;
	struct nx_load_request r = {.domain = "example.com", .client = "test"};
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	r.fd = fds[0];
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), NX_ERR_INVALID);
	nx_box_says_part(b, "only a regular file can be loaded");
	assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* taken over, also on error */
	close(fds[1]);
	r.fd = open(b->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), NX_ERR_INVALID);
	r.fd = -1;
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), NX_ERR_INVALID);
	r.fd = nx_scratch_file(b->dir, "a\n", 2);
	r.domain = "none.example";
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), NX_ERR_NOT_FOUND);
}

/* n numbers from +44700000000 on, in order or not */
static int many(struct nx_box *b, unsigned n, bool sorted, const char *state)
{
	char *csv = malloc((size_t)n * 24 + 1), *p = csv;
	int fd;

	for (uint64_t i = 0; i < n; i++)
		p += sprintf(p, "+447%08u,%s\n", (unsigned)(sorted ? i : i * 7919 % n), state);
	fd = nx_scratch_file(b->dir, csv, (size_t)(p - csv));
	free(csv);
	return fd;
}

static void a_cancelled_load_leaves_everything_as_it_was(void **state)
{
	struct nx_box *b = *state;
	struct nx_engine_events ev;
	uint64_t version;

	counts(load(b, "a\n", MERGE), 1, 1, 0, 0, 0, 1);
	version = nx_engine_records(b->e)->meta.version;
	for (unsigned how = MERGE; how <= REPLACE; how++) {
		struct nx_load_request r = {
			.domain = "example.com", .client = "test", .replace = how == REPLACE};

		r.fd = many(b, 300000, true, "known");
		assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
		nx_engine_load_cancel(b->e);
		nx_engine_wait(b->e, &ev);
		assert_int_equal(ev.loaded->code, NX_ERR_CANCELLED);
		assert_string_equal(ev.loaded->err.text, "cancelled: nothing was loaded");
		assert_int_equal(nx_engine_records(b->e)->meta.version, version);
		assert_int_equal(served(b, "a"), NX_USER_KNOWN);
		assert_int_equal(served(b, "+44700000000"), NX_USER_ABSENT);
	}
	counts(load(b, "b\n", MERGE), 1, 1, 0, 0, 0, 2);
}

static void destroying_the_engine_ends_a_load(void **state)
{
	struct nx_box *b = *state;
	struct nx_load_request r = {.domain = "example.com", .client = "test"};

	r.fd = many(b, 300000, false, "known");
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_box_restart(b);
	assert_int_equal(served(b, "+44700000000"), NX_USER_ABSENT);
}

/* ---- many rows ---- */

static void many_rows_in_any_order_by_either_way(void **state)
{
	struct nx_box *b = *state;
	enum { N = 200000 };
	struct nx_domain_info info;

	counts(load_fd(b, many(b, N, true, "known"), MERGE), N, N, 0, 0, 0, N);
	counts(load_fd(b, many(b, N, false, "gone"), MERGE), N, 0, N, 0, 0, N);
	counts(load_fd(b, many(b, N / 2, false, "known"), REPLACE), N / 2, 0, N / 2, N / 2, 0,
		N / 2);
	counts(load_fd(b, many(b, N, true, "known"), REPLACE), N, N / 2, 0, 0, N / 2, N);
	nx_engine_domain_info(b->e, 0, &info);
	assert_int_equal(info.known, N);
	for (unsigned i = 0; i < N; i += 97) {
		char key[16];

		snprintf(key, sizeof(key), "+447%08u", i);
		assert_int_equal(served(b, key), NX_USER_KNOWN);
	}
	nx_box_restart(b);
	nx_engine_domain_info(b->e, 0, &info);
	assert_int_equal(info.known, N);
}

/* Large loads are written beside the users in force, under another id: nothing else may notice. */
static void large_loads_are_staged(void **state)
{
	struct nx_box *b = *state;
	enum { N = NX_LOAD_STAGED + 100000 };
	uint32_t id = nx_engine_records(b->e)->domains[0].id;
	struct nx_domain_info info;

	assert_int_equal(
		nx_engine_range_add(b->e, "example.com", "+4479", 12, 12, NULL, &b->err), 0);
	counts(load(b, "zoe,gone\n+44700000001,gone\n", REPLACE), 2, 2, 0, 0, 0, 2);
	assert_int_equal(nx_engine_records(b->e)->domains[0].id, id);
	counts(load_fd(b, many(b, N, false, "known"), REPLACE), N, N - 1, 1, 1, 0, N);
	assert_int_not_equal(nx_engine_records(b->e)->domains[0].id, id);
	id = nx_engine_records(b->e)->domains[0].id;
	assert_int_equal(nx_engine_records(b->e)->ranges[0].domain, id);
	/* as it is: nothing to write */
	counts(load_fd(b, many(b, N, true, "known"), REPLACE), N, 0, 0, 0, N, N);
	assert_int_equal(nx_engine_records(b->e)->domains[0].id, id);
	counts(load(b, "alice\n+44700000000,gone\n", MERGE), 2, 1, 1, 0, 0, N + 1);
	assert_int_equal(nx_engine_records(b->e)->domains[0].id, id);
	/* a merge that changes a large part */
	counts(load_fd(b, many(b, N, true, "gone"), MERGE), N, 0, N - 1, 0, 1, N + 1);
	assert_int_not_equal(nx_engine_records(b->e)->domains[0].id, id);
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), 0);
	for (int i = 0; i < 2; i++) {
		nx_engine_domain_info(b->e, 0, &info);
		assert_int_equal(info.known, 2);
		assert_int_equal(info.gone, N);
		assert_int_equal(served(b, "alice"), NX_USER_KNOWN);
		assert_int_equal(served(b, "bob"), NX_USER_KNOWN);
		assert_int_equal(served(b, "zoe"), NX_USER_ABSENT);
		assert_int_equal(served(b, "+44700600000"), NX_USER_GONE);
		assert_int_equal(nx_engine_records(b->e)->n_ranges, 1);
		nx_box_restart(b);
	}
	counts(load(b, "alice\n", REPLACE), 1, 0, 0, N + 1, 1, 1);
	assert_int_equal(served(b, "bob"), NX_USER_ABSENT);
}

static void progress_is_reported_and_bounded(void **state)
{
	struct nx_box *b = *state;
	struct nx_load_request r = {.domain = "example.com",
		.client = "test",
		.replace = true,
		.guard.max_shrink = NX_SHRINK_ANY};
	struct nx_engine_events ev;

	r.fd = many(b, 300000, false, "known");
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_engine_wait(b->e, &ev);
	assert_int_equal(ev.loaded->code, 0);
	assert_true(ev.progress); /* at least that of the commit */
	assert_int_equal(ev.at.phase, NX_LOAD_COMMIT);
	assert_string_equal(nx_load_phase_name(ev.at.phase), "commit");
	assert_int_equal(ev.at.rows, 300000);
	assert_int_equal(ev.at.bytes, ev.at.size);
}

struct reader {
	struct nx_box *b;
	atomic_bool stop;
	uint64_t reads, misses;
};

/* As a worker does: what is in the old users and in the new ones is never missing. */
static void *read_all_the_time(void *arg)
{
	struct reader *r = arg;

	rcu_register_thread();
	while (!atomic_load(&r->stop)) {
		const struct nx_policy *p = rcu_dereference(r->b->slot);

		for (unsigned i = 0; i < 64 && p && p->n_domains; i++) {
			const struct nx_users *t = p->domains[0].users;
			char key[16];

			snprintf(key, sizeof(key), "+447%08u", i * 101);
			r->misses += !t || nx_users_probe(t, nx_users_hash(t, key, 12)) == 0;
			r->reads++;
		}
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void workers_never_miss_a_user_that_stays(void **state)
{
	struct nx_box *b = *state;
	struct reader r = {.b = b};
	pthread_t thread;

	counts(load_fd(b, many(b, 10000, true, "known"), MERGE), 10000, 10000, 0, 0, 0, 10000);
	assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &r), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(load_fd(b, many(b, 60000, false, "gone"), MERGE)->code, 0);
		assert_int_equal(load_fd(b, many(b, 10000, true, "known"), REPLACE)->code, 0);
		assert_int_equal(nx_box_user(b, "alice", NX_USER_KNOWN), 0);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_true(r.reads > 0);
	assert_int_equal(r.misses, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, nx_box_setup, nx_box_teardown)
		T(every_lawful_form_is_read),
		T(a_header_is_one_only_at_the_top),
		T(bare_digits_are_names_only_if_asked),
		T(every_bad_row_is_named_and_refuses_the_load),
		T(a_line_longer_than_any_buffer_is_one_bad_row),
		T(a_nul_cuts_nothing),
		T(skip_bad_loads_the_rest_and_lists_them),
		T(rule_27_a_gone_row_needs_authority),
		T(merging_adds_changes_and_keeps),
		T(replacing_removes_what_the_file_lacks),
		T(of_rows_with_one_user_the_last_counts),
		T(other_domains_are_left_alone),
		T(an_empty_file_replaces_nobody),
		T(a_collision_in_a_merge_is_healed),
		T(a_merge_into_a_domain_without_a_table_builds_one),
		T(only_regular_files_are_read),
		T(a_cancelled_load_leaves_everything_as_it_was),
		T(destroying_the_engine_ends_a_load),
		T(many_rows_in_any_order_by_either_way),
		T(large_loads_are_staged),
		T(progress_is_reported_and_bounded),
		T(workers_never_miss_a_user_that_stays),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
