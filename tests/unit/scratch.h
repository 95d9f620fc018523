/* A directory for one test, under $TMPDIR or /tmp, and files in it. */
#ifndef NX_UNIT_SCRATCH_H
#define NX_UNIT_SCRATCH_H

#include <stddef.h>

#define NX_SCRATCH_PATH 256

/* nx_scratch_make fails the test where it cannot; nx_scratch_remove removes what is in it too. */
void nx_scratch_make(char path[NX_SCRATCH_PATH]);
void nx_scratch_remove(const char *path);

/* nx_scratch_file writes a file and opens it for reading; it has no name any more when it returns.
 */
int nx_scratch_file(const char *dir, const void *data, size_t len);

#endif
