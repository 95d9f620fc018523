/* What a load would change: its rows held against the domain's users of one moment in the store.
 * Nothing is written. */
#ifndef NX_CONTROL_LOAD_DIFF_H
#define NX_CONTROL_LOAD_DIFF_H

#include "control/server/loader.h"
#include "control/server/reading.h"

/* nx_load_compare fills d for a surveyed file.  Thread: any.
 * Error: as reading the rows and the store; NX_ERR_CANCELLED. */
int nx_load_compare(struct nx_load *l, const struct nx_load_survey *survey, struct nx_diff *d);

/* nx_load_diff surveys the file of l, whose out is as after a load, and compares. */
int nx_load_diff(struct nx_load *l, struct nx_diff *d);

#endif
