/* Ethernet to UDP: sound frames of every kind, then everything that must not be believed. Frames
 * end at an unreadable page, so a read behind the frame ends the test. */
#include "dataplane/core/decode.h"
#include "tests/unit/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PAYLOAD "INVITE sip:+442079460000@192.0.2.10 SIP/2.0\r\n"

static const struct frame_spec v4 = {0};
static const struct frame_spec v6 = {.v6 = true};

/* NOP, NOP, router alert, NOP, end of list */
static const uint8_t options[] = {1, 1, 148, 4, 0, 0, 1, 0};

/* hop-by-hop, destination options (16 bytes), routing with no segments left, AH of 24 bytes */
static const uint8_t extensions[] = {
	60,
	0,
	1,
	4,
	0,
	0,
	0,
	0, /* -> destination options */
	43,
	1,
	1,
	12,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0, /* -> routing */
	51,
	0,
	0,
	0,
	0,
	0,
	0,
	0, /* -> AH */
	17,
	4,
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0, /* -> UDP */
	0,
	0,
	0,
	0,
	0,
	0,
};

static int map_guard(void **state)
{
	static struct guard g;

	guard_init(&g);
	*state = &g;
	return 0;
}

static int unmap_guard(void **state)
{
	guard_fini(*state);
	return 0;
}

/* Lays the frame against the unreadable page and decodes it. */
static unsigned decode_at_edge(
	struct guard *g, const uint8_t *frame, size_t len, struct nx_packet *p)
{
	unsigned reason;

	memset(p, 0, sizeof(*p));
	p->frame = guard_tail(g, frame, len);
	p->frame_len = (uint32_t)len;
	reason = nx_decode(p);
	assert_int_equal(reason, p->reason);
	return reason;
}

static size_t build(uint8_t *frame, const struct frame_spec *s)
{
	return frame_build(frame, s, PAYLOAD, sizeof(PAYLOAD) - 1);
}

static unsigned decode_spec(struct guard *g, const struct frame_spec *s, struct nx_packet *p)
{
	uint8_t frame[FRAME_MAX];

	return decode_at_edge(g, frame, build(frame, s), p);
}

static const struct sound {
	const char *what;
	struct frame_spec spec;
	uint16_t vlan, l3_off, l4_off;
} sound_frames[] = {
	{"IPv4", {0}, NX_VLAN_NONE, 14, 34},
	{"IPv4 without UDP checksum", {.no_udp_csum = true}, NX_VLAN_NONE, 14, 34},
	{"IPv4 with options", {.options = options, .options_len = 8}, NX_VLAN_NONE, 14, 42},
	{"802.1Q", {.tpid = {0x8100}, .tci = {0xa064}}, 100, 18, 38},
	{"802.1ad", {.tpid = {0x88a8, 0x8100}, .tci = {0x0fff, 0x0001}}, 0xfff, 22, 42},
	{"QinQ", {.tpid = {0x9100, 0x8100}, .tci = {200, 300}}, 200, 22, 42},
	{"priority tag", {.tpid = {0x8100}, .tci = {0xe000}}, NX_VLAN_NONE, 18, 38},
	{"VLAN in a priority tag", {.tpid = {0x8100, 0x8100}, .tci = {0xe000, 7}}, 7, 22, 42},
	{"IPv6", {.v6 = true}, NX_VLAN_NONE, 14, 54},
	{"IPv6 in QinQ", {.v6 = true, .tpid = {0x88a8, 0x8100}, .tci = {9, 8}}, 9, 22, 62},
	{"IPv6 with extension headers",
		{.v6 = true, .next = 0, .ext = extensions, .ext_len = sizeof(extensions)},
		NX_VLAN_NONE, 14, 54 + sizeof(extensions)},
};

#define SOUND_FRAMES (sizeof(sound_frames) / sizeof(sound_frames[0]))

