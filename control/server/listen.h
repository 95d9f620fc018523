/* The control socket's place in the file system: made with the right owner and mode from the first
 * moment, never taken from a daemon that still answers, and removed at the end. */
#ifndef NX_CONTROL_LISTEN_H
#define NX_CONTROL_LISTEN_H

#include <sys/types.h>
#include <sys/un.h>

#include "nxsip/error.h"

struct nx_listener {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev; /* of the socket file, so that only our own is removed */
	ino_t ino;
};

/* nx_listen binds a non-blocking stream socket at path, mode 0660, of group (NULL: the process's).
 * The last directory of path is made (0755) if its parent exists; the socket file of a daemon that
 * is gone is replaced.
 * Error:  NX_ERR_BUSY (another daemon answers, its pid in err), NX_ERR_TOO_LONG, NX_ERR_INVALID (no
 *         such group; path is no socket), NX_ERR_IO; nothing is left open or behind. */
int nx_listen(const char *path, const char *group, struct nx_listener *l, struct nx_error *err);

/* nx_listen_close closes the socket and removes its file if it is still ours. */
void nx_listen_close(struct nx_listener *l);

#endif
