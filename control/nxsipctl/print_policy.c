/* What calls are judged by: ranges, sources, rules, users, and the explanation of a verdict. */
#include <string.h>
#include <time.h>

#include "control/nxsipctl/command.h"
#include "control/nxsipctl/table.h"

void nx_print_ranges(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {"domain", "prefix", ">digits from", ">to"};
	struct nx_table *t = nx_table_create(4, head);
	const json_t *r;
	size_t i;

	(void)call;
	json_array_foreach (json_object_get(result, "ranges"), i, r) {
		nx_table_cell(t, "%s", nx_str(r, "domain"));
		nx_table_cell(t, "%s", nx_str(r, "prefix"));
		nx_table_cell(t, "%lu", (unsigned long)nx_num(r, "min"));
		nx_table_cell(t, "%lu", (unsigned long)nx_num(r, "max"));
	}
	nx_table_print(t, stdout, "no ranges: numbers that are in no table pass");
}

/* A limit with its rate, or what stands in its place. */
static void cell_limit(struct nx_table *t, const char *word, uint64_t per_second)
{
	if (per_second)
		nx_table_cell(t, "%s %lu/s", word, (unsigned long)per_second);
	else
		nx_table_cell(t, "%s", word);
}

void nx_print_sources(const struct nx_call *call, const json_t *result)
{
	static const char *const class_head[] = {"class", "trust", "answer", "604", "symmetric",
		"options", "register", "unanswerable", "dialogs", "plan"};
	static const char *const head[] = {"prefix", "class", "from"};
	struct nx_table *classes = nx_table_create(10, class_head), *t = nx_table_create(3, head);
	const json_t *c;
	size_t i;

	(void)call;
	json_array_foreach (json_object_get(result, "classes"), i, c) {
		nx_table_cell(classes, "%s", nx_str(c, "name"));
		nx_table_cell(classes, "%s", nx_str(c, "trust"));
		nx_table_cell(classes, "%s", nx_str(c, "answer"));
		nx_table_cell(classes, "%s", nx_bool(c, "may_604") ? "on" : "off");
		nx_table_cell(classes, "%s", nx_str(c, "symmetric"));
		nx_table_cell(classes, "%s", nx_str(c, "options"));
		nx_table_cell(classes, "%s", nx_str(c, "register"));
		cell_limit(classes, nx_str(c, "unanswerable"), nx_num(c, "unanswerable_rate"));
		cell_limit(classes, nx_num(c, "dialog_rate") ? "limit" : "pass",
			nx_num(c, "dialog_rate"));
		nx_table_cell(classes, "%s", nx_or_dash(nx_str(c, "plan")));
	}
	nx_table_print(classes, stdout, "no classes");
	(void)putchar('\n');
	json_array_foreach (json_object_get(result, "sources"), i, c) {
		nx_table_cell(t, "%s", nx_str(c, "prefix"));
		nx_table_cell(t, "%s", nx_str(c, "class"));
		nx_table_cell(t, "%s", nx_str(c, "origin"));
	}
	nx_table_print(t, stdout, "no prefixes: every source is of class default");
}

void nx_print_rules(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {
		">id", ">priority", "verdict", "domain", "shadow", "expression"};
	struct nx_table *t = nx_table_create(6, head);
	const json_t *r;
	size_t i;

	(void)call;
	json_array_foreach (json_object_get(result, "rules"), i, r) {
		nx_table_cell(t, "%lu", (unsigned long)nx_num(r, "id"));
		nx_table_cell(t, "%lu", (unsigned long)nx_num(r, "priority"));
		nx_table_cell(t, "%s", nx_str(r, "verdict"));
		nx_table_cell(t, "%s", nx_or_dash(nx_str(r, "domain")));
		nx_table_cell(t, "%s", nx_bool(r, "shadow") ? "yes" : "-");
		nx_table_cell(t, "%s", nx_str(r, "expression"));
	}
	nx_table_print(t, stdout, "no rules");
}

void nx_print_rule_id(const struct nx_call *call, const json_t *result)
{
	(void)call;
	(void)printf("rule %lu\n", (unsigned long)nx_num(result, "id"));
}

