/* CSV of users, a line at a time out of a block buffer. pread, not mmap: a file cut short while it
 * is mapped would kill the process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "control/server/csv.h"
#include "nxsip/users.h"

#define BLOCK ((size_t)256 * 1024)

struct line {
	const char *s;
	size_t len;
	bool too_long;
};

struct field {
	const char *s;
	size_t len;
	uint32_t column;
	char unquoted[NX_CSV_LINE_MAX];
};

bool nx_csv_init(struct nx_csv *c, int fd, bool digits_are_names)
{
	*c = (struct nx_csv){.fd = fd, .digits_are_names = digits_are_names, .first = true};
	c->buf = malloc(BLOCK);
	return c->buf != NULL;
}

void nx_csv_fini(struct nx_csv *c)
{
	free(c->buf);
	c->buf = NULL;
}

/* Moves the rest to the front and reads behind it.  Return: 0 or errno. */
static int fill(struct nx_csv *c)
{
	ssize_t n;

	memmove(c->buf, c->buf + c->pos, c->len);
	c->pos = 0;
	do
		n = pread(c->fd, c->buf + c->len, BLOCK - c->len, (off_t)c->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	c->eof = n == 0;
	c->len += (size_t)n;
	c->offset += (uint64_t)n;
	return 0;
}

static void take(struct nx_csv *c, size_t n)
{
	c->pos += n;
	c->len -= n;
}

/* The rest of a line that fills the whole buffer. */
static int skip_line(struct nx_csv *c)
{
	for (;;) {
		const char *lf = memchr(c->buf + c->pos, '\n', c->len);
		int rc;

		if (lf) {
			take(c, (size_t)(lf - (c->buf + c->pos)) + 1);
			return 0;
		}
		take(c, c->len);
		if (c->eof)
			return 0;
		if ((rc = fill(c)) != 0)
			return rc;
	}
}

/* The next line, without its end.  Return: 1, 0 at the end of the file, -1 with errno. */
static int next_line(struct nx_csv *c, struct line *l)
{
	const char *lf;
	int rc;

	while (!(lf = memchr(c->buf + c->pos, '\n', c->len)) && !c->eof) {
		if (c->len > NX_CSV_LINE_MAX) {
			l->too_long = true;
			l->s = NULL;
			l->len = 0;
			if ((rc = skip_line(c)) != 0)
				goto io;
			c->line++;
			return 1;
		}
		if ((rc = fill(c)) != 0)
			goto io;
	}
	if (!lf && c->len == 0)
		return 0;
	l->s = c->buf + c->pos;
	l->len = lf ? (size_t)(lf - l->s) : c->len;
	take(c, lf ? l->len + 1 : l->len);
	if (l->len > 0 && l->s[l->len - 1] == '\r')
		l->len--;
	l->too_long = l->len > NX_CSV_LINE_MAX;
	c->line++;
	return 1;
io:
	errno = rc;
	return -1;
}

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* One field from *pos on; *pos is then at the comma behind it or at the end.
 * Return: NULL, or what is wrong, with f->column at the place. */
static const char *take_field(const struct line *l, size_t *pos, struct field *f)
{
	size_t i = *pos, n = 0;

	while (i < l->len && is_blank(l->s[i]))
		i++;
	f->column = (uint32_t)i + 1;
	if (i == l->len || l->s[i] != '"') {
		const char *comma = memchr(l->s + i, ',', l->len - i);
		size_t end = comma ? (size_t)(comma - l->s) : l->len;

		*pos = end;
		while (end > i && is_blank(l->s[end - 1]))
			end--;
		f->s = l->s + i;
		f->len = end - i;
		return NULL;
	}
	for (i++;; i++) {
		if (i == l->len)
			return "a quote is opened and not closed on this line";
		if (l->s[i] == '"' && (i + 1 == l->len || l->s[i + 1] != '"'))
			break;
		i += l->s[i] == '"';
		f->unquoted[n++] = l->s[i];
	}
	for (i++; i < l->len && is_blank(l->s[i]); i++)
		;
	f->s = f->unquoted;
	f->len = n;
	*pos = i;
	if (i < l->len && l->s[i] != ',') {
		f->column = (uint32_t)i + 1;
		return "text follows the closing quote: separate the columns by a comma";
	}
	return NULL;
}

static bool same(const struct field *f, const char *word)
{
	return f->len == strlen(word) && strncasecmp(f->s, word, f->len) == 0;
}

static bool read_state(const struct field *f, uint8_t *state)
{
	if (f->len == 0 || same(f, "known"))
		*state = NX_USER_KNOWN;
	else if (same(f, "gone"))
		*state = NX_USER_GONE;
	else if (same(f, "head"))
		*state = NX_USER_HEAD;
	else
		return false;
	return true;
}

/* `alice;known` would be loaded as one user of that name, and alice be answered 404. */
static bool uses_semicolons(const struct field *user)
{
	static const char *const tail[] = {";known", ";gone", ";head", ";state"};

	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
		size_t n = strlen(tail[i]);

		if (user->len > n && strncasecmp(user->s + user->len - n, tail[i], n) == 0)
			return true;
	}
	return false;
}

