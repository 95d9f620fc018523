/* The canonical key of Request-URIs and of table rows: names, numbers, emergencies, and what passes
 * without ever being looked up. */
#include "dataplane/core/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"

static const struct nx_plan uk = {.country_code = {2, "44"},
	.international = {{2, "00"}},
	.n_international = 1,
	.national = {{1, "0"}},
	.n_national = 1,
	.bare = NX_BARE_NATIONAL,
	.min_digits = 7,
	.max_digits = 15};
static const struct nx_plan no_plan = {.min_digits = 7, .max_digits = 15};
static const struct nx_emergency listed = {.n = 3, .number = {{3, "112"}, {3, "911"}, {3, "999"}}};

#define PHONE NX_SERVICE_PHONE
#define NAMES NX_SERVICE_NAMES

static unsigned key_of(
	const char *text, enum nx_service_kind kind, const struct nx_plan *plan, struct nx_key *key)
{
	static uint8_t message[1024];
	struct nx_span span = {7, (uint16_t)strlen(text)};
	struct nx_uri uri;
	unsigned reason;

	assert_true(span.off + strlen(text) <= sizeof(message));
	memcpy(message, "INVITE ", 7);
	memcpy(message + 7, text, span.len);
	reason = nx_uri_parse(message, span, &uri);
	return reason != NX_R_UNDECIDED ? reason
					: nx_key_from_uri(message, &uri, kind, plan, &listed, key);
}

static const char *reason_name(unsigned r)
{
	return r < NX_REASON_COUNT ? nx_reason_info(r)->name : "a key";
}

static void assert_key(const char *uri, enum nx_service_kind kind, const struct nx_plan *plan,
	enum nx_key_kind expected_kind, const char *expected, size_t len)
{
	struct nx_key key;
	unsigned reason = key_of(uri, kind, plan, &key);

	if (reason != NX_R_UNDECIDED)
		fail_msg("%s: %s", uri, reason_name(reason));
	if (key.kind != expected_kind || key.len != len || memcmp(key.text, expected, len) != 0)
		fail_msg("%s: key '%.*s'", uri, key.len, (const char *)key.text);
}

static void assert_name(const char *uri, const char *name)
{
	assert_key(uri, NAMES, &uk, NX_KEY_NAME, name, strlen(name));
}

static void assert_number(const char *uri, enum nx_service_kind kind, const char *number)
{
	assert_key(uri, kind, &uk, NX_KEY_NUMBER, number, strlen(number));
}

static void assert_passes(const char *uri, enum nx_service_kind kind, unsigned expected)
{
	struct nx_key key;
	unsigned reason = key_of(uri, kind, &uk, &key);

	if (reason != expected)
		fail_msg("%s: %s, not %s", uri, reason_name(reason), reason_name(expected));
}

/* every element of an array of strings */
#define EACH(list, name)                                                                         \
	for (const char *const *name = (list); name < (list) + sizeof(list) / sizeof((list)[0]); \
		name++)

/* ---- names ---- */

static void rule_31_a_name_is_the_user_decoded_once(void **state)
{
	(void)state;
	assert_name("sip:alice@example.com", "alice");
	assert_name("sip:Alice@example.com", "Alice");
	assert_name("sips:alice@example.com:5061", "alice");
	assert_name("sip:alice:secret@example.com;transport=tcp", "alice");
	assert_name("sip:%61l%69ce@example.com", "alice");
	assert_name("sip:%2561@example.com", "%61");
	assert_name("sip:a%3Ab%40c%3Bd@h", "a:b@c;d");
	assert_name("sip:sips%3Auser%40example.com@example.net", "sips:user@example.com");
	assert_name("sip:user;par=u%40example.net@example.com", "user;par=u@example.net");
	assert_name("sip:a&=+$,;?/b@h", "a&=+$,;?/b");
	assert_name("sip:%C3%a9@h", "\xc3\xa9");
	assert_name("sip:1001@h", "1001");
	assert_name("sip:%31001@h", "1001");
	assert_name("sip:555-1234@h", "555-1234");
	assert_name("sip:02079460000@h", "02079460000");
	assert_name("sip:sos@h", "sos");
	assert_name("sip:*31%23@h", "*31#");
	assert_name("sip:alice@h;isub=1", "alice");
}

