/* Number plans and emergency numbers: one key for every way in which the trunks of eleven countries
 * write the same number, each step of the order of trial, and emergency numbers in every form. */
#include "nxsip/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"

struct prefixes {
	const char *country, *international[3], *national[3], *carrier[3];
};

static void put(struct nx_digits *d, const char *text)
{
	d->len = (uint8_t)strlen(text);
	memcpy(d->d, text, d->len + 1u);
}

static uint8_t put_all(struct nx_digits *list, const char *const text[3])
{
	uint8_t n = 0;

	for (; n < 3 && text[n]; n++)
		put(&list[n], text[n]);
	return n;
}

static struct nx_plan plan_of(struct prefixes p, enum nx_plan_bare bare)
{
	struct nx_plan plan;

	nx_plan_defaults(&plan);
	if (p.country)
		put(&plan.country_code, p.country);
	plan.n_international = put_all(plan.international, p.international);
	plan.n_national = put_all(plan.national, p.national);
	plan.n_carrier = put_all(plan.carrier, p.carrier);
	plan.bare = (uint8_t)bare;
	return plan;
}

static const struct prefixes uk = {"44", {"00"}, {"0"}, {0}};
static const struct prefixes us = {"1", {"011"}, {"1"}, {0}};

static unsigned apply(const struct nx_plan *plan, const char *dialled, struct nx_key *key)
{
	return nx_plan_apply(plan, dialled, strlen(dialled), key);
}

static void assert_number(const struct nx_plan *plan, const char *dialled, const char *number)
{
	struct nx_key key;
	unsigned reason = apply(plan, dialled, &key);

	if (reason != NX_R_UNDECIDED)
		fail_msg("%s: %s", dialled, nx_reason_info(reason)->name);
	if (key.kind != NX_KEY_NUMBER || key.len != strlen(number) ||
		memcmp(key.text, number, key.len) != 0)
		fail_msg("%s: %.*s, not %s", dialled, key.len, (const char *)key.text, number);
}

/* assert_refused also sees to it that a refusal leaves the key alone. */
static void assert_refused(const struct nx_plan *plan, const char *dialled, unsigned expected)
{
	struct nx_key key, before;
	unsigned reason;

	memset(&key, 0xa5, sizeof(key));
	before = key;
	reason = apply(plan, dialled, &key);
	if (reason != expected)
		fail_msg("'%s': %s", dialled,
			reason == NX_R_UNDECIDED ? "taken" : nx_reason_info(reason)->name);
	assert_memory_equal(&key, &before, sizeof(key));
}

