/* Target: files of users, plain and compressed. Rows come in order, each good or bad with a reason;
 * a good one, written out again, is read as it was. The first byte says whether digits are names.
 */
#include <stdlib.h>
#include <string.h>

#include "control/server/csv.h"
#include "nxsip/users.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input_file.h"

#define TEXT_MAX (1u << 20) /* of a small file, however well compressed: stop there */

static const atomic_bool never;

static int next(struct nx_csv *csv, struct nx_csv_row *row)
{
	struct nx_error err = {""};
	int rc = nx_csv_next(csv, row, &err);

	if (rc < 0)
		fuzz_require((rc == NX_ERR_CORRUPT || rc == NX_ERR_UNSUPPORTED) && err.text[0],
			"error %d: \"%s\"", rc, err.text);
	return rc;
}

static void check_bad(const struct nx_csv_row *row)
{
	fuzz_require(row->why && row->why[0], "a bad row without a reason");
	fuzz_require(row->column, "a bad row without a column");
	fuzz_require(memchr(row->text, 0, sizeof(row->text)), "its text has no end");
}

static void check_good(const struct nx_csv_row *row, struct input_file *again)
{
	static const char header[] = NX_CSV_HEADER;
	char file[sizeof(header) - 1 + NX_CSV_ROW_MAX], *line = file + sizeof(header) - 1;
	size_t len = nx_csv_write(row->key.text, row->key.len, row->state, line);
	struct nx_csv csv;
	struct nx_csv_row read;

	fuzz_require(
		row->state >= NX_USER_KNOWN && row->state <= NX_USER_HEAD, "a state of no kind");
	fuzz_require(row->key.len && row->key.len <= NX_KEY_MAX, "a key of no length");
	fuzz_require(len <= NX_CSV_ROW_MAX, "a row longer than NX_CSV_ROW_MAX");
	memcpy(file, header, sizeof(header) - 1);
	input_file_fill(again, file, sizeof(header) - 1 + len);
	fuzz_require(nx_csv_init(&csv, again->fd, true, &never, NULL) == 0, "cannot read again");
	fuzz_require(next(&csv, &read) == NX_CSV_ROW, "a row we wrote is bad");
	fuzz_require(read.state == row->state && read.key.kind == row->key.kind &&
			     read.key.len == row->key.len &&
			     memcmp(read.key.text, row->key.text, row->key.len) == 0,
		"a row we wrote is read otherwise");
	nx_csv_fini(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct input_file file = {.fd = -1}, again;
	unsigned written = 0;
	uint64_t text = 0;
	struct nx_csv csv;
	struct nx_csv_row row = {.row = 0};
	int rc;

	if (file.fd < 0) {
		input_file_open(&file);
		input_file_open(&again);
	}
	if (len < 1)
		return 0;
	input_file_fill(&file, data + 1, len - 1);
	if (nx_csv_init(&csv, file.fd, data[0] & 1, &never, NULL) != 0)
		abort();
	for (uint64_t last = 0; text < TEXT_MAX && (rc = next(&csv, &row)) > 0; last = row.row) {
		fuzz_require(row.row > last, "rows out of order");
		if (rc == NX_CSV_BAD)
			check_bad(&row);
		else if (written++ < 4)
			check_good(&row, &again);
		text += 8;
	}
	fuzz_require(nx_csv_offset(&csv) <= len - 1, "more read than there is");
	nx_csv_fini(&csv);
	return 0;
}
