/* Longest-prefix match by flattened intervals. Prefixes over a 128-bit key space (addresses;
 * telephone numbers as left-aligned digits) are cut into disjoint intervals when the map is built,
 * so that a lookup is one binary search over sorted starts: no trie to walk, no allocation, and a
 * handful of compares for the few dozen prefixes an operator has.
 * Built by control (control/policy/ivmap.c), then immutable; read by workers. */
#ifndef NXSIP_IVMAP_H
#define NXSIP_IVMAP_H

#include "nxsip/addr.h"

#define NX_IVMAP_NONE UINT32_MAX

/* Interval i covers keys from start[i] up to, not including, start[i + 1]; start[0] is 0. */
struct nx_ivmap {
	uint32_t n;      /* dp: r, ctl: w before publication */
	nx_u128 *start;  /* ascending */
	uint32_t *value; /* NX_IVMAP_NONE where no prefix covers the interval */
};

/* nx_ivmap_find returns the value of the longest prefix that covers key, or NX_IVMAP_NONE.
 * Thread: any that holds the map; never blocks. */
static inline uint32_t nx_ivmap_find(const struct nx_ivmap *map, nx_u128 key)
{
	uint32_t base = 0, n = map->n;

	if (n == 0)
		return NX_IVMAP_NONE;
	while (n > 1) {
		uint32_t half = n / 2;

		base = map->start[base + half] <= key ? base + half : base;
		n -= half;
	}
	return map->value[base];
}

#endif