static void rule_33_one_key_for_every_form(void **state)
{
	static const struct {
		struct prefixes plan;
		enum nx_plan_bare bare;
		const char *number, *forms[7];
	} rows[] = {
		/* United Kingdom; short and long national numbers */
		{{"44", {"00"}, {"0"}, {0}}, NX_BARE_NATIONAL, "+442079460000",
			{"00442079460000", "02079460000", "2079460000"}},
		{{"44", {"00"}, {"0"}, {0}}, NX_BARE_PASS, "+441132960",
			{"00441132960", "01132960"}},
		/* Germany, an open plan: of one head number, its switchboard and extensions are
		 * numbers of their own; call-by-call carriers */
		{{"49", {"00"}, {"0"}, {"01033", "010018"}}, NX_BARE_GLOBAL, "+4930123456",
			{"004930123456", "030123456", "4930123456", "01033030123456",
				"01033004930123456", "010018030123456"}},
		{{"49", {"00"}, {"0"}, {"01033"}}, NX_BARE_GLOBAL, "+49301234560",
			{"0049301234560", "0301234560", "49301234560", "010330301234560"}},
		{{"49", {"00"}, {"0"}, {"01033"}}, NX_BARE_GLOBAL, "+49893456789012",
			{"0049893456789012", "0893456789012", "49893456789012"}},
		{{"49", {"00"}, {"0"}, {0}}, NX_BARE_PASS, "+49493112345", /* area 04931 */
			{"0049493112345", "0493112345"}},
		/* Austria, an open plan: Vienna's 1, and a four-digit area with an extension */
		{{"43", {"00"}, {"0"}, {0}}, NX_BARE_PASS, "+43151525", {"0043151525", "0151525"}},
		{{"43", {"00"}, {"0"}, {0}}, NX_BARE_PASS, "+43151525012",
			{"0043151525012", "0151525012"}},
		{{"43", {"00"}, {"0"}, {0}}, NX_BARE_NATIONAL, "+4355225123456",
			{"004355225123456", "055225123456", "55225123456"}},
		/* France: a carrier's digit in place of the 0 */
		{{"33", {"00"}, {"0"}, {"16"}}, NX_BARE_PASS, "+33123456789",
			{"0033123456789", "0123456789", "160033123456789"}},
		{{"33", {"00"}, {"0", "8"}, {0}}, NX_BARE_NATIONAL, "+33123456789",
			{"8123456789", "0123456789", "123456789"}},
		/* Spain: closed, no national prefix */
		{{"34", {"00"}, {0}, {"1050"}}, NX_BARE_NATIONAL, "+34911234567",
			{"0034911234567", "911234567", "1050911234567", "10500034911234567"}},
		/* Japan, Australia: long international prefixes, with carriers and without */
		{{"81", {"010", "0033010"}, {"0"}, {"0033", "0077"}}, NX_BARE_PASS, "+81312345678",
			{"01081312345678", "0312345678", "003301081312345678", "00330312345678"}},
		{{"61", {"0011", "0018"}, {"0"}, {0}}, NX_BARE_NATIONAL, "+61298765432",
			{"001161298765432", "001861298765432", "0298765432", "298765432"}},
		/* North America, Italy (keeps its 0), Russia, Brazil (carrier in the prefix) */
		{{"1", {"011"}, {"1"}, {"1010288"}}, NX_BARE_NATIONAL, "+12125550123",
			{"01112125550123", "12125550123", "2125550123", "101028812125550123",
				"101028801112125550123"}},
		{{"39", {"00"}, {0}, {0}}, NX_BARE_NATIONAL, "+390669821234",
			{"00390669821234", "0669821234"}},
		{{"7", {"810"}, {"8"}, {0}}, NX_BARE_GLOBAL, "+78123456789",
			{"81078123456789", "88123456789", "78123456789"}},
		{{"55", {"00", "0015", "0021"}, {"0", "015", "021"}, {0}}, NX_BARE_NATIONAL,
			"+551132345678",
			{"00551132345678", "0015551132345678", "01132345678", "0151132345678",
				"1132345678", "0021551132345678"}},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nx_plan plan = plan_of(rows[i].plan, rows[i].bare);

		for (size_t k = 0; k < 7 && rows[i].forms[k]; k++)
			assert_number(&plan, rows[i].forms[k], rows[i].number);
		assert_number(&plan, rows[i].number, rows[i].number);
	}
}

/* What one plan reads, another must not read alike: never another country's key. */
static void rule_33_not_what_another_plan_would_make_of_it(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_PASS);
	(void)state;

	assert_refused(&plan, "01112125550123456", NX_R_PLAN); /* 011 is national here: too long */
	assert_number(&plan, "01112125550", "+441112125550");
	assert_refused(&plan, "12125550123", NX_R_PLAN);
	plan = plan_of(us, NX_BARE_PASS);
	assert_refused(&plan, "00442079460000", NX_R_PLAN);
	assert_refused(&plan, "02079460000", NX_R_PLAN);
	plan = plan_of((struct prefixes){"39", {"00"}, {0}, {0}}, NX_BARE_NATIONAL);
	assert_number(&plan, "0669821234", "+390669821234");
	plan = plan_of((struct prefixes){"49", {"00"}, {"0"}, {0}}, NX_BARE_PASS);
	assert_number(&plan, "0669821234", "+49669821234");
}

static void assert_reading(const struct nx_plan *plan, const char *dialled, enum nx_plan_form form,
	unsigned strip, unsigned carrier, unsigned prefix)
{
	struct nx_plan_reading r;

	nx_plan_read(plan, dialled, strlen(dialled), &r);
	if (r.form != form || r.strip != strip || r.carrier != carrier || r.prefix != prefix)
		fail_msg("%s: form %u, %u, %u, %u", dialled, r.form, r.strip, r.carrier, r.prefix);
}