static void rule_31_an_escaped_nul_does_not_cut(void **state)
{
	(void)state;
	assert_key("sip:null-%00-null@example.com", NAMES, &uk, NX_KEY_NAME, "null-\0-null", 11);
	assert_key("sip:%00@h", NAMES, &uk, NX_KEY_NAME, "\0", 1);
	assert_key("sip:%00%00@h", NAMES, &uk, NX_KEY_NAME, "\0\0", 2);
}

static void rule_31_a_user_that_fits_no_key_passes(void **state)
{
	char name[NX_KEY_MAX + 2] = {0}, uri[512];
	(void)state;

	memset(name, 'a', NX_KEY_MAX);
	(void)snprintf(uri, sizeof(uri), "sip:%s@h", name);
	assert_name(uri, name);
	(void)snprintf(uri, sizeof(uri), "sip:%%61%s@h", name + 1);
	assert_name(uri, name);
	name[NX_KEY_MAX] = 'a';
	(void)snprintf(uri, sizeof(uri), "sip:%s@h", name);
	assert_passes(uri, NAMES, NX_R_BAD_URI);
	memset(name, '1', NX_KEY_MAX + 1);
	(void)snprintf(uri, sizeof(uri), "sip:%s@h", name);
	assert_passes(uri, PHONE, NX_R_NOT_NUMBER);
	assert_passes(uri, NAMES, NX_R_BAD_URI);
}

static uint32_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 32);
}

/* write_uri escapes what needs it, and some of what does not: all spellings are equivalent. */
static void write_uri(char *out, const uint8_t *name, size_t len, uint64_t *x)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_.!~*'()&=+$,;?/";

	out += sprintf(out, "%s", next_random(x) % 2 ? "sip:" : "SIPS:");
	for (size_t i = 0; i < len; i++)
		if (name[i] && strchr(plain, name[i]) && next_random(x) % 4)
			*out++ = (char)name[i];
		else
			out += sprintf(out, next_random(x) % 2 ? "%%%02x" : "%%%02X", name[i]);
	(void)sprintf(out, "%s", next_random(x) % 2 ? "@h" : ":pw@h:5060;transport=udp");
}

static void rule_31_equivalent_uris_give_equal_keys_and_others_do_not(void **state)
{
	uint64_t x = 0x2545f4914f6cdd1d;
	(void)state;

	for (int round = 0; round < 50000; round++) {
		uint8_t name[24], other[24];
		size_t len = 1 + next_random(&x) % sizeof(name);
		char uri[256];
		struct nx_key a, b;

		for (size_t i = 0; i < len; i++)
			name[i] = (uint8_t)next_random(&x);
		name[0] = (uint8_t)('a' + name[0] % 26);
		write_uri(uri, name, len, &x);
		assert_int_equal(key_of(uri, NAMES, &no_plan, &a), NX_R_UNDECIDED);
		write_uri(uri, a.text, a.len, &x);
		assert_int_equal(key_of(uri, NAMES, &no_plan, &b), NX_R_UNDECIDED);
		assert_int_equal(a.len, len);
		assert_memory_equal(a.text, name, len);
		assert_int_equal(b.len, len);
		assert_memory_equal(b.text, name, len);

		memcpy(other, name, len);
		other[len - 1] ^= (uint8_t)(1 + next_random(&x) % 15);
		write_uri(uri, other, len, &x);
		assert_int_equal(key_of(uri, NAMES, &no_plan, &b), NX_R_UNDECIDED);
		assert_true(b.len != len || memcmp(b.text, name, len) != 0);
	}
}

/* ---- numbers ---- */

