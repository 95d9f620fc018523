/* Target: a store whose file was damaged. The input says where: two bytes of which the first, where
 * it is odd, has the file cut in a page that the second names; then, for each damage, three bytes
 * of place, one of length and so many bytes to write there. What is opened then is refused, or all
 * answers are those of the sound store. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/store/store.h"
#include "tests/fuzz/fuzz.h"

#define PAGE    4096
#define USERS   300
#define MAP_MIB 16

static struct {
	char dir[256], data[320];
	uint8_t *sound, *damaged;
	size_t len;
	struct nx_digest digest;
} store;

static bool see(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	uint64_t *n = arg;

	*n += len + key[0] + rec->state;
	return true;
}

/* Reads all there is.  Return: 0, and the digest of it; or the first error. */
static int read_all(struct nx_store *s, struct nx_digest *digest, struct nx_error *err)
{
	struct nx_store_records r;
	struct nx_tally tally[8];
	uint64_t n = 0, version;
	int rc = nx_store_check_users(s, NULL, err);

	if (rc != 0 || (rc = nx_store_read_all(s, &r, err)) != 0)
		return rc;
	fuzz_require(r.n_domains <= 8, "%u domains", r.n_domains);
	for (uint32_t i = 0; i < r.n_domains && rc == 0; i++)
		rc = nx_store_user_scan_all(s, r.domains[i].id, see, &n, err);
	if (rc == 0)
		rc = nx_store_tallies(s, r.domains, r.n_domains, tally, &version, err);
	if (rc == 0)
		*digest = nx_digest_whole(&r, tally);
	nx_store_records_fini(&r);
	return rc;
}

static void must(int rc, const struct nx_error *err)
{
	if (rc != 0) {
		fprintf(stderr, "the sound store: %s\n", err->text);
		abort();
	}
}

static void fill(struct nx_store *s)
{
	struct nx_domain_def d = {.id = 1, .name = "example.com", .authoritative = true};
	struct nx_range_def range = {1, {"+4420", 12, 13}};
	struct nx_rule_def rule = {9, 1, 70, NX_604, false, (char[]){"^\\+4420[0-9]+$"}};
	struct nx_store_txn *t;
	struct nx_error err;

	must(nx_store_begin(s, &t, &err), &err);
	must(nx_store_domain_put(t, &d, &err), &err);
	must(nx_store_range_put(t, &range, &err), &err);
	must(nx_store_rule_put(t, &rule, &err), &err);
	for (unsigned i = 0; i < USERS; i++) {
		struct nx_user_record rec = {.state = (uint8_t)(1 + i % 2), .updated = 1};
		struct nx_key k = {.kind = NX_KEY_NUMBER};
		char text[16];

		k.len = (uint8_t)snprintf(text, sizeof(text), "+44%07u", i * 7);
		memcpy(k.text, text, k.len);
		must(nx_store_user_put(t, 1, &k, &rec, NULL, &err), &err);
	}
	must(nx_store_commit(t, NULL, &err), &err);
}

static void remove_store(void)
{
	DIR *d = opendir(store.dir);

	for (struct dirent *e; d && (e = readdir(d));)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(store.dir);
}

static void keep_sound(void)
{
	struct stat st;
	int fd = open(store.data, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	store.len = (size_t)st.st_size;
	store.sound = malloc(store.len);
	store.damaged = malloc(store.len);
	if (!store.sound || !store.damaged ||
		pread(fd, store.sound, store.len, 0) != (ssize_t)store.len)
		abort();
	close(fd);
}

static void make_store(void)
{
	const char *tmp = getenv("TMPDIR");
	struct nx_store *s;
	struct nx_error err;

	snprintf(store.dir, sizeof(store.dir), "%s/nxsip-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(store.dir))
		abort();
	snprintf(store.data, sizeof(store.data), "%s/data.mdb", store.dir);
	atexit(remove_store);
	must(nx_store_open(store.dir, MAP_MIB, &s, &err), &err);
	fill(s);
	must(read_all(s, &store.digest, &err), &err);
	nx_store_close(s);
	keep_sound();
}

/* Return: the damaged file's length. */
static size_t damage(const uint8_t *data, size_t len)
{
	size_t pages = store.len / PAGE, n;

	memcpy(store.damaged, store.sound, store.len);
	for (size_t i = 2; len - i >= 4; i += 4 + n) {
		size_t at = ((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) %
			    store.len;

		n = data[i + 3];
		n = n < len - i - 4 ? n : len - i - 4;
		memcpy(store.damaged + at, data + i + 4, n < store.len - at ? n : store.len - at);
	}
	return data[0] & 1 ? data[1] % pages * PAGE + data[0] * 16u : store.len;
}

static void write_data(size_t len)
{
	int fd = open(store.data, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, store.damaged, len, 0) != (ssize_t)len ||
		ftruncate(fd, (off_t)len) != 0)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nx_error err = {""};
	struct nx_digest digest;
	struct nx_store *s;
	int rc;

	if (!store.sound)
		make_store();
	if (len < 2)
		return 0;
	write_data(damage(data, len));
	rc = nx_store_open(store.dir, MAP_MIB, &s, &err);
	if (rc == 0) {
		rc = read_all(s, &digest, &err);
		nx_store_close(s);
	}
	if (rc == 0)
		fuzz_require(nx_digest_eq(digest, store.digest), "other data are served");
	else
		fuzz_require(rc == NX_ERR_CORRUPT || rc == NX_ERR_UNSUPPORTED, "error %d: %s", rc,
			err.text);
	return 0;
}
