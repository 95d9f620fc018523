/* A limit on what one sender may do a second, in fixed memory that no flood can fill.
 *
 * What it promises, whoever sends what beside:
 *   a sender below its rate is never refused, but for one chance in two million (24 bits of hash);
 *   a sender above it is held to it, as long as fewer than NX_LIMIT_SLOTS senders of its line are;
 *   there is always room for one more sender.
 * Senders are addresses (IPv6: networks of 64 bits, of which a single customer has all). One table
 * belongs to one worker; a sender whose packets reach several has the rate at each. */
#ifndef NX_CORE_LIMIT_H
#define NX_CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "nxsip/addr.h"

#define NX_LIMIT_LINES    16384 /* cache lines, a power of two: 1 MiB, 131,072 senders */
#define NX_LIMIT_SLOTS    8     /* senders a line */
#define NX_LIMIT_RATE_MAX 10000 /* a second: the clock's step is 1 % of its interval */

/* What is limited; each has an account of its own. */
enum nx_limit_of { NX_LIMIT_UNANSWERABLE /* rule 13 */, NX_LIMIT_DIALOG /* rule 6 */ };

struct nx_limit {
	uint8_t key[16]; /* SipHash; random, and the process's own: it decides who shares a line */
	_Alignas(64) uint64_t slot[NX_LIMIT_LINES][NX_LIMIT_SLOTS];
};

/* nx_limit_init makes an empty table in the caller's memory, aligned to 64. */
void nx_limit_init(struct nx_limit *l, const uint8_t key[16]);

/* nx_limit_admit says whether the sender may do one more, and if so counts it.
 * Thread: the table's worker; one cache line, no allocation.
 * In:     per_second: at most NX_LIMIT_RATE_MAX, a second's worth may come at once; 0: no limit.
 *         now_ns: CLOCK_MONOTONIC. */
bool nx_limit_admit(struct nx_limit *l, const struct nx_addr *sender, enum nx_limit_of what,
	uint32_t per_second, uint64_t now_ns);

#endif
