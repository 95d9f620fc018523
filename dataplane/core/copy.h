/* Copies of a few to a few hundred bytes whose length is known only when they are made, inlined: a
 * call of memcpy costs more than they do. Two moves of one width that may overlap, one from the
 * front and one to the end, copy any length from that width to twice it without a byte's loop; so
 * nothing outside the spans is ever read or written. */
#ifndef NX_CORE_COPY_H
#define NX_CORE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* nx_copy_put copies n bytes, which must not overlap their copy, and returns where the copy ends.
 * Thread: any; no state. */
static inline __attribute__((always_inline)) uint8_t *nx_copy_put(
	uint8_t *restrict at, const uint8_t *restrict from, size_t n)
{
	uint8_t *end = at + n;
	const uint8_t *last = from + n;

	if (__builtin_expect(n >= 32, 1)) {
		for (; end - at > 32; at += 32, from += 32)
			memcpy(at, from, 32);
		memcpy(end - 32, last - 32, 32);
	} else if (n >= 16) {
		memcpy(at, from, 16);
		memcpy(end - 16, last - 16, 16);
	} else if (n >= 8) {
		memcpy(at, from, 8);
		memcpy(end - 8, last - 8, 8);
	} else if (n >= 4) {
		memcpy(at, from, 4);
		memcpy(end - 4, last - 4, 4);
	} else if (n > 0) {
		at[0] = from[0];
		at[n / 2] = from[n / 2];
		end[-1] = last[-1];
	}
	return end;
}

#endif
