/* What a worker asks of the policy snapshot: which service, which host's domain, which rule; and
 * the hashing and folding that its builder (control/policy) must do alike.
 *
 * The tables are few, small and written by the operator, so plain open addressing at half load is
 * enough. Attackers choose what is looked up, never what is stored: a probe's length is bounded by
 * the table. Rules 10 and 30; RFC 3261 section 19.1.4 for the comparison of hosts. */
#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>

#include <hs_runtime.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/core/bytes.h"
#include "dataplane/core/siphash.h"
#include "nxsip/policy.h"

/* ---- services ---- */

uint64_t nx_service_hash(uint16_t vlan, const struct nx_addr *addr, uint16_t port)
{
	nx_u128 a = nx_addr_u128(addr);
	uint64_t hi = (uint64_t)(a >> 64) ^ UINT64_C(0x9e3779b97f4a7c15);
	uint64_t lo = (uint64_t)a ^ ((uint64_t)vlan << 48 | (uint64_t)port << 32);
	nx_u128 mixed = (nx_u128)(lo ^ UINT64_C(0xd6e8feb86659fd93)) * hi;

	return (uint64_t)(mixed >> 64) ^ (uint64_t)mixed;
}

int32_t nx_policy_service(
	const struct nx_policy *p, uint16_t vlan, const struct nx_addr *addr, uint16_t port)
{
	if (!p->service_slot)
		return -1;
	for (uint64_t i = nx_service_hash(vlan, addr, port);; i++) {
		const struct nx_service_slot *slot = &p->service_slot[i & p->service_mask];

		if (slot->service < 0 ||
			(slot->port == port && slot->vlan == vlan && nx_addr_eq(&slot->addr, addr)))
			return slot->service;
	}
}

bool nx_policy_is_own(const struct nx_policy *p, const struct nx_addr *addr)
{
	nx_u128 key = nx_addr_u128(addr);
	uint32_t lo = 0, hi = p->n_own;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->own[mid] == key)
			return true;
		if (p->own[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* ---- hosts ---- */

#define FEW_SLOTS 8 /* of a service with up to four hosts */

/* has_capital looks at eight bytes a step, the last of which may overlap: a byte of 'A' to 'Z' has
 * its top bit set by the first addition and not by the second. */
static inline bool has_capital(const uint8_t *s, uint32_t len)
{
	const uint64_t each = 0x0101010101010101, top = each * 0x80;
	uint64_t found = 0;

	for (uint32_t i = 0; i < len; i += 8) {
		uint64_t w = 0, low;

		if (len >= 8)
			w = nx_bytes_word(s + (i + 8 <= len ? i : len - 8));
		else
			memcpy(&w, s, len);
		low = w & ~top;
		found |= (low + each * (0x80 - 'A')) & ~(low + each * (0x7f - 'Z')) & ~w & top;
	}
	return found != 0;
}

static void fold_case(const uint8_t *host, uint32_t len, char *out)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] | 0x20 : host[i]);
}

static bool has_empty_label(const char *name, uint32_t len)
{
	char before = '.'; /* a name begins with a label */

	for (uint32_t i = 0; i < len; before = name[i++])
		if (name[i] == '.' && before == '.')
			return true;
	return before == '.';
}

static inline uint32_t without_dot(const uint8_t *host, uint32_t len)
{
	return len && host[len - 1] == '.' ? len - 1 : len;
}

uint32_t nx_host_fold(const uint8_t *host, uint32_t len, char out[NX_DOMAIN_NAME_MAX])
{
	len = without_dot(host, len);
	if (len >= NX_DOMAIN_NAME_MAX)
		return 0;
	fold_case(host, len, out);
	return has_empty_label(out, len) ? 0 : len;
}

bool nx_host_addr(const uint8_t *host, uint32_t len, struct nx_addr *out)
{
	char text[INET6_ADDRSTRLEN];
	bool brackets = len >= 2 && host[0] == '[' && host[len - 1] == ']';
	uint8_t b[16];

	if (brackets) {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(brackets ? AF_INET6 : AF_INET, text, b) != 1 || strlen(text) != len)
		return false;
	*out = brackets ? nx_addr_v6(b) : nx_addr_v4(b);
	return !brackets || !nx_addr_is_v4(out);
}

uint32_t nx_host_hash(const char *text, uint32_t len)
{
	return (uint32_t)XXH3_64bits(text, len);
}

static inline const struct nx_host_entry *entry_find(
	const struct nx_hosts *h, const char *text, uint32_t len)
{
	uint32_t hash = nx_host_hash(text, len);

	for (uint32_t i = hash;; i++) {
		const struct nx_host_entry *e = &h->slot[i & h->mask];

		if (e->len == 0)
			return NULL;
		if (e->hash == hash && e->len == len && nx_bytes_same(e->text, text, len))
			return e;
	}
}

/* wildcard_find finds the longest wildcard: only suffixes no longer than the longest are hashed, so
 * that a name of a hundred labels costs no more than another. */
