/* The store's environment: opening, the lock against a second process, and sentences for LMDB's
 * errors.
 *
 * LMDB is a copy-on-write B+ tree in one memory-mapped file: a commit writes new pages, syncs, then
 * switches the root, so that a crash at any moment leaves the last committed state and needs no
 * repair.
 * Left out: MDB_NOSYNC and the other shortcuts, which give up what the store is for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "control/store/check.h"
#include "control/store/store_internal.h"

#define MIB           ((uint64_t)1 << 20)
#define LOCK_FILE     "nxsipd.lock"
#define DATA_FILE     "data.mdb"
#define MADE_FILE     "nxsipd.made" /* says that the data file was there, whole, once */
#define CHECK_AT_ONCE 16384         /* pages of users: more are left for later */
#define READERS_MAX   126
#define PATH_ROOM     4096
#define NEW_STORE_MIB 64

static const char *const dbi_name[NX_DBI_N] = {
	[NX_DBI_META] = "meta",
	[NX_DBI_DOMAINS] = "domains",
	[NX_DBI_RANGES] = "ranges",
	[NX_DBI_RULES] = "rules",
	[NX_DBI_SOURCES] = "sources",
	[NX_DBI_USERS] = "users",
	[NX_DBI_TALLIES] = "tallies",
};

