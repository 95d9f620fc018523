/* The top Via of a reply (rule 21): where the request really came from, for the hops on the way
 * back. RFC 3261 18.2.1: `received` if sent-by is a name or another address than the source's.
 * RFC 3581 4: an rport is filled in with the source port, and `received` then stands always.
 * A received or rport value that came in the request was its sender's word, so it is replaced.
 * A new `received` goes right behind rport (one change in the usual request), else right behind
 * sent-by, where no other parameter, comment or white space can stand in its way.
 * Addresses are written as RFC 5952 says, IPv6 without brackets (RFC 3261 25.1: via-received). */
#include "dataplane/core/reply_parts.h"

static inline char *put_text(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

/* One decimal digit, which takes no room where it is a leading zero: no branch on the value. */
static inline char *put_digit(char *at, unsigned v, unsigned scale)
{
	*at = (char)('0' + v / scale % 10);
	return at + (v >= scale || scale == 1);
}

static inline char *put_port(char *at, unsigned v)
{
	at = put_digit(at, v, 10000);
	at = put_digit(at, v, 1000);
	at = put_digit(at, v, 100);
	at = put_digit(at, v, 10);
	return put_digit(at, v, 1);
}

#define TEN(t) t "0.", t "1.", t "2.", t "3.", t "4.", t "5.", t "6.", t "7.", t "8.", t "9."

/* Every octet with the dot behind it, not terminated. */
static const char octet_text[256][4] = {TEN(""), TEN("1"), TEN("2"), TEN("3"), TEN("4"), TEN("5"),
	TEN("6"), TEN("7"), TEN("8"), TEN("9"), TEN("10"), TEN("11"), TEN("12"), TEN("13"),
	TEN("14"), TEN("15"), TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"),
	TEN("22"), TEN("23"), TEN("24"), "250.", "251.", "252.", "253.", "254.", "255."};

static inline char *put_ipv4(char *at, const uint8_t v4[4])
{
	for (unsigned i = 0; i < 4; i++) {
		memcpy(at, octet_text[v4[i]], sizeof(octet_text[0]));
		at += 2 + (v4[i] >= 10) + (v4[i] >= 100);
	}
	return at - 1;
}

static char *put_hex(char *at, unsigned v)
{
	unsigned digits = v > 0xfff ? 4 : v > 0xff ? 3 : v > 0xf ? 2 : 1;

	while (digits-- > 0)
		*at++ = "0123456789abcdef"[v >> (4 * digits) & 0xf];
	return at;
}

/* The first of the longest runs of two or more zero groups, 8 where there is none. */
static unsigned longest_zeros(const unsigned group[8], unsigned *run_len)
{
	unsigned best = 8, best_len = 1;

	for (unsigned i = 0; i < 8;) {
		unsigned start = i;

		while (i < 8 && group[i] == 0)
			i++;
		if (i - start > best_len) {
			best = start;
			best_len = i - start;
		}
		if (i == start)
			i++;
	}
	*run_len = best_len;
	return best;
}

static char *put_ipv6(char *at, const uint8_t v6[16])
{
	unsigned group[8], run, run_len;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)v6[2 * i] << 8 | v6[2 * i + 1];
	run = longest_zeros(group, &run_len);
	for (unsigned i = 0; i < 8;) {
		if (i == run) {
			at = put_text(at, "::", 2);
			i += run_len;
			continue;
		}
		if (i > 0 && i != run + run_len)
			*at++ = ':';
		at = put_hex(at, group[i++]);
	}
	return at;
}

static inline char *put_received(char *at, const struct nx_packet *p)
{
	at = put_text(at, ";received=", 10);
	return p->is_v6 ? put_ipv6(at, p->src.b) : put_ipv4(at, p->src.b + 12);
}

static inline char *put_rport(char *at, const struct nx_packet *p)
{
	return put_port(put_text(at, ";rport=", 7), p->src_port);
}

static inline bool sent_by_is_source(const struct nx_packet *p)
{
	struct nx_addr host;

	return nx_host_addr(nx_span_at(p, p->sip.sent_host), p->sip.sent_host.len, &host) &&
	       nx_addr_eq(&host, &p->src);
}

static inline uint16_t span_end(struct nx_span s)
{
	return (uint16_t)(s.off + s.len);
}

static inline void edit_set(struct nx_via_edit *e, struct nx_span cut)
{
	e->at = cut.off;
	e->cut = cut.len;
}

unsigned nx_reply_via_edits(const struct nx_packet *p, struct nx_via_edit edit[NX_VIA_EDITS_MAX])
{
	const struct nx_span received = p->sip.received, rport = p->sip.rport;
	const bool has_received = received.off != 0, has_rport = rport.off != 0;
	const struct nx_span behind_sent_by = {span_end(p->sip.sent_by), 0};
	struct nx_via_edit *e = edit;
	char *at;

	if (!has_received && !has_rport && sent_by_is_source(p))
		return 0;

	if (has_received && has_rport) {
		bool rport_first = rport.off < received.off;

		e = &edit[rport_first];
		edit_set(e, received);
		e->len = (uint16_t)(put_received(e->text, p) - e->text);
		e = &edit[!rport_first];
		edit_set(e, rport);
		e->len = (uint16_t)(put_rport(e->text, p) - e->text);
		return 2;
	}
	edit_set(e, has_rport ? rport : has_received ? received : behind_sent_by);
	at = has_rport ? put_rport(e->text, p) : e->text;
	e->len = (uint16_t)(put_received(at, p) - e->text);
	return 1;
}