static void rule_33_every_step_is_told(void **state)
{
	struct nx_plan plan =
		plan_of((struct prefixes){"49", {"00", "9"}, {"0", "9"}, {"01033"}}, NX_BARE_PASS);
	(void)state;

	assert_reading(&plan, "+4930123456", NX_FORM_GLOBAL, 0, 0, 1);
	assert_reading(&plan, "004930123456", NX_FORM_INTERNATIONAL, 0, 0, 2);
	assert_reading(&plan, "01033030123456", NX_FORM_NATIONAL, 0, 5, 1);
	assert_reading(&plan, "30123456", NX_FORM_BARE, 0, 0, 0);
	assert_reading(&plan, "930123456", NX_FORM_AMBIGUOUS, 0, 0, 1);
	plan.strip = 4;
	assert_reading(&plan, "999901033004930123456", NX_FORM_INTERNATIONAL, 4, 5, 2);
	assert_reading(&plan, "+9999030123456", NX_FORM_GLOBAL, 0, 0, 1);
	assert_reading(&plan, "9999", NX_FORM_STRIPPED, 4, 0, 0);
}

static void rule_33_bare_digits_mean_what_the_plan_says(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_PASS);
	(void)state;

	assert_refused(&plan, "442079460000", NX_R_PLAN);
	plan.bare = NX_BARE_GLOBAL;
	assert_number(&plan, "442079460000", "+442079460000");
	plan.bare = NX_BARE_NATIONAL;
	assert_number(&plan, "2079460000", "+442079460000");
	plan.bare = 77;
	assert_refused(&plan, "2079460000", NX_R_PLAN);
}

static void rule_33_not_national_without_a_country_code(void **state)
{
	struct nx_plan plan =
		plan_of((struct prefixes){NULL, {"00"}, {"0"}, {0}}, NX_BARE_NATIONAL);
	(void)state;

	assert_refused(&plan, "02079460000", NX_R_PLAN);
	assert_refused(&plan, "2079460000", NX_R_PLAN);
	assert_refused(&plan, "112", NX_R_PLAN);
	assert_number(&plan, "00442079460000", "+442079460000");
	assert_number(&plan, "+442079460000", "+442079460000");
}

static void rule_33_default_plan_takes_only_global_numbers(void **state)
{
	struct nx_plan plan;
	(void)state;

	nx_plan_defaults(&plan);
	assert_number(&plan, "+442079460000", "+442079460000");
	assert_refused(&plan, "00442079460000", NX_R_PLAN);
	assert_refused(&plan, "2079460000", NX_R_PLAN);
}

static void rule_33_longest_prefix_wins(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_PASS);
	(void)state;

	assert_number(&plan, "0033123456789", "+33123456789");
	assert_number(&plan, "03312345678", "+443312345678");
	plan = plan_of((struct prefixes){"81", {"010"}, {"0"}, {"0033", "003"}}, NX_BARE_PASS);
	assert_number(&plan, "0033010442079460000", "+442079460000");
	assert_number(&plan, "0312345678", "+81312345678");
	plan = plan_of((struct prefixes){"44", {"9"}, {"9"}, {0}}, NX_BARE_GLOBAL);
	assert_refused(&plan, "9442079460000", NX_R_PLAN); /* in both lists: says nothing */
}

static void rule_33_strip_then_carrier_then_prefix(void **state)
{
	struct nx_plan plan =
		plan_of((struct prefixes){"49", {"00"}, {"0"}, {"01033"}}, NX_BARE_PASS);
	(void)state;

	plan.strip = 4;
	assert_number(&plan, "9999030123456", "+4930123456");
	assert_number(&plan, "999901033030123456", "+4930123456");
	assert_number(&plan, "0000030123456", "+4930123456");
	assert_number(&plan, "+4930123456", "+4930123456"); /* + carries no access code */
	assert_refused(&plan, "9999", NX_R_PLAN);
	assert_refused(&plan, "99", NX_R_PLAN);
	assert_refused(&plan, "99990", NX_R_PLAN);
	assert_refused(&plan, "999901033", NX_R_PLAN);
	/* one carrier only: what follows is read as national */
	assert_number(&plan, "99990103301033123456", "+491033123456");
}

