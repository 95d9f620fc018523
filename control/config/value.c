/* One scalar of the file into one field: a function a type, which says why it refuses. Every
 * scalar is text first: 000 and "000" are the same, and what a number is the type decides. */
#include "control/config/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

/* What a setter needs to know and to complain with. */
struct setting {
	struct nx_binder *b;
	const struct nx_key_row *row;
	const char *at;
	uint32_t line;
};

#define COMPLAIN(s, ...) nx_fault_add((s)->b->faults, (s)->line, 0, (s)->at, __VA_ARGS__)
#define SHOWN(text)      (nx_shown(text).text)

#define NAME_BYTES                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789._-"

/* ---- text ---- */

static bool printable(const struct setting *s, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c >= 0x20 && *c < 0x7f)
			continue;
		COMPLAIN(s, "\"%s\" holds a byte that is not printable ASCII; remove it",
			SHOWN(text));
		return false;
	}
	return true;
}

/* fits says whether text is min to max bytes long. */
static bool fits(const struct setting *s, const char *text, uint64_t min, uint64_t max)
{
	size_t n = strlen(text);

	if (n < min)
		COMPLAIN(s, "is empty; give a value or remove the key");
	else if (n > max)
		COMPLAIN(s, "\"%s\" is %zu bytes long; at most %llu fit", SHOWN(text), n,
			(unsigned long long)max);
	return n >= min && n <= max;
}

static bool is_name(const struct setting *s, const char *text)
{
	if (text[strspn(text, NAME_BYTES)] == 0)
		return true;
	COMPLAIN(s, "\"%s\" is not a name; use letters, digits and . _ - only", SHOWN(text));
	return false;
}

static void keep_inline(const struct setting *s, const char *text, void *field)
{
	memset(field, 0, s->row->size);
	memcpy(field, text, strlen(text));
}

static void keep_copy(const struct setting *s, const char *text, void *field)
{
	char **copy = field;

	*copy = strdup(text);
	if (!*copy)
		COMPLAIN(s, "out of memory");
}

static void set_text(const struct setting *s, const char *text, void *field)
{
	if (printable(s, text) && fits(s, text, 0, s->row->size - 1))
		keep_inline(s, text, field);
}

static void set_name(const struct setting *s, const char *text, void *field)
{
	if (is_name(s, text) && fits(s, text, 1, s->row->size - 1))
		keep_inline(s, text, field);
}

static void set_string(const struct setting *s, const char *text, void *field)
{
	if (printable(s, text) && fits(s, text, s->row->min, s->row->max))
		keep_copy(s, text, field);
}

static void set_group(const struct setting *s, const char *text, void *field)
{
	if (is_name(s, text) && fits(s, text, s->row->min, s->row->max))
		keep_copy(s, text, field);
}

static void set_path(const struct setting *s, const char *text, void *field)
{
	if (text[0] != '/')
		COMPLAIN(s, "\"%s\" is not an absolute path; begin it with /", SHOWN(text));
	else if (fits(s, text, s->row->min, s->row->max))
		keep_copy(s, text, field);
}

/* ---- devices ---- */

/* is_pci knows [DDDD:]BB:DD.F, alone or with device arguments after a comma. */
static bool is_pci(const char *s)
{
	static const char *const form[] = {"hhhh:hh:hh.f", "hh:hh.f"};

	for (size_t i = 0; i < 2; i++) {
		const char *p = s, *f = form[i];

		for (; *f; f++, p++) {
			bool hex = *p && strchr("0123456789abcdefABCDEF", *p);

			if (*f == 'h' ? !hex : *f == 'f' ? *p < '0' || *p > '7' : *p != *f)
				break;
		}
		if (!*f && (!*p || *p == ','))
			return true;
	}
	return false;
}

