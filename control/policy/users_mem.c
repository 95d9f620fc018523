/* Memory for the user table's shards. A shard of 2 MiB or more begins on a 2 MiB boundary and asks
 * for transparent huge pages: a random lookup in a large table else pays a page walk as well.
 * Smaller ones come from the heap as they are. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "control/policy/users_mem.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *nx_users_mem_alloc(size_t size)
{
	void *mem = aligned_alloc(size >= HUGE_PAGE ? HUGE_PAGE : 64, size);

	if (!mem)
		return NULL;
	if (size >= HUGE_PAGE)
		(void)madvise(mem, size & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
	memset(mem, 0, size);
	return mem;
}

void nx_users_mem_free(void *mem, size_t size)
{
	(void)size;
	free(mem);
}
