/* `apply`: a transaction made of a file. Lines of one state go to the daemon together; the order of
 * the file is kept, so that of a user's states the last counts. When this program ends before the
 * commit, by whatever means, the daemon aborts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/nxsipctl/bulk.h"
#include "control/nxsipctl/table.h"

#define USERS_MAX 4000 /* a call */
#define BYTES_MAX (96 * 1024)

static const char *const states[] = {"absent", "known", "gone", "head"};
#define ABSENT 0
#define KNOWN  1
#define STATES 4

struct apply {
	struct nx_call *call;
	struct nx_client *client;
	const char *path;
	FILE *file;
	json_t *txn;
	json_t *users; /* waiting to be sent, all of one state */
	unsigned state;
	size_t bytes;
	uint64_t line, first_line; /* the present one; that of the first user waiting */
};

static int rpc(struct apply *a, const char *method, json_t *params, json_t **result)
{
	struct nx_error err;
	int rc;

	if (a->txn)
		(void)json_object_set(params, "txn", a->txn);
	rc = nx_client_call(a->client, method, params, -1, NULL, NULL, NULL, result, NULL, &err);
	if (rc == 0)
		return NX_EXIT_OK;
	if (a->first_line)
		(void)fprintf(stderr, "nxsipctl: %s, from line %llu on:\n", a->path,
			(unsigned long long)a->first_line);
	return nx_report(rc, &err);
}

/* ---- the file ---- */

static int bad_line(const struct apply *a, const char *why)
{
	(void)fprintf(stderr, "nxsipctl: %s, line %llu: %s; nothing was changed\n", a->path,
		(unsigned long long)a->line, why);
	return NX_EXIT_REFUSED;
}

static int flush(struct apply *a)
{
	json_t *params, *result;
	int code;

	if (json_array_size(a->users) == 0)
		return NX_EXIT_OK;
	params = json_pack("{s:O}", "users", a->users);
	if (a->state != ABSENT)
		(void)json_object_set_new(params, "state", json_string(states[a->state]));
	if (nx_bool(a->call->local, "digits_are_names"))
		(void)json_object_set_new(params, "digits_are_names", json_true());
	code = rpc(a, a->state == ABSENT ? "del" : "put", params, &result);
	if (code != NX_EXIT_OK)
		return code;
	json_decref(result);
	(void)json_array_clear(a->users);
	a->bytes = 0;
	a->first_line = 0;
	return NX_EXIT_OK;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return s;
}

static int add(struct apply *a, const char *user, unsigned state)
{
	json_t *text = json_string(user);
	int code = NX_EXIT_OK;

	if (!text)
		return bad_line(a, "no valid UTF-8: use load for such names");
	if (state != a->state || a->bytes + strlen(user) > BYTES_MAX ||
		json_array_size(a->users) == USERS_MAX)
		code = flush(a);
	a->state = state;
	a->bytes += strlen(user);
	if (!a->first_line)
		a->first_line = a->line;
	(void)json_array_append_new(a->users, text);
	return code;
}

static int take_line(struct apply *a, char *line)
{
	char *user = trim(line), *comma = strrchr(user, ',');
	unsigned state = 0;

	if (!*user || *user == '#' || (a->line == 1 && strncmp(user, "user", 4) == 0 && comma))
		return NX_EXIT_OK;
	if (!comma)
		return add(a, user, KNOWN);
	*comma = '\0';
	comma = trim(comma + 1);
	while (state < STATES && strcmp(comma, states[state]) != 0)
		state++;
	if (state == STATES)
		return bad_line(a, "the state is none of known, gone, head, absent");
	return add(a, trim(user), state);
}

static int send_file(struct apply *a)
{
	char *line = NULL;
	size_t room = 0;
	int code = NX_EXIT_OK;

	while (code == NX_EXIT_OK && getline(&line, &room, a->file) >= 0) {
		a->line++;
		code = take_line(a, line);
	}
	free(line);
	if (code == NX_EXIT_OK && ferror(a->file))
		code = bad_line(a, strerror(errno));
	return code == NX_EXIT_OK ? flush(a) : code;
}

/* ---- the transaction ---- */

static int begin(struct apply *a)
{
	const json_t *p = a->call->params;
	json_t *params = json_pack("{s:O, s:s, s:O*}", "domain", json_object_get(p, "domain"),
		"mode", nx_bool(a->call->local, "replace") ? "replace" : "delta", "base",
		json_object_get(p, "base"));
	json_t *result;
	int code = rpc(a, "begin", params, &result);

	if (code != NX_EXIT_OK)
		return code;
	a->txn = json_incref(json_object_get(result, "txn"));
	json_decref(result);
	return NX_EXIT_OK;
}

static void print_result(const json_t *r, bool diff)
{
	char n[5][32];

	(void)printf("%s%s added, %s changed, %s removed, %s unchanged; the domain %s %s users",
		diff ? "would be: " : "", nx_number(nx_num(r, "added"), n[0]),
		nx_number(nx_num(r, "changed"), n[1]), nx_number(nx_num(r, "removed"), n[2]),
		nx_number(nx_num(r, "unchanged"), n[3]), diff ? "would have" : "now has",
		nx_number(nx_num(r, "count"), n[4]));
	if (diff) {
		(void)puts("; nothing was changed");
		nx_print_differences(r);
	} else {
		(void)printf(" (data version %lu, digest %s)\n",
			(unsigned long)nx_num(r, "version"), nx_str(r, "digest"));
	}
}

static int finish(struct apply *a)
{
	bool diff = nx_bool(a->call->local, "dry_run");
	json_t *params = json_object(), *result;
	int code;

	if (!diff) {
		(void)json_object_update(params, a->call->params);
		(void)json_object_del(params, "domain");
		(void)json_object_del(params, "base");
	}
	code = rpc(a, diff ? "diff" : "commit", params, &result);
	if (code != NX_EXIT_OK)
		return code;
	if (a->call->json)
		nx_print_json(result);
	else
		print_result(result, diff);
	json_decref(result);
	return NX_EXIT_OK;
}

int nx_run_apply(struct nx_call *call, struct nx_client *client)
{
	struct apply a = {.call = call, .client = client, .path = nx_str(call->local, "file")};
	int code;

	a.file = strcmp(a.path, "-") == 0 ? stdin : fopen(a.path, "re");
	if (!a.file) {
		(void)fprintf(stderr, "nxsipctl: %s: %s\n", a.path, strerror(errno));
		return NX_EXIT_REFUSED;
	}
	a.users = json_array();
	code = begin(&a);
	if (code == NX_EXIT_OK)
		code = send_file(&a);
	if (code == NX_EXIT_OK)
		code = finish(&a);
	json_decref(a.users);
	json_decref(a.txn);
	if (a.file != stdin)
		(void)fclose(a.file);
	return code;
}
