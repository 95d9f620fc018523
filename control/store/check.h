/* The store's file, page by page, before LMDB sees it. LMDB trusts its pages: a damaged one can
 * crash it, or let it miss what is there. What is checked here it can walk without harm: that each
 * page of a tree is whole, its own and in one place only, that keys ascend and lie where branches
 * say, that the counts are right, that no page in use is listed as free, and that the newer of the
 * two headers is the newer. What the records hold is not this one's to judge: seals (small records)
 * and tallies (users) do. */
#ifndef NX_CONTROL_CHECK_H
#define NX_CONTROL_CHECK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "nxsip/error.h"

struct nx_check;

/* nx_check_open reads the header of the file and checks all trees but that of names[later], which
 * is for nx_check_rest. Tables of other names than these n, which outlive the check, are damage.
 * Error: NX_ERR_CORRUPT with the page in err, NX_ERR_UNSUPPORTED (another format), NX_ERR_IO,
 * NX_ERR_NOMEM. */
int nx_check_open(const char *path, const char *const *names, unsigned n, unsigned later,
	struct nx_check **out, struct nx_error *err);

/* nx_check_rest_pages: how many pages that tree has. nx_check_rest walks it, at some 10^5 pages a
 * second; no other transaction may change it meanwhile.  Thread: any one.
 * Error: as above, NX_ERR_CANCELLED. */
uint64_t nx_check_rest_pages(const struct nx_check *c);
int nx_check_rest(struct nx_check *c, const atomic_bool *cancel, struct nx_error *err);

void nx_check_close(struct nx_check *c); /* NULL is fine */

#endif
