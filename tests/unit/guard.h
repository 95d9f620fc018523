/* Inputs laid against unreadable pages: a parser that reads one byte outside its input dies there,
 * with or without a sanitizer. */
#ifndef NX_TEST_GUARD_H
#define NX_TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>

#define GUARD_MAX 65536 /* bytes an input may have */

struct guard {
	uint8_t *map;   /* unreadable page, room, unreadable page */
	uint8_t *first; /* first readable byte */
	uint8_t *end;   /* one past the last readable byte */
};

/* guard_init aborts where the kernel gives no pages. */
void guard_init(struct guard *g);
void guard_fini(struct guard *g);

/* Each copies len bytes and returns where they lie until the next call: so that the byte after the
 * input, or the byte before it, cannot be read. */
const uint8_t *guard_tail(struct guard *g, const void *data, size_t len);
const uint8_t *guard_head(struct guard *g, const void *data, size_t len);

#endif
