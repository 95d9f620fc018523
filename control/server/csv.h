/* Rows of a CSV file of users: `user[,state]`, one a line.
 *   line end LF or CRLF; a UTF-8 byte order mark is skipped; blank lines and lines that begin with
 * # are skipped; so is a first line `user` or `user,state`, whatever its case. A field may stand in
 * quotes, doubled within (RFC 4180); unquoted ones lose the blanks around them. state: known (also
 * where it is empty or missing), gone or head. Left out of RFC 4180: line breaks within quotes,
 * which no user can hold. The file may be compressed (input.h). */
#ifndef NX_CONTROL_CSV_H
#define NX_CONTROL_CSV_H

#include <stdatomic.h>
#include <stdbool.h>

#include "control/server/input.h"
#include "nxsip/key.h"

#define NX_CSV_LINE_MAX 1024 /* bytes; longer lines are bad rows */
#define NX_CSV_TEXT_MAX 80   /* bytes of a bad row that are shown, with the terminator */

struct nx_csv {
	struct nx_input *in;
	const atomic_bool *cancel;
	bool digits_are_names;
	bool first;      /* no data row yet: a header may come */
	bool eof;        /* the file is read to its end */
	uint64_t line;   /* of the row last given */
	size_t pos, len; /* of what is still to be given in buf */
	char *buf;
};

struct nx_csv_row {
	uint64_t row; /* line of the file, from 1 */
	struct nx_key key;
	uint8_t state;         /* enum nx_user_state */
	uint32_t state_column; /* byte of the line, from 1 */
	/* bad rows only */
	uint32_t column;
	const char *why;
	char text[NX_CSV_TEXT_MAX];
};

enum nx_csv_got { NX_CSV_END, NX_CSV_ROW, NX_CSV_BAD };

/* nx_csv_init starts at the file's beginning; fd stays the caller's. Once *cancel is true, reading
 * ends with NX_ERR_CANCELLED.  Error: nx_input_open's. */
int nx_csv_init(struct nx_csv *c, int fd, bool digits_are_names, const atomic_bool *cancel,
	struct nx_error *err);
void nx_csv_fini(struct nx_csv *c);

/* nx_csv_next reads on to the next row.  Thread: any one.  Cost: bounded memory.
 * Return: enum nx_csv_got, or an error: NX_ERR_CANCELLED, nx_input_read's. */
int nx_csv_next(struct nx_csv *c, struct nx_csv_row *row, struct nx_error *err);

/* nx_csv_offset: bytes of the file that are used up. */
uint64_t nx_csv_offset(const struct nx_csv *c);

/* nx_csv_write writes a row that nx_csv_next reads as it was, with its line end, at most
 * NX_CSV_ROW_MAX bytes; NX_CSV_HEADER stands before the first one. A name of bare digits needs
 * digits_are_names to be read again.
 * Return: its length. */
#define NX_CSV_HEADER  "user,state\n"
#define NX_CSV_ROW_MAX (2 * NX_KEY_MAX + 2 + 8)
size_t nx_csv_write(const uint8_t *key, size_t len, uint8_t state, char *out);

#endif
