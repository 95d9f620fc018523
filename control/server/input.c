/* Text out of a plain, gzip (RFC 1952) or zstd (RFC 8878) file. Several members or frames in one
 * file are read as one text, as gzip and zstd write them when they append. pread, not mmap: a file
 * cut short while it is mapped would kill the process.
 * Left out: dictionaries, and zstd windows above 64 MiB (zstd --long, --ultra), which would let a
 * file decide how much memory the daemon takes. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "control/server/input.h"

#define BLOCK           ((size_t)256 * 1024)
#define GZIP_WINDOW     (15 + 16) /* the largest window, gzip's framing: zlib.h */
#define ZSTD_WINDOW_LOG 26

typedef int (*decode_fn)(
	struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err);

struct nx_input {
	int fd;
	decode_fn decode; /* NULL: plain */
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool between; /* members or frames: here the file may end */
	bool eof;
	uint64_t offset; /* of the byte behind the block */
	size_t pos, len; /* of what is still to be decoded in block */
	unsigned char block[BLOCK];
};

uint64_t nx_input_offset(const struct nx_input *in)
{
	return in->offset - in->len;
}

static int read_file(struct nx_input *in, void *buf, size_t len, size_t *got, struct nx_error *err)
{
	ssize_t n;

	do
		n = pread(in->fd, buf, len, (off_t)in->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nx_fail(err, NX_ERR_IO, "reading the file at byte %" PRIu64 ": %s",
			in->offset, strerror(errno));
	*got = (size_t)n;
	in->offset += (uint64_t)n;
	in->eof = n == 0;
	return NX_OK;
}

static int refill(struct nx_input *in, struct nx_error *err)
{
	if (in->len > 0 || in->eof)
		return NX_OK;
	in->pos = 0;
	return read_file(in, in->block, BLOCK, &in->len, err);
}

static void use_up(struct nx_input *in, size_t n)
{
	in->pos += n;
	in->len -= n;
}

static int damaged(
	const struct nx_input *in, const char *what, const char *why, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_CORRUPT,
		"the %s data are damaged at byte %" PRIu64 " of the file (%s): get the file again",
		what, nx_input_offset(in), why);
}

static int cut_short(const struct nx_input *in, const char *what, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_CORRUPT,
		"the %s data are cut short: the file ends at byte %" PRIu64
		", in their middle: get the file again",
		what, in->offset);
}

/* ---- gzip ---- */

static int gzip_decode(
	struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err)
{
	z_stream *z = &in->gzip;
	int rc;

	z->next_in = in->block + in->pos;
	z->avail_in = (uInt)in->len;
	z->next_out = (Bytef *)buf;
	z->avail_out = (uInt)len;
	rc = inflate(z, Z_NO_FLUSH);
	use_up(in, in->len - z->avail_in);
	*got = len - z->avail_out;
	in->between = rc == Z_STREAM_END;
	if (rc == Z_STREAM_END)
		rc = inflateReset(z);
	if (rc == Z_MEM_ERROR)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to read gzip data");
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return damaged(in, "gzip", z->msg ? z->msg : "no gzip header", err);
	return NX_OK;
}

static int gzip_open(struct nx_input *in)
{
	if (inflateInit2(&in->gzip, GZIP_WINDOW) != Z_OK)
		return NX_ERR_NOMEM;
	in->decode = gzip_decode;
	return NX_OK;
}

/* ---- zstd ---- */

static int zstd_failed(const struct nx_input *in, size_t rc, struct nx_error *err)
{
	switch (ZSTD_getErrorCode(rc)) {
	case ZSTD_error_memory_allocation:
		return nx_fail(err, NX_ERR_NOMEM, "no memory to read zstd data");
	case ZSTD_error_frameParameter_windowTooLarge:
		return nx_fail(err, NX_ERR_UNSUPPORTED,
			"the zstd data need a window above %d MiB: compress the file again, "
			"without --long or --ultra",
			1 << (ZSTD_WINDOW_LOG - 20));
	default:
		return damaged(in, "zstd", ZSTD_getErrorName(rc), err);
	}
}

static int zstd_decode(
	struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err)
{
	ZSTD_inBuffer src = {.src = in->block + in->pos, .size = in->len};
	ZSTD_outBuffer dst = {.dst = buf, .size = len};
	size_t rc = ZSTD_decompressStream(in->zstd, &dst, &src);

	use_up(in, src.pos);
	*got = dst.pos;
	in->between = rc == 0;
	return ZSTD_isError(rc) ? zstd_failed(in, rc, err) : NX_OK;
}

static int zstd_open(struct nx_input *in)
{
	in->zstd = ZSTD_createDStream();
	if (!in->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(
				 in->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
		return NX_ERR_NOMEM;
	in->decode = zstd_decode;
	return NX_OK;
}

/* ---- both ---- */

static const struct {
	unsigned char magic[4];
	size_t len;
	int (*open)(struct nx_input *in);
} formats[] = {
	{{0x1f, 0x8b}, 2, gzip_open},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_open},
};

static int recognise(struct nx_input *in)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (in->len >= formats[i].len &&
			memcmp(in->block, formats[i].magic, formats[i].len) == 0)
			return formats[i].open(in);
	}
	return NX_OK;
}

int nx_input_open(int fd, struct nx_input **out, struct nx_error *err)
{
	struct nx_input *in = malloc(sizeof(*in));
	int rc;

	*out = NULL;
	if (!in)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to read the file");
	memset(in, 0, offsetof(struct nx_input, block));
	in->fd = fd;
	rc = refill(in, err);
	if (rc == NX_OK && (rc = recognise(in)) != NX_OK)
		(void)nx_fail(err, rc, "no memory to read the file");
	if (rc != NX_OK) {
		nx_input_close(in);
		return rc;
	}
	*out = in;
	return NX_OK;
}

void nx_input_close(struct nx_input *in)
{
	if (!in)
		return;
	if (in->decode == gzip_decode)
		(void)inflateEnd(&in->gzip);
	ZSTD_freeDStream(in->zstd);
	free(in);
}

static int read_plain(struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err)
{
	if (in->len == 0)
		return read_file(in, buf, len, got, err);
	*got = len < in->len ? len : in->len;
	memcpy(buf, in->block + in->pos, *got);
	use_up(in, *got);
	return NX_OK;
}

static int read_decoded(
	struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err)
{
	const char *what = in->zstd ? "zstd" : "gzip";
	size_t before;
	int rc;

	do {
		if ((rc = refill(in, err)) != NX_OK)
			return rc;
		if (in->len == 0 && in->between) {
			*got = 0;
			return NX_OK;
		}
		before = in->len;
		if ((rc = in->decode(in, buf, len, got, err)) != NX_OK)
			return rc;
		if (*got == 0 && in->len == before && in->eof)
			return cut_short(in, what, err);
	} while (*got == 0);
	return NX_OK;
}

int nx_input_read(struct nx_input *in, char *buf, size_t len, size_t *got, struct nx_error *err)
{
	return in->decode ? read_decoded(in, buf, len, got, err)
			  : read_plain(in, buf, len, got, err);
}
