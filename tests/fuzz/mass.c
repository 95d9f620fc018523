/* Runs a fuzz target on very many inputs, without libFuzzer: `TARGET -t SECONDS [-s SEED] [-m MAX]
 * [FILE|DIRECTORY]...`. No coverage is measured, so that nearly all time is the target's; what
 * watches is the target's own checks, unreadable pages and whatever traps or sanitizers the build
 * has.
 *
 * Each walk begins with one of the files and goes on by mutations, from each input that the target
 * did not refuse (fuzz.h) to the next; from a file that it refused, it is one step. An input lies
 * against an unreadable page, mostly behind it, else before it. One that is the same as the one
 * before is made anew, and not counted: every execution is one call of the target with an input of
 * its own.
 *
 * Where the target dies, the input is left in ./crash-SEED, where it takes too long in
 * ./timeout-SEED. What it ends with is worded as libFuzzer's. */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/guard.h"

#define FILES_MAX 65536
#define STEPS_MAX 24 /* of a walk */
#define TRIES_MAX 8  /* to make another input of one */
#define WALKS     16 /* between two looks at the clock */
#define SLOW_S    10
#define MEMORY    (UINT64_C(4) << 30) /* addresses, of which few are ever used */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef MEMORY
#define MEMORY RLIM_INFINITY /* the sanitizer's own are without number */
#endif
#endif

#pragma weak LLVMFuzzerCustomMutator

struct input {
	uint8_t *data;
	size_t len;
	bool refused;
};

static struct {
	struct input file[FILES_MAX];
	unsigned n;
	size_t max;
	uint64_t seed, dice;
	struct guard guard;
	const uint8_t *at; /* the input that runs */
	size_t len;
	unsigned long executions, seen; /* seen by the last alarm */
} mass;

static uint32_t roll(uint32_t sides)
{
	mass.dice ^= mass.dice << 13;
	mass.dice ^= mass.dice >> 7;
	mass.dice ^= mass.dice << 17;
	return (uint32_t)(((mass.dice >> 32) * sides) >> 32);
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- files ---- */

static void load_file(const char *path)
{
	static uint8_t data[GUARD_MAX];
	FILE *f = fopen(path, "rb");
	struct input in;

	if (!f)
		die(path);
	in.len = fread(data, 1, mass.max, f);
	fclose(f);
	in.data = malloc(in.len + 1);
	if (!in.data)
		die(path);
	memcpy(in.data, data, in.len);
	if (mass.n < FILES_MAX)
		mass.file[mass.n++] = in;
	else
		free(in.data);
}

static void load(const char *path)
{
	char inner[4096];
	struct stat st;
	DIR *d;

	if (stat(path, &st) != 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		load_file(path);
		return;
	}
	d = opendir(path);
	if (!d)
		die(path);
	for (struct dirent *e; (e = readdir(d));) {
		snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			load(inner);
	}
	closedir(d);
}

/* ---- mutations by bytes, for targets that have none of their own ---- */

static size_t insert(uint8_t *data, size_t len, size_t max, const uint8_t *from, size_t n)
{
	size_t at = roll((uint32_t)len + 1);

	n = n < max - len ? n : max - len;
	memmove(data + at + n, data + at, len - at);
	memcpy(data + at, from, n);
	return len + n;
}

/* Part of the input itself, or of another one. */
static size_t splice(uint8_t *data, size_t len, size_t max, const struct input *other)
{
	uint8_t part[128];
	size_t from = other->len ? roll((uint32_t)other->len) : 0, n = other->len - from;

	n = n ? 1 + roll((uint32_t)(n < sizeof(part) ? n : sizeof(part))) : 0;
	memcpy(part, other->data + from, n);
	if (roll(2))
		return insert(data, len, max, part, n);
	from = len ? roll((uint32_t)len) : 0;
	memcpy(data + from, part, n < len - from ? n : len - from);
	return len;
}

static size_t mutate_bytes(uint8_t *data, size_t len, size_t max)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '\r', '"', '%', ',', '@'};
	uint8_t byte = roll(2) ? (uint8_t)roll(256) : odd[roll(sizeof(odd))];
	size_t at = len ? roll((uint32_t)len) : 0, n;

	switch (len ? roll(8) : 1) {
	case 0: /* cut a part out */
		n = 1 + roll(roll(4) ? 4 : (uint32_t)len);
		n = n < len - at ? n : len - at;
		memmove(data + at, data + at + n, len - at - n);
		return len - n;
	case 1:
		return insert(data, len, max, &byte, 1);
	case 2:
		data[at] = (uint8_t)(data[at] ^ 1u << roll(8));
		return len;
	case 3:
		data[at] = byte;
		return len;
	case 4: /* a number a little off */
		data[at] = (uint8_t)(data[at] + roll(9) - 4);
		return len;
	case 5: /* one digit */
		while (at < len && (data[at] < '0' || data[at] > '9'))
			at++;
		if (at < len)
			data[at] = (uint8_t)('0' + roll(10));
		return len;
	case 6:
		return splice(data, len, max, &(struct input){data, len, false});
	default:
		return splice(data, len, max, &mass.file[roll(mass.n)]);
	}
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max)
{
	for (unsigned times = 1 + roll(3); times; times--)
		len = mutate_bytes(data, len, max);
	return len;
}

