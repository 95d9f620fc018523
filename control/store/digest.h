/* The digest of data: 128 bits that are equal wherever the data are equal. Each user, and each
 * small record, is hashed alone (XXH3-128, no key, so that all nodes agree) and the hashes are
 * added modulo 2^128: the order does not matter, and a change costs one subtraction and one
 * addition. It tells equal from different and finds damage; it is no proof against someone who
 * writes the store to deceive. */
#ifndef NX_CONTROL_DIGEST_H
#define NX_CONTROL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NX_DIGEST_TEXT 33 /* 32 hexadecimal digits and the terminator */

struct nx_digest {
	uint64_t hi, lo;
};

/* What a domain's users come to. */
struct nx_tally {
	uint64_t count;
	struct nx_digest digest;
};

/* nx_digest_of hashes the bytes of one thing; kind, which says what it is, is the hash's seed. */
struct nx_digest nx_digest_of(uint8_t kind, const void *bytes, size_t len);

static inline void nx_digest_add(struct nx_digest *d, struct nx_digest x)
{
	d->lo += x.lo;
	d->hi += x.hi + (d->lo < x.lo);
}

static inline void nx_digest_sub(struct nx_digest *d, struct nx_digest x)
{
	uint64_t lo = d->lo;

	d->lo -= x.lo;
	d->hi -= x.hi + (lo < x.lo);
}

static inline bool nx_digest_eq(struct nx_digest a, struct nx_digest b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* nx_tally_user takes a user's change of state into account; state 0 is absence. */
void nx_tally_user(
	struct nx_tally *t, const uint8_t *key, size_t len, uint8_t old_state, uint8_t state);

void nx_digest_text(struct nx_digest d, char out[NX_DIGEST_TEXT]);

struct nx_store_records;

/* nx_digest_whole is that of all data: domains with their properties and users, ranges, rules in
 * the order in which they are tried, source prefixes. Ids, which depend on history, and the box's
 * own switches and secrets are left out.  In: tally[i] of records->domains[i]. */
struct nx_digest nx_digest_whole(
	const struct nx_store_records *records, const struct nx_tally *tally);

#endif
