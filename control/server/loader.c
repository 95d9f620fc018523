/* The load from its beginning to its end: the first reading, which checks every row and finds out
 * how many there are and whether they are sorted; then the choice of how to write, and the attempts
 * at it (a map that was too small, a hash collision). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/server/csv.h"
#include "control/server/load_diff.h"

#define TICK_ROWS 4096
#define REPORT_NS 200000000u
#define ATTEMPTS  8
#define ROW_BYTES 24 /* of the store, a row, beyond its key, where pages are full */
#define WHY_AUTHORITY \
	"a gone user needs a domain marked authoritative (domain set NAME --authoritative)"

uint64_t nx_load_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

const char *nx_load_phase_name(enum nx_load_phase p)
{
	static const char *const name[] = {"read", "table", "commit", "compare", "dump"};

	return name[p];
}

int nx_load_tick(struct nx_load *l, enum nx_load_phase phase, uint64_t rows, uint64_t bytes)
{
	uint64_t now;

	if (rows % TICK_ROWS != 0 && phase != NX_LOAD_COMMIT)
		return NX_OK;
	if (atomic_load_explicit(l->cancel, memory_order_relaxed))
		return NX_ERR_CANCELLED;
	now = nx_load_now_ns();
	if (now - l->reported_ns < REPORT_NS)
		return NX_OK;
	l->reported_ns = now;
	l->progress(l->progress_arg,
		&(struct nx_load_progress){
			.phase = phase, .rows = rows, .bytes = bytes, .size = l->size});
	return NX_OK;
}

int nx_load_key_cmp(const struct nx_key *a, const struct nx_key *b)
{
	int c = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : a->len - b->len;
}

/* ---- the first reading ---- */

static int refuse(struct nx_load_result *r, const struct nx_csv_row *row, int code)
{
	r->bad_row = row->row;
	r->bad_column = row->column;
	return nx_fail(&r->err, code,
		"row %" PRIu64 ", column %" PRIu32 ": %s: \"%s\"; nothing was loaded", row->row,
		row->column, row->why, row->text);
}

static int skip(struct nx_load_result *r, const struct nx_csv_row *row)
{
	struct nx_load_bad *b;

	r->skipped++;
	if (r->n_bad == NX_BAD_ROWS_MAX)
		return NX_OK;
	if (!r->bad && !(r->bad = calloc(NX_BAD_ROWS_MAX, sizeof(*r->bad))))
		return nx_fail(&r->err, NX_ERR_NOMEM, "no memory: nothing was loaded");
	b = &r->bad[r->n_bad];
	*b = (struct nx_load_bad){.row = row->row, .column = row->column, .why = row->why};
	if (!(b->text = strdup(row->text)))
		return nx_fail(&r->err, NX_ERR_NOMEM, "no memory: nothing was loaded");
	r->n_bad++;
	return NX_OK;
}

