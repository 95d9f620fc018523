/* Target: the SIP parser. Every compiled path must read a datagram alike, and what it accepts must
 * be what it says it is. */
#include <string.h>

#include "dataplane/core/sip_path.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_sound = 1;

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

#define PATCH   3 /* of the input's last bytes: where, 2, and what, 1 */
#define PATCHES 4

/* What the message's stencil takes for a message of its kind must be read alike by the parser: the
 * message's last bytes say what to put where. */
static void check_stencil(const uint8_t *msg, size_t len)
{
	static struct nx_sip_stencil stencil;
	static uint8_t patched[UINT16_MAX];
	struct nx_uri ruri;
	unsigned reason;
	bool fits;

	if (!nx_sip_may_have_stencil(&first))
		return;
	nx_sip_stencil_cut(&stencil, msg, &first);
	memcpy(patched, msg, len);
	for (const uint8_t *p = msg + len - PATCHES * PATCH; p < msg + len; p += PATCH)
		patched[(size_t)(p[0] << 8 | p[1]) % first.header_len] = p[2];
	fits = nx_sip_path(0)->fits(&stencil, patched);
	for (unsigned i = 0; i < NX_SIP_PATHS; i++) {
		if (!nx_sip_path(i))
			continue;
		fuzz_require(nx_sip_path(i)->fits(&stencil, msg), "path %u: not its own", i);
		fuzz_require(nx_sip_path(i)->fits(&stencil, patched) == fits,
			"path %u fits otherwise", i);
	}
	if (!fits)
		return;
	memset(&first, 0, sizeof(first));
	memset(&other, 0, sizeof(other));
	reason = nx_sip_path(0)->parse(patched, len, &first, NULL);
	fuzz_require(reason == (nx_sip_stencil_fill(&stencil, patched, len, &other)
					       ? NX_R_UNDECIDED
					       : NX_R_CONTENT_LENGTH),
		"what fits is judged otherwise");
	fuzz_require(memcmp(&first, &other, sizeof(first)) == 0, "what fits is read otherwise");
	if (!stencil.has_ruri)
		return;
	fuzz_require(nx_uri_parse(patched, first.ruri, &ruri) == NX_R_UNDECIDED &&
			     ruri.flags == stencil.ruri.flags && ruri.port == stencil.ruri.port &&
			     ruri.dialled == stencil.ruri.dialled &&
			     ruri.plain_number == stencil.ruri.plain_number &&
			     memcmp(&ruri.user, &stencil.ruri.user, sizeof(ruri.user)) == 0 &&
			     memcmp(&ruri.host, &stencil.ruri.host, sizeof(ruri.host)) == 0,
		"what fits has another Request-URI");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint16_t off = 0;
	unsigned reason;

	if (len > UINT16_MAX)
		return 0;
	memset(&first, 0, sizeof(first));
	reason = nx_sip_path(0)->parse(data, len, &first, &off);
	fuzz_require(off <= len, "the error lies behind the message");
	for (unsigned i = 1; i < NX_SIP_PATHS; i++) {
		uint16_t other_off = 0;

		if (!nx_sip_path(i))
			continue;
		memset(&other, 0, sizeof(other));
		fuzz_require(nx_sip_path(i)->parse(data, len, &other, &other_off) == reason,
			"path %u gives another reason", i);
		fuzz_require(
			memcmp(&first, &other, sizeof(first)) == 0, "path %u reads otherwise", i);
		fuzz_require(off == other_off, "path %u gives up elsewhere", i);
	}
	fuzz_refused = reason != NX_R_UNDECIDED;
	if (!fuzz_refused) {
		check_accepted(data, len);
		check_stencil(data, len);
	}
	return 0;
}
