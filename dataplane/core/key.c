/* The canonical key: which user a URI or a table row names (rules 10, 11, 31 to 34).
 *
 * A user is first read as if it were dialled: `+` and digits, %HH decoded once, visual separators
 * gone, up to a raw ';'. What can be read so is tried against the emergency numbers whatever the
 * service is; then kind, scheme and parameters say whether it is a number or a name. A number goes
 * through the plan (plan.c). A name is the whole user, decoded once, with counted length.
 *
 * A local number with phone-context (RFC 3966 section 5.1.5) is joined to it only where the
 * context is the plan's own country code and the digits carry no trunk prefix: the area that a
 * longer context names may be part of the digits too (863-1234 in +1-914-555), and of foreign
 * countries the plan knows no prefixes. Otherwise it passes.
 *
 * A routing number (rn, RFC 4694) says that a ported number was looked up, and which network serves
 * it. One of the plan's own, in global form, brings the call to us: the called number decides. With
 * any other the call is on its way elsewhere.
 * Left out: private numbering (contexts that are domain names), local routing numbers, carriers and
 * trunk groups, ISDN subaddresses and extensions: all of them pass. */
#include "nxsip/key.h"

#include <string.h>

#include "dataplane/core/plan.h"
#include "dataplane/core/uri.h"

#define DIALLED_MAX  63 /* longer digit strings are no numbers */
#define USUAL_MIN    9  /* bytes of a number that is looked at once: longer than emergency ones */
#define USUAL_MAX    16 /* a vector: '+' and E164_MAX digits */
#define E164_MAX     15 /* digits of a global number, ITU-T E.164 */
#define ROW_BARE_MIN 7  /* fewer bare digits in a row are an extension's name */

struct dialled {
	const uint8_t *s; /* '+' and digits, or digits: the user itself, or buf */
	uint32_t len;
	bool has_params; /* a raw ';' ended it */
	uint8_t buf[DIALLED_MAX];
};

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static inline bool is_visual(uint8_t c)
{
	return c == '-' || c == '.' || c == '(' || c == ')';
}

/* copy_dialled is read_dialled for users with separators or escapes. */
static out_of_line bool copy_dialled(const uint8_t *u, uint32_t len, struct dialled *d)
{
	uint32_t i = 0, n = 0;

	while (i < len && !d->has_params) {
		uint32_t from = i;
		uint8_t c = nx_uri_unescape(u, &i);

		if (is_digit(c) || (c == '+' && from == 0)) {
			if (n == DIALLED_MAX)
				return false;
			d->buf[n++] = c;
		} else if (u[from] == ';') {
			d->has_params = true;
		} else if (!is_visual(c)) {
			return false;
		}
	}
	d->s = d->buf;
	d->len = n;
	return n && n > (d->buf[0] == '+');
}

/* read_dialled reads a user, or a phone-context, as a dialled string; false: it is none. It begins
 * with n bytes that are '+' and digits. */
static inline bool read_dialled(const uint8_t *u, uint32_t len, uint32_t n, struct dialled *d)
{
	d->has_params = false;
	if (n < len && u[n] != ';')
		return copy_dialled(u, len, d);
	d->s = u;
	d->len = n;
	d->has_params = n < len;
	return n > (u[0] == '+') && n <= DIALLED_MAX;
}

static bool begins_with_any(const struct dialled *d, const struct nx_digits *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i].len <= d->len && memcmp(d->s, list[i].d, list[i].len) == 0)
			return true;
	return false;
}

/* join_context makes the local number d global; false where that is not certain. */
static out_of_line bool join_context(
	const uint8_t *msg, struct nx_span context, const struct nx_plan *plan, struct dialled *d)
{
	const struct nx_digits *cc = &plan->country_code;
	const uint8_t *u = msg + context.off;
	const uint32_t plus = u[0] == '+', n = plus + nx_uri_digits(u + plus, context.len - plus);
	struct dialled c;

	if (!read_dialled(u, context.len, n, &c) || c.s[0] != '+' || !cc->len ||
		c.len != 1u + cc->len || memcmp(c.s + 1, cc->d, cc->len) != 0)
		return false;
	if (d->s[0] == '+' || d->s[0] == '0' || c.len + d->len > DIALLED_MAX ||
		begins_with_any(d, plan->international, plan->n_international) ||
		begins_with_any(d, plan->national, plan->n_national) ||
		begins_with_any(d, plan->carrier, plan->n_carrier))
		return false;
	memmove(d->buf + c.len, d->s, d->len);
	memcpy(d->buf, c.s, c.len);
	d->s = d->buf;
	d->len += c.len;
	return true;
}

