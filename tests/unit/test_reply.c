/* The reply, byte for byte (rules 19, 21 to 25): what is copied, what is edited, where it goes, and
 * when there is none. "$" in an expected text stands for our To tag. */
#include "tests/unit/frame.h"

#include "dataplane/core/decode.h"
#include "dataplane/core/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define REASON "Reason: Q.850;cause=1;text=\"Unallocated (unassigned) number\"\r\n"
#define SERVER "Server: nxsip\r\n"

#define HEAD "INVITE sip:+442079460000@192.0.2.10 SIP/2.0\r\n"
#define VIA  "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1\r\n"
#define REST                                          \
	"Max-Forwards: 70\r\n"                        \
	"From: \"A\" <sip:a@example.org>;tag=192\r\n" \
	"To: <sip:+442079460000@example.net>\r\n"     \
	"Call-ID: a84b4c@pc33\r\n"                    \
	"CSeq: 314159 INVITE\r\n"                     \
	"Content-Length: 0\r\n\r\n"
#define FILLER                                                                             \
	"\r\nv=0 o=- 1 1 IN IP4 198.51.100.7 ............................................" \
	"..............................................................................."  \
	"...............................................................................\r\n"
#define REPLY_REST                                      \
	"From: \"A\" <sip:a@example.org>;tag=192\r\n"   \
	"To: <sip:+442079460000@example.net>;tag=$\r\n" \
	"Call-ID: a84b4c@pc33\r\n"                      \
	"CSeq: 314159 INVITE\r\n"
#define EMPTY "Content-Length: 0\r\n\r\n"

static struct nx_policy policy = {
	.reason_header = true,
	.server = "nxsip",
	.server_len = 5,
	.n_classes = 1,
	.tag_key[0] = {.id = 5, .present = true, .k = {1, 2, 3}, .secret = {4, 5, 6}},
};

static const struct nx_reply_options plain = {.policy = &policy, .mtu = 1500};

struct reply {
	uint32_t len;
	size_t sip_off;
	uint8_t frame[FRAME_MAX];
};

static void tag_of(const struct nx_packet *p, char tag[NX_TO_TAG_LEN])
{
	nx_reply_tags(&policy.tag_key[0], &p, 1, (char(*)[NX_TO_TAG_LEN])tag);
}

/* The reply as a worker makes it: the tag first. */
static uint32_t answer(const struct nx_packet *p, enum nx_verdict status,
	const struct nx_reply_options *o, uint8_t *out, uint32_t cap)
{
	struct nx_reply_options with_tag = *o;
	struct nx_reply_peer peer = {0};
	char tag[NX_TO_TAG_LEN];

	tag_of(p, tag);
	with_tag.tag = tag;
	if (!o->peer)
		with_tag.peer = &peer;
	return nx_reply_build(p, status, &with_tag, out, cap);
}

static void build(struct reply *out, const struct request *r, enum nx_verdict status,
	const struct nx_reply_options *o)
{
	memset(out, 0xa5, sizeof(*out));
	out->len = answer(&r->p, status, o, out->frame, sizeof(out->frame));
	if (out->len == 0)
		return;
	out->sip_off = frame_check(out->frame, out->len, r->p.l3_off, r->p.is_v6);
	assert_int_equal(nx_reply_l4_off(&r->p), out->sip_off - 8);
}

/* The text of the expected SIP message with the To tag in its place. */
static size_t fill_in(const struct request *r, const char *expected, char *text, size_t cap)
{
	const char *mark = strchr(expected, '$');
	size_t before = (size_t)(mark - expected), after = strlen(mark + 1);

	assert_true(before + NX_TO_TAG_LEN + after < cap);
	memcpy(text, expected, before);
	tag_of(&r->p, text + before);
	memcpy(text + before + NX_TO_TAG_LEN, mark + 1, after + 1);
	return before + NX_TO_TAG_LEN + after;
}

