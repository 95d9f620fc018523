/* JSON-RPC 2.0: see jsonrpc.h. Nesting is measured before jansson sees the line, because its own
 * limit (2,048) is deeper than the recursion we want a client to be able to ask for.
 * Left out: batches (one request a line does the same, and an error is then plainly one line's)
 * and positional parameters. */
#include "control/server/jsonrpc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nxsip/protocol.h"

static bool too_deep(const char *s, size_t len)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			in_string = !in_string;
		else if (!in_string && (s[i] == '[' || s[i] == '{') && ++depth > NX_JSON_DEPTH_MAX)
			return true;
		else if (!in_string && (s[i] == ']' || s[i] == '}') && depth > 0)
			depth--;
	}
	return false;
}

static int check_member(const char *key, json_t *value, struct nx_request *r, struct nx_error *err)
{
	if (strcmp(key, "jsonrpc") == 0) {
		if (!json_is_string(value) || strcmp(json_string_value(value), "2.0") != 0)
			return nx_fail(err, NX_RPC_REQUEST, "\"jsonrpc\" must be \"2.0\"");
		return 0;
	}
	if (strcmp(key, "id") == 0) {
		if (!json_is_string(value) && !json_is_integer(value) && !json_is_null(value))
			return nx_fail(
				err, NX_RPC_REQUEST, "\"id\" must be a string, an integer or null");
		return 0;
	}
	if (strcmp(key, "method") == 0) {
		if (!json_is_string(value))
			return nx_fail(err, NX_RPC_REQUEST, "\"method\" must be a string");
		r->method = json_string_value(value);
		return 0;
	}
	if (strcmp(key, "params") == 0) {
		r->params = value;
		return 0;
	}
	return nx_fail(err, NX_RPC_REQUEST,
		"unknown member \"%.64s\": a request has jsonrpc, id, method and params", key);
}

int nx_request_parse(const char *line, size_t len, struct nx_request *r, struct nx_error *err)
{
	json_error_t at;
	const char *key;
	json_t *value;

	*r = (struct nx_request){0};
	if (too_deep(line, len))
		return nx_fail(
			err, NX_RPC_PARSE, "nested deeper than %d levels", NX_JSON_DEPTH_MAX);
	r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &at);
	if (!r->root)
		return nx_fail(err, NX_RPC_PARSE, "not JSON, at byte %d: %s", at.position,
			json_error_code(&at) == json_error_null_character
				? "a NUL character (\\u0000) in a string"
				: at.text);
	if (json_is_array(r->root))
		return nx_fail(err, NX_RPC_REQUEST,
			"batches are not supported: send one request object a line");
	value = json_object_get(r->root, "id");
	r->notification = value == NULL;
	if (json_is_string(value) || json_is_integer(value))
		r->id = value;
	json_object_foreach (r->root, key, value) {
		int ret = check_member(key, value, r, err);

		if (ret)
			return ret;
	}
	if (!json_object_get(r->root, "jsonrpc"))
		return nx_fail(err, NX_RPC_REQUEST, "\"jsonrpc\": \"2.0\" is missing");
	if (!r->method)
		return nx_fail(err, NX_RPC_REQUEST, "\"method\" is missing");
	return 0;
}

void nx_request_fini(struct nx_request *r)
{
	json_decref(r->root);
	*r = (struct nx_request){0};
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_NULL:
		return "null";
	default:
		return "true or false";
	}
}

static int wrong_type(const char *method, const struct nx_param *p, const char *want,
	const json_t *value, struct nx_error *err)
{
	return nx_fail(err, NX_RPC_PARAMS, "%s: parameter \"%s\" must be %s, not %s", method,
		p->name, want, type_name(value));
}

static int check_list(
	const char *method, const struct nx_param *p, const json_t *value, struct nx_error *err)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return wrong_type(method, p, "a list", value, err);
	json_array_foreach (value, i, item)
		if (!json_is_string(item))
			return nx_fail(err, NX_RPC_PARAMS,
				"%s: parameter \"%s\" must be a list of strings: its element %zu "
				"is "
				"%s",
				method, p->name, i, type_name(item));
	return 0;
}

