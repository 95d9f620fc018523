/* Grace periods, waited for on a thread of their own: the main thread asks for one, goes on
 * serving, and hears when it is over. A worker that never passes a quiescent state holds up this
 * thread and nothing else, and is seen by how long it does. */
#ifndef NX_CONTROL_GRACE_H
#define NX_CONTROL_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#define NX_STALL_NS UINT64_C(1000000000) /* a grace period longer than this is a stall */

struct nx_grace;

/* nx_grace_create starts the thread.  In: event_fd: an eventfd, written to at each end of a grace
 * period that was asked for; outlives the rest.  Return: NULL where there is no memory or thread.
 */
struct nx_grace *nx_grace_create(int event_fd);

/* nx_grace_destroy waits for what was asked for; NULL is fine. */
void nx_grace_destroy(struct nx_grace *g);

/* nx_grace_begin asks for a grace period that begins no earlier than now, and returns its ticket.
 * Those asked for while another is under way share the next one. Thread: any, as are all here. */
uint64_t nx_grace_begin(struct nx_grace *g);
bool nx_grace_is_over(struct nx_grace *g, uint64_t ticket);

/* nx_grace_wait blocks until it is over, at most timeout_ns (UINT64_MAX: for ever).
 * Return: whether it is over. */
bool nx_grace_wait(struct nx_grace *g, uint64_t ticket, uint64_t timeout_ns);

/* nx_grace_age_ns says for how long the present grace period has been waited for; 0: none is. */
uint64_t nx_grace_age_ns(struct nx_grace *g);

#endif
