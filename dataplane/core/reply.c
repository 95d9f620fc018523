/* The reply (rules 19 to 25; RFC 3261 8.2.6, 8.2.7). Status line, every Via, From, To with our
 * tag, Call-ID, CSeq, Reason and Server where they fit, Content-Length. Values are the request's
 * bytes, folding kept. Nothing in it depends on time or memory, so a retransmission is answered
 * with the same bytes (rule 25).
 * It is never longer than the request (rule 23: what could amplify passes), nor than the MTU.
 * Nearly every one fits with all that it may have: so it is written first and measured then; only
 * where it came out too long, or the buffer might not hold what is too long, is its shape reckoned
 * out before it is written. Record-Route, Contact, Timestamp and bodies are left out (8.2.6.1 asks
 * for Timestamp in a 100 only). */
#include "dataplane/core/reply_l4.h"
#include "dataplane/core/reply_via.h"

#include <assert.h>

#define STATUS_404 "SIP/2.0 404 Not Found"
#define STATUS_604 "SIP/2.0 604 Does Not Exist Anywhere"
#define TO_TAG     ";tag="

/* Header names in both forms (7.3.3), each with the end of the line before. */
#define VIA       "\r\nVia: "
#define VIA_C     "\r\nv: "
#define FROM      "\r\nFrom: "
#define FROM_C    "\r\nf: "
#define TO        "\r\nTo: "
#define TO_C      "\r\nt: "
#define CALL_ID   "\r\nCall-ID: "
#define CALL_ID_C "\r\ni: "
#define CSEQ      "\r\nCSeq: " /* has no compact form */
#define REASON    "\r\nReason: Q.850;cause=1;text=\"Unallocated (unassigned) number\""
#define SERVER    "\r\nServer: "
#define NO_BODY   "\r\nContent-Length: 0\r\n\r\n"
#define NO_BODY_C "\r\nl: 0\r\n\r\n"

#define GAIN(name) (LEN(name) - LEN(name##_C))

#define always_inline inline __attribute__((always_inline))

#define PUT_NAME(at, r, name) ((r)->compact ? PUT(at, name##_C) : PUT(at, name))

struct reply {
	const struct nx_packet *p;
	const uint8_t *msg;
	const char *tag;
	enum nx_verdict status;
	uint32_t server_len; /* 0: no Server header */
	bool reason, compact;
	struct via_edits via;
	const struct nx_reply_peer *peer;
};

/* How many bytes of SIP the request, the MTU and the cap bytes behind the headers allow. */
static inline uint32_t sip_room(
	const struct nx_packet *p, const struct nx_reply_options *o, uint32_t cap)
{
	const uint32_t ip_len = nx_reply_l4_off(p) + UDP_LEN - p->l3_off;
	uint32_t room = p->payload_len < cap ? p->payload_len : cap;

	if (o->mtu < ip_len)
		return 0;
	return o->mtu - ip_len < room ? o->mtu - ip_len : room;
}

static inline uint32_t status_len(const struct reply *r)
{
	return r->status == NX_604 ? LEN(STATUS_604) : LEN(STATUS_404);
}

static inline uint32_t vias_len(const struct reply *r)
{
	const struct nx_sip *sip = &r->p->sip;
	uint32_t len = sip->n_via * LEN(VIA);

	for (unsigned i = 0; i < sip->n_via; i++)
		len += sip->via[i].len;
	for (unsigned i = 0; i < r->via.n; i++)
		len += edit_len(&r->via.edit[i], r->peer) - r->via.edit[i].cut;
	return len;
}

/* What no reply can do without, with long names. */
static inline uint32_t bare_len(const struct reply *r)
{
	const struct nx_sip *sip = &r->p->sip;

	return status_len(r) + vias_len(r) + LEN(FROM) + sip->from.len + LEN(TO TO_TAG) +
	       sip->to.len + NX_TO_TAG_LEN + LEN(CALL_ID) + sip->call_id.len + LEN(CSEQ) +
	       sip->cseq.len + LEN(NO_BODY);
}

/* The most bytes that put_sip writes: values are the request's and do not overlap. */
static inline uint32_t most_len(const struct reply *r)
{
	return r->p->sip.header_len + r->p->sip.n_via * LEN(VIA) + r->server_len +
	       LEN(STATUS_604 FROM TO TO_TAG CALL_ID CSEQ REASON SERVER NO_BODY) + NX_TO_TAG_LEN +
	       sizeof(r->peer->text);
}

/* Takes out Server, then Reason, then letters, until the reply fits into room.
 * Return: its length, 0 where it does not fit. */
static uint32_t fit(struct reply *r, uint32_t room)
{
	uint32_t server = r->server_len ? LEN(SERVER) + r->server_len : 0;
	uint32_t reason = r->reason ? LEN(REASON) : 0;
	uint32_t len = bare_len(r) + server + reason;

	if (len > room) {
		len -= server;
		r->server_len = 0;
	}
	if (len > room) {
		len -= reason;
		r->reason = false;
	}
	if (len > room) {
		len -= r->p->sip.n_via * GAIN(VIA) + GAIN(FROM) + GAIN(TO) + GAIN(CALL_ID) +
		       GAIN(NO_BODY);
		r->compact = true;
	}
	return len <= room ? len : 0;
}

