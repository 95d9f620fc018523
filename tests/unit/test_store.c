/* The store: what it keeps, what it refuses, and what it says about a damaged directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "control/store/store.h"
#include "tests/unit/scratch.h"

struct fixture {
	char dir[NX_SCRATCH_PATH];
	char path[NX_SCRATCH_PATH + 16];
	struct nx_store *s;
	struct nx_error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	nx_scratch_make(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
	assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	nx_store_close(f->s);
	nx_scratch_remove(f->dir);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	nx_store_close(f->s);
	assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
}

static struct nx_key key_of(const char *text)
{
	struct nx_key k = {.len = (uint8_t)strlen(text)};

	memcpy(k.text, text, k.len);
	return k;
}

static struct nx_store_txn *begin(struct fixture *f)
{
	struct nx_store_txn *t;

	assert_int_equal(nx_store_begin(f->s, &t, &f->err), 0);
	return t;
}

static uint64_t commit(struct fixture *f, struct nx_store_txn *t)
{
	uint64_t version = 0;

	assert_int_equal(nx_store_commit(t, &version, &f->err), 0);
	return version;
}

static uint8_t put(struct fixture *f, struct nx_store_txn *t, uint32_t domain, const char *user,
	uint8_t user_state)
{
	struct nx_user_record rec = {.state = user_state, .updated = 7}, old;
	struct nx_key k = key_of(user);

	assert_int_equal(nx_store_user_put(t, domain, &k, &rec, &old, &f->err), 0);
	return old.state;
}

static uint8_t get(struct fixture *f, uint32_t domain, const char *user)
{
	struct nx_user_record rec;
	struct nx_key k = key_of(user);
	int rc = nx_store_user_get(f->s, domain, &k, &rec, &f->err);

	if (rc == NX_ERR_NOT_FOUND)
		return NX_USER_ABSENT;
	assert_int_equal(rc, 0);
	return rec.state;
}

static uint64_t count(struct fixture *f, uint32_t domain)
{
	uint64_t n;

	assert_int_equal(nx_store_user_count(f->s, domain, &n, &f->err), 0);
	return n;
}

struct seen {
	char text[256];
	unsigned n, stop_at;
};

static bool collect(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct seen *s = arg;

	snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%.*s%c ", (int)len,
		(const char *)key, "?kgh"[rec->state]);
	return ++s->n != s->stop_at;
}

static const char *scan(struct fixture *f, struct seen *s, uint32_t domain, const char *prefix,
	const char *after, unsigned stop_at)
{
	struct nx_key p, a;

	*s = (struct seen){.stop_at = stop_at};
	if (prefix)
		p = key_of(prefix);
	if (after)
		a = key_of(after);
	assert_int_equal(nx_store_user_scan(f->s, domain, prefix ? &p : NULL, after ? &a : NULL,
				 collect, s, &f->err),
		0);
	return s->text;
}

/* ---- keeping ---- */

static void a_new_store_is_empty_and_has_secrets(void **state)
{
	struct fixture *f = *state;
	struct nx_store_records r, again;
	static const uint8_t zero[NX_USERS_SECRET_LEN];

	assert_int_equal(nx_store_read_all(f->s, &r, &f->err), 0);
	assert_int_equal(r.n_domains + r.n_ranges + r.n_rules + r.n_sources, 0);
	assert_int_equal(r.meta.next_domain, 1);
	assert_memory_not_equal(r.meta.users_secret, zero, sizeof(zero));
	assert_memory_not_equal(r.meta.tag_key, zero, 16);
	reopen(f);
	assert_int_equal(nx_store_read_all(f->s, &again, &f->err), 0);
	assert_memory_equal(&r.meta, &again.meta, sizeof(r.meta));
	nx_store_records_fini(&r);
	nx_store_records_fini(&again);
}