static void rule_32_numbers_in_every_dress_are_one_key(void **state)
{
	static const char *const anywhere[] = {"sip:+442079460000@h", "sips:+442079460000@h",
		"sip:+44-20-7946-0000@h", "sip:+44(20)7946.0000@h;user=phone",
		"sip:%2B442079460000@h", "sip:%2b44%3207946%30000@h", "sip:+442079460000:pw@h",
		"sip:+442079460000;npdi@h", "sip:+442079460000;cpc=ordinary@h;user=phone",
		"tel:+442079460000", "tel:+44-20-7946-0000;npdi", "TEL:+44.20.7946.0000",
		"sip:02079460000@h;user=phone", "sip:0044(20)79460000@h;user=PHONE",
		"sip:2079460000@h;user=phone", "tel:2079460000;phone-context=+44",
		"tel:20-7946-0000;phone-context=+4-4",
		"sip:2079460000;phone-context=+44@h;user=phone",
		"sip:2079460000@h;phone-context=%2B44;user=phone"};
	static const char *const on_phone[] = {"sip:02079460000@h", "sip:00442079460000@h",
		"sip:2079460000@h", "sip:020%2D7946%2D0000@h", "sip:(020)7946-0000@h",
		"sip:%302079460000@h", "sip:02079460000;npdi@h"};
	(void)state;

	EACH(anywhere, uri)
	{
		assert_number(*uri, PHONE, "+442079460000");
		assert_number(*uri, NAMES, "+442079460000");
	}
	EACH(on_phone, uri)
	assert_number(*uri, PHONE, "+442079460000");
}

static void rule_32_what_is_not_plainly_a_number_passes(void **state)
{
	static const char *const phone[] = {"sip:alice@h", "sip:*31%23@h", "sip:44A@h", "sip:+@h",
		"sip:++44@h", "sip:44+20@h", "sip:--@h", "sip:+44%0020@h", "sip:+44%3bx@h",
		"tel:*21#"};
	static const char *const any[] = {"sip:+44alice@h", "sip:+@h", "sip:%2Bx@h", "tel:*21#",
		"tel:BEEF", "sip:alice@h;user=phone", "sip:+442079460000@h;user=dialstring",
		"sip:alice@h;user=ip", "sip:1001;x=y@h;user=ip"};
	static const char *const names[] = {"sip:1001;x=y@h",
		"sip:1001@h;phone-context=example.com", "sip:444-3333;phone-context=p1234@h"};
	(void)state;

	EACH(phone, uri)
	assert_passes(*uri, PHONE, NX_R_NOT_NUMBER);
	EACH(any, uri)
	{
		assert_passes(*uri, PHONE, NX_R_NOT_NUMBER);
		assert_passes(*uri, NAMES, NX_R_NOT_NUMBER);
	}
	EACH(names, uri)
	assert_passes(*uri, NAMES, NX_R_NOT_NUMBER);
}

static void rule_32_a_local_number_needs_a_context_that_is_certain(void **state)
{
	static const char *const unsure[] = {"tel:2079460000;phone-context=example.com",
		"tel:79460000;phone-context=+4420", "tel:863-1234;phone-context=+1-914-555",
		"tel:123456789;phone-context=+33", "tel:02079460000;phone-context=+44",
		"tel:00442079460000;phone-context=+44", "tel:+442079460000;phone-context=+44",
		"tel:2079460000;phone-context=44", "tel:2079460000;phone-context=+",
		"tel:2079460000;phone-context", "tel:2079460000;phone-context=+44x"};
	struct nx_plan no_prefixes = no_plan;
	struct nx_key key;
	(void)state;

	EACH(unsure, uri)
	{
		assert_passes(*uri, PHONE, NX_R_PLAN);
		assert_passes(*uri, NAMES, NX_R_PLAN);
	}
	assert_int_equal(
		key_of("tel:2079460000;phone-context=+44", PHONE, &no_plan, &key), NX_R_PLAN);
	no_prefixes.country_code = uk.country_code;
	assert_int_equal(
		key_of("tel:02079460000;phone-context=+44", PHONE, &no_prefixes, &key), NX_R_PLAN);
	assert_int_equal(key_of("tel:2079460000;phone-context=+44", PHONE, &no_prefixes, &key),
		NX_R_UNDECIDED);
}

