/* domain.*, range.*, source.*, rule.*: the tables that an operator keeps by hand. */
#include "control/server/rpc.h"

#include <string.h>

#include "nxsip/verdict.h"

#define LENGTH_MAX 15 /* digits of a global number (E.164) */

/* ---- domains ---- */

static int domain_change(struct nx_call *call,
	int (*change)(struct nx_engine *, const char *, const struct nx_domain_change *, uint64_t *,
		struct nx_error *))
{
	bool authoritative, complete, shadow;
	const struct nx_domain_change c = {
		.authoritative = nx_call_bool_at(call, "authoritative", &authoritative),
		.complete = nx_call_bool_at(call, "complete", &complete),
		.shadow = nx_call_bool_at(call, "shadow", &shadow),
	};
	uint64_t version = 0;
	int ret = change(
		call->server->engine, nx_call_string(call, "name"), &c, &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int domain_add(struct nx_call *call)
{
	return domain_change(call, nx_engine_domain_add);
}

static int domain_set(struct nx_call *call)
{
	return domain_change(call, nx_engine_domain_set);
}

static int domain_del(struct nx_call *call)
{
	uint64_t version = 0;
	int ret = nx_engine_domain_del(call->server->engine, nx_call_string(call, "name"),
		nx_call_bool(call, "force"), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int domain_list(struct nx_call *call)
{
	call->result = json_pack("{s:o}", "domains", nx_rpc_domains(call->server->engine, NULL));
	return 0;
}

/* ---- ranges ---- */

static int range_change(
	struct nx_call *call, int (*change)(struct nx_engine *, const char *, const char *,
				      uint32_t, uint32_t, uint64_t *, struct nx_error *))
{
	uint64_t version = 0;
	int ret = change(call->server->engine, nx_call_string(call, "domain"),
		nx_call_string(call, "prefix"), nx_call_u32(call, "min", 0),
		nx_call_u32(call, "max", 0), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int range_add(struct nx_call *call)
{
	return range_change(call, nx_engine_range_add);
}

static int range_set(struct nx_call *call)
{
	return range_change(call, nx_engine_range_set);
}

static int range_del(struct nx_call *call)
{
	uint64_t version = 0;
	int ret = nx_engine_range_del(call->server->engine, nx_call_string(call, "domain"),
		nx_call_string(call, "prefix"), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int range_list(struct nx_call *call)
{
	const struct nx_engine *e = call->server->engine;
	const struct nx_store_records *records = nx_engine_records(e);
	const char *name = nx_call_string(call, "domain");
	const struct nx_domain_def *only = name ? nx_engine_domain_find(e, name) : NULL;
	json_t *list;

	if (name && !only)
		return nx_fail(&call->err, NX_ERR_NOT_FOUND, "there is no domain \"%.253s\"", name);
	list = json_array();
	for (uint32_t i = 0; i < records->n_ranges; i++) {
		const struct nx_range_def *r = &records->ranges[i];
		const struct nx_domain_def *d = nx_engine_domain_by_id(e, r->domain);

		if (d && (!only || d == only))
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s, s:i, s:i}", "domain", d->name, "prefix",
					      r->range.prefix, "min", r->range.min_len, "max",
					      r->range.max_len));
	}
	call->result = json_pack("{s:o}", "ranges", list);
	return 0;
}

/* ---- source classes and prefixes ---- */

static int source_change(struct nx_call *call, int (*change)(struct nx_engine *, const char *,
						       const char *, uint64_t *, struct nx_error *))
{
	uint64_t version = 0;
	int ret = change(call->server->engine, nx_call_string(call, "prefix"),
		nx_call_string(call, "class"), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int source_add(struct nx_call *call)
{
	return source_change(call, nx_engine_source_add);
}

static int source_set(struct nx_call *call)
{
	return source_change(call, nx_engine_source_set);
}

static int source_del(struct nx_call *call)
{
	uint64_t version = 0;
	int ret = nx_engine_source_del(
		call->server->engine, nx_call_string(call, "prefix"), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static json_t *class_to_json(const struct nx_config *config, const struct nx_class_config *c)
{
	static const char *const trust[] = {"public", "peer", "trusted"};
	static const char *const answer[] = {"pass", "answer", "drop"};
	static const char *const symmetric[] = {"rfc", "always", "pass"};
	static const char *const unanswerable[] = {"pass", "limit", "drop"};

	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:i, s:i, s:s?}", "name",
		c->class.name, "trust", trust[c->class.trust], "answer", answer[c->class.answer],
		"may_604", c->class.may_604, "symmetric", symmetric[c->class.symmetric], "options",
		c->class.options_as_invite ? "as-invite" : "pass", "register",
		c->class.register_answer ? "answer" : "pass", "unanswerable",
		unanswerable[c->unanswerable], "unanswerable_rate", c->class.unanswerable_rate,
		"dialog_rate", c->class.dialog_rate, "plan",
		c->plan >= 0 ? config->plans[c->plan].name : NULL);
}

static void append_source(
	json_t *list, const struct nx_prefix *prefix, const char *class_name, const char *origin)
{
	char text[56];

	nx_prefix_format(prefix, text);
	(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "prefix", text, "class",
						  class_name, "origin", origin));
}

static bool in_store(const struct nx_store_records *records, const struct nx_prefix *p)
{
	for (uint32_t i = 0; i < records->n_sources; i++)
		if (records->sources[i].prefix.len == p->len &&
			nx_addr_eq(&records->sources[i].prefix.addr, &p->addr))
			return true;
	return false;
}

static int source_list(struct nx_call *call)
{
	const struct nx_config *config = nx_engine_config(call->server->engine);
	const struct nx_store_records *records = nx_engine_records(call->server->engine);
	json_t *classes = json_array(), *sources = json_array();

	for (uint32_t i = 0; i < config->n_classes; i++) {
		const struct nx_class_config *c = &config->classes[i];

		(void)json_array_append_new(classes, class_to_json(config, c));
		for (uint32_t p = 0; p < c->n_prefixes; p++)
			if (!in_store(records, &c->prefixes[p]))
				append_source(sources, &c->prefixes[p], c->class.name, "file");
	}
	for (uint32_t i = 0; i < records->n_sources; i++)
		append_source(
			sources, &records->sources[i].prefix, records->sources[i].class, "store");
	call->result = json_pack("{s:o, s:o}", "classes", classes, "sources", sources);
	return 0;
}

/* ---- pattern rules ---- */

static const uint8_t *parse_verdict(const char *name, uint8_t *at)
{
	static const uint8_t allowed[] = {NX_PASS, NX_404, NX_604, NX_DROP};

	for (size_t i = 0; i < sizeof(allowed); i++)
		if (strcmp(name, nx_verdict_name((enum nx_verdict)allowed[i])) == 0) {
			*at = allowed[i];
			return at;
		}
	return NULL;
}

/* The values that a rule_change points to. */
struct rule_values {
	uint8_t verdict;
	uint32_t priority;
	bool shadow;
};

static int read_rule(struct nx_call *call, struct rule_values *v, struct nx_rule_change *c)
{
	const char *verdict = nx_call_string(call, "verdict");

	*c = (struct nx_rule_change){
		.expression = nx_call_string(call, "expression"),
		.verdict = verdict ? parse_verdict(verdict, &v->verdict) : NULL,
		.priority = nx_call_u32_at(call, "priority", &v->priority),
		.shadow = nx_call_bool_at(call, "shadow", &v->shadow),
		.domain = nx_call_string(call, "domain"),
	};
	if (verdict && !c->verdict)
		return nx_fail(&call->err, NX_ERR_INVALID,
			"a rule's verdict is pass, 404, 604 or drop, not \"%.32s\"", verdict);
	return 0;
}

static int rule_add(struct nx_call *call)
{
	struct nx_rule_change c;
	struct rule_values v;
	uint64_t version = 0;
	uint32_t id = 0;
	int ret = read_rule(call, &v, &c);

	if (ret == 0)
		ret = nx_engine_rule_add(call->server->engine, &c, &id, &version, &call->err);
	if (ret == 0)
		call->result = json_pack(
			"{s:I, s:I}", "id", (json_int_t)id, "version", (json_int_t)version);
	return ret;
}

static int rule_set(struct nx_call *call)
{
	struct nx_rule_change c;
	struct rule_values v;
	uint64_t version = 0;
	int ret = read_rule(call, &v, &c);

	if (ret == 0)
		ret = nx_engine_rule_set(
			call->server->engine, nx_call_u32(call, "id", 0), &c, &version, &call->err);
	return nx_call_done(call, ret, version);
}

static int rule_del(struct nx_call *call)
{
	uint64_t version = 0;
	int ret = nx_engine_rule_del(
		call->server->engine, nx_call_u32(call, "id", 0), &version, &call->err);

	return nx_call_done(call, ret, version);
}

static int rule_list(struct nx_call *call)
{
	const struct nx_engine *e = call->server->engine;
	const struct nx_store_records *records = nx_engine_records(e);
	json_t *list = json_array();

	for (uint32_t i = 0; i < records->n_rules; i++) {
		const struct nx_rule_def *r = &records->rules[i];
		const struct nx_domain_def *d =
			r->domain ? nx_engine_domain_by_id(e, r->domain) : NULL;

		(void)json_array_append_new(
			list, json_pack("{s:I, s:I, s:s, s:s?, s:s, s:b}", "id", (json_int_t)r->id,
				      "priority", (json_int_t)r->priority, "verdict",
				      nx_verdict_name((enum nx_verdict)r->verdict), "domain",
				      d ? d->name : NULL, "expression", r->expression, "shadow",
				      r->shadow));
	}
	call->result = json_pack("{s:o}", "rules", list);
	return 0;
}

const struct nx_method nx_rpc_policy[] = {
	{"domain.add", domain_add, NX_CHANGES,
		{NX_TEXT("name", true), NX_FLAG("authoritative", false), NX_FLAG("complete", false),
			NX_FLAG("shadow", false)}},
	{"domain.set", domain_set, NX_CHANGES,
		{NX_TEXT("name", true), NX_FLAG("authoritative", false), NX_FLAG("complete", false),
			NX_FLAG("shadow", false)}},
	{"domain.del", domain_del, NX_CHANGES, {NX_TEXT("name", true), NX_FLAG("force", false)}},
	{"domain.list", domain_list, 0, {{0}}},
	{"range.add", range_add, NX_CHANGES,
		{NX_TEXT("domain", true), NX_TEXT("prefix", true),
			NX_INT("min", true, 1, LENGTH_MAX), NX_INT("max", true, 1, LENGTH_MAX)}},
	{"range.set", range_set, NX_CHANGES,
		{NX_TEXT("domain", true), NX_TEXT("prefix", true),
			NX_INT("min", false, 1, LENGTH_MAX), NX_INT("max", false, 1, LENGTH_MAX)}},
	{"range.del", range_del, NX_CHANGES, {NX_TEXT("domain", true), NX_TEXT("prefix", true)}},
	{"range.list", range_list, 0, {NX_TEXT("domain", false)}},
	{"source.add", source_add, NX_CHANGES, {NX_TEXT("prefix", true), NX_TEXT("class", true)}},
	{"source.set", source_set, NX_CHANGES, {NX_TEXT("prefix", true), NX_TEXT("class", true)}},
	{"source.del", source_del, NX_CHANGES, {NX_TEXT("prefix", true)}},
	{"source.list", source_list, 0, {{0}}},
	{"rule.add", rule_add, NX_CHANGES,
		{NX_TEXT("expression", true), NX_TEXT("verdict", true),
			NX_INT("priority", false, 0, UINT32_MAX), NX_TEXT("domain", false),
			NX_FLAG("shadow", false)}},
	{"rule.set", rule_set, NX_CHANGES,
		{NX_INT("id", true, 1, UINT32_MAX), NX_TEXT("expression", false),
			NX_TEXT("verdict", false), NX_INT("priority", false, 0, UINT32_MAX),
			NX_FLAG("shadow", false)}},
	{"rule.del", rule_del, NX_CHANGES, {NX_INT("id", true, 1, UINT32_MAX)}},
	{"rule.list", rule_list, 0, {{0}}},
	{0},
};