static size_t mutate(uint8_t *data, size_t len)
{
	if (LLVMFuzzerCustomMutator)
		return LLVMFuzzerCustomMutator(data, len, mass.max, roll(UINT32_MAX));
	return LLVMFuzzerMutate(data, len, mass.max);
}

/* ---- the end ---- */

static void leave_input(const char *kind)
{
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "%s-%lx", kind, (unsigned long)mass.seed);
	f = fopen(name, "wb");
	if (!f)
		return;
	fwrite(mass.at, 1, mass.len, f);
	fclose(f);
}

static void say_executions(void)
{
	fprintf(stderr, "stat::number_of_executed_units: %lu\n", mass.executions);
}

static void on_death(int signal)
{
	say_executions();
	leave_input("crash");
	raise(signal);
}

static void on_alarm(int signal)
{
	if (mass.executions == mass.seen) {
		say_executions();
		leave_input("timeout");
		_exit(70);
	}
	mass.seen = mass.executions;
	(void)signal;
}

static void watch(void)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND};
	struct itimerval every = {{SLOW_S, 0}, {SLOW_S, 0}};
	struct rlimit memory = {MEMORY, MEMORY};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	action = (struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &action, NULL);
	if (setitimer(ITIMER_REAL, &every, NULL) != 0 || setrlimit(RLIMIT_AS, &memory) != 0)
		die("watch");
}

/* ---- walks ---- */

static void execute(const uint8_t *data, size_t len)
{
	mass.at = roll(8) ? guard_tail(&mass.guard, data, len) : guard_head(&mass.guard, data, len);
	mass.len = len;
	fuzz_refused = false;
	mass.executions++;
	LLVMFuzzerTestOneInput(mass.at, len);
}

static void walk(const struct input *from)
{
	static uint8_t room[2][GUARD_MAX + 16];
	unsigned on = 0;
	size_t len = from->len, n = len;

	memcpy(room[on], from->data, len);
	for (unsigned steps = from->refused ? 1 : 1 + roll(STEPS_MAX); steps; steps--) {
		for (unsigned tries = TRIES_MAX; tries; tries--) {
			memcpy(room[!on], room[on], len);
			n = mutate(room[!on], len);
			if (n != len || memcmp(room[!on], room[on], len) != 0)
				break;
		}
		if (n == len && memcmp(room[!on], room[on], len) == 0)
			return;
		execute(room[!on], n);
		if (!fuzz_refused) {
			on = !on;
			len = n;
		}
	}
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double end = now_s();
	int option;

	mass.seed = (uint64_t)getpid();
	mass.max = 1024;
	while ((option = getopt(argc, argv, "t:s:m:")) != -1) {
		if (option == 't')
			end += atof(optarg);
		else if (option == 's')
			mass.seed = strtoull(optarg, NULL, 16);
		else if (option == 'm')
			mass.max = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if (mass.max > GUARD_MAX)
		return 2;
	mass.dice = (mass.seed + 1) * 0x9e3779b97f4a7c15u;
	guard_init(&mass.guard);
	for (int i = optind; i < argc; i++)
		load(argv[i]);
	if (!mass.n)
		mass.file[mass.n++] = (struct input){(uint8_t *)strdup(""), 0, false};
	watch();
	for (unsigned i = 0; i < mass.n; i++) {
		execute(mass.file[i].data, mass.file[i].len);
		mass.file[i].refused = fuzz_refused;
	}
	while (now_s() < end)
		for (unsigned i = 0; i < WALKS; i++)
			walk(&mass.file[roll(mass.n)]);
	say_executions();
	return 0;
}
