/* Tables: cells are collected, then printed with each column as wide as its widest cell. Width is
 * counted in UTF-8 code points, which is right for the names that operators write. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/nxsipctl/table.h"

struct nx_table {
	unsigned columns;
	char **cell; /* row by row; the first row holds the headings */
	size_t n, cap;
	bool *right;
};

static void *must(void *p)
{
	if (!p) {
		(void)fputs("nxsipctl: no memory\n", stderr);
		exit(1);
	}
	return p;
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static char *escape(const char *text)
{
	char *out = must(malloc(4 * strlen(text) + 1)), *o = out;

	for (; *text; text++) {
		if (is_control((unsigned char)*text))
			o += sprintf(o, "\\x%02x", (unsigned char)*text);
		else
			*o++ = *text;
	}
	*o = '\0';
	return out;
}

void nx_print_text(FILE *out, const char *text)
{
	char *safe = escape(text);

	(void)fputs(safe, out);
	free(safe);
}

static void add(struct nx_table *t, char *cell)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->cell = must(realloc(t->cell, t->cap * sizeof(*t->cell)));
	}
	t->cell[t->n++] = cell;
}

struct nx_table *nx_table_create(unsigned columns, const char *const headings[])
{
	struct nx_table *t = must(calloc(1, sizeof(*t)));

	t->columns = columns;
	t->right = must(calloc(columns, sizeof(*t->right)));
	for (unsigned i = 0; i < columns; i++) {
		t->right[i] = headings[i][0] == '>';
		add(t, must(strdup(headings[i] + t->right[i])));
	}
	return t;
}

void nx_table_cell(struct nx_table *t, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = must(NULL);
	va_end(ap);
	add(t, escape(text));
	free(text);
}

static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static int column_width(const struct nx_table *t, unsigned column)
{
	int widest = 0;

	for (size_t i = column; i < t->n; i += t->columns)
		widest = width(t->cell[i]) > widest ? width(t->cell[i]) : widest;
	return widest;
}

static void print_rows(const struct nx_table *t, FILE *out)
{
	int *widths = must(calloc(t->columns, sizeof(*widths)));

	for (unsigned c = 0; c < t->columns; c++)
		widths[c] = column_width(t, c);
	for (size_t i = 0; i < t->n; i++) {
		unsigned c = (unsigned)(i % t->columns);
		int pad = widths[c] - width(t->cell[i]);
		bool last = c + 1 == t->columns;

		(void)fprintf(out, "%*s%s%*s%s", t->right[c] ? pad : 0, "", t->cell[i],
			t->right[c] || last ? 0 : pad, "", last ? "\n" : "  ");
	}
	free(widths);
}

void nx_table_print(struct nx_table *t, FILE *out, const char *empty)
{
	if (t->n <= t->columns)
		(void)fprintf(out, "%s\n", empty);
	else
		print_rows(t, out);
	for (size_t i = 0; i < t->n; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->right);
	free(t);
}

const char *nx_number(uint64_t n, char buf[32])
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lu", (unsigned long)n);
	char *o = buf;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*o++ = ',';
		*o++ = digits[i];
	}
	*o = '\0';
	return buf;
}

const char *nx_bytes(uint64_t n, char buf[32])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double v = (double)n;
	unsigned u = 0;

	while (v >= 1024 && u < 4) {
		v /= 1024;
		u++;
	}
	(void)snprintf(buf, 32, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
	return buf;
}

const char *nx_duration(uint64_t s, char buf[32])
{
	unsigned long d = s / 86400, h = s / 3600 % 24, m = s / 60 % 60;

	if (d)
		(void)snprintf(buf, 32, "%lu d %lu h", d, h);
	else if (h)
		(void)snprintf(buf, 32, "%lu h %lu min", h, m);
	else if (m)
		(void)snprintf(buf, 32, "%lu min %lu s", m, (unsigned long)s % 60);
	else
		(void)snprintf(buf, 32, "%lu s", (unsigned long)s);
	return buf;
}
