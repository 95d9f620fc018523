/* The engine: changes come into force whole, survive a restart, and are refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/server/engine_internal.h"
#include "control/server/tables.h"
#include "tests/unit/engine_box.h"

static const bool yes = true, no = false;
static const struct nx_domain_change plain = {0};

/* ---- domains ---- */

static void domains_are_folded_added_changed_and_deleted(void **state)
{
	struct nx_box *b = *state;
	struct nx_domain_change c = {.complete = &yes};
	uint64_t v1, v2, v3;

	assert_int_equal(nx_engine_domain_add(b->e, "Example.ORG.", &c, &v1, &b->err), 0);
	assert_non_null(nx_engine_domain_find(b->e, "EXAMPLE.org"));
	assert_true(nx_box_domain(b, "example.org")->complete_names);
	assert_non_null(nx_box_domain(b, "example.org")->users); /* empty, and in service */
	assert_int_equal(
		nx_engine_domain_add(b->e, "example.org", &c, NULL, &b->err), NX_ERR_EXISTS);
	c = (struct nx_domain_change){.complete = &no, .shadow = &yes};
	assert_int_equal(nx_engine_domain_set(b->e, "example.org", &c, &v2, &b->err), 0);
	assert_int_equal(v2, v1 + 1);
	assert_false(nx_box_domain(b, "example.org")->complete_names);
	assert_true(nx_box_domain(b, "example.org")->shadow);
	/* what changes nothing is no change */
	assert_int_equal(nx_engine_domain_set(b->e, "example.org", &c, &v3, &b->err), 0);
	assert_int_equal(v3, v2);
	nx_box_restart(b);
	assert_true(nx_box_domain(b, "example.org")->shadow);
	assert_int_equal(nx_engine_domain_del(b->e, "example.org", false, &v3, &b->err), 0);
	assert_null(nx_box_domain(b, "example.org"));
	assert_int_equal(
		nx_engine_domain_del(b->e, "example.org", false, &v3, &b->err), NX_ERR_NOT_FOUND);
	nx_box_says(b, "no domain example.org: add it first (domain add example.org)");
}

static void domain_names_are_checked(void **state)
{
	struct nx_box *b = *state;
	static const char *const bad[] = {
		"", ".", "a..b", "-a.example", "a-.example", "a b", "a/b", "\xc3\xa9.example"};
	char label[70], name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			nx_engine_domain_add(b->e, bad[i], &plain, NULL, &b->err), NX_ERR_INVALID);
		nx_box_says_part(b, "is not a domain name");
	}
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_int_equal(nx_engine_domain_add(b->e, label, &plain, NULL, &b->err), NX_ERR_INVALID);
	assert_int_equal(nx_engine_domain_add(b->e, label + 1, &plain, NULL, &b->err), 0);
	memset(name, 'a', 254);
	for (int i = 60; i < 254; i += 60)
		name[i] = '.';
	name[254] = '\0';
	assert_int_equal(nx_engine_domain_add(b->e, name, &plain, NULL, &b->err), NX_ERR_INVALID);
	assert_int_equal(nx_engine_domain_add(b->e, name + 1, &plain, NULL, &b->err), 0);
	assert_int_equal(nx_engine_domain_add(b->e, "_sip.192.0.2.1", &plain, NULL, &b->err), 0);
}

static void a_domain_with_users_needs_force(void **state)
{
	struct nx_box *b = *state;

	assert_int_equal(nx_box_user(b, "alice", NX_USER_KNOWN), 0);
	assert_int_equal(
		nx_engine_domain_del(b->e, "example.com", false, NULL, &b->err), NX_ERR_GUARD);
	nx_box_says(b, "domain example.com has 1 users, who would go with it: say --force if that "
		       "is meant");
	assert_int_equal(nx_engine_domain_del(b->e, "example.com", true, NULL, &b->err), 0);
	assert_int_equal(b->slot->n_domains, 0);
	/* one of the same name begins anew */
	assert_int_equal(nx_engine_domain_add(b->e, "example.com", &plain, NULL, &b->err), 0);
	assert_int_equal(nx_box_served(b, "example.com", "alice"), NX_USER_ABSENT);
}

/* ---- users ---- */

