/* The ways of the SIP parser: the same grammar, compiled for several instruction sets. All accept
 * the same messages and give the same results, which tests prove; nx_sip_parse takes the best. */
#ifndef NX_CORE_SIP_PATH_H
#define NX_CORE_SIP_PATH_H

#include "dataplane/core/sip.h"

typedef unsigned nx_sip_parse_fn(struct nx_sip_habit *habit, const uint8_t *msg, size_t len,
	struct nx_sip *sip, uint16_t *err_off);

nx_sip_parse_fn nx_sip_parse_plain, nx_sip_parse_avx2, nx_sip_parse_avx512;

/* For those who keep no habit: one that is never written, as all its lines are the last. */
extern const struct nx_sip_habit nx_sip_no_habit;

#define NX_SIP_PATHS 3

/* nx_sip_path returns path i < NX_SIP_PATHS, the plain one first, or NULL where this processor
 * lacks its instructions. */
nx_sip_parse_fn *nx_sip_path(unsigned i);

#endif
