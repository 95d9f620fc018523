/* What can become of a packet, and why. Every packet received ends with exactly one reason, and a
 * reason belongs to exactly one verdict: counting reasons counts verdicts.
 * Names are stable: they are what `nxsipctl stats`, `explain` and tests show. Rule numbers are
 * those of the tests (rule_07_...). */
#ifndef NXSIP_VERDICT_H
#define NXSIP_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum nx_verdict {
	NX_PASS,   /* leaves by the other port of the pair, bit for bit */
	NX_404,    /* we answer 404 Not Found */
	NX_604,    /* we answer 604 Does Not Exist Anywhere */
	NX_ABSORB, /* an ACK for our own reply: ends here */
	NX_DROP,   /* nothing leaves */
	NX_VERDICT_COUNT
};

/* X(id, verdict, name, text for a person) */
/* clang-format off */
#define NX_REASONS(X)                                                                              \
	/* not ours to judge */                                                                    \
	X(FROM_CORE, NX_PASS, "from-core", "arrived from the SBC's side")                          \
	X(NOT_IP, NX_PASS, "not-ip", "not IPv4 or IPv6 (ARP, LLDP, ...)")                          \
	X(NOT_UDP, NX_PASS, "not-udp", "not UDP (TCP, ICMP, ...)")                                 \
	X(FRAGMENT, NX_PASS, "fragment", "an IP fragment")                                         \
	X(NOT_SERVICE, NX_PASS, "not-service", "not sent to an address and port of a service")     \
	X(ORIGINATING, NX_PASS, "originating", "the service is originating: callers dial out")     \
	X(BYPASS, NX_PASS, "bypass", "bypass is on: the box is a wire")                            \
	/* rule 2, 12: not sound */                                                                \
	X(TRUNCATED, NX_PASS, "truncated", "headers or lengths do not fit the frame")              \
	X(IP_CHECKSUM, NX_PASS, "ip-checksum", "bad IPv4 header checksum")                         \
	X(UDP_CHECKSUM, NX_PASS, "udp-checksum", "bad UDP checksum")                               \
	X(MARTIAN, NX_PASS, "martian", "multicast, broadcast or impossible address")               \
	X(SELF_SOURCE, NX_PASS, "self-source", "the source is a service address")                  \
	X(REFLECTION, NX_PASS, "reflection", "the reply would go to another protocol's port")      \
	/* rule 3, 13: not a SIP request */                                                        \
	X(KEEPALIVE, NX_PASS, "keepalive", "CRLF or STUN keepalive")                               \
	X(NOT_SIP, NX_PASS, "not-sip", "not a SIP message")                                        \
	X(RESPONSE, NX_PASS, "response", "a SIP response")                                         \
	/* rule 14 to 18: not answerable */                                                        \
	X(BAD_REQUEST_LINE, NX_PASS, "bad-request-line", "malformed request line")                 \
	X(BAD_VERSION, NX_PASS, "bad-version", "version is not SIP/2.0")                           \
	X(BAD_LINE_END, NX_PASS, "bad-line-end", "bare CR, bare LF or NUL among the headers")      \
	X(BAD_HEADER, NX_PASS, "bad-header", "a header line that is not name: value")              \
	X(NO_HEADER_END, NX_PASS, "no-header-end", "no empty line ends the headers")               \
	X(MISSING_HEADER, NX_PASS, "missing-header", "From, To, Call-ID, CSeq or Via is missing")  \
	X(REPEATED_HEADER, NX_PASS, "repeated-header", "a header that may stand once stands twice") \
	X(BAD_VALUE, NX_PASS, "bad-value", "a value out of its grammar or range")                  \
	X(CSEQ_METHOD, NX_PASS, "cseq-method", "CSeq names another method")                        \
	X(CONTENT_LENGTH, NX_PASS, "content-length", "Content-Length beyond the datagram")         \
	X(BAD_VIA, NX_PASS, "bad-via", "malformed top Via")                                        \
	X(VIA_TRANSPORT, NX_PASS, "via-transport", "top Via is not SIP/2.0/UDP")                   \
	X(VIA_MADDR, NX_PASS, "via-maddr", "top Via has maddr")                                    \
	X(TOO_MANY, NX_PASS, "too-many", "more Via or Route lines than nxsip follows")             \
	/* rule 3 to 9: not ours to answer */                                                      \
	X(ACK_UNMATCHED, NX_PASS, "ack-unmatched", "an ACK that is not for a reply of ours")       \
	X(CANCEL, NX_PASS, "cancel", "CANCEL")                                                     \
	X(REGISTER, NX_PASS, "register", "REGISTER")                                               \
	X(OPTIONS, NX_PASS, "options", "OPTIONS")                                                  \
	X(METHOD, NX_PASS, "method", "a method nxsip does not answer")                             \
	X(IN_DIALOG, NX_PASS, "in-dialog", "To tag present: inside a dialog")                      \
	X(DIALOG_TARGET, NX_PASS, "dialog-target", "aimed at a dialog or contact")                 \
	X(ROUTE, NX_PASS, "route", "Route leads elsewhere")                                        \
	X(PROXY_REQUIRE, NX_PASS, "proxy-require", "Proxy-Require present")                        \
	X(MAX_FORWARDS, NX_PASS, "max-forwards", "Max-Forwards is 0")                              \
	/* rule 10, 11, 30 to 34: who is asked for */                                              \
	X(SCHEME, NX_PASS, "scheme", "Request-URI is not sip, sips or tel")                        \
	X(EMERGENCY, NX_PASS, "emergency", "emergency number, priority or callback")               \
	X(SHORT_NUMBER, NX_PASS, "short-number", "fewer digits than any ordinary number")          \
	X(BAD_URI, NX_PASS, "bad-uri", "malformed Request-URI")                                    \
	X(NO_USER, NX_PASS, "no-user", "no user in the Request-URI")                               \
	X(NOT_NUMBER, NX_PASS, "not-number", "not a plain number on a phone service")              \
	X(PLAN, NX_PASS, "plan", "the number plan makes no global number of it")                   \
	X(PORTABILITY, NX_PASS, "portability", "cic or tgrp, or an rn that is not ours")                          \
	X(HOST, NX_PASS, "host", "host not served here")                                           \
	/* the table */                                                                            \
	X(NO_TABLE, NX_PASS, "no-table", "no complete table for the domain yet")                   \
	X(KNOWN, NX_PASS, "known", "the user exists")                                              \
	X(OVERLAP, NX_PASS, "overlap", "shorter than its range's numbers: more digits may come")   \
	X(OPEN, NX_PASS, "open", "unknown, but nothing says that the data are complete here")      \
	X(RULE_PASS, NX_PASS, "rule-pass", "a rule says pass")                                     \
	X(RULE_FAILED, NX_PASS, "rule-failed", "the pattern matcher failed: nothing can be said")  \
	/* would be answered, but */                                                               \
	X(SETTLING, NX_PASS, "settling", "would be answered, but what was passed before is not known") \
	X(IN_TRANSACTION, NX_PASS, "in-transaction", "belongs to a transaction that was passed")   \
	X(MEMORY_OVERFLOW, NX_PASS, "memory-overflow", "may belong to a transaction that was passed") \
	X(SHADOW_404, NX_PASS, "shadow-404", "shadow: would have been 404")                        \
	X(SHADOW_604, NX_PASS, "shadow-604", "shadow: would have been 604")                        \
	X(SHADOW_DROP, NX_PASS, "shadow-drop", "shadow: would have been dropped")                  \
	X(PUBLIC_PASS, NX_PASS, "public-pass", "would be answered, but the source class passes")   \
	X(SYMMETRIC, NX_PASS, "symmetric", "Via names another port than the source's")             \
	X(REPLY_SIZE, NX_PASS, "reply-size", "the reply would be longer than request or MTU")      \
	X(NO_BUFFER, NX_PASS, "no-buffer", "no buffer free for the reply")                         \
	/* answered */                                                                             \
	X(UNKNOWN_NUMBER, NX_404, "unknown-number", "no such number in a complete range")          \
	X(UNKNOWN_NAME, NX_404, "unknown-name", "no such name in a complete domain")               \
	X(GONE_404, NX_404, "gone-404", "gone, told as 404 (no authority, source or retarget)")    \
	X(RULE_404, NX_404, "rule-404", "a rule says 404")                                         \
	X(REGISTER_404, NX_404, "register-404", "REGISTER for a user that does not exist")         \
	X(GONE_604, NX_604, "gone-604", "gone, with authority")                                    \
	X(RULE_604, NX_604, "rule-604", "a rule says 604")                                         \
	/* ended here */                                                                           \
	X(ACK_ABSORBED, NX_ABSORB, "ack-absorbed", "ACK for a reply of ours")                      \
	X(RULE_DROP, NX_DROP, "rule-drop", "a rule says drop")                                     \
	X(PUBLIC_DROP, NX_DROP, "public-drop", "would be answered, but the source class drops")    \
	X(FRAGMENT_DROP, NX_DROP, "fragment-drop", "a fragment whose datagram's first ended here") \
	X(UNANSWERABLE_DROP, NX_DROP, "unanswerable-drop", "malformed, and the source class drops") \
	X(UNANSWERABLE_LIMIT, NX_DROP, "unanswerable-limit", "malformed, and above its sender's limit") \
	X(DIALOG_LIMIT, NX_DROP, "dialog-limit", "in or at a dialog, and above its sender's limit") \
	X(TX_FULL, NX_DROP, "tx-full", "the transmit queue was full or the link down")             \
	X(TX_OVERSIZE, NX_DROP, "tx-oversize", "longer than the other port can send")