static void assert_sip(const struct reply *out, const struct request *r, const char *expected)
{
	char want[FRAME_MAX], got[FRAME_MAX];
	size_t want_len = fill_in(r, expected, want, sizeof(want));

	assert_int_not_equal(out->len, 0);
	(void)snprintf(got, sizeof(got), "%.*s", (int)(out->len - out->sip_off),
		(const char *)out->frame + out->sip_off);
	assert_string_equal(got, want);
	assert_int_equal(out->len - out->sip_off, want_len);
}

static void expect(const struct frame_spec *s, const char *sip, const struct nx_reply_options *o,
	const char *expected)
{
	struct request r;
	struct reply out;

	struct guard g;

	request_make(&r, s, sip);
	guard_init(&g);
	request_guard(&r, &g);
	build(&out, &r, NX_404, o);
	assert_sip(&out, &r, expected);
	guard_fini(&g);
}

static void rule_19_the_404(void **state)
{
	(void)state;
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &plain,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST SERVER EMPTY);
}

static void rule_19_the_604(void **state)
{
	struct request r;
	struct reply out;

	(void)state;
	request_make(&r, &(struct frame_spec){0}, HEAD VIA REST FILLER);
	build(&out, &r, NX_604, &plain);
	assert_sip(&out, &r, "SIP/2.0 604 Does Not Exist Anywhere\r\n" VIA REPLY_REST SERVER EMPTY);
}

/* Every Via row in order, joined and folded ones as they came; compact names and odd order in. */
static void rule_19_values_byte_for_byte(void **state)
{
	(void)state;
	expect(&(struct frame_spec){0},
		HEAD
		"t:sip:+442079460000@example.net\r\n"
		"CSEQ :  7 \r\n INVITE\r\n"
		"v:SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1 , SIP / 2.0 / TCP b.test;x=[::1]\r\n"
		"i: \ta84b4c@pc33 \r\n"
		"VIA: SIP/2.0/UDP c.test;received=192.0.2.99\r\n\t;branch=z9hG4bK0;rport\r\n"
		"f: \"Folded,\r\n \\\"name\" <sip:a@example.org> \t; tag = 192\r\n"
		"Via: SIP/2.0/TLS d.test\r\n\r\n" FILLER FILLER,
		&plain,
		"SIP/2.0 404 Not Found\r\n"
		"Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1 , SIP / 2.0 / TCP "
		"b.test;x=[::1]\r\n"
		"Via: SIP/2.0/UDP c.test;received=192.0.2.99\r\n\t;branch=z9hG4bK0;rport\r\n"
		"Via: SIP/2.0/TLS d.test\r\n"
		"From: \"Folded,\r\n \\\"name\" <sip:a@example.org> \t; tag = 192\r\n"
		"To: sip:+442079460000@example.net;tag=$\r\n"
		"Call-ID: a84b4c@pc33\r\n"
		"CSeq: 7 \r\n INVITE\r\n" SERVER EMPTY);
}

static void rule_19_not_what_a_reply_has_no_use_for(void **state)
{
	(void)state;
	expect(&(struct frame_spec){0},
		HEAD VIA "Record-Route: <sip:198.51.100.7;lr>\r\n"
			 "Timestamp: 54\r\n"
			 "Contact: <sip:a@198.51.100.7>\r\n"
			 "m: <sip:b@198.51.100.7>\r\n"
			 "Content-Type: application/sdp\r\n"
			 "Via-x: SIP/2.0/UDP x.test\r\n" REST FILLER,
		&plain, "SIP/2.0 404 Not Found\r\n" VIA REPLY_REST SERVER EMPTY);
}

/* The top Via: the request's value, the reply's; the source is 198.51.100.7:40000 or
 * 2001:db8::7:40000. */
struct via_case {
	bool v6;
	const char *in, *out;
};

static void expect_via(const struct via_case *c)
{
	const struct frame_spec spec = {.v6 = c->v6, .sport = 40000};
	char in[FRAME_MAX / 2], want[FRAME_MAX / 2];

	(void)snprintf(in, sizeof(in),
		HEAD "Via: SIP/2.0/UDP %s\r\nVia: SIP/2.0/UDP last.test;rport\r\n" REST FILLER,
		c->in);
	(void)snprintf(want, sizeof(want),
		"SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP %s\r\n"
		"Via: SIP/2.0/UDP last.test;rport\r\n" REPLY_REST SERVER EMPTY,
		c->out);
	expect(&spec, in, &plain, want);
}

