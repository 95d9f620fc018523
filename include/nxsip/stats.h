/* Counters. Each worker owns one block and is its only writer; control reads at any time.
 * A counter is 64 bits and grows by relaxed stores: a reader sees each whole, if a moment old. The
 * identity `sum(reason) == rx_packets` holds exactly whenever the worker is between bursts. */
#ifndef NXSIP_STATS_H
#define NXSIP_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "nxsip/policy.h"
#include "nxsip/verdict.h"

struct nx_worker_stats {
	_Alignas(64) _Atomic uint64_t rx_packets; /* dp: w, ctl: r */
	_Atomic uint64_t rx_bytes;
	_Atomic uint64_t tx_packets; /* passed and replied, handed to a port */
	_Atomic uint64_t tx_bytes;
	_Atomic uint64_t tx_replies;
	_Atomic uint64_t loops;
	_Atomic uint64_t idle_loops; /* loops that received nothing */
	_Atomic uint64_t sleeps;
	/* [source class][reason]; what no class was found for counts in class 0 */
	_Atomic uint64_t reason[NX_CLASS_MAX][NX_REASON_COUNT];
};

static inline void nx_count(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(
		c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline uint64_t nx_counted(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
