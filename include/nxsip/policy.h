/* The policy snapshot: all that a verdict depends on, reachable from one pointer.
 * Built whole by control from the configuration and the store, published by rcu_assign_pointer,
 * then immutable, but for the user tables, whose slots change in place. The old snapshot is freed
 * after a grace period. A worker reads the pointer once a burst.
 * Lookups that a worker makes are declared here and implemented in dataplane/core/policy.c;
 * construction is control/policy/policy.c. */
#ifndef NXSIP_POLICY_H
#define NXSIP_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "nxsip/addr.h"
#include "nxsip/ivmap.h"
#include "nxsip/key.h"
#include "nxsip/recall.h"
#include "nxsip/users.h"
#include "nxsip/worker.h"

#define NX_NAME_MAX        32  /* services, classes, plans: bytes with the terminator */
#define NX_DOMAIN_NAME_MAX 256 /* a DNS name with the terminator */
#define NX_CLASS_MAX       16  /* source classes, the default one included */
#define NX_VLAN_NONE       0xffff

enum nx_trust { NX_TRUST_PUBLIC, NX_TRUST_PEER, NX_TRUST_TRUSTED };
enum nx_answer { NX_ANSWER_PASS, NX_ANSWER_ANSWER, NX_ANSWER_DROP }; /* verdict step 10 */
enum nx_symmetric { NX_SYM_RFC, NX_SYM_ALWAYS, NX_SYM_PASS };        /* rule 22 */
enum nx_service_kind { NX_SERVICE_PHONE, NX_SERVICE_NAMES };

/* A source class: how far the senders of a set of prefixes are trusted. Class 0 is "default"
 * (public) and catches every address that no prefix covers. */
struct nx_class {
	char name[NX_NAME_MAX];
	uint8_t trust;              /* enum nx_trust */
	uint8_t answer;             /* enum nx_answer; trusted and peer: always ANSWER */
	uint8_t symmetric;          /* enum nx_symmetric */
	bool may_604;               /* rule 27 */
	bool options_as_invite;     /* rule 8 */
	bool register_answer;       /* rule 7 */
	bool unanswerable_drop;     /* rule 13 */
	uint16_t unanswerable_rate; /* rule 13: a second and sender pass; 0: no limit */
	uint16_t dialog_rate;       /* rule 6: likewise */
	const struct nx_plan *plan; /* overrides the service's; NULL: the service's */
};

/* A number range declared complete: a prefix of global digits, and how long its numbers are. */
struct nx_range {
	char prefix[20]; /* '+' and digits, terminated */
	uint8_t min_len; /* digits without '+': shorter pass as overlap (rule 35) */
	uint8_t max_len; /* longer ones are not of the range: pass as open */
};

struct nx_domain {
	char name[NX_DOMAIN_NAME_MAX];
	uint32_t id;         /* the store's; stable */
	bool authoritative;  /* 604 may be given (rule 27) */
	bool complete_names; /* a name that is not in the table does not exist (rule 26) */
	bool shadow;
	bool has_heads;         /* some user is NX_USER_HEAD: look up the prefixes too */
	struct nx_users *users; /* NULL while there is no complete table: pass (rule 29) */
	struct nx_range *ranges;
	uint32_t n_ranges;
	struct nx_ivmap range_map; /* nx_digits_key -> index into ranges */
};

/* A pattern rule: a Hyperscan expression on the canonical key. */
struct nx_rule {
	uint32_t id;       /* the store's; stable */
	uint32_t priority; /* lower is tried first; equal: lower id first */
	int32_t domain;    /* index into policy domains, -1: every domain */
	uint8_t verdict;   /* NX_PASS, NX_404, NX_604 or NX_DROP */
	bool shadow;
};

/* The compiled rules: rules[] sorted by rank (priority, then id); Hyperscan expression id = rank.
 * scratch[w] belongs to worker w alone; slot NX_WORKER_MAX to control (explain). */
struct nx_ruleset {
	void *db;                         /* hs_database_t */
	void *scratch[NX_WORKER_MAX + 1]; /* hs_scratch_t */
	struct nx_rule *rules;
	uint32_t n;
};