/* ---- writing. A run of the request's bytes is copied late, so that rows which stand side by side
 * in the request, with the names that we would give them, go by one copy ---- */

struct writer {
	uint8_t *at;
	const uint8_t *from, *to; /* the run: what is to be copied to `at` */
};

static always_inline void put_run(struct writer *w, const uint8_t *go_on)
{
	if (w->to != w->from)
		w->at = nx_copy_put(w->at, w->from, (size_t)(w->to - w->from));
	w->from = w->to = go_on;
}

/* put_row adds a header: its name with the line end before it, and the value at span. */
static always_inline void put_row(struct writer *w, const struct reply *r, const char *name,
	uint32_t name_len, struct nx_span span)
{
	const uint8_t *value = r->msg + span.off;

	if (value - w->to != name_len || memcmp(w->to, name, name_len) != 0) {
		put_run(w, value);
		w->at = (uint8_t *)memcpy(w->at, name, name_len) + name_len;
	}
	w->to = value + span.len;
}

#define ROW(w, r, name, span)                                        \
	((r)->compact ? put_row(w, r, name##_C, LEN(name##_C), span) \
		      : put_row(w, r, name, LEN(name), span))

/* The top Via is the run so far, edits and all. */
static always_inline void edit_top_via(struct writer *w, const struct reply *r)
{
	const uint8_t *end = w->to;

	for (unsigned i = 0; i < r->via.n; i++) {
		const struct via_edit *e = &r->via.edit[i];

		w->to = r->msg + e->at;
		put_run(w, w->to + e->cut);
		w->at = put_edit(w->at, e, r->peer);
	}
	w->to = end;
}

static always_inline uint8_t *put_sip(
	uint8_t *at, const struct reply *r, const struct nx_policy *policy)
{
	const struct nx_sip *sip = &r->p->sip;
	struct writer w = {
		.at = r->status == NX_604 ? PUT(at, STATUS_604) : PUT(at, STATUS_404),
		.from = r->msg,
		.to = r->msg,
	};

	ROW(&w, r, VIA, sip->via[0]);
	edit_top_via(&w, r);
	for (unsigned i = 1; i < sip->n_via; i++)
		ROW(&w, r, VIA, sip->via[i]);
	ROW(&w, r, FROM, sip->from);
	ROW(&w, r, TO, sip->to);
	put_run(&w, w.to);
	w.at = PUT(w.at, TO_TAG);
	w.at = (uint8_t *)memcpy(w.at, r->tag, NX_TO_TAG_LEN) + NX_TO_TAG_LEN;
	ROW(&w, r, CALL_ID, sip->call_id);
	put_row(&w, r, CSEQ, LEN(CSEQ), sip->cseq);
	put_run(&w, w.to);
	if (r->reason)
		w.at = PUT(w.at, REASON);
	if (r->server_len > 0) {
		w.at = PUT(w.at, SERVER);
		w.at = nx_copy_put(w.at, (const uint8_t *)policy->server, r->server_len);
	}
	return PUT_NAME(w.at, r, NO_BODY);
}

/* put_fitted is put_sip for a reply that has to give up something. */
static __attribute__((noinline, cold)) uint32_t put_fitted(
	uint8_t *at, struct reply *r, const struct nx_policy *policy, uint32_t room)
{
	uint32_t len = fit(r, room);
	const uint8_t *end;

	if (len == 0)
		return 0;
	end = put_sip(at, r, policy);
	assert(end == at + len);
	return len;
}

/* Return: the bytes of SIP at `at`, 0 where they would not fit into room; cap bytes are there. */
static always_inline uint32_t put_fitting(
	uint8_t *at, struct reply *r, const struct nx_policy *policy, uint32_t room, uint32_t cap)
{
	if (most_len(r) <= cap) {
		uint32_t len = (uint32_t)(put_sip(at, r, policy) - at);

		if (len <= room)
			return len;
	}
	return put_fitted(at, r, policy, room);
}

uint32_t nx_reply_build(const struct nx_packet *p, enum nx_verdict status,
	const struct nx_reply_options *o, uint8_t *out, uint32_t cap)
{
	const struct nx_policy *policy = o->policy;
	uint16_t port = nx_reply_dest_port(p, &policy->classes[p->class]);
	const uint32_t head = nx_reply_l4_off(p) + UDP_LEN;
	struct reply r;
	uint32_t len;

	if (port == 0 || cap < head)
		return 0;
	if (o->peer->like != p->like) {
		o->peer->like = p->like;
		make_head(o->peer, p);
		put_texts(o->peer, p);
	}
	r.p = p;
	r.msg = nx_payload(p);
	r.tag = o->tag;
	r.status = status;
	r.server_len = policy->server_len;
	r.reason = o->reason_header && policy->reason_header;
	r.compact = false;
	r.peer = o->peer;
	via_edits(&r.via, p);
	len = put_fitting(out + head, &r, policy, sip_room(p, o, cap - head), cap - head);
	if (len == 0)
		return 0;
	put_head(p, o, port, len, out);
	return head + len;
}
