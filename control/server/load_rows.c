/* The rows of the second reading. That the file is still the one that was surveyed shows in the
 * number of its rows and in their order; rows that are good and in order may be loaded. */
#include <string.h>
#include <unistd.h>

#include "control/server/load_rows.h"

static int changed(struct nx_error *err)
{
	return nx_fail(err, NX_ERR_CONFLICT,
		"the file changed while it was being loaded: nothing was loaded, try again");
}

static int next_in_file(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	struct nx_csv_row got;
	int rc;

	do {
		rc = nx_csv_next(&r->csv, &got, err);
		if (rc < 0)
			return rc;
		if (rc == NX_CSV_END)
			return r->given == r->survey->rows ? 0 : changed(err);
		if (rc == NX_CSV_ROW && got.state == NX_USER_GONE && !r->load->authoritative)
			rc = NX_CSV_BAD;
		if (rc == NX_CSV_BAD && !r->load->skip_bad)
			return changed(err);
	} while (rc == NX_CSV_BAD);
	if (r->given++ == r->survey->rows)
		return changed(err);
	if ((rc = nx_load_tick(r->load, r->phase, r->given, nx_csv_offset(&r->csv))) != NX_OK)
		return nx_fail(err, rc, "cancelled: nothing was loaded");
	row->key = got.key;
	row->state = got.state;
	return 1;
}

static int sort_rows(struct nx_rows *r, struct nx_error *err)
{
	const struct nx_load_survey *s = r->survey;
	struct nx_load_row row;
	int rc;

	if ((rc = nx_store_temp(r->load->store, &r->spool, err)) != NX_OK)
		return rc;
	r->sort = nx_sort_create(r->spool, s->rows, s->key_bytes + 2 * s->rows);
	if (!r->sort)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to sort the rows");
	r->phase = NX_LOAD_READ;
	while ((rc = next_in_file(r, &row, err)) == 1) {
		if ((rc = nx_sort_add(r->sort, &row, err)) != NX_OK)
			return rc;
	}
	if (rc != 0)
		return rc;
	r->phase = NX_LOAD_TABLE;
	r->given = 0;
	return nx_sort_end(r->sort, err);
}

int nx_rows_open(struct nx_rows *r, struct nx_load *l, const struct nx_load_survey *survey,
	struct nx_error *err)
{
	int rc;

	*r = (struct nx_rows){.load = l, .survey = survey, .phase = NX_LOAD_TABLE, .spool = -1};
	rc = nx_csv_init(&r->csv, l->fd, l->digits_are_names, l->cancel, err);
	return rc == NX_OK && !survey->sorted ? sort_rows(r, err) : rc;
}

void nx_rows_close(struct nx_rows *r)
{
	nx_csv_fini(&r->csv);
	nx_sort_destroy(r->sort);
	if (r->spool >= 0)
		close(r->spool);
}

static int next_sorted(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	double part;
	int rc = nx_sort_next(r->sort, row, err);

	if (rc != 1)
		return rc;
	part = (double)++r->given / (double)r->survey->rows;
	rc = nx_load_tick(r->load, r->phase, r->given, (uint64_t)((double)r->load->size * part));
	return rc == NX_OK ? 1 : nx_fail(err, rc, "cancelled: nothing was loaded");
}

static int next_row(struct nx_rows *r, struct nx_load_row *row, struct nx_error *err)
{
	return r->sort ? next_sorted(r, row, err) : next_in_file(r, row, err);
}

int nx_rows_next(struct nx_rows *r, struct nx_load_row *row, uint64_t *same, struct nx_error *err)
{
	int rc;

	*same = 0;
	if (!r->has_ahead && (rc = next_row(r, &r->ahead, err)) != 1)
		return rc;
	*row = r->ahead;
	r->has_ahead = false;
	while ((rc = next_row(r, &r->ahead, err)) == 1) {
		if (nx_load_key_cmp(&row->key, &r->ahead.key) != 0) {
			r->has_ahead = true;
			return 1;
		}
		*row = r->ahead;
		++*same;
	}
	return rc == 0 ? 1 : rc;
}
