/* The store: what must survive a crash, in LMDB. Domains, ranges, rules, source prefixes, users
 * with their full keys, the installation's secrets, box flags and the data version.
 * Written before the table: a change is durable when nx_store_commit returns.
 * Users lie under (domain id big-endian, canonical key), so one domain's users are one ordered run.
 * Threads: read calls from any thread; one write transaction at a time, used by one thread.
 * LMDB trusts its pages: they carry no checksum, so it finds only the damage that shows in headers
 * and sizes. A damaged user is found by the digest of all users of the domain, kept with them. */
#ifndef NX_CONTROL_STORE_H
#define NX_CONTROL_STORE_H

#include <stdatomic.h>

#include "control/policy/policy.h"
#include "control/store/digest.h"
#include "nxsip/error.h"
#include "nxsip/key.h"
#include "nxsip/users.h"

struct nx_store;
struct nx_store_txn; /* a write transaction */

struct nx_store_meta {
	uint64_t version; /* of the data: grows by one a commit */
	uint8_t users_secret[NX_USERS_SECRET_LEN];
	uint8_t tag_key[16]; /* used where the configuration gives none */
	bool bypass, shadow;
	uint32_t next_domain, next_rule;
};

struct nx_user_record {
	uint8_t state;    /* enum nx_user_state, never ABSENT */
	uint32_t updated; /* seconds since the epoch */
};

/* nx_store_open opens (or creates, mode 0700) the store in directory path.
 * Error: NX_ERR_IO, NX_ERR_CORRUPT, NX_ERR_BUSY (another process has it), with the remedy. */
int nx_store_open(const char *path, uint64_t map_mib, struct nx_store **out, struct nx_error *err);
void nx_store_close(struct nx_store *s); /* NULL is fine */

/* nx_store_check_users checks the pages of a large store's users, which nx_store_open leaves out so
 * that it takes no time; until then users can be neither read nor written (NX_ERR_BUSY). Once done,
 * or in a small store, it returns at once.  Thread: any one, no change meanwhile.
 * Error: NX_ERR_CORRUPT (also from then on), NX_ERR_IO, NX_ERR_CANCELLED. */
int nx_store_check_users(struct nx_store *s, const atomic_bool *cancel, struct nx_error *err);
bool nx_store_is_checked(const struct nx_store *s); /* it has returned, well or not */

/* nx_store_temp opens an empty file without a name beside the store; it goes when it is closed. */
int nx_store_temp(struct nx_store *s, int *fd, struct nx_error *err);

/* nx_store_read_all reads meta and every record but the users into arrays the caller frees
 * (nx_store_records_fini). */
struct nx_store_records {
	struct nx_store_meta meta;
	struct nx_domain_def *domains;
	uint32_t n_domains;
	struct nx_range_def *ranges;
	uint32_t n_ranges;
	struct nx_rule_def *rules;
	uint32_t n_rules;
	struct nx_source_def *sources;
	uint32_t n_sources;
};
int nx_store_read_all(struct nx_store *s, struct nx_store_records *out, struct nx_error *err);
void nx_store_records_fini(struct nx_store_records *r);
/* nx_store_records_move gives a domain another id, as a stage did in the store. */
void nx_store_records_move(struct nx_store_records *r, uint32_t from, uint32_t to);
/* nx_store_txn_read_all reads what the open write transaction would commit. */
int nx_store_txn_read_all(
	struct nx_store_txn *t, struct nx_store_records *out, struct nx_error *err);

/* nx_store_user_get: NX_ERR_NOT_FOUND where there is none. */
int nx_store_user_get(struct nx_store *s, uint32_t domain, const struct nx_key *key,
	struct nx_user_record *out, struct nx_error *err);

/* nx_store_user_scan calls back for the users of a domain in key order, those whose key begins with
 * prefix (NULL: all) and, where after is given, is greater than it; the callback returns false to
 * stop. A consistent snapshot; blocks nobody. */
typedef bool (*nx_user_cb)(
	void *arg, const uint8_t *key, size_t len, const struct nx_user_record *rec);
int nx_store_user_scan(struct nx_store *s, uint32_t domain, const struct nx_key *prefix,
	const struct nx_key *after, nx_user_cb cb, void *arg, struct nx_error *err);
int nx_store_user_count(struct nx_store *s, uint32_t domain, uint64_t *n, struct nx_error *err);

/* nx_store_user_scan_all calls back for every user of a domain in key order, and at the end holds
 * what it has read against the domain's tally, if the callback never said stop.
 * Error: NX_ERR_CORRUPT: the users are not those that were stored; use nothing of what was seen. */
int nx_store_user_scan_all(
	struct nx_store *s, uint32_t domain, nx_user_cb cb, void *arg, struct nx_error *err);