/* A good row that this domain may not hold becomes a bad one. */
static void deny(struct nx_csv_row *row)
{
	row->column = row->state_column;
	row->why = WHY_AUTHORITY;
	snprintf(row->text, sizeof(row->text), "%.*s", (int)row->key.len,
		(const char *)row->key.text);
	for (char *p = row->text; *p; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
}

static void survey_row(struct nx_load_survey *s, const struct nx_key *key, struct nx_key *last)
{
	if (s->rows > 0 && nx_load_key_cmp(last, key) > 0)
		s->sorted = false;
	*last = *key;
	s->rows++;
	s->key_bytes += key->len;
}

static int survey_file(struct nx_load *l, struct nx_csv *csv, struct nx_load_survey *s)
{
	struct nx_load_result *r = &l->result;
	struct nx_csv_row row;
	struct nx_key last = {0};
	int got, rc;

	*s = (struct nx_load_survey){.sorted = true};
	while ((got = nx_csv_next(csv, &row, &r->err)) != NX_CSV_END) {
		int code = NX_ERR_INVALID;

		if (got < 0)
			return got;
		r->rows++;
		if ((rc = nx_load_tick(l, NX_LOAD_READ, r->rows, nx_csv_offset(csv))) != NX_OK)
			return nx_fail(&r->err, rc, "cancelled: nothing was loaded");
		if (got == NX_CSV_ROW && row.state == NX_USER_GONE && !l->authoritative) {
			deny(&row);
			got = NX_CSV_BAD;
			code = NX_ERR_AUTHORITY;
		}
		if (got == NX_CSV_ROW)
			survey_row(s, &row.key, &last);
		else if (!l->skip_bad)
			return refuse(r, &row, code);
		else if ((rc = skip(r, &row)) != NX_OK)
			return rc;
	}
	return NX_OK;
}

static int survey(struct nx_load *l, struct nx_load_survey *s)
{
	struct nx_csv csv;
	int rc = nx_csv_init(&csv, l->fd, l->digits_are_names, l->cancel, &l->result.err);

	if (rc == NX_OK)
		rc = survey_file(l, &csv, s);
	nx_csv_fini(&csv);
	return rc;
}

/* ---- the second ---- */

/* Whether so much is to be written that one transaction in place would hold too much in memory. */
static int wants_stage(
	struct nx_load *l, const struct nx_load_survey *s, uint64_t users, bool *staged)
{
	struct nx_diff diff = {.most = NX_LOAD_DIFFERENT};
	int rc;

	*staged = s->rows > NX_LOAD_STAGED || (l->replace && users > NX_LOAD_STAGED);
	if (!*staged)
		return NX_OK;
	if (!l->replace) {
		*staged = s->rows > users / 4;
		return NX_OK;
	}
	if (users == 0 || !s->sorted)
		return NX_OK;
	rc = nx_load_compare(l, s, &diff);
	*staged = diff.added + diff.changed + diff.removed > NX_LOAD_DIFFERENT;
	return rc;
}

static int apply(struct nx_load *l, const struct nx_load_survey *s)
{
	bool new_secret = false, staged;
	uint64_t users;
	int rc = nx_store_user_count(l->store, l->domain, &users, &l->result.err);

	if (rc != NX_OK)
		return rc;
	l->before = users;
	if (l->replace && s->rows == 0 && users > 0 && !l->guard.force)
		return nx_fail(&l->result.err, NX_ERR_GUARD,
			"the file holds no user: to replace by it would remove all %" PRIu64
			" users of %s; nothing was loaded (--force if that is meant)",
			users, l->domain_name);
	if ((rc = wants_stage(l, s, users, &staged)) != NX_OK)
		return rc;
	nx_store_reserve(l->store, 2 * (s->key_bytes + ROW_BYTES * s->rows));
	for (int i = 0; i < ATTEMPTS; i++) {
		if (staged)
			rc = nx_load_apply_staged(l, s, users, new_secret);
		else if (l->replace || users == 0)
			rc = nx_load_apply_replace(l, s, new_secret);
		else
			rc = nx_load_apply_merge(l, s);
		if (rc == NX_ERR_COLLISION)
			new_secret = true;
		else if (rc != NX_ERR_FULL) /* the map grows at the next attempt */
			return rc;
	}
	return rc;
}

static int begin(struct nx_load *l, struct nx_load_survey *s)
{
	struct stat st;

	l->started_ns = l->reported_ns = nx_load_now_ns();
	l->now = (uint32_t)time(NULL);
	l->size = fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return survey(l, s);
}

void nx_load_run(struct nx_load *l)
{
	struct nx_load_result *r = &l->result;
	struct nx_load_survey s;

	if ((r->code = begin(l, &s)) == NX_OK)
		r->code = apply(l, &s);
	r->seconds = (double)(nx_load_now_ns() - l->started_ns) / 1e9;
}

void nx_load_result_fini(struct nx_load_result *r)
{
	for (uint32_t i = 0; i < r->n_bad; i++)
		free(r->bad[i].text);
	free(r->bad);
	memset(r, 0, sizeof(*r));
}

int nx_load_diff(struct nx_load *l, struct nx_diff *d)
{
	struct nx_load_survey s;
	int rc = begin(l, &s);

	return rc == NX_OK ? nx_load_compare(l, &s, d) : rc;
}