static void every_record_survives_reopening(void **state)
{
	struct fixture *f = *state;
	struct nx_domain_def d = {.id = 3, .name = "example.com", .authoritative = true},
			     d2 = {.id = 2, .name = "z.example", .complete = true, .shadow = true};
	struct nx_range_def range = {3, {"+4420", 12, 13}};
	struct nx_rule_def rule = {9, 3, 70, NX_604, true, "^\\+4420[0-9]+$"},
			   first = {10, 0, 5, NX_PASS, false, "x"};
	struct nx_source_def source = {.prefix = {.len = 120}, .class = "carrier"};
	struct nx_store_meta m;
	struct nx_store_records r;
	struct nx_store_txn *t = begin(f);
	uint64_t version;

	source.prefix.addr.b[15] = 0;
	source.prefix.addr.b[12] = 10;
	assert_int_equal(nx_store_domain_put(t, &d2, &f->err), 0);
	assert_int_equal(nx_store_domain_put(t, &d, &f->err), 0);
	assert_int_equal(nx_store_range_put(t, &range, &f->err), 0);
	assert_int_equal(nx_store_rule_put(t, &rule, &f->err), 0);
	assert_int_equal(nx_store_rule_put(t, &first, &f->err), 0);
	assert_int_equal(nx_store_source_put(t, &source, &f->err), 0);
	assert_int_equal(nx_store_meta_get(t, &m, &f->err), 0);
	m.bypass = true;
	m.next_rule = 11;
	assert_int_equal(nx_store_meta_put(t, &m, &f->err), 0);
	version = commit(f, t);
	assert_int_equal(version, m.version + 1);
	reopen(f);
	assert_int_equal(nx_store_read_all(f->s, &r, &f->err), 0);
	assert_true(r.meta.bypass);
	assert_false(r.meta.shadow);
	assert_int_equal(r.meta.next_rule, 11);
	assert_int_equal(r.meta.version, version);
	assert_int_equal(r.n_domains, 2);
	assert_string_equal(r.domains[0].name, "example.com"); /* by name, not by id */
	assert_true(r.domains[0].authoritative && !r.domains[0].complete && !r.domains[0].shadow);
	assert_true(!r.domains[1].authoritative && r.domains[1].complete && r.domains[1].shadow);
	assert_int_equal(r.n_ranges, 1);
	assert_string_equal(r.ranges[0].range.prefix, "+4420");
	assert_int_equal(r.ranges[0].range.min_len, 12);
	assert_int_equal(r.ranges[0].range.max_len, 13);
	assert_int_equal(r.n_rules, 2);
	assert_int_equal(r.rules[0].id, 10); /* by priority */
	assert_string_equal(r.rules[1].expression, rule.expression);
	assert_int_equal(r.rules[1].verdict, NX_604);
	assert_true(r.rules[1].shadow);
	assert_int_equal(r.n_sources, 1);
	assert_string_equal(r.sources[0].class, "carrier");
	assert_memory_equal(&r.sources[0].prefix, &source.prefix, sizeof(source.prefix));
	nx_store_records_fini(&r);
}

