/* See sip_values.h. Every text has a part that is drawn byte by byte, so that hardly any two are
 * alike. */
#include "tests/fuzz/sip_values.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a)  ((uint32_t)(sizeof(a) / sizeof((a)[0])))
#define ONE_OF(a) ((a)[sip_roll(COUNT(a))])

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define TOKEN ALNUM "-.!%*_+`'~"
#define WORD  TOKEN "()<>:\\\"/[]?{}"
#define HEX   "0123456789abcdefABCDEF"

struct out {
	char *at, *begin;
};

static void put(struct out *o, const char *text)
{
	size_t n = strlen(text);

	memcpy(o->at, text, n);
	o->at += n;
}

/* from least to most bytes of the set, mostly few. */
static void put_some(struct out *o, const char *set, unsigned least, unsigned most)
{
	const uint32_t sides = (uint32_t)strlen(set);
	unsigned n = least + sip_roll(sip_roll(8) ? 1 + (most - least) / 4 : 1 + most - least);

	while (n--)
		*o->at++ = set[sip_roll(sides)];
}

static void put_number(struct out *o, uint32_t from, uint32_t to)
{
	static const char *const zeros[] = {"", "", "", "", "", "", "0", "00"};

	put(o, ONE_OF(zeros));
	o->at += sprintf(o->at, "%u", from + sip_roll(to - from) + sip_roll(2));
}

/* Linear white space where some may be; and where some has to be. */
static void put_space(struct out *o)
{
	static const char *const spaces[] = {"", "", "", "", "", "", "", "", "", "", "", "", "", "",
		" ", " ", "  ", "\t", "\r\n ", " \r\n\t"};

	put(o, ONE_OF(spaces));
}

static void put_blank(struct out *o)
{
	static const char *const blanks[] = {
		" ", " ", " ", " ", " ", " ", " ", " ", "  ", "\t", "\r\n ", " \t"};

	put(o, ONE_OF(blanks));
}

/* Letters of the name in either case now and then. */
static void put_name(struct out *o, const char *name, const char *compact)
{
	char *from = o->at;

	put(o, sip_roll(3) ? name : compact);
	if (sip_roll(6) == 0)
		for (; from < o->at; from++)
			if (sip_roll(2) && (*from | 0x20) >= 'a' && (*from | 0x20) <= 'z')
				*from ^= 0x20;
	if (sip_roll(10) == 0)
		put(o, " ");
	put(o, ":");
	put(o, sip_roll(6) ? " " : "");
}

static void put_quoted(struct out *o)
{
	put(o, "\"");
	for (unsigned n = sip_roll(12); n; n--)
		switch (sip_roll(24)) {
		case 0:
			put(o, "\\");
			put_some(o, "\"\\ a;,<>@", 1, 1);
			break;
		case 1:
			put(o, "\xc3\xa9");
			break;
		case 2:
			put_some(o, ",;<>@:=()", 1, 1);
			break;
		default:
			put_some(o, ALNUM " .!#$%&'*+-/?[]^_`{|}~", 1, 1);
		}
	put(o, "\"");
}

static void put_v4(struct out *o)
{
	o->at += sprintf(
		o->at, "%u.%u.%u.%u", sip_roll(256), sip_roll(256), sip_roll(256), sip_roll(256));
}

static void put_v6(struct out *o)
{
	put(o, "[");
	if (sip_roll(2)) {
		put(o, "2001:db8:");
		put_some(o, HEX, 0, 4);
		put(o, "::");
		put_some(o, HEX, 1, 4);
	} else {
		for (unsigned i = 0; i < 8; i++) {
			put_some(o, HEX, 1, 4);
			put(o, i < 7 ? ":" : "");
		}
	}
	put(o, "]");
}

static void put_name_of_host(struct out *o)
{
	static const char *const tops[] = {"example.net", "example.org", "EXAMPLE.com", "invalid",
		"a.b.c.d.e.example.net", "x--y.example"};

	for (unsigned n = sip_roll(3); n; n--) {
		put_some(o, ALNUM, 1, 12);
		if (sip_roll(4) == 0) {
			put(o, "-");
			put_some(o, ALNUM, 1, 6);
		}
		put(o, ".");
	}
	put(o, ONE_OF(tops));
	put(o, sip_roll(24) ? "" : ".");
}

