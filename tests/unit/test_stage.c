/* Stages: the users anew beside those in force. Against the plain meaning of it; over more than one
 * transaction; ended at any point; and what they leave behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <time.h>

#include "control/store/stage.h"
#include "tests/unit/scratch.h"

enum { N = 4000, MANY = 600000 /* three transactions */ };

struct fixture {
	char dir[NX_SCRATCH_PATH], path[NX_SCRATCH_PATH + 16];
	struct nx_store *s;
	struct nx_error err;
	uint32_t domain;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct nx_domain_def d = {.name = "example.com", .authoritative = true},
			     other = {.id = 1, .name = "a.example"};
	struct nx_store_meta m;
	struct nx_store_txn *t;

	nx_scratch_make(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
	assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
	assert_int_equal(nx_store_begin(f->s, &t, &f->err), 0);
	assert_int_equal(nx_store_meta_get(t, &m, &f->err), 0);
	f->domain = d.id = 2;
	m.next_domain = 3;
	assert_int_equal(nx_store_meta_put(t, &m, &f->err), 0);
	assert_int_equal(nx_store_domain_put(t, &other, &f->err), 0);
	assert_int_equal(nx_store_domain_put(t, &d, &f->err), 0);
	assert_int_equal(nx_store_commit(t, NULL, &f->err), 0);
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

static struct nx_key number(unsigned n)
{
	struct nx_key k = {.kind = NX_KEY_NUMBER};
	char text[16];

	k.len = (uint8_t)snprintf(text, sizeof(text), "+44%07u", n);
	memcpy(k.text, text, k.len);
	return k;
}

struct seen {
	uint8_t *state;
	uint32_t *updated;
	uint64_t n;
};

static bool see(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct seen *s = arg;
	char text[16] = "";

	assert_int_equal(len, 10);
	memcpy(text, key, len);
	if (s->state)
		s->state[atoi(text + 3)] = rec->state;
	if (s->updated)
		s->updated[atoi(text + 3)] = rec->updated;
	s->n++;
	return true;
}

/* The users and their tally, which must agree. */
static uint64_t read_users(struct fixture *f, uint32_t domain, struct seen *s)
{
	s->n = 0;
	assert_int_equal(nx_store_user_scan_all(f->s, domain, see, s, &f->err), 0);
	return s->n;
}

static int count_kept(
	void *arg, const struct nx_key *key, const struct nx_user_record *rec, struct nx_error *err)
{
	uint64_t *n = arg;

	(void)key;
	(void)err;
	assert_in_range(rec->state, 1, 3);
	++*n;
	return 0;
}

static void a_stage_gives_the_new_users_and_right_counts(void **state)
{
	struct fixture *f = *state;
	uint8_t model[N] = {0}, got[N];
	uint32_t since[N] = {0}, updated[N];
	struct nx_range_def range = {f->domain, {"+4420", 12, 12}};
	struct nx_rule_def rule = {1, f->domain, 1, NX_404, false, "x"};
	struct nx_store_txn *t;
	unsigned seed = 7;

	assert_int_equal(nx_store_begin(f->s, &t, &f->err), 0);
	assert_int_equal(nx_store_range_put(t, &range, &f->err), 0);
	assert_int_equal(nx_store_rule_put(t, &rule, &f->err), 0);
	assert_int_equal(nx_store_commit(t, NULL, &f->err), 0);
	for (uint32_t round = 1; round < 9; round++) {
		bool merge = round % 2 == 0;
		uint64_t kept = 0, removed = 0, count = 0, want_kept = 0;
		struct nx_store_records r;
		struct nx_stage_end end;
		struct nx_stage *g;
		struct seen s = {got, updated, 0};

		assert_int_equal(nx_stage_begin(f->s, f->domain, merge ? count_kept : NULL, &kept,
					 &g, &f->err),
			0);
		for (unsigned i = 0; i < N; i++) {
			struct nx_user_record rec = {
				.state = (uint8_t)(rand_r(&seed) / 8 % 4), .updated = round};
			struct nx_user_record old;
			struct nx_key k = number(i);

			if (rec.state) {
				assert_int_equal(nx_stage_put(g, &k, &rec, &old, &f->err), 0);
				assert_int_equal(old.state, model[i]);
				if (model[i] != rec.state)
					since[i] = round;
				model[i] = rec.state;
			} else if (merge) {
				want_kept += model[i] != 0;
			} else {
				removed += model[i] != 0;
				model[i] = 0;
			}
			count += model[i] != 0;
		}
		assert_int_equal(nx_stage_finish(g, &f->err), 0);
		assert_int_equal(nx_stage_commit(g, &end, &f->err), 0);
		assert_int_not_equal(end.domain, f->domain);
		assert_int_equal(end.removed, removed);
		assert_int_equal(end.count, count);
		assert_int_equal(kept, want_kept);
		f->domain = end.domain;
		memset(got, 0, sizeof(got));
		assert_int_equal(read_users(f, f->domain, &s), count);
		assert_memory_equal(got, model, sizeof(got));
		for (unsigned i = 0; i < N; i++)
			assert_true(!got[i] || updated[i] == since[i]);
		assert_int_equal(nx_store_read_all(f->s, &r, &f->err), 0);
		assert_int_equal(r.meta.version, end.version);
		assert_int_equal(r.n_domains, 2);
		assert_int_equal(r.domains[1].id, f->domain);
		assert_true(r.domains[1].authoritative);
		assert_int_equal(r.n_ranges, 1);
		assert_int_equal(r.ranges[0].domain, f->domain);
		assert_int_equal(r.n_rules, 1);
		assert_int_equal(r.rules[0].domain, f->domain);
		nx_store_records_fini(&r);
	}
}

static void keys_must_ascend(void **state)
{
	struct fixture *f = *state;
	struct nx_user_record rec = {.state = NX_USER_KNOWN}, old;
	struct nx_key k = number(2), l = number(1);
	struct nx_stage *g;

	assert_int_equal(nx_stage_begin(f->s, f->domain, NULL, NULL, &g, &f->err), 0);
	assert_int_equal(nx_stage_put(g, &k, &rec, &old, &f->err), 0);
	assert_int_equal(nx_stage_put(g, &k, &rec, &old, &f->err), NX_ERR_CONFLICT);
	assert_int_equal(nx_stage_put(g, &l, &rec, &old, &f->err), NX_ERR_CONFLICT);
	nx_stage_abort(g);
}

static void put_many(struct fixture *f, struct nx_stage *g, unsigned n)
{
	struct nx_user_record rec = {.state = NX_USER_GONE}, old;

	for (unsigned i = 0; i < n; i++) {
		struct nx_key k = number(i);

		assert_int_equal(nx_stage_put(g, &k, &rec, &old, &f->err), 0);
	}
}

static void two_users(struct fixture *f)
{
	struct nx_user_record rec = {.state = NX_USER_KNOWN};
	struct nx_key a = number(17), b = number(5000000);
	struct nx_store_txn *t;

	assert_int_equal(nx_store_begin(f->s, &t, &f->err), 0);
	assert_int_equal(nx_store_user_put(t, f->domain, &a, &rec, NULL, &f->err), 0);
	assert_int_equal(nx_store_user_put(t, f->domain, &b, &rec, NULL, &f->err), 0);
	assert_int_equal(nx_store_commit(t, NULL, &f->err), 0);
}

static uint64_t read_users_left(struct fixture *f, uint32_t domain)
{
	struct seen s = {0};

	assert_int_equal(nx_store_user_scan(f->s, domain, NULL, NULL, see, &s, &f->err), 0);
	return s.n;
}

static uint64_t swept(struct fixture *f, uint32_t domain)
{
	struct seen s = {0};

	for (int i = 0; i < 3000; i++) {
		s.n = 0;
		assert_int_equal(nx_store_user_scan(f->s, domain, NULL, NULL, see, &s, &f->err), 0);
		if (s.n == 0)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return s.n;
}

/* Over several transactions; what it replaced goes, while changes and readers go on. */
static void large_ones_take_several_transactions(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct nx_stage_end end;
	struct nx_stage *g;
	uint64_t version;

	two_users(f);
	for (int i = 0; i < 2; i++) {
		uint32_t before = f->domain;
		struct nx_store_txn *t;

		assert_int_equal(nx_stage_begin(f->s, f->domain, NULL, NULL, &g, &f->err), 0);
		put_many(f, g, MANY);
		assert_int_equal(read_users(f, f->domain, &s), i ? MANY + 1 : 2);
		assert_int_equal(nx_stage_finish(g, &f->err), 0);
		assert_int_equal(nx_stage_commit(g, &end, &f->err), 0);
		assert_int_equal(end.count, MANY);
		assert_int_equal(end.removed, 1);
		f->domain = end.domain;
		two_users(f);
		assert_int_equal(read_users(f, f->domain, &s), MANY + 1);
		assert_int_equal(read_users_left(f, before), i ? MANY + 1 : 2);
		nx_store_sweep(f->s);
		assert_int_equal(swept(f, before), 0);
		assert_int_equal(nx_store_begin(f->s, &t, &f->err), 0);
		assert_int_equal(nx_store_commit(t, &version, &f->err), 0);
		assert_int_equal(version, end.version + 2); /* stages raise it once */
	}
	assert_int_equal(read_users(f, f->domain, &s), MANY + 1);
}

static void an_aborted_stage_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct nx_store_records before, after;
	struct nx_stage *g;

	two_users(f);
	assert_int_equal(nx_store_read_all(f->s, &before, &f->err), 0);
	assert_int_equal(nx_stage_begin(f->s, f->domain, NULL, NULL, &g, &f->err), 0);
	put_many(f, g, MANY);
	assert_int_equal(nx_stage_finish(g, &f->err), 0);
	nx_stage_abort(g);
	assert_int_equal(read_users(f, f->domain, &s), 2);
	assert_int_equal(nx_store_read_all(f->s, &after, &f->err), 0);
	assert_int_equal(after.meta.version, before.meta.version);
	assert_int_equal(after.domains[1].id, f->domain);
	assert_int_equal(swept(f, before.meta.next_domain), 0);
	nx_store_records_fini(&before);
	nx_store_records_fini(&after);
}

/* A process that dies in the middle: the users are as before, and what it wrote is swept. */
static void a_stage_that_dies_leaves_the_users(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	uint32_t left = 3;
	int status;
	pid_t pid;

	two_users(f);
	nx_store_close(f->s);
	f->s = NULL;
	if ((pid = fork()) == 0) {
		struct nx_stage *g;

		assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
		assert_int_equal(nx_stage_begin(f->s, f->domain, NULL, NULL, &g, &f->err), 0);
		put_many(f, g, MANY);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(nx_store_open(f->path, 16, &f->s, &f->err), 0);
	assert_int_equal(read_users(f, f->domain, &s), 2);
	assert_true(
		read_users_left(f, left) > 0); /* not before it is told that the data are good */
	nx_store_sweep(f->s);
	assert_int_equal(swept(f, left), 0);
	assert_int_equal(read_users(f, f->domain, &s), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_stage_gives_the_new_users_and_right_counts),
		T(keys_must_ascend),
		T(large_ones_take_several_transactions),
		T(an_aborted_stage_leaves_nothing),
		T(a_stage_that_dies_leaves_the_users),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
