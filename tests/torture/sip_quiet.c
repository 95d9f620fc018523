/* See sip_quiet.h. */
#include "tests/torture/sip_quiet.h"

#include <stdio.h>
#include <sys/time.h>

#include <osipparser2/osip_port.h>

__attribute__((format(printf, 4, 0))) static void no_trace(
	const char *file, int line, osip_trace_level_t level, const char *format, va_list args)
{
	(void)file;
	(void)line;
	(void)level;
	(void)format;
	(void)args;
}

void sip_quiet(void)
{
	osip_trace_initialize_func(TRACE_LEVEL0, no_trace);
}
