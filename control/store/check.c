/* A walk over LMDB's file (format 1, as all of LMDB 0.9 writes it), with pread and bounds: nothing
 * in it is believed before it is looked at. The format, all little-endian:
 *   page    number u64, pad u16, flags u16, then lower and upper bound of the free space u16 each,
 *           and offsets of nodes u16 from there to lower; an overflow page has its number of pages
 *           u32 in their place
 *   node    size u32 of the value (leaf) or the child's page number, 48 bits (branch); flags u16
 *           (leaf), size of the key u16, key, value
 *   table   pad u32, flags u16, depth u16, pages: branch, leaf, overflow; entries, root: u64 each
 *   header  (pages 0 and 1) magic u32, format u32, address, map size u64, the tables of free pages
 *           and of names, last page, transaction u64
 * A commit writes the header that its transaction's parity names, so the two are neighbours; each
 * has a seal beside it (header.h). What a transaction frees, and it always frees the root that it
 * replaces, it lists under its own number: the last number listed is the header's. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/store/check.h"
#include "control/store/header.h"

#define MAGIC      0xbeefc0deu
#define FORMAT     1
#define HEAD       16 /* of a page */
#define NODE       8  /* head of a node */
#define TABLE      48
#define PAGE_MIN   ((size_t)4096)
#define PAGE_MAX   ((size_t)32768)
#define DEPTH_MAX  32
#define KEY_MAX    511
#define NONE       UINT64_MAX /* root of an empty table */
#define FIRST_PAGE 2          /* behind the headers */
#define LOOK_EVERY 1024       /* pages between looks at cancel */

enum { BRANCH = 0x01, LEAF = 0x02, OVERFLOW = 0x04, META = 0x08 };
enum { BIG_DATA = 0x01, SUB_DATA = 0x02 };
enum { INTEGER_KEY = 0x08 };

struct table {
	uint32_t pad;
	uint16_t flags, depth;
	uint64_t branch, leaf, overflow, entries, root;
};

struct header {
	struct table free, main;
	uint64_t last_page, txn;
	struct nx_sealed sealed;
};

struct nx_check {
	const char *path;
	int fd;
	size_t page_size;
	struct header header, older;
	uint8_t *used; /* a bit a page */
	struct table rest;
	bool has_rest;
	const char *const *names;
	unsigned n_names, later;
	const atomic_bool *cancel; /* may be NULL */
	uint64_t walked;
	struct nx_error *err;
};

struct key {
	const uint8_t *at;
	size_t len;
};

struct node {
	struct key key;
	const uint8_t *value;
	uint64_t size; /* of the value */
	uint64_t child;
	uint16_t flags;
};

struct walk;
typedef int (*entry_fn)(struct nx_check *c, struct walk *w, const struct node *n);

/* A tree on its way: what is counted, and the key before. */
struct walk {
	const struct table *table;
	struct table seen;
	entry_fn entry;
	bool integer_keys;
	uint64_t txn; /* of the header it is reached from */
	bool mark;    /* note its pages as used */
	uint8_t last[KEY_MAX];
	size_t last_len;
};

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const uint8_t *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const uint8_t *p)
{
	return u32(p) | (uint64_t)u32(p + 4) << 32;
}

static int damaged(struct nx_check *c, uint64_t page, const char *why)
{
	return nx_fail(c->err, NX_ERR_CORRUPT,
		"the store %s is damaged (page %" PRIu64
		": %s): restore the directory from a backup, or move it away to start empty",
		c->path, page, why);
}

