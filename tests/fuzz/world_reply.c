/* What a reply must be, and the ACK to it. The reply is turned back into a request by its first
 * line, so that our own parser can say what it carries. */
#include "tests/fuzz/world.h"

#include <stdio.h>

#include "dataplane/core/decode.h"
#include "dataplane/core/pipeline.h"
#include "dataplane/core/reply.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"

#define MTU       1500
#define MTU_JUMBO 9000
#define CANARY    0xa5

struct parsed {
	struct nx_sip sip;
	const uint8_t *msg;
};

static void same_span(const struct parsed *a, struct nx_span x, const struct parsed *b,
	struct nx_span y, const char *what)
{
	fuzz_require(x.len == y.len && memcmp(a->msg + x.off, b->msg + y.off, x.len) == 0,
		"%s is not the request's", what);
}

/* without writes a Via row without the two parameters that a reply may have other values of. */
static size_t without(const struct parsed *m, char *out)
{
	const struct nx_sip *sip = &m->sip;
	size_t n = 0;

	for (uint32_t i = sip->via[0].off; i < sip->via[0].off + (uint32_t)sip->via[0].len; i++) {
		bool edited = (sip->received.off && i >= sip->received.off &&
				      i < sip->received.off + (uint32_t)sip->received.len) ||
			      (sip->rport.off && i >= sip->rport.off &&
				      i < sip->rport.off + (uint32_t)sip->rport.len);

		if (!edited)
			out[n++] = (char)m->msg[i];
	}
	return n;
}

/* rule 19: all Via values in order, and only the top one's received and rport changed (rule 21). */
static void same_vias(const struct parsed *request, const struct parsed *reply)
{
	static char a[65536], b[65536];
	size_t n = without(request, a);

	fuzz_require(request->sip.n_via == reply->sip.n_via, "Via rows are lost");
	fuzz_require(n == without(reply, b) && memcmp(a, b, n) == 0, "the top Via is changed");
	for (unsigned i = 1; i < request->sip.n_via; i++)
		same_span(request, request->sip.via[i], reply, reply->sip.via[i], "Via");
	fuzz_require(!(request->sip.flags & NX_SIP_RPORT) || reply->sip.flags & NX_SIP_RPORT_VALUE,
		"rport is not filled in");
}

static void same_to(
	const struct parsed *request, const struct parsed *reply, const char tag[NX_TO_TAG_LEN])
{
	struct nx_span to = reply->sip.to;

	fuzz_require(reply->sip.to_tag.len == NX_TO_TAG_LEN &&
			     memcmp(reply->msg + reply->sip.to_tag.off, tag, NX_TO_TAG_LEN) == 0,
		"the To tag is not ours");
	to.len = request->sip.to.len;
	same_span(request, request->sip.to, reply, to, "To");
}

/* as_request writes the reply with a request line in place of its status line, and the request's
 * method, so that our parser takes it. */
static size_t as_request(const struct parsed *request, const uint8_t *sip, size_t len, char *out)
{
	static const char end[] = " sip:a SIP/2.0";
	const uint8_t *headers = memchr(sip, '\r', len);
	size_t n = request->sip.method_text.len;

	fuzz_require(headers && memcmp(sip, "SIP/2.0 ", 8) == 0, "no status line");
	memcpy(out, request->msg, n);
	memcpy(out + n, end, sizeof(end) - 1);
	n += sizeof(end) - 1;
	len -= (size_t)(headers - sip);
	memcpy(out + n, headers, len);
	return n + len;
}

static void check_sip(
	const struct nx_packet *p, const uint8_t *sip, size_t len, const char tag[NX_TO_TAG_LEN])
{
	static char text[65536 + 64];
	struct parsed request = {p->sip, nx_payload(p)}, reply = {.msg = (const uint8_t *)text};
	size_t n = as_request(&request, sip, len, text);
	unsigned reason;

	fuzz_require(len <= p->payload_len, "the reply is longer than the request");
	reason = nx_sip_parse(reply.msg, n, &reply.sip, NULL);
	fuzz_require(reason == NX_R_UNDECIDED, "our parser refuses our reply: %s",
		nx_reason_info(reason)->name);
	fuzz_require(reply.sip.header_len == n, "the reply has a body");
	same_vias(&request, &reply);
	same_span(&request, request.sip.from, &reply, reply.sip.from, "From");
	same_span(&request, request.sip.call_id, &reply, reply.sip.call_id, "Call-ID");
	same_span(&request, request.sip.cseq, &reply, reply.sip.cseq, "CSeq");
	same_to(&request, &reply, tag);
}

