/* The commands: one table states each command's words, parameters, RPC method, help and printer;
 * arguments, help and usage errors all come from it. */
#ifndef NX_CTL_COMMAND_H
#define NX_CTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/nxsipctl/client.h"

/* Exit codes, as `nxsipctl help` documents them. */
enum {
	NX_EXIT_OK = 0,
	NX_EXIT_REFUSED = 1,
	NX_EXIT_USAGE = 2,
	NX_EXIT_UNREACHABLE = 3,
	NX_EXIT_CANCELLED = 4
};

enum nx_param_type {
	NX_P_END,    /* closes a list */
	NX_P_TEXT,   /* a string */
	NX_P_NUMBER, /* a whole number */
	NX_P_FLAG,   /* --flag, --no-flag: true, false */
	NX_P_ON_OFF, /* the words on and off: true, false */
	NX_P_CONST,  /* --flag stands for a text value: NAME=VALUE in `doc`'s place */
};

#define NX_P_REQUIRED 1u
#define NX_P_LOCAL    2u /* for the command itself, not sent */

struct nx_param {
	enum nx_param_type type;
	const char *name;  /* the RPC parameter */
	const char *flag;  /* "--flag", or NULL: positional, in order */
	const char *value; /* NX_P_CONST: the text it stands for */
	unsigned rules;    /* NX_P_... */
	const char *doc;
};

struct nx_command;

/* A call as the command line gave it. */
struct nx_call {
	const struct nx_command *command;
	const char *socket;
	bool json;
	json_t *params; /* what is sent */
	json_t *local;  /* what is not */
};

struct nx_command {
	const char *name;    /* "user add" */
	const char *method;  /* "user.add" */
	const char *summary; /* one line */
	const char *detail;  /* more lines, or NULL */
	struct nx_param params[10];
	void (*print)(const struct nx_call *call, const json_t *result); /* NULL: "ok" */
	int (*run)(struct nx_call *call, struct nx_client *client);      /* NULL: the plain call */
};

extern const struct nx_command nx_commands[]; /* closed by a NULL name */

/* printers (print_*.c) and special runners (load.c, dump.c, apply.c, stats.c) */
void nx_print_status(const struct nx_call *call, const json_t *result);
void nx_print_ports(const struct nx_call *call, const json_t *result);
void nx_print_services(const struct nx_call *call, const json_t *result);
void nx_print_domains(const struct nx_call *call, const json_t *result);
void nx_print_digest(const struct nx_call *call, const json_t *result);
void nx_print_ranges(const struct nx_call *call, const json_t *result);
void nx_print_sources(const struct nx_call *call, const json_t *result);
void nx_print_rules(const struct nx_call *call, const json_t *result);
void nx_print_users(const struct nx_call *call, const json_t *result);
void nx_print_user(const struct nx_call *call, const json_t *result);
void nx_print_change(const struct nx_call *call, const json_t *result);
void nx_print_rule_id(const struct nx_call *call, const json_t *result);
void nx_print_explanation(const struct nx_call *call, const json_t *result);
void nx_print_plan_test(const struct nx_call *call, const json_t *result);
void nx_print_reload(const struct nx_call *call, const json_t *result);
int nx_run_stats(struct nx_call *call, struct nx_client *client);
int nx_run_load(struct nx_call *call, struct nx_client *client);
int nx_run_diff(struct nx_call *call, struct nx_client *client);
int nx_run_dump(struct nx_call *call, struct nx_client *client);
int nx_run_apply(struct nx_call *call, struct nx_client *client);

/* nx_call_plain makes the call, prints its result (JSON where asked) or the error, and returns the
 * exit code. */
int nx_call_plain(struct nx_call *call, struct nx_client *client);
void nx_print_json(const json_t *value);
/* nx_report prints an error to stderr and returns the exit code for it. */
int nx_report(int rc, const struct nx_error *err);

/* nx_str, nx_num, nx_bool read a member of a result: "" , 0, false where it is missing. */
static inline const char *nx_str(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* nx_or_dash shows what is empty in a table. */
static inline const char *nx_or_dash(const char *s)
{
	return *s ? s : "-";
}

static inline uint64_t nx_num(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static inline bool nx_bool(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

#endif
