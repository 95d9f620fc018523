/* Target: datagrams in fragments (rule 36). Each step of the input writes a fragment's frame, has
 * it decoded, and tells the memory of it; what ends must be what ends by a model that knows no
 * table, no hash and no coarse ticks. With more datagrams than a bucket holds, some are forgotten,
 * and then nothing may end but what its last first fragment ended for.
 *
 * The first byte chooses the datagrams; a step is six bytes: which datagram; bits (first, ends,
 * time goes by); offset and length in units of 8 bytes; bytes that the length is more; and of a
 * first fragment the datagram's length, else how much time. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/core/decode.h"
#include "dataplane/core/fragment.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"

#define DATAGRAMS 16
#define STEP_LEN  6
#define UDP_LEN   8u
#define S_10      UINT64_C(100000000) /* 0.1 s: many ticks, so that none decides */
#define CANARY    0xa5

/* What tells datagrams apart: each of the 16 in one of four ways. */
struct datagram {
	bool v6, tagged, other_source, other_id;
};

static struct datagram datagram(unsigned i)
{
	return (struct datagram){i & 1, i >> 1 & 1, i >> 2 & 1, i >> 3 & 1};
}

/* One step, as the input has it. */
struct step {
	unsigned which;
	bool ends;
	uint16_t off, len, udp_len; /* bytes; udp_len: what the first one's UDP header says */
	uint64_t wait_ns;
};

static struct step read_step(const uint8_t *at, unsigned base, unsigned n)
{
	bool first = at[1] & 1;
	struct step s = {
		.which = (base + at[0] % n) % DATAGRAMS,
		.ends = at[1] >> 1 & 1,
		.off = (uint16_t)(first ? 0 : (at[1] & 0x10 ? at[2] << 5 : 1 + at[2]) << 3),
		.len = (uint16_t)(at[3] * 8u + at[4] % 8u),
		.udp_len = (uint16_t)(at[5] * (at[4] & 0x80 ? 257u : 16u) + at[4] / 8u % 16u),
	};

	if ((at[1] & 0xe0) == 0xe0)
		s.wait_ns = (at[5] & 1 ? 1 + at[5] : 300 + at[5] / 2 % 2) * S_10;
	return s;
}

/* ---- frames ---- */

static uint8_t *put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	return (uint8_t *)memcpy(at, bytes, len) + len;
}

/* Return: the frame's length. */
static size_t write_frame(const struct step *s, uint8_t *frame)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	const struct datagram d = datagram(s->which);
	uint8_t addr[32] = {0x20, 1, 0x0d, 0xb8, [15] = d.other_source ? 8 : 7, 0x20, 1, 0x0d,
		0xb8, [31] = 0x10};
	const unsigned id = d.other_id ? 8 : 7;
	uint8_t *at = put(frame, macs, sizeof(macs));

	if (d.tagged)
		at = put16(put16(at, 0x8100), 100);
	at = put16(at, d.v6 ? 0x86dd : 0x0800);
	if (d.v6) {
		at = put(at, (const uint8_t[]){0x60, 0, 0, 0}, 4);
		at = put(put16(at, 8u + s->len), (const uint8_t[]){44, 60}, 2);
		at = put(at, addr, sizeof(addr));
		at = put(at, (const uint8_t[]){17, 0}, 2);
		at = put16(put16(put16(at, s->off | 1u), 0), id);
	} else {
		at = put16(put16(at, 0x4500), 20u + s->len);
		at = put16(put16(at, id), 0x2000u | s->off / 8u);
		at = put16(put(at, (const uint8_t[]){60, 17}, 2), 0);
		at = put(at, (const uint8_t[]){198, 51, 100, addr[15], 192, 0, 2, 10}, 8);
	}
	memset(at, 0, UDP_LEN + 8);
	if (s->off == 0)
		put16(put16(put16(put16(at, 5060), 5060), s->udp_len), 0xffff);
	return (size_t)(at - frame) + s->len;
}