/* The frame, checksums and all, and where it goes (rule 22). Out: the reply's decoded packet. */
static void check_frame(
	const struct world *w, const struct nx_packet *p, const uint8_t *frame, uint32_t len)
{
	const struct nx_class *class = &w->policy->classes[p->class];
	struct nx_packet r = {.frame = frame, .frame_len = len};

	fuzz_require(nx_decode(&r) == NX_R_UNDECIDED, "the reply's frame is not sound");
	fuzz_require(nx_decode_udp_csum(&r), "the reply's UDP checksum is wrong");
	fuzz_require(nx_addr_eq(&r.src, &p->dst) && nx_addr_eq(&r.dst, &p->src),
		"the reply goes between other addresses");
	fuzz_require(r.src_port == p->dst_port && r.dst_port == nx_reply_dest_port(p, class),
		"the reply goes between other ports");
	fuzz_require(r.vlan == p->vlan, "the reply goes on another VLAN");
}

static void put(char **at, const char *text, size_t len)
{
	memcpy(*at, text, len);
	*at += len;
}

static void put_span(char **at, const char *name, const uint8_t *msg, struct nx_span s)
{
	put(at, name, strlen(name));
	put(at, (const char *)msg + s.off, s.len);
	put(at, "\r\n", 2);
}

/* The ACK that a client makes of request and reply (RFC 3261 17.1.1.3) is absorbed. */
static void check_ack(const struct world *w, const struct nx_packet *p, const char *tag)
{
	static struct world ack_world;
	static uint8_t room[WORLD_FRAME_MAX];
	static char text[65536];
	const uint8_t *msg = nx_payload(p);
	struct nx_packet ack;
	char *at = text, number[16];

	if (p->sip.ruri.len + p->sip.via[0].len + p->sip.from.len + p->sip.to.len > 60000)
		return;
	snprintf(number, sizeof(number), "%u", p->sip.cseq_number);
	put(&at, "ACK ", 4);
	put(&at, (const char *)msg + p->sip.ruri.off, p->sip.ruri.len);
	put(&at, " SIP/2.0\r\n", 10);
	put_span(&at, "Via: ", msg, p->sip.top_via);
	put_span(&at, "From: ", msg, p->sip.from);
	put_span(&at, "To: ", msg, p->sip.to);
	at -= 2;
	put(&at, ";tag=", 5);
	put(&at, tag, NX_TO_TAG_LEN);
	put(&at, "\r\n", 2);
	put_span(&at, "Call-ID: ", msg, p->sip.call_id);
	put(&at, "CSeq: ", 6);
	put(&at, number, strlen(number));
	put(&at, " ACK\r\n\r\n", 8);
	ack_world = *w;
	ack_world.end = room + sizeof(room);
	world_packet(&ack_world, (const uint8_t *)text, (size_t)(at - text), &ack);
	world_judge(w, &ack);
	fuzz_require(ack.reason == NX_R_ACK_ABSORBED, "the ACK to our reply is not ours: %s",
		nx_reason_info(ack.reason)->name);
}

/* One reply into a buffer with a canary behind it. */
static uint32_t build(const struct world *w, const struct nx_packet *p, uint16_t mtu, uint32_t cap,
	const char *tag, uint8_t *out)
{
	struct nx_reply_peer peer = {0};
	struct nx_reply_options o = {.policy = w->policy,
		.peer = &peer,
		.tag = tag,
		.mtu = mtu,
		.reason_header = p->sip.method == NX_M_INVITE && p->key.kind == NX_KEY_NUMBER};
	uint32_t len;

	out[cap] = CANARY;
	len = nx_reply_build(p, nx_reason_info(p->reason)->verdict, &o, out, cap);
	fuzz_require(out[cap] == CANARY, "the reply goes beyond its buffer");
	fuzz_require(len <= cap && len <= p->l3_off + (uint32_t)mtu, "the reply is too long");
	return len;
}

void world_reply(const struct world *w, const struct nx_packet *p)
{
	static uint8_t frame[WORLD_FRAME_MAX + 1], again[WORLD_FRAME_MAX + 1];
	const struct nx_packet *one[1] = {p};
	char tag[1][NX_TO_TAG_LEN];
	uint32_t len, head;

	nx_reply_tags(&w->policy->tag_key[0], one, 1, tag);
	len = build(w, p, MTU_JUMBO, WORLD_FRAME_MAX, tag[0], frame);
	check_ack(w, p, tag[0]);
	if (len == 0)
		return;
	check_frame(w, p, frame, len);
	head = p->l3_off + (p->is_v6 ? 48u : 28u);
	check_sip(p, frame + head, len - head, tag[0]);
	fuzz_require(
		build(w, p, MTU_JUMBO, len, tag[0], again) == len && memcmp(frame, again, len) == 0,
		"a retransmission gets another reply");
	len = build(w, p, MTU, len - 1, tag[0], again);
	if (len)
		check_sip(p, again + head, len - head, tag[0]);
}
