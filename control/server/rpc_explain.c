/* explain: what would become of a request for a URI, judged by the workers' own code, and which
 * step of the verdict decided, in a sentence. */
#include "control/server/rpc.h"

#include <string.h>

/* "The verdict, in order": what each step that decides has found. */
static const char *step_text(unsigned step)
{
	static const char *const text[] = {
		NULL,
		"It is an ACK: absorbed if it is for a reply of ours, else passed.",
		"It is not for a service, not sound, not answerable, or not ours to judge: it "
		"passes.",
		"It is an emergency, or asks for nothing that is plainly a user or a number: it "
		"passes before any table is asked.",
		"The domain is not served here: it passes.",
		"The user table knows this user, as existing or as gone: that decides.",
		"A pattern rule matches: its verdict holds.",
		"No table entry and no rule: it is answered only where the number's range or the "
		"domain's names are declared complete.",
		"It would be answered, but belongs to a transaction that was passed: it passes.",
		"It would be answered, but shadow is on for the box, the domain or the rule: it is "
		"counted and passes.",
		"The verdict is decided, and the sender's source class says what becomes of it.",
	};

	return step < sizeof(text) / sizeof(text[0]) && text[step] ? text[step]
								   : "Nothing decided.";
}

/* An address that no prefix of a class covers: of the documentation networks, which no sender
 * has. If all are covered, the first is as good as any. */
static struct nx_addr unlisted_address(const struct nx_policy *p)
{
	static const char *const candidate[] = {
		"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"};
	struct nx_addr a, first;

	(void)nx_addr_parse(candidate[0], &first);
	for (size_t i = 0; i < sizeof(candidate) / sizeof(candidate[0]); i++) {
		(void)nx_addr_parse(candidate[i], &a);
		if (nx_policy_class(p, &a) == 0 && !nx_policy_is_own(p, &a))
			return a;
	}
	return first;
}

static int find_service(const struct nx_policy *p, const char *name, struct nx_error *err)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (name ? strcmp(p->services[i].name, name) == 0 : !p->services[i].originating)
			return (int)i;
	return name ? nx_fail(err, NX_ERR_NOT_FOUND, "there is no service \"%.64s\"", name)
		    : nx_fail(err, NX_ERR_NOT_FOUND, "no service is terminating: none is judged");
}

static int read_query(
	struct nx_call *call, const struct nx_policy *p, struct nx_explain_query *query)
{
	const json_t *uri = json_object_get(call->request->params, "uri");
	const char *from = nx_call_string(call, "from");
	int service = find_service(p, nx_call_string(call, "service"), &call->err);

	if (service < 0)
		return service;
	*query = (struct nx_explain_query){
		.uri = json_string_value(uri),
		.uri_len = json_string_length(uri),
		.method = nx_call_string(call, "method"),
		.service = service,
	};
	if (!from)
		query->source = unlisted_address(p);
	else if (nx_addr_parse(from, &query->source) != 0)
		return nx_fail(&call->err, NX_ERR_INVALID,
			"\"from\" must be an IPv4 or IPv6 address, not \"%.64s\"", from);
	return 0;
}

static json_t *rule_to_json(
	const struct nx_engine *e, const struct nx_policy *p, const struct nx_explanation *x)
{
	const struct nx_store_records *records = nx_engine_records(e);
	uint32_t id;

	if (x->rule < 0 || !p->rules)
		return json_null();
	id = p->rules->rules[x->rule].id;
	for (uint32_t i = 0; i < records->n_rules; i++)
		if (records->rules[i].id == id)
			return json_pack("{s:I, s:s}", "id", (json_int_t)id, "expression",
				records->rules[i].expression);
	return json_null();
}

static json_t *range_to_json(const struct nx_policy *p, const struct nx_explanation *x)
{
	const struct nx_range *r;

	if (x->domain < 0 || x->range < 0)
		return json_null();
	r = &p->domains[x->domain].ranges[x->range];
	return json_pack(
		"{s:s, s:i, s:i}", "prefix", r->prefix, "min", r->min_len, "max", r->max_len);
}

static int explain(struct nx_call *call)
{
	struct nx_engine *e = call->server->engine;
	const struct nx_policy *p = nx_engine_policy(e);
	struct nx_explain_query query;
	struct nx_explanation x;
	int ret;

	if (!p)
		return nx_fail(&call->err, NX_ERR_BUSY,
			"no policy is published yet: everything passes; try again");
	if ((ret = read_query(call, p, &query)) ||
		(ret = nx_engine_explain(e, &query, &x, &call->err)))
		return ret;
	call->result = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s?, s:o, s:s, s:o, s:o}",
		"verdict", nx_verdict_name((enum nx_verdict)x.verdict), "reason",
		nx_reason_info(x.reason)->name, "text", nx_reason_info(x.reason)->text, "step",
		x.step, "step_text", step_text(x.step), "service", p->services[query.service].name,
		"class", p->classes[x.source_class].name, "host_domain",
		x.domain >= 0 ? p->domains[x.domain].name : NULL, "key",
		x.has_key ? nx_json_text((const char *)x.key.text, x.key.len) : json_null(),
		"user_state", nx_rpc_user_state_name(x.user_state), "rule", rule_to_json(e, p, &x),
		"range", range_to_json(p, &x));
	return 0;
}

const struct nx_method nx_rpc_explain[] = {
	{"explain", explain, 0,
		{NX_TEXT("uri", true), NX_TEXT("from", false), NX_TEXT("service", false),
			NX_TEXT("method", false)}},
	{0},
};
