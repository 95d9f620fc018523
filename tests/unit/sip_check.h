/* Assertions on the SIP parser. Every input lies against an unreadable page at either end, and goes
 * every way of the parser that this processor has; all have to agree.
 * Include cmocka.h and what it needs first. */
#ifndef NX_TEST_SIP_CHECK_H
#define NX_TEST_SIP_CHECK_H

#include "dataplane/core/uri.h"

extern struct nx_sip checked;      /* the last result */
extern const uint8_t *checked_msg; /* what its spans point into */

int sip_check_setup(void **state);
int sip_check_teardown(void **state);

/* check_parse returns the reason, having filled checked and checked_msg. */
unsigned check_parse(const void *data, size_t len);

/* sip_check_reason names a reason, also the undecided one. */
const char *sip_check_reason(unsigned reason);

/* sip_check_same_uri compares all that nx_uri_parse says. */
bool sip_check_same_uri(const struct nx_uri *a, const struct nx_uri *b);

#define expect(reason, data, len) \
	assert_string_equal(sip_check_reason(check_parse(data, len)), sip_check_reason(reason))

void expect_span(struct nx_span span, const char *text);

/* expect_with parses the minimal INVITE with `from` replaced by `to`. */
void expect_with(unsigned reason, const char *from, const char *to);

/* expect_extra parses the minimal INVITE with more header lines. */
void expect_extra(unsigned reason, const char *lines);

/* The lines of the minimal INVITE, to be replaced. */
#define VIA     "Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKsample1;rport\r\n"
#define FROM    "From: <sip:caller@example.org>;tag=fromtag1\r\n"
#define TO      "To: <sip:callee@example.net>\r\n"
#define CALL_ID "Call-ID: sample1@192.0.2.1\r\n"
#define CSEQ    "CSeq: 1 INVITE\r\n"
#define HOPS    "Max-Forwards: 70\r\n"

#endif
