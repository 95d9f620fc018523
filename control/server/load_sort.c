/* External merge sort. A part is a block of packed rows (length, state, key) and an entry a row,
 * with the start of its key as a number: 15 digits fit, so that two telephone numbers are compared
 * without looking at either. Written parts are read back a chunk at a time and merged by a heap.
 * Left out: merging in several passes. 10^9 rows make 500 parts, 32 MiB of chunks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/server/load_sort.h"

#define HEAD                2 /* length, state */
#define CHUNK               ((size_t)64 * 1024)
#define ROW_AT(part, entry) ((part) + (entry)->at)

struct entry {
	uint64_t start; /* of the key, in its order */
	uint32_t at;    /* in the block */
};

/* A part in the file, while it is merged. */
struct part {
	uint64_t from, to; /* in the file: what is not yet in the chunk */
	size_t pos, len;   /* in the chunk */
	uint64_t start;    /* of the row at pos */
	uint8_t *chunk;
};

struct nx_sort {
	int fd;
	uint8_t *block;
	size_t used, room;
	struct entry *entry;
	size_t n, entries;
	size_t given; /* where there is only the one in memory */
	uint64_t written;
	struct part *part;
	uint32_t n_parts;
	uint32_t *heap; /* of parts with rows left, the least row first */
	uint32_t n_heap;
};

/* Orders as memcmp and then length do, but for names that begin alike. Numbers begin with a plus
 * and are digits from there on: 4 bits each, 0 behind the last. */
static uint64_t key_start(const uint8_t *key, size_t len)
{
	uint64_t start = 0;

	if (key[0] == '+') {
		for (size_t i = 1; i < 16; i++)
			start = start << 4 | (i < len ? key[i] - '0' + 1u : 0);
		return (uint64_t)1 << 60 | start;
	}
	for (size_t i = 0; i < 7; i++)
		start = start << 8 | (i < len ? key[i] : 0u);
	return (key[0] < '+' ? 0 : (uint64_t)2 << 60) | start;
}

static int row_cmp(const uint8_t *x, const uint8_t *y)
{
	int c = memcmp(x + HEAD, y + HEAD, x[0] < y[0] ? x[0] : y[0]);

	return c != 0 ? c : x[0] - y[0];
}

static int entry_cmp(const void *a, const void *b, void *block)
{
	const struct entry *x = a, *y = b;
	int c;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	c = row_cmp(ROW_AT((const uint8_t *)block, x), ROW_AT((const uint8_t *)block, y));
	if (c != 0)
		return c;
	return x->at < y->at ? -1 : x->at > y->at;
}

struct nx_sort *nx_sort_create(int fd, size_t rows, size_t bytes)
{
	struct nx_sort *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->entries = rows < NX_SORT_ROWS ? rows + 1 : NX_SORT_ROWS;
	s->room = (bytes < NX_SORT_BYTES ? bytes : NX_SORT_BYTES) + HEAD + NX_KEY_MAX;
	s->entry = malloc(s->entries * sizeof(*s->entry));
	s->block = malloc(s->room);
	if (!s->entry || !s->block) {
		nx_sort_destroy(s);
		return NULL;
	}
	return s;
}

static void free_block(struct nx_sort *s)
{
	free(s->entry);
	free(s->block);
	s->entry = NULL;
	s->block = NULL;
}

void nx_sort_destroy(struct nx_sort *s)
{
	if (!s)
		return;
	free_block(s);
	for (uint32_t i = 0; i < s->n_parts; i++)
		free(s->part[i].chunk);
	free(s->part);
	free(s->heap);
	free(s);
}

/* ---- a part ---- */

static int no_memory(struct nx_error *err)
{
	return nx_fail(err, NX_ERR_NOMEM, "no memory to sort the rows: nothing was loaded");
}

static int spool_failed(struct nx_error *err)
{
	return nx_fail(err, NX_ERR_IO,
		"sorting the rows in a file beside the store: %s: nothing was loaded; make room, "
		"or sort the file first (LC_ALL=C sort -t, -k1,1 -s)",
		strerror(errno));
}

static int write_bytes(struct nx_sort *s, const uint8_t *p, size_t len, struct nx_error *err)
{
	while (len > 0) {
		ssize_t n = pwrite(s->fd, p, len, (off_t)s->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return spool_failed(err);
		s->written += (uint64_t)n;
		p += n;
		len -= (size_t)n;
	}
	return NX_OK;
}

static void sort_block(struct nx_sort *s)
{
	qsort_r(s->entry, s->n, sizeof(*s->entry), entry_cmp, s->block);
}

/* The sorted rows into the file. */
static int write_rows(struct nx_sort *s, struct nx_error *err)
{
	uint8_t out[CHUNK];
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < s->n; i++) {
		const uint8_t *row = ROW_AT(s->block, &s->entry[i]);
		size_t len = (size_t)HEAD + row[0];

		if (n + len > sizeof(out)) {
			if ((rc = write_bytes(s, out, n, err)) != NX_OK)
				return rc;
			n = 0;
		}
		memcpy(out + n, row, len);
		n += len;
	}
	return write_bytes(s, out, n, err);
}