/* LMDB says EIO where a write was cut short, which is how a disk gets full. */
static bool has_no_room(const struct nx_store *s)
{
	struct statvfs fs;
	struct rlimit limit;
	struct stat st;
	mdb_filehandle_t fd;

	if (statvfs(s->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < MIB)
		return true;
	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       mdb_env_get_fd(s->env, &fd) == 0 && fstat(fd, &st) == 0 &&
	       (uint64_t)st.st_size + MIB > limit.rlim_cur;
}

int nx_store_fail(struct nx_store *s, int rc, const char *what, struct nx_error *err)
{
	MDB_envinfo info;

	if (rc == EIO && has_no_room(s))
		rc = ENOSPC;
	switch (rc) {
	case MDB_MAP_FULL:
		if (mdb_env_info(s->env, &info) == 0)
			nx_store_reserve(s, info.me_mapsize);
		return nx_fail(err, NX_ERR_FULL,
			"%s: the store %s is full: its map grows at the next attempt, try again",
			what, s->path);
	case MDB_TXN_FULL:
		return nx_fail(err, NX_ERR_TOO_LONG,
			"%s: too many changes for one transaction of the store %s: split them",
			what, s->path);
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return nx_fail(err, NX_ERR_IO,
			"%s: no room on the disk for the store %s (%s): free some and try again",
			what, s->path, strerror(rc));
	case ENOMEM:
		return nx_fail(err, NX_ERR_NOMEM, "%s: no memory for the store %s", what, s->path);
	case EIO:
		return nx_fail(err, NX_ERR_IO,
			"%s: the disk of the store %s fails (%s): see the system's log; calls go "
			"on "
			"being judged by what was last committed",
			what, s->path, strerror(rc));
	case MDB_PANIC:
		return nx_fail(err, NX_ERR_IO,
			"%s: the store %s takes no changes since its disk failed: mend that and "
			"start nxsipd again",
			what, s->path);
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_VALSIZE:
		return nx_fail(err, NX_ERR_CORRUPT,
			"%s: the store %s is damaged (%s): stop nxsipd and restore the directory "
			"from a backup, or move it away to start empty",
			what, s->path, mdb_strerror(rc));
	case MDB_VERSION_MISMATCH:
		return nx_fail(err, NX_ERR_UNSUPPORTED,
			"%s: the store %s was written by another version of LMDB: export it with "
			"that version",
			what, s->path);
	default:
		return nx_fail(
			err, NX_ERR_IO, "%s: the store %s: %s", what, s->path, mdb_strerror(rc));
	}
}

static int fail_path(const char *path, int e, struct nx_error *err)
{
	switch (e) {
	case EACCES:
	case EPERM:
		return nx_fail(err, NX_ERR_IO,
			"store %s: permission denied: give the directory to the user nxsipd runs "
			"as (chown), mode 0700",
			path);
	case ENOENT:
		return nx_fail(err, NX_ERR_IO,
			"store %s: the directory above it does not exist: create it", path);
	case ENOTDIR:
		return nx_fail(err, NX_ERR_IO,
			"store %s: is not a directory: name a directory that nxsipd may fill",
			path);
	case EROFS:
		return nx_fail(err, NX_ERR_IO, "store %s: the file system is read-only", path);
	default:
		return nx_fail(err, NX_ERR_IO, "store %s: %s", path, strerror(e));
	}
}

static int make_directory(const char *path, struct nx_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return NX_OK;
	if (errno != EEXIST)
		return fail_path(path, errno, err);
	if (stat(path, &st) != 0)
		return fail_path(path, errno, err);
	return S_ISDIR(st.st_mode) ? NX_OK : fail_path(path, ENOTDIR, err);
}

/* LMDB lets several processes write in turn; we keep records and tables in memory and do not. */
static int lock_directory(struct nx_store *s, struct nx_error *err)
{
	char path[PATH_ROOM], pid[32] = "";
	int n = snprintf(path, sizeof(path), "%s/" LOCK_FILE, s->path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return nx_fail(err, NX_ERR_TOO_LONG, "store %.200s...: path too long", s->path);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return fail_path(s->path, errno, err);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t got = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);

		pid[got > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return nx_fail(err, NX_ERR_BUSY,
			"store %s: in use by process %s: stop that nxsipd, or give this one a "
			"store of its own",
			s->path, pid[0] ? pid : "(unknown)");
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		return fail_path(s->path, errno, err);
	return NX_OK;
}

/* A file cut short would raise SIGBUS where the map is read. Padded with zeros, the same page is
 * one that LMDB reports as damaged. (Short by some never-written pages is lawful.) */
static int pad_file(struct nx_store *s, struct nx_error *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	mdb_filehandle_t fd;
	uint64_t least;
	int rc;

	if ((rc = mdb_env_info(s->env, &info)) != 0 || (rc = mdb_env_stat(s->env, &stat)) != 0 ||
		(rc = mdb_env_get_fd(s->env, &fd)) != 0)
		return nx_store_fail(s, rc, "opening", err);
	least = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	if (fstat(fd, &st) != 0)
		return nx_store_fail(s, errno, "opening", err);
	if ((uint64_t)st.st_size < least && ftruncate(fd, (off_t)least) != 0)
		return nx_store_fail(s, errno, "opening", err);
	return NX_OK;
}

static int path_in(
	const struct nx_store *s, const char *name, char path[PATH_ROOM], struct nx_error *err)
{
	int n = snprintf(path, PATH_ROOM, "%s/%s", s->path, name);

	if (n < 0 || n >= PATH_ROOM)
		return nx_fail(err, NX_ERR_TOO_LONG, "store %.200s...: path too long", s->path);
	return NX_OK;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

/* Looks at the data file before LMDB does. */
static int check_file(struct nx_store *s, struct nx_error *err)
{
	char path[PATH_ROOM], made[PATH_ROOM];
	struct stat st;
	int rc;

	if ((rc = path_in(s, DATA_FILE, path, err)) != NX_OK ||
		(rc = path_in(s, MADE_FILE, made, err)) != NX_OK)
		return rc;
	s->is_new = stat(made, &st) != 0;
	if (!is_there(path)) {
		if (s->is_new)
			return NX_OK;
		return nx_fail(err, NX_ERR_CORRUPT,
			"the store %s has lost its data (%s is missing or empty): restore the "
			"directory from a backup, or move it away to start empty",
			s->path, DATA_FILE);
	}
	if ((rc = nx_check_open(path, dbi_name, NX_DBI_N, NX_DBI_USERS, &s->check, err)) != NX_OK)
		return rc;
	atomic_store(&s->users_state, NX_ERR_BUSY);
	if (nx_check_rest_pages(s->check) > CHECK_AT_ONCE)
		return NX_OK;
	return nx_store_check_users(s, NULL, err);
}

int nx_store_check_users(struct nx_store *s, const atomic_bool *cancel, struct nx_error *err)
{
	int rc;

	if (!s->check)
		return nx_store_users_ready(s, err);
	rc = nx_check_rest(s->check, cancel, err);
	if (rc == NX_ERR_CANCELLED || rc == NX_ERR_NOMEM)
		return rc;
	nx_check_close(s->check);
	s->check = NULL;
	atomic_store(&s->users_state, rc);
	return rc;
}

bool nx_store_is_checked(const struct nx_store *s)
{
	return atomic_load(&s->users_state) != NX_ERR_BUSY;
}

int nx_store_users_ready(struct nx_store *s, struct nx_error *err)
{
	switch (atomic_load(&s->users_state)) {
	case NX_OK:
		return NX_OK;
	case NX_ERR_BUSY:
		return nx_fail(err, NX_ERR_BUSY,
			"the users in the store %s are being checked: try again in a moment",
			s->path);
	default:
		return nx_fail(err, NX_ERR_CORRUPT,
			"the users in the store %s are damaged: stop nxsipd and restore the "
			"directory from a backup, or move it away to start empty",
			s->path);
	}
}

/* From now on a data file that is not there is one that was lost. */
static int mark_made(struct nx_store *s, struct nx_error *err)
{
	char made[PATH_ROOM];
	int fd, rc = path_in(s, MADE_FILE, made, err);

	if (rc != NX_OK)
		return rc;
	fd = open(made, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_path(s->path, errno, err);
	close(fd);
	return NX_OK;
}

static int open_env(struct nx_store *s, uint64_t map_mib, struct nx_error *err)
{
	int rc, dead;

	if ((rc = mdb_env_create(&s->env)) != 0)
		return nx_fail(err, NX_ERR_NOMEM, "store %s: %s", s->path, mdb_strerror(rc));
	if ((rc = mdb_env_set_maxdbs(s->env, NX_DBI_N)) != 0 ||
		(rc = mdb_env_set_maxreaders(s->env, READERS_MAX)) != 0 ||
		(rc = mdb_env_set_mapsize(s->env, (map_mib ? map_mib : NEW_STORE_MIB) * MIB)) != 0)
		return nx_store_fail(s, rc, "opening", err);
	rc = mdb_env_open(s->env, s->path, MDB_NOTLS, 0600);
	if (rc == EACCES || rc == EPERM || rc == EROFS)
		return fail_path(s->path, rc, err);
	if (rc != 0)
		return nx_store_fail(s, rc, "opening", err);
	(void)mdb_reader_check(s->env, &dead);
	if ((rc = nx_store_seal_headers(s)) != 0)
		return nx_store_fail(s, rc, "opening", err);
	return pad_file(s, err);
}

static int first_meta(struct nx_store_meta *m, struct nx_error *err)
{
	memset(m, 0, sizeof(*m));
	m->next_domain = 1;
	m->next_rule = 1;
	if (getrandom(m->users_secret, sizeof(m->users_secret), 0) != sizeof(m->users_secret) ||
		getrandom(m->tag_key, sizeof(m->tag_key), 0) != sizeof(m->tag_key))
		return nx_fail(err, NX_ERR_IO, "no random numbers: %s", strerror(errno));
	return NX_OK;
}

/* Opens the tables; a new store gets its secrets. */
static int open_tables(struct nx_store *s, struct nx_error *err)
{
	struct nx_store_txn *t;
	struct nx_store_meta meta;
	int rc = nx_store_begin(s, &t, err);

	if (rc != NX_OK)
		return rc;
	for (int i = 0; i < NX_DBI_N; i++) {
		int mrc = mdb_dbi_open(t->txn, dbi_name[i], MDB_CREATE, &s->dbi[i]);

		if (mrc != 0) {
			rc = nx_store_fail(s, mrc, "opening", err);
			goto fail;
		}
	}
	rc = s->is_new ? nx_store_meta_read(s, t->txn, &meta, err)
		       : nx_store_meta_get(t, &meta, err);
	if (rc == NX_ERR_NOT_FOUND) {
		if ((rc = first_meta(&meta, err)) != NX_OK)
			goto fail;
		if ((rc = nx_store_meta_put(t, &meta, err)) != NX_OK)
			goto fail;
		return nx_store_commit(t, NULL, err);
	}
	if (rc != NX_OK)
		goto fail;
	/* a commit of nothing keeps the tables' handles */
	if ((rc = nx_store_txn_commit(s, t->txn)) != 0)
		rc = nx_store_fail(s, rc, "opening", err);
	t->txn = NULL;
fail:
	nx_store_abort(t);
	return rc;
}

int nx_store_open(const char *path, uint64_t map_mib, struct nx_store **out, struct nx_error *err)
{
	struct nx_store *s;
	int rc;

	*out = NULL;
	if ((rc = make_directory(path, err)) != NX_OK)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return nx_fail(err, NX_ERR_NOMEM, "store %s: no memory", path);
	s->lock_fd = -1;
	pthread_rwlock_init(&s->map_lock, NULL);
	pthread_mutex_init(&s->turn, NULL);
	s->path = strdup(path);
	if (!s->path) {
		rc = nx_fail(err, NX_ERR_NOMEM, "store %s: no memory", path);
		goto fail;
	}
	if ((rc = lock_directory(s, err)) != NX_OK)
		goto fail;
	if ((rc = check_file(s, err)) != NX_OK)
		goto fail;
	if ((rc = open_env(s, map_mib, err)) != NX_OK)
		goto fail;
	if ((rc = open_tables(s, err)) != NX_OK)
		goto fail;
	if ((rc = mark_made(s, err)) != NX_OK)
		goto fail;
	if (nx_sweeper_start(s) != NX_OK) {
		rc = nx_fail(err, NX_ERR_NOMEM, "store %s: no thread", path);
		goto fail;
	}
	*out = s;
	return NX_OK;
fail:
	nx_store_close(s);
	return rc;
}

void nx_store_close(struct nx_store *s)
{
	if (!s)
		return;
	nx_sweeper_stop(s);
	nx_check_close(s->check);
	if (s->env) {
		(void)mdb_env_sync(s->env, 1); /* the last seal */
		mdb_env_close(s->env);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd); /* the lock goes with it; the file stays */
	pthread_mutex_destroy(&s->turn);
	pthread_rwlock_destroy(&s->map_lock);
	free(s->path);
	free(s);
}

int nx_store_temp(struct nx_store *s, int *fd, struct nx_error *err)
{
	char path[PATH_ROOM];
	int n;

	*fd = open(s->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return NX_OK;
	n = snprintf(path, sizeof(path), "%s/temp.XXXXXX", s->path);
	if (n > 0 && (size_t)n < sizeof(path) && (*fd = mkostemp(path, O_CLOEXEC)) >= 0) {
		(void)unlink(path);
		return NX_OK;
	}
	return nx_fail(err, NX_ERR_IO, "a file beside the store %s: %s", s->path, strerror(errno));
}
