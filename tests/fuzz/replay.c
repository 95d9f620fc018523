/* Runs a fuzz target over files, without a fuzzer: `TARGET [-l] [-p EVERY] [FILE|DIRECTORY]...`.
 * Each input lies against an unreadable page at either end in turn. -l: also with line feeds alone
 * turned into CRLF, since files are often kept so. -p: also prefixes, one of EVERY that are
 * possible, of each file others. Ends with the number of inputs. */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/guard.h"

static struct {
	const char *path; /* of the file that is replayed, once there is one */
	struct guard guard;
	unsigned long inputs;
	size_t every; /* 0: no prefixes */
	bool crlf;
} replay;

static void one(const uint8_t *data, size_t len)
{
	LLVMFuzzerTestOneInput(guard_tail(&replay.guard, data, len), len);
	LLVMFuzzerTestOneInput(guard_head(&replay.guard, data, len), len);
	replay.inputs++;
}

static void with_prefixes(const uint8_t *data, size_t len)
{
	one(data, len);
	if (replay.every)
		for (size_t cut = len % replay.every; cut < len; cut += replay.every)
			one(data, cut);
}

static size_t to_crlf(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 2 < GUARD_MAX; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = data[i];
	}
	return n;
}

static void die(const char *path)
{
	perror(path);
	exit(2);
}

static void replay_file(const char *path)
{
	static uint8_t data[GUARD_MAX], lines[GUARD_MAX];
	FILE *f = fopen(path, "rb");
	size_t len, n;

	if (!f)
		die(path);
	replay.path = path;
	len = fread(data, 1, sizeof(data), f);
	if (ferror(f))
		die(path);
	fclose(f);
	with_prefixes(data, len);
	n = replay.crlf ? to_crlf(data, len, lines) : len;
	if (n != len)
		with_prefixes(lines, n);
}

static void replay_path(const char *path)
{
	struct dirent **entry;
	char inner[4096];
	struct stat st;
	int n;

	if (stat(path, &st) != 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.') {
			snprintf(inner, sizeof(inner), "%s/%s", path, entry[i]->d_name);
			replay_path(inner);
		}
		free(entry[i]);
	}
	free(entry);
}

/* Says on whose account it dies, and does. */
static void on_death(int signal)
{
	static const char text[] = "in ";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)!write(STDERR_FILENO, replay.path, strlen(replay.path));
	(void)!write(STDERR_FILENO, "\n", 1);
	raise(signal);
}

static void catch_death(void)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "lp:")) != -1) {
		if (option == 'l')
			replay.crlf = true;
		else if (option == 'p')
			replay.every = (size_t)atol(optarg);
		else
			return 2;
	}
	guard_init(&replay.guard);
	catch_death();
	for (int i = optind; i < argc; i++)
		replay_path(argv[i]);
	guard_fini(&replay.guard);
	printf("%lu inputs\n", replay.inputs);
	return 0;
}
