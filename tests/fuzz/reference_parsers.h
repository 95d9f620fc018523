/* Between reference.c and its two parsers: each reads a datagram into texts as the library has
 * them, and reference.c brings those to one form. */
#ifndef NX_FUZZ_REFERENCE_PARSERS_H
#define NX_FUZZ_REFERENCE_PARSERS_H

#include <stdio.h>
#include <string.h>

#include "tests/fuzz/reference.h"

/* Each keeps its last message until the next call or _destroy. */
struct reference_osip *reference_osip_create(void);
void reference_osip_destroy(struct reference_osip *o);
void reference_osip_read(
	struct reference_osip *o, const uint8_t *msg, size_t len, struct reference_reading *out);

struct reference_sofia *reference_sofia_create(void);
void reference_sofia_destroy(struct reference_sofia *s);
void reference_sofia_read(
	struct reference_sofia *s, const uint8_t *msg, size_t len, struct reference_reading *out);

static inline struct reference_text reference_string(const char *s)
{
	return (struct reference_text){s, s ? strlen(s) : 0};
}

/* Excuses by a simpler message that are faults of the parser. */
#define REFERENCE_OWN_FAULTS \
	(1u << REFERENCE_WHITE_SPACE | 1u << REFERENCE_QUOTED | 1u << REFERENCE_PASSWORD)

/* Numbers that a library gives as numbers. */
struct reference_number {
	char text[12];
};

static inline struct reference_text reference_number(struct reference_number *n, uint32_t value)
{
	snprintf(n->text, sizeof(n->text), "%u", value);
	return reference_string(n->text);
}

/* reference_explain finds the parts of a message for which a parser refuses it, or reads it
 * otherwise, by asking again. Where there are any, f->theirs is its reading of the simpler message,
 * and f->excused are the differences that are gone then. Return: a set of excuses, empty where
 * there is none. */
unsigned reference_explain(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, const struct nx_sip *sip, struct reference_finding *f);

/* reference_same_place says whether both parsers, each excused for a fault of the same kind, have
 * it about the same white space or the same quoted text: then nobody reads that as we do. Tried by
 * making all the others simple.
 * In:     f: as reference_explain left it, for both.  Return: also true where it cannot tell. */
bool reference_same_place(struct reference *r, const uint8_t *msg, size_t len,
	const struct nx_sip *sip, const struct reference_finding *f);

/* reference_faults says which differences of a parser come of a fault of its own, the other parser
 * being one with us; and adds the reasons to *excuses. */
unsigned reference_faults(enum reference_parser parser, const uint8_t *msg,
	const struct nx_sip *sip, const struct reference_finding *f, unsigned *excuses);

#endif