static bool is_virtual(const char *s)
{
	static const char *const begin[] = {"net_", "eth_", "virtio_user"};

	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (strncmp(s, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static void set_device(const struct setting *s, const char *text, void *field)
{
	if (!printable(s, text) || !fits(s, text, 1, s->row->size - 1))
		return;
	if (strchr(text, ' '))
		COMPLAIN(s, "\"%s\" holds a space; device arguments are joined by commas alone",
			SHOWN(text));
	else if (is_pci(text) || is_virtual(text))
		keep_inline(s, text, field);
	else
		COMPLAIN(s,
			"\"%s\" is neither a PCI address such as 0000:3b:00.0 nor a DPDK virtual "
			"device such as net_af_xdp0,iface=eth0",
			SHOWN(text));
}

/* ---- numbers and words ---- */

static void keep_uint(const struct setting *s, uint64_t v, void *field)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (s->row->size) {
	case 1:
		memcpy(field, &v8, 1);
		break;
	case 2:
		memcpy(field, &v16, 2);
		break;
	case 4:
		memcpy(field, &v32, 4);
		break;
	default:
		memcpy(field, &v, 8);
	}
}

/* read_uint accepts decimal digits without sign or leading zero (which YAML 1.1 calls octal). */
static bool read_uint(const char *text, uint64_t *v)
{
	size_t n = strlen(text);

	if (n == 0 || n > 18 || text[strspn(text, "0123456789")] || (n > 1 && text[0] == '0'))
		return false;
	*v = strtoull(text, NULL, 10);
	return true;
}

static void set_uint(const struct setting *s, const char *text, void *field)
{
	unsigned long long min = s->row->min, max = s->row->max;
	uint64_t v;

	if (!read_uint(text, &v))
		COMPLAIN(s, "\"%s\" is not a whole number; give %llu to %llu", SHOWN(text), min,
			max);
	else if (v < min || v > max)
		COMPLAIN(s, "%llu is out of range; give %llu to %llu", (unsigned long long)v, min,
			max);
	else
		keep_uint(s, v, field);
}

static void set_vlan(const struct setting *s, const char *text, void *field)
{
	uint16_t vlan = NX_VLAN_NONE;
	uint64_t v = 0;

	if (strcmp(text, "none") != 0) {
		if (!read_uint(text, &v) || v < 1 || v > 4094) {
			COMPLAIN(s, "\"%s\" is not a VLAN; give none or 1 to 4094", SHOWN(text));
			return;
		}
		vlan = (uint16_t)v;
	}
	memcpy(field, &vlan, sizeof(vlan));
}

static void set_bool(const struct setting *s, const char *text, void *field)
{
	static const char *const word[] = {"off", "on", "false", "true", "no", "yes"};

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		if (strcasecmp(text, word[i]) != 0)
			continue;
		memcpy(field, &(bool){i % 2 == 1}, sizeof(bool));
		return;
	}
	COMPLAIN(s, "\"%s\" is neither on nor off; write on or off", SHOWN(text));
}

/* join lists the words a key may have. */
static void join(const char *const *words, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		const char *sep = i == 0 ? "" : words[i + 1] ? ", " : " or ";

		n += (size_t)snprintf(out + n, cap - n, "%s%s", sep, words[i]);
	}
}

static void set_word(const struct setting *s, const char *text, void *field)
{
	char known[128];

	for (uint8_t i = 0; s->row->words[i]; i++) {
		if (strcmp(text, s->row->words[i]) != 0)
			continue;
		memcpy(field, &i, 1);
		return;
	}
	join(s->row->words, known, sizeof(known));
	COMPLAIN(s, "\"%s\" is not known here; write %s", SHOWN(text), known);
}

static void set_digits(const struct setting *s, const char *text, void *field)
{
	size_t n = strlen(text);
	struct nx_digits digits = {.len = (uint8_t)n};

	if (text[strspn(text, "0123456789")] || n < s->row->min || n > s->row->max) {
		COMPLAIN(s,
			"\"%s\" is not %llu to %llu digits; write digits only, without + and "
			"spaces",
			SHOWN(text), (unsigned long long)s->row->min,
			(unsigned long long)s->row->max);
		return;
	}
	memcpy(digits.d, text, n);
	memcpy(field, &digits, sizeof(digits));
}

