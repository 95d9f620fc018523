/* The three readings of a request, brought to one form and laid beside each other. */
#include "tests/fuzz/reference.h"

#include <stdlib.h>
#include <strings.h>

#include "dataplane/core/uri.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/reference_parsers.h"

#define OURS       REFERENCE_PARSERS
#define READINGS   (REFERENCE_PARSERS + 1)
#define USERS      2 /* that of the Request-URI and that of To */
#define BIT(id)    (1u << REFERENCE_##id)
#define HOSTS      (BIT(HOST) | BIT(TO_HOST) | BIT(VIA_HOST))
#define BOTH_USERS (BIT(USER) | BIT(TO_USER))
#define NUMBERS    (BIT(PORT) | BIT(CSEQ_NUMBER) | BIT(VIA_PORT) | BIT(VIA_RPORT))
#define TEXT_MAX   65536

struct reference {
	struct reference_osip *osip;
	struct reference_sofia *sofia;
	struct reference_number cseq, via_count, port, via_port;
	char decoded[READINGS][USERS][TEXT_MAX];
};

struct reference *reference_create(void)
{
	struct reference *r = malloc(sizeof(*r));

	if (!r)
		abort();
	r->osip = reference_osip_create();
	r->sofia = reference_sofia_create();
	return r;
}

void reference_destroy(struct reference *r)
{
	reference_osip_destroy(r->osip);
	reference_sofia_destroy(r->sofia);
	free(r);
}

const char *reference_parser_name(enum reference_parser parser)
{
	return parser == REFERENCE_OSIP ? "libosip2" : "libsofia-sip-ua";
}

const char *reference_field_name(enum reference_field field)
{
	static const char *const name[REFERENCE_FIELD_COUNT] = {
#define REFERENCE_NAME(id, name) name,
		REFERENCE_FIELDS(REFERENCE_NAME)
#undef REFERENCE_NAME
	};

	return name[field];
}

/* ---- one form ---- */

static bool is_hex(char c)
{
	return strchr("0123456789abcdefABCDEF", c) && c;
}

static unsigned hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* decode writes the text to `to` with every %HH decoded once. */
static struct reference_text decode(struct reference_text text, char to[TEXT_MAX])
{
	size_t n = 0;

	if (!text.at || text.len >= TEXT_MAX || !memchr(text.at, '%', text.len))
		return text;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '%' && text.len - i > 2 && is_hex(text.at[i + 1]) &&
			is_hex(text.at[i + 2])) {
			to[n++] = (char)(hex(text.at[i + 1]) << 4 | hex(text.at[i + 2]));
			i += 2;
		} else {
			to[n++] = text.at[i];
		}
	return (struct reference_text){to, n};
}

static struct reference_text without_brackets(struct reference_text host)
{
	if (host.at && host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		return (struct reference_text){host.at + 1, host.len - 2};
	return host;
}

static struct reference_text without_zeros(struct reference_text number)
{
	while (number.at && number.len > 1 && number.at[0] == '0') {
		number.at++;
		number.len--;
	}
	return number;
}

static void unify(struct reference_text *field)
{
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++) {
		if (HOSTS >> i & 1)
			field[i] = without_brackets(field[i]);
		if (NUMBERS >> i & 1)
			field[i] = without_zeros(field[i]);
		if (BOTH_USERS >> i & 1 && field[i].len == 0)
			field[i].at = NULL;
	}
}

void reference_read(struct reference *r, enum reference_parser parser, const uint8_t *msg,
	size_t len, struct reference_reading *out)
{
	memset(out, 0, sizeof(*out));
	if (parser == REFERENCE_OSIP)
		reference_osip_read(r->osip, msg, len, out);
	else
		reference_sofia_read(r->sofia, msg, len, out);
	if (parser == REFERENCE_SOFIA) { /* the other has done it */
		out->field[REFERENCE_USER] =
			decode(out->field[REFERENCE_USER], r->decoded[parser][0]);
		out->field[REFERENCE_TO_USER] =
			decode(out->field[REFERENCE_TO_USER], r->decoded[parser][1]);
	}
	unify(out->field);
}

/* ---- our reading ---- */

static struct reference_text text(const uint8_t *msg, struct nx_span s)
{
	return (struct reference_text){s.off ? (const char *)msg + s.off : NULL, s.len};
}

/* A Via parameter is kept whole, from its ';' on: the value, or "" where there is none. */
static struct reference_text value_of(const uint8_t *msg, struct nx_span param)
{
	struct reference_text t = text(msg, param);
	const char *equals = t.at ? memchr(t.at, '=', t.len) : NULL;

	if (!t.at)
		return t;
	if (!equals)
		return (struct reference_text){"", 0};
	t.len -= (size_t)(equals + 1 - t.at);
	t.at = equals + 1;
	for (; t.len && strchr(" \t\r\n", *t.at); t.len--)
		t.at++;
	return t;
}

