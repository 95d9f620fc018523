/* The configuration file, read and checked: the box, services, number plans, source classes.
 * nx_config_load parses YAML (libyaml) through one table that states every key, its type, range and
 * default; every error is collected as FILE:LINE: KEY: what is wrong, what to do. */
#ifndef NX_CONTROL_CONFIG_H
#define NX_CONTROL_CONFIG_H

#include <stdio.h>

#include "nxsip/dataplane.h"
#include "nxsip/error.h"
#include "nxsip/policy.h"

struct nx_host_config {
	char *host;   /* name, `*.name`, IP literal, or "any"; lower case, no trailing dot */
	char *domain; /* name of a domain in the store; lower case, no trailing dot */
};

struct nx_service_config {
	char name[NX_NAME_MAX];
	uint16_t *vlans; /* NX_VLAN_NONE for untagged; never empty */
	uint32_t n_vlans;
	struct nx_addr *addrs;
	uint32_t n_addrs;
	uint16_t *ports;
	uint32_t n_ports;
	uint8_t kind; /* enum nx_service_kind */
	bool originating;
	struct nx_host_config *hosts;
	uint32_t n_hosts;
	int32_t plan; /* index into plans, -1: none named */
};

struct nx_prefix {
	struct nx_addr addr; /* host bits zero; IPv4 v4-mapped */
	uint8_t len;         /* of 128: an IPv4 /24 is 120 */
};

enum nx_unanswerable { NX_UNANSWERABLE_PASS, NX_UNANSWERABLE_LIMIT, NX_UNANSWERABLE_DROP };

struct nx_class_config {
	struct nx_class class; /* .plan unset; .unanswerable_drop and _rate follow the next two */
	uint8_t unanswerable;  /* enum nx_unanswerable */
	uint16_t unanswerable_rate;
	int32_t plan; /* index into plans, -1: the service's */
	struct nx_prefix *prefixes;
	uint32_t n_prefixes;
};

struct nx_config {
	char *path;
	struct nx_box_config box;
	char *socket_path;
	char *socket_group;     /* NULL: the daemon's */
	char *store_path;       /* a directory */
	uint64_t store_map_mib; /* LMDB map size */
	bool reason_header;
	char server[64];
	struct nx_emergency emergency;
	struct nx_tag_key tag_key[2]; /* [0].present false: the store's own is used */
	uint32_t n_tag_keys;
	struct nx_plan *plans;
	uint32_t n_plans;
	struct nx_service_config *services;
	uint32_t n_services;
	struct nx_class_config classes[NX_CLASS_MAX]; /* [0] is "default" */
	uint32_t n_classes;
};

/* A collected list of messages, one a line, in file order. */
struct nx_config_errors {
	char **line;
	uint32_t n;
};

/* nx_config_load reads and checks the file; on error every fault found is in errors (at least
 * one), *out is NULL.  Thread: control.  Ownership: the caller frees both. */
int nx_config_load(const char *path, struct nx_config **out, struct nx_config_errors *errors);
void nx_config_free(struct nx_config *c);
void nx_config_errors_free(struct nx_config_errors *e);

/* nx_config_box_diff names the keys whose values differ and need a restart (box, eal, workers,
 * ports, queues, socket, store); returns how many were written to keys (at most max). Static
 * strings. */
uint32_t nx_config_box_diff(
	const struct nx_config *a, const struct nx_config *b, const char **keys, uint32_t max);

/* nx_config_judges_alike says whether two configurations judge every request alike: services,
 * plans, source classes and emergency numbers are the same. */
bool nx_config_judges_alike(const struct nx_config *a, const struct nx_config *b);

/* nx_config_reference prints every key as a Markdown table, from the table that reads the file. */
void nx_config_reference(FILE *out);

/* nx_addr_parse reads an IPv4 or IPv6 address (inet_pton forms, no brackets; ::ffff:a.b.c.d is
 * refused: it would be taken for the IPv4 address).  Error: NX_ERR_INVALID.
 * nx_prefix_parse reads ADDR or ADDR/LEN, refusing host bits, and an IPv6 prefix so short that it
 * would cover IPv4 too. */
int nx_addr_parse(const char *s, struct nx_addr *a);
int nx_prefix_parse(const char *s, struct nx_prefix *p, struct nx_error *err);
/* nx_addr_format writes the address as text (v4 in dotted form); nx_prefix_format with /LEN. */
void nx_addr_format(const struct nx_addr *a, char out[48]);
void nx_prefix_format(const struct nx_prefix *p, char out[56]);

#endif
