/* From the tree to struct nx_config, by the table: one walk over the mapping for what should not be
 * there, one over the table for what should. The same table frees and compares configurations. */
#include "control/config/internal.h"

#include <stdlib.h>

/* ---- keys that should not be there ---- */

/* distance counts the edits between two words (Levenshtein); words longer than 31 are far. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[32];

	if (n > 31 || m > 31)
		return 99;
	for (unsigned j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[m];
}

static void unknown_key(
	struct nx_binder *b, const char *prefix, const char *at, const struct nx_node *node)
{
	const struct nx_key_row *row = NULL, *nearest = NULL;
	unsigned least = 99;
	char known[512] = "";
	size_t n = 0, skip = strlen(prefix);

	while ((row = nx_key_child(prefix, row))) {
		unsigned d = distance(node->key, row->path + skip);

		if (d < least) {
			least = d;
			nearest = row;
		}
		n += (size_t)snprintf(
			known + n, sizeof(known) - n, "%s%s", n ? ", " : "", row->path + skip);
	}
	if (nearest && least <= 1 + strlen(nearest->path + skip) / 3)
		nx_fault_add(b->faults, node->line, 0, at, "unknown key; did you mean \"%s\"?",
			nearest->path + skip);
	else
		nx_fault_add(b->faults, node->line, 0, at, "unknown key; known here: %s", known);
}

static const struct nx_key_row *find_row(const char *prefix, const char *key)
{
	const struct nx_key_row *row = NULL;

	while ((row = nx_key_child(prefix, row)))
		if (strcmp(row->path + strlen(prefix), key) == 0)
			return row;
	return NULL;
}

/* duplicate says whether an earlier child of the mapping has the same key, and complains. */
static bool duplicate(
	struct nx_binder *b, const struct nx_node *map, const struct nx_node *child, const char *at)
{
	const struct nx_node *first = nx_node_get(map, child->key);

	if (first == child)
		return false;
	nx_fault_add(b->faults, child->line, 0, at,
		"given twice; the first is on line %u, remove one", first->line);
	return true;
}

/* join_at writes the name of a key as messages give it: `services[0].plan`. */
static void join_at(char out[NX_AT_MAX], const char *at, const char *key)
{
	(void)snprintf(out, NX_AT_MAX, "%.*s%s%s", NX_AT_MAX - (int)sizeof(struct nx_shown) - 2, at,
		*at ? "." : "", nx_shown(key).text);
}

static void refuse_strangers(
	struct nx_binder *b, const char *prefix, const char *at, const struct nx_node *map)
{
	char key[NX_AT_MAX];

	for (const struct nx_node *child = map->first; child; child = child->next) {
		join_at(key, at, child->key);
		if (!find_row(prefix, child->key))
			unknown_key(b, prefix, key, child);
		else
			(void)duplicate(b, map, child, key);
	}
}

/* ---- keys that should ---- */

static void bind_map(struct nx_binder *b, const char *prefix, const char *at,
	const struct nx_node *map, uint32_t line, void *record);

static void set_default(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	uint32_t line, const char *text, void *field)
{
	if (*text)
		nx_value_set(b, row, at, line, text, field);
	else if (row->type == NX_V_PLAN)
		memcpy(field, &(int32_t){-1}, sizeof(int32_t));
	else if (row->type == NX_V_WORD)
		memcpy(field, &(uint8_t){NX_WORD_UNSET}, 1);
}

static void missing(
	struct nx_binder *b, const struct nx_key_row *row, const char *at, uint32_t line)
{
	char type[256];

	nx_value_type(row, type, sizeof(type));
	nx_fault_add(b->faults, line, 0, at, "required, but missing; add it: %s", type);
}

static void bind_scalar(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	const struct nx_node *node, uint32_t line, void *field)
{
	if (!node && row->flags & NX_KEY_REQUIRED)
		missing(b, row, at, line);
	else if (!node && row->def)
		set_default(b, row, at, line, row->def, field);
	else if (!node || node->kind == NX_NODE_BAD)
		return;
	else if (node->kind != NX_NODE_SCALAR)
		nx_fault_add(b->faults, node->line, 0, at, "must be a single value, not a %s",
			node->kind == NX_NODE_LIST ? "list" : "mapping");
	else if (nx_node_is_null(node))
		nx_fault_add(
			b->faults, node->line, 0, at, "has no value; give one or remove the key");
	else
		nx_value_set(b, row, at, node->line, node->text, field);
}

