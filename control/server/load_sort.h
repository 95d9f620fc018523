/* Rows put in key order, however many: sorted in memory a part at a time, the parts written to an
 * unnamed file and merged when they are read. Equal keys keep the order in which they came. */
#ifndef NX_CONTROL_LOAD_SORT_H
#define NX_CONTROL_LOAD_SORT_H

#include "nxsip/error.h"
#include "nxsip/key.h"

#define NX_SORT_ROWS  ((size_t)1 << 21)  /* of a part: 64 MiB while it is sorted */
#define NX_SORT_BYTES ((size_t)48 << 20) /* of a part, rows of 2 bytes and the key */

struct nx_load_row {
	struct nx_key key;
	uint8_t state;
};

struct nx_sort;

/* nx_sort_create: fd is an empty file that is read and written here and stays the caller's; it is
 * untouched where all rows fit one part. rows (at most NX_SORT_ROWS) and bytes size a part. */
struct nx_sort *nx_sort_create(int fd, size_t rows, size_t bytes);
void nx_sort_destroy(struct nx_sort *s); /* NULL is fine */

/* nx_sort_add takes the rows; after the last one nx_sort_end, then nx_sort_next gives them back: 1,
 * 0 at the end.  Error: NX_ERR_IO, NX_ERR_NOMEM. */
int nx_sort_add(struct nx_sort *s, const struct nx_load_row *row, struct nx_error *err);
int nx_sort_end(struct nx_sort *s, struct nx_error *err);
int nx_sort_next(struct nx_sort *s, struct nx_load_row *row, struct nx_error *err);

#endif
