/* The CSV load: what the loader thread runs. It reads the file twice: once to check every row
 * (nothing is written before that), once to write. A file that is not in key order is sorted on the
 * way (load_sort.h). A user that stands in several rows gets the last one's state.
 *
 * The users are written in one of three ways, by what there is to do:
 *   in place, replace (and a merge into an empty domain): the rows are walked beside the domain's
 *     users in the store, so that only differences are written; one transaction, for what is small
 *     or hardly different, as its changed pages are held in memory.
 *   staged, replace or merge: all are written anew beside those in force (store/stage.h).
 *   in place, merge: each row is put; after the commit the rows that changed something are set in
 *     the table in service: 32 bytes of memory for each, and beyond NX_LOAD_CHANGES_MAX of them the
 *     table is built anew from the store instead.
 * In the first two a new table is filled beside the old one; the engine flips the pointer. */
#ifndef NX_CONTROL_LOADER_H
#define NX_CONTROL_LOADER_H

#include <stdatomic.h>

#include "control/server/engine.h"

#define NX_LOAD_CHANGES_MAX ((size_t)1 << 21)   /* 64 MiB */
#define NX_LOAD_STAGED      ((uint64_t)1 << 19) /* users, before or after: more are staged */
#define NX_LOAD_DIFFERENT   ((uint64_t)1 << 15) /* differences: at most 128 MiB of changed pages */

struct nx_load {
	/* in */
	struct nx_store *store;
	struct nx_grace *grace;
	struct nx_guard guard;
	char domain_name[NX_DOMAIN_NAME_MAX];
	uint32_t domain;
	bool authoritative;
	bool replace, skip_bad, digits_are_names;
	int fd;
	struct nx_users *live;                /* in service; set in place by a merge. NULL: none */
	struct nx_recall *recall;             /* held before that */
	const struct nx_placement *placement; /* of a new table */
	uint8_t secret[NX_USERS_SECRET_LEN];
	const atomic_bool *cancel;
	void (*progress)(void *arg, const struct nx_load_progress *p); /* some 5 a second */
	void *progress_arg;

	/* out */
	struct nx_load_result result; /* lists: freed by nx_load_result_fini */
	bool committed;               /* what follows is to be put in force */
	struct nx_users *fresh;       /* the domain's new table; NULL: the live one is up to date */
	bool live_stale;              /* the live table could not follow: it must go */
	uint32_t moved_to;            /* the domain's new id; 0: as it was */
	bool secret_changed;          /* secret is another, and stored */
	bool has_heads;               /* a head number was set */

	/* its own */
	uint64_t started_ns, reported_ns, size;
	uint64_t before; /* users in the domain */
	uint32_t now;    /* seconds since the epoch */
};

/* nx_load_run does the whole load.  Thread: loader, RCU registered and offline. */
void nx_load_run(struct nx_load *l);
void nx_load_result_fini(struct nx_load_result *r);

/* ---- between the loader's files ---- */

/* What the first reading found out. */
struct nx_load_survey {
	uint64_t rows;      /* good ones */
	uint64_t key_bytes; /* of them */
	bool sorted;        /* in key order (equal neighbours allowed) */
};

/* nx_load_tick reports and looks for cancellation; call it once a row.
 * Error: NX_ERR_CANCELLED. */
int nx_load_tick(struct nx_load *l, enum nx_load_phase phase, uint64_t rows, uint64_t bytes);

uint64_t nx_load_now_ns(void); /* CLOCK_MONOTONIC */

/* nx_load_key_cmp orders keys as the store does. */
int nx_load_key_cmp(const struct nx_key *a, const struct nx_key *b);

/* nx_load_count_row counts what became of a row; nx_load_table_failed makes the sentence. */
void nx_load_count_row(struct nx_load_result *r, uint8_t old, uint8_t state);
int nx_load_table_failed(struct nx_load *l, int rc);

/* nx_load_last_chance is before a commit: progress, NX_ERR_CANCELLED, NX_ERR_GUARD. */
int nx_load_last_chance(struct nx_load *l, uint64_t rows);

/* nx_load_apply_... write and commit, and bring the table along. users: in the domain before.
 * Error: NX_ERR_FULL: nothing is written, try again with a larger map; NX_ERR_COLLISION alike. */
int nx_load_apply_replace(struct nx_load *l, const struct nx_load_survey *survey, bool new_secret);
int nx_load_apply_merge(struct nx_load *l, const struct nx_load_survey *survey);
int nx_load_apply_staged(
	struct nx_load *l, const struct nx_load_survey *survey, uint64_t users, bool new_secret);

#endif
