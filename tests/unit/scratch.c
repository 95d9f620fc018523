/* A directory for one test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>

#include "tests/unit/scratch.h"

void nx_scratch_make(char path[NX_SCRATCH_PATH])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, NX_SCRATCH_PATH, "%s/nxsip-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void nx_scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int nx_scratch_file(const char *dir, const void *data, size_t len)
{
	char path[NX_SCRATCH_PATH + 16];
	int fd, out;

	snprintf(path, sizeof(path), "%s/file-XXXXXX", dir);
	out = mkstemp(path);
	assert_true(out >= 0);
	assert_int_equal(write(out, data, len), (ssize_t)len);
	close(out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}
