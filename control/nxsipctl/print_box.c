/* What the box is and does: status, ports, services. */
#include "control/nxsipctl/command.h"
#include "control/nxsipctl/table.h"

static const char *yes(bool b)
{
	return b ? "yes" : "-";
}

void nx_print_domains(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {"domain", "table", ">known", ">gone", ">heads",
		">memory", "authoritative", "complete", "shadow"};
	struct nx_table *t = nx_table_create(9, head);
	const json_t *d;
	size_t i;
	char n[32];

	(void)call;
	json_array_foreach (json_object_get(result, "domains"), i, d) {
		nx_table_cell(t, "%s", nx_str(d, "name"));
		nx_table_cell(t, "%s",
			nx_bool(d, "ready")   ? "ready"
			: *nx_str(d, "fault") ? "FAULT"
					      : "loading");
		nx_table_cell(t, "%s", nx_number(nx_num(d, "known"), n));
		nx_table_cell(t, "%s", nx_number(nx_num(d, "gone"), n));
		nx_table_cell(t, "%s", nx_number(nx_num(d, "head"), n));
		nx_table_cell(t, "%s", nx_bytes(nx_num(d, "bytes"), n));
		nx_table_cell(t, "%s", yes(nx_bool(d, "authoritative")));
		nx_table_cell(t, "%s", yes(nx_bool(d, "complete")));
		nx_table_cell(t, "%s", yes(nx_bool(d, "shadow")));
	}
	nx_table_print(t, stdout, "no domains: `nxsipctl domain add NAME` adds one");
}

void nx_print_digest(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {"domain", ">users", "digest"};
	struct nx_table *t = nx_table_create(3, head);
	const json_t *d;
	size_t i;
	char n[32];

	(void)printf("data version %lu, %s users, digest %s\n\n",
		(unsigned long)nx_num(result, "version"), nx_number(nx_num(result, "count"), n),
		nx_str(result, "digest"));
	json_array_foreach (json_object_get(result, "domains"), i, d) {
		nx_table_cell(t, "%s", nx_str(d, "name"));
		nx_table_cell(t, "%s", nx_number(nx_num(d, "count"), n));
		nx_table_cell(t, "%s", nx_str(d, "digest"));
	}
	nx_table_print(t, stdout, json_object_get(call->params, "domain") ? "" : "no domains");
}

/* Whatever needs somebody to look after it. */
static void print_alarms(const json_t *result)
{
	const json_t *stall = json_object_get(result, "stall"), *d, *w;
	size_t i;
	char n[32];

	if (json_is_object(stall)) {
		(void)printf("ALARM: a worker has stood still for %s, and changes are refused:",
			nx_duration(nx_num(stall, "since_s"), n));
		json_array_foreach (json_object_get(stall, "workers"), i, w)
			(void)printf(" worker %lld", (long long)json_integer_value(w));
		(void)putchar('\n');
	}
	json_array_foreach (json_object_get(result, "domains"), i, d) {
		if (!*nx_str(d, "fault"))
			continue;
		(void)printf("ALARM: %s has no table, and its requests pass: ", nx_str(d, "name"));
		nx_print_text(stdout, nx_str(d, "fault"));
		(void)putchar('\n');
	}
}

static void print_workers(const json_t *result)
{
	static const char *const head[] = {"worker", ">core", ">packets", ">idle"};
	struct nx_table *t = nx_table_create(4, head);
	const json_t *w;
	size_t i;
	char n[32];

	json_array_foreach (json_object_get(result, "workers"), i, w) {
		nx_table_cell(t, "%lu", (unsigned long)nx_num(w, "worker"));
		nx_table_cell(t, "%lu", (unsigned long)nx_num(w, "core"));
		nx_table_cell(t, "%s", nx_number(nx_num(w, "rx_packets"), n));
		nx_table_cell(t, "%.1f %%", json_number_value(json_object_get(w, "idle_percent")));
	}
	nx_table_print(t, stdout, "no workers");
}

void nx_print_status(const struct nx_call *call, const json_t *result)
{
	const json_t *verdicts = json_object_get(result, "verdicts");
	const json_t *writer = json_object_get(result, "writer");
	char n[5][32];

	nx_print_text(stdout, nx_str(result, "name"));
	(void)printf(": nxsipd %s, pid %lu, up %s, %s%s%s\n", nx_str(result, "version"),
		(unsigned long)nx_num(result, "pid"), nx_duration(nx_num(result, "uptime_s"), n[0]),
		nx_str(result, "state"),
		nx_bool(result, "bypass") ? ", BYPASS: everything passes" : "",
		nx_bool(result, "shadow") ? ", SHADOW: nothing is answered" : "");
	if (nx_num(result, "settling_s"))
		(void)printf("settling: nothing is answered for another %s\n",
			nx_duration(nx_num(result, "settling_s"), n[0]));
	(void)printf("data version %lu, digest %s, policy version %lu\n",
		(unsigned long)nx_num(result, "data_version"), nx_or_dash(nx_str(result, "digest")),
		(unsigned long)nx_num(result, "policy_version"));
	print_alarms(result);
	if (json_is_object(writer)) {
		(void)printf("being changed by ");
		nx_print_text(stdout, nx_str(writer, "client"));
		(void)printf(" for %s: ", nx_duration(nx_num(writer, "since_s"), n[0]));
		nx_print_text(stdout, nx_str(writer, "what"));
		(void)putchar('\n');
	}
	(void)printf("passed %s, answered 404 %s, 604 %s, absorbed %s, dropped %s\n\n",
		nx_number(nx_num(verdicts, "pass"), n[0]), nx_number(nx_num(verdicts, "404"), n[1]),
		nx_number(nx_num(verdicts, "604"), n[2]),
		nx_number(nx_num(verdicts, "absorb"), n[3]),
		nx_number(nx_num(verdicts, "drop"), n[4]));
	print_workers(result);
	(void)putchar('\n');
	nx_print_domains(call, result);
}

