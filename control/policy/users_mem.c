/* Memory for the user table's shards.
 *
 * Address space is reserved whole, and backed from the front as it is needed, so that memory grows
 * and shrinks without moving anything and costs what is in use: in steps of a page while it is
 * small, of 2 MiB from 128 MiB on. A random lookup in a large table pays a page walk as well, so
 * each step asks for 1 GiB pages, then 2 MiB pages from the reserved pool, then transparent ones.
 *
 * What is not checked here: limits of a control group, beyond which the kernel ends the process. */
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/policy/users_mem.h"
#include "nxsip/error.h"

#define PAGE     ((size_t)4 << 10)
#define HUGE     ((size_t)2 << 20)
#define GIANT    ((size_t)1 << 30)
#define POPULATE ((size_t)64 << 20)
#define SLACK    64 /* one part in so many may be backed and unused */

#define HUGE_2MB (21 << 26) /* MAP_HUGE_SHIFT */
#define HUGE_1GB (30 << 26)

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t unit_for(size_t bytes)
{
	return bytes / SLACK < HUGE ? PAGE : HUGE;
}

uint64_t nx_mem_available(void)
{
	unsigned long long kib = 0, pool = 0, page_kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "MemAvailable: %llu", &kib);
		(void)sscanf(line, "HugePages_Free: %llu", &pool);
		(void)sscanf(line, "Hugepagesize: %llu", &page_kib);
	}
	fclose(f);
	return kib ? (uint64_t)(kib + pool * page_kib) << 10 : UINT64_MAX;
}

bool nx_mem_has(uint64_t bytes)
{
	return bytes < HUGE || bytes <= nx_mem_available();
}

/* Takes the alignment's worth more than asked, and gives the ends back. */
int nx_mem_reserve(struct nx_mem *m, size_t bytes, int node)
{
	size_t align = bytes >= GIANT ? GIANT : HUGE, len = round_up(bytes, align);
	char *raw = mmap(
		NULL, len + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (raw == MAP_FAILED)
		return NX_ERR_NOMEM;
	before = round_up((size_t)raw, align) - (size_t)raw;
	if (before)
		(void)munmap(raw, before);
	if (align - before)
		(void)munmap(raw + before + len, align - before);
	*m = (struct nx_mem){.base = raw + before, .reserved = len, .node = node};
	return NX_OK;
}

void nx_mem_release(struct nx_mem *m)
{
	if (m->base)
		(void)munmap(m->base, m->reserved);
	*m = (struct nx_mem){0};
}

/* Pages of the reserved pool are mapped elsewhere and moved into place: where there are too few,
 * that fails before it touches the reservation. */
static bool map_pool(char *at, size_t len, int page_size)
{
	void *pool = mmap(NULL, len, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | page_size, -1, 0);

	if (pool == MAP_FAILED)
		return false;
	if (mremap(pool, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) != MAP_FAILED)
		return true;
	(void)munmap(pool, len);
	return false;
}

static bool map_plain(char *at, size_t len)
{
	if (mprotect(at, len, PROT_READ | PROT_WRITE) != 0)
		return false;
	(void)madvise(at, len, MADV_HUGEPAGE);
	return true;
}

static void prefer_node(const struct nx_mem *m, char *at, size_t len)
{
	unsigned long nodes;

	if (m->node < 0 || m->node >= NX_NODES_MAX)
		return;
	nodes = 1UL << m->node;
	(void)syscall(SYS_mbind, at, len, MPOL_PREFERRED, &nodes, NX_NODES_MAX + 1UL, 0UL);
}

/* One fault for many pages (Linux 5.14), but not so many that another thread's mmap would have to
 * wait long. */
static void populate(char *at, size_t len)
{
	for (size_t done = 0, step; done < len; done += step) {
		step = len - done < POPULATE ? len - done : POPULATE;
		(void)madvise(at + done, step, MADV_POPULATE_WRITE);
	}
}

/* Backs some of what is missing up to `bytes`, on the largest pages that there are. */
static bool back_some(struct nx_mem *m, size_t bytes)
{
	char *at = m->base + m->backed;
	size_t left = bytes - m->backed, len = left / HUGE * HUGE;

	if (m->giant == m->backed && left >= GIANT && map_pool(at, GIANT, HUGE_1GB))
		m->giant += len = GIANT;
	else if (m->backed % HUGE || !len || !map_pool(at, len, HUGE_2MB))
		len = map_plain(at, left) ? left : 0;
	prefer_node(m, at, len);
	populate(at, len);
	m->backed += len;
	return len > 0;
}

int nx_mem_back(struct nx_mem *m, size_t bytes)
{
	if (bytes <= m->backed)
		return NX_OK;
	bytes = round_up(bytes, unit_for(bytes));
	if (bytes > m->reserved)
		return NX_ERR_NOMEM;
	if (!nx_mem_has(bytes - m->backed))
		return NX_ERR_NOMEM;
	while (m->backed < bytes)
		if (!back_some(m, bytes))
			return NX_ERR_NOMEM;
	return NX_OK;
}

void nx_mem_trim(struct nx_mem *m, size_t bytes)
{
	bytes = bytes < m->giant ? round_up(bytes, GIANT) : round_up(bytes, unit_for(bytes));
	if (bytes >= m->backed || mmap(m->base + bytes, m->backed - bytes, PROT_NONE,
					  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
					  -1, 0) == MAP_FAILED)
		return;
	m->backed = bytes;
	m->giant = m->giant < bytes ? m->giant : bytes;
	m->zero = m->zero < bytes ? m->zero : bytes;
}
