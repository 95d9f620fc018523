/* What concerns more than one key: names given twice, devices and cores used twice, two services on
 * one address, keys that need or forbid each other; and the defaults that depend on other keys.
 * It also runs where single values were refused, so that everything is told at once: values that
 * are still zero are skipped here. Item i of a list in the tree is element i in the configuration.
 */
#include "control/config/internal.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define ENDPOINTS_MAX (1u << 20) /* (VLAN, address, port) of all services together */

struct checker {
	struct nx_config *c;
	const struct nx_node *root;
	struct nx_faults *faults;
};

/* line_of finds where list[index].key stands; the item's line where the key is absent. */
static uint32_t line_of(const struct checker *k, const char *list, uint32_t index, const char *key)
{
	const struct nx_node *item = nx_node_at(nx_node_get(k->root, list), index);
	const struct nx_node *value = key ? nx_node_get(item, key) : NULL;

	return value ? value->line : item ? item->line : 0;
}

/* ITEM_FAULT complains about list[index].key (key NULL: the item). */
#define ITEM_FAULT(k, list, index, key, ...)                                                     \
	do {                                                                                     \
		char at_[NX_AT_MAX];                                                             \
		const char *key_ = (key);                                                        \
                                                                                                 \
		(void)snprintf(at_, sizeof(at_), "%s[%u]%s%s", (list), (index), key_ ? "." : "", \
			key_ ? key_ : "");                                                       \
		nx_fault_add(                                                                    \
			(k)->faults, line_of((k), (list), (index), key_), 0, at_, __VA_ARGS__);  \
	} while (0)

/* check_name complains where the name of list[index] was given before; the names lie `stride` bytes
 * apart. */
static void check_name(const struct checker *k, const char *list, const char *key, uint32_t index,
	const char *names, size_t stride)
{
	const char *name = names + index * stride;
	uint32_t j = 0;

	while (j < index && strcmp(names + j * stride, name) != 0)
		j++;
	if (j < index && *name)
		ITEM_FAULT(k, list, index, key, "\"%s\" names %s[%u] already; choose another name",
			name, list, j);
}

/* ---- the box ---- */

/* was_refused: a core that stayed zero though the file says otherwise. */
static bool was_refused(const struct nx_node *item, uint32_t core)
{
	return !item || !item->text || (core == 0 && strcmp(item->text, "0") != 0);
}

static void check_core(const struct checker *k, uint32_t i, uint32_t line)
{
	const struct nx_box_config *box = &k->c->box;
	uint32_t core = box->worker_core[i], j = 0;
	char at[NX_AT_MAX];

	(void)snprintf(at, sizeof(at), "workers.cores[%u]", i);
	if (core == box->control_core)
		nx_fault_add(k->faults, line, 0, at,
			"core %u is the control core; choose another, or move workers.control_core",
			core);
	while (j < i && box->worker_core[j] != core)
		j++;
	if (j < i)
		nx_fault_add(k->faults, line, 0, at,
			"core %u is listed twice; one worker runs on a core", core);
}

static void check_cores(const struct checker *k)
{
	const struct nx_node *cores = nx_node_get(nx_node_get(k->root, "workers"), "cores");

	for (uint32_t i = 0; i < k->c->box.n_workers; i++) {
		const struct nx_node *item = nx_node_at(cores, i);

		if (!was_refused(item, k->c->box.worker_core[i]))
			check_core(k, i, item->line);
	}
}

/* device_id writes what makes a device the same: the PCI address in full, or the virtual name. */
static void device_id(const char *device, char out[NX_DEVICE_MAX + 8])
{
	size_t n = strcspn(device, ",");
	bool short_pci = n == 7 && device[2] == ':';

	(void)snprintf(out, NX_DEVICE_MAX + 8, "%s%.*s", short_pci ? "0000:" : "", (int)n, device);
}

/* interface_of gives the value of iface=, which two virtual devices cannot share. */
static size_t interface_of(const char *device, const char **name)
{
	const char *arg = strstr(device, ",iface=");

	*name = arg ? arg + strlen(",iface=") : "";
	return strcspn(*name, ",");
}