/* The value never shows up in the message: it is a secret. */
static void set_tag_key(const struct setting *s, const char *text, void *field)
{
	struct nx_tag_key *key = field;

	if (strlen(text) != 2 * sizeof(key->k) ||
		text[strspn(text, "0123456789abcdefABCDEF")] != 0) {
		COMPLAIN(s, "is not 32 hexadecimal digits; make a key with: openssl rand -hex 16");
		return;
	}
	for (size_t i = 0; i < sizeof(key->k); i++) {
		const char byte[3] = {text[2 * i], text[2 * i + 1]};

		key->k[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	key->present = true;
}

/* ---- addresses and hosts ---- */

static void set_addr(const struct setting *s, const char *text, void *field)
{
	struct nx_addr addr;

	if (nx_addr_parse(text, &addr))
		COMPLAIN(s, "\"%s\" is not an IP address; write 192.0.2.10 or 2001:db8::10",
			SHOWN(text));
	else
		memcpy(field, &addr, sizeof(addr));
}

static void set_prefix(const struct setting *s, const char *text, void *field)
{
	struct nx_error err;
	struct nx_prefix prefix;

	if (nx_prefix_parse(text, &prefix, &err))
		COMPLAIN(s, "\"%s\": %s", SHOWN(text), err.text);
	else
		memcpy(field, &prefix, sizeof(prefix));
}

/* is_domain checks labels of 1 to 63 letters, digits, - and _, at most 253 bytes in all. */
static bool is_domain(const char *s, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.' ? label == 0 : !strchr(NAME_BYTES, s[i]) || ++label > 63)
			return false;
		if (s[i] == '.')
			label = 0;
	}
	return label > 0 && len <= 253;
}

/* keep_domain keeps a name in lower case, without its trailing dot, behind `head` bytes of it that
 * are no labels (`*.`). */
static bool keep_domain(const struct setting *s, const char *text, size_t head, void *field)
{
	size_t len = strlen(text);
	char name[NX_DOMAIN_NAME_MAX + 2] = "";

	if (len > head && text[len - 1] == '.')
		len--;
	if (len < head || len >= sizeof(name) || !is_domain(text + head, len - head))
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
	keep_copy(s, name, field);
	return true;
}

static void set_domain(const struct setting *s, const char *text, void *field)
{
	if (!keep_domain(s, text, 0, field))
		COMPLAIN(s, "\"%s\" is not a domain name; write one such as example.net",
			SHOWN(text));
}

/* A name's last label is no number (RFC 3261 section 25.1, toplabel): 192.0.2.300 is a slip. */
static bool ends_in_number(const char *text)
{
	const char *dot = strrchr(text, '.');
	const char *label = dot ? dot + 1 : text;

	return *label && label[strspn(label, "0123456789")] == 0;
}

static void set_host(const struct setting *s, const char *text, void *field)
{
	size_t head = strncmp(text, "*.", 2) == 0 ? 2 : 0;
	struct nx_addr addr;
	char canonical[48];

	if (nx_addr_parse(text, &addr) == NX_OK) {
		nx_addr_format(&addr, canonical);
		keep_copy(s, canonical, field);
	} else if (text[0] == '[') {
		COMPLAIN(s, "\"%s\": write an IPv6 address without brackets and port", SHOWN(text));
	} else if (ends_in_number(text) || !keep_domain(s, text, head, field)) {
		COMPLAIN(s, "\"%s\" is not a host; write a name, *.name, an IP address or any",
			SHOWN(text));
	}
}

/* ---- references ---- */

static void set_plan(const struct setting *s, const char *text, void *field)
{
	const struct nx_config *c = s->b->config;

	for (uint32_t i = 0; i < c->n_plans; i++) {
		int32_t plan = (int32_t)i;

		if (strcmp(c->plans[i].name, text) != 0)
			continue;
		memcpy(field, &plan, sizeof(plan));
		return;
	}
	COMPLAIN(s, "there is no plan \"%s\"; add it under plans, or name one that is there",
		SHOWN(text));
}

typedef void (*setter)(const struct setting *s, const char *text, void *field);

static const struct {
	setter set;
	const char *type, *types; /* for the reference: one, several */
} value_types[] = {
	[NX_V_MAP] = {NULL, "section", "sections"},
	[NX_V_TEXT] = {set_text, "text", "texts"},
	[NX_V_NAME] = {set_name, "name", "names"},
	[NX_V_DEVICE] = {set_device, "PCI address or virtual device", "devices"},
	[NX_V_STRING] = {set_string, "text", "texts"},
	[NX_V_GROUP] = {set_group, "name", "names"},
	[NX_V_PATH] = {set_path, "absolute path", "absolute paths"},
	[NX_V_HOST] = {set_host, "host", "hosts"},
	[NX_V_DOMAIN] = {set_domain, "domain name", "domain names"},
	[NX_V_UINT] = {set_uint, "whole number", "whole numbers"},
	[NX_V_BOOL] = {set_bool, "on or off", "on or off"},
	[NX_V_WORD] = {set_word, "word", "words"},
	[NX_V_DIGITS] = {set_digits, "digits", "strings of digits"},
	[NX_V_ADDR] = {set_addr, "IP address", "IP addresses"},
	[NX_V_PREFIX] = {set_prefix, "IP prefix", "IP prefixes"},
	[NX_V_VLAN] = {set_vlan, "none or 1 to 4094", "VLANs (none or 1 to 4094)"},
	[NX_V_PLAN] = {set_plan, "name of a plan", "names of plans"},
	[NX_V_TAG_KEY] = {set_tag_key, "32 hexadecimal digits", "keys"},
};

void nx_value_set(struct nx_binder *b, const struct nx_key_row *row, const char *at, uint32_t line,
	const char *text, void *field)
{
	const struct setting s = {.b = b, .row = row, .at = at, .line = line};

	value_types[row->type].set(&s, text, field);
}

void nx_value_type(const struct nx_key_row *row, char *out, size_t cap)
{
	const char *type =
		row->list_max ? value_types[row->type].types : value_types[row->type].type;
	char range[64] = "", words[128];

	if (row->type == NX_V_UINT || row->type == NX_V_DIGITS)
		(void)snprintf(range, sizeof(range), ", %llu to %llu", (unsigned long long)row->min,
			(unsigned long long)row->max);
	else if (row->type == NX_V_TEXT || row->type == NX_V_NAME || row->type == NX_V_DEVICE)
		(void)snprintf(range, sizeof(range), ", at most %u bytes", row->size - 1);
	else if (nx_key_owns_text(row) && row->max)
		(void)snprintf(
			range, sizeof(range), ", at most %llu bytes", (unsigned long long)row->max);
	if (row->type == NX_V_WORD) {
		join(row->words, words, sizeof(words));
		type = words;
	}
	if (row->flags & NX_KEY_NAMED)
		(void)snprintf(out, cap, "sections by name, at most %u", row->list_max);
	else if (row->list_max)
		(void)snprintf(out, cap, "list of at most %u %s%s", row->list_max, type, range);
	else
		(void)snprintf(out, cap, "%s%s", type, range);
}
