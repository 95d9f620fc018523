/* A dump: see dump.h. The store keeps every page that an open snapshot can see, so a snapshot must
 * not last as long as a person reads, or a network takes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server/csv.h"
#include "control/server/dump.h"

#define BUFFER      ((size_t)256 * 1024)
#define LOOK_MS     200  /* between looks at cancel while the reader is slow */
#define PROGRESS_AT 4096 /* rows */

struct writing {
	struct nx_dump *dump;
	int fd; /* the reader's, or the file between */
	size_t n;
	int rc;
	char *buf;
};

int nx_dump_check(int fd, struct nx_error *err)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) != 0)
		return nx_fail(err, NX_ERR_INVALID, "the descriptor: %s", strerror(errno));
	if ((flags & O_ACCMODE) == O_RDONLY)
		return nx_fail(err, NX_ERR_INVALID, "the descriptor is not open for writing");
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) &&
		!S_ISCHR(st.st_mode))
		return nx_fail(err, NX_ERR_INVALID,
			"users are written to a file, a pipe, a socket or a terminal only");
	return NX_OK;
}

static int cancelled(struct nx_dump *d)
{
	return atomic_load_explicit(d->cancel, memory_order_relaxed)
		       ? nx_fail(&d->err, NX_ERR_CANCELLED, "cancelled")
		       : NX_OK;
}

static int write_failed(struct nx_dump *d)
{
	return nx_fail(&d->err, NX_ERR_IO, "writing the users: %s: what was written is not whole",
		strerror(errno));
}

/* ---- to the reader ---- */

static ssize_t write_some(int fd, const char *p, size_t len)
{
	ssize_t n = send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, p, len) : n;
}

/* Writes all of it, waits where the reader is slow, and looks at cancel meanwhile. */
static int write_slowly(struct nx_dump *d, int fd, const char *p, size_t len)
{
	while (len > 0) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		ssize_t n;
		int rc;

		if ((rc = cancelled(d)) != NX_OK)
			return rc;
		if (poll(&ready, 1, LOOK_MS) <= 0)
			continue;
		/* what a pipe says it has room for; it then does not block */
		n = write_some(fd, p, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return write_failed(d);
		p += n;
		len -= (size_t)n;
	}
	return NX_OK;
}

static int copy_out(struct nx_dump *d, int from, char *buf)
{
	for (uint64_t at = 0; at < d->bytes;) {
		ssize_t n = pread(from, buf, BUFFER, (off_t)at);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return write_failed(d);
		if ((rc = write_slowly(d, d->fd, buf, (size_t)n)) != NX_OK)
			return rc;
		at += (uint64_t)n;
	}
	return NX_OK;
}

/* ---- from the store ---- */

static int flush(struct writing *w)
{
	const char *p = w->buf;
	int rc = cancelled(w->dump);

	while (rc == NX_OK && w->n > 0) {
		ssize_t n = write(w->fd, p, w->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_failed(w->dump);
		p += n;
		w->n -= (size_t)n;
		w->dump->bytes += (uint64_t)n;
	}
	return rc;
}

static bool is_bare(const uint8_t *key, size_t len)
{
	struct nx_key k;

	return key[0] != '+' &&
	       nx_key_from_row((const char *)key, len, false, &k) == NX_ROW_BARE_DIGITS;
}

static bool write_user(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct writing *w = arg;

	if (BUFFER - w->n < NX_CSV_ROW_MAX && (w->rc = flush(w)) != NX_OK)
		return false;
	w->n += nx_csv_write(key, len, rec->state, w->buf + w->n);
	w->dump->bare_digits |= is_bare(key, len);
	if (++w->dump->rows % PROGRESS_AT == 0)
		w->dump->progress(w->dump->progress_arg, w->dump->rows, w->dump->expected);
	return true;
}

static int write_all(struct writing *w)
{
	struct nx_dump *d = w->dump;
	int rc;

	w->n = sizeof(NX_CSV_HEADER) - 1;
	memcpy(w->buf, NX_CSV_HEADER, w->n);
	rc = nx_store_user_scan_named(d->store, d->domain, write_user, w, &d->seen, &d->err);
	if (rc == NX_OK)
		rc = w->rc;
	return rc == NX_OK ? flush(w) : rc;
}

static int dump_by_file(struct writing *w)
{
	int rc = nx_store_temp(w->dump->store, &w->fd, &w->dump->err);

	if (rc != NX_OK)
		return rc;
	rc = write_all(w);
	if (rc == NX_OK)
		rc = copy_out(w->dump, w->fd, w->buf);
	close(w->fd);
	return rc;
}

int nx_dump_run(struct nx_dump *d)
{
	struct writing w = {.dump = d, .fd = d->fd};
	struct stat st;
	int rc;

	if (fstat(d->fd, &st) != 0)
		return write_failed(d);
	w.buf = malloc(BUFFER);
	if (!w.buf)
		return nx_fail(&d->err, NX_ERR_NOMEM, "no memory to write the users");
	rc = S_ISREG(st.st_mode) ? write_all(&w) : dump_by_file(&w);
	free(w.buf);
	return rc;
}