static void rule_21_not_where_sent_by_is_the_source(void **state)
{
	static const struct via_case cases[] = {
		{false, "198.51.100.7;branch=z9hG4bK1", "198.51.100.7;branch=z9hG4bK1"},
		{false, "198.51.100.7:5070", "198.51.100.7:5070"},
		{true, "[2001:db8::7];branch=z9hG4bK1", "[2001:db8::7];branch=z9hG4bK1"},
		{true, "[2001:0DB8:0:0:0:0:0:7]:5060", "[2001:0DB8:0:0:0:0:0:7]:5060"},
		{false, "198.51.100.7, SIP/2.0/UDP b.test;rport",
			"198.51.100.7, SIP/2.0/UDP b.test;rport"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_via(&cases[i]);
}

static void rule_21_top_via(void **state)
{
	static const struct via_case cases[] = {
		/* a name, or another address */
		{false, "pc33.example.org;branch=z9hG4bK1",
			"pc33.example.org;received=198.51.100.7;branch=z9hG4bK1"},
		{false, "10.0.0.1:5062;branch=z9hG4bK1",
			"10.0.0.1:5062;received=198.51.100.7;branch=z9hG4bK1"},
		{false, "198.51.100.70", "198.51.100.70;received=198.51.100.7"},
		{false, "[2001:db8::7]", "[2001:db8::7];received=198.51.100.7"},
		{true, "[2001:db8::8];branch=z9hG4bK1",
			"[2001:db8::8];received=2001:db8::7;branch=z9hG4bK1"},
		{true, "198.51.100.7", "198.51.100.7;received=2001:db8::7"},
		{false, "pc33 : 5060 ;branch=z9hG4bK1",
			"pc33 : 5060;received=198.51.100.7 ;branch=z9hG4bK1"},
		{false, "pc33\r\n ;branch=z9hG4bK1",
			"pc33;received=198.51.100.7\r\n ;branch=z9hG4bK1"},
		/* rport: filled in, and received stands also if equal */
		{false, "198.51.100.7;rport;branch=z9hG4bK1",
			"198.51.100.7;rport=40000;received=198.51.100.7;branch=z9hG4bK1"},
		{false, "198.51.100.7;branch=z9hG4bK1;rport",
			"198.51.100.7;branch=z9hG4bK1;rport=40000;received=198.51.100.7"},
		{false, "pc33;RPort;branch=z9hG4bK1",
			"pc33;rport=40000;received=198.51.100.7;branch=z9hG4bK1"},
		{true, "[2001:db8::7];rport", "[2001:db8::7];rport=40000;received=2001:db8::7"},
		/* what the sender wrote there is replaced */
		{false, "198.51.100.7;rport=9;branch=z9hG4bK1",
			"198.51.100.7;rport=40000;received=198.51.100.7;branch=z9hG4bK1"},
		{false, "198.51.100.7;received=192.0.2.66;branch=z9hG4bK1",
			"198.51.100.7;received=198.51.100.7;branch=z9hG4bK1"},
		{false, "pc33;branch=z9hG4bK1;received=192.0.2.66",
			"pc33;branch=z9hG4bK1;received=198.51.100.7"},
		{true, "pc33;received=[2001:db8::66]", "pc33;received=2001:db8::7"},
		{false, "pc33;received=192.0.2.66;x=y;rport=9;z",
			"pc33;received=198.51.100.7;x=y;rport=40000;z"},
		{false, "pc33;rport;x=y;received=192.0.2.66;z",
			"pc33;rport=40000;x=y;received=198.51.100.7;z"},
		{false, "pc33;rport;received=192.0.2.66", "pc33;rport=40000;received=198.51.100.7"},
		/* only the first of joined values */
		{false, "pc33;rport, SIP/2.0/UDP b.test;rport;received=1.2.3.4",
			"pc33;rport=40000;received=198.51.100.7, "
			"SIP/2.0/UDP b.test;rport;received=1.2.3.4"},
		{false, "pc33 ,SIP/2.0/UDP b.test",
			"pc33;received=198.51.100.7 ,SIP/2.0/UDP b.test"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_via(&cases[i]);
}

/* RFC 5952, through `received`. */
static void rule_21_ipv6_text(void **state)
{
	static const char *const addrs[][2] = {
		{"2001:DB8::1", "2001:db8::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"fe80::", "fe80::"},
		{"::2:3", "::2:3"},
		{"2001:db8:1234:5678:9abc:def0:fedc:ba98",
			"2001:db8:1234:5678:9abc:def0:fedc:ba98"},
		{"fd00:0:10:200:3000:0:0:a", "fd00:0:10:200:3000::a"},
	};
	char want[FRAME_MAX / 2];

	(void)state;
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct frame_spec spec = {.v6 = true, .src = addrs[i][0]};

		(void)snprintf(want, sizeof(want),
			"SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP pc33;received=%s\r\n" REPLY_REST
				SERVER EMPTY,
			addrs[i][1]);
		expect(&spec, HEAD "Via: SIP/2.0/UDP pc33\r\n" REST FILLER, &plain, want);
	}
}

static void rule_22_port_by_class(void **state)
{
	static const struct {
		const char *via;
		uint16_t rfc, always, pass;
	} cases[] = {
		{"pc33", 5060, 40000, 0},
		{"pc33:5090", 5090, 40000, 0},
		{"pc33:40000", 40000, 40000, 40000},
		{"pc33:5090;rport", 40000, 40000, 40000},
		{"pc33:5090;rport=5090", 40000, 40000, 40000},
		{"pc33;received=192.0.2.66", 5060, 40000, 0},
	};
	const struct nx_class rfc = {.symmetric = NX_SYM_RFC};
	const struct nx_class always = {.symmetric = NX_SYM_ALWAYS};
	const struct nx_class pass = {.symmetric = NX_SYM_PASS};
	char text[FRAME_MAX / 2];
	struct request r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(
			text, sizeof(text), HEAD "Via: SIP/2.0/UDP %s\r\n" REST, cases[i].via);
		request_make(&r, &(struct frame_spec){.sport = 40000}, text);
		assert_int_equal(nx_reply_dest_port(&r.p, &rfc), cases[i].rfc);
		assert_int_equal(nx_reply_dest_port(&r.p, &always), cases[i].always);
		assert_int_equal(nx_reply_dest_port(&r.p, &pass), cases[i].pass);
	}
}

/* Where rport is there, or both ports are the same, every class answers to the source's port. */
static void rule_22_not_the_class_where_the_port_is_certain(void **state)
{
	static const char *const vias[] = {
		"pc33:5090;rport", "pc33:40000", "pc33:40000;rport=1", "198.51.100.7;rport"};
	char text[FRAME_MAX / 2];
	struct request r;

	(void)state;
	for (size_t i = 0; i < sizeof(vias) / sizeof(vias[0]); i++) {
		(void)snprintf(text, sizeof(text), HEAD "Via: SIP/2.0/UDP %s\r\n" REST, vias[i]);
		request_make(&r, &(struct frame_spec){.sport = 40000}, text);
		for (unsigned s = NX_SYM_RFC; s <= NX_SYM_PASS; s++)
			assert_int_equal(nx_reply_dest_port(
						 &r.p, &(struct nx_class){.symmetric = (uint8_t)s}),
				40000);
	}
}

static void rule_22_the_class_of_the_packet_decides(void **state)
{
	struct nx_policy two = policy;
	const struct nx_reply_options o = {.policy = &two, .mtu = 1500};
	struct request r;
	struct reply out;

	(void)state;
	two.n_classes = 2;
	two.classes[1].symmetric = NX_SYM_PASS;
	request_make(&r, &(struct frame_spec){.sport = 40000}, HEAD VIA REST FILLER);
	build(&out, &r, NX_404, &o);
	assert_int_equal(
		out.frame[nx_reply_l4_off(&r.p) + 2] << 8 | out.frame[nx_reply_l4_off(&r.p) + 3],
		5060);
	r.p.class = 1;
	build(&out, &r, NX_404, &o);
	assert_int_equal(out.len, 0);
}

/* All bytes below SIP: turned round, tags and DSCP kept, ECN, ids and flow label cleared. */
static void rule_22_headers_turned_round(void **state)
{
	static const uint8_t option[] = {148, 4, 0, 0};
	static const uint8_t ext[] = {17, 0, 1, 4, 0, 0, 0, 0};
	static const struct {
		struct frame_spec spec;
		size_t len;
		uint8_t head[46]; /* Ethernet to the addresses; lengths and checksum left out */
	} cases[] = {
		{{.sport = 40000, .dport = 5070, .tos = 0xbb, .options = option, .options_len = 4},
			34,
			{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0xb8, 0, 0, 0, 0, 0x40, 0,
				64, 17, 0, 0, 192, 0, 2, 10, 198, 51, 100, 7}},
		{{.sport = 40000, .dport = 5070, .tpid = {0x88a8, 0x8100}, .tci = {0xb064, 0x7fff}},
			42,
			{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0xb0, 0x64, 0x81, 0, 0x7f,
				0xff, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2,
				10, 198, 51, 100, 7}},
		{{.v6 = true,
			 .sport = 40000,
			 .dport = 5070,
			 .tos = 0xbb,
			 .next = 0,
			 .ext = ext,
			 .ext_len = 8},
			38,
			{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x6b, 0x80, 0, 0, 0, 0, 17,
				64, 0x20, 1, 0x0d, 0xb8, [37] = 0x10}},
		{{.v6 = true, .sport = 40000, .dport = 5070, .tpid = {0x8100}, .tci = {0xe000}}, 42,
			{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0xe0, 0, 0x86, 0xdd, 0x60, 0,
				0, 0, 0, 0, 17, 64, 0x20, 1, 0x0d, 0xb8, [41] = 0x10}},
	};
	static const uint8_t ports[4] = {5070 >> 8, 5070 & 0xff, 40000 >> 8, 40000 & 0xff};
	struct request r;
	struct reply out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *ip = out.frame;

		request_make(
			&r, &cases[i].spec, HEAD "Via: SIP/2.0/UDP pc33;rport\r\n" REST FILLER);
		build(&out, &r, NX_404, &plain);
		assert_int_not_equal(out.len, 0);
		ip += r.p.l3_off;
		memset(ip + (r.p.is_v6 ? 4 : 2), 0, 2); /* proved by frame_check */
		if (!r.p.is_v6)
			memset(ip + 10, 0, 2);
		assert_memory_equal(out.frame, cases[i].head, cases[i].len);
		if (r.p.is_v6)
			assert_memory_equal(ip + 24, r.p.src.b, 16);
		assert_memory_equal(out.frame + nx_reply_l4_off(&r.p), ports, 4);
	}
}

static void rule_22_checksums_left_to_the_port(void **state)
{
	const struct nx_reply_options hw = {
		.policy = &policy, .mtu = 1500, .hw_ip_csum = true, .hw_udp_csum = true};
	struct request r;
	struct reply soft;
	uint8_t out[FRAME_MAX], pseudo[40];

	(void)state;
	for (unsigned six = 0; six < 2; six++) {
		unsigned addrs = six ? 32 : 8;
		uint32_t len;
		uint32_t l4_off;
		uint16_t sum;

		request_make(&r, &(struct frame_spec){.v6 = six}, HEAD VIA REST FILLER);
		build(&soft, &r, NX_404, &plain);
		len = answer(&r.p, NX_404, &hw, out, sizeof(out));
		l4_off = nx_reply_l4_off(&r.p);
		assert_int_equal(len, soft.len);
		memcpy(pseudo, out + l4_off - addrs, addrs);
		memcpy(pseudo + addrs, (uint8_t[]){0, 17}, 2);
		memcpy(pseudo + addrs + 2, out + l4_off + 4, 2);
		sum = (uint16_t)~frame_csum(0, pseudo, addrs + 4);
		assert_int_equal(out[l4_off + 6] << 8 | out[l4_off + 7], sum);
		if (!six) {
			assert_int_equal(out[14 + 10] << 8 | out[14 + 11], 0);
			memset(soft.frame + 14 + 10, 0, 2);
		}
		memcpy(soft.frame + l4_off + 6, out + l4_off + 6, 2);
		assert_memory_equal(out, soft.frame, len);
	}
}

/* A sum of 0 must go out as 0xffff. Call-IDs are tried until one makes it. */
static void udp_checksum_is_never_none(void **state)
{
	struct request r;
	struct reply out;
	const uint8_t *csum;

	(void)state;
	request_make(&r, &(struct frame_spec){0}, HEAD VIA REST FILLER);
	for (uint32_t i = 0; i < 1000000; i++) {
		memcpy(r.frame + r.p.payload_off + r.p.sip.call_id.off, &i, 3);
		out.len = answer(&r.p, NX_404, &plain, out.frame, sizeof(out.frame));
		csum = out.frame + nx_reply_l4_off(&r.p) + 6;
		assert_int_not_equal(csum[0] | csum[1], 0);
		if (csum[0] == 0xff && csum[1] == 0xff) {
			(void)frame_check(out.frame, out.len, 14, false);
			return;
		}
	}
	fail_msg("no Call-ID gave a sum of 0");
}

/* From a request with room for everything down to one without: what goes, and in which order. The
 * limit is the same whether it comes from the request, the MTU or the buffer. */
static void rule_23_never_longer_than_the_request(void **state)
{
	static const char *const shapes[] = {
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST REASON SERVER EMPTY,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST REASON EMPTY,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST EMPTY,
		"SIP/2.0 404 Not Found\r\n"
		"v: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1\r\n"
		"f: \"A\" <sip:a@example.org>;tag=192\r\n"
		"t: <sip:+442079460000@example.net>;tag=$\r\n"
		"i: a84b4c@pc33\r\n"
		"CSeq: 314159 INVITE\r\n"
		"l: 0\r\n\r\n",
	};
	const struct nx_reply_options with_reason = {
		.policy = &policy, .mtu = 1500, .reason_header = true};
	char text[FRAME_MAX];
	struct request r;
	struct reply out;

	(void)state;
	request_make(&r, &(struct frame_spec){0}, HEAD VIA REST FILLER FILLER);
	for (unsigned i = 0; i < 4; i++) {
		size_t len = fill_in(&r, shapes[i], text, sizeof(text));
		const struct nx_reply_options by_mtu = {
			.policy = &policy, .mtu = (uint16_t)(28 + len), .reason_header = true};
		const struct nx_reply_options below = {
			.policy = &policy, .mtu = (uint16_t)(28 + len - 1), .reason_header = true};

		build(&out, &r, NX_404, &by_mtu);
		assert_sip(&out, &r, shapes[i]);
		build(&out, &r, NX_404, &below);
		if (i < 3)
			assert_sip(&out, &r, shapes[i + 1]);
		else
			assert_int_equal(out.len, 0);

		out.len = answer(&r.p, NX_404, &with_reason, out.frame, (uint32_t)(42 + len));
		assert_int_equal(out.len, 42 + len);

		r.p.payload_len = (uint16_t)len;
		build(&out, &r, NX_404, &with_reason);
		assert_sip(&out, &r, shapes[i]);
		r.p.payload_len--;
		build(&out, &r, NX_404, &with_reason);
		assert_true(out.len == 0 || out.len < 42 + len);
		assert_int_equal(out.len == 0, i == 3);
		request_make(&r, &(struct frame_spec){0}, HEAD VIA REST FILLER FILLER);
	}
}

static void rule_23_every_limit_is_kept(void **state)
{
	struct nx_reply_options o = {.policy = &policy, .mtu = 1500, .reason_header = true};
	struct request r;
	struct reply out;

	(void)state;
	for (unsigned six = 0; six < 2; six++) {
		request_make(&r, &(struct frame_spec){.v6 = six}, HEAD VIA REST FILLER);
		for (uint32_t cap = 0; cap < 1200; cap++) {
			memset(out.frame, 0xa5, sizeof(out.frame));
			assert_true(answer(&r.p, NX_604, &o, out.frame, cap) <= cap);
			for (uint32_t i = cap; i < cap + 600; i++)
				assert_int_equal(out.frame[i], 0xa5);
		}
		for (o.mtu = 0; o.mtu < 600; o.mtu++) {
			build(&out, &r, NX_604, &o);
			assert_true(out.len == 0 || out.len - 14 <= o.mtu);
		}
		o.mtu = 1500;
	}
}

/* A request as short as requests get: its reply cannot be shorter, so there is none. */
static void rule_23_not_where_there_is_room(void **state)
{
	const struct nx_reply_options with_reason = {
		.policy = &policy, .mtu = 1500, .reason_header = true};

	(void)state;
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &with_reason,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST REASON SERVER EMPTY);
}

static void rule_23_a_minimal_request_passes(void **state)
{
	struct request r;
	struct reply out;

	(void)state;
	request_make(&r, &(struct frame_spec){0},
		"INVITE sip:a@b SIP/2.0\r\nv:SIP/2.0/UDP h\r\nf:sip:a@b\r\nt:sip:a@b\r\ni:1\r\n"
		"CSeq:1 INVITE\r\n\r\n");
	build(&out, &r, NX_404, &plain);
	assert_int_equal(out.len, 0);
}

static void rule_24_reason_where_it_applies(void **state)
{
	const struct nx_reply_options with = {
		.policy = &policy, .mtu = 1500, .reason_header = true};
	struct nx_policy no_server = policy;
	struct nx_reply_options o = with;

	(void)state;
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &with,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST REASON SERVER EMPTY);
	no_server.server_len = 0;
	o.policy = &no_server;
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &o,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST REASON EMPTY);
}

