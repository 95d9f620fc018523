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

int nx_call_plain(struct nx_call *call, struct nx_client *client)
{
	struct nx_error err;
	json_t *result;
	int rc = nx_client_call(client, call->command->method, json_incref(call->params), -1, NULL,
		NULL, NULL, &result, NULL, &err);

	if (rc != 0)
		return nx_report(rc, &err);
	if (call->json)
		nx_print_json(result);
	else if (call->command->print)
		call->command->print(call, result);
	else
		(void)puts("ok");
	json_decref(result);
	return NX_EXIT_OK;
}