/* Hosts a service serves. Names are folded (nx_host_fold) and looked up in an open-addressed table
 * (slots a power of two, nx_host_hash, linear probing); a wildcard `*.example.net` is held as
 * ".example.net" and found by cutting labels off the front. Literals stand there too, as they are
 * mostly written: an IPv4 address has one text only, an IPv6 one has others, which are found by
 * value. */
struct nx_host_entry {
	uint32_t hash; /* nx_host_hash of text */
	uint16_t len;  /* 0: empty slot */
	bool literal;
	int32_t domain; /* index, -1: listed, but the store lacks its domain: passes */
	char *text;
};

struct nx_hosts {
	struct nx_host_entry *slot;
	uint32_t mask;         /* slots - 1; no slots where slot is NULL: nothing is listed */
	uint16_t wildcard_max; /* bytes of the longest wildcard's text, 0: no wildcards */
	int32_t any_domain;    /* index into domains for `any`, -1: none */
	struct nx_host_addr {
		struct nx_addr addr; /* IPv6 literals, by value */
		int32_t domain;
	} * addrs;
	uint32_t n_addrs;
};

struct nx_service {
	char name[NX_NAME_MAX];
	uint8_t kind;               /* enum nx_service_kind */
	bool originating;           /* its traffic passes */
	const struct nx_plan *plan; /* never NULL */
	struct nx_hosts hosts;
	uint16_t *ports; /* the service's UDP ports, host order: what a host's port may be */
	uint32_t n_ports;
};

/* (VLAN, address, port) -> service. Open-addressed, power of two, linear probing. */
struct nx_service_slot {
	struct nx_addr addr;
	uint16_t port;   /* host order */
	uint16_t vlan;   /* outermost VLAN id or NX_VLAN_NONE */
	int32_t service; /* index, -1: empty slot */
};

struct nx_tag_key {
	uint8_t id; /* 0..15, written into the tag */
	bool present;
	uint8_t k[16];                       /* SipHash key */
	uint8_t secret[NX_USERS_SECRET_LEN]; /* XXH3 secret, derived from k */
};

struct nx_policy {
	uint64_t version;   /* grows with every publication */
	bool bypass;        /* everything passes, but our own ACKs until ack_until_ns */
	bool shadow;        /* the whole box */
	bool reason_header; /* rule 24 */
	char server[64];    /* Server header of replies; empty: none */
	uint8_t server_len; /* of it, without a terminator */
	uint64_t
		bypass_ack_until_ns; /* CLOCK_MONOTONIC; while bypass: absorb our ACKs until then */
	uint64_t settle_until_ns;    /* CLOCK_MONOTONIC; nothing is answered before (rule 28) */
	const struct nx_recall
		*recall; /* on while settling. ctl: w, dp: r; NULL: nothing changes */

	struct nx_service *services;
	uint32_t n_services;
	struct nx_service_slot *service_slot;
	uint32_t service_mask;
	nx_u128 *own; /* every service address once, ascending */
	uint32_t n_own;

	struct nx_class classes[NX_CLASS_MAX];
	uint32_t n_classes;      /* >= 1 */
	bool limits_passes;      /* some class has a rate */
	struct nx_ivmap sources; /* nx_addr_u128 -> class index; none: class 0 */

	struct nx_domain *domains;
	uint32_t n_domains;

	struct nx_plan *plans;
	uint32_t n_plans;
	struct nx_emergency emergency;
	struct nx_ruleset *rules;     /* NULL: no rules */
	struct nx_tag_key tag_key[2]; /* [0] signs, both verify (rule 20) */
};

/* nx_policy_service returns the index of the service at (vlan, addr, port), or -1. */
int32_t nx_policy_service(
	const struct nx_policy *p, uint16_t vlan, const struct nx_addr *addr, uint16_t port);

/* nx_service_hash places a service slot: what reader and builder of the table share. */
uint64_t nx_service_hash(uint16_t vlan, const struct nx_addr *addr, uint16_t port);