static void assert_fields(const struct sound *f, const struct nx_packet *p)
{
	static const uint8_t src4[4] = {198, 51, 100, 7}, dst4[4] = {192, 0, 2, 10};
	static const uint8_t src6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 7};
	static const uint8_t dst6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x10};
	struct nx_addr src = f->spec.v6 ? nx_addr_v6(src6) : nx_addr_v4(src4);
	struct nx_addr dst = f->spec.v6 ? nx_addr_v6(dst6) : nx_addr_v4(dst4);

	assert_int_equal(p->vlan, f->vlan);
	assert_int_equal(p->is_v6, f->spec.v6);
	assert_int_equal(p->l3_off, f->l3_off);
	assert_int_equal(p->l4_off, f->l4_off);
	assert_int_equal(p->payload_off, f->l4_off + 8);
	assert_int_equal(p->payload_len, sizeof(PAYLOAD) - 1);
	assert_int_equal(p->src_port, 40000);
	assert_int_equal(p->dst_port, 5070);
	assert_memory_equal(&p->src, &src, sizeof(src));
	assert_memory_equal(&p->dst, &dst, sizeof(dst));
	assert_memory_equal(nx_payload(p), PAYLOAD, sizeof(PAYLOAD) - 1);
}

static struct frame_spec with_ports(const struct frame_spec *s)
{
	struct frame_spec spec = *s;

	spec.sport = 40000;
	spec.dport = 5070;
	return spec;
}

/* As they are, and with what Ethernet pads short frames with. */
static void rule_02_not_sound_frames(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;

	for (size_t i = 0; i < 2 * SOUND_FRAMES; i++) {
		const struct sound *f = &sound_frames[i / 2];
		struct frame_spec spec = with_ports(&f->spec);
		size_t len = build(frame, &spec), padding = i % 2 * 46;

		memset(frame + len, 0xee, padding);
		if (decode_at_edge(*state, frame, len + padding, &p) != NX_R_UNDECIDED)
			fail_msg("%s: %s", f->what, nx_reason_info(p.reason)->name);
		assert_fields(f, &p);
		assert_true(nx_decode_udp_csum(&p));
	}
}

static void rule_02_a_frame_cut_anywhere_is_truncated(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;

	for (size_t i = 0; i < SOUND_FRAMES; i++) {
		size_t len = build(frame, &sound_frames[i].spec);

		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(decode_at_edge(*state, frame, cut, &p), NX_R_TRUNCATED);
	}
}

/* Any byte of the headers, set to anything: no read outside, and what is still believed is a
 * datagram inside the frame. */
static void any_header_byte_may_be_anything(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;

	for (size_t i = 0; i < SOUND_FRAMES; i++) {
		size_t len = build(frame, &sound_frames[i].spec);
		size_t headers = len - (sizeof(PAYLOAD) - 1);

		for (size_t at = 0; at < headers * 256; at++) {
			uint8_t was = frame[at / 256];

			frame[at / 256] = (uint8_t)at;
			if (decode_at_edge(*state, frame, len, &p) == NX_R_UNDECIDED) {
				assert_true(p.payload_off + p.payload_len <= len);
				(void)nx_decode_udp_csum(&p);
			}
			frame[at / 256] = was;
		}
	}
}

/* A packet is like the one before only where decoding it says the same; and it mostly is. */
static void assert_like(struct guard *g, const struct nx_packet *before, const uint8_t *frame,
	size_t len, unsigned *n_like)
{
	struct nx_packet p, q;
	unsigned reason = decode_at_edge(g, frame, len, &p);

	q = p;
	q.path = (struct nx_path){.vlan = 1};
	q.payload_len = 0;
	q.like = NULL;
	q.is_fragment = true;
	if (!nx_decode_like(before, &q))
		return;
	++*n_like;
	assert_int_equal(reason, NX_R_UNDECIDED);
	assert_false(p.is_fragment || q.is_fragment);
	assert_ptr_equal(q.like, before);
	assert_int_equal(q.payload_len, p.payload_len);
	assert_int_equal(q.service, before->service);
	assert_int_equal(q.class, before->class);
	p.service = q.service;
	p.class = q.class;
	p.admitted = q.admitted;
	p.own_source = q.own_source;
	assert_memory_equal(&p.path, &q.path, sizeof(p.path));
}

