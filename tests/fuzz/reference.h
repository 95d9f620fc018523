/* Two SIP parsers that we did not write, libosip2 and libsofia-sip-ua, asked about one datagram,
 * and what they read laid beside what we read. All three readings have one form, so that they
 * compare and print alike: a text per field, numbers in decimal without leading zeros.
 *
 * What counts is what a reply depends on. A difference in a request that we would answer is a
 * finding: we would then answer something that another implementation reads as something else.
 * Some are excused, and counted by reason: reference_excuse.c says which and why. */
#ifndef NX_FUZZ_REFERENCE_H
#define NX_FUZZ_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/core/sip.h"

enum reference_parser { REFERENCE_OSIP, REFERENCE_SOFIA, REFERENCE_PARSERS };

/* X(id, name). USER, HOST and PORT are the Request-URI's; VIA_... the first Via value's, where
 * sent-by port and parameters may be absent; VIA_COUNT counts values, not rows. */
#define REFERENCE_FIELDS(X)             \
	X(METHOD, "method")             \
	X(USER, "user")                 \
	X(HOST, "host")                 \
	X(PORT, "port")                 \
	X(FROM_TAG, "From tag")         \
	X(TO_USER, "To user")           \
	X(TO_HOST, "To host")           \
	X(TO_TAG, "To tag")             \
	X(CALL_ID, "Call-ID")           \
	X(CSEQ_NUMBER, "CSeq number")   \
	X(CSEQ_METHOD, "CSeq method")   \
	X(VIA_COUNT, "Via count")       \
	X(VIA_HOST, "Via host")         \
	X(VIA_PORT, "Via port")         \
	X(VIA_BRANCH, "Via branch")     \
	X(VIA_RPORT, "Via rport")       \
	X(VIA_RECEIVED, "Via received") \
	X(VIA_MADDR, "Via maddr")

enum reference_field {
#define REFERENCE_ENUM(id, name) REFERENCE_##id,
	REFERENCE_FIELDS(REFERENCE_ENUM)
#undef REFERENCE_ENUM
		REFERENCE_FIELD_COUNT
};

/* In sets of differences, beside 1 << enum reference_field: the reference does not take it for a
 * request at all. */
#define REFERENCE_REJECTED (1u << REFERENCE_FIELD_COUNT)

struct reference_text {
	const char *at; /* not terminated; NULL: absent */
	size_t len;     /* 0 with at set: there, and empty */
};

enum reference_verdict { REFERENCE_REJECTS, REFERENCE_REQUEST, REFERENCE_RESPONSE };

struct reference_reading {
	enum reference_verdict verdict;
	const char *why; /* where it rejects: what it says, a static string */
	/* as written but for: hosts without brackets, no empty users, and see reference_read */
	struct reference_text field[REFERENCE_FIELD_COUNT];
};

struct reference; /* both parsers, made ready, and the memory of their last readings */

/* reference_create makes both ready; aborts where memory is out. One a process: the libraries have
 * global state.  Thread: any one. */
struct reference *reference_create(void);
void reference_destroy(struct reference *r);

/* reference_read has one of them read a datagram of len <= 65535 bytes.
 * Out:    texts lie in r until the next call for the same parser. The user is the text after one
 *         %HH decoding, for all parsers, as sofia-sip and libosip2 decode by themselves.
 * Cost:   some 10 to 50 us. Neither library is made for hostile input: one that dies, dies here. */
void reference_read(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, struct reference_reading *out);

/* reference_ours writes our own reading in the same form. sip: what nx_sip_parse made of the
 * message, which it accepted.  Texts lie in msg, and in r until the next call. */
void reference_ours(struct reference *r, const uint8_t *msg, const struct nx_sip *sip,
	struct reference_reading *out);

/* reference_differences says which fields of a request two readings see differently: hosts compare
 * regardless of case, all else byte for byte. */
unsigned reference_differences(
	const struct reference_reading *ours, const struct reference_reading *theirs);

/* Reasons for which a difference is no finding. Up to SIMPLER: a reference refuses a message and
 * accepts it, or reads it otherwise and then alike, with the part named made simple. From
 * WHITE_SPACE on they are faults of a reference, and count only where the other one reads as we do.
 */
enum reference_excuse {
	REFERENCE_OTHER_HEADERS,
	REFERENCE_WHITE_SPACE,
	REFERENCE_QUOTED,
	REFERENCE_PASSWORD,
	REFERENCE_SIMPLER,
	REFERENCE_C_STRING = REFERENCE_SIMPLER,
	REFERENCE_JOINED,
	REFERENCE_EXCUSES
};

struct reference_finding {
	struct reference_reading ours, theirs[REFERENCE_PARSERS];
	unsigned differs[REFERENCE_PARSERS]; /* all differences */
	unsigned excused[REFERENCE_PARSERS]; /* those of them that are no finding */
	unsigned excuses[REFERENCE_PARSERS]; /* why: a set of 1 << enum reference_excuse */
};

/* reference_compare reads the message with both and compares.
 * In:     a request that we accepted and, for the result to be a finding, would answer.
 * Return: whether any difference is left that is not excused. */
bool reference_compare(struct reference *r, const uint8_t *msg, size_t len,
	const struct nx_sip *sip, struct reference_finding *out);

/* reference_excuse_text says it in a line, with the section of the RFC. */
const char *reference_excuse_text(enum reference_excuse excuse);

const char *reference_parser_name(enum reference_parser parser);
const char *reference_field_name(enum reference_field field);

#endif
