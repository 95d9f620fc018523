/* Faults of a configuration file: collected while reading goes on, told at once, in file order.
 * The number kept is bounded, since a file of a megabyte can hold a fault on every line. */
#include "control/config/internal.h"

#include <stdlib.h>

struct nx_shown nx_shown(const char *s)
{
	struct nx_shown out;
	size_t i, room = sizeof(out.text) - 4;

	for (i = 0; i < room && s[i]; i++)
		out.text[i] = s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?';
	(void)snprintf(out.text + i, 4, "%s", s[i] ? "..." : "");
	return out;
}

void nx_fault_add(
	struct nx_faults *f, uint32_t line, uint32_t column, const char *at, const char *fmt, ...)
{
	struct nx_fault *fault = &f->fault[f->n];
	char what[1024], where[32] = "";
	va_list ap;

	f->total++;
	if (f->n == NX_CONFIG_FAULTS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (column)
		(void)snprintf(where, sizeof(where), ":%u:%u", line, column);
	else if (line)
		(void)snprintf(where, sizeof(where), ":%u", line);
	if (asprintf(&fault->text, "%s%s: %s%s%s", f->path, where, at ? at : "", at ? ": " : "",
		    what) < 0)
		return;
	fault->line = line;
	fault->seq = f->n++;
}

static int by_line(const void *a, const void *b)
{
	const struct nx_fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void nx_faults_move(struct nx_faults *f, struct nx_config_errors *out)
{
	*out = (struct nx_config_errors){.line = calloc(f->n + 1, sizeof(char *))};
	qsort(f->fault, f->n, sizeof(f->fault[0]), by_line);
	for (uint32_t i = 0; i < f->n; i++) {
		if (out->line)
			out->line[out->n++] = f->fault[i].text;
		else
			free(f->fault[i].text);
	}
	if (out->line && f->total > f->n &&
		asprintf(&out->line[out->n], "%s: and %u more; mend these first", f->path,
			f->total - f->n) >= 0)
		out->n++;
	f->n = f->total = 0;
}
