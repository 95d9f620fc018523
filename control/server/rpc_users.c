/* user.*: one user at a time, and pages of them. */
#include "control/server/rpc.h"

#include <string.h>

#include "nxsip/protocol.h"

const char *nx_rpc_user_state_name(unsigned state)
{
	static const char *const name[] = {"absent", "known", "gone", "head"};

	return name[state];
}

static json_t *key_text(const struct nx_key *key)
{
	return nx_json_text((const char *)key->text, key->len);
}

json_t *nx_rpc_user_changed(const struct nx_user_changed *changed)
{
	return json_pack("{s:I, s:o, s:s}", "version", (json_int_t)changed->version, "user",
		key_text(&changed->key), "was", nx_rpc_user_state_name(changed->was));
}

void nx_rpc_user_change(const struct nx_method *m, const json_t *params, struct nx_user_change *out)
{
	const json_t *user = json_object_get(params, "user");

	*out = (struct nx_user_change){
		.domain = json_string_value(json_object_get(params, "domain")),
		.user = json_string_value(user),
		.len = json_string_length(user),
		.digits_are_names = json_is_true(json_object_get(params, "digits_are_names")),
		.state = NX_USER_KNOWN,
	};
	if (strcmp(m->name, "user.gone") == 0)
		out->state = NX_USER_GONE;
	else if (strcmp(m->name, "user.del") == 0)
		out->state = NX_USER_ABSENT;
	else if (json_is_true(json_object_get(params, "head")))
		out->state = NX_USER_HEAD;
}

static int user_get(struct nx_call *call)
{
	const json_t *user = json_object_get(call->request->params, "user");
	struct nx_user_record record;
	struct nx_key key;
	int ret = nx_engine_user_get(call->server->engine, nx_call_string(call, "domain"),
		json_string_value(user), json_string_length(user),
		nx_call_bool(call, "digits_are_names"), &key, &record, &call->err);

	if (ret)
		return ret;
	call->result = json_pack("{s:o, s:s}", "user", key_text(&key), "state",
		nx_rpc_user_state_name(record.state));
	if (record.state != NX_USER_ABSENT)
		(void)json_object_set_new(
			call->result, "updated", json_integer((json_int_t)record.updated));
	return 0;
}

/* ---- user.list ----
 * The cursor of a page is its last key in hexadecimal, since a key can be any bytes. */

struct page {
	json_t *users;
	size_t limit;
	bool more;
	struct nx_key last;
};

static bool add_to_page(
	void *arg, const uint8_t *key, size_t len, const struct nx_user_record *record)
{
	struct page *page = arg;

	page->more = json_array_size(page->users) == page->limit;
	if (page->more)
		return false;
	(void)json_array_append_new(page->users,
		json_pack("{s:o, s:s, s:I}", "user", nx_json_text((const char *)key, len), "state",
			nx_rpc_user_state_name(record->state), "updated",
			(json_int_t)record->updated));
	page->last.len = (uint8_t)len;
	memcpy(page->last.text, key, len);
	return true;
}

static void cursor_write(const struct nx_key *key, char out[2 * NX_KEY_MAX + 1])
{
	for (unsigned i = 0; i < key->len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", key->text[i]);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static bool cursor_read(const char *cursor, char out[NX_KEY_MAX + 1])
{
	size_t len = strlen(cursor);

	if (len % 2 || len > 2 * NX_KEY_MAX)
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		int hi = hex_digit(cursor[2 * i]), lo = hex_digit(cursor[2 * i + 1]);

		if (hi < 0 || lo < 0 || (hi == 0 && lo == 0))
			return false;
		out[i] = (char)(hi << 4 | lo);
	}
	out[len / 2] = '\0';
	return true;
}

static int user_list(struct nx_call *call)
{
	const char *after = nx_call_string(call, "after");
	char from[NX_KEY_MAX + 1] = "", cursor[2 * NX_KEY_MAX + 1] = "";
	struct page page = {.limit = nx_call_u32(call, "limit", NX_LIST_MAX)};
	int ret;

	if (after && !cursor_read(after, from))
		return nx_fail(&call->err, NX_ERR_INVALID,
			"user.list: \"after\" must be the \"next\" of the page before");
	page.users = json_array();
	ret = nx_engine_user_list(call->server->engine, nx_call_string(call, "domain"),
		nx_call_string(call, "prefix"), from, add_to_page, &page, &call->err);
	if (ret) {
		json_decref(page.users);
		return ret;
	}
	cursor_write(&page.last, cursor);
	call->result =
		json_pack("{s:o, s:s*}", "users", page.users, "next", page.more ? cursor : NULL);
	return 0;
}

const struct nx_method nx_rpc_users[] = {
	{"user.add", NULL, NX_CHANGES | NX_USER,
		{NX_TEXT("domain", true), NX_TEXT("user", true), NX_FLAG("head", false),
			NX_FLAG("digits_are_names", false)}},
	{"user.gone", NULL, NX_CHANGES | NX_USER,
		{NX_TEXT("domain", true), NX_TEXT("user", true),
			NX_FLAG("digits_are_names", false)}},
	{"user.del", NULL, NX_CHANGES | NX_USER,
		{NX_TEXT("domain", true), NX_TEXT("user", true),
			NX_FLAG("digits_are_names", false)}},
	{"user.get", user_get, 0,
		{NX_TEXT("domain", true), NX_TEXT("user", true),
			NX_FLAG("digits_are_names", false)}},
	{"user.list", user_list, 0,
		{NX_TEXT("domain", true), NX_TEXT("prefix", false),
			NX_INT("limit", false, 1, NX_LIST_MAX), NX_TEXT("after", false)}},
	{0},
};
