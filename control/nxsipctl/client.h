/* nxsipctl's end of the control socket: one call at a time (protocol: nxsip/protocol.h). */
#ifndef NX_CTL_CLIENT_H
#define NX_CTL_CLIENT_H

#include <jansson.h>

#include "nxsip/error.h"

struct nx_client;

/* Called for each notification that arrives before the answer; params is borrowed. */
typedef void (*nx_client_notify)(void *arg, const char *method, const json_t *params);

/* nx_client_open connects and says hello.
 * Error: NX_ERR_IO (nobody listens; no permission), NX_ERR_UNSUPPORTED (another protocol). */
int nx_client_open(const char *path, struct nx_client **out, struct nx_error *err);
void nx_client_close(struct nx_client *c);

/* nx_client_call sends method with params (taken over), and fd where it is not -1, and waits for
 * the answer.
 * Out:    *result: owned by the caller.  *error_data (may be NULL): the error's data, owned by the
 *         caller, NULL where there is none.
 * Error:  the daemon's code and sentence; NX_ERR_IO where the connection broke;
 *         NX_ERR_CANCELLED where *stop became true meanwhile (stop may be NULL). */
int nx_client_call(struct nx_client *c, const char *method, json_t *params, int fd,
	nx_client_notify notify, void *arg, const volatile int *stop, json_t **result,
	json_t **error_data, struct nx_error *err);

#endif