static int write_part(struct nx_sort *s, struct nx_error *err)
{
	struct part *part = realloc(s->part, (s->n_parts + 1) * sizeof(*part));
	uint64_t from = s->written;
	int rc;

	if (!part)
		return no_memory(err);
	s->part = part;
	sort_block(s);
	if ((rc = write_rows(s, err)) != NX_OK)
		return rc;
	s->part[s->n_parts++] = (struct part){.from = from, .to = s->written};
	s->n = 0;
	s->used = 0;
	return NX_OK;
}

int nx_sort_add(struct nx_sort *s, const struct nx_load_row *row, struct nx_error *err)
{
	size_t len = (size_t)HEAD + row->key.len;
	uint8_t *p;
	int rc;

	if (s->n == s->entries || s->room - s->used < len) {
		if ((rc = write_part(s, err)) != NX_OK)
			return rc;
	}
	p = s->block + s->used;
	p[0] = row->key.len;
	p[1] = row->state;
	memcpy(p + HEAD, row->key.text, row->key.len);
	s->entry[s->n++] =
		(struct entry){.start = key_start(p + HEAD, row->key.len), .at = (uint32_t)s->used};
	s->used += len;
	return NX_OK;
}

/* ---- merging ---- */

static size_t row_len(const struct part *p)
{
	return (size_t)HEAD + p->chunk[p->pos];
}

/* Sees to it that the next row lies whole in the chunk.  Return: 1, 0 where the part is at its end,
 * or an error. */
static int load_row(struct nx_sort *s, struct part *p, struct nx_error *err)
{
	while (p->len == 0 || p->len < row_len(p)) {
		size_t room, left = (size_t)(p->to - p->from);
		ssize_t n;

		if (left == 0)
			return 0;
		memmove(p->chunk, p->chunk + p->pos, p->len);
		p->pos = 0;
		room = CHUNK - p->len < left ? CHUNK - p->len : left;
		n = pread(s->fd, p->chunk + p->len, room, (off_t)p->from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return spool_failed(err);
		p->from += (uint64_t)n;
		p->len += (size_t)n;
	}
	p->start = key_start(p->chunk + p->pos + HEAD, p->chunk[p->pos]);
	return 1;
}

static bool before(const struct nx_sort *s, uint32_t a, uint32_t b)
{
	const struct part *x = &s->part[a], *y = &s->part[b];
	int c;

	if (x->start != y->start)
		return x->start < y->start;
	c = row_cmp(x->chunk + x->pos, y->chunk + y->pos);
	return c != 0 ? c < 0 : a < b;
}

static void sift_down(struct nx_sort *s, uint32_t i)
{
	for (;;) {
		uint32_t least = i, top = s->heap[i];

		for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < s->n_heap; c++) {
			if (before(s, s->heap[c], s->heap[least]))
				least = c;
		}
		if (least == i)
			return;
		s->heap[i] = s->heap[least];
		s->heap[least] = top;
		i = least;
	}
}

static int begin_merge(struct nx_sort *s, struct nx_error *err)
{
	s->heap = malloc(s->n_parts * sizeof(*s->heap));
	if (!s->heap)
		return no_memory(err);
	for (uint32_t i = 0; i < s->n_parts; i++) {
		int rc;

		if (!(s->part[i].chunk = malloc(CHUNK)))
			return no_memory(err);
		if ((rc = load_row(s, &s->part[i], err)) < 0)
			return rc;
		if (rc == 1)
			s->heap[s->n_heap++] = i;
	}
	for (uint32_t i = s->n_heap / 2; i-- > 0;)
		sift_down(s, i);
	return NX_OK;
}

int nx_sort_end(struct nx_sort *s, struct nx_error *err)
{
	int rc;

	if (s->n_parts == 0) {
		sort_block(s);
		return NX_OK;
	}
	if ((rc = write_part(s, err)) != NX_OK)
		return rc;
	free_block(s);
	return begin_merge(s, err);
}

static void unpack(const uint8_t *p, struct nx_load_row *row)
{
	row->key.kind = p[HEAD] == '+' ? NX_KEY_NUMBER : NX_KEY_NAME;
	row->key.len = p[0];
	row->state = p[1];
	memcpy(row->key.text, p + HEAD, p[0]);
}

static int next_merged(struct nx_sort *s, struct nx_load_row *row, struct nx_error *err)
{
	struct part *p;
	size_t len;
	int rc;

	if (s->n_heap == 0)
		return 0;
	p = &s->part[s->heap[0]];
	unpack(p->chunk + p->pos, row);
	len = row_len(p);
	p->pos += len;
	p->len -= len;
	if ((rc = load_row(s, p, err)) < 0)
		return rc;
	if (rc == 0)
		s->heap[0] = s->heap[--s->n_heap];
	sift_down(s, 0);
	return 1;
}

int nx_sort_next(struct nx_sort *s, struct nx_load_row *row, struct nx_error *err)
{
	if (s->n_parts > 0)
		return next_merged(s, row, err);
	if (s->given == s->n)
		return 0;
	unpack(ROW_AT(s->block, &s->entry[s->given++]), row);
	return 1;
}
