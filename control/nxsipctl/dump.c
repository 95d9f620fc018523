/* `dump`: the daemon writes the users into what we open. A file is written under another name and
 * takes its own only when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/nxsipctl/bulk.h"
#include "control/nxsipctl/table.h"

static int failed(const char *path)
{
	struct nx_error err;

	(void)nx_fail(&err, NX_ERR_IO, "%s: %s", path, strerror(errno));
	return nx_report(NX_ERR_IO, &err);
}

/* To where the data do not go. */
static void print_result(const struct nx_call *call, const json_t *r, FILE *out)
{
	char n[2][32];

	if (call->json)
		(void)json_dumpf(r, out, JSON_INDENT(2));
	else
		(void)fprintf(out, "%s users, %s, digest %s (data version %lu)",
			nx_number(nx_num(r, "rows"), n[0]), nx_bytes(nx_num(r, "bytes"), n[1]),
			nx_str(r, "digest"), (unsigned long)nx_num(r, "version"));
	(void)fputc('\n', out);
}

static int dump_into(struct nx_call *call, struct nx_client *client, int fd, FILE *out)
{
	json_t *result;
	int code = nx_bulk_call(call, client, fd, &result);

	if (code != NX_EXIT_OK)
		return code;
	if (out)
		print_result(call, result, out);
	if (nx_bool(result, "bare_digits") && !call->json)
		(void)fputs("nxsipctl: some names are bare digits: load this with "
			    "--digits-are-names\n",
			stderr);
	json_decref(result);
	return NX_EXIT_OK;
}

static int dump_beside(struct nx_call *call, struct nx_client *client, const char *path, char *part)
{
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), code;

	if (fd < 0)
		return failed(part);
	code = dump_into(call, client, fd, stdout);
	if (code == NX_EXIT_OK && (fsync(fd) != 0 || rename(part, path) != 0))
		code = failed(path);
	(void)close(fd);
	if (code != NX_EXIT_OK)
		(void)unlink(part);
	return code;
}

static int dump_to(struct nx_call *call, struct nx_client *client, const char *path)
{
	struct stat st;
	char *part;
	int fd, code;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a FIFO, a device */
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return failed(path);
		code = dump_into(call, client, fd, stdout);
		(void)close(fd);
		return code;
	}
	if (asprintf(&part, "%s.part%ld", path, (long)getpid()) < 0)
		return failed(path);
	code = dump_beside(call, client, path, part);
	free(part);
	return code;
}

int nx_run_dump(struct nx_call *call, struct nx_client *client)
{
	const char *path = nx_str(call->local, "file");

	if (*path && strcmp(path, "-") != 0)
		return dump_to(call, client, path);
	return dump_into(call, client, STDOUT_FILENO, call->json ? stderr : NULL);
}