static int read_pages(struct nx_check *c, uint64_t page, uint8_t *buf, size_t len)
{
	uint64_t at = page * c->page_size;
	size_t got = 0;

	assert(len > 0);
	if (page >= FIRST_PAGE && page > c->header.last_page)
		return damaged(c, page, "a page that the file has not");
	while (got < len) {
		ssize_t n = pread(c->fd, buf + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nx_fail(c->err, NX_ERR_IO,
				"the store %s: reading page %" PRIu64 ": %s", c->path, page,
				strerror(errno));
		if (n == 0)
			return damaged(c, page, "the file is cut short");
		got += (size_t)n;
	}
	return NX_OK;
}

/* ---- headers ---- */

static void read_table(const uint8_t *p, struct table *t)
{
	*t = (struct table){.pad = u32(p),
		.flags = u16(p + 4),
		.depth = u16(p + 6),
		.branch = u64(p + 8),
		.leaf = u64(p + 16),
		.overflow = u64(p + 24),
		.entries = u64(p + 32),
		.root = u64(p + 40)};
}

static int read_header(struct nx_check *c, uint64_t page, struct header *h)
{
	uint8_t buf[NX_SEAL_AT + NX_SEAL_LEN];
	const uint8_t *p = buf + HEAD;
	size_t size;
	int rc = read_pages(c, page, buf, sizeof(buf));

	if (rc != NX_OK)
		return rc;
	if (u64(buf) != page || !(u16(buf + 10) & META) || u32(p) != MAGIC)
		return damaged(c, page, "no header");
	if (u32(p + 4) != FORMAT)
		return nx_fail(c->err, NX_ERR_UNSUPPORTED,
			"the store %s was written by another version of LMDB (format %u): export "
			"it "
			"with that version",
			c->path, (unsigned)u32(p + 4));
	read_table(p + 24, &h->free);
	read_table(p + 24 + TABLE, &h->main);
	h->last_page = u64(p + 24 + 2 * TABLE);
	h->txn = u64(p + 32 + 2 * TABLE);
	size = h->free.pad;
	if (size < PAGE_MIN || size > PAGE_MAX || (size & (size - 1)) != 0 ||
		(page == 1 && size != c->page_size))
		return damaged(c, page, "no page size");
	if (h->free.flags != INTEGER_KEY || h->main.flags != 0 || h->last_page > UINT32_MAX ||
		h->last_page + 1 < FIRST_PAGE || h->last_page >= u64(p + 16) / size)
		return damaged(c, page, "a header that cannot be");
	h->sealed.seal = nx_header_read_seal(buf, buf + NX_SEAL_AT, &h->sealed.seal_txn);
	h->sealed.txn = h->txn;
	c->page_size = size;
	return NX_OK;
}

/* ---- pages ---- */

static int mark(struct nx_check *c, uint64_t page, uint64_t n)
{
	if (page < FIRST_PAGE || page > c->header.last_page || n > c->header.last_page - page + 1)
		return damaged(c, page, "a page that the file has not");
	for (uint64_t i = page; i < page + n; i++) {
		if (c->used[i / 8] & 1u << i % 8)
			return damaged(c, i, "in two places");
		c->used[i / 8] |= (uint8_t)(1u << i % 8);
	}
	return NX_OK;
}

static int key_cmp(const struct walk *w, const struct key *a, const struct key *b)
{
	int c;

	if (w->integer_keys) {
		uint64_t x = u64(a->at), y = u64(b->at);

		return x < y ? -1 : x > y;
	}
	c = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);
	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

/* Cuts node i out of a page. */
static int read_node(struct nx_check *c, const struct walk *w, const uint8_t *p, uint64_t page,
	unsigned i, struct node *n)
{
	size_t at = u16(p + HEAD + 2 * i), left = c->page_size - at;
	bool leaf = u16(p + 10) & LEAF;
	size_t held;

	if (at < u16(p + 14) || at > c->page_size - NODE || at % 2 != 0)
		return damaged(c, page, "an entry outside the page");
	p += at;
	*n = (struct node){.key = {p + NODE, u16(p + 6)}, .flags = leaf ? u16(p + 4) : 0};
	if (n->key.len > KEY_MAX || n->key.len > left - NODE)
		return damaged(c, page, "a key outside the page");
	if (w->integer_keys && n->key.len != 8 && (leaf || i > 0))
		return damaged(c, page, "a key that cannot be");
	if (!leaf) {
		n->child = u32(p) | (uint64_t)u16(p + 4) << 32;
		return NX_OK;
	}
	n->value = n->key.at + n->key.len;
	n->size = u32(p);
	held = n->flags & BIG_DATA ? 8 : n->size;
	if (n->flags & ~(unsigned)(BIG_DATA | SUB_DATA) || held > left - NODE - n->key.len)
		return damaged(c, page, "a value outside the page");
	return NX_OK;
}

/* A page of a tree, whose keys must lie from `from` to before `to` (NULL: no bound). */
static int walk_page(struct nx_check *c, struct walk *w, uint64_t page, unsigned depth,
	const struct key *from, const struct key *to);

static int walk_leaf(struct nx_check *c, struct walk *w, uint64_t page, const struct node *n,
	const struct key *from, const struct key *to)
{
	const struct key last = {w->last, w->last_len};

	if (w->seen.entries > 0 && key_cmp(w, &last, &n->key) >= 0)
		return damaged(c, page, "keys out of order");
	if ((from && key_cmp(w, from, &n->key) > 0) || (to && key_cmp(w, &n->key, to) >= 0))
		return damaged(c, page, "a key where it is not looked for");
	memcpy(w->last, n->key.at, n->key.len);
	w->last_len = n->key.len;
	w->seen.entries++;
	return w->entry ? w->entry(c, w, n) : NX_OK;
}

static int walk_branch(struct nx_check *c, struct walk *w, const uint8_t *p, uint64_t page,
	unsigned n_keys, unsigned depth, const struct key *from, const struct key *to)
{
	struct node n, next;
	int rc = read_node(c, w, p, page, 0, &n);

	for (unsigned i = 0; rc == NX_OK && i < n_keys; i++, n = next) {
		const struct key *lo = i > 0 ? &n.key : from, *hi = to;

		if (i + 1 < n_keys) {
			if ((rc = read_node(c, w, p, page, i + 1, &next)) != NX_OK)
				return rc;
			hi = &next.key;
		}
		if (lo && hi && key_cmp(w, lo, hi) >= 0)
			return damaged(c, page, "branches out of order");
		rc = walk_page(c, w, n.child, depth + 1, lo, hi);
	}
	return rc;
}

static int walk_page(struct nx_check *c, struct walk *w, uint64_t page, unsigned depth,
	const struct key *from, const struct key *to)
{
	uint8_t p[PAGE_MAX];
	uint16_t flags, lower, upper;
	unsigned n_keys;
	int rc;

	if (depth > w->table->depth)
		return damaged(c, page, "the tree is too deep");
	if (c->cancel && ++c->walked % LOOK_EVERY == 0 && atomic_load(c->cancel))
		return nx_fail(c->err, NX_ERR_CANCELLED, "cancelled");
	if ((w->mark && (rc = mark(c, page, 1)) != NX_OK) ||
		(rc = read_pages(c, page, p, c->page_size)) != NX_OK)
		return rc;
	flags = u16(p + 10);
	lower = u16(p + 12);
	upper = u16(p + 14);
	if (u64(p) != page || flags != (depth == w->table->depth ? LEAF : BRANCH))
		return damaged(c, page, "not the page that is looked for");
	if (lower < HEAD || lower % 2 != 0 || upper < lower || upper > c->page_size)
		return damaged(c, page, "its bounds cannot be");
	n_keys = (lower - HEAD) / 2u;
	if (n_keys < (flags == BRANCH ? 2u : 1u))
		return damaged(c, page, "it is empty");
	if (flags == BRANCH) {
		w->seen.branch++;
		return walk_branch(c, w, p, page, n_keys, depth, from, to);
	}
	w->seen.leaf++;
	for (unsigned i = 0; i < n_keys; i++) {
		struct node n;

		if ((rc = read_node(c, w, p, page, i, &n)) != NX_OK ||
			(rc = walk_leaf(c, w, page, &n, from, to)) != NX_OK)
			return rc;
	}
	return NX_OK;
}

static int walk_tree(struct nx_check *c, struct walk *w)
{
	const struct table *t = w->table;
	int rc;

	if (t->root == NONE)
		return t->entries == 0 && t->depth == 0 ? NX_OK
							: damaged(c, 0, "a table without pages");
	if (t->depth < 1 || t->depth > DEPTH_MAX)
		return damaged(c, t->root, "the tree's depth cannot be");
	if ((rc = walk_page(c, w, t->root, 1, NULL, NULL)) != NX_OK)
		return rc;
	if (w->seen.entries != t->entries || w->seen.branch != t->branch ||
		w->seen.leaf != t->leaf || w->seen.overflow != t->overflow)
		return damaged(c, t->root, "the tree is not as large as it says");
	return NX_OK;
}

/* ---- what the trees hold ---- */

/* A value on pages of its own: *pages, read whole into memory where out is given. */
static int big_value(struct nx_check *c, struct walk *w, const struct node *n, uint8_t **out)
{
	uint64_t page = u64(n->value), pages = (HEAD - 1 + n->size) / c->page_size + 1;
	uint8_t head[HEAD];
	int rc;

	if (page > c->header.last_page)
		return damaged(c, page, "a value in pages that cannot be");
	if (w->mark && (rc = mark(c, page, pages)) != NX_OK)
		return rc;
	if ((rc = read_pages(c, page, head, sizeof(head))) != NX_OK)
		return rc;
	if (u64(head) != page || u16(head + 10) != OVERFLOW || u32(head + 12) != pages)
		return damaged(c, page, "not the page that is looked for");
	w->seen.overflow += pages;
	if (!out)
		return NX_OK;
	*out = malloc(pages * c->page_size);
	if (!*out)
		return nx_fail(c->err, NX_ERR_NOMEM, "no memory to check the store");
	return read_pages(c, page, *out, HEAD + n->size);
}

static int plain_entry(struct nx_check *c, struct walk *w, const struct node *n)
{
	if (n->flags & SUB_DATA)
		return damaged(c, w->table->root, "a table within a table");
	return n->flags & BIG_DATA ? big_value(c, w, n, NULL) : NX_OK;
}

/* Pages that transaction `key` freed: their number, and the pages, falling. */
static int free_pages(struct nx_check *c, struct walk *w, const uint8_t *list, uint64_t size)
{
	uint64_t n = u64(list), last = NONE;

	if (n == 0 || n > size / 8 - 1)
		return damaged(c, w->table->root, "a list of free pages that cannot be");
	for (uint64_t i = 1; i <= n; i++) {
		uint64_t page = u64(list + 8 * i);
		int rc = w->mark ? mark(c, page, 1) : NX_OK;

		if (rc != NX_OK)
			return rc;
		if (page >= last)
			return damaged(c, page, "free pages out of order");
		last = page;
	}
	return NX_OK;
}

static int free_entry(struct nx_check *c, struct walk *w, const struct node *n)
{
	uint8_t *list = NULL;
	int rc = NX_OK;

	if (u64(n->key.at) > w->txn)
		return damaged(
			c, w->table->root, "it is newer than its header: the header was altered");
	if (n->size < 16 || n->size % 8 != 0 || n->flags & SUB_DATA)
		return damaged(c, w->table->root, "a list of free pages that cannot be");
	if (n->flags & BIG_DATA)
		rc = big_value(c, w, n, &list);
	if (rc == NX_OK)
		rc = free_pages(c, w, list ? list + HEAD : n->value, n->size);
	free(list);
	return rc;
}

static int walk_table(struct nx_check *c, const struct table *t)
{
	struct walk w = {.table = t, .entry = plain_entry, .mark = true};

	return walk_tree(c, &w);
}

static int table_entry(struct nx_check *c, struct walk *w, const struct node *n)
{
	struct table t;
	unsigned i;

	if (n->flags != SUB_DATA || n->size != TABLE)
		return damaged(c, w->table->root, "not a table");
	read_table(n->value, &t);
	if (t.flags != 0 || t.pad != 0)
		return damaged(c, w->table->root, "a table of another kind");
	for (i = 0; i < c->n_names; i++) {
		if (n->key.len == strlen(c->names[i]) &&
			memcmp(n->key.at, c->names[i], n->key.len) == 0)
			break;
	}
	if (i == c->n_names)
		return damaged(c, w->table->root, "a table that no store has");
	if (i != c->later)
		return walk_table(c, &t);
	c->rest = t;
	c->has_rest = true;
	return NX_OK;
}

/* ---- the file ---- */

static int check_headers(struct nx_check *c)
{
	struct header h[2];
	int rc;

	for (unsigned i = 0; i < 2; i++) {
		if ((rc = read_header(c, i, &h[i])) != NX_OK)
			return rc;
	}
	if (h[0].txn + 1 != h[1].txn && h[1].txn + 1 != h[0].txn && h[0].txn + h[1].txn != 0)
		return damaged(c, 0, "the two headers are not neighbours");
	if (h[0].txn % 2 != 0 || (h[1].txn % 2 != 1 && h[1].txn != 0))
		return damaged(c, 0, "a header in the other's place");
	c->header = h[h[1].txn > h[0].txn];
	c->older = h[h[1].txn <= h[0].txn];
	if (!nx_header_seals_agree(&c->header.sealed, &c->older.sealed))
		return damaged(c, c->header.txn % 2, "a header is not what was written");
	return NX_OK;
}

/* The lists of free pages that a header leads to. The first transaction has nothing to free. */
static int walk_freed(struct nx_check *c, struct walk *w)
{
	int rc = walk_tree(c, w);

	if (rc != NX_OK || w->txn < 2)
		return rc;
	return w->seen.entries > 0 && u64(w->last) == w->txn
		       ? NX_OK
		       : damaged(c, w->txn % 2, "not the header of what it leads to");
}

static int check_trees(struct nx_check *c)
{
	struct walk free = {.table = &c->header.free,
		.entry = free_entry,
		.integer_keys = true,
		.txn = c->header.txn,
		.mark = true};
	struct walk older = {.table = &c->older.free,
		.entry = free_entry,
		.integer_keys = true,
		.txn = c->older.txn};
	struct walk names = {.table = &c->header.main, .entry = table_entry, .mark = true};
	int rc = walk_freed(c, &older);

	if (rc == NX_OK)
		rc = walk_freed(c, &free);
	return rc == NX_OK ? walk_tree(c, &names) : rc;
}

int nx_check_open(const char *path, const char *const *names, unsigned n, unsigned later,
	struct nx_check **out, struct nx_error *err)
{
	struct nx_check *c = calloc(1, sizeof(*c));
	struct stat st;
	int rc = NX_OK;

	*out = NULL;
	if (!c)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to check the store");
	c->path = path;
	c->names = names;
	c->n_names = n;
	c->later = later;
	c->err = err;
	c->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st) != 0) {
		rc = nx_fail(err, NX_ERR_IO, "the store %s: %s", path, strerror(errno));
		goto out;
	}
	if ((rc = check_headers(c)) != NX_OK)
		goto out;
	c->used = calloc(1, c->header.last_page / 8 + 1);
	rc = c->used ? check_trees(c) : nx_fail(err, NX_ERR_NOMEM, "no memory to check the store");
out:
	if (rc == NX_OK)
		*out = c;
	else
		nx_check_close(c);
	return rc;
}

uint64_t nx_check_rest_pages(const struct nx_check *c)
{
	return c->has_rest ? c->rest.leaf + c->rest.branch : 0;
}

int nx_check_rest(struct nx_check *c, const atomic_bool *cancel, struct nx_error *err)
{
	size_t len = c->header.last_page / 8 + 1;
	uint8_t *before;
	int rc;

	if (!c->has_rest)
		return NX_OK;
	before = malloc(len);
	if (!before)
		return nx_fail(err, NX_ERR_NOMEM, "no memory to check the store");
	memcpy(before, c->used, len);
	c->err = err;
	c->cancel = cancel;
	rc = walk_table(c, &c->rest);
	memcpy(c->used, before, len); /* it can be walked again */
	free(before);
	return rc;
}

void nx_check_close(struct nx_check *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->used);
	free(c);
}
