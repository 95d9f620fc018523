/* Writing a domain's users out as CSV, as they were at one moment, beside whatever goes on. */
#ifndef NX_CONTROL_DUMP_H
#define NX_CONTROL_DUMP_H

#include <stdatomic.h>

#include "control/store/store.h"

struct nx_dump {
	/* in */
	struct nx_store *store;
	char domain[NX_DOMAIN_NAME_MAX];
	int fd; /* open for writing: a regular file, pipe, stream socket or terminal */
	const atomic_bool *cancel;
	uint64_t expected;                                       /* users, for progress */
	void (*progress)(void *arg, uint64_t rows, uint64_t of); /* often */
	void *progress_arg;

	/* out */
	struct nx_error err;
	struct nx_store_seen seen;
	uint64_t rows, bytes;
	bool bare_digits; /* a name is of bare digits: reading needs --digits-are-names */
};

/* nx_dump_check says whether fd is such a file.  Error: NX_ERR_INVALID. */
int nx_dump_check(int fd, struct nx_error *err);

/* nx_dump_run writes it all.  Thread: any, which blocks; signals it has masked. Where the reader is
 * slow nobody else waits: what is no regular file gets the rows from an unnamed one beside the
 * store, so that the snapshot is held no longer than a disk takes.
 * Error: NX_ERR_IO, NX_ERR_CANCELLED, NX_ERR_CORRUPT (what was written is not to be used), the
 * store's. */
int nx_dump_run(struct nx_dump *d);

#endif
