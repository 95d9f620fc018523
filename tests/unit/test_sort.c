/* Sorting rows in parts: against a plain sort, with parts of any number and size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <signal.h>

#include "control/server/load_sort.h"
#include "tests/unit/scratch.h"

struct numbered {
	struct nx_load_row row;
	unsigned n; /* in which it came */
};

static int by_key_then_order(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	const struct nx_key *k = &x->row.key, *l = &y->row.key;
	int c = memcmp(k->text, l->text, k->len < l->len ? k->len : l->len);

	if (c == 0)
		c = k->len - l->len;
	return c != 0 ? c : x->n < y->n ? -1 : 1;
}

/* Numbers near to each other, names that begin alike, names before and after numbers. */
static struct nx_load_row random_row(unsigned *seed, unsigned n)
{
	static const char *const form[] = {"+%u", "+4420%06u", "+442079460%05u", "a%u", "alice%08u",
		"alice.of.example.%u", "!%u", "~~~~~~~~~~~~~~~~~~~~%u", "%u", "+1"};
	unsigned value = (unsigned)rand_r(seed) / 8 % 5000 + 1, i = (unsigned)rand_r(seed) / 8 % 10;
	struct nx_load_row row = {.state = (uint8_t)(1 + n % 3)};
	char text[64];

	row.key.len = (uint8_t)snprintf(text, sizeof(text), form[i], value);
	memcpy(row.key.text, text, row.key.len);
	row.key.kind = text[0] == '+' ? NX_KEY_NUMBER : NX_KEY_NAME;
	return row;
}

static int spool(const char *dir)
{
	char path[NX_SCRATCH_PATH + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/XXXXXX", dir);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void sorts(const char *dir, unsigned n, size_t rows, size_t bytes)
{
	struct numbered *want = calloc(n + 1, sizeof(*want));
	unsigned seed = n * 31 + (unsigned)rows;
	int fd = spool(dir);
	struct nx_sort *s = nx_sort_create(fd, rows, bytes);
	struct nx_load_row got;
	struct nx_error err;

	assert_non_null(s);
	for (unsigned i = 0; i < n; i++) {
		want[i] = (struct numbered){random_row(&seed, i), i};
		assert_int_equal(nx_sort_add(s, &want[i].row, &err), 0);
	}
	assert_int_equal(nx_sort_end(s, &err), 0);
	qsort(want, n, sizeof(*want), by_key_then_order);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(nx_sort_next(s, &got, &err), 1);
		assert_int_equal(got.key.len, want[i].row.key.len);
		assert_memory_equal(got.key.text, want[i].row.key.text, got.key.len);
		assert_int_equal(got.key.kind, want[i].row.key.kind);
		assert_int_equal(got.state, want[i].row.state);
	}
	assert_int_equal(nx_sort_next(s, &got, &err), 0);
	nx_sort_destroy(s);
	close(fd);
	free(want);
}

static void any_number_of_rows_in_any_number_of_parts(void **state)
{
	char dir[NX_SCRATCH_PATH];

	(void)state;
	nx_scratch_make(dir);
	for (unsigned n = 0; n < 20; n++) {
		for (size_t rows = 0; rows < 6; rows++)
			sorts(dir, n, rows, 1 << 20);
	}
	sorts(dir, 30000, 30000, 1 << 20); /* one */
	sorts(dir, 30000, 999, 1 << 20);   /* thirty, by rows */
	sorts(dir, 30000, 30000, 20000);   /* and by bytes */
	sorts(dir, 3000, 2, 1 << 20);      /* a thousand */
	nx_scratch_remove(dir);
}

static void a_full_disk_is_said(void **state)
{
	char dir[NX_SCRATCH_PATH];
	struct rlimit was, tight;
	struct nx_error err = {""};
	struct nx_load_row row;
	unsigned seed = 1;
	struct nx_sort *s;
	int fd, rc = 0;

	(void)state;
	nx_scratch_make(dir);
	fd = spool(dir);
	s = nx_sort_create(fd, 1000, 1 << 20);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = (struct rlimit){.rlim_cur = 64 * 1024, .rlim_max = was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (unsigned i = 0; i < 100000 && rc == 0; i++) {
		row = random_row(&seed, i);
		rc = nx_sort_add(s, &row, &err);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(rc, NX_ERR_IO);
	assert_non_null(strstr(err.text, "File too large: nothing was loaded; make room"));
	nx_sort_destroy(s);
	close(fd);
	nx_scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_rows_in_any_number_of_parts),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
