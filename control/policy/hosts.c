/* The hosts of one service, from the configuration's words to the tables that nx_hosts_find reads
 * (rule 30). A host whose domain the store does not have is kept, with no domain: its requests
 * pass, and no wildcard or `any` behind it may catch them. */
#include <arpa/inet.h>
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

/* Puts folded text into the table; takes nothing over. */
static int text_add(
	struct nx_hosts *h, const char *text, uint32_t len, bool literal, int32_t domain)
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
	h->slot[i] = (struct nx_host_entry){hash, (uint16_t)len, literal, domain, copy};
	if (text[0] == '.' && len > h->wildcard_max)
		h->wildcard_max = (uint16_t)len;
	return 0;
}

/* Puts an address into the table in its usual text, and IPv6 by value too, for the other texts. */
static int addr_add(struct nx_hosts *h, const struct nx_addr *addr, int32_t domain)
{
	char text[INET6_ADDRSTRLEN + 2];
	bool v4 = nx_addr_is_v4(addr);
	int rc;

	if (v4) {
		(void)inet_ntop(AF_INET, addr->b + 12, text, sizeof(text));
	} else {
		(void)inet_ntop(AF_INET6, addr->b, text + 1, sizeof(text) - 2);
		text[0] = '[';
		strcat(text, "]");
	}
	rc = text_add(h, text, (uint32_t)strlen(text), true, domain);
	if (rc || v4)
		return rc;
	h->addrs[h->n_addrs++] = (struct nx_host_addr){*addr, domain};
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
		rc = text_add(h, text, len, false, domain);
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

static bool is_any(const struct nx_host_config *c)
{
	return strcasecmp(c->host, "any") == 0;
}

/* Makes room for what is listed; no tables where that is nothing. */
static int tables_make(struct nx_hosts *h, const struct nx_service_config *s)
{
	uint32_t listed = 0;

	for (uint32_t i = 0; i < s->n_hosts; i++)
		listed += !is_any(&s->hosts[i]);
	*h = (struct nx_hosts){.any_domain = -1};
	if (!listed)
		return 0;
	h->mask = nx_slots_for(listed) - 1;
	h->slot = calloc((size_t)h->mask + 1, sizeof(*h->slot));
	h->addrs = calloc(listed, sizeof(*h->addrs));
	return h->slot && h->addrs ? 0 : NX_ERR_NOMEM;
}

int nx_hosts_build(const struct nx_service_config *s, const struct nx_domain_index *x,
	struct nx_hosts *out, struct nx_error *err)
{
	bool any = false;
	int rc = tables_make(out, s);

	if (rc)
		return nx_fail(err, rc, "no memory for hosts");
	for (uint32_t i = 0; !rc && i < s->n_hosts; i++) {
		const struct nx_host_config *c = &s->hosts[i];
		int32_t domain = nx_domain_by_name(x, c->domain);

		if (!is_any(c)) {
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