static void users_are_put_changed_counted_and_deleted(void **state)
{
	struct fixture *f = *state;
	struct nx_store_txn *t = begin(f);
	struct nx_user_record old;
	struct nx_key bob = key_of("bob"), nobody = key_of("nobody");

	assert_int_equal(put(f, t, 1, "bob", NX_USER_KNOWN), NX_USER_ABSENT);
	assert_int_equal(put(f, t, 1, "alice", NX_USER_GONE), NX_USER_ABSENT);
	assert_int_equal(put(f, t, 2, "bob", NX_USER_HEAD), NX_USER_ABSENT);
	assert_int_equal(put(f, t, 1, "bob", NX_USER_GONE), NX_USER_KNOWN);
	assert_int_equal(put(f, t, 1, "bob", NX_USER_GONE), NX_USER_GONE);
	commit(f, t);
	assert_int_equal(count(f, 1), 2);
	assert_int_equal(count(f, 2), 1);
	assert_int_equal(get(f, 1, "bob"), NX_USER_GONE);
	assert_int_equal(get(f, 2, "bob"), NX_USER_HEAD);
	assert_int_equal(get(f, 3, "bob"), NX_USER_ABSENT);
	assert_int_equal(get(f, 1, "bo"), NX_USER_ABSENT);
	t = begin(f);
	assert_int_equal(nx_store_user_del(t, 1, &bob, &old, &f->err), 0);
	assert_int_equal(old.state, NX_USER_GONE);
	assert_int_equal(nx_store_user_del(t, 1, &nobody, &old, &f->err), NX_ERR_NOT_FOUND);
	commit(f, t);
	assert_int_equal(count(f, 1), 1);
	assert_int_equal(get(f, 1, "bob"), NX_USER_ABSENT);
	assert_int_equal(get(f, 2, "bob"), NX_USER_HEAD);
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct nx_store_txn *t = begin(f);

	put(f, t, 1, "alice", NX_USER_KNOWN);
	nx_store_abort(t);
	assert_int_equal(get(f, 1, "alice"), NX_USER_ABSENT);
	assert_int_equal(count(f, 1), 0);
}

static void a_second_writer_is_busy_at_once(void **state)
{
	struct fixture *f = *state;
	struct nx_store_txn *t = begin(f), *second;

	assert_int_equal(nx_store_begin(f->s, &second, &f->err), NX_ERR_BUSY);
	nx_store_abort(t);
	nx_store_abort(begin(f));
}

static void scans_are_ordered_bounded_and_paged(void **state)
{
	struct fixture *f = *state;
	struct nx_store_txn *t = begin(f);
	struct seen s;

	put(f, t, 1, "+4420", NX_USER_HEAD);
	put(f, t, 1, "bob", NX_USER_KNOWN);
	put(f, t, 1, "alice", NX_USER_GONE);
	put(f, t, 1, "al", NX_USER_KNOWN);
	put(f, t, 2, "carol", NX_USER_KNOWN);
	commit(f, t);
	assert_string_equal(scan(f, &s, 1, NULL, NULL, 0), "+4420h alk aliceg bobk ");
	assert_string_equal(scan(f, &s, 1, "al", NULL, 0), "alk aliceg ");
	assert_string_equal(scan(f, &s, 1, "al", "al", 0), "aliceg ");
	assert_string_equal(scan(f, &s, 1, "al", "alm", 0), "");
	assert_string_equal(scan(f, &s, 1, "b", "al", 0), "bobk ");
	assert_string_equal(scan(f, &s, 1, NULL, "aa", 2), "alk aliceg ");
	assert_string_equal(scan(f, &s, 1, NULL, "bob", 0), "");
	assert_string_equal(scan(f, &s, 2, NULL, NULL, 0), "carolk ");
	assert_string_equal(scan(f, &s, 3, NULL, NULL, 0), "");
}

/* Ids below next are given to domains. */
static void take_ids(struct fixture *f, struct nx_store_txn *t, uint32_t next)
{
	struct nx_store_meta m;

	assert_int_equal(nx_store_meta_get(t, &m, &f->err), 0);
	m.next_domain = next;
	assert_int_equal(nx_store_meta_put(t, &m, &f->err), 0);
}

