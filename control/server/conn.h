/* One connection on the control socket: lines and descriptors in, lines out, within limits. */
#ifndef NX_CONTROL_CONN_H
#define NX_CONTROL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <event2/event.h>

#define NX_CONN_FDS                                                                 \
	4 /* descriptors kept until their line is complete; more are closed at once \
	   */

struct nx_server;
struct evbuffer;

struct nx_conn {
	LIST_ENTRY(nx_conn) link;
	struct nx_server *server;
	int fd;
	uid_t uid;
	pid_t pid;
	struct event *readable, *writable;
	struct evbuffer *in, *out;
	uint64_t received; /* bytes ever, and those in complete lines: they place descriptors */
	uint64_t taken;
	struct nx_passed_fd {
		int fd; /* -1: closed, being one too many, but counted */
		uint64_t at;
	} passed[NX_CONN_FDS + 1];
	unsigned n_passed;
	unsigned waiting; /* requests in the line of changes, not answered yet */
	bool paused;      /* by too many of them: reads no more until some are answered */
	bool closing;     /* reads no more; closed once out is empty */
	bool dead;        /* closed at the loop's next turn, whatever is unsent */
};

/* nx_conn_create takes fd over, also on failure (NULL: no memory). */
struct nx_conn *nx_conn_create(struct nx_server *s, struct event_base *base, int fd);
void nx_conn_destroy(struct nx_conn *c);

/* nx_conn_send queues a line and takes it over (NULL: nothing). A client that has left more than
 * NX_UNREAD_MAX bytes unread is closed at the loop's next turn: c stays valid for the caller. */
void nx_conn_send(struct nx_conn *c, char *line);

/* nx_conn_answered: one of the requests that waited has its answer. */
void nx_conn_answered(struct nx_conn *c);

#endif