static void users_are_in_force_when_the_call_returns(void **state)
{
	struct nx_box *b = *state;
	struct nx_user_change c = {.domain = "Example.com.", .state = NX_USER_KNOWN};
	struct nx_user_changed out;
	struct nx_domain_info info;

	c.user = "+44 20 7946-0000";
	c.len = strlen(c.user);
	assert_int_equal(nx_engine_user_set(b->e, &c, &out, &b->err), 0);
	assert_int_equal(out.was, NX_USER_ABSENT);
	assert_int_equal(out.key.len, 13);
	assert_memory_equal(out.key.text, "+442079460000", 13);
	assert_int_equal(out.version, nx_engine_records(b->e)->meta.version);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460000"), NX_USER_KNOWN);
	c.state = NX_USER_GONE;
	assert_int_equal(nx_engine_user_set(b->e, &c, &out, &b->err), 0);
	assert_int_equal(out.was, NX_USER_KNOWN);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460000"), NX_USER_GONE);
	nx_engine_domain_info(b->e, 0, &info);
	assert_true(info.ready && info.gone == 1 && info.known == 0 && info.bytes > 0);
	nx_box_restart(b);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460000"), NX_USER_GONE);
	c.state = NX_USER_ABSENT;
	assert_int_equal(nx_engine_user_set(b->e, &c, &out, &b->err), 0);
	assert_int_equal(out.was, NX_USER_GONE);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460000"), NX_USER_ABSENT);
	/* again: nothing to delete, no new version */
	uint64_t version = out.version;
	assert_int_equal(nx_engine_user_set(b->e, &c, &out, &b->err), 0);
	assert_int_equal(out.was, NX_USER_ABSENT);
	assert_int_equal(out.version, version);
	nx_box_restart(b);
	assert_int_equal(nx_box_served(b, "example.com", "+442079460000"), NX_USER_ABSENT);
}

static void rule_35_a_first_head_has_the_policy_look_for_extensions(void **state)
{
	struct nx_box *b = *state;

	assert_int_equal(nx_box_user(b, "+4420", NX_USER_KNOWN), 0);
	assert_false(nx_box_domain(b, "example.com")->has_heads);
	assert_int_equal(nx_box_user(b, "+4420", NX_USER_HEAD), 0);
	assert_true(nx_box_domain(b, "example.com")->has_heads);
	nx_box_restart(b);
	assert_true(nx_box_domain(b, "example.com")->has_heads);
	assert_int_equal(nx_box_served(b, "example.com", "+4420"), NX_USER_HEAD);
}

static void rule_27_gone_users_need_authority(void **state)
{
	struct nx_box *b = *state;
	struct nx_domain_change c = {.authoritative = &no};

	assert_int_equal(nx_box_user(b, "old", NX_USER_GONE), 0);
	/* authority may be taken away: the verdict then says 404 */
	assert_int_equal(nx_engine_domain_set(b->e, "example.com", &c, NULL, &b->err), 0);
	assert_false(nx_box_domain(b, "example.com")->authoritative);
	assert_int_equal(nx_box_served(b, "example.com", "old"), NX_USER_GONE);
	assert_int_equal(nx_box_user(b, "new", NX_USER_GONE), NX_ERR_AUTHORITY);
	nx_box_says(b, "gone says that the user exists nowhere, which only an authoritative domain "
		       "can: mark example.com so (domain set example.com --authoritative), or "
		       "delete the user instead");
	assert_int_equal(nx_box_served(b, "example.com", "new"), NX_USER_ABSENT);
	assert_int_equal(nx_box_user(b, "new", NX_USER_KNOWN), 0);
}

static void users_that_are_none_are_refused(void **state)
{
	struct nx_box *b = *state;
	struct nx_user_change c = {
		.domain = "none.example", .user = "a", .len = 1, .state = NX_USER_KNOWN};
	struct nx_user_changed out;
	struct nx_user_record rec;

	assert_int_equal(nx_engine_user_set(b->e, &c, &out, &b->err), NX_ERR_NOT_FOUND);
	assert_int_equal(nx_box_user(b, "", NX_USER_KNOWN), NX_ERR_INVALID);
	assert_int_equal(nx_box_user(b, "02079460000", NX_USER_KNOWN), NX_ERR_INVALID);
	nx_box_says_part(b, "user \"02079460000\": ");
	assert_int_equal(nx_box_user(b, "+44x", NX_USER_KNOWN), NX_ERR_INVALID);
	assert_int_equal(
		nx_engine_user_get(b->e, "example.com", "nobody", 6, false, NULL, &rec, &b->err),
		0);
	assert_int_equal(rec.state, NX_USER_ABSENT);
}

static bool join(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	(void)rec;
	snprintf((char *)arg + strlen(arg), 64, "%.*s ", (int)len, (const char *)key);
	return true;
}