/* ---- lists ---- */

/* make_room gives the list n elements, all zero. */
static bool make_room(
	struct nx_binder *b, const struct nx_key_row *row, const char *at, void *record, uint32_t n)
{
	void **elements = (void **)((char *)record + row->off);
	uint8_t narrow = (uint8_t)n;

	if (row->grown && n) {
		*elements = calloc(n, row->size);
		if (!*elements) {
			nx_fault_add(b->faults, 0, 0, at, "out of memory");
			return false;
		}
	}
	memcpy((char *)record + row->count_off, row->count_size == 1 ? (void *)&narrow : (void *)&n,
		row->count_size);
	return true;
}

/* default_list takes the table's words apart. */
static void default_list(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	uint32_t line, void *record)
{
	char words[256], *rest, *word;
	uint32_t n = 1;

	(void)snprintf(words, sizeof(words), "%s", row->def);
	for (const char *c = words; *c; c++)
		n += *c == ' ';
	if (!make_room(b, row, at, record, n))
		return;
	word = strtok_r(words, " ", &rest);
	for (uint32_t i = 0; word; i++, word = strtok_r(NULL, " ", &rest))
		nx_value_set(b, row, at, line, word, nx_key_element(row, record, i));
}

static void bind_element(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	const struct nx_node *item, void *element)
{
	char prefix[NX_AT_MAX];

	if (row->type != NX_V_MAP) {
		bind_scalar(b, row, at, item, item->line, element);
		return;
	}
	nx_key_prefix(row, prefix);
	if (row->flags & NX_KEY_NAMED) {
		char name[NX_AT_MAX];

		(void)snprintf(name, sizeof(name), "%s.NAME", row->path);
		for (const struct nx_key_row *r = nx_keys; r->path; r++)
			if (strcmp(r->path, name) == 0)
				nx_value_set(
					b, r, at, item->line, item->key, (char *)element + r->off);
	}
	bind_map(b, prefix, at, item, item->line, element);
}

/* is_list says whether node has the form the row asks for, and complains. */
static bool is_list(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	const struct nx_node *node)
{
	if (row->flags & NX_KEY_NAMED) {
		if (node->kind != NX_NODE_MAP)
			nx_fault_add(b->faults, node->line, 0, at,
				"must be a mapping from names to sections");
		return node->kind == NX_NODE_MAP;
	}
	if (node->kind == NX_NODE_LIST)
		return true;
	if (node->kind == NX_NODE_SCALAR && row->type != NX_V_MAP)
		nx_fault_add(b->faults, node->line, 0, at, "must be a list; write [%s]",
			nx_shown(node->text).text);
	else
		nx_fault_add(b->faults, node->line, 0, at,
			"must be a list; begin each item with \"- \"");
	return false;
}

static void bind_list(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	const struct nx_node *node, uint32_t line, void *record)
{
	uint32_t i = 0, n;

	if (!node || nx_node_is_null(node)) {
		if (row->flags & NX_KEY_REQUIRED)
			missing(b, row, at, node ? node->line : line);
		else if (row->def)
			default_list(b, row, at, line, record);
		return;
	}
	if (node->kind == NX_NODE_BAD || !is_list(b, row, at, node))
		return;
	n = node->n;
	if (n == 0 && row->flags & (NX_KEY_REQUIRED | NX_KEY_NONEMPTY))
		nx_fault_add(b->faults, node->line, 0, at, "is empty; give at least one");
	if (n > row->list_max) {
		nx_fault_add(b->faults, node->line, 0, at, "has %u entries; at most %u fit", n,
			row->list_max);
		n = row->list_max;
	}
	if (!make_room(b, row, at, record, n))
		return;
	for (const struct nx_node *item = node->first; i < n; item = item->next, i++) {
		char key[NX_AT_MAX];

		if (item->key)
			join_at(key, at, item->key);
		else
			(void)snprintf(key, sizeof(key), "%.*s[%u]", NX_AT_MAX - 16, at, i);
		if (!item->key || !duplicate(b, node, item, key))
			bind_element(b, row, key, item, nx_key_element(row, record, i));
	}
}

/* ---- mappings ---- */

static void bind_row(struct nx_binder *b, const struct nx_key_row *row, const char *at,
	const struct nx_node *node, uint32_t line, void *record)
{
	char prefix[NX_AT_MAX];

	if (row->list_max) {
		bind_list(b, row, at, node, line, record);
	} else if (row->type == NX_V_MAP) {
		nx_key_prefix(row, prefix);
		bind_map(b, prefix, at, node, node ? node->line : line, record);
	} else {
		bind_scalar(b, row, at, node, line, (char *)record + row->off);
	}
}

