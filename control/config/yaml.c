/* The YAML file as a tree in which every node knows its line. libyaml's events rather than its
 * documents, so that depth and width are bounded while reading, and what this file format leaves
 * out is refused where it stands: anchors, aliases, tags, a second document, control bytes.
 * Scalars stay text: whether 000 is a number is for the table of keys to say. */
#include "control/config/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

static const char no_anchor[] =
	"anchors (&) are not used here; write the value out where it is needed";
static const char no_tag[] = "tags (!) are not used here; write the plain value";

struct reader {
	yaml_parser_t parser;
	struct nx_faults *faults;
	const char *data;
	size_t len;
	struct nx_node *open[NX_CONFIG_DEPTH_MAX]; /* the mappings and lists we are in */
	uint32_t depth;
	char *key; /* read, its value not yet */
	uint32_t key_line;
	struct nx_node *root;
};

void nx_node_free(struct nx_node *node)
{
	struct nx_node *next;

	if (!node)
		return;
	for (struct nx_node *child = node->first; child; child = next) {
		next = child->next;
		nx_node_free(child);
	}
	free(node->key);
	free(node->text);
	free(node);
}

const struct nx_node *nx_node_get(const struct nx_node *node, const char *key)
{
	if (!node || node->kind != NX_NODE_MAP)
		return NULL;
	for (const struct nx_node *child = node->first; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

const struct nx_node *nx_node_at(const struct nx_node *node, uint32_t index)
{
	const struct nx_node *child = node ? node->first : NULL;

	while (child && index--)
		child = child->next;
	return child;
}

bool nx_node_is_null(const struct nx_node *node)
{
	return node->kind == NX_NODE_SCALAR && !node->quoted &&
	       (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* ---- from events to nodes ---- */

static uint32_t line_of(const yaml_event_t *e)
{
	return (uint32_t)e->start_mark.line + 1;
}

static uint32_t column_of(const yaml_event_t *e)
{
	return (uint32_t)e->start_mark.column + 1;
}

static bool has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

/* refuse reports something this file format has no use for, and goes on. */
static void refuse(struct reader *r, const yaml_event_t *e, struct nx_node *node, const char *what)
{
	nx_fault_add(r->faults, line_of(e), column_of(e), NULL, "%s", what);
	node->kind = NX_NODE_BAD;
}

static int no_memory(struct reader *r)
{
	nx_fault_add(r->faults, 0, 0, NULL, "out of memory while reading");
	return NX_ERR_NOMEM;
}

/* is_key says whether the next scalar is a key of the mapping we are in. */
static bool is_key(const struct reader *r)
{
	return r->depth && r->open[r->depth - 1]->kind == NX_NODE_MAP && !r->key;
}

/* attach hangs a new node into the tree and gives it to *out. */
static int attach(
	struct reader *r, const yaml_event_t *e, enum nx_node_kind kind, struct nx_node **out)
{
	struct nx_node *parent = r->depth ? r->open[r->depth - 1] : NULL;
	struct nx_node *node = calloc(1, sizeof(*node));

	if (!node)
		return no_memory(r);
	node->kind = kind;
	node->line = r->key ? r->key_line : line_of(e);
	node->key = r->key;
	r->key = NULL;
	if (!parent)
		r->root = node;
	else if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	if (parent) {
		parent->last = node;
		parent->n++;
	}
	*out = node;
	return NX_OK;
}

static int on_key(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	if (r->open[r->depth - 1]->n == NX_CONFIG_KEYS_MAX) {
		nx_fault_add(r->faults, line_of(e), 0, NULL, "more than %u keys in one mapping",
			NX_CONFIG_KEYS_MAX);
		return NX_ERR_INVALID;
	}
	if (e->data.scalar.anchor)
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL, "%s", no_anchor);
	/* a control byte in a key makes it an unknown one; a NUL would cut it into a known one */
	r->key = strlen(text) == e->data.scalar.length ? strdup(text) : strdup("\\0");
	r->key_line = line_of(e);
	return r->key ? NX_OK : no_memory(r);
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	struct nx_node *node;
	int rc;

	if (is_key(r))
		return on_key(r, e);
	rc = attach(r, e, NX_NODE_SCALAR, &node);
	if (rc)
		return rc;
	node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup(text);
	if (!node->text)
		return no_memory(r);
	if (e->data.scalar.anchor)
		refuse(r, e, node, no_anchor);
	else if (e->data.scalar.tag)
		refuse(r, e, node, no_tag);
	else if (has_control(text, e->data.scalar.length))
		refuse(r, e, node,
			"the value holds a control byte or a line break; write it on one line");
	return NX_OK;
}

static int on_alias(struct reader *r, const yaml_event_t *e)
{
	struct nx_node *node;
	int rc;

	if (is_key(r)) {
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL,
			"an alias (*) cannot be a key here; write the key out");
		return NX_ERR_INVALID;
	}
	rc = attach(r, e, NX_NODE_BAD, &node);
	if (rc == NX_OK)
		refuse(r, e, node, "aliases (*) are not used here; write the value out");
	return rc;
}

static int on_open(
	struct reader *r, const yaml_event_t *e, enum nx_node_kind kind, bool anchor, bool tag)
{
	struct nx_node *node;
	int rc;

	if (is_key(r)) {
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL,
			"a list or mapping cannot be a key; write a plain word before the colon");
		return NX_ERR_INVALID;
	}
	if (r->depth == NX_CONFIG_DEPTH_MAX) {
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL,
			"nested more than %u deep; nothing here needs that", NX_CONFIG_DEPTH_MAX);
		return NX_ERR_INVALID;
	}
	rc = attach(r, e, kind, &node);
	if (rc)
		return rc;
	r->open[r->depth++] = node;
	if (anchor)
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL, "%s", no_anchor);
	if (tag)
		nx_fault_add(r->faults, line_of(e), column_of(e), NULL, "%s", no_tag);
	return NX_OK;
}

