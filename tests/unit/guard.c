/* Inputs laid against unreadable pages. Under AddressSanitizer guard_head also poisons what lies
 * behind the input, and guard_tail what lies before it, so that either finds both faults. */
#include "tests/unit/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARD_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define GUARD_ASAN 1
#endif

#ifdef GUARD_ASAN
#include <sanitizer/asan_interface.h>
#define poison(p, n)   __asan_poison_memory_region(p, n)
#define unpoison(p, n) __asan_unpoison_memory_region(p, n)
#else
#define poison(p, n)   ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

#define PAGE 65536 /* a multiple of every page size */

void guard_init(struct guard *g)
{
	g->map = mmap(NULL, GUARD_MAX + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED)
		abort();
	g->first = g->map + PAGE;
	g->end = g->first + GUARD_MAX;
	if (mprotect(g->first, GUARD_MAX, PROT_READ | PROT_WRITE) != 0)
		abort();
}

void guard_fini(struct guard *g)
{
	unpoison(g->first, GUARD_MAX);
	munmap(g->map, GUARD_MAX + 2 * PAGE);
}

static const uint8_t *lay(struct guard *g, uint8_t *at, const void *data, size_t len)
{
	if (len > GUARD_MAX)
		abort();
	unpoison(g->first, GUARD_MAX);
	if (len)
		memcpy(at, data, len);
	poison(g->first, (size_t)(at - g->first));
	poison(at + len, (size_t)(g->end - at) - len);
	return at;
}

const uint8_t *guard_tail(struct guard *g, const void *data, size_t len)
{
	return lay(g, g->end - len, data, len);
}

const uint8_t *guard_head(struct guard *g, const void *data, size_t len)
{
	return lay(g, g->first, data, len);
}
