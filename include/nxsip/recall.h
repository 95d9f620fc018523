/* Until when workers ask their memory of passed transactions (rule 28). What they pass they always
 * remember; but that a request would be answered which was passed within 32 s happens only after a
 * change, so at other times they need not look. This word says which it is: CLOCK_MONOTONIC in ns,
 * UINT64_MAX while a change is under way, 0 while there has been none.
 *
 * Order of memory: control puts UINT64_MAX here before it stores a slot of a table in service or
 * the pointer to a policy; a worker reads slot and pointer first, and this word after them. With
 * the two fences between, whoever has read the new slot or policy reads UINT64_MAX here, or what
 * was put in its place when every worker had seen the change: until 32 s after that. So nobody can
 * answer by the new without looking into the memory first. */
#ifndef NXSIP_RECALL_H
#define NXSIP_RECALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* ThreadSanitizer knows no fences, and takes none; it has no need of them to find races. */
#if defined(__SANITIZE_THREAD__)
#define NX_RECALL_FENCE(order) ((void)0)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NX_RECALL_FENCE(order) ((void)0)
#endif
#endif
#ifndef NX_RECALL_FENCE
#define NX_RECALL_FENCE(order) atomic_thread_fence(order)
#endif

struct nx_recall {
	_Atomic uint64_t until_ns; /* ctl: w, dp: r */
};

/* nx_recall_hold: before a change.  Thread: whoever makes the change. */
static inline void nx_recall_hold(struct nx_recall *r)
{
	atomic_store_explicit(&r->until_ns, UINT64_MAX, memory_order_relaxed);
	NX_RECALL_FENCE(memory_order_release);
}

/* nx_recall_is_on: must what was judged by the tables and the policy be looked for in the memory?
 * Thread: worker, after it has read both. */
static inline bool nx_recall_is_on(const struct nx_recall *r, uint64_t now_ns)
{
	NX_RECALL_FENCE(memory_order_acquire);
	return now_ns < atomic_load_explicit(&r->until_ns, memory_order_relaxed);
}

#endif
