/* Target: several packets judged at once. Each must get what it gets alone from a pipeline that has
 * seen nothing: reason, all that the stages wrote on the way, and the reply byte for byte; whatever
 * a packet takes over from the one before it, and whatever the pipeline has learned by then.
 *
 * The input is one message, of which the burst is made: itself, itself changed in a byte or cut,
 * and requests of a trunk, on one path or on others; all that follows from the input. The burst is
 * judged twice, the second time by a pipeline that knows it. The policy has no limits, no change is
 * under way, and nothing comes in fragments: so nothing may depend on packets before. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/core/pipeline.h"
#include "dataplane/core/reply.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#define PACKETS_MAX 8
#define PAYLOAD_MAX 2048
#define FRAME_MAX   (PAYLOAD_MAX + 128)
#define MTU         9000

const unsigned fuzz_sound = 4;

struct judged {
	struct nx_packet p;
	uint8_t reply[FRAME_MAX];
	uint32_t reply_len;
};

static struct world *world;
static struct nx_pipeline *fresh; /* as it was made */
static struct guard room[PACKETS_MAX];
static struct judged alone[PACKETS_MAX], together[PACKETS_MAX];

/* ---- the pipeline ---- */

/* Limits, passed transactions and fragments have memories that are not asked here, and large. */
static void forget(void)
{
	static const struct {
		size_t from, to;
	} part[] = {
		{0, offsetof(struct nx_pipeline, limit)},
		{offsetof(struct nx_pipeline, tx), offsetof(struct nx_pipeline, tx_bucket)},
		{offsetof(struct nx_pipeline, fragment_bucket) + sizeof(fresh->fragment_bucket),
			sizeof(*fresh)},
	};

	for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		memcpy((uint8_t *)world->pipeline + part[i].from,
			(const uint8_t *)fresh + part[i].from, part[i].to - part[i].from);
}

static void make_world(void)
{
	world = world_create();
	fresh = malloc(sizeof(*fresh));
	if (!fresh)
		abort();
	memcpy(fresh, world->pipeline, sizeof(*fresh));
	for (unsigned i = 0; i < PACKETS_MAX; i++)
		guard_init(&room[i]);
}

/* ---- the burst ---- */

static uint64_t dice;

static uint32_t roll(uint32_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(((dice >> 32) * sides) >> 32);
}

static void throw_dice(const uint8_t *data, size_t len)
{
	dice = 0x2545f4914f6cdd1d;
	for (size_t i = 0; i < len; i++)
		dice = (dice ^ data[i]) * 0x100000001b3;
	dice |= 1;
	roll(1);
}

/* A request as a trunk sends one after the other. */
static size_t trunk_request(uint8_t *out)
{
	return (size_t)sprintf((char *)out,
		"INVITE sip:+44207946%04u@192.0.2.10 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK%08x\r\n"
		"Max-Forwards: %u\r\n"
		"From: <sip:+44163296%04u@198.51.100.1>;tag=%u\r\n"
		"To: <sip:+442079460000@192.0.2.10>\r\n"
		"Call-ID: %x@198.51.100.1\r\n"
		"CSeq: %u INVITE\r\n"
		"Contact: <sip:198.51.100.1:5060>\r\n"
		"Content-Length: 0\r\n\r\n",
		roll(10000), roll(UINT32_MAX), 60 + roll(11), roll(10000), roll(100000),
		roll(UINT32_MAX), 1 + roll(3));
}

static size_t payload(const uint8_t *data, size_t len, uint8_t *out)
{
	static const char odd[] = "\r\n\t ,;:=<>\"\\%09azAZ\x80";

	if (roll(3) == 0)
		return trunk_request(out);
	memcpy(out, data, len);
	if (len && roll(2))
		for (unsigned n = 1 + roll(3); n; n--)
			out[roll((uint32_t)len)] = (uint8_t)odd[roll(sizeof(odd) - 1)];
	return roll(8) ? len : roll((uint32_t)len + 1);
}

/* The packet before it goes the same way, mostly; what follows from the payload is then its. */
static void make_packet(const uint8_t *data, size_t len, unsigned i, uint32_t *path)
{
	uint8_t text[PAYLOAD_MAX];
	size_t n = payload(data, len, text);

	if (i == 0 || roll(4) == 0)
		*path = roll(UINT32_MAX);
	world->end = room[i].end;
	memset(&alone[i].p, 0, sizeof(alone[i].p));
	world_packet_by(world, *path, text, n, &alone[i].p);
	together[i].p = alone[i].p;
}

/* ---- replies ---- */

static bool is_answered(const struct nx_packet *p)
{
	enum nx_verdict verdict = nx_reason_info(p->reason)->verdict;

	return verdict == NX_404 || verdict == NX_604;
}

