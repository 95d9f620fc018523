/* A file of text that is read as it comes or, where its first bytes say so, through gzip or zstd:
 * by content, whatever its name. Reading streams in bounded memory, and what is damaged or cut
 * short is refused with the place in the file. */
#ifndef NX_CONTROL_INPUT_H
#define NX_CONTROL_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "nxsip/error.h"

struct nx_input;

/* nx_input_open starts at the file's beginning; fd (readable, seekable) stays the caller's.
 * Error: NX_ERR_NOMEM, NX_ERR_IO. */
int nx_input_open(int fd, struct nx_input **out, struct nx_error *err);
void nx_input_close(struct nx_input *in); /* NULL is fine */

/* nx_input_read gives the next bytes of text, at most len: *got is 0 at the end only.
 * Error: NX_ERR_IO, NX_ERR_NOMEM, NX_ERR_CORRUPT (compressed data that are not whole).
 * Cost: at most 64 MiB for zstd's window, a few hundred KiB else. */
int nx_input_read(struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err);

/* nx_input_offset: bytes of the file that are used up. */
uint64_t nx_input_offset(const struct nx_input *in);

#endif