static void a_packet_like_the_one_before(void **state)
{
	static uint8_t first[FRAME_MAX];
	uint8_t frame[FRAME_MAX];
	struct nx_packet before;
	unsigned n_like;

	for (size_t i = 0; i < SOUND_FRAMES; i++) {
		const bool v4_frame = !sound_frames[i].spec.v6;
		size_t len = build(first, &sound_frames[i].spec);
		size_t headers = len - (sizeof(PAYLOAD) - 1);

		memset(&before, 0, sizeof(before));
		before.frame = first;
		before.frame_len = (uint32_t)len;
		assert_int_equal(nx_decode(&before), NX_R_UNDECIDED);
		before.service = 3;
		before.class = 2;
		n_like = 0;
		assert_like(*state, &before, first, len, &n_like);
		assert_int_equal(n_like, before.is_plain);
		for (size_t at = 0; at < headers * 256; at++) {
			memcpy(frame, first, len);
			frame[at / 256] = (uint8_t)at;
			if (v4_frame && at / 256 > before.l3_off)
				frame_fix_ipv4(frame + before.l3_off);
			assert_like(*state, &before, frame, len, &n_like);
		}
		for (size_t cut = 0; cut < len; cut++)
			assert_like(*state, &before, first, cut, &n_like);
		assert_true(!before.is_plain || n_like > 256);
	}
}

/* A change of one byte is always seen by the IPv4 header checksum. */
static void rule_02_ipv4_header_checksum(void **state)
{
	uint8_t frame[FRAME_MAX];
	size_t len = build(frame, &v4);
	struct nx_packet p;

	for (unsigned at = 14; at < 34; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			frame[at] = (uint8_t)(frame[at] ^ 1u << bit);
			assert_int_not_equal(
				decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
			frame[at] = (uint8_t)(frame[at] ^ 1u << bit);
		}
	}
	frame[14 + 8] ^= 1; /* TTL */
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_IP_CHECKSUM);
}

static void rule_02_the_port_may_have_checked(void **state)
{
	uint8_t frame[FRAME_MAX];
	uint32_t len = (uint32_t)build(frame, &v4);
	struct nx_packet p = {.frame = frame, .frame_len = len, .ip_csum = NX_CSUM_BAD};

	(void)state;
	assert_int_equal(nx_decode(&p), NX_R_IP_CHECKSUM);
	p.ip_csum = NX_CSUM_GOOD;
	frame[14 + 8] ^= 1;
	assert_int_equal(nx_decode(&p), NX_R_UNDECIDED);

	p.udp_csum = NX_CSUM_BAD;
	assert_false(nx_decode_udp_csum(&p));
	p.udp_csum = NX_CSUM_GOOD;
	frame[len - 1] ^= 1;
	assert_true(nx_decode_udp_csum(&p));
	p.udp_csum = NX_CSUM_UNKNOWN;
	assert_false(nx_decode_udp_csum(&p));
}

static void rule_02_udp_checksum_covers_every_byte(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;

	for (unsigned six = 0; six < 2; six++) {
		size_t len = build(frame, six ? &v6 : &v4);

		for (size_t at = len - sizeof(PAYLOAD) - 7; at < len; at++) {
			frame[at] ^= 0x10;
			if (decode_at_edge(*state, frame, len, &p) == NX_R_UNDECIDED)
				assert_false(nx_decode_udp_csum(&p));
			frame[at] ^= 0x10;
		}
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
		assert_true(nx_decode_udp_csum(&p));
	}
}

static void rule_02_udp_checksum_none(void **state)
{
	struct frame_spec spec = {.no_udp_csum = true};
	struct nx_packet p;

	assert_int_equal(decode_spec(*state, &spec, &p), NX_R_UNDECIDED);
	assert_true(nx_decode_udp_csum(&p));
	spec.v6 = true;
	assert_int_equal(decode_spec(*state, &spec, &p), NX_R_UNDECIDED);
	assert_false(nx_decode_udp_csum(&p));
}

