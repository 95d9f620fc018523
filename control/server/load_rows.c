/* The rows of the second reading. Sorting packs them into one block (length, state, key) and sorts
 * an index of offsets; equal keys keep the file's order, so that the last one can win. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/server/load_rows.h"

#define PACKED_HEAD 2 /* length, state */

static int changed(struct nx_error *err)
{
	return nx_fail(err, NX_ERR_CONFLICT,
		"the file changed while it was being loaded: nothing was loaded, try again");
}

static int next_in_file(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	struct nx_csv_row got;
	int rc;

	for (;;) {
		switch (nx_csv_next(&r->csv, &got)) {
		case NX_CSV_IO:
			return nx_fail(err, NX_ERR_IO, "reading the file: %s", strerror(errno));
		case NX_CSV_END:
			return r->given == r->survey->rows ? 0 : changed(err);
		case NX_CSV_BAD:
			if (!r->load->skip_bad)
				return changed(err);
			continue;
		case NX_CSV_ROW:
			if (got.state != NX_USER_GONE || r->load->authoritative)
				break;
			if (!r->load->skip_bad)
				return changed(err);
			continue;
		}
		break;
	}
	if (r->given++ == r->survey->rows)
		return changed(err);
	if ((rc = nx_load_tick(r->load, r->phase, r->given, r->csv.offset)) != NX_OK)
		return nx_fail(err, rc, "cancelled: nothing was loaded");
	row->key = got.key;
	row->state = got.state;
	return 1;
}

static int packed_cmp(const void *a, const void *b, void *arg)
{
	const uint8_t *arena = arg;
	uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
	const uint8_t *x = arena + i, *y = arena + j;
	int c = memcmp(x + PACKED_HEAD, y + PACKED_HEAD, x[0] < y[0] ? x[0] : y[0]);

	if (c != 0)
		return c;
	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return i < j ? -1 : i > j;
}

static int sort_rows(struct nx_rows *r, struct nx_error *err)
{
	const struct nx_load_survey *s = r->survey;
	uint64_t need = s->rows * (PACKED_HEAD + sizeof(*r->index)) + s->key_bytes, used = 0;
	uint64_t n = 0;
	struct nx_load_row row;
	int rc;

	if (need <= NX_SORT_BYTES_MAX) {
		r->arena = malloc(s->rows * PACKED_HEAD + s->key_bytes + 1);
		r->index = malloc((s->rows + 1) * sizeof(*r->index));
	}
	if (!r->arena || !r->index)
		return nx_fail(err, NX_ERR_NOMEM,
			"no memory to sort %llu rows (%llu MiB): sort the file first "
			"(LC_ALL=C sort -t, -k1,1 -s)",
			(unsigned long long)s->rows, (unsigned long long)(need >> 20));
	r->phase = NX_LOAD_READ;
	while ((rc = next_in_file(r, &row, err)) == 1) {
		uint8_t *p = r->arena + used;

		if (row.key.len > s->key_bytes + s->rows * PACKED_HEAD - used - PACKED_HEAD)
			return changed(err);
		p[0] = row.key.len;
		p[1] = row.state;
		memcpy(p + PACKED_HEAD, row.key.text, row.key.len);
		r->index[n++] = used;
		used += (uint64_t)PACKED_HEAD + row.key.len;
	}
	if (rc != 0)
		return rc;
	qsort_r(r->index, n, sizeof(*r->index), packed_cmp, r->arena);
	r->phase = NX_LOAD_TABLE;
	r->given = 0;
	return NX_OK;
}

int nx_rows_open(struct nx_rows *r, struct nx_load *l, const struct nx_load_survey *survey,
	bool sort, struct nx_error *err)
{
	*r = (struct nx_rows){.load = l, .survey = survey, .phase = NX_LOAD_TABLE};
	if (!nx_csv_init(&r->csv, l->fd, l->digits_are_names))
		return nx_fail(err, NX_ERR_NOMEM, "no memory to read the file");
	return sort ? sort_rows(r, err) : NX_OK;
}

void nx_rows_close(struct nx_rows *r)
{
	nx_csv_fini(&r->csv);
	free(r->arena);
	free(r->index);
}

static int next_sorted(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	const uint8_t *p;
	int rc;

	if (r->given == r->survey->rows)
		return 0;
	p = r->arena + r->index[r->given++];
	row->key.kind = p[PACKED_HEAD] == '+' ? NX_KEY_NUMBER : NX_KEY_NAME;
	row->key.len = p[0];
	row->state = p[1];
	memcpy(row->key.text, p + PACKED_HEAD, p[0]);
	rc = nx_load_tick(r->load, r->phase, r->given,
		(uint64_t)((double)r->load->size * (double)r->given / (double)r->survey->rows));
	return rc == NX_OK ? 1 : nx_fail(err, rc, "cancelled: nothing was loaded");
}

int nx_rows_next(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	return r->index ? next_sorted(r, row, err) : next_in_file(r, row, err);
}

int nx_rows_next_distinct(
	struct nx_rows *r, struct nx_load_row *row, uint64_t *same, struct nx_error *err)
{
	int rc;

	*same = 0;
	if (!r->has_ahead && (rc = nx_rows_next(r, &r->ahead, err)) != 1)
		return rc;
	*row = r->ahead;
	r->has_ahead = false;
	while ((rc = nx_rows_next(r, &r->ahead, err)) == 1) {
		if (nx_load_key_cmp(&row->key, &r->ahead.key) != 0) {
			r->has_ahead = true;
			return 1;
		}
		*row = r->ahead;
		++*same;
	}
	return rc == 0 ? 1 : rc;
}
