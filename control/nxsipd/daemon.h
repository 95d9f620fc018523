/* The daemon from a checked configuration to its end. Parts start in the order in which they need
 * each other (engine, data plane, control server) and stop in reverse; the loop between is the
 * server's. */
#ifndef NX_CONTROL_DAEMON_H
#define NX_CONTROL_DAEMON_H

#include "control/config/config.h"

/* nx_daemon_run serves until SIGINT, SIGTERM or `shutdown`.
 * Thread: main, once a process.  Ownership: takes config over.
 * Error:  those of the parts' start, logged with the remedy; everything is taken down again. */
int nx_daemon_run(struct nx_config *config);

#endif