static void rule_32_a_local_tel_number_without_context_passes(void **state)
{
	static const char *const uris[] = {"tel:02079460000", "tel:020-7946-0000",
		"tel:00442079460000", "TEL:2079460000", "tel:1001", "tel:02079460000;npdi"};
	(void)state;

	EACH(uris, uri)
	{
		assert_passes(*uri, PHONE, NX_R_PLAN);
		assert_passes(*uri, NAMES, NX_R_PLAN);
	}
	assert_number("tel:+442079460000", PHONE, "+442079460000");
	assert_number("tel:2079460000;phone-context=+44", PHONE, "+442079460000");
}

static void rule_32_extensions_and_subaddresses_are_others(void **state)
{
	static const char *const uris[] = {"tel:+442079460000;ext=12", "tel:+442079460000;isub=9",
		"sip:+442079460000;ext=12@h;user=phone", "sip:+442079460000@h;isub=1;user=phone",
		"sip:+442079460000;%65xt=12@h", "sip:+442079460000;@h",
		"sip:+442079460000;a=b=c@h"};
	(void)state;

	EACH(uris, uri)
	{
		assert_passes(*uri, PHONE, NX_R_PLAN);
		assert_passes(*uri, NAMES, NX_R_PLAN);
	}
}

static void rule_33_what_the_plan_refuses_passes(void **state)
{
	struct nx_key key;
	(void)state;

	assert_passes("sip:+4412@h", PHONE, NX_R_SHORT_NUMBER);
	assert_passes("sip:1001@h", PHONE, NX_R_SHORT_NUMBER);
	assert_passes("sip:+1234567890123456@h", PHONE, NX_R_PLAN);
	assert_int_equal(key_of("sip:02079460000@h", PHONE, &no_plan, &key), NX_R_PLAN);
	assert_int_equal(key_of("sip:1001@h;user=phone", NAMES, &no_plan, &key), NX_R_PLAN);
}

static void rule_33_canonicalising_twice_is_once(void **state)
{
	uint64_t x = 0x9e3779b97f4a7c15;
	unsigned taken = 0;
	(void)state;

	for (int round = 0; round < 50000; round++) {
		char user[24], uri[64];
		size_t len = 1 + next_random(&x) % 16;
		struct nx_key once, twice;

		for (size_t i = 0; i < len; i++)
			user[i] = "0123456789-.()"[next_random(&x) % 14];
		(void)snprintf(
			uri, sizeof(uri), "sip:%s%.*s@h", round % 2 ? "+" : "", (int)len, user);
		if (key_of(uri, PHONE, &uk, &once) != NX_R_UNDECIDED)
			continue;
		taken++;
		(void)snprintf(uri, sizeof(uri), "sip:%.*s@h;user=phone", once.len,
			(const char *)once.text);
		for (int kind = PHONE; kind <= NAMES; kind++) {
			assert_int_equal(key_of(uri, (enum nx_service_kind)kind, &uk, &twice),
				NX_R_UNDECIDED);
			assert_int_equal(once.len, twice.len);
			assert_memory_equal(once.text, twice.text, once.len);
		}
	}
	assert_true(taken > 10000);
}