static void put_host(struct out *o)
{
	switch (sip_roll(5)) {
	case 0:
		put_v4(o);
		break;
	case 1:
		put_v6(o);
		break;
	default:
		put_name_of_host(o);
	}
}

static void put_escape(struct out *o, const char *digits)
{
	put(o, "%");
	put_some(o, digits, 1, 1);
	put_some(o, HEX, 1, 1);
}

static void put_user(struct out *o)
{
	for (unsigned n = 1 + sip_roll(8); n; n--)
		switch (sip_roll(12)) {
		case 0:
			put_escape(o, "234567");
			break;
		case 1:
			put_some(o, "-_.!~*'()&=+$,;?/", 1, 1);
			break;
		default:
			put_some(o, ALNUM, 1, 4);
		}
}

/* A global number, of one of the lengths that the ranges have, mostly. */
static void put_digits(struct out *o)
{
	put(o, "+");
	put_some(o, "123456789", 1, 1);
	for (unsigned n = 6 + sip_roll(sip_roll(8) ? 9 : 12); n; n--) {
		if (sip_roll(16) == 0)
			put_some(o, "-.()", 1, 1);
		put_some(o, "0123456789", 1, 1);
	}
}

static void put_uri_param(struct out *o)
{
	static const char *const known[] = {";user=phone", ";transport=udp", ";lr", ";ttl=1",
		";method=INVITE", ";maddr=192.0.2.10", ";transport=tcp", ";user=ip"};

	if (sip_roll(3) == 0) {
		put(o, ONE_OF(known));
		return;
	}
	put(o, ";");
	put_some(o, ALNUM "-_.!~*'()[]/:&+$", 1, 8);
	if (sip_roll(2)) {
		put(o, "=");
		put_some(o, ALNUM "-_.!~*'()[]/:&+$", 1, 8);
	}
}

static void put_uri(struct out *o)
{
	static const char *const schemes[] = {"sip:", "sip:", "sip:", "sips:", "SIP:", "Sip:"};

	if (sip_roll(12) == 0) {
		put(o, "tel:");
		put_digits(o);
		return;
	}
	put(o, ONE_OF(schemes));
	if (sip_roll(3))
		put_digits(o);
	else
		put_user(o);
	if (sip_roll(24) == 0) {
		put(o, ":");
		put_some(o, ALNUM "-_.!~*'()&=+$,", 1, 8);
	}
	put(o, "@");
	put_host(o);
	if (sip_roll(8) == 0) {
		put(o, ":");
		put_number(o, 1, 65534);
	}
	for (unsigned n = sip_roll(4) ? 0 : sip_roll(3); n; n--)
		put_uri_param(o);
}

static void put_param(struct out *o)
{
	put_space(o);
	put(o, ";");
	put_space(o);
	put_some(o, TOKEN, 1, 8);
	if (sip_roll(3) == 0)
		return;
	put_space(o);
	put(o, "=");
	put_space(o);
	switch (sip_roll(4)) {
	case 0:
		put_quoted(o);
		break;
	case 1:
		put_host(o);
		break;
	default:
		put_some(o, TOKEN, 1, 16);
	}
}

static void put_display(struct out *o)
{
	switch (sip_roll(4)) {
	case 0:
		put_quoted(o);
		put_space(o);
		break;
	case 1:
		for (unsigned n = 1 + sip_roll(3); n; n--) {
			put_some(o, TOKEN, 1, 8);
			put_blank(o);
		}
		break;
	default:
		break;
	}
}

static void put_address(struct out *o)
{
	put_display(o);
	put(o, "<");
	put_uri(o);
	put(o, ">");
}

static void put_tag(struct out *o)
{
	put_space(o);
	put(o, sip_roll(12) ? ";" : "; ");
	put(o, sip_roll(16) ? "tag=" : "TAG=");
	put_some(o, TOKEN, 1, 24);
}

size_t sip_uri_value(char *to)
{
	struct out o = {to, to};

	put_uri(&o);
	return (size_t)(o.at - o.begin);
}

size_t sip_from_line(char *to)
{
	struct out o = {to, to};
	bool tagged = sip_roll(4);

	put_name(&o, "From", "f");
	put_address(&o);
	if (tagged)
		put_tag(&o);
	for (unsigned n = sip_roll(3) ? 0 : sip_roll(3); n; n--)
		put_param(&o);
	if (!tagged)
		put_tag(&o);
	return (size_t)(o.at - o.begin);
}