/* nx_policy_is_own says whether addr is an address of any service, on any VLAN and port. */
bool nx_policy_is_own(const struct nx_policy *p, const struct nx_addr *addr);

/* nx_policy_class returns the index of the source class of addr; 0 where no prefix covers it. */
static inline uint32_t nx_policy_class(const struct nx_policy *p, const struct nx_addr *addr)
{
	uint32_t c = nx_ivmap_find(&p->sources, nx_addr_u128(addr));

	return c == NX_IVMAP_NONE ? 0 : c;
}

/* nx_hosts_find returns the domain index for a host as it stands in a URI (name, IPv4, or IPv6
 * in brackets; any case; one trailing dot ignored), or -1.  port: host order, 0: absent; a port
 * that is none of the service's gives -1. Exact name or address before the longest wildcard before
 * `any`, which also takes the empty host (a tel URI has none). */
int32_t nx_hosts_find(const struct nx_service *s, const uint8_t *host, uint32_t len, uint16_t port);

/* What reader and builder of a service's hosts share.
 * nx_host_fold writes a name in lower case and without one trailing dot, not terminated; returns
 * its length, 0 where it is no name (empty, an empty label, 256 bytes or more).
 * nx_host_addr reads a literal: IPv4, or IPv6 in brackets; a v4-mapped one is neither.
 * nx_host_hash hashes folded text. */
uint32_t nx_host_fold(const uint8_t *host, uint32_t len, char out[NX_DOMAIN_NAME_MAX]);
bool nx_host_addr(const uint8_t *host, uint32_t len, struct nx_addr *out);
uint32_t nx_host_hash(const char *text, uint32_t len);

#define NX_DIGITS_MAX 16 /* of a number, in nx_digits_key: E.164 has 15 */

/* Sixteen digits in the order of memory to nibbles, first digit highest, each digit + 1. What is no
 * digit makes some nibble, and leaves its neighbours alone. */
static inline uint64_t nx_digits_pack(const uint8_t d[NX_DIGITS_MAX])
{
#ifdef __SSE2__
	const __m128i low4 = _mm_set1_epi8(0xf);
	__m128i v = _mm_and_si128(_mm_loadu_si128((const __m128i *)(const void *)d), low4);

	v = _mm_and_si128(_mm_add_epi8(v, _mm_set1_epi8(1)), low4);
	v = _mm_or_si128(_mm_slli_epi16(v, 4), _mm_srli_epi16(v, 8));
	v = _mm_and_si128(v, _mm_set1_epi16(0xff));
	v = _mm_packus_epi16(v, v);
	return __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(v));
#else
	uint64_t k = 0;

	for (unsigned i = 0; i < NX_DIGITS_MAX; i++)
		k = k << 4 | ((d[i] + 1u) & 0xf);
	return k;
#endif
}

/* nx_digits_key maps a global number (digits, no '+') to the ivmap key space: digits + 1 as
 * nibbles, left-aligned, so that a prefix covers one interval.
 * In:     len digits, at most NX_DIGITS_MAX of them count; NX_DIGITS_MAX bytes are read. */
static inline nx_u128 nx_digits_key(const uint8_t d[NX_DIGITS_MAX], uint32_t len)
{
	uint64_t k = nx_digits_pack(d);

	if (len < NX_DIGITS_MAX)
		k &= ~(UINT64_MAX >> 4 * len);
	return (nx_u128)k << 64;
}

#define NX_RULE_NONE   (-1)
#define NX_RULE_FAILED (-2) /* the matcher failed: pass (rule 29) */

/* nx_rules_match returns the rank of the first rule (by rank) that matches the key in the domain,
 * NX_RULE_NONE, or NX_RULE_FAILED.  worker: whose scratch to use; NX_WORKER_MAX for control. */
int32_t nx_rules_match(
	const struct nx_ruleset *r, unsigned worker, int32_t domain, const struct nx_key *key);

/* nx_tag_key_init makes a key from its 16 secret bytes: the secret is derived from k by SipHash,
 * the same on every node, and the key is marked present. */
void nx_tag_key_init(struct nx_tag_key *key, uint8_t id, const uint8_t k[16]);

#endif
