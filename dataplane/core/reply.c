/* The reply (rules 19 to 25; RFC 3261 8.2.6, 8.2.7). Status line, every Via, From, To with our
 * tag, Call-ID, CSeq, Reason and Server where they fit, Content-Length. Values are the request's
 * bytes, folding kept. Nothing in it depends on time or memory, so a retransmission is answered
 * with the same bytes (rule 25).
 * The length is known before a byte is written: first the shape is chosen, within the request's
 * length (rule 23: what could amplify passes), the MTU and the buffer; then it is written without
 * a further check. Record-Route, Contact, Timestamp and bodies are left out (8.2.6.1 asks for
 * Timestamp in a 100 only). */
#include "dataplane/core/reply_parts.h"

#include <assert.h>

#define SIP_PORT 5060

#define STATUS_404 "SIP/2.0 404 Not Found\r\n"
#define STATUS_604 "SIP/2.0 604 Does Not Exist Anywhere\r\n"
#define TO_TAG     ";tag="
#define CSEQ       "CSeq: " /* has no compact form */
#define REASON     "Reason: Q.850;cause=1;text=\"Unallocated (unassigned) number\"\r\n"
#define SERVER     "Server: "
#define END        "\r\n"

/* header names in both forms (7.3.3) */
#define VIA       "Via: "
#define VIA_C     "v: "
#define FROM      "From: "
#define FROM_C    "f: "
#define TO        "To: "
#define TO_C      "t: "
#define CALL_ID   "Call-ID: "
#define CALL_ID_C "i: "
#define NO_BODY   "Content-Length: 0\r\n\r\n"
#define NO_BODY_C "l: 0\r\n\r\n"

#define LEN(text)             ((uint32_t)sizeof(text) - 1)
#define PUT(at, text)         put(at, text, LEN(text))
#define GAIN(name)            (LEN(name) - LEN(name##_C))
#define PUT_NAME(at, r, name) ((r)->compact ? PUT(at, name##_C) : PUT(at, name))

struct reply {
	const struct nx_packet *p;
	enum nx_verdict status;
	const char *server;
	uint32_t server_len; /* 0: no Server header */
	bool reason, compact;
	uint32_t len; /* of all SIP */
	unsigned n_edits;
	struct nx_via_edit edit[NX_VIA_EDITS_MAX];
};

uint16_t nx_reply_dest_port(const struct nx_packet *p, const struct nx_class *class)
{
	uint16_t sent_port = p->sip.sent_port ? p->sip.sent_port : SIP_PORT;

	if ((p->sip.flags & NX_SIP_RPORT) || class->symmetric == NX_SYM_ALWAYS)
		return p->src_port;
	if (class->symmetric == NX_SYM_PASS && sent_port != p->src_port)
		return 0;
	return sent_port;
}

/* How many bytes of SIP the request, the MTU and the buffer allow. */
static inline uint32_t sip_room(
	const struct nx_packet *p, const struct nx_reply_options *o, uint32_t cap)
{
	uint32_t ip_len = nx_reply_ip_len(p), head_len = nx_reply_head_len(p);
	uint32_t room = p->payload_len;

	if (o->mtu < ip_len || cap < head_len)
		return 0;
	room = o->mtu - ip_len < room ? o->mtu - ip_len : room;
	return cap - head_len < room ? cap - head_len : room;
}

static inline uint32_t status_len(const struct reply *r)
{
	return r->status == NX_604 ? LEN(STATUS_604) : LEN(STATUS_404);
}

static inline uint32_t vias_len(const struct reply *r)
{
	const struct nx_sip *sip = &r->p->sip;
	uint32_t len = sip->n_via * LEN(VIA END);

	for (unsigned i = 0; i < sip->n_via; i++)
		len += sip->via[i].len;
	for (unsigned i = 0; i < r->n_edits; i++)
		len += r->edit[i].len - (uint32_t)r->edit[i].cut;
	return len;
}

/* What no reply can do without, with long names. */
static inline uint32_t bare_len(const struct reply *r)
{
	const struct nx_sip *sip = &r->p->sip;

	return status_len(r) + vias_len(r) + LEN(FROM END) + sip->from.len + LEN(TO TO_TAG END) +
	       sip->to.len + NX_TO_TAG_LEN + LEN(CALL_ID END) + sip->call_id.len + LEN(CSEQ END) +
	       sip->cseq.len + LEN(NO_BODY);
}