static bool same_device(const char *a, const char *b)
{
	char x[NX_DEVICE_MAX + 8], y[NX_DEVICE_MAX + 8];
	const char *i, *j;
	size_t n = interface_of(a, &i), m = interface_of(b, &j);

	device_id(a, x);
	device_id(b, y);
	return strcasecmp(x, y) == 0 || (n && n == m && memcmp(i, j, n) == 0);
}

static const char *device_of(const struct nx_box_config *box, uint32_t side)
{
	return side % 2 ? box->pair[side / 2].core : box->pair[side / 2].access;
}

static void check_ports(const struct checker *k)
{
	static const char *const side[] = {"access", "core"};
	const struct nx_box_config *box = &k->c->box;

	for (uint32_t i = 0; i < box->n_pairs; i++)
		check_name(k, "ports", "name", i, box->pair[0].name, sizeof(box->pair[0]));
	for (uint32_t i = 0; i < 2 * box->n_pairs; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (!*device_of(box, i) ||
				!same_device(device_of(box, i), device_of(box, j)))
				continue;
			ITEM_FAULT(k, "ports", i / 2, side[i % 2],
				"\"%s\" is ports[%u].%s already; a port belongs to one pair, on "
				"one "
				"side",
				nx_shown(device_of(box, i)).text, j / 2, side[j % 2]);
			break;
		}
	}
}

static void check_tag_keys(const struct checker *k)
{
	const struct nx_tag_key *key = k->c->tag_key;
	const struct nx_node *list = nx_node_get(nx_node_get(k->root, "reply"), "tag_keys");
	const struct nx_node *second = nx_node_at(list, 1);

	if (key[0].present && key[1].present && key[0].id == key[1].id)
		nx_fault_add(k->faults, second ? second->line : 0, 0, "reply.tag_keys[1].id",
			"both keys have the id %u; give each its own", key[0].id);
}

/* ---- plans ---- */

static bool has_prefix(const struct nx_digits *list, uint8_t n, const struct nx_digits *d)
{
	for (uint8_t i = 0; i < n; i++)
		if (d->len && strcmp(list[i].d, d->d) == 0)
			return true;
	return false;
}

static void check_plan(const struct checker *k, const struct nx_plan *plan, uint32_t line)
{
	char at[NX_AT_MAX];

	(void)snprintf(at, sizeof(at), "plans.%s", plan->name);
	if (plan->min_digits && plan->max_digits && plan->min_digits > plan->max_digits)
		nx_fault_add(k->faults, line, 0, at,
			"min_digits %u is above max_digits %u; no number would be judged",
			plan->min_digits, plan->max_digits);
	if (plan->bare == NX_BARE_NATIONAL && !plan->country_code.len)
		nx_fault_add(k->faults, line, 0, at,
			"bare: national needs a country_code to make global numbers with");
	if (plan->country_code.d[0] == '0')
		nx_fault_add(k->faults, line, 0, at,
			"country_code \"%s\" begins with 0; no country's does, prefixes go under "
			"international",
			plan->country_code.d);
	for (uint8_t i = 0; i < plan->n_national; i++)
		if (has_prefix(plan->international, plan->n_international, &plan->national[i]))
			nx_fault_add(k->faults, line, 0, at,
				"prefix %s is both international and national; it can be one",
				plan->national[i].d);
}

static void check_plans(const struct checker *k)
{
	const struct nx_node *plans = nx_node_get(k->root, "plans");

	for (uint32_t i = 0; i < k->c->n_plans; i++) {
		const struct nx_node *node = nx_node_at(plans, i);

		check_plan(k, &k->c->plans[i], node ? node->line : 0);
	}
}

/* ---- services ---- */

static void check_addresses(const struct checker *k, uint32_t index)
{
	const struct nx_service_config *s = &k->c->services[index];
	char text[48];

	for (uint32_t i = 0; i < s->n_addrs; i++) {
		const struct nx_addr *a = &s->addrs[i];
		const uint8_t *v4 = a->b + 12;
		bool group = nx_addr_is_v4(a) ? v4[0] >= 224 || v4[0] == 0 : a->b[0] == 0xff;

		if (!group)
			continue;
		nx_addr_format(a, text);
		ITEM_FAULT(k, "services", index, "addresses",
			"%s is not the address of one host; give the SBC's own", text);
	}
}

