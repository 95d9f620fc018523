/* Assertions on the SIP parser. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"
#include "tests/unit/guard.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"
#include "tests/unit/sip_plain.h"

static struct guard guard;
struct nx_sip checked;
const uint8_t *checked_msg;

const char *sip_check_reason(unsigned reason)
{
	return reason < NX_REASON_COUNT ? nx_reason_info(reason)->name : "undecided";
}

unsigned check_parse(const void *data, size_t len)
{
	struct nx_sip other;
	uint16_t off = 0, other_off = 0;
	unsigned reason;

	memset(&checked, 0, sizeof(checked));
	memset(&other, 0, sizeof(other));
	assert_int_equal(nx_sip_parse(guard_head(&guard, data, len), len, &other, &other_off),
		sip_parse_plain(guard_head(&guard, data, len), len, &checked, &off));
	assert_memory_equal(&checked, &other, sizeof(checked));
	assert_int_equal(off, other_off);
	assert_true(off <= len);
	checked_msg = guard_tail(&guard, data, len);
	reason = nx_sip_parse(checked_msg, len, &other, &other_off);
	assert_memory_equal(&checked, &other, sizeof(checked));
	assert_int_equal(reason, sip_parse_plain(checked_msg, len, &checked, &off));
	return reason;
}

void expect_span(struct nx_span span, const char *text)
{
	assert_true(span.off != 0);
	assert_int_equal(span.len, strlen(text));
	assert_memory_equal(checked_msg + span.off, text, span.len);
}

void expect_with(unsigned reason, const char *from, const char *to)
{
	struct sample s;

	sample_request(&s, "INVITE", "sip:callee@example.net", "");
	sample_replace(&s, from, to);
	expect(reason, s.text, s.len);
}

void expect_extra(unsigned reason, const char *lines)
{
	struct sample s;

	sample_request(&s, "INVITE", "sip:callee@example.net", lines);
	expect(reason, s.text, s.len);
}

int sip_check_setup(void **state)
{
	(void)state;
	guard_init(&guard);
	return 0;
}

int sip_check_teardown(void **state)
{
	(void)state;
	guard_fini(&guard);
	return 0;
}