/* A first fragment is sound where a whole UDP header is in it, it ends at a multiple of 8, and more
 * is to come. */
static bool is_sound(const struct step *s)
{
	return s->off || (s->len >= UDP_LEN && s->len % 8 == 0 && s->udp_len > s->len);
}

/* Return: whether the memory is to be told. */
static bool decode(const struct step *s, struct nx_fragment *f)
{
	static uint8_t frame[4096];
	struct nx_packet p = {.frame = frame,
		.frame_len = (uint32_t)write_frame(s, frame),
		.ip_csum = NX_CSUM_GOOD};
	const struct datagram d = datagram(s->which);
	unsigned reason = nx_decode(&p);

	if (!is_sound(s)) {
		fuzz_require(reason == NX_R_TRUNCATED, "a first fragment that is not sound");
		return false;
	}
	fuzz_require(reason == (s->off ? NX_R_FRAGMENT : NX_R_UNDECIDED), "reason %u", reason);
	fuzz_require(p.is_fragment && p.is_v6 == d.v6, "not seen to be a fragment");
	fuzz_require(p.frag.off == s->off && p.frag.len == s->len, "another part");
	fuzz_require(s->off || p.frag.total == s->udp_len, "another length");
	*f = p.frag;
	return true;
}

/* ---- the model ---- */

static struct known {
	bool known, ended, has_first;
	uint32_t bytes, total; /* seen; of the first fragments */
	uint64_t since_ns;
} model[DATAGRAMS];

static bool model_follow(const struct step *s, uint64_t now_ns)
{
	struct known *k = &model[s->which];
	bool ended;

	if (k->known && now_ns - k->since_ns > NX_FRAGMENT_LIFE_NS)
		k->known = false;
	if (s->off)
		ended = k->known && k->ended;
	else
		ended = s->ends && !(k->known && !k->ended);
	if (!k->known)
		*k = (struct known){.since_ns = now_ns, .known = true};
	k->ended = ended;
	if (s->off == 0) {
		if (k->has_first)
			k->bytes = k->total = 0;
		k->has_first = true;
		k->total += s->udp_len;
		k->since_ns = now_ns;
	}
	k->bytes += s->len;
	if (k->has_first && (k->total - k->bytes) % 65536 == 0)
		k->known = false;
	return ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[16] = "fragments-key-16";
	static struct {
		struct nx_fragment_bucket bucket[2];
		uint8_t canary[64];
	} room;
	const unsigned base = len ? data[0] >> 2 & 15 : 0, buckets = len ? 1 + (data[0] & 1) : 1;
	const bool few = len && data[0] & 2;
	bool ended[DATAGRAMS] = {false};
	struct nx_fragments m;
	uint64_t now_ns = 0;

	memset(room.bucket, 0, sizeof(room.bucket));
	memset(room.canary, CANARY, sizeof(room.canary));
	memset(model, 0, sizeof(model));
	nx_fragments_init(&m, key, room.bucket, buckets);
	for (size_t at = 1; at + STEP_LEN <= len; at += STEP_LEN) {
		struct step s = read_step(data + at, base, few ? NX_FRAGMENT_SLOTS : DATAGRAMS);
		struct nx_fragment f;
		bool got, want;

		now_ns += s.wait_ns;
		if (!decode(&s, &f))
			continue;
		got = nx_fragments_follow(&m, &f, s.ends, now_ns);
		want = model_follow(&s, now_ns);
		if (few)
			fuzz_require(got == want, "%s, and the model says otherwise",
				got ? "ends" : "passes");
		else
			fuzz_require(!got || (s.off ? ended[s.which] : s.ends),
				"ends, and its first fragment did not");
		if (s.off == 0)
			ended[s.which] = got;
	}
	for (size_t i = 0; i < sizeof(room.canary); i++)
		fuzz_require(room.canary[i] == CANARY, "written behind its buckets");
	return 0;
}