/* Takes out Server, then Reason, then letters, until the reply fits into room. */
static inline bool fit(struct reply *r, uint32_t room)
{
	uint32_t server = r->server_len ? LEN(SERVER END) + r->server_len : 0;
	uint32_t reason = r->reason ? LEN(REASON) : 0;

	r->len = bare_len(r) + server + reason;
	if (r->len > room) {
		r->len -= server;
		r->server_len = 0;
	}
	if (r->len > room) {
		r->len -= reason;
		r->reason = false;
	}
	if (r->len > room) {
		r->len -= r->p->sip.n_via * GAIN(VIA) + GAIN(FROM) + GAIN(TO) + GAIN(CALL_ID) +
			  GAIN(NO_BODY);
		r->compact = true;
	}
	return r->len <= room;
}

static inline uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static inline uint8_t *put_span(uint8_t *at, const struct reply *r, struct nx_span s)
{
	return put(at, nx_span_at(r->p, s), s.len);
}

static inline uint8_t *put_top_via(uint8_t *at, const struct reply *r)
{
	struct nx_span row = r->p->sip.via[0];
	unsigned end = row.off + row.len, from = row.off;
	const uint8_t *msg = nx_payload(r->p);

	for (unsigned i = 0; i < r->n_edits; i++) {
		const struct nx_via_edit *e = &r->edit[i];

		at = put(at, msg + from, e->at - from);
		at = put(at, e->text, e->len);
		from = e->at + e->cut;
	}
	return put(at, msg + from, end - from);
}

static inline uint8_t *put_vias(uint8_t *at, const struct reply *r)
{
	at = PUT_NAME(at, r, VIA);
	at = put_top_via(at, r);
	at = PUT(at, END);
	for (unsigned i = 1; i < r->p->sip.n_via; i++) {
		at = PUT_NAME(at, r, VIA);
		at = put_span(at, r, r->p->sip.via[i]);
		at = PUT(at, END);
	}
	return at;
}

static inline uint8_t *put_sip(uint8_t *at, const struct reply *r, const struct nx_tag_key *key)
{
	const struct nx_sip *sip = &r->p->sip;

	at = r->status == NX_604 ? PUT(at, STATUS_604) : PUT(at, STATUS_404);
	at = put_vias(at, r);
	at = PUT_NAME(at, r, FROM);
	at = put_span(at, r, sip->from);
	at = PUT(at, END);
	at = PUT_NAME(at, r, TO);
	at = put_span(at, r, sip->to);
	at = PUT(at, TO_TAG);
	nx_reply_tag(key, r->p, (char *)at);
	at += NX_TO_TAG_LEN;
	at = PUT(at, END);
	at = PUT_NAME(at, r, CALL_ID);
	at = put_span(at, r, sip->call_id);
	at = PUT(at, END);
	at = PUT(at, CSEQ);
	at = put_span(at, r, sip->cseq);
	at = PUT(at, END);
	if (r->reason)
		at = PUT(at, REASON);
	if (r->server_len > 0) {
		at = PUT(at, SERVER);
		at = put(at, r->server, r->server_len);
		at = PUT(at, END);
	}
	return PUT_NAME(at, r, NO_BODY);
}

uint32_t nx_reply_build(const struct nx_packet *p, enum nx_verdict status,
	const struct nx_reply_options *o, uint8_t *out, uint32_t cap, uint16_t *l4_off)
{
	const struct nx_policy *policy = o->policy;
	uint16_t port = nx_reply_dest_port(p, &policy->classes[p->class]);
	uint32_t head_len = nx_reply_head_len(p);
	struct reply r;
	uint8_t *end;

	r.p = p;
	r.status = status;
	r.server = policy->server;
	r.server_len = (uint32_t)strnlen(policy->server, sizeof(policy->server));
	r.reason = o->reason_header && policy->reason_header;
	r.compact = false;
	r.n_edits = nx_reply_via_edits(p, r.edit);
	if (port == 0 || !fit(&r, sip_room(p, o, cap)))
		return 0;

	nx_reply_put_head(p, o, port, r.len, out);
	end = put_sip(out + head_len, &r, &policy->tag_key[0]);
	assert(end == out + head_len + r.len);
	nx_reply_put_csum(p, o, (uint32_t)(end - out) - head_len, out);
	if (l4_off)
		*l4_off = (uint16_t)(head_len - NX_UDP_LEN);
	return head_len + r.len;
}
