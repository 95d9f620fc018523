/* An engine on a store of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine_box.h"

static void keep_line(void *arg, const char *line)
{
	struct nx_box *b = arg;
	size_t used = strlen(b->log);

	snprintf(b->log + used, sizeof(b->log) - used, "%s\n", line);
}

struct nx_config *nx_box_config(const struct nx_box *b)
{
	struct nx_config *c = calloc(1, sizeof(*c));
	char path[NX_SCRATCH_PATH + 16];

	snprintf(path, sizeof(path), "%s/store", b->dir);
	c->store_path = strdup(path);
	c->store_map_mib = 16;
	c->n_classes = 2;
	strcpy(c->classes[0].class.name, "default");
	strcpy(c->classes[1].class.name, "carrier");
	c->classes[0].plan = c->classes[1].plan = -1;
	c->classes[1].prefixes = calloc(1, sizeof(struct nx_prefix));
	c->classes[1].n_prefixes = 1;
	assert_int_equal(nx_prefix_parse("10.0.0.0/8", c->classes[1].prefixes, NULL), 0);
	return c;
}

void nx_box_open(struct nx_box *b, struct nx_config *config)
{
	static const struct nx_placement two = {
		.n_replicas = 2, .node = {0, NX_NODE_ANY}, .replica_of = {[1] = 1}};
	int rc = nx_engine_create(config, 1, &two, &b->slot, keep_line, b, &b->e, &b->err);

	if (rc != NX_OK)
		fail_msg("engine: %s", b->err.text);
}

void nx_box_restart(struct nx_box *b)
{
	nx_engine_destroy(b->e);
	assert_null(b->slot);
	nx_box_open(b, nx_box_config(b));
	assert_int_equal(nx_engine_load_tables_start(b->e, &b->err), 0);
	nx_engine_wait(b->e, NULL);
}

int nx_box_setup(void **state)
{
	struct nx_box *b = calloc(1, sizeof(*b));
	const struct nx_domain_change c = {.authoritative = &(const bool){true}};

	nx_scratch_make(b->dir);
	nx_box_open(b, nx_box_config(b));
	assert_int_equal(nx_engine_domain_add(b->e, "example.com", &c, NULL, &b->err), 0);
	*state = b;
	return 0;
}

int nx_box_teardown(void **state)
{
	struct nx_box *b = *state;

	nx_engine_destroy(b->e);
	nx_scratch_remove(b->dir);
	free(b);
	return 0;
}

const struct nx_domain *nx_box_domain(struct nx_box *b, const char *domain)
{
	for (uint32_t i = 0; i < b->slot->n_domains; i++) {
		if (strcmp(b->slot->domains[i].name, domain) == 0)
			return &b->slot->domains[i];
	}
	return NULL;
}

enum nx_user_state nx_box_served(struct nx_box *b, const char *domain, const char *key)
{
	const struct nx_domain *d = nx_box_domain(b, domain);
	enum nx_user_state state;
	struct nx_hash h;

	assert_non_null(d);
	assert_non_null(d->users);
	h = nx_users_hash(d->users, key, strlen(key));
	state = nx_users_probe(nx_users_near(d->users, 0), h);
	assert_int_equal(nx_users_probe(nx_users_near(d->users, 1), h), state);
	return state;
}

int nx_box_user(struct nx_box *b, const char *user, enum nx_user_state state)
{
	struct nx_user_change c = {
		.domain = "example.com", .user = user, .len = strlen(user), .state = state};
	struct nx_user_changed out;

	return nx_engine_user_set(b->e, &c, &out, &b->err);
}

void nx_box_says(const struct nx_box *b, const char *text)
{
	assert_string_equal(b->err.text, text);
}

void nx_box_says_part(const struct nx_box *b, const char *part)
{
	if (!strstr(b->err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", b->err.text, part);
}
