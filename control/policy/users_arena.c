/* Places for shards of one size.
 *
 * Shards come in a ladder of sizes, and each size lies in an array of its own. A freed place is
 * filled by the last shard of the array, which any reader survives as it survives a rebuild, so
 * that arrays stay dense and give memory back at their ends: while a table grows, the array of one
 * step of the ladder shrinks as the next one's grows, and no fragment is ever too small for
 * anything. A general allocator would be left with holes between the shards that have not grown. */
#include <stdlib.h>
#include <string.h>

#include "control/policy/users_arena.h"
#include "nxsip/error.h"

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#define ASAN __has_feature(address_sanitizer)
#endif
#if ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#define HOLES_LEFT 64 /* one place in so many may stay a hole */

struct nx_arena *nx_arena_create(size_t size, uint32_t room, int node)
{
	struct nx_arena *a = malloc(sizeof(*a) + (size_t)room * sizeof(a->owner[0]));

	if (!a)
		return NULL;
	*a = (struct nx_arena){.size = size, .room = room};
	if (nx_mem_reserve(&a->mem, size * room, node) == NX_OK)
		return a;
	free(a);
	return NULL;
}

void nx_arena_destroy(struct nx_arena *a)
{
	ASAN_UNPOISON_MEMORY_REGION(a->mem.base, a->peak * a->size);
	nx_mem_release(&a->mem);
	free(a);
}

int nx_arena_reserve(struct nx_arena *a, uint32_t n)
{
	return n <= a->room ? nx_mem_back(&a->mem, n * a->size) : NX_ERR_NOMEM;
}

/* Memory fresh from the kernel is zero already. */
static void *clean(struct nx_arena *a, uint32_t place)
{
	char *at = nx_arena_at(a, place);
	size_t begin = (size_t)place * a->size, end = begin + a->size;
	size_t used = a->mem.zero < begin ? begin : a->mem.zero;

	ASAN_UNPOISON_MEMORY_REGION(at, a->size);
	if (used > begin)
		memset(at, 0, (used < end ? used : end) - begin);
	if (a->mem.zero < end)
		a->mem.zero = end;
	return at;
}

static uint32_t first_hole(const struct nx_arena *a)
{
	uint32_t i = 0;

	while (a->owner[i] != NX_PLACE_HOLE)
		i++;
	return i;
}

int nx_arena_take(struct nx_arena *a, uint32_t owner, uint32_t *place)
{
	if (a->holes) {
		*place = first_hole(a);
		a->holes--;
	} else {
		int rc = nx_arena_reserve(a, a->n + 1);

		if (rc)
			return rc;
		*place = a->n++;
		a->peak = a->peak < a->n ? a->n : a->peak;
	}
	a->owner[*place] = owner;
	clean(a, *place);
	return NX_OK;
}

void nx_arena_retire(struct nx_arena *a, uint32_t place)
{
	a->owner[place] = NX_PLACE_RETIRED;
}

static void shorten(struct nx_arena *a)
{
	while (a->n && a->owner[a->n - 1] == NX_PLACE_HOLE) {
		a->n--;
		a->holes--;
	}
	nx_mem_trim(&a->mem, a->n * a->size);
}

void nx_arena_sweep(struct nx_arena *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->owner[i] != NX_PLACE_RETIRED)
			continue;
		a->owner[i] = NX_PLACE_HOLE;
		a->holes++;
		ASAN_POISON_MEMORY_REGION(nx_arena_at(a, i), a->size);
	}
	shorten(a);
}

bool nx_arena_next_move(const struct nx_arena *a, uint32_t *from, uint32_t *to)
{
	uint32_t last = a->n;

	if (a->holes <= a->n / HOLES_LEFT)
		return false;
	*to = first_hole(a);
	while (--last > *to)
		if (a->owner[last] < NX_PLACE_RETIRED)
			break;
	*from = last;
	return last > *to;
}

void nx_arena_moved(struct nx_arena *a, uint32_t from, uint32_t to)
{
	ASAN_UNPOISON_MEMORY_REGION(nx_arena_at(a, to), a->size);
	a->owner[to] = a->owner[from];
	a->holes--;
	nx_arena_retire(a, from);
}
