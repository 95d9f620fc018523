/* Header names: which header a line begins (RFC 3261 section 7.3). First letter and length tell
 * the names that count here apart; the one candidate is then compared whole.
 * For inclusion by sip_message.h and its parts only. */
#ifndef NX_CORE_SIP_HEADER_H
#define NX_CORE_SIP_HEADER_H

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_scan.h"

/* X(header, form, first letter, name in lower case): the long names and the compact ones */
/* clang-format off */
#define HEADER_FORMS(X)                                         \
	X(VIA, VIA, 'v', "via")                                 \
	X(VIA, V, 'v', "v")                                     \
	X(FROM, FROM, 'f', "from")                              \
	X(FROM, F, 'f', "f")                                    \
	X(TO, TO, 't', "to")                                    \
	X(TO, T, 't', "t")                                      \
	X(CALL_ID, CALL_ID, 'c', "call-id")                     \
	X(CALL_ID, I, 'i', "i")                                 \
	X(CSEQ, CSEQ, 'c', "cseq")                              \
	X(MAX_FORWARDS, MAX_FORWARDS, 'm', "max-forwards")      \
	X(CONTENT_LENGTH, CONTENT_LENGTH, 'c', "content-length") \
	X(CONTENT_LENGTH, L, 'l', "l")                          \
	X(ROUTE, ROUTE, 'r', "route")                           \
	X(PROXY_REQUIRE, PROXY_REQUIRE, 'p', "proxy-require")   \
	X(DIALOG, REPLACES, 'r', "replaces")                    \
	X(DIALOG, JOIN, 'j', "join")                            \
	X(DIALOG, TARGET_DIALOG, 't', "target-dialog")          \
	X(RESOURCE_PRIORITY, RESOURCE_PRIORITY, 'r', "resource-priority") \
	X(PRIORITY, PRIORITY, 'p', "priority")                  \
	X(RETARGET, HISTORY_INFO, 'h', "history-info")          \
	X(RETARGET, DIVERSION, 'd', "diversion")
/* clang-format on */

enum header {
	HEADER_OTHER,
	HEADER_VIA,
	HEADER_FROM,
	HEADER_TO,
	HEADER_CALL_ID,
	HEADER_CSEQ,
	HEADER_MAX_FORWARDS,
	HEADER_CONTENT_LENGTH,
	HEADER_ROUTE,
	HEADER_PROXY_REQUIRE,
	HEADER_DIALOG,   /* Replaces, Join, Target-Dialog */
	HEADER_RETARGET, /* History-Info, Diversion */
	HEADER_RESOURCE_PRIORITY,
	HEADER_PRIORITY,
};

enum header_form {
	FORM_NONE,
#define FORM_ENUM(header, form, letter, name) FORM_##form,
	HEADER_FORMS(FORM_ENUM)
#undef FORM_ENUM
};

#define HEADER_LEN_MAX           31
#define HEADER_SLOT(letter, len) ((((unsigned)(letter)&31) << 6) | (unsigned)(len))

static const uint8_t header_slots[32 << 6] = {
#define FORM_SLOT(header, form, letter, name) [HEADER_SLOT(letter, sizeof(name) - 1)] = FORM_##form,
	HEADER_FORMS(FORM_SLOT)
#undef FORM_SLOT
};

static const struct {
	char name[HEADER_LEN_MAX]; /* with the next field, a block of 32 bytes */
	uint8_t header;
} header_forms[] = {
#define FORM_ROW(header, form, letter, name) {name, HEADER_##header},
	{"", HEADER_OTHER}, HEADER_FORMS(FORM_ROW)
#undef FORM_ROW
};

#define MAX_FORWARDS_MAX 255u /* RFC 3261 20.22 */

/* What the lines so far have had, besides what the result says. */
struct parser {
	uint32_t seen; /* ONE(header) of those that came */
	struct nx_sip *sip;
	uint32_t content_length;
};

#define ONE(header) (1u << (header))
#define AT_MOST_ONCE                                                                  \
	(ONE(HEADER_FROM) | ONE(HEADER_TO) | ONE(HEADER_CALL_ID) | ONE(HEADER_CSEQ) | \
		ONE(HEADER_MAX_FORWARDS) | ONE(HEADER_CONTENT_LENGTH))

/* may_come says whether the header may stand where the parser is, and notes that it came. */
static always_inline bool may_come(struct parser *s, enum header header)
{
	if (unlikely(s->seen & ONE(header) & AT_MOST_ONCE))
		return false;
	s->seen |= ONE(header);
	return true;
}

/* header_of names the header whose name is the n bytes at p; v is the block there. */
static always_inline enum header header_of(block v, const uint8_t *p, size_t n)
{
	unsigned form = header_slots[HEADER_SLOT(p[0], n & 63)];

	if (likely(form == FORM_NONE) || n > HEADER_LEN_MAX ||
		!block_is_name(v, p, header_forms[form].name, (unsigned)n))
		return HEADER_OTHER;
	return header_forms[form].header;
}

static slow_path const uint8_t *blanks_end(const uint8_t *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* header_name moves over `name:` and the white space allowed between them (7.3.1). */
static always_inline bool header_name(struct cursor *c, enum header *header)
{
	const uint8_t *name = c->p;
	size_t n;

	open_block(c);
	if (unlikely(!skip_some(c, NX_SIP_TOKEN)))
		return false;
	n = (size_t)(c->p - name);
	if (unlikely(!at(c, ':')))
		c->p = blanks_end(c->p);
	*header = header_of(c->v, name, n);
	return take(c, ':');
}

#endif
