/* The good rows of a load, for the second reading: in the file's order, or sorted. */
#ifndef NX_CONTROL_LOAD_ROWS_H
#define NX_CONTROL_LOAD_ROWS_H

#include "control/server/csv.h"
#include "control/server/load_sort.h"
#include "control/server/loader.h"

struct nx_rows {
	struct nx_load *load;
	const struct nx_load_survey *survey;
	enum nx_load_phase phase;
	struct nx_csv csv;
	uint64_t given;
	/* sorted */
	struct nx_sort *sort; /* NULL: as the file has them */
	int spool;            /* -1: none */
	/* distinct */
	struct nx_load_row ahead;
	bool has_ahead;
};

/* nx_rows_open prepares the rows; where the file is not in key order they are put into it first,
 * stably.
 * Error: NX_ERR_NOMEM, NX_ERR_IO, NX_ERR_CONFLICT (the file changed), NX_ERR_CANCELLED. */
int nx_rows_open(struct nx_rows *r, struct nx_load *l, const struct nx_load_survey *survey,
	struct nx_error *err);
void nx_rows_close(struct nx_rows *r);

/* nx_rows_next gives of neighbours with one key only the last, and says in *same how many it left
 * out: 1, 0 at the end, or an error as above. */
int nx_rows_next(struct nx_rows *r, struct nx_load_row *row, uint64_t *same, struct nx_error *err);

#endif
