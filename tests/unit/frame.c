/* See frame.h. */
#include "tests/unit/frame.h"

#include "dataplane/core/decode.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static uint8_t *put16(uint8_t *at, size_t v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(at, bytes, len);
	return at + len;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t sum16(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

uint16_t frame_csum(uint32_t sum, const uint8_t *data, size_t len)
{
	return (uint16_t)~sum16(sum, data, len);
}

void frame_fix_ipv4(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, frame_csum(0, ip, (ip[0] & 0xfu) * 4));
}

static uint8_t *put_address(uint8_t *at, bool v6, const char *text, const char *otherwise)
{
	int family = v6 ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text ? text : otherwise, at), 1);
	return at + (v6 ? 16 : 4);
}

static uint8_t *put_ipv4(uint8_t *at, const struct frame_spec *s, size_t udp_len)
{
	uint8_t *ip = at;

	*at++ = (uint8_t)(0x40 | (20 + s->options_len) / 4);
	*at++ = s->tos;
	at = put16(at, 20 + s->options_len + udp_len);
	at = put16(at, 0x1234);
	at = put16(at, 0);
	*at++ = 57;
	*at++ = 17;
	at = put16(at, 0);
	at = put_address(at, false, s->src, "198.51.100.7");
	at = put_address(at, false, s->dst, "192.0.2.10");
	at = put(at, s->options, s->options_len);
	frame_fix_ipv4(ip);
	return at;
}

static uint8_t *put_ipv6(uint8_t *at, const struct frame_spec *s, size_t udp_len)
{
	at = put16(at, 0x6000u | (uint32_t)s->tos << 4 | 0xa);
	at = put16(at, 0xbcde);
	at = put16(at, s->ext_len + udp_len);
	*at++ = s->ext_len ? s->next : 17;
	*at++ = 57;
	at = put_address(at, true, s->src, "2001:db8::7");
	at = put_address(at, true, s->dst, "2001:db8::10");
	return put(at, s->ext, s->ext_len);
}

static uint32_t pseudo(const uint8_t *ip, bool v6, size_t udp_len)
{
	return sum16((uint32_t)(17 + udp_len), ip + (v6 ? 8 : 12), v6 ? 32 : 8);
}

size_t frame_build(uint8_t *out, const struct frame_spec *s, const void *payload, size_t len)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *at = put(out, macs, sizeof(macs)), *ip, *udp;
	uint16_t csum;

	for (unsigned i = 0; i < 3 && s->tpid[i]; i++)
		at = put16(put16(at, s->tpid[i]), s->tci[i]);
	ip = at = put16(at, s->v6 ? 0x86dd : 0x0800);
	udp = at = s->v6 ? put_ipv6(at, s, 8 + len) : put_ipv4(at, s, 8 + len);
	at = put16(at, s->sport ? s->sport : 5060);
	at = put16(at, s->dport ? s->dport : 5060);
	at = put16(at, 8 + len);
	at = put16(at, 0);
	at = put(at, payload, len);
	if (!s->no_udp_csum) {
		csum = frame_csum(pseudo(ip, s->v6, 8 + len), udp, 8 + len);
		put16(udp + 6, csum ? csum : 0xffff);
	}
	return (size_t)(at - out);
}

size_t frame_check(const uint8_t *frame, size_t len, size_t l3_off, bool v6)
{
	const uint8_t *ip = frame + l3_off;
	size_t ip_len = v6 ? 40 : 20, udp_len = len - l3_off - ip_len;
	const uint8_t *udp = ip + ip_len;

	if (v6) {
		assert_int_equal(get16(ip + 4), udp_len);
	} else {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(get16(ip + 2), 20 + udp_len);
		assert_int_equal(frame_csum(0, ip, 20), 0);
	}
	assert_int_equal(get16(udp + 4), udp_len);
	assert_int_not_equal(get16(udp + 6), 0);
	assert_int_equal(frame_csum(pseudo(ip, v6, udp_len), udp, udp_len), 0);
	return l3_off + ip_len + 8;
}

void request_make(struct request *r, const struct frame_spec *s, const char *sip)
{
	memset(&r->p, 0, sizeof(r->p));
	r->p.frame = r->frame;
	r->p.frame_len = (uint32_t)frame_build(r->frame, s, sip, strlen(sip));
	assert_int_equal(nx_decode(&r->p), NX_R_UNDECIDED);
	assert_int_equal(
		nx_sip_parse(nx_payload(&r->p), r->p.payload_len, &r->p.sip, NULL), NX_R_UNDECIDED);
}

void request_guard(struct request *r, struct guard *g)
{
	r->p.frame = guard_tail(g, r->frame, r->p.frame_len);
}
