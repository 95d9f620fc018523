/* Explain a number: which plan reads it on a service, from a source, and what key it makes. The key
 * is made by the workers' own code from a made-up URI, so that the answer cannot differ from what
 * becomes of a call; the plan's steps are told beside it. */
#include <stdio.h>
#include <string.h>

#include "dataplane/core/uri.h"
#include "nxsip/dataplane.h"

/* copy_dialled leaves visual separators (RFC 3966 section 5.1.1) and spaces out; returns the number
 * of characters, 0 where it is no number. */
static size_t copy_dialled(const char *number, size_t len, char out[NX_DIALLED_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char c = number[i];

		if (c && strchr(" -.()", c))
			continue;
		if (n == NX_DIALLED_MAX || !((c >= '0' && c <= '9') || (c == '+' && n == 0)))
			return 0;
		out[n++] = c;
	}
	return n == 1 && out[0] == '+' ? 0 : n;
}

static unsigned make_key(const struct nx_policy *p, const struct nx_plan *plan, const char *dialled,
	struct nx_key *key)
{
	char text[NX_DIALLED_MAX + 32];
	const int len = snprintf(text, sizeof(text), "sip:%s@plan.invalid;user=phone", dialled);
	const uint8_t *msg = (const uint8_t *)text;
	struct nx_uri uri;
	unsigned reason = nx_uri_parse(msg, (struct nx_span){0, (uint16_t)len}, &uri);

	return reason != NX_R_UNDECIDED
		       ? reason
		       : nx_key_from_uri(msg, &uri, NX_SERVICE_PHONE, plan, &p->emergency, key);
}

void nx_explain_number(const struct nx_policy *p, const struct nx_number_query *q,
	struct nx_number_explanation *out)
{
	const struct nx_class *class;
	size_t len;

	memset(out, 0, sizeof(*out));
	out->source_class = nx_policy_class(p, &q->source);
	class = &p->classes[out->source_class];
	out->plan_of_class = class->plan != NULL;
	out->plan = class->plan ? class->plan : p->services[q->service].plan;
	len = copy_dialled(q->number, q->len, out->dialled);
	out->dialled[len] = '\0';
	if (len == 0) {
		out->reason = NX_R_NOT_NUMBER;
		return;
	}
	nx_plan_read(out->plan, out->dialled, len, &out->reading);
	out->reason = (uint8_t)make_key(p, out->plan, out->dialled, &out->key);
}
