/* Number plans (rule 33) and emergency numbers (rule 10): what a trunk's digits mean.
 *
 * Order of trial, and why it is this one:
 *   1. `+`: the number is global already, and no prefix of any trunk can stand before it.
 *   2. `strip` digits go: a trunk puts them there whatever was dialled (an access code, a tech
 *      prefix), so nothing behind them can be recognised before they are gone.
 *   3. one carrier prefix, the longest that fits: a carrier is chosen before the number is dialled
 *      (101xxxx and then 1 or 011; 010xx and then 0 or 00).
 *   4. the longest of international and national prefixes, both lists together: `0` begins `00`.
 *      A prefix that stands in both lists says nothing: pass.
 *   5. `bare`: digits that carry no prefix mean what the operator says, and by default nothing.
 * A national number needs the country code; without one: pass. Whatever comes out is checked for
 * length, and for a trunk `0` kept behind the country code (+44 (0)20...; 0044... on a plan that
 * does not know 00), which no number has where 0 is the national prefix: pass.
 *
 * Emergency numbers are matched the other way round, from the end. A listed number must be the
 * tail, and what stands before it must be made of the plan's prefixes, in any order and number,
 * then at most one country code: much wider than the plan, because a false match only passes.
 * Offsets that such a beginning can reach are the bits of one word. Two necessary conditions come
 * first and send nearly every number on at once: a length that a listed number can have behind '+'
 * and a country code, and the last three digits of one that is listed.
 * Left out: national numbering databases; the plan is the operator's word. */
#include "dataplane/core/plan.h"

#include <string.h>

#include "dataplane/core/bytes.h"

#define DIALLED_MAX 63 /* offsets 0..63 are the bits of a word; longer strings pass as plan */

_Static_assert(1 + NX_PLAN_PREFIX_MAX + DIALLED_MAX <= NX_KEY_MAX, "a global number fits a key");

void nx_plan_defaults(struct nx_plan *plan)
{
	*plan = (struct nx_plan){.bare = NX_BARE_PASS, .min_digits = 7, .max_digits = 15};
}

static bool begins(const char *s, size_t len, const struct nx_digits *prefix)
{
	return prefix->len <= len && memcmp(s, prefix->d, prefix->len) == 0;
}

static size_t longest(const struct nx_digits *list, unsigned n, const char *s, size_t len)
{
	size_t best = 0;

	for (unsigned i = 0; i < n; i++)
		if (list[i].len > best && begins(s, len, &list[i]))
			best = list[i].len;
	return best;
}

static inline void set_number(struct nx_key *key, size_t len)
{
	key->kind = NX_KEY_NUMBER;
	key->len = (uint8_t)len;
}

/* put_digits writes "+<code><digits>", if its length is one the plan lets through. */
static unsigned put_digits(const struct nx_plan *plan, const struct nx_digits *code, const char *s,
	size_t len, struct nx_key *key)
{
	unsigned reason = len ? nx_plan_length(plan, code->len + len) : NX_R_PLAN;

	if (reason != NX_R_UNDECIDED)
		return reason;
	set_number(key, 1 + code->len + len);
	key->text[0] = '+';
	memcpy(key->text + 1, code->d, NX_PLAN_PREFIX_MAX);
	nx_bytes_copy(key->text + 1 + code->len, s, len);
	return NX_R_UNDECIDED;
}

/* keeps_trunk_zero: the national number s still has a national prefix that begins with 0. */
static out_of_line bool keeps_trunk_zero(const struct nx_plan *plan, const char *s, size_t len)
{
	return len && s[0] == '0' && longest(plan->national, plan->n_national, s, len) > 0;
}

/* is_global: can the digits be a global number, country code first? */
static inline bool is_global(const struct nx_plan *plan, const char *s, size_t len)
{
	const size_t code_len = plan->country_code.len;

	if (nx_plan_is_global(plan, s, len))
		return true;
	return len && s[0] != '0' &&
	       (!begins(s, len, &plan->country_code) ||
		       !keeps_trunk_zero(plan, s + code_len, len - code_len));
}