static void rule_02_udp_checksum_of_any_length(void **state)
{
	uint8_t frame[FRAME_MAX], payload[1500];
	struct nx_packet p;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 167);
	for (size_t n = 0; n <= sizeof(payload); n++) {
		size_t len = frame_build(frame, n % 2 ? &v6 : &v4, payload, n);

		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
		assert_true(nx_decode_udp_csum(&p));
	}
}

static void rule_02_martian_addresses(void **state)
{
	static const struct {
		bool v6;
		const char *addr;
		unsigned reason;
	} cases[] = {
		{false, "0.0.0.0", NX_R_MARTIAN},
		{false, "0.1.2.3", NX_R_MARTIAN},
		{false, "127.0.0.1", NX_R_MARTIAN},
		{false, "224.0.1.75", NX_R_MARTIAN}, /* sip.mcast.net */
		{false, "239.255.255.250", NX_R_MARTIAN},
		{false, "240.0.0.1", NX_R_MARTIAN},
		{false, "255.255.255.255", NX_R_MARTIAN},
		{false, "1.0.0.1", NX_R_UNDECIDED},
		{false, "10.0.0.1", NX_R_UNDECIDED},
		{false, "126.255.255.255", NX_R_UNDECIDED},
		{false, "128.0.0.1", NX_R_UNDECIDED},
		{false, "169.254.1.1", NX_R_UNDECIDED},
		{false, "223.255.255.254", NX_R_UNDECIDED},
		{true, "::", NX_R_MARTIAN},
		{true, "::1", NX_R_MARTIAN},
		{true, "ff02::1", NX_R_MARTIAN},
		{true, "ff0e::1", NX_R_MARTIAN},
		{true, "::ffff:192.0.2.1", NX_R_MARTIAN},
		{true, "::2", NX_R_UNDECIDED},
		{true, "fe80::1", NX_R_UNDECIDED},
		{true, "fd00::1", NX_R_UNDECIDED},
		{true, "64:ff9b::192.0.2.1", NX_R_UNDECIDED},
	};
	struct nx_packet p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame_spec src = {.v6 = cases[i].v6, .src = cases[i].addr};
		struct frame_spec dst = {.v6 = cases[i].v6, .dst = cases[i].addr};

		if (decode_spec(*state, &src, &p) != cases[i].reason ||
			decode_spec(*state, &dst, &p) != cases[i].reason)
			fail_msg("%s", cases[i].addr);
	}
}

static void rule_02_martian_macs_and_ports(void **state)
{
	uint8_t frame[FRAME_MAX];
	size_t len = build(frame, &v4);
	struct nx_packet p;

	frame[0] = 0x01; /* group destination */
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_MARTIAN);
	frame[0] = 0x02;
	frame[6] = 0x03; /* group source */
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_MARTIAN);
	frame[6] = 0x02;
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
	for (size_t at = 34; at <= 36; at += 2) {
		uint8_t port[2];

		memcpy(port, frame + at, 2);
		memset(frame + at, 0, 2);
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_MARTIAN);
		memcpy(frame + at, port, 2);
	}
}

