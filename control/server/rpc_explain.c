/* explain: what would become of a request for a URI, judged by the workers' own code, and which
 * step of the verdict decided, in a sentence. plan.test: the same of a number alone: which plan
 * reads it, step by step, and what key it makes. */
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

/* read_where reads what both methods ask alike: the policy, the service, and from where. */
static int read_where(struct nx_call *call, const struct nx_policy **policy, int32_t *service,
	struct nx_addr *source)
{
	const struct nx_policy *p = nx_engine_policy(call->server->engine);
	const char *from = nx_call_string(call, "from");

	if (!p)
		return nx_fail(&call->err, NX_ERR_BUSY,
			"no policy is published yet: everything passes; try again");
	*policy = p;
	*service = find_service(p, nx_call_string(call, "service"), &call->err);
	if (*service < 0)
		return *service;
	if (!from)
		*source = unlisted_address(p);
	else if (nx_addr_parse(from, source) != 0)
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
	const json_t *uri = json_object_get(call->request->params, "uri");
	struct nx_explain_query query = {
		.uri = json_string_value(uri),
		.uri_len = json_string_length(uri),
		.method = nx_call_string(call, "method"),
	};
	const struct nx_policy *p;
	struct nx_explanation x;
	int ret;

	if ((ret = read_where(call, &p, &query.service, &query.source)) ||
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

/* ---- plan.test ---- */

/* add_step takes n characters off the front, and tells so. */
static void add_step(json_t *steps, const char *name, const char **rest, size_t n)
{
	(void)json_array_append_new(steps,
		json_pack("{s:s, s:s%, s:s}", "step", name, "digits", *rest, n, "rest", *rest + n));
	*rest += n;
}

static const char *form_name(const struct nx_plan *plan, uint8_t form)
{
	static const char *const bare[] = {"bare-pass", "bare-national", "bare-global"};

	switch (form) {
	case NX_FORM_GLOBAL:
		return "global";
	case NX_FORM_INTERNATIONAL:
		return "international";
	case NX_FORM_NATIONAL:
		return "national";
	case NX_FORM_AMBIGUOUS:
		return "ambiguous";
	default:
		return bare[plan->bare];
	}
}

static bool is_national(const struct nx_plan *plan, const struct nx_plan_reading *r)
{
	return r->form == NX_FORM_NATIONAL ||
	       (r->form == NX_FORM_BARE && plan->bare == NX_BARE_NATIONAL);
}

/* An emergency number is one before any plan is asked. */
static json_t *steps_to_json(const struct nx_number_explanation *x)
{
	const struct nx_plan_reading *r = &x->reading;
	const char *rest = x->dialled;
	json_t *steps = json_array();

	if (!*rest || x->reason == NX_R_EMERGENCY)
		return steps;
	if (r->form == NX_FORM_STRIPPED) {
		add_step(steps, "strip", &rest, strlen(rest));
		return steps;
	}
	if (r->strip)
		add_step(steps, "strip", &rest, r->strip);
	if (r->carrier)
		add_step(steps, "carrier", &rest, r->carrier);
	add_step(steps, form_name(x->plan, r->form), &rest, r->prefix);
	if (is_national(x->plan, r) && x->plan->country_code.len)
		(void)json_array_append_new(steps,
			json_pack("{s:s, s:s, s:s+}", "step", "country-code", "digits",
				x->plan->country_code.d, "rest", x->plan->country_code.d, rest));
	return steps;
}

/* What about the plan makes no global number of it (NX_R_PLAN). */
static const char *why_no_global(const struct nx_number_explanation *x)
{
	const struct nx_plan *plan = x->plan;
	const struct nx_plan_reading *r = &x->reading;
	const bool national = is_national(plan, r);
	const size_t digits = strlen(x->dialled) - r->strip - r->carrier - r->prefix;

	if (r->form == NX_FORM_STRIPPED)
		return "nothing is left behind the digits to strip";
	if (r->form == NX_FORM_AMBIGUOUS)
		return "its prefix is international and national at once";
	if (r->form == NX_FORM_BARE && plan->bare == NX_BARE_PASS)
		return "it begins with no prefix of the plan, and such digits pass (bare: pass)";
	if (national && !plan->country_code.len)
		return "it is national, and the plan has no country_code";
	if (digits == 0)
		return "nothing follows its prefix";
	return digits + (national ? plan->country_code.len : 0) > plan->max_digits
		       ? "it is longer than the plan's max_digits"
		       : "it has a 0 where no global number has one";
}

/* why_not says in a few words why the number passes. */
static const char *why_not(const struct nx_number_explanation *x)
{
	switch (x->reason) {
	case NX_R_PLAN:
		return why_no_global(x);
	case NX_R_SHORT_NUMBER:
		return "it is shorter than the plan's min_digits";
	case NX_R_EMERGENCY:
		return "it is an emergency number";
	default:
		return nx_reason_info(x->reason)->text;
	}
}

static int test_plan(struct nx_call *call)
{
	const json_t *number = json_object_get(call->request->params, "number");
	struct nx_number_query query = {
		.number = json_string_value(number), .len = json_string_length(number)};
	struct nx_number_explanation x;
	const struct nx_policy *p;
	bool made;
	int ret = read_where(call, &p, &query.service, &query.source);

	if (ret)
		return ret;
	nx_explain_number(p, &query, &x);
	made = x.reason == NX_R_UNDECIDED;
	call->result = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o, s:o, s:s?, s:s?}", "service",
		p->services[query.service].name, "class", p->classes[x.source_class].name, "plan",
		*x.plan->name ? x.plan->name : NULL, "plan_of",
		x.plan_of_class ? "class"
		: *x.plan->name ? "service"
				: NULL,
		"dialled", *x.dialled ? x.dialled : NULL, "steps", steps_to_json(&x), "key",
		made ? nx_json_text((const char *)x.key.text, x.key.len) : json_null(), "reason",
		made ? NULL : nx_reason_info(x.reason)->name, "text", made ? NULL : why_not(&x));
	return 0;
}

const struct nx_method nx_rpc_explain[] = {
	{"explain", explain, 0,
		{NX_TEXT("uri", true), NX_TEXT("from", false), NX_TEXT("service", false),
			NX_TEXT("method", false)}},
	{"plan.test", test_plan, 0,
		{NX_TEXT("number", true), NX_TEXT("from", false), NX_TEXT("service", false)}},
	{0},
};