static enum nx_csv_got bad(
	struct nx_csv_row *row, const struct line *l, uint32_t column, const char *why)
{
	size_t n = l->len < NX_CSV_TEXT_MAX - 1 ? l->len : NX_CSV_TEXT_MAX - 1;

	for (size_t i = 0; i < n; i++)
		row->text[i] = l->s[i] >= 0x20 && l->s[i] < 0x7f ? l->s[i] : '?';
	row->text[n] = '\0';
	row->column = column;
	row->why = why;
	return NX_CSV_BAD;
}

/* One line into a row; NX_CSV_END: a line without a row (a header). */
static enum nx_csv_got parse(struct nx_csv *c, const struct line *l, struct nx_csv_row *row)
{
	struct field user, state = {.s = "", .column = (uint32_t)l->len + 1};
	bool first = c->first;
	const char *why;
	enum nx_row_err key_err;
	size_t pos = 0;

	c->first = false;
	if (l->too_long)
		return bad(row, l, NX_CSV_LINE_MAX + 1,
			"the line is longer than 1024 bytes: a user has at most 120");
	if ((why = take_field(l, &pos, &user)) != NULL)
		return bad(row, l, user.column, why);
	if (pos < l->len) {
		pos++;
		if ((why = take_field(l, &pos, &state)) != NULL)
			return bad(row, l, state.column, why);
		if (pos < l->len)
			return bad(row, l, (uint32_t)pos + 2,
				"more than two columns: they are user and state");
	}
	if (first && same(&user, "user") && (state.len == 0 || same(&state, "state")))
		return NX_CSV_END;
	if (uses_semicolons(&user))
		return bad(row, l, user.column,
			"the columns are separated by a semicolon: it must be a comma");
	key_err = nx_key_from_row(user.s, user.len, c->digits_are_names, &row->key);
	if (key_err != NX_ROW_OK)
		return bad(row, l, user.column, nx_row_err_text(key_err));
	row->state_column = state.column;
	if (!read_state(&state, &row->state))
		return bad(row, l, state.column, "the state is none of known, gone, head");
	return NX_CSV_ROW;
}

static bool no_row(const struct line *l)
{
	size_t i = 0;

	if (l->too_long)
		return false;
	while (i < l->len && is_blank(l->s[i]))
		i++;
	return i == l->len || l->s[0] == '#';
}

enum nx_csv_got nx_csv_next(struct nx_csv *c, struct nx_csv_row *row)
{
	struct line l;
	int rc;

	while ((rc = next_line(c, &l)) == 1) {
		enum nx_csv_got got;

		if (c->line == 1 && l.len >= 3 && memcmp(l.s, "\xef\xbb\xbf", 3) == 0) {
			l.s += 3;
			l.len -= 3;
		}
		if (no_row(&l))
			continue;
		row->row = c->line;
		got = parse(c, &l, row);
		if (got != NX_CSV_END)
			return got;
	}
	return rc == 0 ? NX_CSV_END : NX_CSV_IO;
}
