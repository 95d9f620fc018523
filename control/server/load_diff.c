/* The rows in key order beside a scan of the users: a merge of two sorted runs. */
#include <string.h>

#include "control/server/load_diff.h"
#include "control/server/load_rows.h"

struct comparing {
	struct nx_load *load;
	struct nx_diff *diff;
	struct nx_rows rows;
	struct nx_load_row row; /* the next one */
	bool has_row;
	int rc;
};

/* Return: false: enough. */
static bool note(struct comparing *c, const uint8_t *key, size_t len, uint8_t old, uint8_t state)
{
	struct nx_diff *d = c->diff;
	struct nx_diff_example *e = &d->example[d->n_examples];

	if (old == state) {
		d->unchanged++;
		return true;
	}
	if (old == NX_USER_ABSENT)
		d->added++;
	else if (state == NX_USER_ABSENT)
		d->removed++;
	else
		d->changed++;
	if (d->n_examples < NX_DIFF_EXAMPLES) {
		*e = (struct nx_diff_example){.key.len = (uint8_t)len, .old = old, .state = state};
		memcpy(e->key.text, key, len);
		d->n_examples++;
	}
	return d->most == 0 || d->added + d->changed + d->removed <= d->most;
}

static bool next(struct comparing *c)
{
	uint64_t same;

	c->rc = nx_rows_next(&c->rows, &c->row, &same, &c->load->result.err);
	c->has_row = c->rc == 1;
	if (c->has_row) {
		c->rc = NX_OK;
		c->diff->unchanged += same;
	}
	return c->rc == NX_OK;
}

static bool note_row(struct comparing *c, uint8_t old)
{
	return note(c, c->row.key.text, c->row.key.len, old, c->row.state) && next(c);
}

static bool user(void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec)
{
	struct comparing *c = arg;
	struct nx_key k = {.len = (uint8_t)len};
	int order = 1;

	if (atomic_load_explicit(c->load->cancel, memory_order_relaxed)) {
		c->rc = nx_fail(&c->load->result.err, NX_ERR_CANCELLED, "cancelled");
		return false;
	}
	if (!c->has_row && !c->load->replace)
		return false;
	memcpy(k.text, key, len);
	while (c->has_row && (order = nx_load_key_cmp(&c->row.key, &k)) < 0) {
		if (!note_row(c, NX_USER_ABSENT))
			return false;
	}
	if (c->has_row && order == 0)
		return note_row(c, rec->state);
	return !c->load->replace || note(c, key, len, rec->state, NX_USER_ABSENT);
}

static int compare(struct comparing *c)
{
	struct nx_load *l = c->load;
	struct nx_store_seen seen;
	int rc;

	c->rows.phase = NX_LOAD_COMPARE;
	if (!next(c))
		return c->rc;
	rc = nx_store_user_scan_named(l->store, l->domain_name, user, c, &seen, &l->result.err);
	if (rc != NX_OK || c->rc != NX_OK)
		return rc != NX_OK ? rc : c->rc;
	while (c->has_row && note_row(c, NX_USER_ABSENT))
		;
	return c->rc;
}

int nx_load_compare(struct nx_load *l, const struct nx_load_survey *survey, struct nx_diff *d)
{
	struct comparing c = {.load = l, .diff = d};
	int rc = nx_rows_open(&c.rows, l, survey, &l->result.err);

	if (rc == NX_OK)
		rc = compare(&c);
	nx_rows_close(&c.rows);
	return rc;
}
