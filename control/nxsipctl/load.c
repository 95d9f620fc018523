/* `load`: passes the open file to the daemon and shows how far it is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/nxsipctl/command.h"
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

static void print_bad_rows(FILE *out, const json_t *bad)
{
	const json_t *row;
	size_t i;

	json_array_foreach (bad, i, row) {
		(void)fprintf(out, "  row %lu, column %lu: '", (unsigned long)nx_num(row, "row"),
			(unsigned long)nx_num(row, "column"));
		nx_print_text(out, nx_str(row, "text"));
		(void)fputs("': ", out);
		nx_print_text(out, nx_str(row, "why"));
		(void)fputc('\n', out);
	}
}

static void print_result(const json_t *r)
{
	char n[6][32];

	(void)printf("%s rows in %.1f s: %s added, %s changed, %s removed, %s unchanged; "
		     "the domain now has %s users (data version %lu)\n",
		nx_number(nx_num(r, "rows"), n[0]),
		json_number_value(json_object_get(r, "seconds")),
		nx_number(nx_num(r, "added"), n[1]), nx_number(nx_num(r, "changed"), n[2]),
		nx_number(nx_num(r, "removed"), n[3]), nx_number(nx_num(r, "unchanged"), n[4]),
		nx_number(nx_num(r, "count"), n[5]), (unsigned long)nx_num(r, "version"));
	if (nx_num(r, "skipped")) {
		(void)printf("left out %s rows that are no users%s:\n",
			nx_number(nx_num(r, "skipped"), n[0]),
			nx_num(r, "skipped") > json_array_size(json_object_get(r, "bad"))
				? ", the first of them"
				: "");
		print_bad_rows(stdout, json_object_get(r, "bad"));
	}
}

static void catch_interrupt(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

int nx_run_load(struct nx_call *call, struct nx_client *client)
{
	const char *path = nx_str(call->local, "file");
	struct progress progress = {.terminal = isatty(STDERR_FILENO)};
	struct nx_error err;
	json_t *result, *data = NULL;
	int fd, rc;

	if (!json_object_get(call->params, "mode")) {
		(void)fputs("nxsipctl: load needs --merge (add to the domain's users) or --replace "
			    "(the "
			    "file is all there is)\n",
			stderr);
		return NX_EXIT_USAGE;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)nx_fail(&err, NX_ERR_IO, "%s: %s", path, strerror(errno));
		return nx_report(NX_ERR_IO, &err);
	}
	catch_interrupt();
	(void)clock_gettime(CLOCK_MONOTONIC, &progress.start);
	rc = nx_client_call(client, "load", json_incref(call->params), fd, show_progress, &progress,
		&interrupted, &result, &data, &err);
	(void)close(fd);
	if (progress.shown)
		(void)fputs("\r\033[K", stderr);
	if (rc != 0) {
		json_decref(data);
		return nx_report(rc, &err);
	}
	if (call->json)
		nx_print_json(result);
	else
		print_result(result);
	json_decref(result);
	return NX_EXIT_OK;
}
