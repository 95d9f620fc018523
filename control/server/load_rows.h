/* The good rows of a load, for the second reading: in the file's order, or sorted in memory. */
#ifndef NX_CONTROL_LOAD_ROWS_H
#define NX_CONTROL_LOAD_ROWS_H

#include "control/server/csv.h"
#include "control/server/loader.h"

#define NX_SORT_BYTES_MAX ((uint64_t)8 << 30)

struct nx_load_row {
	struct nx_key key;
	uint8_t state;
};

struct nx_rows {
	struct nx_load *load;
	const struct nx_load_survey *survey;
	enum nx_load_phase phase;
	struct nx_csv csv;
	uint64_t given;
	/* sorted */
	uint8_t *arena;
	uint64_t *index; /* of rows in arena; NULL: as the file has them */
	/* distinct */
	struct nx_load_row ahead;
	bool has_ahead;
};

/* nx_rows_open prepares the rows; sort: put them in key order first, stably.
 * Error: NX_ERR_NOMEM, NX_ERR_IO, NX_ERR_CONFLICT (the file changed), NX_ERR_CANCELLED. */
int nx_rows_open(struct nx_rows *r, struct nx_load *l, const struct nx_load_survey *survey,
	bool sort, struct nx_error *err);
void nx_rows_close(struct nx_rows *r);

/* nx_rows_next gives the next row: 1, 0 at the end, or an error as above. */
int nx_rows_next(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err);

/* nx_rows_next_distinct gives of neighbours with one key only the last, and says in *same how many
 * it left out. */
int nx_rows_next_distinct(
	struct nx_rows *r, struct nx_load_row *row, uint64_t *same, struct nx_error *err);

#endif
