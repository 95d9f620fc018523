/* The ways of the SIP parser: the same grammar, compiled for several instruction sets. All accept
 * the same messages and give the same results, which tests prove; the best one is taken. */
#ifndef NX_CORE_SIP_PATH_H
#define NX_CORE_SIP_PATH_H

#include "dataplane/core/sip_stencil.h"

/* nx_sip_parse */
typedef unsigned nx_sip_parse_fn(
	const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off);

/* Is each byte of the headers as the stencil allows? msg has as many bytes as its headers at least.
 */
typedef bool nx_sip_fits_fn(const struct nx_sip_stencil *s, const uint8_t *msg);

struct nx_sip_path {
	nx_sip_parse_fn *parse;
	nx_sip_fits_fn *fits;
};

#define NX_SIP_PATHS 3

/* nx_sip_path returns path i < NX_SIP_PATHS, the plain one first, or NULL where this processor
 * lacks its instructions. */
const struct nx_sip_path *nx_sip_path(unsigned i);

/* The best one here; without fits where it is the plain one, which parses sooner than it compares.
 * Written once, before main. */
extern struct nx_sip_path nx_sip_best;

nx_sip_parse_fn nx_sip_parse_plain, nx_sip_parse_avx2, nx_sip_parse_avx512;
nx_sip_fits_fn nx_sip_fits_plain, nx_sip_fits_avx2, nx_sip_fits_avx512;

#endif