static void rule_02_lengths_that_contradict_each_other(void **state)
{
	static const struct {
		const char *what;
		bool v6, fix;
		unsigned at;
		uint16_t value;
	} cases[] = {
		{"IPv4 total length beyond the frame", false, true, 16, 1500},
		{"IPv4 total length within its header", false, true, 16, 19},
		{"IPv4 total length 0", false, true, 16, 0},
		{"IPv4 total length without room for UDP", false, true, 16, 27},
		{"IPv4 datagram longer than UDP says", false, true, 16, 20 + 8 + 40},
		{"IPv4 UDP length 0", false, false, 38, 0},
		{"IPv4 UDP length 7", false, false, 38, 7},
		{"IPv4 UDP length short of the payload", false, false, 38, 8 + 10},
		{"IPv4 UDP length beyond the payload", false, false, 38, 8 + 46},
		{"IPv6 payload length beyond the frame", true, false, 18, 1400},
		{"IPv6 payload length 0", true, false, 18, 0},
		{"IPv6 payload length without room for UDP", true, false, 18, 7},
		{"IPv6 UDP length 0", true, false, 58, 0},
		{"IPv6 UDP length short of the payload", true, false, 58, 9},
		{"IPv6 UDP length beyond the payload", true, false, 58, 0xffff},
	};
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = build(frame, cases[i].v6 ? &v6 : &v4);

		frame[cases[i].at] = (uint8_t)(cases[i].value >> 8);
		frame[cases[i].at + 1] = (uint8_t)cases[i].value;
		if (cases[i].fix)
			frame_fix_ipv4(frame + 14);
		if (decode_at_edge(*state, frame, len, &p) != NX_R_TRUNCATED)
			fail_msg("%s", cases[i].what);
	}
}

static void rule_02_wrong_versions_and_header_lengths(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;
	size_t len = build(frame, &v4);

	frame[14] = 0x65;
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_TRUNCATED);
	frame[14] = 0x44; /* a header of 16 bytes */
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_TRUNCATED);
	frame[14] = 0x4f; /* of 60, longer than the datagram */
	frame_fix_ipv4(frame + 14);
	assert_int_equal(decode_at_edge(*state, frame, 42, &p), NX_R_TRUNCATED);
	frame[17] = 28;
	frame_fix_ipv4(frame + 14);
	assert_int_equal(decode_at_edge(*state, frame, 42, &p), NX_R_TRUNCATED);
	len = build(frame, &v6);
	frame[14] = 0x40;
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_TRUNCATED);
}

static void rule_13_what_is_not_ip_or_udp(void **state)
{
	static const uint16_t types[] = {0x0806, 0x88cc, 0x8847, 0x0026, 0x0000, 0xffff};
	static const uint8_t protocols[] = {1, 2, 6, 47, 50, 132, 255};
	static const uint8_t nexts[] = {6, 58, 59, 50, 135, 139, 255};
	struct frame_spec three = {.tpid = {0x88a8, 0x8100, 0x8100}, .tci = {1, 2, 3}};
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;
	size_t len = build(frame, &v4);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		frame[12] = (uint8_t)(types[i] >> 8);
		frame[13] = (uint8_t)types[i];
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_NOT_IP);
	}
	len = build(frame, &v4);
	for (size_t i = 0; i < sizeof(protocols); i++) {
		frame[14 + 9] = protocols[i];
		frame_fix_ipv4(frame + 14);
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_NOT_UDP);
	}
	len = build(frame, &v6);
	for (size_t i = 0; i < sizeof(nexts); i++) {
		frame[14 + 6] = nexts[i];
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_NOT_UDP);
	}
	assert_int_equal(decode_spec(*state, &three, &p), NX_R_NOT_IP);
}

