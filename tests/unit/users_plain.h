/* dataplane/core/users_probe.c as it is on machines without wide vectors, to hold the other way
 * against. */
#ifndef NX_TEST_USERS_PLAIN_H
#define NX_TEST_USERS_PLAIN_H

#include "nxsip/users.h"

struct nx_hash users_hash_plain(const struct nx_users *t, const void *key, size_t len);
enum nx_user_state users_probe_plain(const struct nx_users *t, struct nx_hash h);

#endif
