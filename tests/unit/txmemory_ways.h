/* The transaction memory, built for less than this machine may have: all make the same ids, and the
 * same of the buckets. */
#ifndef NX_TEST_TXMEMORY_WAYS_H
#define NX_TEST_TXMEMORY_WAYS_H

#include "dataplane/core/txmemory.h"

void txmemory_ids_plain(
	const struct nx_txmemory *m, const struct nx_packet *const p[], unsigned n, uint64_t id[]);
void txmemory_ids_sse2(
	const struct nx_txmemory *m, const struct nx_packet *const p[], unsigned n, uint64_t id[]);
void txmemory_put_plain(struct nx_txmemory *m, uint64_t id, uint64_t now_ns);

#endif
