/* Numbers by chance, the same in every run: splitmix64 (Steele, Lea and Flood, OOPSLA 2014). */
#ifndef NX_UNIT_CHANCE_H
#define NX_UNIT_CHANCE_H

#include <stdint.h>

static inline uint64_t random64(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
