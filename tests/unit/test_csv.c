/* CSV rows and what they come out of: the short way against the long one, writing against reading,
 * compressed files whole, cut at every byte and damaged at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "control/server/csv.h"
#include "nxsip/users.h"
#include "tests/unit/scratch.h"

static const atomic_bool never;

struct text {
	char *s;
	size_t len;
};

static int setup(void **state)
{
	char *dir = malloc(NX_SCRATCH_PATH);

	nx_scratch_make(dir);
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	nx_scratch_remove(*state);
	free(*state);
	return 0;
}

/* Reads the file's rows, each added to *sum by its place; the last row stays in *row.
 * Return: NX_CSV_END or an error. */
struct sum {
	uint64_t rows, bad, value;
	struct nx_csv_row last;
	struct nx_error err;
};

static int read_fd(int fd, struct sum *sum)
{
	struct nx_csv csv;
	int rc;

	memset(sum, 0, sizeof(*sum));
	rc = nx_csv_init(&csv, fd, true, &never, &sum->err);
	while (rc == NX_OK && (rc = nx_csv_next(&csv, &sum->last, &sum->err)) > 0) {
		sum->rows++;
		sum->bad += rc == NX_CSV_BAD;
		for (unsigned i = 0; i < sum->last.key.len && rc == NX_CSV_ROW; i++)
			sum->value = sum->value * 31 + sum->last.key.text[i];
		sum->value = sum->value * 31 + (rc == NX_CSV_ROW ? sum->last.state : 9u);
		rc = NX_OK;
	}
	nx_csv_fini(&csv);
	return rc;
}

static int read_bytes(const char *dir, const void *bytes, size_t len, struct sum *sum)
{
	int fd = nx_scratch_file(dir, bytes, len), rc = read_fd(fd, sum);

	close(fd);
	return rc;
}

/* ---- rows ---- */

static const char *const states[] = {"", ",", ",known", ",gone", ",head", ",KNOWN", ",Gone",
	",lost", ",known,", " ,known", ", known", ",gon", ",gonee", ";known"};

/* What stands in quotes always takes the long way. */
static void the_short_way_reads_as_the_long_one(void **state)
{
	static const char *const users[] = {"+1", "+442079460000", "+123456789012345",
		"+1234567890123456", "+", "+0", "+0442079460000", "+44 20", "+44x", "+4420-7946",
		"442079460000", "alice", "+44207946000\r"};
	unsigned good = 0;

	for (size_t u = 0; u < sizeof(users) / sizeof(users[0]); u++) {
		for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
			char plain[100], quoted[100];
			struct sum a, b;

			snprintf(plain, sizeof(plain), "x\n%s%s\n", users[u], states[s]);
			snprintf(quoted, sizeof(quoted), "x\n\"%s\"%s\n", users[u], states[s]);
			assert_int_equal(read_bytes(*state, plain, strlen(plain), &a), 0);
			assert_int_equal(read_bytes(*state, quoted, strlen(quoted), &b), 0);
			if (states[s][0] == ';' || strchr(users[u], '\r'))
				continue; /* quotes change the meaning */
			if (a.value != b.value)
				fail_msg("%s is not read as %s", plain, quoted);
			assert_int_equal(a.bad, b.bad);
			good += !a.bad;
			if (!a.bad && states[s][0] == ',')
				assert_int_equal(a.last.state_column + 2, b.last.state_column);
		}
	}
	assert_in_range(good, 40, 120);
}

static uint8_t random_byte(unsigned *seed)
{
	static const char often[] = "\", \t#;+user0123";

	if (rand_r(seed) / 8 % 2)
		return (uint8_t)often[(unsigned)rand_r(seed) / 8 % (sizeof(often) - 1)];
	return (uint8_t)(0x20 + rand_r(seed) / 8 % 0x5f);
}

static void what_is_written_is_read_again(void **state)
{
	enum { N = 20000 };
	char *out = malloc((size_t)N * NX_CSV_ROW_MAX + 64), *p = out;
	struct nx_key *keys = calloc(N, sizeof(*keys));
	struct nx_csv csv;
	struct nx_csv_row row;
	struct nx_error err;
	unsigned seed = 20250131, n = 0;
	int fd;

	p += sprintf(p, NX_CSV_HEADER);
	while (n < N) {
		char text[NX_KEY_MAX];
		size_t len = (size_t)(1 + rand_r(&seed) / 8 % (n % 7 ? 12 : NX_KEY_MAX));

		for (size_t i = 0; i < len; i++)
			text[i] = (char)random_byte(&seed);
		if (nx_key_from_row(text, len, true, &keys[n]) != NX_ROW_OK)
			continue;
		p += nx_csv_write(keys[n].text, keys[n].len, (uint8_t)(1 + n % 3), p);
		n++;
	}
	fd = nx_scratch_file(*state, out, (size_t)(p - out));
	assert_int_equal(nx_csv_init(&csv, fd, true, &never, &err), 0);
	for (n = 0; n < N; n++) {
		int got = nx_csv_next(&csv, &row, &err);

		if (got != NX_CSV_ROW)
			fail_msg("row %u: %d, %s", n, got, got == NX_CSV_BAD ? row.why : "");
		assert_int_equal(row.key.len, keys[n].len);
		assert_memory_equal(row.key.text, keys[n].text, keys[n].len);
		assert_int_equal(row.key.kind, keys[n].kind);
		assert_int_equal(row.state, 1 + n % 3);
	}
	assert_int_equal(nx_csv_next(&csv, &row, &err), NX_CSV_END);
	nx_csv_fini(&csv);
	close(fd);
	free(keys);
	free(out);
}