/* A first fragment is decoded as far as it goes: UDP's length must lie beyond it. */
static void rule_36_first_fragments(void **state)
{
	static const uint8_t first[] = {17, 0, 0, 1, 1, 2, 3, 4};
	static const uint8_t atomic[] = {17, 0, 0, 0, 0, 0, 0, 9};
	struct frame_spec frag6 = {.v6 = true, .next = 44, .ext = first, .ext_len = 8};
	uint8_t frame[FRAME_MAX], payload[40] = {0};
	struct nx_packet p, again = {.frame = frame};
	size_t len = frame_build(frame, &v4, payload, sizeof(payload));

	again.frame_len = (uint32_t)len;

	frame[14 + 4] = 0x12; /* id */
	frame[14 + 5] = 0x34;
	frame[14 + 6] = 0x20; /* MF */
	frame_fix_ipv4(frame + 14);
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_TRUNCATED);
	frame[14 + 20 + 4] = 0x0b; /* UDP length 3,000 */
	frame[14 + 20 + 5] = 0xb8;
	frame[14 + 20 + 6] ^= 1; /* its checksum is of what is not here */
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
	assert_true(p.is_fragment && p.frag.id == 0x1234 && p.frag.off == 0);
	assert_true(p.frag.len == 48 && p.frag.total == 3000 && p.payload_len == 40);
	assert_false(nx_decode_like(&p, &again)); /* not even itself */
	assert_true(nx_decode_udp_csum(&p));
	frame[14 + 3]--; /* not a multiple of 8 */
	frame_fix_ipv4(frame + 14);
	assert_int_equal(decode_at_edge(*state, frame, len - 1, &p), NX_R_TRUNCATED);

	len = frame_build(frame, &frag6, payload, sizeof(payload));
	frame[14 + 48 + 4] = 0x0b;
	frame[14 + 48 + 5] = 0xb8;
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
	assert_true(p.is_fragment && p.frag.id == 0x01020304 && p.frag.total == 3000);
	assert_true(nx_decode_udp_csum(&p));
	frame[14 + 48 + 6] = frame[14 + 48 + 7] = 0;
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
	assert_false(nx_decode_udp_csum(&p));

	frag6.ext = atomic; /* RFC 6946: a whole datagram */
	assert_int_equal(decode_spec(*state, &frag6, &p), NX_R_UNDECIDED);
	assert_false(p.is_fragment);
}

static void rule_36_later_fragments(void **state)
{
	static const uint16_t fields[] = {0x0001, 0x20b9, 0x1fff};
	static const uint8_t later[] = {59, 0, 0x05, 0xa8, 0, 0, 0, 9};
	struct frame_spec frag6 = {.v6 = true, .next = 44, .ext = later, .ext_len = 8};
	uint8_t frame[FRAME_MAX];
	struct nx_packet p;
	size_t len = build(frame, &v4);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		frame[14 + 6] = (uint8_t)(fields[i] >> 8);
		frame[14 + 7] = (uint8_t)fields[i];
		frame_fix_ipv4(frame + 14);
		assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_FRAGMENT);
		assert_true(p.is_fragment);
		assert_int_equal(p.frag.off, (fields[i] & 0x1fff) * 8);
	}
	frame[14 + 6] = 0x40; /* DF alone */
	frame[14 + 7] = 0;
	frame_fix_ipv4(frame + 14);
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_UNDECIDED);
	assert_false(p.is_fragment);
	assert_int_equal(decode_spec(*state, &frag6, &p), NX_R_FRAGMENT);
	assert_true(p.is_fragment && p.frag.off == 0x5a8 && p.frag.id == 9);
}

static void rule_02_source_routed(void **state)
{
	static const uint8_t lsrr[] = {1, 131, 7, 4, 192, 0, 2, 99};
	static const uint8_t ssrr[] = {137, 7, 4, 192, 0, 2, 99, 0};
	static const uint8_t behind_end[] = {0, 131, 7, 4, 192, 0, 2, 99};
	static const uint8_t routing[] = {17, 2, 4, 1, [23] = 0};
	const struct frame_spec loose = {.options = lsrr, .options_len = sizeof(lsrr)};
	const struct frame_spec strict = {.options = ssrr, .options_len = sizeof(ssrr)};
	const struct frame_spec ended = {.options = behind_end, .options_len = 8};
	const struct frame_spec six = {
		.v6 = true, .next = 43, .ext = routing, .ext_len = sizeof(routing)};
	struct nx_packet p;

	assert_int_equal(decode_spec(*state, &loose, &p), NX_R_MARTIAN);
	assert_int_equal(decode_spec(*state, &strict, &p), NX_R_MARTIAN);
	assert_int_equal(decode_spec(*state, &six, &p), NX_R_MARTIAN);
	assert_int_equal(decode_spec(*state, &ended, &p), NX_R_UNDECIDED);
}

