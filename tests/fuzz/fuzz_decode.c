/* Target: raw frames, through nx_decode and on through the pipeline to the reply. Each frame is
 * read as it is, and once more as if the port had found its checksums right, since bytes changed at
 * random hardly ever leave them so. */
#include <string.h>

#include "dataplane/core/decode.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#define ETHER_LEN 14
#define UDP_LEN   8

/* RFC 1071 by the letter: 16 bits at a time. */
static uint32_t sum16(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static bool udp_csum_right(const struct nx_packet *p)
{
	const uint8_t *udp = p->frame + p->l4_off;
	uint32_t udp_len = p->payload_len + UDP_LEN, sum;

	if (udp[6] == 0 && udp[7] == 0)
		return !p->is_v6;
	if (p->is_fragment) /* the first: of the whole datagram, which is not here (rule 36) */
		return true;
	sum = sum16(17 + udp_len, p->is_v6 ? p->src.b : p->src.b + 12, p->is_v6 ? 16 : 4);
	sum = sum16(sum, p->is_v6 ? p->dst.b : p->dst.b + 12, p->is_v6 ? 16 : 4);
	return sum16(sum, udp, udp_len) == 0xffff;
}

static void check_sound(const struct nx_packet *p)
{
	const uint8_t *ip = p->frame + p->l3_off;
	uint32_t ip_len =
		p->is_v6 ? 40u + (uint32_t)(ip[4] << 8 | ip[5]) : (uint32_t)(ip[2] << 8 | ip[3]);

	fuzz_require(p->l3_off >= ETHER_LEN && p->l4_off > p->l3_off, "layers out of order");
	fuzz_require(p->payload_off == p->l4_off + UDP_LEN, "payload not behind UDP");
	fuzz_require((uint32_t)p->payload_off + p->payload_len == p->l3_off + ip_len,
		"UDP does not end where IP ends");
	fuzz_require(p->l3_off + ip_len <= p->frame_len, "IP ends behind the frame");
	fuzz_require(ip[0] >> 4 == (p->is_v6 ? 6 : 4), "not the IP version");
	fuzz_require(p->src_port && p->dst_port, "port 0");
	fuzz_require(nx_addr_is_v4(&p->src) != p->is_v6, "an address of the other family");
}

/* As the port left it: nothing is known of the checksums. */
static void check_plain(struct nx_packet *p)
{
	if (nx_decode(p) != NX_R_UNDECIDED)
		return;
	check_sound(p);
	if (!p->is_v6)
		fuzz_require(
			sum16(0, p->frame + p->l3_off, (p->frame[p->l3_off] & 0xfu) * 4) == 0xffff,
			"a wrong IP checksum");
	fuzz_require(nx_decode_udp_csum(p) == udp_csum_right(p), "the UDP checksum read otherwise");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world *world;
	struct nx_packet plain = {.frame = data, .frame_len = (uint32_t)len};
	struct nx_packet p = {.frame = data,
		.frame_len = (uint32_t)len,
		.ip_csum = NX_CSUM_GOOD,
		.udp_csum = NX_CSUM_GOOD};

	if (!world)
		world = world_create();
	if (len > UINT16_MAX)
		return 0;
	check_plain(&plain);
	fuzz_refused = nx_decode(&p) != NX_R_UNDECIDED;
	if (!fuzz_refused)
		check_sound(&p);
	fuzz_require(plain.reason == p.reason || plain.reason == NX_R_IP_CHECKSUM,
		"the checksum decides more than itself");
	if (world_judge(world, &p))
		world_reply(world, &p);
	return 0;
}
