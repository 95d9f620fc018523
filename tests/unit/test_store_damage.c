/* A damaged store: its file cut at any byte, its bytes changed at random, its parts missing. It is
 * refused, or what was damaged did not matter and every answer is the right one; never a crash,
 * never another answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "control/store/store.h"
#include "tests/unit/scratch.h"

enum { USERS = 1200, PAGE = 4096, HEADER = 152, SEAL = 2048, SEAL_LEN = 32 };

struct sound {
	char dir[NX_SCRATCH_PATH], store[NX_SCRATCH_PATH + 16], data[NX_SCRATCH_PATH + 32];
	uint8_t *bytes;
	size_t len;
	struct nx_digest digest; /* of all data */
	uint64_t version;
	uint8_t secret[NX_USERS_SECRET_LEN];
};

static struct nx_key number(unsigned n)
{
	struct nx_key k = {.kind = NX_KEY_NUMBER};
	char text[16];

	k.len = (uint8_t)snprintf(text, sizeof(text), "+44%07u", n);
	memcpy(k.text, text, k.len);
	return k;
}

static bool count_user(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	uint64_t *n = arg;

	*n += len + key[0] + rec->state;
	return true;
}

/* Reads all there is, and looks every user up.  Return: 0 or the first error. */
static int read_all(struct nx_store *s, struct sound *out, struct nx_error *err)
{
	struct nx_store_records r;
	struct nx_tally tally[8];
	uint64_t n = 0;
	int rc = nx_store_read_all(s, &r, err);

	if (rc != 0)
		return rc;
	assert_in_range(r.n_domains, 0, 8);
	for (uint32_t i = 0; i < r.n_domains && rc == 0; i++)
		rc = nx_store_user_scan_all(s, r.domains[i].id, count_user, &n, err);
	if (rc == 0)
		rc = nx_store_tallies(s, r.domains, r.n_domains, tally, &out->version, err);
	if (rc == 0)
		out->digest = nx_digest_whole(&r, tally);
	for (unsigned i = 0; i < USERS && rc == 0; i += 7) {
		struct nx_user_record rec = {0};
		struct nx_key k = number(i);

		rc = nx_store_user_get(s, 1, &k, &rec, err);
		if (rc == NX_ERR_NOT_FOUND)
			rc = 0;
		if (rc == 0)
			assert_int_equal(rec.state, i % 3 ? 1 + i % 2 : NX_USER_ABSENT);
	}
	memcpy(out->secret, r.meta.users_secret, sizeof(out->secret));
	nx_store_records_fini(&r);
	return rc;
}

static void make_store(struct nx_store *s)
{
	struct nx_domain_def d[] = {{.id = 1, .name = "example.com", .authoritative = true},
		{.id = 2, .name = "z.example", .complete = true}};
	struct nx_range_def range = {1, {"+4420", 12, 13}};
	struct nx_rule_def rule = {9, 2, 70, NX_604, false, "^\\+4420[0-9]+$"};
	struct nx_error err;
	struct nx_store_txn *t;

	for (unsigned round = 0; round < 6; round++) {
		assert_int_equal(nx_store_begin(s, &t, &err), 0);
		for (unsigned i = 0; i < 2 && round == 0; i++)
			assert_int_equal(nx_store_domain_put(t, &d[i], &err), 0);
		if (round == 1) {
			assert_int_equal(nx_store_range_put(t, &range, &err), 0);
			assert_int_equal(nx_store_rule_put(t, &rule, &err), 0);
		}
		for (unsigned i = 0; i < USERS; i++) {
			struct nx_user_record rec = {.state = (uint8_t)(1 + (i + round + 1) % 2)};
			struct nx_key k = number(i);

			assert_int_equal(nx_store_user_put(t, 1, &k, &rec, NULL, &err), 0);
			if (i % 3 == 0 && round == 5)
				assert_int_equal(nx_store_user_del(t, 1, &k, NULL, &err), 0);
			if (i % 40 == 0)
				assert_int_equal(nx_store_user_put(t, 2, &k, &rec, NULL, &err), 0);
		}
		assert_int_equal(nx_store_commit(t, NULL, &err), 0);
	}
}