static void rule_24_not_where_it_is_off_or_does_not_apply(void **state)
{
	struct nx_policy off = policy;
	const struct nx_reply_options wanted = {.policy = &off, .mtu = 1500, .reason_header = true};

	(void)state;
	off.reason_header = false;
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &wanted,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST SERVER EMPTY);
	expect(&(struct frame_spec){0}, HEAD VIA REST FILLER, &plain,
		"SIP/2.0 404 Not Found\r\n" VIA REPLY_REST SERVER EMPTY);
}

/* The same datagram, in another place and at another time: the same bytes. Another datagram: not.
 */
static void rule_25_a_retransmission_gets_identical_bytes(void **state)
{
	struct request first, again;
	struct reply a, b;

	(void)state;
	request_make(&first, &(struct frame_spec){0}, HEAD VIA REST FILLER);
	request_make(&again, &(struct frame_spec){0}, HEAD VIA REST FILLER);
	build(&a, &first, NX_404, &plain);
	build(&b, &again, NX_404, &plain);
	assert_int_not_equal(a.len, 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.frame, b.frame, a.len);
}

/* The other branch of a fork is no retransmission: its reply differs, also in the tag. */
static void rule_25_not_another_branch(void **state)
{
	struct request first, other;
	struct reply a, b;

	(void)state;
	request_make(&first, &(struct frame_spec){0}, HEAD VIA REST FILLER);
	request_make(&other, &(struct frame_spec){0},
		HEAD "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK2\r\n" REST FILLER);
	build(&a, &first, NX_404, &plain);
	build(&b, &other, NX_404, &plain);
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.frame, b.frame, a.len);
	assert_memory_not_equal(memmem(a.frame, a.len, ";tag=nx", 7),
		memmem(b.frame, b.len, ";tag=nx", 7), strlen(";tag=") + NX_TO_TAG_LEN);
}