static void rule_33_a_trunk_zero_left_in_the_number_passes(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_NATIONAL);
	(void)state;

	assert_refused(&plan, "+4402079460000", NX_R_PLAN);
	assert_refused(&plan, "004402079460000", NX_R_PLAN);
	assert_refused(&plan, "+02079460000", NX_R_PLAN);
	assert_refused(&plan, "00002079460000", NX_R_PLAN);
	assert_number(&plan, "+390669821234", "+390669821234"); /* Italy keeps its zero */
	plan = plan_of((struct prefixes){"44", {0}, {"0"}, {0}}, NX_BARE_NATIONAL);
	assert_refused(&plan, "00442079460000", NX_R_PLAN); /* 00 is not configured */
	plan = plan_of((struct prefixes){"7", {"810"}, {"8"}, {0}}, NX_BARE_NATIONAL);
	assert_number(&plan, "+78123456789", "+78123456789"); /* area 812, not a trunk 8 */
}

static void rule_33_length_limits(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_NATIONAL);
	char digits[200];
	(void)state;

	assert_number(&plan, "+123456789012345", "+123456789012345");
	assert_refused(&plan, "+1234567890123456", NX_R_PLAN);
	assert_number(&plan, "01234567890123", "+441234567890123");
	assert_refused(&plan, "012345678901234", NX_R_PLAN);
	plan.max_digits = 12;
	assert_refused(&plan, "+1234567890123", NX_R_PLAN);
	assert_refused(&plan, "", NX_R_PLAN);
	assert_refused(&plan, "+", NX_R_PLAN);
	assert_refused(&plan, "0", NX_R_PLAN);
	assert_refused(&plan, "00", NX_R_PLAN);

	plan.max_digits = 255;
	memset(digits, '1', sizeof(digits));
	for (size_t len = 1; len <= sizeof(digits); len++) {
		struct nx_key key;
		unsigned reason = nx_plan_apply(&plan, digits, len, &key);

		assert_int_equal(reason, len < 7     ? NX_R_SHORT_NUMBER
					 : len <= 63 ? NX_R_UNDECIDED
						     : NX_R_PLAN);
	}
}

static void rule_10_short_numbers_pass_unless_opted_in(void **state)
{
	struct nx_plan plan = plan_of(uk, NX_BARE_NATIONAL);
	(void)state;

	assert_refused(&plan, "+441234", NX_R_SHORT_NUMBER);
	assert_number(&plan, "+4412345", "+4412345");
	assert_refused(&plan, "00441234", NX_R_SHORT_NUMBER);
	assert_refused(&plan, "01234", NX_R_SHORT_NUMBER);
	assert_number(&plan, "012345", "+4412345");
	assert_refused(&plan, "116117", NX_R_SHORT_NUMBER); /* bare: a short code, no number */
	assert_number(&plan, "1161171", "+441161171");
	plan.min_digits = 5;
	assert_number(&plan, "116117", "+44116117");
	assert_number(&plan, "+44123", "+44123");
}

static void rule_33_canonicalising_twice_is_once(void **state)
{
	static const struct prefixes plans[] = {{"44", {"00"}, {"0"}, {0}},
		{"1", {"011"}, {"1"}, {"10"}}, {"7", {"810"}, {"8"}, {0}}};
	uint64_t x = 88172645463325252;
	unsigned taken = 0;
	(void)state;

	for (int round = 0; round < 60000; round++) {
		struct nx_plan plan = plan_of(plans[round % 3], (enum nx_plan_bare)(round / 3 % 3));
		struct nx_key once, twice;
		char s[20];
		size_t len = 1 + (size_t)(x >> 40) % 18;

		for (size_t i = 0; i < len; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			s[i] = (char)('0' + (x >> 33) % 10);
		}
		if (round % 7 == 0)
			s[0] = '+';
		if (nx_plan_apply(&plan, s, len, &once) != NX_R_UNDECIDED)
			continue;
		taken++;
		assert_int_equal(
			nx_plan_apply(&plan, (char *)once.text, once.len, &twice), NX_R_UNDECIDED);
		assert_int_equal(once.len, twice.len);
		assert_memory_equal(once.text, twice.text, once.len);
	}
	assert_true(taken > 10000);
}

/* ---- emergency ---- */

static const struct nx_emergency listed = {
	.n = 4, .number = {{3, "112"}, {3, "911"}, {3, "999"}, {6, "116117"}}};

/* indexed_agrees asks with each of the indexes made and not made: they may only save time. */
static bool indexed_agrees(
	const struct nx_emergency *list, const struct nx_plan *plan, const char *s, size_t len)
{
	struct nx_emergency indexed = *list;
	struct nx_plan with_index = *plan;
	bool match = nx_emergency_match(list, plan, s, len);

	nx_emergency_index(&indexed);
	nx_plan_index(&with_index);
	return nx_emergency_match(&indexed, plan, s, len) == match &&
	       nx_emergency_match(list, &with_index, s, len) == match &&
	       nx_emergency_match(&indexed, &with_index, s, len) == match;
}

