/* What the table benches share: keys as a carrier has them, the clock, and passes of lookups over
 * more keys than any cache holds. */
#ifndef NX_BENCH_H
#define NX_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define KEY_LEN 13 /* '+' and 12 digits */
#define STRIDE  16
#define BURST   32
#define QUERIES ((uint64_t)4 << 20) /* their lines alone are eight times a 32 MiB cache */
#define PASSES  7

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Time that the thread had a CPU, so that what else runs on the machine does not count. */
static inline uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The i-th number; those up to n are users. */
static inline void key_write(char key[STRIDE], uint64_t i)
{
	key[0] = '+';
	for (int d = KEY_LEN - 1; d > 0; d--, i /= 10)
		key[d] = (char)('0' + i % 10);
}

static inline uint64_t rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static inline void *huge_alloc(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("no memory");
	(void)madvise(mem, len, MADV_HUGEPAGE);
	return mem;
}

/* Keys at random from [from, from + n). */
static inline char *queries_new(uint64_t from, uint64_t n)
{
	char *keys = huge_alloc(QUERIES * STRIDE);
	uint64_t seed = 88172645463325252u;

	for (uint64_t q = 0; q < QUERIES; q++)
		key_write(keys + q * STRIDE, from + rnd(&seed) % n);
	return keys;
}

/* lookup_burst looks up BURST keys and returns how many it found. */
typedef uint64_t (*lookup_burst)(void *table, const char *keys);

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds a lookup, the median of the passes; ends the program where a pass did not find
 * exactly `expected` of each burst. */
static inline double lookups_ns(
	lookup_burst lookup, void *table, const char *keys, uint64_t expected)
{
	double ns[PASSES];

	for (int pass = 0; pass < PASSES; pass++) {
		uint64_t begin = cpu_ns(), found = 0;

		for (uint64_t q = 0; q < QUERIES; q += BURST)
			found += lookup(table, keys + q * STRIDE);
		ns[pass] = (double)(cpu_ns() - begin) / (double)QUERIES;
		if (found != expected * (QUERIES / BURST))
			die("wrong answers");
	}
	qsort(ns, PASSES, sizeof(ns[0]), by_value);
	return ns[PASSES / 2];
}

/* Resident memory of the process, in bytes. */
static inline uint64_t resident(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/self/smaps_rollup", "re");

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Rss: %llu", &kib) != 1)
		;
	if (f)
		fclose(f);
	return (uint64_t)kib << 10;
}

#endif