static void make_domain(struct nx_store *s, const char *name)
{
	struct nx_domain_def d = {.id = 3};
	struct nx_error err;
	struct nx_store_txn *t;

	snprintf(d.name, sizeof(d.name), "%s", name);
	assert_int_equal(nx_store_begin(s, &t, &err), 0);
	assert_int_equal(nx_store_domain_put(t, &d, &err), 0);
	assert_int_equal(nx_store_commit(t, NULL, &err), 0);
}

static int setup(void **state)
{
	struct sound *f = calloc(1, sizeof(*f));
	struct nx_store *s;
	struct nx_error err;
	struct stat st;
	int fd;

	nx_scratch_make(f->dir);
	snprintf(f->store, sizeof(f->store), "%s/store", f->dir);
	snprintf(f->data, sizeof(f->data), "%s/data.mdb", f->store);
	assert_int_equal(nx_store_open(f->store, 16, &s, &err), 0);
	make_store(s);
	assert_int_equal(read_all(s, f, &err), 0);
	nx_store_close(s);
	fd = open(f->data, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	f->len = (size_t)st.st_size;
	f->bytes = malloc(f->len);
	assert_int_equal(read(fd, f->bytes, f->len), (ssize_t)f->len);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct sound *f = *state;

	nx_scratch_remove(f->dir);
	free(f->bytes);
	free(f);
	return 0;
}

static void write_at(const struct sound *f, const void *bytes, size_t len, size_t at)
{
	int fd = open(f->data, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, (off_t)at), (ssize_t)len);
	close(fd);
}

static void write_data(const struct sound *f, const uint8_t *bytes, size_t len)
{
	write_at(f, bytes, len, 0);
	assert_int_equal(truncate(f->data, (off_t)len), 0);
}

/* An open that goes well seals the headers anew. */
static void mend_headers(const struct sound *f)
{
	write_at(f, f->bytes, 2 * PAGE, 0);
}

/* Whether it opens, and then with so many domains. */
static bool serves(const struct sound *f, uint32_t domains)
{
	struct nx_store_records r;
	struct nx_store *s;
	struct nx_error err = {""};
	int rc = nx_store_open(f->store, 16, &s, &err);

	if (rc != 0) {
		assert_int_equal(rc, NX_ERR_CORRUPT);
		return false;
	}
	assert_int_equal(nx_store_read_all(s, &r, &err), 0);
	assert_int_equal(r.n_domains, domains);
	nx_store_records_fini(&r);
	nx_store_close(s);
	return true;
}

/* Opens the store as it lies there.  Return: whether it was refused; else all is as it was. */
static bool refused(const struct sound *f, const char *what, size_t at)
{
	struct nx_store *s;
	struct nx_error err = {""};
	struct sound got = {.version = 0};
	int rc = nx_store_open(f->store, 16, &s, &err);

	if (rc == 0) {
		rc = nx_store_check_users(s, NULL, &err);
		if (rc == 0)
			rc = read_all(s, &got, &err);
		nx_store_close(s);
	}
	if (rc != 0) {
		if (rc != NX_ERR_CORRUPT && rc != NX_ERR_UNSUPPORTED)
			fail_msg("%s at byte %zu: %d, %s", what, at, rc, err.text);
		if (!strstr(err.text, "restore") && !strstr(err.text, "export"))
			fail_msg("%s at byte %zu: \"%s\" does not say what to do", what, at,
				err.text);
		return true;
	}
	if (got.version != f->version || !nx_digest_eq(got.digest, f->digest) ||
		memcmp(got.secret, f->secret, sizeof(got.secret)) != 0)
		fail_msg("%s at byte %zu: other data are served", what, at);
	return false;
}

static bool is_looked_at(size_t len)
{
	return getenv("NX_EVERY_BYTE") || len < PAGE || len % PAGE < 2 || len % PAGE > PAGE - 3 ||
	       len % 97 == 0;
}

/* The first page and around every page's bounds every byte, else each 97th; NX_EVERY_BYTE=1: all.
 */