static void cell_time(struct nx_table *t, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[32] = "-";

	if (seconds && gmtime_r(&when, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm);
	nx_table_cell(t, "%s", text);
}

static struct nx_table *user_table(void)
{
	static const char *const head[] = {"user", "state", "since"};

	return nx_table_create(3, head);
}

static void user_row(struct nx_table *t, const json_t *user)
{
	nx_table_cell(t, "%s", nx_str(user, "user"));
	nx_table_cell(t, "%s", nx_str(user, "state"));
	cell_time(t, nx_num(user, "updated"));
}

void nx_print_users(const struct nx_call *call, const json_t *result)
{
	struct nx_table *t = user_table();
	const json_t *u;
	size_t i;

	(void)call;
	json_array_foreach (json_object_get(result, "users"), i, u)
		user_row(t, u);
	nx_table_print(t, stdout, "no users");
	if (*nx_str(result, "next")) {
		(void)printf("more: --after '");
		nx_print_text(stdout, nx_str(result, "next"));
		(void)puts("'");
	}
}

void nx_print_user(const struct nx_call *call, const json_t *result)
{
	struct nx_table *t = user_table();

	(void)call;
	user_row(t, result);
	nx_table_print(t, stdout, "");
}

void nx_print_change(const struct nx_call *call, const json_t *result)
{
	(void)call;
	nx_print_text(stdout, nx_str(result, "user"));
	(void)printf(": was %s (data version %lu)\n", nx_str(result, "was"),
		(unsigned long)nx_num(result, "version"));
}

static void line(const char *what, const char *value)
{
	(void)printf("%-10s", what);
	nx_print_text(stdout, nx_or_dash(value));
	(void)putchar('\n');
}

void nx_print_explanation(const struct nx_call *call, const json_t *result)
{
	const json_t *rule = json_object_get(result, "rule");
	const json_t *range = json_object_get(result, "range");
	const char *verdict = nx_str(result, "verdict");

	(void)call;
	(void)printf("%-10s%s: ", "verdict", verdict);
	nx_print_text(stdout, nx_str(result, "text"));
	(void)printf(" (%s)\n", nx_str(result, "reason"));
	(void)printf("%-10s%lu: ", "step", (unsigned long)nx_num(result, "step"));
	nx_print_text(stdout, nx_str(result, "step_text"));
	(void)putchar('\n');
	line("service", nx_str(result, "service"));
	line("source", nx_str(result, "class"));
	line("domain", nx_str(result, "host_domain"));
	line("key", nx_str(result, "key"));
	line("user", nx_str(result, "user_state"));
	if (json_is_integer(rule))
		(void)printf("%-10s%lld\n", "rule", (long long)json_integer_value(rule));
	else if (json_is_object(rule))
		(void)printf("%-10s%lu\n", "rule", (unsigned long)nx_num(rule, "id"));
	if (json_is_string(range))
		line("range", json_string_value(range));
	else if (json_is_object(range))
		line("range", nx_str(range, "prefix"));
}

/* What a step of plan.test did. */
static const char *step_phrase(const char *step)
{
	static const char *const phrase[][2] = {
		{"strip", "digits to strip"},
		{"carrier", "carrier prefix"},
		{"global", "global number"},
		{"international", "international prefix"},
		{"national", "national prefix"},
		{"ambiguous", "prefix both international and national"},
		{"bare-pass", "no prefix: means nothing"},
		{"bare-national", "no prefix: national"},
		{"bare-global", "no prefix: global"},
		{"country-code", "country code"},
	};

	for (size_t i = 0; i < sizeof(phrase) / sizeof(phrase[0]); i++)
		if (strcmp(step, phrase[i][0]) == 0)
			return phrase[i][1];
	return step;
}

void nx_print_plan_test(const struct nx_call *call, const json_t *result)
{
	const char *plan = nx_str(result, "plan");
	const json_t *step;
	size_t i;

	line("number", nx_str(call->params, "number"));
	line("service", nx_str(result, "service"));
	line("source", nx_str(result, "class"));
	if (*plan)
		(void)printf("%-10s%s (the %s's)\n", "plan", plan,
			strcmp(nx_str(result, "plan_of"), "class") == 0 ? "source class"
									: "service");
	else
		line("plan", "none: only global numbers are judged");
	json_array_foreach (json_object_get(result, "steps"), i, step) {
		const char *digits = nx_str(step, "digits");

		(void)printf("%-10s%zu: %s%s%s, %s\n", "step", i + 1,
			step_phrase(nx_str(step, "step")), *digits ? " " : "", digits,
			nx_or_dash(nx_str(step, "rest")));
	}
	if (*nx_str(result, "key"))
		line("key", nx_str(result, "key"));
	else
		(void)printf("%-10s%s (%s)\n", "passes", nx_str(result, "text"),
			nx_str(result, "reason"));
}