/* number_key takes a dialled string that is no emergency number; where the plan rewrites it, what
 * comes out must be none either, so that a key always means what its own URI means. */
static unsigned number_key(const uint8_t *msg, const struct nx_uri *uri, const struct nx_plan *plan,
	const struct nx_emergency *emergency, struct dialled *d, struct nx_key *key)
{
	const bool rewritten = d->s[0] != '+';
	unsigned reason;

	if (uri->flags & NX_URI_EXTENSION)
		return NX_R_PLAN;
	if (uri->scheme == NX_URI_TEL && rewritten && !uri->phone_context.off)
		return NX_R_PLAN; /* a local number without its context, RFC 3966 section 5.1.4 */
	if (uri->phone_context.off && !join_context(msg, uri->phone_context, plan, d))
		return NX_R_PLAN;
	reason = nx_plan_apply(plan, (const char *)d->s, d->len, key);
	if (rewritten && reason == NX_R_UNDECIDED &&
		nx_emergency_match(emergency, plan, (const char *)key->text, key->len))
		return NX_R_EMERGENCY;
	return reason;
}

/* is_ours_by_rn: no routing number, or one of ours. */
static bool is_ours_by_rn(const uint8_t *msg, const struct nx_uri *uri, const struct nx_plan *plan)
{
	const uint8_t *rn = msg + uri->rn.off;
	struct dialled d;

	if (!(uri->flags & NX_URI_RN))
		return true;
	return uri->rn.len && rn[0] == '+' &&
	       read_dialled(rn, uri->rn.len, 1 + nx_uri_digits(rn + 1, uri->rn.len - 1u), &d) &&
	       nx_plan_owns_routing(plan, (const char *)d.s + 1, d.len - 1);
}

static unsigned name_key(const uint8_t *user, uint32_t len, struct nx_key *key)
{
	uint32_t i = 0, n = 0;

	while (i < len && n < NX_KEY_MAX)
		key->text[n++] = nx_uri_unescape(user, &i);
	if (i < len)
		return NX_R_BAD_URI;
	if (key->text[0] == '+')
		return NX_R_NOT_NUMBER; /* no row can be such a name: + begins numbers */
	key->kind = NX_KEY_NAME;
	key->len = (uint8_t)n;
	return NX_R_UNDECIDED;
}

static out_of_line unsigned any_key(const uint8_t *msg, const struct nx_uri *uri,
	enum nx_service_kind kind, const struct nx_plan *plan, const struct nx_emergency *emergency,
	struct nx_key *key)
{
	const uint8_t *user = msg + uri->user.off;
	struct dialled d;
	bool digits;

	if (uri->flags & (NX_URI_GR | NX_URI_LR | NX_URI_MADDR | NX_URI_HEADERS))
		return NX_R_DIALOG_TARGET;
	if (!uri->has_user)
		return NX_R_NO_USER;
	digits = read_dialled(user, uri->user.len, uri->dialled, &d);
	if (digits && nx_emergency_match(emergency, plan, (const char *)d.s, d.len))
		return NX_R_EMERGENCY;
	if (uri->flags & NX_URI_USER_OTHER)
		return NX_R_NOT_NUMBER;
	if (uri->flags & NX_URI_PORTABILITY || !is_ours_by_rn(msg, uri, plan))
		return NX_R_PORTABILITY;
	if (kind == NX_SERVICE_PHONE || uri->scheme == NX_URI_TEL ||
		uri->flags & NX_URI_USER_PHONE || (digits && d.s[0] == '+'))
		return digits ? number_key(msg, uri, plan, emergency, &d, key) : NX_R_NOT_NUMBER;
	if (digits && (d.has_params || uri->phone_context.off))
		return NX_R_NOT_NUMBER; /* an extension, a number or an odd name? */
	if (uri->flags & NX_URI_RN)
		return NX_R_PORTABILITY; /* a name has no routing number */
	return name_key(user, uri->user.len, key);
}

/* is_usual: is the user "+digits", which the plan takes as they stand? */
static inline bool is_usual(const char *s, const struct nx_uri *uri, const struct nx_plan *plan)
{
	const uint32_t len = uri->dialled;

	return uri->plain_number && len >= USUAL_MIN && len <= USUAL_MAX && s[0] == '+' &&
	       nx_plan_is_global(plan, s + 1, len - 1) &&
	       nx_plan_length(plan, len - 1) == NX_R_UNDECIDED;
}