static int on_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (!r->root)
			return NX_OK;
		nx_fault_add(r->faults, line_of(e), 0, NULL,
			"a second document begins (---); put everything into one");
		return NX_ERR_INVALID;
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_MAPPING_START_EVENT:
		return on_open(r, e, NX_NODE_MAP, e->data.mapping_start.anchor != NULL,
			e->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(r, e, NX_NODE_LIST, e->data.sequence_start.anchor != NULL,
			e->data.sequence_start.tag != NULL);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		return NX_OK;
	default:
		return NX_OK;
	}
}

/* ---- libyaml's own complaints ---- */

static void syntax_fault(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	uint32_t line = (uint32_t)p->problem_mark.line + 1;
	uint32_t column = (uint32_t)p->problem_mark.column + 1;
	bool tab = p->problem_mark.index < r->len && r->data[p->problem_mark.index] == '\t';

	if (p->error == YAML_MEMORY_ERROR) {
		(void)no_memory(r);
		return;
	}
	if (p->error == YAML_READER_ERROR) { /* before there are marks: count ourselves */
		line = 1;
		for (size_t i = 0; i < p->problem_offset && i < r->len; i++)
			line += r->data[i] == '\n';
		nx_fault_add(r->faults, line, 0, NULL, "not valid YAML: %s; save the file as UTF-8",
			p->problem);
		return;
	}
	nx_fault_add(r->faults, line, column, NULL, "not valid YAML: %s%s%s%s",
		p->problem ? p->problem : "malformed", p->context ? ", " : "",
		p->context ? p->context : "", tab ? "; indent with spaces, not tabs" : "");
}

static int read_events(struct reader *r)
{
	int rc = NX_OK;
	bool end = false;

	while (!end && rc == NX_OK) {
		yaml_event_t e;

		if (!yaml_parser_parse(&r->parser, &e)) {
			syntax_fault(r);
			return NX_ERR_INVALID;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		rc = on_event(r, &e);
		yaml_event_delete(&e);
	}
	return rc;
}

static int read_tree(struct reader *r)
{
	int rc;

	if (!yaml_parser_initialize(&r->parser))
		return no_memory(r);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->data, r->len);
	rc = read_events(r);
	yaml_parser_delete(&r->parser);
	free(r->key);
	if (rc)
		return rc;
	if (!r->root || nx_node_is_null(r->root)) {
		nx_fault_add(
			r->faults, 0, 0, NULL, "is empty; it needs at least workers and ports");
		return NX_ERR_INVALID;
	}
	if (r->root->kind != NX_NODE_MAP) {
		nx_fault_add(r->faults, r->root->line, 0, NULL,
			"the file must be a mapping of sections, such as \"workers:\"");
		return NX_ERR_INVALID;
	}
	return NX_OK;
}

/* ---- the file ---- */

/* fill reads the whole of an open file; len is one more than allowed where it is larger. */
static int fill(int fd, char *data, size_t *len)
{
	*len = 0;
	while (*len <= NX_CONFIG_BYTES_MAX) {
		ssize_t n = read(fd, data + *len, NX_CONFIG_BYTES_MAX + 1 - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

static int slurp(const char *path, char *data, size_t *len, struct nx_faults *faults)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st) < 0)
		err = errno;
	else if (S_ISDIR(st.st_mode))
		err = EISDIR;
	else
		err = S_ISREG(st.st_mode) ? -fill(fd, data, len) : EINVAL;
	if (fd >= 0)
		(void)close(fd);
	if (err == EISDIR)
		nx_fault_add(faults, 0, 0, NULL, "is a directory; name the file in it");
	else if (err == EINVAL)
		nx_fault_add(faults, 0, 0, NULL, "is not a regular file");
	else if (err)
		nx_fault_add(faults, 0, 0, NULL,
			"cannot be read: %s; check the path and its rights", strerror(err));
	else if (*len > NX_CONFIG_BYTES_MAX)
		nx_fault_add(faults, 0, 0, NULL,
			"is larger than 1 MiB; users belong into the store, by nxsipctl load");
	return err ? NX_ERR_IO : *len > NX_CONFIG_BYTES_MAX ? NX_ERR_INVALID : NX_OK;
}

int nx_yaml_read(const char *path, struct nx_node **root, struct nx_faults *faults)
{
	char *data = malloc(NX_CONFIG_BYTES_MAX + 1);
	struct reader r = {.faults = faults, .data = data};
	int rc;

	*root = NULL;
	if (!data)
		return no_memory(&r);
	rc = slurp(path, data, &r.len, faults);
	if (rc == NX_OK)
		rc = read_tree(&r);
	free(data);
	if (rc)
		nx_node_free(r.root);
	else
		*root = r.root;
	return rc;
}