/* A user of which no digits were counted is read byte by byte and goes the long way. */
static void rule_33_a_number_at_a_glance_is_the_number_read_slowly(void **state)
{
	static const char *const begin[] = {"+", "+44", "+440", "+0", "+1", "", "0", "00"},
				 *const end[] = {"", "112", "999", "911", "0"};
	struct nx_emergency emergency = listed;
	uint64_t x = 0xbf58476d1ce4e5b9;
	unsigned taken = 0;
	(void)state;

	nx_emergency_index(&emergency);
	for (int round = 0; round < 200000; round++) {
		uint8_t text[64] = "sip:";
		size_t len =
			4 + (size_t)sprintf((char *)text + 4, "%s", begin[next_random(&x) % 8]);
		struct nx_plan plan = round % 3 ? uk : no_plan;
		struct nx_key quick = {0}, slow = {0};
		struct nx_uri uri;
		unsigned reason;

		for (unsigned n = next_random(&x) % 16; n--;)
			text[len++] = (uint8_t)('0' + next_random(&x) % 10);
		len += (size_t)sprintf((char *)text + len, "%s@192.0.2.10%s",
			end[next_random(&x) % 5], next_random(&x) % 2 ? ";user=phone" : "");
		plan.max_digits = (uint8_t)(12 + next_random(&x) % 6);
		if (round % 2)
			nx_plan_index(&plan);
		assert_int_equal(nx_uri_parse(text, (struct nx_span){0, (uint16_t)len}, &uri),
			NX_R_UNDECIDED);
		reason = nx_key_from_uri(text, &uri, PHONE, &plan, &emergency, &quick);
		uri.dialled = 0;
		if (nx_key_from_uri(text, &uri, PHONE, &plan, &listed, &slow) != reason)
			fail_msg("%s: %s", (const char *)text, reason_name(reason));
		if (reason == NX_R_UNDECIDED) {
			taken++;
			assert_int_equal(quick.kind, slow.kind);
			assert_int_equal(quick.len, slow.len);
			assert_memory_equal(quick.text, slow.text, slow.len);
		}
	}
	assert_in_range(taken, 50000, 150000);
}

static void rule_34_ported_and_trunked_numbers_pass(void **state)
{
	static const char *const uris[] = {"tel:+442079460000;npdi;rn=+447700900000",
		"sip:+442079460000;rn=447700900000;npdi@h;user=phone",
		"sip:+442079460000;cic=+1-6789@h",
		"sip:+442079460000;tgrp=tg1;trunk-context=example.com@h",
		"sip:+442079460000@h;TGRP=tg1", "sip:02079460000;Rn=1@h"};
	(void)state;

	EACH(uris, uri)
	assert_passes(*uri, PHONE, NX_R_PORTABILITY);
	assert_number("tel:+442079460000;npdi", PHONE, "+442079460000");
}

/* ---- what passes before any table ---- */

static void rule_10_emergency_numbers_in_every_dress(void **state)
{
	static const char *const uris[] = {"sip:112@h", "sip:999:pw@h", "sip:%3112@h",
		"sip:1-1-2@h", "sips:112@[2001:db8::1];user=phone", "tel:112", "tel:1-1-2",
		"sip:112;phone-context=+44@h", "tel:112;phone-context=example.com",
		"tel:911;phone-context=+1-212", "sip:0112@h", "sip:00112@h", "sip:+112@h",
		"sip:+44112@h", "sip:+44(0)112@h", "tel:+1-911", "sip:0044112@h",
		"sip:112@h;user=dialstring", "sip:112;rn=+44@h", "sip:112;ext=1@h", "sip:112;x@h",
		"sip:112@h;phone-context=x"};
	(void)state;

	EACH(uris, uri)
	{
		assert_passes(*uri, PHONE, NX_R_EMERGENCY);
		assert_passes(*uri, NAMES, NX_R_EMERGENCY);
	}
}

static void rule_10_what_the_plan_makes_an_emergency_number_passes(void **state)
{
	(void)state;
	assert_passes("sip:080999@h", PHONE, NX_R_EMERGENCY); /* +448, 0, 999 */
	assert_passes("sip:+4480999@h", PHONE, NX_R_EMERGENCY);
	assert_number("sip:081999@h", PHONE, "+4481999");
}

