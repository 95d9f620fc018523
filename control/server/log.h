/* Log lines: one line on standard error, `nxsipd: LEVEL: text`, where the service manager collects
 * them. Bytes that are not printable ASCII, and backslashes, are written as escapes, so that no
 * text of a client, file or network peer can forge a line or reach a terminal. */
#ifndef NX_CONTROL_LOG_H
#define NX_CONTROL_LOG_H

#include <stddef.h>

enum nx_log_level { NX_LOG_ERROR, NX_LOG_WARNING, NX_LOG_INFO };

/* nx_log writes one line, in one write(2); text over NX_LOG_MAX bytes is cut.  Thread: any. */
#define NX_LOG_MAX 2048 /* bytes of a line with its end */
__attribute__((format(printf, 2, 3))) void nx_log(enum nx_log_level level, const char *fmt, ...);

/* nx_log_escape copies text to out, escaped and terminated, cut where it would not fit (an escape
 * is never cut in two).  Return: bytes written, without the terminator. */
size_t nx_log_escape(char *out, size_t size, const char *text);

#endif
