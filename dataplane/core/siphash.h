/* SipHash-2-4 (Aumasson, Bernstein 2012), 64-bit output: for what an outsider can insert. */
#ifndef NX_CORE_SIPHASH_H
#define NX_CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t nx_siphash(const uint8_t key[16], const void *data, size_t len);

#endif
