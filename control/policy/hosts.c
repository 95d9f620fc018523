/* The hosts of one service, from the configuration's words to the tables that nx_hosts_find reads
 * (rule 30). A host whose domain the store does not have is kept, with no domain: its requests
 * pass, and no wildcard or `any` behind it may catch them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/policy/build.h"

static int refuse_twice(
	const struct nx_service_config *s, const struct nx_host_config *c, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_INVALID,
		"service \"%s\": host \"%s\" is listed for two domains, \"%s\" the second: keep "
		"one",
		s->name, c->host, c->domain);
}

/* Reads a literal as the configuration may write it: IPv6 with or without brackets. */
static bool literal_read(const char *host, struct nx_addr *addr)
{
	char text[64];
	int len = snprintf(
		text, sizeof(text), strchr(host, ':') && host[0] != '[' ? "[%s]" : "%s", host);

	return len > 0 && (size_t)len < sizeof(text) &&
	       nx_host_addr((const uint8_t *)text, (uint32_t)len, addr);
}

static int addr_add(struct nx_hosts *h, const struct nx_addr *addr, int32_t domain)
{
	for (uint32_t i = 0; i < h->n_addrs; i++)
		if (nx_addr_eq(&h->addrs[i].addr, addr))
			return h->addrs[i].domain == domain ? 0 : NX_ERR_EXISTS;
	h->addrs[h->n_addrs++] = (struct nx_host_addr){*addr, domain};
	return 0;
}

/* Puts folded text into the table; takes nothing over. */
static int name_add(struct nx_hosts *h, const char *text, uint32_t len, int32_t domain)
{
	uint32_t hash = nx_host_hash(text, len), i = hash & h->mask;
	char *copy;

	for (; h->slot[i].len; i = (i + 1) & h->mask) {
		const struct nx_host_entry *e = &h->slot[i];

		if (e->hash == hash && e->len == len && memcmp(e->text, text, len) == 0)
			return e->domain == domain ? 0 : NX_ERR_EXISTS;
	}
	copy = strndup(text, len);
	if (!copy)
		return NX_ERR_NOMEM;
	h->slot[i] = (struct nx_host_entry){hash, (uint16_t)len, domain, copy};
	if (text[0] == '.' && len > h->wildcard_max)
		h->wildcard_max = (uint16_t)len;
	return 0;
}

/* Folds `name` or `*.name` into out (the wildcard as ".name"); 0 where it is neither. */
static uint32_t name_read(const char *host, char out[1 + NX_DOMAIN_NAME_MAX])
{
	bool wildcard = strncmp(host, "*.", 2) == 0;
	const char *name = wildcard ? host + 2 : host;
	size_t given = strlen(name);
	uint32_t len =
		given > UINT16_MAX || strpbrk(name, "*[]:/ ")
			? 0
			: nx_host_fold((const uint8_t *)name, (uint32_t)given, out + wildcard);

	if (len == 0 || !wildcard)
		return len;
	out[0] = '.';
	return len + 1;
}

static int host_add(struct nx_hosts *h, const struct nx_service_config *s,
	const struct nx_host_config *c, int32_t domain, struct nx_error *err)
{
	char text[1 + NX_DOMAIN_NAME_MAX];
	struct nx_addr addr;
	uint32_t len;
	int rc;

	if (literal_read(c->host, &addr)) {
		rc = addr_add(h, &addr, domain);
	} else if ((len = name_read(c->host, text))) {
		rc = name_add(h, text, len, domain);
	} else {
		return nx_fail(err, NX_ERR_INVALID,
			"service \"%s\": host \"%s\" is not a name, \"*.name\", an IP address or "
			"\"any\"",
			s->name, c->host);
	}
	if (rc == NX_ERR_NOMEM)
		return nx_fail(err, rc, "no memory for hosts");
	return rc ? refuse_twice(s, c, err) : 0;
}

int nx_hosts_build(const struct nx_service_config *s, const struct nx_domain_index *x,
	struct nx_hosts *out, struct nx_error *err)
{
	uint32_t slots = nx_slots_for(s->n_hosts);
	bool any = false;
	int rc = 0;

	*out = (struct nx_hosts){.any_domain = -1, .mask = slots - 1};
	out->slot = calloc(slots, sizeof(*out->slot));
	out->addrs = calloc(s->n_hosts + 1, sizeof(*out->addrs));
	if (!out->slot || !out->addrs)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for hosts");
	for (uint32_t i = 0; !rc && i < s->n_hosts; i++) {
		const struct nx_host_config *c = &s->hosts[i];
		int32_t domain = nx_domain_by_name(x, c->domain);

		if (strcasecmp(c->host, "any") != 0) {
			rc = host_add(out, s, c, domain, err);
		} else if (any && out->any_domain != domain) {
			rc = refuse_twice(s, c, err);
		} else {
			any = true;
			out->any_domain = domain;
		}
	}
	return rc;
}

void nx_hosts_fini(struct nx_hosts *h)
{
	for (uint32_t i = 0; h->slot && i <= h->mask; i++)
		free(h->slot[i].text);
	free(h->slot);
	free(h->addrs);
	*h = (struct nx_hosts){.any_domain = -1};
}
