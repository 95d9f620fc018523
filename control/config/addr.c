/* Addresses and prefixes as people write them (RFC 4291 section 2.2, RFC 4632 section 3.1), to and
 * from the one 16-byte form. The C library's inet_pton decides what an address is; this file adds
 * the prefix length and refuses the two spellings that would mean something else here: host bits,
 * and IPv6 prefixes that contain ::ffff:0:0/96, under which IPv4 is kept. */
#include "control/config/config.h"

#include <arpa/inet.h>

#define V4_OFFSET 96 /* bits of ::ffff:0:0/96 */

int nx_addr_parse(const char *s, struct nx_addr *a)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, s, raw) == 1) {
		*a = nx_addr_v4(raw);
		return NX_OK;
	}
	if (inet_pton(AF_INET6, s, raw) != 1)
		return NX_ERR_INVALID;
	*a = nx_addr_v6(raw);
	return nx_addr_is_v4(a) ? NX_ERR_INVALID : NX_OK;
}

/* mask_host clears the bits after len and says whether any was set. */
static bool mask_host(struct nx_addr *a, unsigned len)
{
	bool any = false;

	for (unsigned i = len / 8; i < sizeof(a->b); i++) {
		unsigned keep = i == len / 8 ? len % 8 : 0;
		uint8_t masked = (uint8_t)(a->b[i] & (0xff00u >> keep));

		any |= masked != a->b[i];
		a->b[i] = masked;
	}
	return any;
}

/* read_len reads the digits after the slash: 0 to max, no sign, no leading zero. */
static bool read_len(const char *s, unsigned max, unsigned *len)
{
	unsigned v = 0;
	size_t n = strlen(s);

	if (n == 0 || n > 3 || (n > 1 && s[0] == '0'))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (unsigned)(*s - '0');
	}
	*len = v;
	return v <= max;
}

int nx_prefix_parse(const char *s, struct nx_prefix *p, struct nx_error *err)
{
	static const struct nx_addr v4_space = {.b = {[10] = 0xff, [11] = 0xff}};
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	unsigned max, len, offset;
	struct nx_prefix out;
	struct nx_addr covered = v4_space;
	char text[56];

	if (n >= INET6_ADDRSTRLEN)
		return nx_fail(err, NX_ERR_INVALID, "is too long for an address");
	memcpy(text, s, n);
	text[n] = 0;
	if (nx_addr_parse(text, &out.addr))
		return nx_fail(err, NX_ERR_INVALID,
			"\"%s\" is not an IP address; write 192.0.2.0/24 or 2001:db8::/32", text);
	offset = nx_addr_is_v4(&out.addr) ? V4_OFFSET : 0;
	max = 128 - offset;
	len = max;
	if (slash && !read_len(slash + 1, max, &len))
		return nx_fail(err, NX_ERR_INVALID,
			"the prefix length after the slash must be 0 to %u", max);
	out.len = (uint8_t)(len + offset);
	if (mask_host(&out.addr, out.len)) {
		nx_prefix_format(&out, text);
		return nx_fail(err, NX_ERR_INVALID,
			"has bits set after the prefix length; did you mean %s?", text);
	}
	(void)mask_host(&covered, out.len);
	if (offset == 0 && nx_addr_eq(&covered, &out.addr))
		return nx_fail(err, NX_ERR_INVALID,
			"would cover IPv4 too; for all global IPv6 addresses write 2000::/3");
	*p = out;
	return NX_OK;
}

void nx_addr_format(const struct nx_addr *a, char out[48])
{
	if (nx_addr_is_v4(a))
		(void)inet_ntop(AF_INET, a->b + 12, out, 48);
	else
		(void)inet_ntop(AF_INET6, a->b, out, 48);
}

void nx_prefix_format(const struct nx_prefix *p, char out[56])
{
	char addr[48];
	unsigned offset = nx_addr_is_v4(&p->addr) && p->len >= V4_OFFSET ? V4_OFFSET : 0;

	nx_addr_format(&p->addr, addr);
	(void)snprintf(out, 56, "%s/%u", addr, p->len - offset);
}