static void rule_10_not_other_users(void **state)
{
	(void)state;
	assert_name("sip:1120@h", "1120");
	assert_name("sip:112a@h", "112a");
	assert_key("sip:112%00@h", NAMES, &uk, NX_KEY_NAME, "112\0", 4);
}

static void rule_11_no_user_passes(void **state)
{
	static const char *const uris[] = {
		"sip:example.com", "sip:@h", "sips:[::1]:5061", "tel:", "sip:h;user=phone"};
	(void)state;

	EACH(uris, uri)
	{
		assert_passes(*uri, PHONE, NX_R_NO_USER);
		assert_passes(*uri, NAMES, NX_R_NO_USER);
	}
	assert_name("sip:-@h", "-");
}

static void rule_06_contacts_and_headers_pass(void **state)
{
	static const char *const uris[] = {"sip:alice@h;gr", "sip:alice@h;gr=urn:uuid:f81d",
		"sip:+442079460000@h;lr", "sip:alice@h;maddr=192.0.2.1",
		"sip:alice@h?Replaces=x%40y", "sip:h;lr"};
	(void)state;

	EACH(uris, uri)
	{
		assert_passes(*uri, PHONE, NX_R_DIALOG_TARGET);
		assert_passes(*uri, NAMES, NX_R_DIALOG_TARGET);
	}
	assert_name("sip:gr;lr@maddr", "gr;lr");
}

/* ---- table rows ---- */

static void assert_row(const char *text, bool digits_are_names, enum nx_row_err expected)
{
	struct nx_key key;

	if (nx_key_from_row(text, strlen(text), digits_are_names, &key) != expected)
		fail_msg("row '%s'", text);
}

static void rows_are_numbers_in_global_form_or_names(void **state)
{
	static const struct {
		const char *text, *key;
		enum nx_key_kind kind;
	} rows[] = {{"+442079460000", "+442079460000", NX_KEY_NUMBER},
		{"+44 20 7946-0000", "+442079460000", NX_KEY_NUMBER},
		{"+44 (20) 7946.0000", "+442079460000", NX_KEY_NUMBER}, {"+1", "+1", NX_KEY_NUMBER},
		{"alice", "alice", NX_KEY_NAME}, {"Alice%20B", "Alice%20B", NX_KEY_NAME},
		{"a+b", "a+b", NX_KEY_NAME}, {"1001", "1001", NX_KEY_NAME},
		{"123456", "123456", NX_KEY_NAME},
		{"1234567890123456", "1234567890123456", NX_KEY_NAME},
		{"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", NX_KEY_NAME}};
	struct nx_key key;
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(nx_key_from_row(rows[i].text, strlen(rows[i].text), false, &key),
			NX_ROW_OK);
		assert_int_equal(key.kind, rows[i].kind);
		assert_int_equal(key.len, strlen(rows[i].key));
		assert_memory_equal(key.text, rows[i].key, key.len);
	}
}

static void rows_that_would_never_match_are_refused(void **state)
{
	char text[NX_KEY_MAX + 2] = {0};
	(void)state;

	assert_row("", false, NX_ROW_EMPTY);
	assert_row("+", false, NX_ROW_BAD_NUMBER);
	assert_row("+44x", false, NX_ROW_BAD_NUMBER);
	assert_row("++44", false, NX_ROW_BAD_NUMBER);
	assert_row("+0442079460000", false, NX_ROW_BAD_NUMBER);
	assert_row("+123456789012345", false, NX_ROW_OK);
	assert_row("+1234567890123456", false, NX_ROW_BAD_NUMBER);
	assert_row("+442079460000", true, NX_ROW_OK);
	assert_row("1234567", false, NX_ROW_BARE_DIGITS);
	assert_row("123456789012345", false, NX_ROW_BARE_DIGITS);
	assert_row("020 7946-0000", false, NX_ROW_BARE_DIGITS);
	assert_row("02079460000", true, NX_ROW_OK);
	assert_row("a\tb", false, NX_ROW_CONTROL_BYTE);
	assert_row("a\x7f", false, NX_ROW_CONTROL_BYTE);
	assert_row("+44\r", false, NX_ROW_CONTROL_BYTE);
	memset(text, 'a', NX_KEY_MAX);
	assert_row(text, false, NX_ROW_OK);
	text[NX_KEY_MAX] = 'a';
	assert_row(text, false, NX_ROW_TOO_LONG);
	assert_int_equal(
		nx_key_from_row("a\0b", 3, false, &(struct nx_key){0}), NX_ROW_CONTROL_BYTE);
	assert_int_equal(nx_key_from_row("abc", 2, false, &(struct nx_key){0}), NX_ROW_OK);
}

