/* The SIP parser for machines with AVX2. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else /* the tuning spares a wait before each tzcnt, which no newer processor needs */
#pragma GCC target("avx2,bmi,bmi2,tune=znver3")
#endif

#define NX_SIP_AVX2
#define NX_SIP_PARSE nx_sip_parse_avx2
#define NX_SIP_FITS  nx_sip_fits_avx2
#include "dataplane/core/sip_fits.h"
#include "dataplane/core/sip_message.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
