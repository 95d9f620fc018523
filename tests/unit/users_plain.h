/* dataplane/core/users_probe.c as it is on machines without wide vectors, to hold the other way
 * against. */
#ifndef NX_TEST_USERS_PLAIN_H
#define NX_TEST_USERS_PLAIN_H

#include "nxsip/users.h"

void users_look_up_plain(struct nx_users_query q[], size_t n);
void users_probe_burst_plain(struct nx_users_query q[], size_t n);

#endif
