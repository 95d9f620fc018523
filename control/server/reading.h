/* Bulk reading: a dump of a domain's users, and what a load would change. Each runs on a thread of
 * its own, on a snapshot of the store, beside changes, loads and each other.
 * Every function is called by the main thread. */
#ifndef NX_CONTROL_READING_H
#define NX_CONTROL_READING_H

#include "control/server/engine.h"

struct nx_reading;

struct nx_reading_request {
	const char *domain;
	int fd; /* dump: to write to (dump.h); diff: a regular file to read */
	bool diff;
	/* diff: as for a load */
	bool replace, skip_bad, digits_are_names;
};

/* nx_reading_start begins one. fd is taken over in every case, also on error. The engine outlives
 * the reading.  Error: NX_ERR_NOT_FOUND (domain), NX_ERR_INVALID (fd), NX_ERR_NOMEM. */
int nx_reading_start(struct nx_engine *e, const struct nx_reading_request *r,
	struct nx_reading **out, struct nx_error *err);

/* nx_reading_event_fd becomes readable when nx_reading_poll has something to say: *progress
 * (true: *at is new), and, as its return value, that the reading has ended. */
int nx_reading_event_fd(const struct nx_reading *r);
bool nx_reading_poll(struct nx_reading *r, bool *progress, struct nx_load_progress *at);

#define NX_DIFF_EXAMPLES 20

struct nx_diff_example {
	struct nx_key key;
	uint8_t old, state; /* enum nx_user_state; ABSENT: it is not there */
};

struct nx_diff {
	uint64_t most; /* in: stop where more than so many users differ; 0: never */
	uint64_t added, changed, removed, unchanged;
	struct nx_diff_example example[NX_DIFF_EXAMPLES]; /* the first, in key order */
	uint32_t n_examples;
};

/* What came of it, once it has ended. */
struct nx_reading_result {
	int code; /* 0 or NX_ERR_... */
	const struct nx_error *err;
	double seconds;
	/* dump */
	uint64_t rows, bytes, version;
	struct nx_digest digest;
	bool bare_digits;
	/* diff: as for a load, but for version, count and grace_us */
	const struct nx_load_result *load;
	const struct nx_diff *diff;
};
void nx_reading_result(const struct nx_reading *r, struct nx_reading_result *out);

/* nx_reading_cancel asks it to end soon. nx_reading_end cancels, waits and frees; NULL is fine. */
void nx_reading_cancel(struct nx_reading *r);
void nx_reading_end(struct nx_reading *r);

#endif