/* What a burst's replies share changes none of them, whichever way they take turns. */
static void replies_of_a_burst_are_the_same_as_alone(void **state)
{
	static const struct frame_spec path[] = {
		{.sport = 5062},
		{.sport = 40000, .tos = 0xb8},
		{.v6 = true},
		{.src = "203.0.113.200", .tpid = {0x8100}, .tci = {0x6007}},
		{.v6 = true, .src = "2001:db8:1234:5678:9abc:def0:1234:5678", .sport = 65535},
	};
	static const char *const via[] = {
		"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1;rport\r\n",
		"Via: SIP/2.0/UDP a.example.org;received=192.0.2.1;branch=z9hG4bK2;rport=7\r\n",
		"Via: SIP/2.0/UDP a.example.org;branch=z9hG4bK3\r\n",
	};
	static struct request r[5][3];
	struct nx_reply_peer peer = {0};
	struct nx_reply_options burst = plain;
	char text[FRAME_MAX];
	uint32_t seed = 1;

	(void)state;
	burst.peer = &peer;
	for (unsigned i = 0; i < 15; i++) {
		(void)snprintf(text, sizeof(text), HEAD "%s" REST FILLER, via[i % 3]);
		request_make(&r[i / 3][i % 3], &path[i / 3], text);
		r[i / 3][i % 3].p.like = &r[i / 3][0].p;
	}
	for (unsigned n = 0; n < 1000; n++, seed = seed * 1664525 + 1013904223) {
		const struct request *one = &r[(seed >> 16) % 5][(seed >> 24) % 3];
		struct reply alone, shared;

		build(&alone, one, NX_404, &plain);
		build(&shared, one, NX_404, &burst);
		assert_int_not_equal(alone.len, 0);
		assert_int_equal(alone.len, shared.len);
		assert_memory_equal(alone.frame, shared.frame, alone.len);
	}
}