static void bind_map(struct nx_binder *b, const char *prefix, const char *at,
	const struct nx_node *map, uint32_t line, void *record)
{
	const struct nx_key_row *row = NULL;

	if (map && map->kind == NX_NODE_BAD)
		return;
	if (map && map->kind == NX_NODE_MAP) {
		refuse_strangers(b, prefix, at, map);
	} else if (map && !nx_node_is_null(map)) {
		nx_fault_add(b->faults, map->line, 0, at,
			"must be a section of keys, each \"key: value\" on a line of its own");
		return;
	}
	while ((row = nx_key_child(prefix, row))) {
		const char *name = row->path + strlen(prefix);
		char key[NX_AT_MAX];

		join_at(key, at, name);
		bind_row(b, row, key, nx_node_get(map, name), line, record);
	}
}

void nx_bind(struct nx_binder *b, const struct nx_node *root)
{
	bind_map(b, "", "", root, 1, b->config);
}

/* ---- freeing and comparing ---- */

static void release_children(const char *prefix, void *record);

static void release_element(const struct nx_key_row *row, void *element)
{
	char prefix[NX_AT_MAX];
	void *text;

	if (nx_key_owns_text(row)) {
		memcpy(&text, element, sizeof(text));
		free(text);
	} else if (row->type == NX_V_MAP) {
		nx_key_prefix(row, prefix);
		release_children(prefix, element);
	}
}

static void release_children(const char *prefix, void *record)
{
	const struct nx_key_row *row = NULL;

	while ((row = nx_key_child(prefix, row))) {
		if (!row->list_max) {
			release_element(row, (char *)record + row->off);
			continue;
		}
		for (uint32_t i = 0; i < nx_key_count(row, record); i++)
			release_element(row, nx_key_element(row, record, i));
		if (row->grown)
			free(nx_key_element(row, record, 0));
	}
}

void nx_bind_free(struct nx_config *c)
{
	release_children("", c);
}

static bool children_differ(const struct nx_key_row *row, const void *a, const void *b);

static bool element_differs(const struct nx_key_row *row, const void *a, const void *b)
{
	const char *x, *y;

	if (row->type == NX_V_MAP)
		return children_differ(row, a, b);
	if (!nx_key_owns_text(row))
		return memcmp(a, b, row->size) != 0;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x && y ? strcmp(x, y) != 0 : x != y;
}

static bool row_differs(const struct nx_key_row *row, const void *a, const void *b)
{
	uint32_t n = row->list_max ? nx_key_count(row, a) : 0;

	if (!row->list_max)
		return element_differs(row, (const char *)a + row->off, (const char *)b + row->off);
	if (n != nx_key_count(row, b))
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (element_differs(row, nx_key_element(row, a, i), nx_key_element(row, b, i)))
			return true;
	return false;
}

static bool children_differ(const struct nx_key_row *row, const void *a, const void *b)
{
	const struct nx_key_row *child = NULL;
	char prefix[NX_AT_MAX];

	nx_key_prefix(row, prefix);
	while ((child = nx_key_child(prefix, child)))
		if (row_differs(child, a, b))
			return true;
	return false;
}

uint32_t nx_config_box_diff(
	const struct nx_config *a, const struct nx_config *b, const char **keys, uint32_t max)
{
	const struct nx_key_row *section = NULL, *row;
	uint32_t n = 0;

	while ((section = nx_key_child("", section))) {
		char prefix[NX_AT_MAX];

		if (!(section->flags & NX_KEY_RESTART))
			continue;
		if (section->list_max) { /* named as a whole */
			if (row_differs(section, a, b) && n < max)
				keys[n++] = section->path;
			continue;
		}
		nx_key_prefix(section, prefix);
		for (row = NULL; (row = nx_key_child(prefix, row));)
			if (row_differs(row, a, b) && n < max)
				keys[n++] = row->path;
	}
	return n;
}

bool nx_config_judges_alike(const struct nx_config *a, const struct nx_config *b)
{
	const struct nx_key_row *section = NULL;

	while ((section = nx_key_child("", section)))
		if ((section->flags & NX_KEY_JUDGES) && row_differs(section, a, b))
			return false;
	return true;
}