/* count_values counts the comma-separated values of a row that are not empty. */
static uint32_t count_values(struct reference_text row)
{
	bool quoted = false, empty = true;
	uint32_t n = 0;

	for (size_t i = 0; i < row.len; i++) {
		bool comma = row.at[i] == ',' && !quoted;

		n += comma && !empty;
		empty = comma || (empty && strchr(" \t\r\n", row.at[i]));
		if (quoted && row.at[i] == '\\')
			i++;
		else if (row.at[i] == '"')
			quoted = !quoted;
	}
	return n + !empty;
}

static void our_vias(struct reference *r, const uint8_t *msg, const struct nx_sip *sip,
	struct reference_text *field)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < sip->n_via; i++)
		count += count_values(text(msg, sip->via[i]));
	field[REFERENCE_VIA_COUNT] = reference_number(&r->via_count, count);
	field[REFERENCE_VIA_HOST] = text(msg, sip->sent_host);
	if (sip->sent_port)
		field[REFERENCE_VIA_PORT] = reference_number(&r->via_port, sip->sent_port);
	field[REFERENCE_VIA_BRANCH] = text(msg, sip->branch);
	field[REFERENCE_VIA_RPORT] = value_of(msg, sip->rport);
	field[REFERENCE_VIA_RECEIVED] = value_of(msg, sip->received);
	if (sip->flags & NX_SIP_VIA_MADDR)
		field[REFERENCE_VIA_MADDR] = (struct reference_text){"", 0};
}

void reference_ours(struct reference *r, const uint8_t *msg, const struct nx_sip *sip,
	struct reference_reading *out)
{
	struct reference_text *field = out->field;
	struct nx_uri uri;

	memset(out, 0, sizeof(*out));
	out->verdict = REFERENCE_REQUEST;
	field[REFERENCE_METHOD] = (struct reference_text){
		(const char *)msg, sip->method_text.len}; /* which has offset 0 */
	if (nx_uri_parse(msg, sip->ruri, &uri) == NX_R_UNDECIDED) {
		field[REFERENCE_USER] = decode(text(msg, uri.user), r->decoded[OURS][0]);
		field[REFERENCE_HOST] = text(msg, uri.host);
		if (uri.port)
			field[REFERENCE_PORT] = reference_number(&r->port, uri.port);
	}
	if (nx_uri_parse(msg, sip->to_uri, &uri) == NX_R_UNDECIDED) {
		field[REFERENCE_TO_USER] = decode(text(msg, uri.user), r->decoded[OURS][1]);
		field[REFERENCE_TO_HOST] = text(msg, uri.host);
	}
	field[REFERENCE_FROM_TAG] = text(msg, sip->from_tag);
	if (sip->flags & NX_SIP_TO_TAG)
		field[REFERENCE_TO_TAG] = text(msg, sip->to_tag);
	field[REFERENCE_CALL_ID] = text(msg, sip->call_id);
	field[REFERENCE_CSEQ_NUMBER] = reference_number(&r->cseq, sip->cseq_number);
	field[REFERENCE_CSEQ_METHOD] = field[REFERENCE_METHOD];
	our_vias(r, msg, sip, field);
	unify(field);
}

/* ---- comparison ---- */

static bool same(struct reference_text a, struct reference_text b, unsigned field)
{
	if (!a.at || !b.at || field == REFERENCE_VIA_MADDR) /* of which we know no more */
		return !a.at == !b.at;
	if (a.len != b.len)
		return false;
	return HOSTS >> field & 1 ? strncasecmp(a.at, b.at, a.len) == 0
				  : memcmp(a.at, b.at, a.len) == 0;
}

/* A URI in To that we do not read, or that names nobody, decides nothing. */
static unsigned not_read(const struct reference_reading *ours)
{
	return ours->field[REFERENCE_TO_USER].at || ours->field[REFERENCE_TO_HOST].at
		       ? 0
		       : BIT(TO_USER) | BIT(TO_HOST);
}

unsigned reference_differences(
	const struct reference_reading *ours, const struct reference_reading *theirs)
{
	unsigned differs = 0;

	if (theirs->verdict != REFERENCE_REQUEST)
		return REFERENCE_REJECTED;
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++)
		if (!same(ours->field[i], theirs->field[i], i))
			differs |= 1u << i;
	return differs & ~not_read(ours);
}

bool reference_compare(struct reference *r, const uint8_t *msg, size_t len,
	const struct nx_sip *sip, struct reference_finding *out)
{
	bool found = false;

	memset(out, 0, sizeof(*out));
	reference_ours(r, msg, sip, &out->ours);
	for (unsigned i = 0; i < REFERENCE_PARSERS; i++) {
		reference_read(r, i, msg, len, &out->theirs[i]);
		out->differs[i] = reference_differences(&out->ours, &out->theirs[i]);
		if (out->differs[i])
			out->excuses[i] = reference_explain(r, i, msg, len, sip, out);
	}
	/* only the other one's reading can show that it is a fault */
	if (out->excuses[0] & out->excuses[1] & REFERENCE_OWN_FAULTS &&
		reference_same_place(r, msg, len, sip, out))
		out->excused[0] = out->excused[1] = 0;
	for (unsigned i = 0; i < REFERENCE_PARSERS; i++) {
		out->excused[i] |= reference_faults(i, msg, sip, out, &out->excuses[i]);
		found |= out->differs[i] != out->excused[i];
	}
	return found;
}
