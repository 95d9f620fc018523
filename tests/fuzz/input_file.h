/* A file without a name, filled anew for each execution: for targets that read by descriptor or by
 * path. */
#ifndef NX_FUZZ_INPUT_FILE_H
#define NX_FUZZ_INPUT_FILE_H

#include <stddef.h>
#include <stdint.h>

struct input_file {
	int fd;
	char path[32]; /* as long as this process lives */
};

/* Both abort where the kernel refuses. input_file_fill replaces what is in it and goes back to the
 * beginning. */
void input_file_open(struct input_file *f);
void input_file_fill(struct input_file *f, const void *data, size_t len);

#endif
