/* Digests: see digest.h. A small record is hashed as a row of fixed fields, in which a text stands
 * as its own hash and a domain by its name: no two different records give the same row, and
 * neither ids nor the machine's byte order show. */
#include <string.h>

#include <xxhash.h>

#include "control/store/store_internal.h"

/* a user's kind is its state: below 16 */
enum { KIND_TEXT = 16, KIND_DOMAIN, KIND_RANGE, KIND_RULE, KIND_SOURCE };

struct nx_digest nx_digest_of(uint8_t kind, const void *bytes, size_t len)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(bytes, len, kind);

	return (struct nx_digest){.hi = h.high64, .lo = h.low64};
}

void nx_tally_user(
	struct nx_tally *t, const uint8_t *key, size_t len, uint8_t old_state, uint8_t state)
{
	if (old_state) {
		nx_digest_sub(&t->digest, nx_digest_of(old_state, key, len));
		t->count--;
	}
	if (state) {
		nx_digest_add(&t->digest, nx_digest_of(state, key, len));
		t->count++;
	}
}

void nx_digest_text(struct nx_digest d, char out[NX_DIGEST_TEXT])
{
	(void)snprintf(out, NX_DIGEST_TEXT, "%016llx%016llx", (unsigned long long)d.hi,
		(unsigned long long)d.lo);
}

/* ---- the whole ---- */

struct row {
	uint8_t b[80];
	size_t len;
};

static void add_bytes(struct row *r, const void *bytes, size_t len)
{
	memcpy(r->b + r->len, bytes, len);
	r->len += len;
}

static void add_u64(struct row *r, uint64_t v)
{
	nx_put_be64(r->b + r->len, v);
	r->len += sizeof(v);
}

static void add_digest(struct row *r, struct nx_digest d)
{
	add_u64(r, d.hi);
	add_u64(r, d.lo);
}

static void add_text(struct row *r, const char *text)
{
	add_digest(r, nx_digest_of(KIND_TEXT, text, strlen(text)));
}

static void add_row(struct nx_digest *d, uint8_t kind, const struct row *r)
{
	nx_digest_add(d, nx_digest_of(kind, r->b, r->len));
}

static const char *domain_name(const struct nx_store_records *r, uint32_t id)
{
	for (uint32_t i = 0; i < r->n_domains; i++) {
		if (r->domains[i].id == id)
			return r->domains[i].name;
	}
	return ""; /* every domain */
}

static void add_domain(
	struct nx_digest *d, const struct nx_domain_def *domain, const struct nx_tally *users)
{
	struct row r = {.len = 0};

	add_text(&r, domain->name);
	add_u64(&r, domain->authoritative);
	add_u64(&r, domain->complete);
	add_u64(&r, domain->shadow);
	add_u64(&r, users->count);
	add_digest(&r, users->digest);
	add_row(d, KIND_DOMAIN, &r);
}

static void add_range(struct nx_digest *d, const struct nx_store_records *records,
	const struct nx_range_def *range)
{
	struct row r = {.len = 0};

	add_text(&r, domain_name(records, range->domain));
	add_text(&r, range->range.prefix);
	add_u64(&r, range->range.min_len);
	add_u64(&r, range->range.max_len);
	add_row(d, KIND_RANGE, &r);
}

static void add_rule(struct nx_digest *d, const struct nx_store_records *records,
	const struct nx_rule_def *rule, uint32_t before)
{
	struct row r = {.len = 0};

	add_text(&r, domain_name(records, rule->domain));
	add_text(&r, rule->expression);
	add_u64(&r, (uint64_t)rule->priority << 32 | before);
	add_u64(&r, (uint64_t)rule->verdict << 1 | rule->shadow);
	add_row(d, KIND_RULE, &r);
}

static void add_source(struct nx_digest *d, const struct nx_source_def *source)
{
	struct row r = {.len = 0};

	add_bytes(&r, source->prefix.addr.b, sizeof(source->prefix.addr.b));
	add_u64(&r, source->prefix.len);
	add_text(&r, source->class);
	add_row(d, KIND_SOURCE, &r);
}

struct nx_digest nx_digest_whole(
	const struct nx_store_records *records, const struct nx_tally *tally)
{
	struct nx_digest d = {0};
	uint32_t before = 0; /* rules of the same priority that are tried earlier */

	for (uint32_t i = 0; i < records->n_domains; i++)
		add_domain(&d, &records->domains[i], &tally[i]);
	for (uint32_t i = 0; i < records->n_ranges; i++)
		add_range(&d, records, &records->ranges[i]);
	for (uint32_t i = 0; i < records->n_rules; i++) {
		const struct nx_rule_def *rule = &records->rules[i];

		before = i > 0 && rule[-1].priority == rule->priority ? before + 1 : 0;
		add_rule(&d, records, rule, before);
	}
	for (uint32_t i = 0; i < records->n_sources; i++)
		add_source(&d, &records->sources[i]);
	return d;
}