/* Our reply read as its receiver would: sound, and a response, which is never answered. */
static void rule_03_a_reply_is_a_response(void **state)
{
	struct request r;
	struct reply out;
	struct nx_packet p = {.reason = 0};

	(void)state;
	request_make(&r, &(struct frame_spec){.v6 = true}, HEAD VIA REST FILLER);
	build(&out, &r, NX_404, &plain);
	p.frame = out.frame;
	p.frame_len = out.len;
	assert_int_equal(nx_decode(&p), NX_R_UNDECIDED);
	assert_true(nx_decode_udp_csum(&p));
	assert_int_equal(nx_sip_parse(nx_payload(&p), p.payload_len, &p.sip, NULL), NX_R_RESPONSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_19_the_404),
		cmocka_unit_test(rule_19_the_604),
		cmocka_unit_test(rule_19_values_byte_for_byte),
		cmocka_unit_test(rule_19_not_what_a_reply_has_no_use_for),
		cmocka_unit_test(rule_21_top_via),
		cmocka_unit_test(rule_21_not_where_sent_by_is_the_source),
		cmocka_unit_test(rule_21_ipv6_text),
		cmocka_unit_test(rule_22_port_by_class),
		cmocka_unit_test(rule_22_not_the_class_where_the_port_is_certain),
		cmocka_unit_test(rule_22_the_class_of_the_packet_decides),
		cmocka_unit_test(rule_22_headers_turned_round),
		cmocka_unit_test(rule_22_checksums_left_to_the_port),
		cmocka_unit_test(udp_checksum_is_never_none),
		cmocka_unit_test(rule_23_never_longer_than_the_request),
		cmocka_unit_test(rule_23_every_limit_is_kept),
		cmocka_unit_test(rule_23_not_where_there_is_room),
		cmocka_unit_test(rule_23_a_minimal_request_passes),
		cmocka_unit_test(rule_24_reason_where_it_applies),
		cmocka_unit_test(rule_24_not_where_it_is_off_or_does_not_apply),
		cmocka_unit_test(rule_25_a_retransmission_gets_identical_bytes),
		cmocka_unit_test(replies_of_a_burst_are_the_same_as_alone),
		cmocka_unit_test(rule_25_not_another_branch),
		cmocka_unit_test(rule_03_a_reply_is_a_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
