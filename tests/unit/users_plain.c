/* The plain path of the user table's probe: slot by slot. */
#define NX_USERS_PLAIN
#define nx_users_hash        users_hash_plain
#define nx_users_probe       users_probe_plain
#define nx_users_look_up     users_look_up_plain
#define nx_users_probe_burst users_probe_burst_plain
#include "dataplane/core/users_probe.c"
