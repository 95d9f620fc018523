/* `stats`: two readings an interval apart make the rates. */
#include <time.h>
#include <unistd.h>

#include "control/nxsipctl/command.h"
#include "control/nxsipctl/table.h"

static json_t *read_stats(struct nx_client *client, struct nx_error *err, int *rc)
{
	json_t *result;

	*rc = nx_client_call(
		client, "stats", json_object(), -1, NULL, NULL, NULL, &result, NULL, err);
	return *rc == 0 ? result : NULL;
}

static uint64_t per_second(uint64_t before, uint64_t after, uint64_t ns)
{
	return ns ? (uint64_t)((double)(after - before) * 1e9 / (double)ns) : 0;
}

static void print_reasons(const json_t *a, const json_t *b, uint64_t ns, bool all)
{
	static const char *const head[] = {"verdict", "reason", ">packets/s", ">packets"};
	struct nx_table *t = nx_table_create(4, head);
	const json_t *before = json_object_get(a, "reasons"), *value;
	const char *name;
	char n[32];

	json_object_foreach (json_object_get(b, "reasons"), name, value) {
		uint64_t count = nx_num(value, "count");
		uint64_t was = nx_num(json_object_get(before, name), "count");

		if (count == 0 && !all)
			continue;
		nx_table_cell(t, "%s", nx_str(value, "verdict"));
		nx_table_cell(t, "%s", name);
		nx_table_cell(t, "%s", nx_number(per_second(was, count, ns), n));
		nx_table_cell(t, "%s", nx_number(count, n));
	}
	nx_table_print(t, stdout, "no packet so far");
}

static void print_classes(const json_t *b)
{
	static const char *const head[] = {"class", "reason", ">packets"};
	struct nx_table *t = nx_table_create(3, head);
	json_t *reasons, *count;
	const char *class, *name;
	char n[32];

	json_object_foreach (json_object_get(b, "classes"), class, reasons) {
		json_object_foreach (reasons, name, count) {
			nx_table_cell(t, "%s", class);
			nx_table_cell(t, "%s", name);
			nx_table_cell(t, "%s", nx_number((uint64_t)json_integer_value(count), n));
		}
	}
	nx_table_print(t, stdout, "no packet so far");
}

static void print_interval(const struct nx_call *call, const json_t *a, const json_t *b)
{
	uint64_t ns = nx_num(b, "monotonic_ns") - nx_num(a, "monotonic_ns");
	char n[6][32];

	(void)printf("received %s packets (%s/s), sent %s (%s/s), of them %s replies (%s/s)\n\n",
		nx_number(nx_num(b, "rx_packets"), n[0]),
		nx_number(per_second(nx_num(a, "rx_packets"), nx_num(b, "rx_packets"), ns), n[1]),
		nx_number(nx_num(b, "tx_packets"), n[2]),
		nx_number(per_second(nx_num(a, "tx_packets"), nx_num(b, "tx_packets"), ns), n[3]),
		nx_number(nx_num(b, "tx_replies"), n[4]),
		nx_number(per_second(nx_num(a, "tx_replies"), nx_num(b, "tx_replies"), ns), n[5]));
	if (nx_bool(call->local, "by_class"))
		print_classes(b);
	else
		print_reasons(a, b, ns, nx_bool(call->local, "all"));
}

int nx_run_stats(struct nx_call *call, struct nx_client *client)
{
	uint64_t interval = nx_num(call->local, "interval");
	bool watch = nx_bool(call->local, "watch");
	struct nx_error err;
	int rc;
	json_t *a = read_stats(client, &err, &rc), *b;

	if (a && call->json)
		nx_print_json(a);
	while (a && !call->json) {
		(void)sleep(interval ? (unsigned)interval : 1);
		b = read_stats(client, &err, &rc);
		if (b && watch && isatty(STDOUT_FILENO))
			(void)fputs("\033[H\033[2J", stdout);
		if (b)
			print_interval(call, a, b);
		json_decref(a);
		a = b;
		if (!watch)
			break;
		(void)fflush(stdout);
	}
	json_decref(a);
	return rc == 0 ? NX_EXIT_OK : nx_report(rc, &err);
}