/* What an operator loads is what a caller's URI finds. */
static void rule_31_rows_and_uris_meet(void **state)
{
	static const struct {
		const char *row, *uri;
	} rows[] = {{"+44 20 7946 0000", "sip:02079460000@h;user=phone"},
		{"alice", "sip:%61lice@h"}, {"1001", "sip:1001@h"},
		{"02079460000", "sip:02079460000@h"}, {"a b", "sip:a%20b@h"},
		{"a;b=c", "sip:a;b=c@h"}};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nx_key row, uri;

		assert_int_equal(
			nx_key_from_row(rows[i].row, strlen(rows[i].row), true, &row), NX_ROW_OK);
		assert_int_equal(key_of(rows[i].uri, NAMES, &uk, &uri), NX_R_UNDECIDED);
		assert_int_equal(row.kind, uri.kind);
		assert_int_equal(row.len, uri.len);
		assert_memory_equal(row.text, uri.text, row.len);
	}
}

static void every_row_error_says_what_to_do(void **state)
{
	(void)state;
	for (int e = NX_ROW_OK; e <= NX_ROW_CONTROL_BYTE; e++)
		for (int k = NX_ROW_OK; k < e; k++)
			assert_string_not_equal(nx_row_err_text((enum nx_row_err)e),
				nx_row_err_text((enum nx_row_err)k));
	assert_non_null(strstr(nx_row_err_text(NX_ROW_BARE_DIGITS), "--digits-are-names"));
	assert_non_null(strstr(nx_row_err_text(NX_ROW_BAD_NUMBER), "1 to 15 digits"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_31_a_name_is_the_user_decoded_once),
		cmocka_unit_test(rule_31_an_escaped_nul_does_not_cut),
		cmocka_unit_test(rule_31_a_user_that_fits_no_key_passes),
		cmocka_unit_test(rule_31_equivalent_uris_give_equal_keys_and_others_do_not),
		cmocka_unit_test(rule_32_numbers_in_every_dress_are_one_key),
		cmocka_unit_test(rule_32_what_is_not_plainly_a_number_passes),
		cmocka_unit_test(rule_32_a_local_number_needs_a_context_that_is_certain),
		cmocka_unit_test(rule_32_a_local_tel_number_without_context_passes),
		cmocka_unit_test(rule_32_extensions_and_subaddresses_are_others),
		cmocka_unit_test(rule_33_what_the_plan_refuses_passes),
		cmocka_unit_test(rule_33_canonicalising_twice_is_once),
		cmocka_unit_test(rule_33_a_number_at_a_glance_is_the_number_read_slowly),
		cmocka_unit_test(rule_34_ported_and_trunked_numbers_pass),
		cmocka_unit_test(rule_10_emergency_numbers_in_every_dress),
		cmocka_unit_test(rule_10_what_the_plan_makes_an_emergency_number_passes),
		cmocka_unit_test(rule_10_not_other_users),
		cmocka_unit_test(rule_11_no_user_passes),
		cmocka_unit_test(rule_06_contacts_and_headers_pass),
		cmocka_unit_test(rows_are_numbers_in_global_form_or_names),
		cmocka_unit_test(rows_that_would_never_match_are_refused),
		cmocka_unit_test(rule_31_rows_and_uris_meet),
		cmocka_unit_test(every_row_error_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