static unsigned put_global(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	static const struct nx_digits none = {0};

	return is_global(plan, s, len) ? put_digits(plan, &none, s, len, key) : NX_R_PLAN;
}

/* put_as_written takes the number from its '+' on as it stands. */
static unsigned put_as_written(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	unsigned reason =
		is_global(plan, s + 1, len - 1) ? nx_plan_length(plan, len - 1) : NX_R_PLAN;

	if (reason != NX_R_UNDECIDED)
		return reason;
	set_number(key, len);
	nx_bytes_copy(key->text, s, len);
	return NX_R_UNDECIDED;
}

static unsigned put_national(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	if (!plan->country_code.len || keeps_trunk_zero(plan, s, len))
		return NX_R_PLAN;
	return put_digits(plan, &plan->country_code, s, len, key);
}

static unsigned put_bare(const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	switch (plan->bare) {
	case NX_BARE_GLOBAL:
		return put_global(plan, s, len, key);
	case NX_BARE_NATIONAL:
		if (len < plan->min_digits && plan->country_code.len)
			return NX_R_SHORT_NUMBER;
		return put_national(plan, s, len, key);
	default:
		return NX_R_PLAN;
	}
}

void nx_plan_read(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_plan_reading *out)
{
	size_t skip, international, national;

	*out = (struct nx_plan_reading){.form = NX_FORM_GLOBAL, .prefix = 1};
	if (s[0] == '+')
		return;
	*out = (struct nx_plan_reading){.form = NX_FORM_STRIPPED, .strip = plan->strip};
	if (len <= plan->strip)
		return;
	skip = plan->strip;
	out->carrier = (uint8_t)longest(plan->carrier, plan->n_carrier, s + skip, len - skip);
	skip += out->carrier;
	international = longest(plan->international, plan->n_international, s + skip, len - skip);
	national = longest(plan->national, plan->n_national, s + skip, len - skip);
	out->prefix = (uint8_t)(international > national ? international : national);
	out->form = international > national   ? NX_FORM_INTERNATIONAL
		    : national > international ? NX_FORM_NATIONAL
		    : national                 ? NX_FORM_AMBIGUOUS
					       : NX_FORM_BARE;
}

/* apply_prefixes reads digits without '+'. */
static out_of_line unsigned apply_prefixes(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	struct nx_plan_reading r;
	size_t skip;

	nx_plan_read(plan, s, len, &r);
	skip = (size_t)r.strip + r.carrier + r.prefix;
	switch (r.form) {
	case NX_FORM_INTERNATIONAL:
		return put_global(plan, s + skip, len - skip, key);
	case NX_FORM_NATIONAL:
		return put_national(plan, s + skip, len - skip, key);
	case NX_FORM_BARE:
		return put_bare(plan, s + skip, len - skip, key);
	default:
		return NX_R_PLAN;
	}
}

unsigned nx_plan_apply(const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key)
{
	if (len == 0 || len > DIALLED_MAX)
		return NX_R_PLAN;
	if (s[0] != '+')
		return apply_prefixes(plan, s, len, key);
	return put_as_written(plan, s, len, key);
}

bool nx_plan_owns_routing(const struct nx_plan *plan, const char *digits, size_t len)
{
	for (unsigned i = 0; i < plan->n_routing; i++)
		if (plan->routing[i].len == len && memcmp(plan->routing[i].d, digits, len) == 0)
			return true;
	return false;
}

/* note_prefixes takes away the digits with which the prefixes begin; returns the longest's length.
 */
static size_t note_prefixes(struct nx_plan *plan, const struct nx_digits *list, unsigned n)
{
	size_t most = 0;

	for (unsigned i = 0; i < n; i++) {
		if (list[i].len)
			plan->no_prefix &= (uint16_t) ~(1u << (list[i].d[0] & 0xf));
		if (list[i].len > most)
			most = list[i].len;
	}
	return most;
}