/* The replies to a burst, as a worker makes them: all tags at once, and one peer for all. */
static void reply(struct judged *j, unsigned n)
{
	const struct nx_packet *answered[PACKETS_MAX];
	char tag[PACKETS_MAX][NX_TO_TAG_LEN];
	struct nx_reply_peer peer = {0};
	struct nx_reply_options o = {.policy = world->policy, .peer = &peer, .mtu = MTU};
	unsigned wanted = 0, next = 0;

	for (unsigned i = 0; i < n; i++)
		if (is_answered(&j[i].p))
			answered[wanted++] = &j[i].p;
	if (wanted)
		nx_reply_tags(&world->policy->tag_key[0], answered, wanted, tag);
	for (unsigned i = 0; i < n; i++) {
		const struct nx_packet *p = &j[i].p;

		j[i].reply_len = 0;
		if (!is_answered(p))
			continue;
		o.tag = tag[next++];
		o.reason_header = p->sip.method == NX_M_INVITE && p->key.kind == NX_KEY_NUMBER;
		j[i].reply_len = nx_reply_build(
			p, nx_reason_info(p->reason)->verdict, &o, j[i].reply, sizeof(j[i].reply));
	}
}

/* ---- what must be the same ---- */

static void same_span(struct nx_span a, struct nx_span b, const char *what)
{
	fuzz_require(a.off == b.off && a.len == b.len, "%s lies elsewhere", what);
}

static void same_sip(const struct nx_sip *a, const struct nx_sip *b)
{
	fuzz_require(a->method == b->method && a->flags == b->flags, "other facts of the headers");
	fuzz_require(a->header_len == b->header_len, "the headers end elsewhere");
	fuzz_require(a->cseq_number == b->cseq_number && a->sent_port == b->sent_port &&
			     a->content_length == b->content_length,
		"another number");
	same_span(a->method_text, b->method_text, "the method");
	same_span(a->ruri, b->ruri, "the Request-URI");
	same_span(a->from, b->from, "From");
	same_span(a->to, b->to, "To");
	same_span(a->to_uri, b->to_uri, "the URI in To");
	same_span(a->from_tag, b->from_tag, "the From tag");
	same_span(a->to_tag, b->to_tag, "the To tag");
	same_span(a->call_id, b->call_id, "Call-ID");
	same_span(a->cseq, b->cseq, "CSeq");
	same_span(a->top_via, b->top_via, "the top Via");
	same_span(a->sent_by, b->sent_by, "sent-by");
	same_span(a->sent_host, b->sent_host, "sent-by's host");
	same_span(a->branch, b->branch, "branch");
	same_span(a->received, b->received, "received");
	same_span(a->rport, b->rport, "rport");
	fuzz_require(a->n_via == b->n_via && a->n_route == b->n_route, "more rows, or fewer");
	for (unsigned i = 0; i < a->n_via; i++)
		same_span(a->via[i], b->via[i], "a Via row");
	for (unsigned i = 0; i < a->n_route; i++)
		same_span(a->route[i], b->route[i], "a Route row");
}

static void same_path(const struct nx_path *a, const struct nx_path *b)
{
	fuzz_require(a->l3_off == b->l3_off && a->l4_off == b->l4_off &&
			     a->payload_off == b->payload_off && a->is_v6 == b->is_v6,
		"other layers");
	fuzz_require(a->vlan == b->vlan && a->src_port == b->src_port &&
			     a->dst_port == b->dst_port && nx_addr_eq(&a->src, &b->src) &&
			     nx_addr_eq(&a->dst, &b->dst),
		"another path");
	fuzz_require(a->service == b->service && a->class == b->class &&
			     a->admitted == b->admitted && a->own_source == b->own_source,
		"another service or class");
}

static void same(const struct judged *a, const struct judged *b)
{
	fuzz_require(a->p.reason == b->p.reason, "%s, alone %s", nx_reason_info(b->p.reason)->name,
		nx_reason_info(a->p.reason)->name);
	fuzz_require(a->p.payload_len == b->p.payload_len, "another length");
	same_path(&a->p.path, &b->p.path);
	fuzz_require(a->p.domain == b->p.domain && a->p.rule == b->p.rule &&
			     a->p.range == b->p.range && a->p.user_state == b->p.user_state &&
			     a->p.has_key == b->p.has_key,
		"looked up otherwise");
	if (a->p.has_key)
		fuzz_require(a->p.key.kind == b->p.key.kind && a->p.key.len == b->p.key.len &&
				     memcmp(a->p.key.text, b->p.key.text, a->p.key.len) == 0,
			"another key");
	if (a->p.has_key)
		same_sip(&a->p.sip, &b->p.sip);
	fuzz_require(a->reply_len == b->reply_len && memcmp(a->reply, b->reply, a->reply_len) == 0,
		"another reply");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nx_packet *burst[PACKETS_MAX];
	uint32_t path = 0;
	unsigned n;

	if (!world)
		make_world();
	if (len > PAYLOAD_MAX)
		return 0;
	throw_dice(data, len);
	n = 2 + roll(PACKETS_MAX - 1);
	for (unsigned i = 0; i < n; i++) {
		make_packet(data, len, i, &path);
		burst[i] = &alone[i].p;
		forget();
		nx_pipeline_judge(world->pipeline, world->policy, 0, &burst[i], 1);
		reply(&alone[i], 1);
		burst[i] = &together[i].p;
	}
	forget();
	for (unsigned times = 2; times; times--) {
		nx_pipeline_judge(world->pipeline, world->policy, 0, burst, n);
		reply(together, n);
		for (unsigned i = 0; i < n; i++)
			same(&alone[i], &together[i]);
	}
	return 0;
}