/* put_usual copies bytes of the URI, too, to behind the key. */
static inline unsigned put_usual(const char *s, const struct nx_uri *uri, struct nx_key *key)
{
	key->kind = NX_KEY_NUMBER;
	key->len = (uint8_t)uri->dialled;
	memcpy(key->text, s, USUAL_MAX);
	return NX_R_UNDECIDED;
}

/* near_key is nx_key_from_uri for a usual number that may be as short as an emergency number. */
static out_of_line unsigned near_key(const uint8_t *msg, const struct nx_uri *uri,
	enum nx_service_kind kind, const struct nx_plan *plan, const struct nx_emergency *emergency,
	struct nx_key *key)
{
	const char *s = (const char *)msg + uri->user.off;

	return nx_emergency_ends_otherwise(emergency, s, uri->dialled)
		       ? put_usual(s, uri, key)
		       : any_key(msg, uri, kind, plan, emergency, key);
}

unsigned nx_key_from_uri(const uint8_t *msg, const struct nx_uri *uri, enum nx_service_kind kind,
	const struct nx_plan *plan, const struct nx_emergency *emergency, struct nx_key *key)
{
	const char *s = (const char *)msg + uri->user.off;

	if (!is_usual(s, uri, plan))
		return any_key(msg, uri, kind, plan, emergency, key);
	return nx_emergency_is_shorter(emergency, plan, s, uri->dialled)
		       ? put_usual(s, uri, key)
		       : near_key(msg, uri, kind, plan, emergency, key);
}

/* ---- table rows ---- */

/* row_digits copies up to E164_MAX digits; returns how many there are, or -1 where there is
 * anything but digits, visual separators and spaces. */
static int row_digits(const char *s, size_t len, uint8_t out[E164_MAX])
{
	int n = 0;

	for (size_t i = 0; i < len && n <= E164_MAX; i++) {
		uint8_t c = (uint8_t)s[i];

		if (is_digit(c)) {
			if (n < E164_MAX)
				out[n] = c;
			n++;
		} else if (!is_visual(c) && c != ' ') {
			return -1;
		}
	}
	return n;
}

static bool has_control_byte(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

static enum nx_row_err number_row(const uint8_t *digits, int n, struct nx_key *key)
{
	if (n < 1 || n > E164_MAX || digits[0] == '0')
		return NX_ROW_BAD_NUMBER;
	key->kind = NX_KEY_NUMBER;
	key->len = (uint8_t)(1 + n);
	key->text[0] = '+';
	memcpy(key->text + 1, digits, (size_t)n);
	return NX_ROW_OK;
}

enum nx_row_err nx_key_from_row(
	const char *s, size_t len, bool digits_are_names, struct nx_key *key)
{
	uint8_t digits[E164_MAX];
	int n;

	if (len == 0)
		return NX_ROW_EMPTY;
	if (has_control_byte(s, len))
		return NX_ROW_CONTROL_BYTE;
	if (len > NX_KEY_MAX)
		return NX_ROW_TOO_LONG;
	if (s[0] == '+')
		return number_row(digits, row_digits(s + 1, len - 1, digits), key);
	n = row_digits(s, len, digits);
	if (n >= ROW_BARE_MIN && n <= E164_MAX && !digits_are_names)
		return NX_ROW_BARE_DIGITS;
	key->kind = NX_KEY_NAME;
	key->len = (uint8_t)len;
	memcpy(key->text, s, len);
	return NX_ROW_OK;
}

const char *nx_row_err_text(enum nx_row_err e)
{
	switch (e) {
	case NX_ROW_OK:
		return "the user is well formed";
	case NX_ROW_EMPTY:
		return "the user is empty: write a number with + and country code, or a name";
	case NX_ROW_TOO_LONG:
		return "the user is longer than 120 bytes: such users always pass, leave it out";
	case NX_ROW_BAD_NUMBER:
		return "a number is + and 1 to 15 digits, the first not 0, as in +442079460000: "
		       "write it in global form, or a name without the +";
	case NX_ROW_BARE_DIGITS:
		return "digits without +: write a number in global form, as in +442079460000, or "
		       "say --digits-are-names if these are names (extensions)";
	case NX_ROW_CONTROL_BYTE:
		return "a control byte or NUL in the user: remove it";
	}
	return "not a user";
}