/* nx_store_user_scan_named does so for a domain by its name, whatever id it has at the moment; what
 * was seen is what the snapshot holds, but where the callback said stop. For threads beside the one
 * that writes.  Error: also NX_ERR_NOT_FOUND. */
struct nx_store_seen {
	struct nx_tally tally;
	uint64_t version;
};
int nx_store_user_scan_named(struct nx_store *s, const char *name, nx_user_cb cb, void *arg,
	struct nx_store_seen *seen, struct nx_error *err);

/* nx_store_tallies reads n domains' tallies and the data version (may be NULL) of one moment. */
int nx_store_tallies(struct nx_store *s, const struct nx_domain_def *domains, uint32_t n,
	struct nx_tally *out, uint64_t *version, struct nx_error *err);

/* Write transactions. NX_ERR_BUSY at once where one is open. Every put and del acts inside it;
 * commit makes it durable (fdatasync) and raises the version; abort leaves everything as it was.
 * A full map grows by itself, between transactions; NX_ERR_FULL says what to do where it cannot. */
int nx_store_begin(struct nx_store *s, struct nx_store_txn **out, struct nx_error *err);
int nx_store_commit(struct nx_store_txn *t, uint64_t *version, struct nx_error *err);
void nx_store_abort(struct nx_store_txn *t); /* NULL is fine */

/* nx_store_sweep tells the store that users may be left which belong to no domain any more: they
 * are deleted from now on, in small transactions between those of others, which wait some ms for
 * one. Called at start once the data were read and found good. */
void nx_store_sweep(struct nx_store *s);

/* nx_store_reserve asks that the next begin find room for so many more bytes in the map. */
void nx_store_reserve(struct nx_store *s, uint64_t bytes);

/* put replaces; *old may be NULL and is ABSENT (state 0) where the key was new. A user already in
 * that state is left as it is, so `updated` is when the state last changed. */
int nx_store_user_put(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_user_record *old, struct nx_error *err);
int nx_store_user_del(struct nx_store_txn *t, uint32_t domain, const struct nx_key *key,
	struct nx_user_record *old, struct nx_error *err);

/* Replacing a domain's users by an ascending run of keys: one walk over both, so that what is the
 * same in both is not written. The domain's tally is made anew, which also mends it. put removes
 * the users between the key before and this one; end removes those after the last key and says how
 * many were removed in all. The walk ends with its transaction; no other user call on the
 * transaction in between. Error: NX_ERR_CONFLICT where a key is not greater than the one before. */
struct nx_store_walk {
	struct nx_store_txn *txn;
	uint32_t domain;
	bool at_end;  /* the run is walked to its end */
	bool at_last; /* ... and nothing lies behind it in the store: append */
	uint64_t removed;
	struct nx_tally tally; /* of the new run */
	struct nx_key last;
};
int nx_store_replace_begin(
	struct nx_store_txn *t, uint32_t domain, struct nx_store_walk *w, struct nx_error *err);
int nx_store_replace_put(struct nx_store_walk *w, const struct nx_key *key,
	const struct nx_user_record *rec, struct nx_user_record *old, struct nx_error *err);
int nx_store_replace_end(struct nx_store_walk *w, uint64_t *removed, struct nx_error *err);

int nx_store_domain_put(struct nx_store_txn *t, const struct nx_domain_def *d, struct nx_error *e);
/* nx_store_domain_del takes ranges and rules along; the users, who may be 10^9, are out of reach
 * with the domain and deleted after the commit, by nx_store_sweep. An id is never given twice. */
int nx_store_domain_del(struct nx_store_txn *t, uint32_t id, struct nx_error *err);
int nx_store_range_put(struct nx_store_txn *t, const struct nx_range_def *r, struct nx_error *err);
int nx_store_range_del(struct nx_store_txn *t, const struct nx_range_def *r, struct nx_error *err);
int nx_store_rule_put(struct nx_store_txn *t, const struct nx_rule_def *r, struct nx_error *err);
int nx_store_rule_del(struct nx_store_txn *t, uint32_t id, struct nx_error *err);
int nx_store_source_put(struct nx_store_txn *t, const struct nx_source_def *d, struct nx_error *e);
int nx_store_source_del(struct nx_store_txn *t, const struct nx_prefix *p, struct nx_error *err);
/* flags, next ids and secrets; version is raised by commit alone */
int nx_store_meta_put(struct nx_store_txn *t, const struct nx_store_meta *m, struct nx_error *err);
int nx_store_meta_get(struct nx_store_txn *t, struct nx_store_meta *m, struct nx_error *err);
/* nx_store_new_secret draws and stores another users_secret (after a hash collision). */
int nx_store_new_secret(
	struct nx_store_txn *t, uint8_t secret[NX_USERS_SECRET_LEN], struct nx_error *err);

#endif
