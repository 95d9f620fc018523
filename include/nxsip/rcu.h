/* QSBR's calls, with what they order said to ThreadSanitizer, which cannot see it: whatever a
 * reader did before its quiescent state is done when a grace period ends. Costs nothing where that
 * sanitizer is not on. */
#ifndef NXSIP_RCU_H
#define NXSIP_RCU_H

#include <urcu-qsbr.h>

#if defined(__SANITIZE_THREAD__)
#define NX_TSAN 1
#elif defined(__has_feature)
#define NX_TSAN __has_feature(thread_sanitizer)
#endif

#if NX_TSAN
#include <sanitizer/tsan_interface.h>
__attribute__((weak)) char nx_rcu_order; /* one address for all, never read or written */
#define NX_RCU_RELEASE() __tsan_release(&nx_rcu_order)
#define NX_RCU_ACQUIRE() __tsan_acquire(&nx_rcu_order)
#else
#define NX_RCU_RELEASE() ((void)0)
#define NX_RCU_ACQUIRE() ((void)0)
#endif

/* nx_rcu_quiescent: the thread holds nothing that it read before.  Thread: registered reader. */
static inline void nx_rcu_quiescent(void)
{
	NX_RCU_RELEASE();
	rcu_quiescent_state();
	NX_RCU_ACQUIRE();
}

/* nx_rcu_offline and nx_rcu_online stand around any sleep of a registered thread. */
static inline void nx_rcu_offline(void)
{
	NX_RCU_RELEASE();
	rcu_thread_offline();
}

static inline void nx_rcu_online(void)
{
	rcu_thread_online();
	NX_RCU_ACQUIRE();
}

/* nx_rcu_synchronize waits until every reader has been quiescent.  Thread: writer; blocks. */
static inline void nx_rcu_synchronize(void)
{
	NX_RCU_RELEASE();
	synchronize_rcu();
	NX_RCU_ACQUIRE();
}

#endif
