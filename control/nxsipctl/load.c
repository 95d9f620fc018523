/* `load` and `diff`: pass the open file to the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "control/nxsipctl/bulk.h"
#include "control/nxsipctl/table.h"

static void print_bad_rows(FILE *out, const json_t *bad)
{
	const json_t *row;
	size_t i;

	json_array_foreach (bad, i, row) {
		(void)fprintf(out, "  row %lu, column %lu: '", (unsigned long)nx_num(row, "row"),
			(unsigned long)nx_num(row, "column"));
		nx_print_text(out, nx_str(row, "text"));
		(void)fputs("': ", out);
		nx_print_text(out, nx_str(row, "why"));
		(void)fputc('\n', out);
	}
}

static void print_skipped(const json_t *r)
{
	char n[32];

	if (nx_num(r, "skipped")) {
		(void)printf("left out %s rows that are no users%s:\n",
			nx_number(nx_num(r, "skipped"), n),
			nx_num(r, "skipped") > json_array_size(json_object_get(r, "bad"))
				? ", the first of them"
				: "");
		print_bad_rows(stdout, json_object_get(r, "bad"));
	}
}

static void print_result(const json_t *r)
{
	char n[6][32];

	(void)printf("%s rows in %.1f s: %s added, %s changed, %s removed, %s unchanged; "
		     "the domain now has %s users (data version %lu)\n",
		nx_number(nx_num(r, "rows"), n[0]),
		json_number_value(json_object_get(r, "seconds")),
		nx_number(nx_num(r, "added"), n[1]), nx_number(nx_num(r, "changed"), n[2]),
		nx_number(nx_num(r, "removed"), n[3]), nx_number(nx_num(r, "unchanged"), n[4]),
		nx_number(nx_num(r, "count"), n[5]), (unsigned long)nx_num(r, "version"));
	print_skipped(r);
}

/* Return: a descriptor, or -1 and *code. */
static int open_file(const struct nx_call *call, int *code)
{
	const char *path = nx_str(call->local, "file");
	struct nx_error err;
	int fd;

	if (!json_object_get(call->params, "mode")) {
		(void)fprintf(stderr,
			"nxsipctl: %s needs --merge (add to the domain's users) or --replace (the "
			"file is all there is)\n",
			call->command->name);
		*code = NX_EXIT_USAGE;
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)nx_fail(&err, NX_ERR_IO, "%s: %s", path, strerror(errno));
		*code = nx_report(NX_ERR_IO, &err);
	}
	return fd;
}

static int run(struct nx_call *call, struct nx_client *client, void (*print)(const json_t *r))
{
	json_t *result;
	int code, fd = open_file(call, &code);

	if (fd < 0)
		return code;
	code = nx_bulk_call(call, client, fd, &result);
	(void)close(fd);
	if (code != NX_EXIT_OK)
		return code;
	if (call->json)
		nx_print_json(result);
	else
		print(result);
	json_decref(result);
	return NX_EXIT_OK;
}

int nx_run_load(struct nx_call *call, struct nx_client *client)
{
	return run(call, client, print_result);
}

void nx_print_differences(const json_t *diff)
{
	const json_t *list = json_object_get(diff, "examples"), *e;
	uint64_t differ = nx_num(diff, "added") + nx_num(diff, "changed") + nx_num(diff, "removed");
	static const char *const headings[] = {"user", "now", "then"};
	struct nx_table *t;
	char n[32];
	size_t i;

	if (differ == 0)
		return;
	t = nx_table_create(3, headings);
	json_array_foreach (list, i, e) {
		nx_table_cell(t, "%s", nx_str(e, "user"));
		nx_table_cell(t, "%s", nx_str(e, "was"));
		nx_table_cell(t, "%s", nx_str(e, "state"));
	}
	nx_table_print(t, stdout, "");
	if (differ > json_array_size(list))
		(void)printf("and %s more\n", nx_number(differ - json_array_size(list), n));
}

static void print_diff(const json_t *r)
{
	char n[5][32];

	(void)printf(
		"%s rows: %s would be added, %s changed, %s removed, %s unchanged; nothing was "
		"changed\n",
		nx_number(nx_num(r, "rows"), n[0]), nx_number(nx_num(r, "added"), n[1]),
		nx_number(nx_num(r, "changed"), n[2]), nx_number(nx_num(r, "removed"), n[3]),
		nx_number(nx_num(r, "unchanged"), n[4]));
	print_skipped(r);
	nx_print_differences(r);
}

int nx_run_diff(struct nx_call *call, struct nx_client *client)
{
	return run(call, client, print_diff);
}