/* The members of an array of strings, joined. */
static void cell_joined(struct nx_table *t, const json_t *array)
{
	char text[1024] = "";
	size_t i, len = 0;
	const json_t *v;

	json_array_foreach (array, i, v) {
		char number[32];
		const char *s = json_string_value(v);

		if (json_is_null(v)) {
			s = "none";
		} else if (!s) {
			(void)snprintf(
				number, sizeof(number), "%lld", (long long)json_integer_value(v));
			s = number;
		}
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "", s);
		if (len >= sizeof(text))
			break;
	}
	nx_table_cell(t, "%s", len ? text : "-");
}

void nx_print_ports(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {"port", "pair", "side", "driver", "mac", ">queues",
		">mtu", "link", "offloads", ">received", ">sent", ">missed", ">errors",
		">no buffer"};
	struct nx_table *t = nx_table_create(14, head);
	const json_t *p;
	size_t i;
	char n[32];

	(void)call;
	json_array_foreach (json_object_get(result, "ports"), i, p) {
		nx_table_cell(t, "%s", nx_str(p, "name"));
		nx_table_cell(t, "%s", nx_str(p, "pair"));
		nx_table_cell(t, "%s", nx_str(p, "side"));
		nx_table_cell(t, "%s", nx_str(p, "driver"));
		nx_table_cell(t, "%s", nx_str(p, "mac"));
		nx_table_cell(t, "%lu%s", (unsigned long)nx_num(p, "queues"),
			nx_bool(p, "rss") ? " (RSS)" : "");
		nx_table_cell(t, "%lu", (unsigned long)nx_num(p, "mtu"));
		nx_table_cell(t, "%s", nx_bool(p, "link_up") ? "up" : "DOWN");
		cell_joined(t, json_object_get(p, "offloads"));
		nx_table_cell(t, "%s", nx_number(nx_num(p, "rx_packets"), n));
		nx_table_cell(t, "%s", nx_number(nx_num(p, "tx_packets"), n));
		nx_table_cell(t, "%s", nx_number(nx_num(p, "rx_missed"), n));
		nx_table_cell(
			t, "%s", nx_number(nx_num(p, "rx_errors") + nx_num(p, "tx_errors"), n));
		nx_table_cell(t, "%s", nx_number(nx_num(p, "rx_nombuf"), n));
	}
	nx_table_print(t, stdout, "no ports");
}

void nx_print_services(const struct nx_call *call, const json_t *result)
{
	static const char *const head[] = {"service", "kind", "direction", "vlans", "addresses",
		"ports", "plan", "host", "domain"};
	struct nx_table *t = nx_table_create(9, head);
	const json_t *s, *h;
	size_t i, k;

	(void)call;
	json_array_foreach (json_object_get(result, "services"), i, s) {
		const json_t *hosts = json_object_get(s, "hosts");
		size_t rows = json_array_size(hosts) ? json_array_size(hosts) : 1;

		for (k = 0; k < rows; k++) {
			h = json_array_get(hosts, k);
			nx_table_cell(t, "%s", k ? "" : nx_str(s, "name"));
			nx_table_cell(t, "%s", k ? "" : nx_str(s, "kind"));
			nx_table_cell(t, "%s", k ? "" : nx_str(s, "direction"));
			if (k) {
				nx_table_cell(t, "%s", "");
				nx_table_cell(t, "%s", "");
				nx_table_cell(t, "%s", "");
			} else {
				cell_joined(t, json_object_get(s, "vlan"));
				cell_joined(t, json_object_get(s, "addresses"));
				cell_joined(t, json_object_get(s, "ports"));
			}
			nx_table_cell(t, "%s", k ? "" : nx_or_dash(nx_str(s, "plan")));
			nx_table_cell(t, "%s", nx_str(h, "host"));
			nx_table_cell(t, "%s", nx_str(h, "domain"));
		}
	}
	nx_table_print(t, stdout, "no services: they are in the configuration file");
}

void nx_print_reload(const struct nx_call *call, const json_t *result)
{
	const json_t *v;
	size_t i;

	(void)call;
	(void)printf("reloaded");
	json_array_foreach (json_object_get(result, "applied"), i, v)
		(void)printf("%s%s", i ? ", " : ": ", json_string_value(v));
	(void)putchar('\n');
	json_array_foreach (json_object_get(result, "needs_restart"), i, v)
		(void)printf(
			"%s changed too: that takes a restart of nxsipd\n", json_string_value(v));
}
