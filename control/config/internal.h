/* What the files of control/config share: faults, the YAML tree, the table of keys.
 *
 *   nx_yaml_read   file -> tree of nodes that know their lines         yaml.c
 *   nx_keys        every key: path, type, range, default, doc          keys.c
 *   nx_bind        tree + table -> struct nx_config                    bind.c
 *   nx_value_set   one scalar -> one field                             value.c
 *   nx_check       what concerns more than one key                     check.c
 *
 * Each adds what it finds wrong to the same faults and goes on. */
#ifndef NX_CONTROL_CONFIG_INTERNAL_H
#define NX_CONTROL_CONFIG_INTERNAL_H

#include <stddef.h>

#include "control/config/config.h"

#define NX_CONFIG_BYTES_MAX  (1024 * 1024)
#define NX_CONFIG_DEPTH_MAX  8    /* mappings and lists inside each other; the schema needs 5 */
#define NX_CONFIG_KEYS_MAX   1024 /* keys of one mapping */
#define NX_CONFIG_FAULTS_MAX 200  /* kept; the rest is counted */
#define NX_AT_MAX            192  /* bytes of a key as a message names it */

/* ---- faults ---- */

struct nx_fault {
	uint32_t line, seq;
	char *text;
};

struct nx_faults {
	const char *path; /* of the file */
	struct nx_fault fault[NX_CONFIG_FAULTS_MAX];
	uint32_t n;
	uint32_t total; /* n and those not kept */
};

/* nx_fault_add records a message.  line, column: from 1, 0: none.  at: the key, NULL: none. */
__attribute__((format(printf, 5, 6))) void nx_fault_add(
	struct nx_faults *f, uint32_t line, uint32_t column, const char *at, const char *fmt, ...);

/* nx_faults_move hands the messages over in file order and leaves f empty. */
void nx_faults_move(struct nx_faults *f, struct nx_config_errors *out);

/* nx_shown makes a value fit to be shown in a message: printable, cut where long. */
struct nx_shown {
	char text[64];
};
struct nx_shown nx_shown(const char *s);

/* ---- the YAML tree ---- */

enum nx_node_kind {
	NX_NODE_SCALAR,
	NX_NODE_MAP,
	NX_NODE_LIST,
	NX_NODE_BAD, /* refused and reported already: nobody complains about it again */
};

struct nx_node {
	enum nx_node_kind kind;
	bool quoted;
	uint32_t line; /* where the value begins, or its key where it has one */
	char *key;     /* in a mapping, else NULL */
	char *text;    /* of a scalar, else NULL; holds no control byte */
	struct nx_node *first, *last, *next;
	uint32_t n; /* children */
};

/* nx_yaml_read gives the file's root mapping; NULL where it cannot be read as such.
 * Error: NX_ERR_IO, NX_ERR_INVALID, NX_ERR_NOMEM; faults says why. NX_OK with faults added means
 *        that the tree is whole but for nodes marked bad. */
int nx_yaml_read(const char *path, struct nx_node **root, struct nx_faults *faults);
void nx_node_free(struct nx_node *node);

/* nx_node_get finds a key of a mapping; nx_node_at an item of a list (or mapping) by index.
 * NULL where there is none, or node is NULL. */
const struct nx_node *nx_node_get(const struct nx_node *node, const char *key);
const struct nx_node *nx_node_at(const struct nx_node *node, uint32_t index);
/* nx_node_is_null: no value was written (nothing, ~ or null). */
bool nx_node_is_null(const struct nx_node *node);

/* ---- the table ---- */

enum nx_value {
	NX_V_MAP,     /* keys of its own, further down in the table */
	NX_V_TEXT,    /* char[]: printable ASCII */
	NX_V_NAME,    /* char[]: letters, digits, . _ - */
	NX_V_DEVICE,  /* char[]: PCI address or virtual device */
	NX_V_STRING,  /* char *: printable ASCII */
	NX_V_GROUP,   /* char *: as NX_V_NAME */
	NX_V_PATH,    /* char *: absolute path */
	NX_V_HOST,    /* char * */
	NX_V_DOMAIN,  /* char * */
	NX_V_UINT,    /* 1, 2, 4 or 8 bytes; min..max */
	NX_V_BOOL,    /* bool */
	NX_V_WORD,    /* uint8_t or bool: index into words; default "" is NX_WORD_UNSET */
	NX_V_DIGITS,  /* struct nx_digits, min..max digits */
	NX_V_ADDR,    /* struct nx_addr */
	NX_V_PREFIX,  /* struct nx_prefix */
	NX_V_VLAN,    /* uint16_t: none or 1..4094 */
	NX_V_PLAN,    /* int32_t: index of a plan by its name, default "" is -1 */
	NX_V_TAG_KEY, /* struct nx_tag_key: k and present */
};

#define NX_WORD_UNSET 0xff

#define NX_KEY_REQUIRED 0x1u
#define NX_KEY_RESTART  0x2u  /* a section that reload cannot change */
#define NX_KEY_NONEMPTY 0x4u  /* a list that may be left out, but not be empty */
#define NX_KEY_NAMED    0x8u  /* a mapping from names to records, in place of a list */
#define NX_KEY_JUDGES   0x10u /* a section that decides which requests are judged, and how */

/* One key. Paths: `section.key`, `list[].key`, `plans.NAME.key`. The field lies in the record that
 * encloses it: the list's or plan's element, else struct nx_config. */
struct nx_key_row {
	const char *path;
	enum nx_value type; /* of a list: its items' */
	uint32_t flags;
	uint32_t off,
		size; /* field; of a list: first or pointer to elements, and an element's size */
	uint32_t list_max;              /* most elements; 0: not a list */
	bool grown;                     /* elements are allocated, the field is a pointer */
	uint32_t count_off, count_size; /* of a list */
	uint64_t min, max;
	const char *const *words;
	const char *def; /* as the file would give it, list items separated by spaces; NULL: zero */
	const char *doc;
};

extern const struct nx_key_row nx_keys[]; /* ends with path NULL */

/* nx_key_prefix writes the path under which the children of row stand. */
void nx_key_prefix(const struct nx_key_row *row, char out[NX_AT_MAX]);
/* nx_key_child returns the next direct child under prefix, the first for after NULL. */
const struct nx_key_row *nx_key_child(const char *prefix, const struct nx_key_row *after);
/* nx_key_count reads the number of elements of a list in its record. */
uint32_t nx_key_count(const struct nx_key_row *row, const void *record);
/* nx_key_element gives an element of a list in its record. */
void *nx_key_element(const struct nx_key_row *row, const void *record, uint32_t index);
bool nx_key_owns_text(const struct nx_key_row *row); /* the field is an allocated char * */

/* ---- binding ---- */

struct nx_binder {
	struct nx_config *config;
	struct nx_faults *faults;
};

void nx_bind(struct nx_binder *b, const struct nx_node *root);
/* nx_bind_free frees what nx_bind allocated, as the table says. */
void nx_bind_free(struct nx_config *c);

/* nx_value_set reads a scalar's text into a field of row's type, or adds a fault. */
void nx_value_set(struct nx_binder *b, const struct nx_key_row *row, const char *at, uint32_t line,
	const char *text, void *field);
/* nx_value_type describes the type for a person, in words. */
void nx_value_type(const struct nx_key_row *row, char *out, size_t cap);

/* nx_check judges what concerns more than one key, and settles defaults that depend on others. */
void nx_check(struct nx_config *c, const struct nx_node *root, struct nx_faults *faults);

#endif