static void cut_at_any_byte_it_is_refused(void **state)
{
	struct sound *f = *state;
	unsigned n = 0, n_refused = 0;

	assert_true(f->len >= (size_t)30 * PAGE);
	assert_false(refused(f, "nothing", 0));
	for (size_t len = f->len; len-- > 0;) {
		bool was_refused;

		if (!is_looked_at(len))
			continue;
		assert_int_equal(truncate(f->data, (off_t)len), 0);
		was_refused = refused(f, "cut", len);
		if (!was_refused)
			mend_headers(f);
		n++;
		n_refused += was_refused;
	}
	print_message("cut at %u of %zu bytes: %u refused\n", n, f->len, n_refused);
	assert_true(n_refused > n / 2);
	write_data(f, f->bytes, f->len);
	assert_false(refused(f, "nothing", 0));
}

/* Where the i-th damage is done: in the headers and their seals, at a page's front, or anywhere. */
static size_t somewhere(const struct sound *f, unsigned i, unsigned *seed)
{
	size_t at = ((size_t)rand_r(seed) << 16 ^ (size_t)rand_r(seed)) % f->len;

	if (i % 4 == 0) {
		size_t page = at % (2 * PAGE) / PAGE * PAGE, k = at % (HEADER + SEAL_LEN);

		return page + (k < HEADER ? k : SEAL + k - HEADER);
	}
	return i % 4 == 1 ? at / PAGE * PAGE + at % 64 : at;
}

/* One to four bytes at a time. Pages that nobody uses may be what they like. */
static void bytes_changed_anywhere_change_no_answer(void **state)
{
	enum { BYTES_MAX = 4 };
	struct sound *f = *state;
	const char *asked = getenv("NX_DAMAGES"), *begin = getenv("NX_SEED");
	unsigned seed = begin ? (unsigned)atoi(begin) : 20250131, n_refused = 0;
	unsigned n = asked ? (unsigned)atoi(asked) : 4000;

	for (unsigned i = 0; i < n; i++) {
		size_t at[BYTES_MAX];
		unsigned n_bytes = 1 + (unsigned)rand_r(&seed) / 8 % BYTES_MAX;

		for (unsigned k = 0; k < n_bytes; k++) {
			uint8_t byte;

			at[k] = somewhere(f, i, &seed);
			byte = f->bytes[at[k]];
			if (i % 8 < 4)
				byte ^= (uint8_t)(1u << rand_r(&seed) / 8 % 8);
			else
				byte = (uint8_t)(rand_r(&seed) / 8);
			write_at(f, &byte, 1, at[k]);
		}
		n_refused += refused(f, "changed", at[0]);
		for (unsigned k = 0; k < n_bytes; k++)
			write_at(f, f->bytes + at[k], 1, at[k]);
		mend_headers(f);
	}
	assert_in_range(n_refused, n / 5, n);
	write_data(f, f->bytes, f->len);
	assert_false(refused(f, "nothing", 0));
}

/* Each byte of both headers in each of its other values: above all an older header that says that
 * it is the newer. NX_EVERY_BYTE=1; else the numbers of their transactions alone. */
static void no_byte_of_a_header_can_be_another(void **state)
{
	struct sound *f = *state;
	size_t from = getenv("NX_EVERY_BYTE") ? 0 : HEADER - 8;

	for (size_t i = 2 * from; i < 2 * HEADER; i++) {
		size_t at = i % 2 * PAGE + i / 2;

		for (unsigned v = 1; v < 256; v++) {
			uint8_t byte = (uint8_t)(f->bytes[at] ^ v);

			write_at(f, &byte, 1, at);
			assert_true(refused(f, "changed", at));
		}
		write_at(f, f->bytes + at, 1, at);
	}
}

/* The newer header bears the seal of the one that it replaced where the power failed at once; the
 * older one never does, and neither may go back behind its seal. */
