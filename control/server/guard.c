/* The guards of a commit: see guard.h. */
#include "control/server/guard.h"

#include <inttypes.h>

int nx_guard_check(const struct nx_guard *g, const char *domain, uint64_t before, uint64_t after,
	struct nx_error *err)
{
	uint64_t lost = before > after ? before - after : 0;
	uint64_t allowed = (uint64_t)((unsigned __int128)before * g->max_shrink / 100);

	if (g->has_expect && after != g->expect)
		return nx_fail(err, NX_ERR_GUARD,
			"%s would have %" PRIu64 " users, not the %" PRIu64
			" that were expected: nothing was changed",
			domain, after, g->expect);
	if (!g->force && lost > allowed)
		return nx_fail(err, NX_ERR_GUARD,
			"%s would shrink from %" PRIu64 " to %" PRIu64
			" users, by more than %" PRIu32
			" percent: nothing was changed; say --force if that is meant, or allow it "
			"by --max-shrink",
			domain, before, after, g->max_shrink);
	return NX_OK;
}