static int check_value(
	const char *method, const struct nx_param *p, const json_t *value, struct nx_error *err)
{
	switch (p->type) {
	case NX_PARAM_STRING:
		return json_is_string(value) ? 0 : wrong_type(method, p, "a string", value, err);
	case NX_PARAM_BOOL:
		return json_is_boolean(value) ? 0
					      : wrong_type(method, p, "true or false", value, err);
	case NX_PARAM_LIST:
		return check_list(method, p, value, err);
	case NX_PARAM_INT:
		break;
	}
	if (!json_is_integer(value))
		return wrong_type(method, p, "an integer", value, err);
	if (json_integer_value(value) < p->min || json_integer_value(value) > p->max)
		return nx_fail(err, NX_RPC_PARAMS,
			"%s: parameter \"%s\" must lie between %lld and %lld", method, p->name,
			(long long)p->min, (long long)p->max);
	return 0;
}

static int unknown_param(
	const char *method, const struct nx_param *table, const char *name, struct nx_error *err)
{
	char takes[256] = "";
	size_t n = 0;

	for (const struct nx_param *p = table; p->name && n < sizeof(takes); p++)
		n += (size_t)snprintf(takes + n, sizeof(takes) - n, "%s%s", n ? ", " : "", p->name);
	return nx_fail(err, NX_RPC_PARAMS, "%s: unknown parameter \"%.64s\": it takes %s", method,
		name, n ? takes : "none");
}

static const struct nx_param *find_param(const struct nx_param *table, const char *name)
{
	for (const struct nx_param *p = table; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

int nx_params_check(
	const char *method, const struct nx_param *table, const json_t *given, struct nx_error *err)
{
	const char *key;
	json_t *value;

	if (given && !json_is_object(given))
		return nx_fail(err, NX_RPC_PARAMS,
			"%s: \"params\" must be an object of named parameters, not %s", method,
			type_name(given));
	json_object_foreach ((json_t *)(uintptr_t)given, key, value) {
		const struct nx_param *p = find_param(table, key);
		int ret = p ? check_value(method, p, value, err)
			    : unknown_param(method, table, key, err);

		if (ret)
			return ret;
	}
	for (const struct nx_param *p = table; p->name; p++)
		if (p->required && !json_object_get(given, p->name))
			return nx_fail(err, NX_RPC_PARAMS, "%s: parameter \"%s\" is missing",
				method, p->name);
	return 0;
}

/* utf8_len returns the length of the UTF-8 character at s, or 0 where there is none. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80             ? 1
		     : (s[0] & 0xe0) == 0xc0 ? 2
		     : (s[0] & 0xf0) == 0xe0 ? 3
		     : (s[0] & 0xf8) == 0xf0 ? 4
					     : 0;
	uint32_t c;

	if (len <= 1 || len > n)
		return len <= n ? len : 0;
	c = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : len;
}

json_t *nx_json_text(const char *bytes, size_t len)
{
	static const char replacement[3] = {'\xef', '\xbf', '\xbd'};
	json_t *text = memchr(bytes, 0, len) ? NULL : json_stringn(bytes, len);
	char *clean;
	size_t n = 0;

	if (text)
		return text;
	clean = malloc(3 * len + 1);
	if (!clean)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t c = bytes[i] ? utf8_len((const unsigned char *)bytes + i, len - i) : 0;

		memcpy(clean + n, c ? bytes + i : replacement, c ? c : sizeof(replacement));
		n += c ? c : sizeof(replacement);
		i += c ? c : 1;
	}
	text = json_stringn(clean, n);
	free(clean);
	return text;
}

/* to_line consumes the message and gives it as text with a line feed. */
static char *to_line(json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *line = text ? realloc(text, len + 2) : NULL;

	json_decref(message);
	if (!line) {
		free(text);
		return NULL;
	}
	line[len] = '\n';
	line[len + 1] = '\0';
	return line;
}

char *nx_jsonrpc_result(const json_t *id, json_t *result)
{
	return to_line(json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

char *nx_jsonrpc_error(const json_t *id, int code, const char *text, json_t *data)
{
	return to_line(json_pack("{s:s, s:O?, s:{s:i, s:o, s:o*}}", "jsonrpc", "2.0", "id", id,
		"error", "code", code, "message", nx_json_text(text, strlen(text)), "data", data));
}

char *nx_jsonrpc_notification(const char *method, json_t *params)
{
	return to_line(
		json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}