static void users_are_listed_by_prefix_and_page(void **state)
{
	struct nx_box *b = *state;
	char all[256] = "", some[256] = "";
	struct nx_user_record rec;
	struct nx_key key;

	nx_box_user(b, "bob", NX_USER_KNOWN);
	nx_box_user(b, "alice", NX_USER_KNOWN);
	nx_box_user(b, "+4420", NX_USER_KNOWN);
	assert_int_equal(
		nx_engine_user_list(b->e, "example.com", NULL, NULL, join, all, &b->err), 0);
	assert_string_equal(all, "+4420 alice bob ");
	assert_int_equal(
		nx_engine_user_list(b->e, "example.com", "", "alice", join, some, &b->err), 0);
	assert_string_equal(some, "bob ");
	assert_int_equal(
		nx_engine_user_get(b->e, "example.com", "bob", 3, false, &key, &rec, &b->err), 0);
	assert_int_equal(rec.state, NX_USER_KNOWN);
	assert_true(rec.updated > 1600000000);
}

/* ---- tables ---- */

static void until_its_table_is_built_a_domain_has_none(void **state)
{
	struct nx_box *b = *state;
	struct nx_engine_events ev;
	struct nx_domain_info info;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	nx_engine_destroy(b->e);
	nx_box_open(b, nx_box_config(b));
	assert_null(nx_box_domain(b, "example.com")->users); /* rule 29 */
	nx_engine_domain_info(b->e, 0, &info);
	assert_false(info.ready);
	assert_int_equal(info.known, 1);
	assert_int_equal(nx_engine_load_tables_start(b->e, &b->err), 0);
	assert_true(nx_engine_loading(b->e));
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), NX_ERR_BUSY);
	nx_box_says_part(b, "tables are being built (nxsipd, since ");
	nx_engine_wait(b->e, &ev);
	assert_true(ev.serving);
	assert_false(nx_engine_loading(b->e));
	assert_int_equal(nx_box_served(b, "example.com", "alice"), NX_USER_KNOWN);
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), 0);
}

static void set_behind_its_back(struct nx_box *b, const char *key, enum nx_user_state user_state)
{
	struct nx_users *t = nx_box_domain(b, "example.com")->users;
	enum nx_user_state old;

	assert_int_equal(nx_users_set(t, nx_users_hash(t, key, strlen(key)), user_state, &old), 0);
}

static void a_collision_takes_the_table_out_and_builds_it_anew(void **state)
{
	struct nx_box *b = *state;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	set_behind_its_back(b, "bob", NX_USER_GONE); /* as if another key had bob's hash */
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), 0);
	assert_null(nx_box_domain(b, "example.com")->users);
	assert_non_null(strstr(b->log, "two users have the same hash"));
	nx_engine_wait(b->e, NULL);
	assert_int_equal(nx_box_served(b, "example.com", "alice"), NX_USER_KNOWN);
	assert_int_equal(nx_box_served(b, "example.com", "bob"), NX_USER_KNOWN);
}

static void filling_a_table_finds_collisions(void **state)
{
	struct nx_box *b = *state;
	const struct nx_domain_def *d = nx_engine_domain_find(b->e, "example.com");
	uint8_t secret[NX_USERS_SECRET_LEN], before[NX_USERS_SECRET_LEN];
	atomic_bool cancel = false;
	bool rotated = false;
	enum nx_user_state old;
	struct nx_users *t;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	memcpy(secret, nx_engine_records(b->e)->meta.users_secret, sizeof(secret));
	memcpy(before, secret, sizeof(before));
	assert_int_equal(nx_users_create(1, secret, NULL, &t), 0);
	assert_int_equal(nx_users_set(t, nx_users_hash(t, "alice", 5), NX_USER_GONE, &old), 0);
	assert_int_equal(nx_tables_fill(b->e->store, d->id, t, &cancel, &b->err), NX_ERR_COLLISION);
	nx_users_destroy(t);
	/* no collision: the secret stays */
	assert_int_equal(
		nx_tables_build(b->e->store, d->id, NULL, secret, &rotated, &cancel, &t, &b->err),
		0);
	assert_false(rotated);
	assert_memory_equal(secret, before, sizeof(secret));
	nx_users_destroy(t);
}

