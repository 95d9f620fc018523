/* CSV of users, a line at a time out of a block buffer. Nearly every row of a large table is a
 * plain number without quotes, blanks or separators, and a state spelled as dump writes it: those
 * are read in one scan; all others, and all that are wrong, take the long way. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/server/csv.h"
#include "nxsip/users.h"

#define BLOCK      ((size_t)256 * 1024)
#define DIGITS_MAX 15 /* of a number: E.164, as nx_key_from_row has it */

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

int nx_csv_init(struct nx_csv *c, int fd, bool digits_are_names, const atomic_bool *cancel,
	struct nx_error *err)
{
	int rc;

	*c = (struct nx_csv){.cancel = cancel, .digits_are_names = digits_are_names, .first = true};
	if ((rc = nx_input_open(fd, &c->in, err)) != NX_OK)
		return rc;
	c->buf = malloc(BLOCK);
	return c->buf ? NX_OK : nx_fail(err, NX_ERR_NOMEM, "no memory to read the file");
}

void nx_csv_fini(struct nx_csv *c)
{
	nx_input_close(c->in);
	free(c->buf);
	c->in = NULL;
	c->buf = NULL;
}

uint64_t nx_csv_offset(const struct nx_csv *c)
{
	return nx_input_offset(c->in);
}

/* Moves the rest to the front and reads behind it. */
static int fill(struct nx_csv *c, struct nx_error *err)
{
	size_t n = 0;
	int rc;

	if (atomic_load_explicit(c->cancel, memory_order_relaxed))
		return nx_fail(err, NX_ERR_CANCELLED, "cancelled: nothing was loaded");
	memmove(c->buf, c->buf + c->pos, c->len);
	c->pos = 0;
	if ((rc = nx_input_read(c->in, c->buf + c->len, BLOCK - c->len, &n, err)) != NX_OK)
		return rc;
	c->eof = n == 0;
	c->len += n;
	return NX_OK;
}

static void take(struct nx_csv *c, size_t n)
{
	c->pos += n;
	c->len -= n;
}

/* The rest of a line that fills the whole buffer. */
static int skip_line(struct nx_csv *c, struct nx_error *err)
{
	for (;;) {
		const char *lf = memchr(c->buf + c->pos, '\n', c->len);
		int rc;

		if (lf) {
			take(c, (size_t)(lf - (c->buf + c->pos)) + 1);
			return NX_OK;
		}
		take(c, c->len);
		if (c->eof)
			return NX_OK;
		if ((rc = fill(c, err)) != NX_OK)
			return rc;
	}
}

/* The next line, without its end.  Return: 1, 0 at the end of the file, or an error. */
static int next_line(struct nx_csv *c, struct line *l, struct nx_error *err)
{
	const char *lf;
	int rc;

	while (!(lf = memchr(c->buf + c->pos, '\n', c->len)) && !c->eof) {
		if (c->len > NX_CSV_LINE_MAX) {
			*l = (struct line){.too_long = true};
			if ((rc = skip_line(c, err)) != NX_OK)
				return rc;
			c->line++;
			return 1;
		}
		if ((rc = fill(c, err)) != NX_OK)
			return rc;
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

/* `alice;known` would be loaded as one user of that name, and alice be answered 404. In quotes it
 * is meant. */
static bool uses_semicolons(const struct field *user)
{
	static const char *const tail[] = {";known", ";gone", ";head", ";state"};

	if (user->s == user->unquoted)
		return false;
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
	struct field user, state;
	bool first = c->first;
	const char *why;
	enum nx_row_err key_err;
	size_t pos = 0;

	c->first = false;
	state.s = "";
	state.len = 0;
	state.column = (uint32_t)l->len + 1;
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

/* ---- the short way ---- */

/* What stands behind a number: a state as dump writes it, or nothing.
 * Return: the state, NX_USER_ABSENT where it takes the long way. */
static uint8_t plain_state(const char *s, size_t len)
{
	static const struct {
		char text[8];
		uint8_t len, state;
	} plain[] = {{",known", 6, NX_USER_KNOWN}, {",gone", 5, NX_USER_GONE},
		{",head", 5, NX_USER_HEAD}};

	if (len == 0)
		return NX_USER_KNOWN;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (len == plain[i].len && memcmp(s, plain[i].text, len) == 0)
			return plain[i].state;
	}
	return NX_USER_ABSENT;
}

static bool parse_plain(const struct line *l, struct nx_csv_row *row)
{
	size_t n = 1;

	if (l->len < 2 || l->s[0] != '+' || l->s[1] == '0')
		return false;
	while (n < l->len && n <= DIGITS_MAX && l->s[n] >= '0' && l->s[n] <= '9')
		n++;
	if (n == 1 || !(row->state = plain_state(l->s + n, l->len - n)))
		return false;
	row->state_column = (uint32_t)(n == l->len ? n + 1 : n + 2);
	row->key.kind = NX_KEY_NUMBER;
	row->key.len = (uint8_t)n;
	memcpy(row->key.text, l->s, n);
	return true;
}

int nx_csv_next(struct nx_csv *c, struct nx_csv_row *row, struct nx_error *err)
{
	struct line l = {.len = 0};
	int rc;

	while ((rc = next_line(c, &l, err)) == 1) {
		int got;

		row->row = c->line;
		if (parse_plain(&l, row)) {
			c->first = false;
			return NX_CSV_ROW;
		}
		if (c->line == 1 && l.len >= 3 && memcmp(l.s, "\xef\xbb\xbf", 3) == 0) {
			l.s += 3;
			l.len -= 3;
		}
		if (no_row(&l))
			continue;
		got = (int)parse(c, &l, row);
		if (got != NX_CSV_END)
			return got;
	}
	return rc == 0 ? NX_CSV_END : rc;
}

/* ---- writing ---- */

/* Read as it stands: nothing in it that reading would take for its own. */
static bool is_plain(const uint8_t *key, size_t len)
{
	if (len == 0 || key[0] == '+')
		return len > 0;
	return key[0] != '#' && !is_blank((char)key[0]) && !is_blank((char)key[len - 1]) &&
	       !memchr(key, '"', len) && !memchr(key, ',', len) && !memchr(key, ';', len);
}

size_t nx_csv_write(const uint8_t *key, size_t len, uint8_t state, char *out)
{
	static const struct {
		char text[8];
		uint8_t len;
	} tail[] = {[NX_USER_KNOWN] = {"\n", 1},
		[NX_USER_GONE] = {",gone\n", 6},
		[NX_USER_HEAD] = {",head\n", 6}};
	size_t n = 0;

	if (is_plain(key, len)) {
		memcpy(out, key, len);
		n = len;
	} else {
		out[n++] = '"';
		for (size_t i = 0; i < len; i++) {
			if (key[i] == '"')
				out[n++] = '"';
			out[n++] = (char)key[i];
		}
		out[n++] = '"';
	}
	memcpy(out + n, tail[state].text, tail[state].len);
	return n + tail[state].len;
}