static void a_seal_that_was_not_yet_written_is_no_damage(void **state)
{
	struct sound *f = *state;
	size_t newer = f->bytes[HEADER - 8] > f->bytes[PAGE + HEADER - 8] ? 0 : PAGE;
	struct nx_store *s;
	struct nx_error err;
	uint8_t before[2 * PAGE], after[2 * PAGE];
	FILE *file;

	assert_int_equal(nx_store_open(f->store, 16, &s, &err), 0);
	make_domain(s, "one.example");
	nx_store_close(s);
	memcpy(before, f->bytes, sizeof(before)); /* txn n - 1 and n */
	file = fopen(f->data, "rb");
	assert_int_equal(fread(after, 1, sizeof(after), file), sizeof(after)); /* n and n + 1 */
	fclose(file);
	assert_memory_equal(before + newer, after + newer, PAGE);

	newer = PAGE - newer; /* of txn n + 1 */
	assert_memory_not_equal(before + newer + SEAL, after + newer + SEAL, SEAL_LEN);
	write_at(f, before + newer + SEAL, SEAL_LEN, newer + SEAL);
	assert_true(serves(f, 3)); /* and seals it */
	write_at(f, before + newer, HEADER, newer);
	assert_false(serves(f, 3)); /* the seal knows of more */
	write_at(f, before + newer, PAGE, newer);
	assert_true(serves(f, 2)); /* the commit that did not come to its end */
	write_at(f, after + newer, PAGE, newer);
	write_at(f, (const uint8_t[SEAL_LEN]){0}, SEAL_LEN, PAGE - newer + SEAL);
	assert_false(serves(f, 3)); /* the older one must have been sealed */
	write_at(f, (const uint8_t[SEAL_LEN]){0}, SEAL_LEN, newer + SEAL);
	assert_true(serves(f, 3)); /* a copy that LMDB made */
}

/* A page in the place of another, an older header in the place of the newer. */
static void pages_in_the_wrong_place_are_found(void **state)
{
	struct sound *f = *state;
	unsigned seed = 7, n_refused = 0;
	uint8_t *bytes = malloc(f->len);
	size_t pages = f->len / PAGE;

	for (unsigned i = 0; i < 400; i++) {
		size_t from = (size_t)(rand_r(&seed) / 8) % pages,
		       to = (size_t)(rand_r(&seed) / 8) % pages;

		memcpy(bytes, f->bytes, f->len);
		memcpy(bytes + to * PAGE, f->bytes + from * PAGE, PAGE);
		if (i % 2) /* under its own number */
			memcpy(bytes + to * PAGE, f->bytes + to * PAGE, 8);
		write_data(f, bytes, f->len);
		n_refused += refused(f, "moved", to * PAGE);
	}
	assert_true(n_refused > 100);
	free(bytes);
}

/* It would be believed: much memory taken for it, and the next new page put there. */
static void a_last_page_beyond_the_map_is_found(void **state)
{
	const size_t last_page = 16 + 24 + 96;
	struct sound *f = *state;
	uint8_t *bytes = malloc(f->len);

	for (size_t header = 0; header < 2; header++)
		for (size_t byte = 2; byte < 8; byte++) {
			memcpy(bytes, f->bytes, f->len);
			bytes[header * PAGE + last_page + byte] = 0x7f;
			write_data(f, bytes, f->len);
			assert_true(refused(f, "last page", header * PAGE + last_page + byte));
		}
	free(bytes);
}

static void a_data_file_that_is_gone_is_no_new_store(void **state)
{
	struct sound *f = *state;
	struct nx_store *s;
	struct nx_error err;

	assert_int_equal(unlink(f->data), 0);
	assert_int_equal(nx_store_open(f->store, 16, &s, &err), NX_ERR_CORRUPT);
	assert_non_null(strstr(err.text, "has lost its data (data.mdb is missing or empty)"));
	write_data(f, f->bytes, 0);
	assert_int_equal(nx_store_open(f->store, 16, &s, &err), NX_ERR_CORRUPT);
	write_data(f, f->bytes, f->len);
	assert_false(refused(f, "nothing", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(cut_at_any_byte_it_is_refused),
		T(bytes_changed_anywhere_change_no_answer),
		T(no_byte_of_a_header_can_be_another),
		T(a_seal_that_was_not_yet_written_is_no_damage),
		T(pages_in_the_wrong_place_are_found),
		T(a_last_page_beyond_the_map_is_found),
		T(a_data_file_that_is_gone_is_no_new_store),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