static void another_secret_serves_the_same_users(void **state)
{
	struct nx_box *b = *state;
	uint8_t secret[NX_USERS_SECRET_LEN];
	struct nx_store_txn *t;

	nx_box_user(b, "alice", NX_USER_KNOWN);
	assert_int_equal(nx_store_begin(b->e->store, &t, &b->err), 0);
	assert_int_equal(nx_store_new_secret(t, secret, &b->err), 0);
	assert_int_equal(nx_store_commit(t, NULL, &b->err), 0);
	assert_memory_not_equal(
		secret, nx_box_domain(b, "example.com")->users->secret, sizeof(secret));
	nx_box_restart(b);
	assert_memory_equal(secret, nx_box_domain(b, "example.com")->users->secret, sizeof(secret));
	assert_int_equal(nx_box_served(b, "example.com", "alice"), NX_USER_KNOWN);
}

/* ---- ranges, sources, rules ---- */

static void ranges_are_added_changed_and_deleted(void **state)
{
	struct nx_box *b = *state;
	const struct nx_domain *d;

	assert_int_equal(
		nx_engine_range_add(b->e, "example.com", "+4420", 12, 12, NULL, &b->err), 0);
	d = nx_box_domain(b, "example.com");
	assert_int_equal(d->n_ranges, 1);
	assert_int_equal(nx_engine_range_add(b->e, "example.com", "+4420", 12, 12, NULL, &b->err),
		NX_ERR_EXISTS);
	assert_int_equal(nx_engine_range_add(b->e, "example.com", "4420", 12, 12, NULL, &b->err),
		NX_ERR_INVALID);
	assert_int_equal(nx_engine_range_add(b->e, "example.com", "+4421", 12, 300, NULL, &b->err),
		NX_ERR_INVALID);
	assert_int_equal(nx_engine_range_add(b->e, "example.com", "+442100000000000000000000000",
				 12, 12, NULL, &b->err),
		NX_ERR_INVALID);
	assert_int_equal(
		nx_engine_range_set(b->e, "example.com", "+4420", 0, 13, NULL, &b->err), 0);
	nx_box_restart(b);
	d = nx_box_domain(b, "example.com");
	assert_int_equal(d->ranges[0].min_len, 12);
	assert_int_equal(d->ranges[0].max_len, 13);
	assert_int_equal(nx_engine_range_set(b->e, "example.com", "+4421", 0, 13, NULL, &b->err),
		NX_ERR_NOT_FOUND);
	nx_box_says(b, "domain example.com has no range +4421: see range list");
	assert_int_equal(nx_engine_range_del(b->e, "example.com", "+4420", NULL, &b->err), 0);
	assert_int_equal(nx_box_domain(b, "example.com")->n_ranges, 0);
}

static uint32_t class_of(struct nx_box *b, const char *addr)
{
	struct nx_addr a;

	assert_int_equal(nx_addr_parse(addr, &a), 0);
	return nx_policy_class(b->slot, &a);
}

static void sources_overrule_the_file(void **state)
{
	struct nx_box *b = *state;

	assert_int_equal(class_of(b, "10.1.1.1"), 1);
	assert_int_equal(nx_engine_source_add(b->e, "10.1.0.0/16", "default", NULL, &b->err), 0);
	assert_int_equal(class_of(b, "10.1.1.1"), 0);
	assert_int_equal(class_of(b, "10.2.1.1"), 1);
	assert_int_equal(
		nx_engine_source_add(b->e, "10.1.0.0/16", "default", NULL, &b->err), NX_ERR_EXISTS);
	assert_int_equal(nx_engine_source_add(b->e, "10.0.0.0/8", "default", NULL, &b->err), 0);
	assert_int_equal(class_of(b, "10.2.1.1"), 0);
	assert_int_equal(nx_engine_source_set(b->e, "10.1.0.0/16", "carrier", NULL, &b->err), 0);
	nx_box_restart(b);
	assert_int_equal(class_of(b, "10.1.1.1"), 1);
	assert_int_equal(nx_engine_source_del(b->e, "10.0.0.0/8", NULL, &b->err), 0);
	assert_int_equal(class_of(b, "10.2.1.1"), 1);
	assert_int_equal(nx_engine_source_del(b->e, "10.0.0.0/8", NULL, &b->err), NX_ERR_IN_FILE);
	nx_box_says_part(b, "is set in the configuration file, in class carrier");
	assert_int_equal(
		nx_engine_source_del(b->e, "10.9.0.0/16", NULL, &b->err), NX_ERR_NOT_FOUND);
	assert_int_equal(
		nx_engine_source_add(b->e, "10.3.0.0/16", "none", NULL, &b->err), NX_ERR_INVALID);
	nx_box_says(b, "source 10.3.0.0/16: the configuration has no class none: see source list");
	assert_int_equal(nx_engine_source_add(b->e, "10.3.0.1/16", "carrier", NULL, &b->err),
		NX_ERR_INVALID);
}

