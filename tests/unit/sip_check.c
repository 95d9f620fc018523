/* Assertions on the SIP parser. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dataplane/core/sip_path.h"
#include "nxsip/verdict.h"
#include "tests/unit/guard.h"
#include "tests/unit/sample.h"
#include "tests/unit/sip_check.h"

static struct guard guard;
struct nx_sip checked;
const uint8_t *checked_msg;

const char *sip_check_reason(unsigned reason)
{
	return reason < NX_REASON_COUNT ? nx_reason_info(reason)->name : "undecided";
}

static void same_sip(const struct nx_sip *other)
{
	if (memcmp(other, &checked, sizeof(checked)) != 0) /* far faster than the assertion */
		assert_memory_equal(other, &checked, sizeof(checked));
}

/* agree lays what a path makes of the message at msg beside what the plain path made of it. */
static void agree(
	nx_sip_parse_fn *parse, const uint8_t *msg, size_t len, unsigned reason, uint16_t off)
{
	struct nx_sip other;
	uint16_t other_off = 0;

	memset(&other, 0, sizeof(other));
	assert_int_equal(parse(msg, len, &other, &other_off), reason);
	same_sip(&other);
	assert_int_equal(other_off, off);
}

bool sip_check_same_uri(const struct nx_uri *a, const struct nx_uri *b)
{
	return a->scheme == b->scheme && a->flags == b->flags && a->has_user == b->has_user &&
	       a->plain_number == b->plain_number && a->port == b->port &&
	       a->dialled == b->dialled && memcmp(&a->user, &b->user, sizeof(a->user)) == 0 &&
	       memcmp(&a->host, &b->host, sizeof(a->host)) == 0 &&
	       memcmp(&a->phone_context, &b->phone_context, sizeof(a->phone_context)) == 0 &&
	       (!(a->flags & NX_URI_RN) || memcmp(&a->rn, &b->rn, sizeof(a->rn)) == 0);
}

/* agree_by_stencil does so with what was learned from all messages before, then from this one. */
static void agree_by_stencil(const uint8_t *msg, size_t len, unsigned reason)
{
	static struct nx_sip_stencils stencils;

	for (unsigned i = 0; i < 2; i++) {
		const struct nx_uri *ruri;
		struct nx_sip other;
		struct nx_uri uri;

		memset(&other, 0, sizeof(other));
		assert_int_equal(nx_sip_read(&stencils, 0, msg, len, &other, &ruri), reason);
		same_sip(&other);
		if (!ruri)
			continue;
		assert_int_equal(nx_uri_parse(msg, other.ruri, &uri), NX_R_UNDECIDED);
		assert_true(sip_check_same_uri(ruri, &uri));
	}
}

unsigned check_parse(const void *data, size_t len)
{
	uint16_t off = 0;
	unsigned reason;

	memset(&checked, 0, sizeof(checked));
	checked_msg = guard_head(&guard, data, len);
	reason = nx_sip_path(0)->parse(checked_msg, len, &checked, &off);
	assert_true(off <= len);
	for (unsigned i = 1; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			agree(nx_sip_path(i)->parse, checked_msg, len, reason, off);
	checked_msg = guard_tail(&guard, data, len);
	for (unsigned i = 0; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			agree(nx_sip_path(i)->parse, checked_msg, len, reason, off);
	agree(nx_sip_parse, checked_msg, len, reason, off);
	agree_by_stencil(checked_msg, len, reason);
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
