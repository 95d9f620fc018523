/* JSON-RPC 2.0 over jansson: a line in, a checked request out; a result or an error in, a line out.
 * Strict, so that a typing error is told and not guessed at: duplicate keys, unknown members,
 * unknown, missing and mistyped parameters are errors. No socket here. */
#ifndef NX_CONTROL_JSONRPC_H
#define NX_CONTROL_JSONRPC_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "nxsip/error.h"

#define NX_JSON_DEPTH_MAX 16 /* nesting of a request; a valid one needs two */

struct nx_request {
	json_t *root;       /* owned; NULL where the line was not JSON */
	json_t *id;         /* borrowed; NULL: none given, or not known */
	const char *method; /* borrowed */
	json_t *params;     /* borrowed; NULL: none given */
	bool notification;  /* no id: nothing is answered */
};

/* nx_request_parse reads one line (without its line feed).
 * Out:    *r, to be freed by nx_request_fini also after an error; r->id is set where it was found.
 * Error:  NX_RPC_PARSE, NX_RPC_REQUEST. */
int nx_request_parse(const char *line, size_t len, struct nx_request *r, struct nx_error *err);
void nx_request_fini(struct nx_request *r);

enum nx_param_type {
	NX_PARAM_STRING,
	NX_PARAM_BOOL,
	NX_PARAM_INT,
	NX_PARAM_LIST, /* of strings */
};

/* One named parameter. A table of them ends with name NULL. */
struct nx_param {
	const char *name;
	enum nx_param_type type;
	bool required;
	json_int_t min, max; /* NX_PARAM_INT: both ends are allowed */
};

/* nx_params_check holds the given parameters (NULL: none) against the method's table.
 * Error:  NX_RPC_PARAMS, with the method and the parameter in err. */
int nx_params_check(const char *method, const struct nx_param *table, const json_t *given,
	struct nx_error *err);

/* nx_json_text makes a JSON string of bytes that need not be UTF-8: what is not becomes U+FFFD, and
 * so does a NUL, for which many readers, nxsipctl among them, would refuse the whole answer.
 * NULL only where memory is out. */
json_t *nx_json_text(const char *bytes, size_t len);

/* Lines to send, with their line feed, to be freed by free(); NULL where memory is out.
 * result, data and params are taken over; id is borrowed, NULL is written as null. */
char *nx_jsonrpc_result(const json_t *id, json_t *result);
char *nx_jsonrpc_error(const json_t *id, int code, const char *text, json_t *data);
char *nx_jsonrpc_notification(const char *method, json_t *params);

#endif