void nx_plan_index(struct nx_plan *plan)
{
	const size_t code_len = plan->country_code.len > 3 ? plan->country_code.len : 3;

	plan->no_prefix = 0x3ff;
	(void)note_prefixes(plan, plan->carrier, plan->n_carrier);
	(void)note_prefixes(plan, plan->international, plan->n_international);
	plan->plus_reach =
		(uint8_t)(1 + code_len + note_prefixes(plan, plan->national, plan->n_national));
}

/* ---- emergency ---- */

struct dialled {
	const char *s;
	size_t len;
};

/* behind returns the offsets (as bits) that follow one prefix of the list at one of `from`. */
static uint64_t behind(
	const struct dialled *d, uint64_t from, const struct nx_digits *list, unsigned n)
{
	uint64_t offsets = 0;

	for (; from; from &= from - 1) {
		unsigned at = (unsigned)__builtin_ctzll(from);

		for (unsigned i = 0; i < n; i++)
			if (begins(d->s + at, d->len - at, &list[i]))
				offsets |= UINT64_C(1) << (at + list[i].len);
	}
	return offsets;
}

/* beginnings returns the offsets at which, by prefixes and country codes, a number can begin. */
static uint64_t beginnings(const struct nx_plan *plan, const struct dialled *d)
{
	const uint64_t inside = UINT64_MAX >> (DIALLED_MAX - d->len);
	const bool plus = d->s[0] == '+';
	uint64_t at = plus ? 2 : 1, global = plus ? 2 : 0, coded, before;

	if (!plus && plan->strip <= d->len)
		at |= UINT64_C(1) << plan->strip;
	do {
		before = at;
		at |= behind(d, before, plan->carrier, plan->n_carrier) |
		      behind(d, before, plan->national, plan->n_national) |
		      behind(d, before, plan->international, plan->n_international);
	} while (at != before);

	global |= behind(d, at, plan->international, plan->n_international);
	if (plan->bare == NX_BARE_GLOBAL)
		global |= at;
	coded = ((global << 1 | global << 2 | global << 3) & inside) |
		behind(d, at, &plan->country_code, 1);
	return at | coded | behind(d, coded, plan->national, plan->n_national);
}

void nx_emergency_index(struct nx_emergency *list)
{
	memset(list->no_end, 0, sizeof(list->no_end));
	list->longest = 0;
	for (unsigned i = 0; i < list->n; i++)
		if (list->number[i].len > list->longest)
			list->longest = list->number[i].len;
	for (unsigned end = 0; end < 1000; end++) {
		const char three[3] = {(char)('0' + end / 100), (char)('0' + end / 10 % 10),
			(char)('0' + end % 10)};
		bool listed = false;

		for (unsigned i = 0; i < list->n; i++) {
			const struct nx_digits *number = &list->number[i];
			size_t n = number->len < 3 ? number->len : 3;

			listed |= memcmp(three + 3 - n, number->d + number->len - n, n) == 0;
		}
		if (!listed)
			list->no_end[end / 64] |= UINT64_C(1) << end % 64;
	}
}

/* match tries each listed number, no index asked: few strings end where a number can begin. */
static out_of_line bool match(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len)
{
	const struct dialled d = {s, len};
	const uint64_t at = beginnings(plan, &d);

	for (unsigned i = 0; i < list->n; i++) {
		const size_t n = list->number[i].len, from = len - n;

		if (n && n <= len && at >> from & 1 && memcmp(s + from, list->number[i].d, n) == 0)
			return true;
	}
	return false;
}

bool nx_emergency_match(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len)
{
	if (len == 0 || len > DIALLED_MAX || nx_emergency_excluded(list, plan, s, len))
		return false;
	return match(list, plan, s, len);
}