static void reading_stops_when_it_is_told(void **state)
{
	atomic_bool cancel = true;
	struct nx_csv csv;
	struct nx_csv_row row;
	struct nx_error err;
	int fd = nx_scratch_file(*state, "a\n", 2);

	assert_int_equal(nx_csv_init(&csv, fd, false, &cancel, &err), 0);
	assert_int_equal(nx_csv_next(&csv, &row, &err), NX_ERR_CANCELLED);
	nx_csv_fini(&csv);
	close(fd);
}

/* ---- compressed ---- */

static struct text rows(unsigned n)
{
	struct text t = {.s = malloc((size_t)n * 24 + 16)};

	t.len = (size_t)sprintf(t.s, "user,state\n");
	for (unsigned i = 0; i < n; i++)
		t.len += (size_t)sprintf(
			t.s + t.len, "+44%010u,%s\n", i * 7919u, i % 5 ? "known" : "gone");
	return t;
}

static struct text gzip(const struct text *in)
{
	struct text t = {.s = malloc(in->len + 1000)};
	z_stream z = {.next_in = (Bytef *)in->s,
		.avail_in = (uInt)in->len,
		.next_out = (Bytef *)t.s,
		.avail_out = (uInt)(in->len + 1000)};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	t.len = z.total_out;
	deflateEnd(&z);
	return t;
}

static struct text zstd(const struct text *in)
{
	struct text t = {.s = malloc(ZSTD_compressBound(in->len))};
	ZSTD_CCtx *c = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1); /* as the command does */
	t.len = ZSTD_compress2(c, t.s, ZSTD_compressBound(in->len), in->s, in->len);
	assert_false(ZSTD_isError(t.len));
	ZSTD_freeCCtx(c);
	return t;
}

static const struct {
	const char *name;
	struct text (*pack)(const struct text *in);
} formats[] = {{"gzip", gzip}, {"zstd", zstd}};

static void compressed_files_are_known_by_their_content(void **state)
{
	struct text plain = rows(50000);
	struct sum want;

	assert_int_equal(read_bytes(*state, plain.s, plain.len, &want), 0);
	assert_int_equal(want.rows, 50000);
	for (int i = 0; i < 2; i++) {
		struct text t = formats[i].pack(&plain);
		struct sum got;
		char *twice = malloc(2 * t.len);

		assert_true(t.len < plain.len / 2);
		assert_int_equal(read_bytes(*state, t.s, t.len, &got), 0);
		assert_int_equal(got.rows, want.rows);
		assert_int_equal(got.value, want.value);
		/* appended, as `cat a.gz b.gz` does */
		memcpy(twice, t.s, t.len);
		memcpy(twice + t.len, t.s, t.len);
		assert_int_equal(read_bytes(*state, twice, 2 * t.len, &got), 0);
		assert_int_equal(got.rows, 2 * want.rows + 1); /* the second header is a user */
		/* and what follows that is no such thing */
		memset(twice + t.len, 'x', 4);
		assert_int_equal(read_bytes(*state, twice, t.len + 4, &got), NX_ERR_CORRUPT);
		assert_non_null(strstr(got.err.text, "are damaged at byte"));
		free(twice);
		free(t.s);
	}
	free(plain.s);
}

static void cut_short_at_any_byte_it_is_refused(void **state)
{
	struct text plain = rows(40);

	for (int i = 0; i < 2; i++) {
		struct text t = formats[i].pack(&plain);

		for (size_t len = i ? 4 : 2; len < t.len; len++) {
			struct sum got;
			char part[80];

			assert_int_equal(read_bytes(*state, t.s, len, &got), NX_ERR_CORRUPT);
			snprintf(part, sizeof(part),
				"the %s data are cut short: the file ends at byte %zu,",
				formats[i].name, len);
			if (!strstr(got.err.text, part))
				fail_msg("\"%s\" is not \"%s\"", got.err.text, part);
		}
		free(t.s);
	}
	free(plain.s);
}

/* gzip's header has bytes without meaning to us (time, system): the rows are then what they were.
 */
static void damaged_at_any_byte_it_gives_no_other_rows(void **state)
{
	struct text plain = rows(40);
	struct sum want;

	assert_int_equal(read_bytes(*state, plain.s, plain.len, &want), 0);
	for (int i = 0; i < 2; i++) {
		struct text t = formats[i].pack(&plain);
		unsigned refused = 0;

		for (size_t at = i ? 4 : 2; at < t.len; at++) {
			struct sum got;
			int rc;

			t.s[at] = (char)(t.s[at] ^ 0x24);
			rc = read_bytes(*state, t.s, t.len, &got);
			t.s[at] = (char)(t.s[at] ^ 0x24);
			refused += rc != 0;
			if (rc == 0 && got.value != want.value)
				fail_msg("%s, byte %zu: other rows", formats[i].name, at);
		}
		assert_true(refused > t.len * 9 / 10);
		free(t.s);
	}
	free(plain.s);
}

static void a_window_too_large_is_refused_with_the_way_out(void **state)
{
	static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x11 << 3, 0, 0, 0};
	struct sum got;

	assert_int_equal(read_bytes(*state, frame, sizeof(frame), &got), NX_ERR_UNSUPPORTED);
	assert_non_null(strstr(got.err.text, "window above 64 MiB: compress the file again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_short_way_reads_as_the_long_one),
		T(what_is_written_is_read_again),
		T(reading_stops_when_it_is_told),
		T(compressed_files_are_known_by_their_content),
		T(cut_short_at_any_byte_it_is_refused),
		T(damaged_at_any_byte_it_gives_no_other_rows),
		T(a_window_too_large_is_refused_with_the_way_out),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