static void a_class_gone_from_the_file_does_not_stop_the_box(void **state)
{
	struct nx_box *b = *state;
	struct nx_config *c;

	assert_int_equal(nx_engine_source_add(b->e, "192.0.2.0/24", "carrier", NULL, &b->err), 0);
	assert_int_equal(
		nx_engine_source_add(b->e, "198.51.100.0/24", "carrier", NULL, &b->err), 0);
	c = nx_box_config(b);
	strcpy(c->classes[1].class.name, "other");
	/* a reload has somebody to tell */
	assert_int_equal(nx_engine_reload(b->e, c, NULL, &b->err), NX_ERR_INVALID);
	nx_box_says_part(b, "carrier");
	nx_engine_destroy(b->e);
	nx_box_open(b, c);
	assert_non_null(strstr(b->log, "source 192.0.2.0/24: the configuration has no class"));
	assert_int_equal(class_of(b, "192.0.2.1"), 0);
	/* and one can be mended while the other is still wrong */
	assert_int_equal(nx_engine_source_set(b->e, "192.0.2.0/24", "other", NULL, &b->err), 0);
	assert_int_equal(class_of(b, "192.0.2.1"), 1);
	assert_int_equal(nx_engine_source_del(b->e, "198.51.100.0/24", NULL, &b->err), 0);
}

static void rules_are_added_changed_and_deleted(void **state)
{
	struct nx_box *b = *state;
	const uint8_t v404 = NX_404, v604 = NX_604, absorb = NX_ABSORB;
	const uint32_t early = 5;
	struct nx_rule_change c = {.expression = "^test", .verdict = &v404};
	uint32_t id, id2;

	assert_int_equal(nx_engine_rule_add(b->e, &c, &id, NULL, &b->err), 0);
	assert_int_equal(b->slot->rules->n, 1);
	assert_int_equal(b->slot->rules->rules[0].priority, NX_RULE_PRIORITY_DEFAULT);
	c.expression = "(unclosed";
	assert_int_equal(nx_engine_rule_add(b->e, &c, &id2, NULL, &b->err), NX_ERR_INVALID);
	c = (struct nx_rule_change){.expression = "x", .verdict = &absorb};
	assert_int_equal(nx_engine_rule_add(b->e, &c, &id2, NULL, &b->err), NX_ERR_INVALID);
	c = (struct nx_rule_change){.expression = "^old",
		.verdict = &v604,
		.domain = "example.com",
		.priority = &early};
	assert_int_equal(nx_engine_rule_add(b->e, &c, &id2, NULL, &b->err), 0);
	assert_int_equal(b->slot->rules->rules[0].id, id2);
	assert_int_equal(nx_engine_domain_add(b->e, "other.example", &plain, NULL, &b->err), 0);
	c.domain = "other.example";
	assert_int_equal(nx_engine_rule_add(b->e, &c, NULL, NULL, &b->err), NX_ERR_AUTHORITY);
	c = (struct nx_rule_change){.shadow = &yes};
	assert_int_equal(nx_engine_rule_set(b->e, id2, &c, NULL, &b->err), 0);
	nx_box_restart(b);
	assert_true(b->slot->rules->rules[0].shadow);
	assert_int_equal(nx_engine_rule_del(b->e, id2, NULL, &b->err), 0);
	assert_int_equal(b->slot->rules->n, 1);
	assert_int_equal(nx_engine_rule_del(b->e, id2, NULL, &b->err), NX_ERR_NOT_FOUND);
	assert_int_equal(nx_engine_rule_set(b->e, id2, &c, NULL, &b->err), NX_ERR_NOT_FOUND);
}

/* ---- switches, reload ---- */

static void bypass_and_shadow_survive_a_restart(void **state)
{
	struct nx_box *b = *state;
	uint64_t v1, v2;
	bool deferred;

	assert_int_equal(nx_engine_bypass(b->e, true, &deferred, &v1, &b->err), 0);
	assert_false(deferred);
	assert_true(b->slot->bypass);
	assert_true(b->slot->bypass_ack_until_ns > nx_engine_now_ns() + 30000000000u);
	assert_int_equal(nx_engine_bypass(b->e, true, &deferred, &v2, &b->err), 0);
	assert_int_equal(v1, v2);
	assert_int_equal(nx_engine_shadow_box(b->e, true, NULL, NULL, &b->err), 0);
	nx_box_restart(b);
	assert_true(b->slot->bypass && b->slot->shadow);
	assert_int_equal(nx_engine_bypass(b->e, false, NULL, NULL, &b->err), 0);
	assert_true(!b->slot->bypass && b->slot->shadow);
}