static void wait_swept(struct fixture *f, uint32_t domain)
{
	struct seen s;

	for (int i = 0; i < 3000; i++) {
		if (scan(f, &s, domain, NULL, NULL, 0)[0] == '\0')
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	fail_msg("users of domain %u are left", domain);
}

static void deleting_a_domain_takes_all_that_is_its(void **state)
{
	struct fixture *f = *state;
	struct nx_domain_def d1 = {.id = 1, .name = "one"}, d2 = {.id = 2, .name = "two"};
	struct nx_range_def r[] = {{1, {"+441", 9, 9}}, {1, {"+442", 9, 9}}, {2, {"+441", 9, 9}}};
	struct nx_rule_def rules[] = {{1, 1, 1, NX_404, false, "a"}, {2, 2, 1, NX_404, false, "b"},
		{3, 0, 1, NX_404, false, "c"}};
	struct nx_store_records got;
	struct nx_store_txn *t = begin(f);

	take_ids(f, t, 3);
	assert_int_equal(nx_store_domain_put(t, &d1, &f->err), 0);
	assert_int_equal(nx_store_domain_put(t, &d2, &f->err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(nx_store_range_put(t, &r[i], &f->err), 0);
		assert_int_equal(nx_store_rule_put(t, &rules[i], &f->err), 0);
	}
	put(f, t, 1, "alice", NX_USER_KNOWN);
	put(f, t, 1, "bob", NX_USER_KNOWN);
	put(f, t, 2, "alice", NX_USER_KNOWN);
	commit(f, t);
	t = begin(f);
	assert_int_equal(nx_store_domain_del(t, 1, &f->err), 0);
	assert_int_equal(nx_store_domain_del(t, 7, &f->err), NX_ERR_NOT_FOUND);
	commit(f, t);
	assert_int_equal(nx_store_read_all(f->s, &got, &f->err), 0);
	assert_int_equal(got.n_domains, 1);
	assert_int_equal(got.domains[0].id, 2);
	assert_int_equal(got.n_ranges, 1);
	assert_int_equal(got.ranges[0].domain, 2);
	assert_int_equal(got.n_rules, 2);
	assert_int_equal(count(f, 1), 0);
	assert_int_equal(count(f, 2), 1);
	assert_int_equal(get(f, 1, "bob"), NX_USER_KNOWN); /* out of reach, and not yet swept */
	reopen(f);
	nx_store_sweep(f->s);
	wait_swept(f, 1);
	assert_int_equal(get(f, 1, "bob"), NX_USER_ABSENT);
	assert_int_equal(get(f, 2, "alice"), NX_USER_KNOWN);
	nx_store_records_fini(&got);
}

/* ---- replacing: against the plain meaning of it ---- */

static void number(char out[16], unsigned n)
{
	snprintf(out, 16, "+44%06u", n);
}

static void replacing_gives_the_new_set_and_right_counts(void **state)
{
	struct fixture *f = *state;
	enum { N = 5000 };
	uint8_t *model = calloc(3, N);
	unsigned seed = 20240607;

	for (unsigned round = 0; round < 6; round++) {
		uint8_t domain = (uint8_t)(1 + round % 2); /* also the one that is not the last */
		uint64_t added = 0, changed = 0, removed = 0, want_added = 0, want_changed = 0;
		uint64_t want_removed = 0, left = 0;
		struct nx_store_txn *t = begin(f);
		struct nx_store_walk w;

		assert_int_equal(nx_store_replace_begin(t, domain, &w, &f->err), 0);
		for (unsigned i = 0; i < N; i++) {
			uint8_t *was = &model[domain * N + i];
			uint8_t next = (uint8_t)(rand_r(&seed) / 8 % (round == 4 ? 1 : 4));
			struct nx_user_record rec = {.state = next}, old;
			char text[16];
			struct nx_key k;

			number(text, i);
			k = key_of(text);
			want_added += *was == 0 && next != 0;
			want_removed += *was != 0 && next == 0;
			want_changed += *was != 0 && next != 0 && *was != next;
			left += next != 0;
			if (next) {
				assert_int_equal(
					nx_store_replace_put(&w, &k, &rec, &old, &f->err), 0);
				assert_int_equal(old.state, *was);
				added += old.state == 0;
				changed += old.state != 0 && old.state != next;
			}
			*was = next;
		}
		assert_int_equal(nx_store_replace_end(&w, &removed, &f->err), 0);
		commit(f, t);
		assert_int_equal(added, want_added);
		assert_int_equal(changed, want_changed);
		assert_int_equal(removed, want_removed);
		assert_int_equal(count(f, domain), left);
		for (unsigned i = 0; i < 2 * N; i++) {
			char text[16];

			number(text, i % N);
			assert_int_equal(get(f, 1 + i / N, text), model[(1 + i / N) * N + i % N]);
		}
	}
	free(model);
}

static void replacing_refuses_keys_that_do_not_ascend(void **state)
{
	struct fixture *f = *state;
	struct nx_user_record rec = {.state = NX_USER_KNOWN}, old;
	struct nx_key b = key_of("b"), a = key_of("a");
	struct nx_store_txn *t = begin(f);
	struct nx_store_walk w;

	assert_int_equal(nx_store_replace_begin(t, 1, &w, &f->err), 0);
	assert_int_equal(nx_store_replace_put(&w, &b, &rec, &old, &f->err), 0);
	assert_int_equal(nx_store_replace_put(&w, &b, &rec, &old, &f->err), NX_ERR_CONFLICT);
	assert_int_equal(nx_store_replace_put(&w, &a, &rec, &old, &f->err), NX_ERR_CONFLICT);
	nx_store_abort(t);
}

/* ---- the digest ---- */

static struct nx_tally tally(struct fixture *f, uint32_t domain)
{
	const struct nx_domain_def d = {.id = domain};
	struct nx_tally t;

	assert_int_equal(nx_store_tallies(f->s, &d, 1, &t, NULL, &f->err), 0);
	return t;
}

static bool same(struct nx_tally a, struct nx_tally b)
{
	return a.count == b.count && nx_digest_eq(a.digest, b.digest);
}

static void replace(struct fixture *f, uint32_t domain, const char *const users[], unsigned n,
	uint8_t user_state)
{
	struct nx_user_record rec = {.state = user_state}, old;
	struct nx_store_txn *t = begin(f);
	struct nx_store_walk w;
	uint64_t removed;

	assert_int_equal(nx_store_replace_begin(t, domain, &w, &f->err), 0);
	for (unsigned i = 0; i < n; i++) {
		struct nx_key k = key_of(users[i]);

		assert_int_equal(nx_store_replace_put(&w, &k, &rec, &old, &f->err), 0);
	}
	assert_int_equal(nx_store_replace_end(&w, &removed, &f->err), 0);
	commit(f, t);
}

static void the_digest_is_equal_where_the_users_are(void **state)
{
	struct fixture *f = *state;
	static const char *const users[] = {"alice", "bob", "carol"};
	struct nx_key bob = key_of("bob"), dave = key_of("dave");
	struct nx_tally want = {0}, empty = {0};
	struct nx_store_txn *t = begin(f);

	for (unsigned i = 0; i < 3; i++)
		nx_tally_user(&want, (const uint8_t *)users[i], strlen(users[i]), 0, NX_USER_KNOWN);
	put(f, t, 1, "carol", NX_USER_GONE);
	put(f, t, 2, "alice", NX_USER_KNOWN); /* two domains in turns */
	put(f, t, 1, "dave", NX_USER_HEAD);
	put(f, t, 2, "bob", NX_USER_KNOWN);
	put(f, t, 1, "bob", NX_USER_KNOWN);
	put(f, t, 2, "carol", NX_USER_KNOWN);
	commit(f, t);
	assert_true(same(tally(f, 2), want));
	assert_false(same(tally(f, 1), want));
	t = begin(f); /* another way to the same users */
	put(f, t, 1, "alice", NX_USER_KNOWN);
	put(f, t, 1, "carol", NX_USER_KNOWN);
	assert_int_equal(nx_store_user_del(t, 1, &dave, NULL, &f->err), 0);
	commit(f, t);
	assert_true(same(tally(f, 1), want));
	reopen(f);
	assert_true(same(tally(f, 1), want));
	replace(f, 3, users, 3, NX_USER_KNOWN);
	assert_true(same(tally(f, 3), want));
	replace(f, 3, users, 3, NX_USER_GONE);
	assert_int_equal(tally(f, 3).count, 3);
	assert_false(nx_digest_eq(tally(f, 3).digest, want.digest)); /* a state counts */
	t = begin(f);
	assert_int_equal(nx_store_user_del(t, 1, &bob, NULL, &f->err), 0);
	put(f, t, 1, "bobo", NX_USER_KNOWN);
	commit(f, t);
	assert_false(nx_digest_eq(tally(f, 1).digest, want.digest)); /* and a key */
	t = begin(f);
	commit(f, t);
	replace(f, 1, users, 0, NX_USER_KNOWN);
	assert_true(same(tally(f, 1), empty));
	t = begin(f); /* what is not committed leaves it alone */
	put(f, t, 2, "zoe", NX_USER_KNOWN);
	nx_store_abort(t);
	assert_true(same(tally(f, 2), want));
}

static bool any_user(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	(void)key;
	(void)len;
	(void)rec;
	++*(unsigned *)arg;
	return true;
}

static int scan_all(struct fixture *f, uint32_t domain)
{
	unsigned n = 0;

	return nx_store_user_scan_all(f->s, domain, any_user, &n, &f->err);
}

/* Writes over the last place of the file where text stands. */
static void overwrite(const char *path, const char *text, char with)
{
	int fd = open(path, O_RDWR);
	size_t size = 4u << 20, len = strlen(text);
	char *bytes = malloc(size);
	ssize_t n = pread(fd, bytes, size, 0);
	unsigned found = 0;

	assert_true(n > 0);
	for (ssize_t i = 0; i + (ssize_t)len <= n; i++) {
		if (memcmp(bytes + i, text, len) != 0)
			continue;
		found++;
		assert_int_equal(pwrite(fd, &with, 1, i + (ssize_t)len - 1), 1);
	}
	assert_true(found > 0);
	free(bytes);
	close(fd);
}

static void a_damaged_user_is_found_by_the_digest(void **state)
{
	struct fixture *f = *state;
	static const char *const users[] = {"alice", "carol"};
	char data[NX_SCRATCH_PATH + 32];
	struct nx_store_txn *t = begin(f);

	put(f, t, 1, "alice", NX_USER_KNOWN);
	put(f, t, 1, "unmistakable", NX_USER_KNOWN);
	put(f, t, 2, "bob", NX_USER_KNOWN);
	commit(f, t);
	assert_int_equal(scan_all(f, 1), 0);
	nx_store_close(f->s);
	snprintf(data, sizeof(data), "%s/data.mdb", f->path);
	overwrite(data, "unmistakable", 'f'); /* a page that LMDB takes for a good one */
	assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
	assert_int_equal(scan_all(f, 1), NX_ERR_CORRUPT);
	assert_non_null(strstr(f->err.text, "replace the domain's users by load --replace"));
	assert_int_equal(scan_all(f, 2), 0);
	replace(f, 1, users, 2, NX_USER_KNOWN); /* which mends it */
	assert_int_equal(scan_all(f, 1), 0);
	assert_int_equal(count(f, 1), 2);
}

static struct nx_digest whole(const struct nx_store_records *r, uint64_t users)
{
	struct nx_tally t[2] = {{.count = users, .digest = {1, 2}}, {.count = 5}};

	return nx_digest_whole(r, t);
}

static void the_whole_digest_knows_policy_and_no_ids(void **state)
{
	struct nx_domain_def d[] = {{.id = 7, .name = "a.example"}, {.id = 3, .name = "b.example"}};
	struct nx_range_def range = {7, {"+4420", 12, 13}};
	struct nx_rule_def rules[] = {{1, 0, 70, NX_404, false, (char *)(uintptr_t) "x"},
		{2, 3, 70, NX_404, false, (char *)(uintptr_t) "y"}};
	struct nx_source_def source = {.prefix = {.len = 120}, .class = "carrier"};
	struct nx_store_records r = {.domains = d,
		.n_domains = 2,
		.ranges = &range,
		.n_ranges = 1,
		.rules = rules,
		.n_rules = 2,
		.sources = &source,
		.n_sources = 1};
	struct nx_digest first = whole(&r, 9);

	(void)state;
	r.meta = (struct nx_store_meta){.version = 9, .next_rule = 8, .bypass = true};
	d[0].id = range.domain = 8; /* the same with another history */
	d[1].id = rules[1].domain = 4;
	rules[1].id = 12;
	assert_true(nx_digest_eq(whole(&r, 9), first));
#define DIFFERS(change, back)                            \
	change;                                          \
	assert_false(nx_digest_eq(whole(&r, 9), first)); \
	back;                                            \
	assert_true(nx_digest_eq(whole(&r, 9), first))
	DIFFERS(d[0].complete = true, d[0].complete = false);
	DIFFERS(range.range.max_len = 12, range.range.max_len = 13);
	DIFFERS(range.domain = 4, range.domain = 8);
	DIFFERS(rules[1].domain = 0, rules[1].domain = 4);
	DIFFERS(rules[0].shadow = true, rules[0].shadow = false);
	DIFFERS(source.class[0] = 'b', source.class[0] = 'c');
	DIFFERS(source.prefix.len = 121, source.prefix.len = 120);
	DIFFERS(r.n_sources = 0, r.n_sources = 1);
#undef DIFFERS
	assert_false(nx_digest_eq(whole(&r, 8), first));
	/* rules of one priority are tried in order */
	struct nx_rule_def turned[] = {rules[1], rules[0]};

	r.rules = turned;
	assert_false(nx_digest_eq(whole(&r, 9), first));
}

/* ---- growing ---- */

/* n users in no order, with long names */
static int fill(struct fixture *f, struct nx_store_txn *t, unsigned n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct nx_user_record rec = {.state = NX_USER_KNOWN};
		char text[NX_KEY_MAX + 1];
		struct nx_key k;
		int rc;

		snprintf(text, sizeof(text), "%06u-%0100u", (unsigned)(i * 7919 % n), 0u);
		k = key_of(text);
		if ((rc = nx_store_user_put(t, 1, &k, &rec, NULL, &f->err)) != 0)
			return rc;
	}
	return 0;
}

static bool hold_and_write(
	void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct fixture *f = arg;
	struct nx_store_txn *t;

	(void)key;
	(void)len;
	(void)rec;
	/* a reader is at work: the map must stay where it is, and writing still works */
	nx_store_reserve(f->s, (uint64_t)1 << 30);
	t = begin(f);
	put(f, t, 1, "zoe", NX_USER_KNOWN);
	commit(f, t);
	return true;
}

static void the_map_grows_between_transactions(void **state)
{
	struct fixture *f = *state;
	int rc, tries = 0;

	do { /* one transaction that does not fit at first */
		struct nx_store_txn *t = begin(f);

		rc = fill(f, t, 500000);
		if (rc == 0)
			commit(f, t);
		else
			nx_store_abort(t);
	} while (rc == NX_ERR_FULL && ++tries < 5);
	assert_int_equal(rc, 0);
	assert_in_range(tries, 1, 3);
	assert_int_equal(count(f, 1), 500000);
	reopen(f);
	assert_int_equal(count(f, 1), 500000);
}

static void a_reader_at_work_keeps_the_map(void **state)
{
	struct fixture *f = *state;
	struct nx_store_txn *t = begin(f);

	put(f, t, 1, "alice", NX_USER_KNOWN);
	commit(f, t);
	assert_int_equal(nx_store_user_scan(f->s, 1, NULL, NULL, hold_and_write, f, &f->err), 0);
	assert_int_equal(get(f, 1, "zoe"), NX_USER_KNOWN);
	assert_int_equal(count(f, 1), 2);
}

static void a_full_disk_keeps_what_was_committed(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, tight;
	struct nx_store_txn *t = begin(f);
	int rc;

	put(f, t, 1, "alice", NX_USER_KNOWN);
	commit(f, t);
	/* a limit on the file's size stands in for a full disk */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = (struct rlimit){.rlim_cur = 256 * 1024, .rlim_max = was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	t = begin(f);
	assert_int_equal(fill(f, t, 20000), 0);
	rc = nx_store_commit(t, NULL, &f->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(rc, NX_ERR_IO);
	assert_non_null(strstr(f->err.text, "committing: "));
	assert_int_equal(count(f, 1), 1);
	assert_int_equal(get(f, 1, "alice"), NX_USER_KNOWN);
	t = begin(f);
	put(f, t, 1, "bob", NX_USER_KNOWN);
	commit(f, t);
	reopen(f);
	assert_int_equal(count(f, 1), 2);
}

/* ---- refusing ---- */

static void refused(const char *path, int code, const char *part)
{
	struct nx_store *s;
	struct nx_error err = {""};

	assert_int_equal(nx_store_open(path, 16, &s, &err), code);
	assert_null(s);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void a_store_in_use_names_its_process(void **state)
{
	struct fixture *f = *state;
	char part[64];

	snprintf(part, sizeof(part), "in use by process %ld:", (long)getpid());
	refused(f->path, NX_ERR_BUSY, part);
}

static void a_path_that_cannot_be_says_why(void **state)
{
	struct fixture *f = *state;
	char path[NX_SCRATCH_PATH + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/none/store", f->dir);
	refused(path, NX_ERR_IO, "the directory above it does not exist");
	snprintf(path, sizeof(path), "%s/file", f->dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	refused(path, NX_ERR_IO, "is not a directory");
	strcat(path, "/store");
	refused(path, NX_ERR_IO, "is not a directory");
	if (geteuid() == 0)
		return; /* permissions do not bind root */
	snprintf(path, sizeof(path), "%s/locked", f->dir);
	assert_int_equal(mkdir(path, 0500), 0);
	strcat(path, "/store");
	refused(path, NX_ERR_IO, "permission denied");
}

static void write_at(const char *path, off_t at, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
	close(fd);
}

static void a_damaged_file_is_named(void **state)
{
	struct fixture *f = *state;
	char data[NX_SCRATCH_PATH + 32];
	struct nx_store_txn *t = begin(f);
	static const uint8_t garbage[8192] = {0x55};

	fill(f, t, 2000);
	commit(f, t);
	nx_store_close(f->s);
	f->s = NULL;
	snprintf(data, sizeof(data), "%s/data.mdb", f->path);
	/* cut short: the pages that are missing are found where they are read, without a signal */
	assert_int_equal(truncate(data, 3 * 4096), 0);
	refused(f->path, NX_ERR_CORRUPT, "is damaged");
	/* not a store at all */
	write_at(data, 0, garbage, sizeof(garbage));
	refused(f->path, NX_ERR_CORRUPT, "restore the directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_new_store_is_empty_and_has_secrets),
		T(every_record_survives_reopening),
		T(users_are_put_changed_counted_and_deleted),
		T(an_aborted_transaction_leaves_nothing),
		T(a_second_writer_is_busy_at_once),
		T(scans_are_ordered_bounded_and_paged),
		T(deleting_a_domain_takes_all_that_is_its),
		T(replacing_gives_the_new_set_and_right_counts),
		T(replacing_refuses_keys_that_do_not_ascend),
		T(the_digest_is_equal_where_the_users_are),
		T(a_damaged_user_is_found_by_the_digest),
		T(the_whole_digest_knows_policy_and_no_ids),
		T(the_map_grows_between_transactions),
		T(a_reader_at_work_keeps_the_map),
		T(a_full_disk_keeps_what_was_committed),
		T(a_store_in_use_names_its_process),
		T(a_path_that_cannot_be_says_why),
		T(a_damaged_file_is_named),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
