/* Log lines: see log.h. No state, no lock: a line is one write, which the kernel keeps whole. */
#include "control/server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *level_name(enum nx_log_level level)
{
	static const char *const name[] = {"error", "warning", "info"};

	return name[level];
}

size_t nx_log_escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		char piece[5] = {(char)*s};
		size_t len = 1;

		if (*s == '\\')
			len = (size_t)snprintf(piece, sizeof(piece), "\\\\");
		else if (*s < 0x20 || *s >= 0x7f)
			len = (size_t)snprintf(piece, sizeof(piece), "\\x%02x", *s);
		if (n + len >= size)
			break;
		memcpy(out + n, piece, len);
		n += len;
	}
	out[n] = '\0';
	return n;
}

void nx_log(enum nx_log_level level, const char *fmt, ...)
{
	char text[NX_LOG_MAX], line[NX_LOG_MAX];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = (size_t)snprintf(line, sizeof(line), "nxsipd: %s: ", level_name(level));
	n += nx_log_escape(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say it */
}
