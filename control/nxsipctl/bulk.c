/* Calls that pass an open file to the daemon and take their time: they show how far they are, and
 * Ctrl-C ends them. */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/nxsipctl/bulk.h"
#include "control/nxsipctl/table.h"

#define BAR_WIDTH 30

struct progress {
	bool terminal;
	bool shown;
	struct timespec start;
};

/* A signal handler has no other way to speak to the call. */
static volatile int interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static void show_progress(void *arg, const char *method, const json_t *params)
{
	struct progress *p = arg;
	uint64_t bytes = nx_num(params, "bytes"), size = nx_num(params, "size");
	uint64_t rows = nx_num(params, "rows");
	double part = size ? (double)bytes / (double)size : 0, elapsed = seconds_since(&p->start);
	double left = part > 0 ? elapsed / part - elapsed : 0;
	int full = (int)(part * BAR_WIDTH);
	char n[3][32];

	if (strcmp(method, "progress") != 0 || !p->terminal)
		return;
	(void)fprintf(stderr, "\r\033[K%-6s [", nx_str(params, "phase"));
	for (int i = 0; i < BAR_WIDTH; i++)
		(void)fputc(i < full ? '#' : '.', stderr);
	(void)fprintf(stderr, "] %3.0f %%  %s rows  %s rows/s  %s left", part * 100,
		nx_number(rows, n[0]),
		nx_number(elapsed > 0 ? (uint64_t)((double)rows / elapsed) : 0, n[1]),
		nx_duration((uint64_t)(left + 0.5), n[2]));
	(void)fflush(stderr);
	p->shown = true;
}

static void catch_interrupt(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

int nx_bulk_call(struct nx_call *call, struct nx_client *client, int fd, json_t **result)
{
	struct progress progress = {.terminal = isatty(STDERR_FILENO)};
	struct nx_error err;
	json_t *data = NULL;
	int rc;

	catch_interrupt();
	(void)clock_gettime(CLOCK_MONOTONIC, &progress.start);
	rc = nx_client_call(client, call->command->method, json_incref(call->params), fd,
		show_progress, &progress, &interrupted, result, &data, &err);
	if (progress.shown)
		(void)fputs("\r\033[K", stderr);
	json_decref(data);
	return rc == 0 ? NX_EXIT_OK : nx_report(rc, &err);
}
