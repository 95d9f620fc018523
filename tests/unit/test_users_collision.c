/* Two users with one hash: found wherever users enter a table, and healed by a new secret. A whole
 * hash never collides here, so under one chosen secret it is cut short, to 12 bits. The functions
 * below take the place of the data plane's own in this program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define nx_users_hash whole_hash
#include "dataplane/core/users_probe.c"
#undef nx_users_hash

#include "control/server/engine_internal.h"
#include "tests/unit/engine_box.h"

#define USERS 2000 /* in 4,096 hashes: some 400 collide */

struct nx_hash nx_users_hash(const struct nx_users *t, const void *key, size_t len);

static struct {
	bool on;
	uint8_t secret[NX_USERS_SECRET_LEN];
} shortened;

struct nx_hash nx_users_hash(const struct nx_users *t, const void *key, size_t len)
{
	struct nx_hash h = whole_hash(t, key, len);

	if (shortened.on && memcmp(shortened.secret, t->secret, sizeof(t->secret)) == 0) {
		h.lo &= UINT64_C(0xfff) << 52;
		h.hi = 0;
	}
	return h;
}

static const uint8_t *secret_of(struct nx_box *b)
{
	return nx_box_domain(b, "example.com")->users->secret;
}

static int setup(void **state)
{
	shortened.on = false;
	return nx_box_setup(state);
}

/* From now on the secret in force is a bad one. */
static void shorten(struct nx_box *b)
{
	memcpy(shortened.secret, secret_of(b), sizeof(shortened.secret));
	shortened.on = true;
}

static void load(struct nx_box *b, unsigned first, unsigned n, bool replace)
{
	char *csv = malloc((size_t)n * 16 + 1), *p = csv;
	struct nx_load_request r = {.domain = "example.com", .client = "test", .replace = replace};
	struct nx_engine_events ev;

	for (unsigned i = first; i < first + n; i++)
		p += sprintf(p, "u%05u,%s\n", i, i % 2 ? "gone" : "known");
	r.fd = nx_scratch_file(b->dir, csv, (size_t)(p - csv));
	free(csv);
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	nx_engine_wait(b->e, &ev);
	assert_non_null(ev.loaded);
	assert_int_equal(ev.loaded->code, 0);
}

static void assert_served(struct nx_box *b, unsigned n)
{
	for (unsigned i = 0; i < 2 * n; i++) {
		char key[16];

		snprintf(key, sizeof(key), "u%05u", i);
		assert_int_equal(nx_box_served(b, "example.com", key), i >= n  ? NX_USER_ABSENT
								       : i % 2 ? NX_USER_GONE
									       : NX_USER_KNOWN);
	}
}

static void assert_healed(struct nx_box *b)
{
	assert_memory_not_equal(secret_of(b), shortened.secret, sizeof(shortened.secret));
	assert_served(b, USERS);
	nx_box_restart(b);
	assert_memory_not_equal(secret_of(b), shortened.secret, sizeof(shortened.secret));
	assert_served(b, USERS);
}

static void a_replacement_takes_another_secret(void **state)
{
	struct nx_box *b = *state;

	shorten(b);
	load(b, 0, USERS, true);
	assert_healed(b);
}

static void a_merge_rebuilds_the_table(void **state)
{
	struct nx_box *b = *state;

	shorten(b);
	load(b, 0, 1, false);
	assert_memory_equal(secret_of(b), shortened.secret, sizeof(shortened.secret));
	load(b, 1, USERS - 1, false);
	assert_healed(b);
}

static void a_start_rebuilds_the_table(void **state)
{
	struct nx_box *b = *state;

	load(b, 0, USERS, true);
	shorten(b);
	nx_box_restart(b);
	assert_healed(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_replacement_takes_another_secret, setup, nx_box_teardown),
		cmocka_unit_test_setup_teardown(a_merge_rebuilds_the_table, setup, nx_box_teardown),
		cmocka_unit_test_setup_teardown(a_start_rebuilds_the_table, setup, nx_box_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
