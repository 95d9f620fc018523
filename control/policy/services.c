/* Services: copied from the configuration, and the two tables over all of them: (VLAN, address,
 * port) to service, and the set of own addresses (rules 1, 2). */
#include <stdlib.h>
#include <string.h>

#include "control/policy/build.h"

#define SLOTS_MAX (1u << 24) /* (VLAN, address, port): 1 GiB of slots, far beyond any real box */

static int service_copy(struct nx_policy *p, struct nx_service *s,
	const struct nx_service_config *c, const struct nx_domain_index *x, struct nx_error *err)
{
	memcpy(s->name, c->name, sizeof(s->name));
	s->kind = c->kind;
	s->originating = c->originating;
	s->plan = &p->plans[c->plan >= 0 ? (uint32_t)c->plan : p->n_plans - 1];
	s->ports = calloc(c->n_ports + 1, sizeof(*s->ports));
	if (!s->ports)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for services");
	memcpy(s->ports, c->ports, c->n_ports * sizeof(*s->ports));
	s->n_ports = c->n_ports;
	return nx_hosts_build(c, x, &s->hosts, err);
}

static int slot_add(struct nx_policy *p, const struct nx_service_slot *new, struct nx_error *err)
{
	uint64_t i = nx_service_hash(new->vlan, &new->addr, new->port);
	struct nx_service_slot *slot;
	char text[48];

	for (;; i++) {
		slot = &p->service_slot[i & p->service_mask];
		if (slot->service < 0)
			break;
		if (slot->port == new->port &&
			slot->vlan == new->vlan &&nx_addr_eq(&slot->addr, &new->addr))
			goto taken;
	}
	*slot = *new;
	return 0;
taken:
	if (slot->service == new->service)
		return 0;
	nx_addr_format(&new->addr, text);
	return nx_fail(err, NX_ERR_INVALID,
		"services \"%s\" and \"%s\" both claim address %s port %u on the same VLAN: a "
		"request can only be for one",
		p->services[slot->service].name, p->services[new->service].name, text, new->port);
}

static int slots_of_service(
	struct nx_policy *p, const struct nx_service_config *c, int32_t service, struct nx_error *e)
{
	for (uint32_t v = 0; v < c->n_vlans; v++) {
		for (uint32_t a = 0; a < c->n_addrs; a++) {
			for (uint32_t o = 0; o < c->n_ports; o++) {
				struct nx_service_slot s = {
					c->addrs[a], c->ports[o], c->vlans[v], service};
				int rc = slot_add(p, &s, e);

				if (rc)
					return rc;
			}
		}
	}
	return 0;
}

static int slots_build(struct nx_policy *p, const struct nx_config *c, struct nx_error *err)
{
	uint64_t n = 0;
	uint32_t slots;
	int rc = 0;

	for (uint32_t i = 0; i < c->n_services && n <= SLOTS_MAX; i++)
		n += (uint64_t)c->services[i].n_vlans * c->services[i].n_addrs *
		     c->services[i].n_ports;
	if (n > SLOTS_MAX)
		return nx_fail(err, NX_ERR_INVALID,
			"the services name more than %u combinations of VLAN, address and port: "
			"name fewer VLANs or ports",
			SLOTS_MAX);
	slots = nx_slots_for((uint32_t)n);
	p->service_slot = calloc(slots, sizeof(*p->service_slot));
	if (!p->service_slot)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for services");
	p->service_mask = slots - 1;
	for (uint32_t i = 0; i < slots; i++)
		p->service_slot[i].service = -1;
	for (uint32_t i = 0; !rc && i < c->n_services; i++)
		rc = slots_of_service(p, &c->services[i], (int32_t)i, err);
	return rc;
}

static int u128_cmp(const void *va, const void *vb)
{
	const nx_u128 *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

static int own_build(struct nx_policy *p, const struct nx_config *c, struct nx_error *err)
{
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < c->n_services; i++)
		n += c->services[i].n_addrs;
	p->own = calloc(n + 1, sizeof(*p->own));
	if (!p->own)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for services");
	n = 0;
	for (uint32_t i = 0; i < c->n_services; i++)
		for (uint32_t a = 0; a < c->services[i].n_addrs; a++)
			p->own[n++] = nx_addr_u128(&c->services[i].addrs[a]);
	qsort(p->own, n, sizeof(*p->own), u128_cmp);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || p->own[kept - 1] != p->own[i])
			p->own[kept++] = p->own[i];
	p->n_own = kept;
	return 0;
}

int nx_services_build(struct nx_policy *p, const struct nx_config *c,
	const struct nx_domain_index *x, struct nx_error *err)
{
	int rc = 0;

	p->services = calloc(c->n_services + 1, sizeof(*p->services));
	if (!p->services)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for services");
	p->n_services = c->n_services;
	for (uint32_t i = 0; !rc && i < c->n_services; i++)
		rc = service_copy(p, &p->services[i], &c->services[i], x, err);
	if (!rc)
		rc = slots_build(p, c, err);
	if (!rc)
		rc = own_build(p, c, err);
	return rc;
}

void nx_services_free(struct nx_policy *p)
{
	for (uint32_t i = 0; i < p->n_services; i++) {
		nx_hosts_fini(&p->services[i].hosts);
		free(p->services[i].ports);
	}
	free(p->services);
	free(p->service_slot);
	free(p->own);
}
