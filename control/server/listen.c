/* The control socket's place in the file system: see listen.h. The socket is bound with mode 0600
 * and opened to its group only once that group is set, so that nobody else connects in between. */
#include "control/server/listen.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 64 /* clients that may wait for the loop's next turn */

static int make_directory(const char *path, struct nx_error *err)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	if (mkdir(dir, 0755) == 0 ? chmod(dir, 0755) == 0 : errno == EEXIST)
		return 0;
	return nx_fail(err, NX_ERR_IO, "control socket: cannot make the directory %s: %s", dir,
		strerror(errno));
}

static int find_group(const char *group, gid_t *gid, struct nx_error *err)
{
	struct group entry, *found = NULL;
	char buf[16384];

	*gid = (gid_t)-1;
	if (!group)
		return 0;
	(void)getgrnam_r(group, &entry, buf, sizeof(buf), &found);
	if (!found)
		return nx_fail(err, NX_ERR_INVALID,
			"control socket: there is no group \"%s\": create it (groupadd --system "
			"%s) or name another",
			group, group);
	*gid = found->gr_gid;
	return 0;
}

/* answers says whether somebody listens at the address, and who. EAGAIN: their backlog is full. */
static bool answers(const struct sockaddr_un *sa, pid_t *pid, int *why)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	bool yes;

	*why = errno;
	if (fd < 0)
		return false;
	yes = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN;
	*why = errno;
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	*pid = peer.pid;
	(void)close(fd);
	return yes;
}

static int remove_stale(const struct sockaddr_un *sa, struct nx_error *err)
{
	struct stat st;
	pid_t pid = 0;
	int why;

	if (lstat(sa->sun_path, &st) != 0)
		return errno == ENOENT ? 0
				       : nx_fail(err, NX_ERR_IO, "control socket %s: %s",
						 sa->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return nx_fail(err, NX_ERR_INVALID,
			"control socket: %s exists and is not a socket: remove it, or name "
			"another path",
			sa->sun_path);
	if (answers(sa, &pid, &why))
		return nx_fail(err, NX_ERR_BUSY, "another nxsipd (pid %d) listens on %s", (int)pid,
			sa->sun_path);
	if (why != ECONNREFUSED)
		return nx_fail(err, NX_ERR_IO, "control socket %s: cannot tell who owns it: %s",
			sa->sun_path, strerror(why));
	if (unlink(sa->sun_path) != 0 && errno != ENOENT)
		return nx_fail(err, NX_ERR_IO, "control socket %s: cannot replace it: %s",
			sa->sun_path, strerror(errno));
	return 0;
}

static int bind_and_open(struct nx_listener *l, const struct sockaddr_un *sa, gid_t gid)
{
	struct stat st;

	if (fchmod(l->fd, 0600) != 0 || bind(l->fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0)
		return -1;
	if (lstat(sa->sun_path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (gid != (gid_t)-1 && chown(sa->sun_path, (uid_t)-1, gid) != 0)
		return -1;
	return chmod(sa->sun_path, 0660) != 0 || listen(l->fd, BACKLOG) != 0 ? -1 : 0;
}

int nx_listen(const char *path, const char *group, struct nx_listener *l, struct nx_error *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	gid_t gid;
	int ret;

	*l = (struct nx_listener){.fd = -1};
	if (strlen(path) >= sizeof(sa.sun_path))
		return nx_fail(err, NX_ERR_TOO_LONG,
			"control socket: the path is %zu bytes long, and a socket's is at most "
			"%zu: %s",
			strlen(path), sizeof(sa.sun_path) - 1, path);
	strcpy(sa.sun_path, path);
	strcpy(l->path, path);
	if ((ret = find_group(group, &gid, err)) || (ret = make_directory(path, err)) ||
		(ret = remove_stale(&sa, err)))
		return ret;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || bind_and_open(l, &sa, gid) != 0) {
		ret = nx_fail(err, NX_ERR_IO, "control socket %s: %s", path, strerror(errno));
		nx_listen_close(l);
		return ret;
	}
	return 0;
}

void nx_listen_close(struct nx_listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	(void)close(l->fd);
	l->fd = -1;
	if (l->ino && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->path);
}
