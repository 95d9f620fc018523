/* Header names: which header a line begins (RFC 3261 section 7.3). First letter and length tell
 * the names that count here apart; the one candidate is then compared whole.
 * For inclusion by sip_parse.c only. */
#ifndef NX_CORE_SIP_HEADER_H
#define NX_CORE_SIP_HEADER_H

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
#define HEADER_SLOT(letter, len) ((((unsigned)(letter)&31) << 5) | (unsigned)(len))

static const uint8_t header_slots[32 << 5] = {
#define FORM_SLOT(header, form, letter, name) [HEADER_SLOT(letter, sizeof(name) - 1)] = FORM_##form,
	HEADER_FORMS(FORM_SLOT)
#undef FORM_SLOT
};

static const struct {
	char name[HEADER_LEN_MAX]; /* padded with zeros, read in blocks */
	uint8_t header;
} header_forms[] = {
#define FORM_ROW(header, form, letter, name) {name, HEADER_##header},
	{"", HEADER_OTHER}, HEADER_FORMS(FORM_ROW)
#undef FORM_ROW
};

/* header_of names the header whose name is the n bytes at p. */
static inline enum header header_of(const uint8_t *p, size_t n)
{
	unsigned form = n <= HEADER_LEN_MAX ? header_slots[HEADER_SLOT(p[0], n)] : FORM_NONE;

	return same_text(p, p + n, header_forms[form].name) ? header_forms[form].header
							    : HEADER_OTHER;
}

/* header_name moves over `name:` and the white space allowed between them (7.3.1). */
static always_inline bool header_name(struct cursor *c, enum header *header)
{
	const uint8_t *name = c->p;
	size_t len;

	if (!skip_some(c, NX_SIP_TOKEN))
		return false;
	len = (size_t)(c->p - name);
	while (at(c, ' ') || at(c, '\t'))
		c->p++;
	*header = header_of(name, len);
	return take(c, ':');
}

#if SIP_SSE2
/* The common case: `name:`, a name of letters and '-' shorter than a block. */
static always_inline bool header_name_fast(struct cursor *c, enum header *header)
{
	__m128i v, differ;
	unsigned n, form;

	if (unlikely(c->limit - c->p < 16))
		return false;
	v = load(c->p);
	n = (unsigned)__builtin_ctz(
		(unsigned)_mm_movemask_epi8(_mm_or_si128(letters(v), equal(v, '-'))) ^ 0x1ffff);
	if (unlikely(n - 1 >= 15 || c->p[n] != ':'))
		return false;
	form = header_slots[HEADER_SLOT(c->p[0], n)];
	differ = _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)),
		load((const uint8_t *)header_forms[form].name));
	*header = ~(unsigned)_mm_movemask_epi8(differ) & ((1u << n) - 1)
			  ? HEADER_OTHER
			  : header_forms[form].header;
	c->p += n + 1;
	return true;
}
#else
static always_inline bool header_name_fast(struct cursor *c, enum header *header)
{
	(void)c, (void)header;
	return false;
}
#endif

#endif
