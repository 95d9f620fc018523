/* An engine on a store of its own, without a data plane. */
#ifndef NX_UNIT_ENGINE_BOX_H
#define NX_UNIT_ENGINE_BOX_H

#include "control/server/engine.h"
#include "tests/unit/scratch.h"

struct nx_box {
	char dir[NX_SCRATCH_PATH];
	struct nx_policy *slot;
	struct nx_engine *e;
	struct nx_error err;
	char log[8192]; /* all lines, each with \n */
};

/* cmocka fixtures: *state is a struct nx_box with domain example.com (authoritative) and its table
 * in service. */
int nx_box_setup(void **state);
int nx_box_teardown(void **state);

/* nx_box_config: classes default and carrier (10.0.0.0/8), one number plan, store in the box. */
struct nx_config *nx_box_config(const struct nx_box *b);

void nx_box_open(struct nx_box *b, struct nx_config *config);
/* nx_box_restart closes and opens the engine and waits until it serves. */
void nx_box_restart(struct nx_box *b);

/* nx_box_served: what a worker would find for a canonical key. Tables have two replicas, which are
 * found to say the same. */
enum nx_user_state nx_box_served(struct nx_box *b, const char *domain, const char *key);
const struct nx_domain *nx_box_domain(struct nx_box *b, const char *domain);

/* nx_box_user sets a user of example.com and returns the code. */
int nx_box_user(struct nx_box *b, const char *user, enum nx_user_state state);

void nx_box_says(const struct nx_box *b, const char *text); /* err holds text, exactly */
void nx_box_says_part(const struct nx_box *b, const char *part);

#endif