static void check_hosts(const struct checker *k, uint32_t index)
{
	const struct nx_service_config *s = &k->c->services[index];
	const struct nx_node *item = nx_node_at(nx_node_get(k->root, "services"), index);
	const struct nx_node *hosts = nx_node_get(item, "hosts");
	bool wanted = item && item->kind == NX_NODE_MAP && !s->originating;

	if (wanted && (!hosts || nx_node_is_null(hosts)))
		ITEM_FAULT(k, "services", index, "hosts",
			"required for a terminating service; add at least {host: any, domain: "
			"NAME}");
	else if (wanted && hosts->kind == NX_NODE_LIST && !hosts->n)
		ITEM_FAULT(k, "services", index, "hosts",
			"is empty; a terminating service needs at least {host: any, domain: NAME}");
	for (uint32_t i = 0; i < s->n_hosts; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (!s->hosts[i].host || !s->hosts[j].host ||
				strcmp(s->hosts[i].host, s->hosts[j].host) != 0)
				continue;
			ITEM_FAULT(k, "services", index, "hosts",
				"host %s is listed twice; it can mean one domain",
				nx_shown(s->hosts[i].host).text);
			break;
		}
	}
}

/* Where packets for a service arrive. */
struct endpoint {
	struct nx_addr addr;
	uint16_t vlan, port;
	uint32_t service;
};

static int by_place(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int d = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	if (d == 0)
		d = (int)x->port - (int)y->port;
	return d ? d : (int)x->vlan - (int)y->vlan;
}

static int by_place_and_service(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int d = by_place(a, b);

	return d ? d : (x->service > y->service) - (x->service < y->service);
}

static uint32_t list_endpoints(const struct nx_config *c, struct endpoint *out)
{
	static const struct nx_addr none;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_services; i++) {
		const struct nx_service_config *s = &c->services[i];

		for (uint32_t a = 0; a < s->n_addrs; a++)
			for (uint32_t p = 0; p < s->n_ports; p++)
				for (uint32_t v = 0; v < s->n_vlans; v++)
					if (!nx_addr_eq(&s->addrs[a], &none) && s->ports[p] &&
						s->vlans[v])
						out[n++] = (struct endpoint){.addr = s->addrs[a],
							.port = s->ports[p],
							.vlan = s->vlans[v],
							.service = i};
	}
	return n;
}

static void clash(const struct checker *k, const struct endpoint *a, const struct endpoint *b)
{
	char addr[48], vlan[24] = "untagged";

	nx_addr_format(&b->addr, addr);
	if (b->vlan != NX_VLAN_NONE)
		(void)snprintf(vlan, sizeof(vlan), "VLAN %u", b->vlan);
	if (a->service == b->service)
		ITEM_FAULT(k, "services", b->service, "addresses",
			"%s port %u (%s) is listed twice; remove one", addr, b->port, vlan);
	else
		ITEM_FAULT(k, "services", b->service, "addresses",
			"%s port %u (%s) belongs to services[%u] (%s) already; a packet can be for "
			"one service only",
			addr, b->port, vlan, a->service, k->c->services[a->service].name);
}

/* find_clashes sorts all endpoints, so that equal ones meet; one fault a service is enough. */
static void find_clashes(const struct checker *k, uint64_t total)
{
	struct endpoint *e = calloc(total + 1, sizeof(*e));
	bool *told = calloc(k->c->n_services + 1, sizeof(*told));
	uint32_t n;

	if (!e || !told) {
		nx_fault_add(k->faults, 0, 0, "services", "out of memory");
		goto out;
	}
	n = list_endpoints(k->c, e);
	qsort(e, n, sizeof(*e), by_place_and_service);
	for (uint32_t i = 1; i < n; i++) {
		if (by_place(&e[i - 1], &e[i]) != 0 || told[e[i].service])
			continue;
		told[e[i].service] = true;
		clash(k, &e[i - 1], &e[i]);
	}
out:
	free(told);
	free(e);
}

