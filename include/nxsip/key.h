/* The canonical key: which user a request asks for, or a row of the table names (rules 30 to 35).
 * A key is plain bytes: a number is `+` and its digits in global form, a name is the user part
 * after one %HH decoding. A number never equals a name: `+digits` is a number everywhere.
 * Pure functions: no state, no allocation, lengths counted, input need not be terminated.
 * Implemented in dataplane/core (key.c, plan.c); control uses them for table rows and explain. */
#ifndef NXSIP_KEY_H
#define NXSIP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NX_KEY_MAX 120 /* bytes; longer users pass (LMDB's limit is 511 with the domain id) */

enum nx_key_kind { NX_KEY_NAME, NX_KEY_NUMBER };

struct nx_key {
	uint8_t kind; /* enum nx_key_kind */
	uint8_t len;
	uint8_t text[NX_KEY_MAX]; /* not terminated; any byte can occur in a name */
};

#define NX_PLAN_PREFIXES   8
#define NX_PLAN_PREFIX_MAX 15 /* digits */
#define NX_PLAN_ROUTING    32 /* routing numbers */

struct nx_digits {
	uint8_t len;
	char d[NX_PLAN_PREFIX_MAX + 1]; /* '0'..'9', terminated */
};

/* How to read digits that carry none of the plan's prefixes. */
enum nx_plan_bare { NX_BARE_PASS, NX_BARE_NATIONAL, NX_BARE_GLOBAL };

/* A number plan (rule 33): how one trunk writes numbers. Order of trial: `+`; then, on digits
 * without `+`: strip `strip` digits, one carrier prefix (longest that fits), then the longest of
 * international and national prefixes, then `bare`. */
struct nx_plan {
	char name[32];
	struct nx_digits country_code; /* len 0: none known, national forms pass */
	struct nx_digits international[NX_PLAN_PREFIXES];
	struct nx_digits national[NX_PLAN_PREFIXES];
	struct nx_digits carrier[NX_PLAN_PREFIXES];
	uint8_t n_international, n_national, n_carrier;
	uint8_t strip;      /* digits to take off the front, before any prefix */
	uint8_t bare;       /* enum nx_plan_bare */
	uint8_t min_digits; /* shorter global numbers pass as short-number (default 7, rule 10), and
			     * so do shorter bare ones read as national: 116117 is nobody's */
	uint8_t max_digits; /* longer ones pass as plan (default 15, E.164) */
	uint8_t n_routing;
	struct nx_digits
		routing[NX_PLAN_ROUTING]; /* rn that are ours, country code first (rule 34) */
	/* Made by nx_plan_index; zero, as before it, means not known, and costs only time. Bit per
	 * digit with which no prefix begins; and behind a '+' and such a digit, the last offset at
	 * which a country code and a national prefix can end */
	uint16_t no_prefix;
	uint8_t plus_reach;
};

/* nx_plan_defaults: no country code, no prefixes, bare pass, 7 to 15 digits. */
void nx_plan_defaults(struct nx_plan *plan);

/* nx_plan_index makes no_prefix and plus_reach. Again after the plan was changed. */
void nx_plan_index(struct nx_plan *plan);

/* nx_plan_apply turns a dialled string into a global number.
 * In:     s: '+' and digits, or digits; visual separators already removed.
 * Out:    key (NX_KEY_NUMBER, "+<digits>"), written only on NX_R_UNDECIDED.
 * Return: NX_R_UNDECIDED on success, else NX_R_PLAN or NX_R_SHORT_NUMBER. */
unsigned nx_plan_apply(const struct nx_plan *plan, const char *s, size_t len, struct nx_key *key);

/* nx_plan_owns_routing says whether a number, country code first, is one of the plan's routing
 * numbers (RFC 4694). */
bool nx_plan_owns_routing(const struct nx_plan *plan, const char *digits, size_t len);

/* How a dialled string begins: what nx_plan_apply takes off before it makes a global number. */
enum nx_plan_form {
	NX_FORM_GLOBAL,        /* '+' */
	NX_FORM_INTERNATIONAL, /* an international prefix */
	NX_FORM_NATIONAL,      /* a national prefix */
	NX_FORM_BARE,          /* neither: what it means is nx_plan.bare's to say */
	NX_FORM_AMBIGUOUS,     /* a prefix that is both: passes */
	NX_FORM_STRIPPED,      /* the digits to strip are all there is: passes */
};

struct nx_plan_reading {
	uint8_t form;                   /* enum nx_plan_form */
	uint8_t strip, carrier, prefix; /* characters of each, in this order at the front */
};

/* nx_plan_read tells the form of a dialled string, as for nx_plan_apply; len >= 1. */
void nx_plan_read(
	const struct nx_plan *plan, const char *s, size_t len, struct nx_plan_reading *out);

#define NX_EMERGENCY_MAX 32

/* Numbers that always pass (rule 10): bare, after any configured prefix of the plan, and after any
 * country code. Digits only. */
struct nx_emergency {
	uint8_t n;
	struct nx_digits number[NX_EMERGENCY_MAX];
	/* Made by nx_emergency_index; zero, as before it, means not known, and costs only time. The
	 * digits of the longest; and bit per three digits: no listed number can be at the end of
	 * what ends in them */
	uint8_t longest;
	uint64_t no_end[1024 / 64];
};

/* nx_emergency_index makes longest and no_end, by which most strings are told from the listed
 * numbers without a comparison. Again after the numbers were changed. */
void nx_emergency_index(struct nx_emergency *list);

/* nx_emergency_match says whether the dialled string (as for nx_plan_apply) is a listed number.
 * A country code is any 1 to 3 digits after `+` or after an international prefix of the plan. */
bool nx_emergency_match(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len);

enum nx_row_err {
	NX_ROW_OK,
	NX_ROW_EMPTY,        /* no user */
	NX_ROW_TOO_LONG,     /* longer than NX_KEY_MAX */
	NX_ROW_BAD_NUMBER,   /* begins with + but is not + and 1 to 15 digits, the first not 0 */
	NX_ROW_BARE_DIGITS,  /* 7 to 15 digits without +: number or name? (see below) */
	NX_ROW_CONTROL_BYTE, /* a control byte or NUL */
};

/* nx_key_from_row makes the key of a table row or a command's USER argument, as an operator writes
 * it: "+44 20 7946-0000" (visual separators of RFC 3966 allowed after +) or a name, taken byte for
 * byte, no %HH decoding.
 * Seven to fifteen bare digits, separators aside, are refused unless digits_are_names: loaded as a
 * name, a number without its + would never match, and its live user would be answered 404. */
enum nx_row_err nx_key_from_row(
	const char *s, size_t len, bool digits_are_names, struct nx_key *key);

/* nx_row_err_text says what is wrong and what to do, for a person. */
const char *nx_row_err_text(enum nx_row_err e);

#endif
