/* What most numbers need of plan.c, inline: a global number as it is nearly always written, of
 * which a few bytes say that the plan takes it as it stands and that it is no emergency number.
 * Each is a sufficient condition, shared by plan.c and key.c; where it fails, plan.c looks closer.
 * The parts of nx_plan and nx_emergency that are read here are made by nx_..._index. */
#ifndef NX_CORE_PLAN_H
#define NX_CORE_PLAN_H

#include "nxsip/key.h"
#include "nxsip/verdict.h"

/* nx_plan_length: has the global number a length that the plan lets through? */
static inline unsigned nx_plan_length(const struct nx_plan *plan, size_t digits)
{
	if (digits > plan->max_digits)
		return NX_R_PLAN;
	return digits < plan->min_digits ? NX_R_SHORT_NUMBER : NX_R_UNDECIDED;
}

/* nx_plan_is_global: the digits, country code first, hold no 0 where a trunk's could stand. */
static inline bool nx_plan_is_global(const struct nx_plan *plan, const char *s, size_t len)
{
	const size_t code_len = plan->country_code.len;

	return len && s[0] != '0' && (!code_len || code_len >= len || s[code_len] != '0');
}

/* nx_emergency_end gives the last three of at least three digits as a number. */
static inline unsigned nx_emergency_end(const char *s, size_t len)
{
	const uint8_t *d = (const uint8_t *)s + len - 3;

	return (d[0] * 100u + d[1] * 10u + d[2] - 111u * '0') % 1024;
}

/* nx_emergency_is_shorter: the dialled string is too long for any listed number with what can stand
 * before it. A global number that begins with none of the plan's prefixes has at most a country
 * code and one national prefix there. */
static inline bool nx_emergency_is_shorter(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len)
{
	return list->longest && len > (size_t)plan->plus_reach + list->longest && s[0] == '+' &&
	       plan->no_prefix >> (s[1] & 0xf) & 1;
}

/* nx_emergency_ends_otherwise: more than three bytes end in digits that no listed number, with what
 * can stand before it, ends in. */
static inline bool nx_emergency_ends_otherwise(
	const struct nx_emergency *list, const char *s, size_t len)
{
	const unsigned end = nx_emergency_end(s, len);

	return list->no_end[end / 64] >> end % 64 & 1;
}

/* nx_emergency_excluded: either of both. With a '+', three bytes are only two digits. */
static inline bool nx_emergency_excluded(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len)
{
	return len > 3 && (nx_emergency_is_shorter(list, plan, s, len) ||
				  nx_emergency_ends_otherwise(list, s, len));
}

#endif