static void the_switches_work_while_others_wait(void **state)
{
	struct nx_box *b = *state;
	struct nx_load_request r = {.domain = "example.com", .client = "pid 1 uid 0"};
	struct nx_engine_events ev;
	bool deferred = false;

	r.fd = nx_scratch_file(b->dir, "alice\n", 6);
	assert_int_equal(nx_engine_load_start(b->e, &r, &b->err), 0);
	/* the load holds the writer's right until it is polled */
	assert_int_equal(nx_box_user(b, "bob", NX_USER_KNOWN), NX_ERR_BUSY);
	nx_box_says_part(b, "load into example.com (merge) (pid 1 uid 0, since ");
	assert_int_equal(
		nx_engine_domain_add(b->e, "x.example", &plain, NULL, &b->err), NX_ERR_BUSY);
	assert_string_equal(nx_engine_writer(b->e)->client, "pid 1 uid 0");
	assert_int_equal(nx_engine_bypass(b->e, true, &deferred, NULL, &b->err), 0);
	assert_true(deferred);
	assert_true(b->slot->bypass);
	nx_engine_wait(b->e, &ev);
	assert_int_equal(ev.loaded->code, 0);
	assert_null(nx_engine_writer(b->e));
	assert_true(b->slot->bypass);
	nx_box_restart(b);
	assert_true(b->slot->bypass);
	assert_int_equal(nx_box_served(b, "example.com", "alice"), NX_USER_KNOWN);
}

static void reload_puts_another_file_in_force(void **state)
{
	struct nx_box *b = *state;
	struct nx_config *c = nx_box_config(b);
	const struct nx_config *boot = nx_engine_boot_config(b->e);
	uint64_t before = b->slot->version, version;

	c->n_classes = 1;
	free(c->classes[1].prefixes);
	c->classes[1].prefixes = NULL;
	assert_int_equal(nx_engine_reload(b->e, c, &version, &b->err), 0);
	assert_int_equal(b->slot->version, version);
	assert_true(version > before);
	assert_int_equal(class_of(b, "10.1.1.1"), 0);
	assert_ptr_equal(nx_engine_config(b->e), c);
	assert_ptr_equal(nx_engine_boot_config(b->e), boot);
	assert_int_equal(nx_engine_reload(b->e, nx_box_config(b), &version, &b->err), 0);
	assert_int_equal(class_of(b, "10.1.1.1"), 1);
}

static void a_store_in_use_keeps_a_second_engine_out(void **state)
{
	struct nx_box *b = *state;
	struct nx_config *c = nx_box_config(b);
	struct nx_policy *slot = NULL;
	struct nx_engine *e;

	assert_int_equal(nx_engine_create(c, 1, NULL, &slot, NULL, NULL, &e, &b->err), NX_ERR_BUSY);
	nx_box_says_part(b, "in use by process");
	assert_null(e);
	assert_null(slot);
	nx_config_free(c); /* not taken over */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, nx_box_setup, nx_box_teardown)
		T(domains_are_folded_added_changed_and_deleted),
		T(domain_names_are_checked),
		T(a_domain_with_users_needs_force),
		T(users_are_in_force_when_the_call_returns),
		T(rule_35_a_first_head_has_the_policy_look_for_extensions),
		T(rule_27_gone_users_need_authority),
		T(users_that_are_none_are_refused),
		T(users_are_listed_by_prefix_and_page),
		T(until_its_table_is_built_a_domain_has_none),
		T(a_collision_takes_the_table_out_and_builds_it_anew),
		T(filling_a_table_finds_collisions),
		T(another_secret_serves_the_same_users),
		T(ranges_are_added_changed_and_deleted),
		T(sources_overrule_the_file),
		T(a_class_gone_from_the_file_does_not_stop_the_box),
		T(rules_are_added_changed_and_deleted),
		T(bypass_and_shadow_survive_a_restart),
		T(the_switches_work_while_others_wait),
		T(reload_puts_another_file_in_force),
		T(a_store_in_use_keeps_a_second_engine_out),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