static bool emergency(const struct nx_plan *plan, const char *s)
{
	assert_true(indexed_agrees(&listed, plan, s, strlen(s)));
	return nx_emergency_match(&listed, plan, s, strlen(s));
}

static void rule_10_listed_numbers_in_every_form(void **state)
{
	static const char *const forms[] = {"112", "911", "999", "116117", "0112", "00112",
		"0044112", "+112", "+44112", "+1911", "+353112", "+49116117", "00353112", "001911",
		"0044999", "+440112", "00440112", "01033112", "010330112", "0103300112",
		"010330044112", "8877112", "88770112", "88770103300442999", "44112", "+44116117"};
	struct nx_plan plan =
		plan_of((struct prefixes){"44", {"00"}, {"0"}, {"01033"}}, NX_BARE_NATIONAL);
	(void)state;

	plan.strip = 4;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!emergency(&plan, forms[i]))
			fail_msg("%s was missed", forms[i]);
}

static void rule_10_a_country_code_needs_its_sign(void **state)
{
	struct nx_plan plan = plan_of(us, NX_BARE_NATIONAL);
	(void)state;

	assert_true(emergency(&plan, "011999"));
	assert_true(emergency(&plan, "0114999"));
	assert_true(emergency(&plan, "1911"));
	assert_true(emergency(&plan, "+1911"));
	assert_false(emergency(&plan, "4999"));
	assert_false(emergency(&plan, "5551112"));
	plan.bare = NX_BARE_GLOBAL;
	assert_true(emergency(&plan, "44999"));
	plan = plan_of((struct prefixes){"1246", {"011"}, {"1"}, {0}}, NX_BARE_PASS);
	assert_true(emergency(&plan, "+1246911")); /* the plan's own code, of any length */
	assert_false(emergency(&plan, "+1247911"));
}

static void rule_10_not_ordinary_numbers(void **state)
{
	static const char *const ordinary[] = {"+442079460112", "02079460999", "2079460911", "1121",
		"11", "1", "9112", "1112", "+4421112", "+4931112", "00442079112", "+", "0", "00",
		"+44", "116118", "012112", "+44207946116117", ""};
	struct nx_plan plan = plan_of(uk, NX_BARE_NATIONAL);
	struct nx_emergency few = {.n = 2}; /* two empty numbers match nothing */
	char digits[200];
	(void)state;

	for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
		if (emergency(&plan, ordinary[i]))
			fail_msg("%s", ordinary[i]);
	assert_false(nx_emergency_match(&few, &plan, "112", 3));
	few = (struct nx_emergency){.n = 2, .number = {{1, "0"}, {2, "19"}}};
	assert_true(nx_emergency_match(&few, &plan, "0", 1));
	assert_true(nx_emergency_match(&few, &plan, "19", 2));
	assert_false(nx_emergency_match(&few, &plan, "9", 1));
	memset(digits, '0', sizeof(digits));
	memcpy(digits + 60, "112", 3);
	assert_true(nx_emergency_match(&listed, &plan, digits, 63));
	plan.strip = 255;
	for (size_t len = 0; len <= sizeof(digits); len++)
		(void)nx_emergency_match(&listed, &plan, digits, len);
}

/* Every way through the plan's own order of trial: strip, carrier, prefix, country code. */
static void rule_10_no_prefix_hides_an_emergency(void **state)
{
	static const char *const strip[] = {"", "77"}, *const carrier[] = {"", "01033"},
				 *const prefix[] = {
					 "", "0", "00", "001", "0044", "00353", "44", "353"};
	struct nx_plan plan =
		plan_of((struct prefixes){"44", {"00"}, {"0"}, {"01033"}}, NX_BARE_GLOBAL);
	(void)state;

	plan.strip = 2;
	for (size_t i = 0; i < 2 * 2 * 8; i++) {
		char s[64];

		(void)snprintf(s, sizeof(s), "%s%s%s112", strip[i & 1], carrier[i >> 1 & 1],
			prefix[i >> 2]);
		if (!emergency(&plan, s))
			fail_msg("%s was missed", s);
	}
}

static uint32_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 32);
}

