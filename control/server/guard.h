/* What a change of many users must satisfy before it is committed, so that a wrong file does not
 * turn a carrier's customers away. */
#ifndef NX_CONTROL_GUARD_H
#define NX_CONTROL_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "nxsip/error.h"

#define NX_SHRINK_DEFAULT 10  /* percent, of a replacement */
#define NX_SHRINK_ANY     100 /* no limit */

struct nx_guard {
	bool has_expect;
	uint64_t expect;     /* users that the domain must have afterwards */
	uint32_t max_shrink; /* percent of its users that it may lose */
	bool force;          /* max_shrink does not bind */
};

/* nx_guard_check holds a domain's number of users before and after against the guard. A domain that
 * was empty cannot shrink.
 * Error: NX_ERR_GUARD, with the numbers and what to do; what was not done is for the caller to say.
 */
int nx_guard_check(const struct nx_guard *g, const char *domain, uint64_t before, uint64_t after,
	struct nx_error *err);

#endif