static const struct nx_host_entry *wildcard_find(
	const struct nx_hosts *h, const char *name, uint32_t len)
{
	const struct nx_host_entry *e = NULL;
	uint32_t i = len > h->wildcard_max ? len - h->wildcard_max : 1;

	if (!h->wildcard_max || has_empty_label(name, len))
		return NULL;
	for (; !e && i < len; i++)
		if (name[i] == '.')
			e = entry_find(h, name + i, len - i);
	return e;
}

static const struct nx_host_addr *addr_find(
	const struct nx_hosts *h, const uint8_t *host, uint32_t len)
{
	struct nx_addr addr;

	if (!h->n_addrs || !nx_host_addr(host, len, &addr))
		return NULL;
	for (uint32_t i = 0; i < h->n_addrs; i++)
		if (nx_addr_eq(&h->addrs[i].addr, &addr))
			return &h->addrs[i];
	return NULL;
}

/* as_listed finds a host that is written as it is listed, where so few are listed that comparing
 * lengths costs less than a hash; NULL: not known. No host of a URI begins as a wildcard does. */
static inline const struct nx_host_entry *as_listed(
	const struct nx_hosts *h, const uint8_t *host, uint32_t len)
{
	if (h->mask >= FEW_SLOTS || len == 0 || host[0] == '.')
		return NULL;
	for (uint32_t i = 0; i <= h->mask; i++)
		if (h->slot[i].len == len && nx_bytes_same(h->slot[i].text, host, len))
			return &h->slot[i];
	return NULL;
}

/* listed_find: what stands in the tables, by its text or by value; else whom `any` leads to. */
static out_of_line int32_t listed_find(const struct nx_hosts *h, const uint8_t *host, uint32_t len)
{
	const uint32_t n = without_dot(host, len);
	const struct nx_host_entry *e;
	const struct nx_host_addr *a;
	const char *name = (const char *)host;
	char folded[NX_DOMAIN_NAME_MAX];

	if (n == 0 || n >= sizeof(folded) || host[0] == '.')
		return h->any_domain;
	if (has_capital(host, n)) {
		fold_case(host, n, folded);
		name = folded;
	}
	e = entry_find(h, name, n);
	if (e && e->literal && n != len)
		e = NULL; /* no address ends in a dot */
	if (e)
		return e->domain;
	a = name[0] == '[' ? addr_find(h, host, len) : NULL;
	if (a)
		return a->domain;
	e = wildcard_find(h, name, n);
	return e ? e->domain : h->any_domain;
}

static inline bool port_is_served(const struct nx_service *s, uint16_t port)
{
	for (uint32_t i = 0; i < s->n_ports; i++)
		if (s->ports[i] == port)
			return true;
	return port == 0;
}

int32_t nx_hosts_find(const struct nx_service *s, const uint8_t *host, uint32_t len, uint16_t port)
{
	const struct nx_hosts *h = &s->hosts;
	const struct nx_host_entry *e;

	if (!port_is_served(s, port))
		return -1;
	if (!h->slot)
		return h->any_domain;
	e = as_listed(h, host, len);
	return e ? e->domain : listed_find(h, host, len);
}

/* ---- rules ---- */

struct match {
	const struct nx_ruleset *set;
	int32_t domain;
	int32_t best;
};

/* Hyperscan reports in the order of the match's end, not of rank: only rank 0 cannot be beaten. */
static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	struct match *m = arg;
	int32_t of = m->set->rules[id].domain, rank = (int32_t)id;

	(void)from;
	(void)to;
	(void)flags;
	if (of >= 0 && of != m->domain)
		return 0;
	if (m->best < 0 || rank < m->best)
		m->best = rank;
	return rank == 0;
}

int32_t nx_rules_match(
	const struct nx_ruleset *r, unsigned worker, int32_t domain, const struct nx_key *key)
{
	struct match m = {.set = r, .domain = domain, .best = NX_RULE_NONE};
	hs_error_t rc;

	assert(worker <= NX_WORKER_MAX && r->scratch[worker]);
	rc = hs_scan(r->db, (const char *)key->text, key->len, 0, r->scratch[worker], on_match, &m);
	return rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED ? m.best : NX_RULE_FAILED;
}

/* ---- the To tag's key ---- */

void nx_tag_key_init(struct nx_tag_key *key, uint8_t id, const uint8_t k[16])
{
	memset(key, 0, sizeof(*key));
	key->id = id;
	key->present = true;
	memcpy(key->k, k, sizeof(key->k));
	for (uint8_t i = 0; i < NX_USERS_SECRET_LEN / 8; i++) {
		/* 9 bytes: never the 16 that a MAC is made of */
		uint8_t label[9] = {'n', 'x', '-', 't', 'o', '-', 't', 'a', i};
		uint64_t v = htole64(nx_siphash(k, label, sizeof(label)));

		memcpy(key->secret + 8 * i, &v, 8);
	}
}