static void check_services(const struct checker *k)
{
	const struct nx_config *c = k->c;
	const struct nx_node *node = nx_node_get(k->root, "services");
	uint64_t total = 0;

	for (uint32_t i = 0; i < c->n_services; i++) {
		const struct nx_service_config *s = &c->services[i];

		check_name(k, "services", "name", i, c->services[0].name, sizeof(*s));
		check_addresses(k, i);
		check_hosts(k, i);
		total += (uint64_t)s->n_addrs * s->n_ports * s->n_vlans;
	}
	if (total > ENDPOINTS_MAX)
		nx_fault_add(k->faults, node ? node->line : 0, 0, "services",
			"%llu combinations of VLAN, address and port; at most %u fit",
			(unsigned long long)total, ENDPOINTS_MAX);
	else
		find_clashes(k, total);
}

/* ---- sources ---- */

static bool is_default(const struct nx_class_config *class)
{
	return strcmp(class->class.name, "default") == 0;
}

static void check_default(const struct checker *k, uint32_t i)
{
	const struct nx_class_config *cl = &k->c->classes[i];

	if (cl->class.trust != NX_WORD_UNSET && cl->class.trust != NX_TRUST_PUBLIC)
		ITEM_FAULT(k, "sources", i, "trust",
			"the default class is public; give whom you trust a class of its own, with "
			"prefixes");
	if (cl->n_prefixes)
		ITEM_FAULT(k, "sources", i, "prefixes",
			"the default class is every address that no prefix covers; remove them");
}

static bool is_given(const struct checker *k, uint32_t i, const char *key)
{
	const struct nx_node *list = nx_node_get(k->root, "sources");

	return nx_node_get(nx_node_at(list, i), key) != NULL;
}

static void check_limits(const struct checker *k, uint32_t i)
{
	const struct nx_class_config *cl = &k->c->classes[i];

	if (cl->unanswerable != NX_UNANSWERABLE_LIMIT && is_given(k, i, "unanswerable_rate"))
		ITEM_FAULT(k, "sources", i, "unanswerable_rate",
			"counts only with unanswerable: limit; add that, or remove the key");
	if (cl->class.dialog_rate && !is_default(cl) && cl->class.trust != NX_TRUST_PUBLIC)
		ITEM_FAULT(k, "sources", i, "dialog_rate",
			"only for public classes: a limit on calls in progress would cut those of "
			"a peer; remove the key, or set trust: public");
}

static void check_class(const struct checker *k, uint32_t i)
{
	const struct nx_class_config *cl = &k->c->classes[i];

	check_name(k, "sources", "class", i, k->c->classes[0].class.name, sizeof(*cl));
	if (is_default(cl))
		check_default(k, i);
	else if (cl->class.trust == NX_WORD_UNSET)
		ITEM_FAULT(k, "sources", i, "trust",
			"required, but missing; write public, peer or trusted");
	else if (cl->class.trust != NX_TRUST_PUBLIC && cl->class.answer != NX_WORD_UNSET &&
		 cl->class.answer != NX_ANSWER_ANSWER)
		ITEM_FAULT(k, "sources", i, "answer",
			"only public classes choose; trusted and peer are always answered: remove "
			"the key, or set trust: public");
	check_limits(k, i);
}

struct owned_prefix {
	struct nx_prefix prefix;
	uint32_t class;
};

static int by_prefix(const void *a, const void *b)
{
	const struct owned_prefix *x = a, *y = b;
	int d = memcmp(&x->prefix.addr, &y->prefix.addr, sizeof(x->prefix.addr));

	return d ? d : (int)x->prefix.len - (int)y->prefix.len;
}

static int by_prefix_and_class(const void *a, const void *b)
{
	const struct owned_prefix *x = a, *y = b;
	int d = by_prefix(a, b);

	return d ? d : (x->class > y->class) - (x->class < y->class);
}

static void same_prefix(
	const struct checker *k, const struct owned_prefix *a, const struct owned_prefix *b)
{
	char text[56];

	nx_prefix_format(&b->prefix, text);
	if (a->class == b->class)
		ITEM_FAULT(
			k, "sources", b->class, "prefixes", "%s is listed twice; remove one", text);
	else
		ITEM_FAULT(k, "sources", b->class, "prefixes",
			"%s is in sources[%u] (%s) already; an address has one class", text,
			a->class, k->c->classes[a->class].class.name);
}

