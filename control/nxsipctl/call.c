/* The plain call: send, wait, print. */
#include "control/nxsipctl/command.h"
#include "control/nxsipctl/table.h"

void nx_print_json(const json_t *value)
{
	(void)json_dumpf(value, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
}

int nx_report(int rc, const struct nx_error *err)
{
	(void)fputs("nxsipctl: ", stderr);
	nx_print_text(stderr, err->text);
	(void)fputc('\n', stderr);
	return rc == NX_ERR_CANCELLED ? NX_EXIT_CANCELLED : NX_EXIT_REFUSED;
}

/* A configuration that is refused has all its faults in the error's data, a line each.
 * Return: how many there were. */
static size_t print_faults(const json_t *data)
{
	const json_t *faults = json_object_get(data, "errors"), *line;
	size_t i;

	json_array_foreach (faults, i, line) {
		(void)fputs("nxsipctl: ", stderr);
		nx_print_text(stderr, json_string_value(line));
		(void)fputc('\n', stderr);
	}
	return json_array_size(faults);
}

int nx_call_plain(struct nx_call *call, struct nx_client *client)
{
	struct nx_error err;
	json_t *result, *data;
	int rc = nx_client_call(client, call->command->method, json_incref(call->params), -1, NULL,
		NULL, NULL, &result, &data, &err);

	if (rc != 0) {
		rc = print_faults(data) ? NX_EXIT_REFUSED : nx_report(rc, &err);
		json_decref(data);
		return rc;
	}
	if (call->json)
		nx_print_json(result);
	else if (call->command->print)
		call->command->print(call, result);
	else
		(void)puts("ok");
	json_decref(result);
	return NX_EXIT_OK;
}
