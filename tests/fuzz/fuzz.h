/* What every fuzz target has: the entry that libFuzzer, AFL++ and replay.c call, and a way to say
 * that something does not hold. A target keeps its state in static variables, since the entry has
 * no argument for any, and makes them at its first call. */
#ifndef NX_FUZZ_FUZZ_H
#define NX_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One execution.  In: len bytes that may not be read beyond, at either end.  Return: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A target sets it where the input did not come to what the target is about, so that mass.c goes on
 * from another. */
extern bool fuzz_refused;

/* Of the targets with sip_mutator.c: for each mutation that may damage a message, so many that put
 * in what the grammar allows. */
extern const unsigned fuzz_sound;

/* The targets' own mutator, where they have one (libFuzzer's interface). */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
	uint8_t *out, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max); /* libFuzzer's own, by bytes */

/* fuzz_fail says what does not hold, in one line that begins with FINDING, and aborts.
 * fuzz_require does so where cond is false; the text is for a person. */
__attribute__((noreturn, format(printf, 3, 4))) void fuzz_fail(
	const char *file, int line, const char *fmt, ...);

#define fuzz_require(cond, ...)                                     \
	do {                                                        \
		if (__builtin_expect(!(cond), 0))                   \
			fuzz_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

#endif
