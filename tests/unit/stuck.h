/* A reader that stands still: a thread registered with RCU that passes no quiescent state until it
 * is told to. */
#ifndef NX_UNIT_STUCK_H
#define NX_UNIT_STUCK_H

#include <pthread.h>
#include <stdatomic.h>

struct nx_policy;

struct nx_stuck {
	pthread_t thread;
	struct nx_policy **slot;
	atomic_int holds; /* 1: it has read *slot and holds it */
	atomic_int go;
	unsigned seen; /* domains of the policy held, read at the end */
};

/* nx_stuck_start returns when the thread holds the policy (slot NULL: nothing). */
void nx_stuck_start(struct nx_stuck *s, struct nx_policy **slot);
/* nx_stuck_release has it read what it holds once more and go. */
void nx_stuck_release(struct nx_stuck *s);

#endif