static void rule_02_bad_ipv4_options(void **state)
{
	static const uint8_t bad[][4] = {
		{7, 0, 0, 0}, /* length 0 */
		{7, 1, 0, 0}, /* length 1 */
		{7, 5, 0, 0}, /* beyond the header */
		{1, 1, 7, 3}, /* the same, not from its start */
		{1, 1, 1, 7}, /* no length byte */
	};
	struct nx_packet p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct frame_spec spec = {.options = bad[i], .options_len = 4};

		assert_int_equal(decode_spec(*state, &spec, &p), NX_R_TRUNCATED);
	}
}

/* n destination-options headers of eight bytes, the last one before UDP. */
static unsigned decode_chain(struct guard *g, unsigned n, uint8_t first)
{
	uint8_t chain[16 * 8];
	struct frame_spec spec = {.v6 = true, .next = first, .ext = chain, .ext_len = n * 8};
	struct nx_packet p;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t ext[8] = {i + 1 < n ? 60 : 17, 0, 1, 4, 0, 0, 0, 0};

		memcpy(chain + i * 8, ext, 8);
	}
	return decode_spec(g, &spec, &p);
}

static void rule_02_extension_headers_are_bounded(void **state)
{
	static const uint8_t late_hop[] = {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t endless[] = {17, 255, 1, 4, 0, 0, 0, 0};
	const struct frame_spec hop_second = {
		.v6 = true, .next = 60, .ext = late_hop, .ext_len = sizeof(late_hop)};
	const struct frame_spec beyond = {.v6 = true, .next = 60, .ext = endless, .ext_len = 8};
	struct nx_packet p;

	assert_int_equal(decode_chain(*state, 1, 0), NX_R_UNDECIDED);
	assert_int_equal(decode_chain(*state, 8, 60), NX_R_UNDECIDED);
	assert_int_equal(decode_chain(*state, 8, 0), NX_R_UNDECIDED);
	assert_int_equal(decode_chain(*state, 9, 60), NX_R_TRUNCATED);
	assert_int_equal(decode_spec(*state, &hop_second, &p), NX_R_TRUNCATED);
	assert_int_equal(decode_spec(*state, &beyond, &p), NX_R_TRUNCATED);
}

/* RFC 2675: length 0 and the jumbo option. */
static void rule_02_jumbograms(void **state)
{
	static const uint8_t jumbo[] = {17, 0, 0xc2, 4, 0, 1, 0, 0};
	const struct frame_spec spec = {.v6 = true, .next = 0, .ext = jumbo, .ext_len = 8};
	uint8_t frame[FRAME_MAX];
	size_t len = build(frame, &spec);
	struct nx_packet p;

	memset(frame + 14 + 4, 0, 2);
	assert_int_equal(decode_at_edge(*state, frame, len, &p), NX_R_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_02_not_sound_frames),
		cmocka_unit_test(rule_02_a_frame_cut_anywhere_is_truncated),
		cmocka_unit_test(any_header_byte_may_be_anything),
		cmocka_unit_test(a_packet_like_the_one_before),
		cmocka_unit_test(rule_02_ipv4_header_checksum),
		cmocka_unit_test(rule_02_the_port_may_have_checked),
		cmocka_unit_test(rule_02_udp_checksum_covers_every_byte),
		cmocka_unit_test(rule_02_udp_checksum_none),
		cmocka_unit_test(rule_02_udp_checksum_of_any_length),
		cmocka_unit_test(rule_02_martian_addresses),
		cmocka_unit_test(rule_02_martian_macs_and_ports),
		cmocka_unit_test(rule_02_lengths_that_contradict_each_other),
		cmocka_unit_test(rule_02_wrong_versions_and_header_lengths),
		cmocka_unit_test(rule_13_what_is_not_ip_or_udp),
		cmocka_unit_test(rule_36_first_fragments),
		cmocka_unit_test(rule_36_later_fragments),
		cmocka_unit_test(rule_02_source_routed),
		cmocka_unit_test(rule_02_bad_ipv4_options),
		cmocka_unit_test(rule_02_extension_headers_are_bounded),
		cmocka_unit_test(rule_02_jumbograms),
	};

	return cmocka_run_group_tests(tests, map_guard, unmap_guard);
}
