/* Building the policy snapshot (nxsip/policy.h) from the configuration and the store's records. */
#ifndef NX_CONTROL_POLICY_H
#define NX_CONTROL_POLICY_H

#include "control/config/config.h"
#include "control/policy/users.h"
#include "nxsip/policy.h"

/* The store's records, in memory. Names and expressions are owned by the record's holder. */
struct nx_domain_def {
	uint32_t id;                   /* 1.. */
	char name[NX_DOMAIN_NAME_MAX]; /* lower case, no trailing dot */
	bool authoritative, complete, shadow;
	bool has_heads;
	struct nx_users *users; /* NULL: not loaded yet */
};

struct nx_range_def {
	uint32_t domain; /* id */
	struct nx_range range;
};

struct nx_rule_def {
	uint32_t id;     /* 1.. */
	uint32_t domain; /* id, 0: every domain */
	uint32_t priority;
	uint8_t verdict; /* enum nx_verdict: PASS, 404, 604, DROP */
	bool shadow;
	char *expression;
};

struct nx_source_def {
	struct nx_prefix prefix;
	char class[NX_NAME_MAX];
};

struct nx_policy_input {
	const struct nx_config *config;
	const struct nx_domain_def *domains;
	uint32_t n_domains;
	const struct nx_range_def *ranges;
	uint32_t n_ranges;
	const struct nx_rule_def *rules;
	uint32_t n_rules;
	const struct nx_source_def *sources; /* these win over the file's equal prefixes */
	uint32_t n_sources;
	unsigned n_workers; /* scratch spaces to make */
	bool bypass, shadow;
	uint64_t bypass_ack_until_ns, settle_until_ns;
	const struct nx_recall *recall; /* outlives the snapshot; NULL: nothing ever changes */
	uint64_t version;
	struct nx_tag_key tag_key[2]; /* the store's; the file's win where present */
};

/* nx_policy_build makes a snapshot; it borrows only the user tables.
 * Error: NX_ERR_NOMEM, NX_ERR_INVALID (a rule that Hyperscan refuses, named; an unknown class). A
 *        service's host whose domain the store lacks maps to nothing (its requests pass). */
int nx_policy_build(const struct nx_policy_input *in, struct nx_policy **out, struct nx_error *err);

/* nx_policy_free frees a snapshot at once: only after a grace period (synchronize_rcu) that began
 * when the snapshot was no longer published. User tables stay.  NULL is allowed. */
void nx_policy_free(struct nx_policy *p);

/* nx_rule_check compiles one expression alone, to refuse it with a reason before it is stored.
 * Error: NX_ERR_INVALID with the compiler's own reason, or because it matches the empty key, and so
 * every key; NX_ERR_NOMEM. */
int nx_rule_check(const char *expression, struct nx_error *err);

/* nx_range_check checks prefix ("+", 1..15 digits) and lengths (prefix digits <= min <= max <= 15).
 */
int nx_range_check(const struct nx_range *r, struct nx_error *err);

/* nx_ivmap_build flattens n prefixes (the longest wins; of equal ones the last given).
 * key: left-aligned bits, bits below len are ignored. */
struct nx_ivmap_prefix {
	nx_u128 key;
	uint8_t len; /* 0..128 */
	uint32_t value;
};
int nx_ivmap_build(const struct nx_ivmap_prefix *prefixes, uint32_t n, struct nx_ivmap *out);
void nx_ivmap_fini(struct nx_ivmap *map);

#endif