/* few_digits writes up to most digits, mostly of those with which prefixes are made. */
static struct nx_digits few_digits(uint64_t *x, uint32_t least, uint32_t most)
{
	struct nx_digits d = {.len = (uint8_t)(least + next_random(x) % (most - least + 1))};

	for (uint32_t i = 0; i < d.len; i++)
		d.d[i] = (char)('0' + next_random(x) % (next_random(x) % 2 ? 2 : 10));
	return d;
}

static uint8_t few_prefixes(uint64_t *x, struct nx_digits *list)
{
	uint8_t n = (uint8_t)(next_random(x) % 3);

	for (unsigned i = 0; i < n; i++)
		list[i] = few_digits(x, 1, 4);
	return n;
}

static struct nx_plan any_plan(uint64_t *x)
{
	struct nx_plan plan;

	nx_plan_defaults(&plan);
	plan.country_code = few_digits(x, 0, 4);
	plan.n_carrier = few_prefixes(x, plan.carrier);
	plan.n_national = few_prefixes(x, plan.national);
	plan.n_international = few_prefixes(x, plan.international);
	plan.strip = next_random(x) % 4 ? 0 : 2;
	plan.bare = (uint8_t)(next_random(x) % 3);
	return plan;
}

/* write_dialled puts prefixes, a country code and digits before what may be a listed number. */
static size_t write_dialled(
	uint64_t *x, const struct nx_plan *plan, const struct nx_emergency *list, char s[128])
{
	struct nx_digits part[4] = {plan->country_code, plan->national[0], few_digits(x, 0, 9),
		list->number[next_random(x) % list->n]};
	size_t len = 0;

	if (next_random(x) % 2)
		s[len++] = '+';
	for (unsigned i = 0; i < 4; i++) {
		if (next_random(x) % 4 == 0)
			continue;
		memcpy(s + len, part[i].d, part[i].len);
		len += part[i].len;
	}
	return len;
}

/* Any plan, any list, whatever is dialled: the index changes nothing, and lets few through. */
static void rule_10_the_index_only_saves_time(void **state)
{
	uint64_t x = 0x9e3779b97f4a7c15;
	unsigned matches = 0;
	(void)state;

	for (int round = 0; round < 4000; round++) {
		struct nx_plan plan = any_plan(&x), indexed_plan = plan;
		struct nx_emergency list = {.n = (uint8_t)(1 + next_random(&x) % 6)}, indexed;

		for (unsigned i = 0; i < list.n; i++)
			list.number[i] = few_digits(&x, next_random(&x) % 8 ? 2 : 0, 6);
		indexed = list;
		nx_emergency_index(&indexed);
		nx_plan_index(&indexed_plan);
		for (int k = 0; k < 500; k++) {
			char s[128];
			size_t len = write_dialled(&x, &plan, &list, s);
			bool match = nx_emergency_match(&list, &plan, s, len);

			matches += match;
			if (nx_emergency_match(&indexed, &indexed_plan, s, len) != match)
				fail_msg("%.*s: %smatched without the index", (int)len, s,
					match ? "" : "not ");
		}
	}
	assert_in_range(matches, 200000, 1800000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_33_one_key_for_every_form),
		cmocka_unit_test(rule_33_not_what_another_plan_would_make_of_it),
		cmocka_unit_test(rule_33_every_step_is_told),
		cmocka_unit_test(rule_33_bare_digits_mean_what_the_plan_says),
		cmocka_unit_test(rule_33_not_national_without_a_country_code),
		cmocka_unit_test(rule_33_default_plan_takes_only_global_numbers),
		cmocka_unit_test(rule_33_longest_prefix_wins),
		cmocka_unit_test(rule_33_strip_then_carrier_then_prefix),
		cmocka_unit_test(rule_33_a_trunk_zero_left_in_the_number_passes),
		cmocka_unit_test(rule_33_length_limits),
		cmocka_unit_test(rule_10_short_numbers_pass_unless_opted_in),
		cmocka_unit_test(rule_33_canonicalising_twice_is_once),
		cmocka_unit_test(rule_10_listed_numbers_in_every_form),
		cmocka_unit_test(rule_10_a_country_code_needs_its_sign),
		cmocka_unit_test(rule_10_not_ordinary_numbers),
		cmocka_unit_test(rule_10_no_prefix_hides_an_emergency),
		cmocka_unit_test(rule_10_the_index_only_saves_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