/* clang-format on */

enum nx_reason {
#define NX_REASON_ENUM(id, verdict, name, text) NX_R_##id,
	NX_REASONS(NX_REASON_ENUM)
#undef NX_REASON_ENUM
		NX_REASON_COUNT,
	NX_R_UNDECIDED = NX_REASON_COUNT /* inside the pipeline only: a later stage decides */
};

struct nx_reason_info {
	enum nx_verdict verdict;
	const char *name;
	const char *text;
};

/* nx_reason_info describes a reason; r < NX_REASON_COUNT. */
static inline const struct nx_reason_info *nx_reason_info(unsigned r)
{
	static const struct nx_reason_info info[NX_REASON_COUNT] = {
#define NX_REASON_INFO(id, verdict, name, text) {verdict, name, text},
		NX_REASONS(NX_REASON_INFO)
#undef NX_REASON_INFO
	};

	return &info[r];
}

/* nx_reason_is_unanswerable: a fault of a request for which its source class may have it limited or
 * dropped instead of passed (rule 13). */
static inline bool nx_reason_is_unanswerable(unsigned reason)
{
	return reason >= NX_R_BAD_REQUEST_LINE && reason <= NX_R_TOO_MANY;
}

static inline const char *nx_verdict_name(enum nx_verdict v)
{
	static const char *const name[NX_VERDICT_COUNT] = {"pass", "404", "604", "absorb", "drop"};

	return name[v];
}

#endif