size_t sip_to_line(char *to)
{
	struct out o = {to, to};

	put_name(&o, "To", "t");
	put_address(&o);
	for (unsigned n = sip_roll(3) ? 0 : sip_roll(3); n; n--)
		put_param(&o);
	return (size_t)(o.at - o.begin);
}

static void put_via(struct out *o)
{
	static const char *const protocols[] = {"SIP/2.0/UDP", "SIP/2.0/UDP", "SIP/2.0/UDP",
		"SIP/2.0/UDP", "sip/2.0/udp", "SIP / 2.0 / UDP", "SIP/2.0/TCP"};
	static const char *const params[] = {
		";rport", ";rport", ";rport=5062", ";received=192.0.2.1", ";alias", ";ttl=1"};
	bool first = sip_roll(2);

	put(o, ONE_OF(protocols));
	put_blank(o);
	put_host(o);
	if (sip_roll(2)) {
		put(o, sip_roll(24) ? ":" : " : ");
		put_number(o, 1, 65534);
	}
	if (first && sip_roll(3) == 0)
		put_param(o);
	if (sip_roll(12)) {
		put_space(o);
		put(o, sip_roll(16) ? ";branch=z9hG4bK" : ";Branch=z9hG4bK");
		put_some(o, TOKEN, 1, 32);
	}
	if (sip_roll(2))
		put(o, ONE_OF(params));
	if (!first && sip_roll(3) == 0)
		put_param(o);
}

size_t sip_via_line(char *to)
{
	struct out o = {to, to};

	put_name(&o, "Via", "v");
	put_via(&o);
	for (unsigned n = sip_roll(4) ? 0 : 1 + sip_roll(2); n; n--) {
		put_space(&o);
		put(&o, ",");
		put_space(&o);
		put_via(&o);
	}
	return (size_t)(o.at - o.begin);
}

size_t sip_call_id_line(char *to)
{
	struct out o = {to, to};

	put_name(&o, "Call-ID", "i");
	put_some(&o, sip_roll(4) ? ALNUM "-." : WORD, 1, 48);
	if (sip_roll(2)) {
		put(&o, "@");
		put_some(&o, sip_roll(4) ? ALNUM "-." : WORD, 1, 24);
	}
	return (size_t)(o.at - o.begin);
}

size_t sip_max_forwards_line(char *to)
{
	struct out o = {to, to};

	put_name(&o, "Max-Forwards", "Max-Forwards");
	put_number(&o, 1, 254);
	return (size_t)(o.at - o.begin);
}

size_t sip_other_line(char *to)
{
	static const char *const lines[] = {"User-Agent: a/1", "Allow: INVITE, ACK, CANCEL",
		"Supported: timer, 100rel", "k: path", "Accept: application/sdp", "Expires: 3600",
		"Organization: A", "Accept-Language: en", "P-Charge-Info: x",
		"Session-Expires: 1800", "Min-SE: 90", "Privacy: none", "Subject: ", "s: "};
	struct out o = {to, to};

	if (sip_roll(3) == 0) {
		put(&o, ONE_OF(lines));
		return (size_t)(o.at - o.begin);
	}
	if (sip_roll(3) == 0) {
		put_name(&o, "Contact", "m");
		put_address(&o);
		return (size_t)(o.at - o.begin);
	}
	put(&o, "X-");
	put_some(&o, TOKEN, 1, 16);
	put(&o, sip_roll(12) ? ":" : " :");
	put_space(&o);
	for (unsigned n = sip_roll(6); n; n--) {
		put_some(&o, ALNUM ",;:=<>@\"()[]?/%.-_", 1, 24);
		put_blank(&o);
	}
	put_some(&o, ALNUM, 0, 8);
	return (size_t)(o.at - o.begin);
}

size_t sip_param_value(char *to)
{
	struct out o = {to, to};

	put_param(&o);
	return (size_t)(o.at - o.begin);
}

size_t sip_number_value(char *to)
{
	struct out o = {to, to};

	put_number(&o, 0, sip_roll(2) ? 65535 : 2147483646);
	return (size_t)(o.at - o.begin);
}
