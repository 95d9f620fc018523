/* A small world to judge requests in: the configuration below, three domains with a few users, and
 * the core's own pipeline. A test changes what it wants changed, builds again and asks what becomes
 * of a request.
 *
 *   192.0.2.10, 2001:db8::10   phone, plan uk, any host is example.net: authoritative, +442079 is
 *                              complete with 12 digits, ...0000 lives and ...0001 is gone
 *   192.0.2.11                 names: example.org, complete; example.com, not
 *   192.0.2.12                 originating
 *   198.51.100.0/24, 2001:db8::/32 peers with 604; 203.0.113.64/26 peers with their own ideas;
 *   203.0.113.128/26 public and answered; 203.0.113.192/26 public and limited to 2 malformed
 * requests and 3 in dialogs a second; everything else public and passed */
#ifndef NX_TEST_WORLD_H
#define NX_TEST_WORLD_H

#include "control/policy/policy.h"
#include "dataplane/core/pipeline.h"
#include "tests/unit/frame.h"
#include "tests/unit/sample.h"

#define WORLD_KNOWN  "sip:+442079460000@192.0.2.10"
#define WORLD_GONE   "sip:+442079460001@192.0.2.10"
#define WORLD_NOBODY "sip:+442079460002@192.0.2.10"

enum { WORLD_NET, WORLD_ORG, WORLD_COM, WORLD_DOMAINS };

struct world {
	struct nx_config *config;
	struct nx_domain_def domains[WORLD_DOMAINS];
	struct nx_range_def ranges[2];
	struct nx_policy_input in;
	struct nx_policy *policy;
	struct nx_pipeline *pipeline;
	uint64_t now_ns;
	struct sample sip; /* the last request */
};

/* cmocka fixtures: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* world_build makes the policy of what the fields say now. */
void world_build(struct world *w);

/* world_user sets a user's state in one of the domains, by its canonical key. */
void world_user(struct world *w, unsigned domain, const char *key, enum nx_user_state state);

/* world_frame judges a frame as a worker does; returns the reason's name. */
const char *world_frame(struct world *w, const uint8_t *frame, size_t len, bool from_core);

/* world_sip judges w->sip in a frame of that kind; world_request first makes it a request for the
 * URI, To the same, with more header lines (each with CRLF). */
const char *world_sip(struct world *w, const struct frame_spec *s);
const char *world_request(struct world *w, const char *method, const char *uri, const char *lines);

/* world_tag writes the To tag with which w->sip would be answered, terminated. */
void world_tag(struct world *w, const struct frame_spec *s, char *tag);

#endif
