/* Target: the SIP parser. Every compiled path must read a datagram alike, and what it accepts must
 * be what it says it is. */
#include <string.h>

#include "dataplane/core/sip_path.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"

static struct nx_sip first, other;

static void inside(struct nx_span s, const char *what)
{
	fuzz_require(s.off + s.len <= first.header_len, "%s ends behind the headers", what);
}

static void needed(struct nx_span s, const char *what)
{
	fuzz_require(s.off && s.len, "%s is missing or empty", what);
	inside(s, what);
}

static void within(struct nx_span s, struct nx_span whole, const char *what)
{
	if (s.off)
		fuzz_require(s.off >= whole.off && s.off + s.len <= whole.off + whole.len,
			"%s is not inside its header", what);
}

/* What the reply and the verdict take for granted of an accepted message. */
static void check_accepted(const uint8_t *msg, size_t len)
{
	uint32_t end = 0;

	fuzz_require(first.header_len >= 4 && first.header_len <= len, "header_len out of range");
	fuzz_require(memcmp(msg + first.header_len - 4, "\r\n\r\n", 4) == 0, "no empty line");
	fuzz_require(first.method_text.off == 0 && first.method_text.len, "no method");
	needed(first.ruri, "Request-URI");
	needed(first.from, "From");
	needed(first.to, "To");
	needed(first.call_id, "Call-ID");
	needed(first.cseq, "CSeq");
	needed(first.sent_by, "sent-by");
	fuzz_require(first.n_via && first.n_via <= NX_SIP_VIA_MAX, "Via rows");
	for (unsigned i = 0; i < first.n_via; i++) {
		needed(first.via[i], "Via");
		fuzz_require(first.via[i].off > end, "Via rows out of order");
		end = first.via[i].off + first.via[i].len;
	}
	for (unsigned i = 0; i < first.n_route; i++)
		needed(first.route[i], "Route");
	within(first.top_via, first.via[0], "top Via");
	within(first.sent_by, first.top_via, "sent-by");
	within(first.sent_host, first.sent_by, "sent-by host");
	within(first.branch, first.top_via, "branch");
	within(first.received, first.top_via, "received");
	within(first.rport, first.top_via, "rport");
	within(first.to_uri, first.to, "To URI");
	within(first.to_tag, first.to, "To tag");
	within(first.from_tag, first.from, "From tag");
	fuzz_require(first.cseq_number <= INT32_MAX, "CSeq too large");
	fuzz_require(!memchr(msg, 0, first.header_len), "a NUL among the headers");
}

static struct nx_sip_habit habit[NX_SIP_PATHS];
static bool habits_made;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint16_t off = 0;
	unsigned reason;

	if (len > UINT16_MAX)
		return 0;
	memset(&first, 0, sizeof(first));
	if (!habits_made) {
		for (unsigned i = 0; i < NX_SIP_PATHS; i++)
			nx_sip_habit_init(&habit[i]);
		habits_made = true;
	}
	reason = nx_sip_path(0)(&habit[0], data, len, &first, &off);
	fuzz_require(off <= len, "the error lies behind the message");
	for (unsigned i = 1; i < NX_SIP_PATHS; i++) {
		if (!nx_sip_path(i))
			continue;
		/* as learned from the inputs before; and as just learned from this one */
		for (unsigned again = 0; again < 2; again++) {
			uint16_t other_off = 0;

			memset(&other, 0, sizeof(other));
			fuzz_require(
				nx_sip_path(i)(&habit[i], data, len, &other, &other_off) == reason,
				"path %u gives another reason", i);
			fuzz_require(memcmp(&first, &other, sizeof(first)) == 0,
				"path %u reads otherwise", i);
			fuzz_require(off == other_off, "path %u gives up elsewhere", i);
		}
	}
	if (reason == NX_R_UNDECIDED)
		check_accepted(data, len);
	return 0;
}
