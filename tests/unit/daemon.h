/* A whole control plane for a test: configuration file, store, engine and
 * server in a directory of its own, counters in place of a data plane, and
 * clients on the real socket. One thread: whoever waits for a line drives the
 * server's loop meanwhile. */
#ifndef TESTS_UNIT_DAEMON_H
#define TESTS_UNIT_DAEMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "control/server/server.h"

#define DAEMON_WORKERS 2
#define DAEMON_WAIT_MS                                        \
	20000 /* a line that has not come by then never comes \
	       */

struct daemon {
	char dir[64], config[96], socket[96], log[96];
	struct nx_policy *policy;
	struct nx_engine *engine;
	struct nx_server *server;
	struct nx_worker_stats stats[DAEMON_WORKERS];
	int saved_stderr;
};

struct client {
	struct daemon *daemon;
	int fd;
	char *in;
	size_t len;
};

/* daemon_start and daemon_stop are a test's set-up and tear-down: *state is the
 * struct daemon. Standard error goes to a file meanwhile, which daemon_log
 * reads. */
int daemon_start(void **state);
int daemon_stop(void **state);

/* daemon_write_config writes the configuration file again, with more YAML at
 * its end. */
void daemon_write_config(const struct daemon *d, const char *more);
/* daemon_step drives the loop for some time, until nothing is going on. */
void daemon_step(struct daemon *d);
/* daemon_log returns what was logged, to be freed. */
char *daemon_log(const struct daemon *d);
/* daemon_logged waits for a text in the log. */
void daemon_logged(struct daemon *d, const char *text);
/* daemon_file writes a file into the directory and opens it for reading. */
int daemon_file(const struct daemon *d, const char *name, const char *text, size_t len);

void client_open(struct daemon *d, struct client *c);
void client_close(struct client *c);
/* client_send sends bytes with descriptors; the loop runs while the socket is
 * full. */
void client_send(struct client *c, const void *bytes, size_t len, const int *fds, unsigned n_fds);
/* client_line waits for a line, without its line feed, to be freed; NULL: the
 * server closed. */
char *client_line(struct client *c);

/* client_call sends a request (params: JSON text or NULL; fd: -1 or a
 * descriptor) and returns the answer's whole object; client_result asserts that
 * it is a result and returns that. client_fails asserts an error's code and
 * sentence (NULL: any). */
json_t *client_call(struct client *c, const char *method, const char *params, int fd);
json_t *client_result(struct client *c, const char *method, const char *params);
void client_fails(
	struct client *c, const char *method, const char *params, int code, const char *text);

#endif
