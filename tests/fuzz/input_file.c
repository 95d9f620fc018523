/* See input_file.h. */
#include "tests/fuzz/input_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void input_file_open(struct input_file *f)
{
	f->fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (f->fd < 0)
		abort();
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

void input_file_fill(struct input_file *f, const void *data, size_t len)
{
	if (ftruncate(f->fd, 0) != 0 || pwrite(f->fd, data, len, 0) != (ssize_t)len ||
		lseek(f->fd, 0, SEEK_SET) != 0)
		abort();
}
