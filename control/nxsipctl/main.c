/* nxsipctl: the command that manages nxsipd over its control socket. */
#include <locale.h>

#include "control/nxsipctl/args.h"

static int run(struct nx_call *call)
{
	struct nx_client *client;
	struct nx_error err;
	int rc = nx_client_open(call->socket, &client, &err);

	if (rc != 0) {
		(void)nx_report(rc, &err);
		return NX_EXIT_UNREACHABLE;
	}
	rc = call->command->run ? call->command->run(call, client) : nx_call_plain(call, client);
	nx_client_close(client);
	return rc;
}

int main(int argc, char **argv)
{
	struct nx_call call;
	int status = NX_EXIT_OK;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	switch (nx_args_parse(argc, argv, &call)) {
	case NX_ARGS_CALL:
		status = run(&call);
		break;
	case NX_ARGS_WRONG:
		status = NX_EXIT_USAGE;
		break;
	case NX_ARGS_DONE:
		break;
	}
	json_decref(call.params);
	json_decref(call.local);
	if (fflush(stdout) != 0 && status == NX_EXIT_OK)
		status = NX_EXIT_REFUSED;
	return status;
}