static void check_prefixes(const struct checker *k)
{
	const struct nx_config *c = k->c;
	struct owned_prefix *p;
	size_t total = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_classes; i++)
		total += c->classes[i].n_prefixes;
	p = calloc(total + 1, sizeof(*p));
	if (!p) {
		nx_fault_add(k->faults, 0, 0, "sources", "out of memory");
		return;
	}
	for (uint32_t i = 0; i < c->n_classes; i++)
		for (uint32_t j = 0; j < c->classes[i].n_prefixes; j++)
			if (c->classes[i].prefixes[j].len) /* 0: refused already */
				p[n++] = (struct owned_prefix){c->classes[i].prefixes[j], i};
	qsort(p, n, sizeof(*p), by_prefix_and_class);
	for (uint32_t i = 1; i < n; i++)
		if (by_prefix(&p[i - 1], &p[i]) == 0)
			same_prefix(k, &p[i - 1], &p[i]);
	free(p);
}

static void check_sources(const struct checker *k)
{
	struct nx_config *c = k->c;
	bool has_default = false;

	for (uint32_t i = 0; i < c->n_classes; i++) {
		check_class(k, i);
		has_default |= is_default(&c->classes[i]);
	}
	if (c->n_classes == NX_CLASS_MAX && !has_default)
		nx_fault_add(k->faults, line_of(k, "sources", NX_CLASS_MAX - 1, NULL), 0, "sources",
			"has %u classes; at most %u fit besides default", NX_CLASS_MAX,
			NX_CLASS_MAX - 1);
	check_prefixes(k);
}

/* ---- defaults that depend on other keys ---- */

static void settle_class(struct nx_class_config *cl)
{
	struct nx_class *class = &cl->class;
	bool public;

	if (class->trust == NX_WORD_UNSET)
		class->trust = NX_TRUST_PUBLIC;
	public = class->trust == NX_TRUST_PUBLIC;
	if (!public)
		class->answer = NX_ANSWER_ANSWER;
	else if (class->answer == NX_WORD_UNSET)
		class->answer = NX_ANSWER_PASS;
	if (class->symmetric == NX_WORD_UNSET)
		class->symmetric = public ? NX_SYM_PASS : NX_SYM_RFC;
	class->unanswerable_drop = cl->unanswerable == NX_UNANSWERABLE_DROP;
	class->unanswerable_rate =
		cl->unanswerable == NX_UNANSWERABLE_LIMIT ? cl->unanswerable_rate : 0;
}

/* settle_classes brings `default` to index 0, making it where the file has none. */
static void settle_classes(struct nx_config *c)
{
	struct nx_class_config first = {
		.class = {.name = "default",
			.trust = NX_WORD_UNSET,
			.answer = NX_WORD_UNSET,
			.symmetric = NX_WORD_UNSET},
		.plan = -1,
	};
	uint32_t i = 0;

	while (i < c->n_classes && !is_default(&c->classes[i]))
		i++;
	if (i < c->n_classes)
		first = c->classes[i];
	else
		c->n_classes++;
	memmove(&c->classes[1], &c->classes[0], i * sizeof(c->classes[0]));
	c->classes[0] = first;
	for (i = 0; i < c->n_classes; i++)
		settle_class(&c->classes[i]);
}

/* settle_tag_keys derives what the MAC needs from the keys as they stand in the file. */
static void settle_tag_keys(struct nx_tag_key *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct nx_tag_key raw = key[i];

		nx_tag_key_init(&key[i], raw.id, raw.k);
	}
}

static void settle_name(struct nx_box_config *box)
{
	if (*box->name)
		return;
	if (gethostname(box->name, sizeof(box->name)) != 0 || !*box->name)
		(void)snprintf(box->name, sizeof(box->name), "nxsip");
	box->name[sizeof(box->name) - 1] = 0;
}

void nx_check(struct nx_config *c, const struct nx_node *root, struct nx_faults *faults)
{
	const struct checker k = {.c = c, .root = root, .faults = faults};

	check_cores(&k);
	check_ports(&k);
	check_tag_keys(&k);
	check_plans(&k);
	check_services(&k);
	check_sources(&k);
	if (faults->total)
		return;
	settle_classes(c);
	settle_tag_keys(c->tag_key, c->n_tag_keys);
	settle_name(&c->box);
}
