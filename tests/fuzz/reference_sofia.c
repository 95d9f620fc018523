/* libsofia-sip-ua's reading: what its transaction layer would go by, which also wants the sanity
 * check and no fatal error. */
#include <stdlib.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su.h>

#include "tests/fuzz/reference_parsers.h"

#define IOVECS_MAX 8

struct reference_sofia {
	msg_t *msg;
	struct reference_number cseq, via_count;
};

struct reference_sofia *reference_sofia_create(void)
{
	struct reference_sofia *s = calloc(1, sizeof(*s));

	if (!s || su_init() != 0)
		abort();
	return s;
}

void reference_sofia_destroy(struct reference_sofia *s)
{
	if (s->msg)
		msg_destroy(s->msg);
	su_deinit();
	free(s);
}

/* fill gives the message its bytes, as from a datagram. */
static void fill(msg_t *msg, const uint8_t *bytes, size_t len)
{
	msg_iovec_t iov[IOVECS_MAX];
	issize_t n = msg_recv_iovec(msg, iov, IOVECS_MAX, (usize_t)len, 1);
	size_t off = 0;

	if (n < 0)
		abort();
	for (issize_t i = 0; i < n && off < len; i++) {
		size_t part = iov[i].mv_len < len - off ? iov[i].mv_len : len - off;

		memcpy(iov[i].mv_base, bytes + off, part);
		off += part;
	}
	msg_recv_commit(msg, (usize_t)len, 1);
}

static void read_via(struct reference_sofia *s, const sip_via_t *via, struct reference_text *field)
{
	uint32_t count = 0;

	field[REFERENCE_VIA_HOST] = reference_string(via->v_host);
	field[REFERENCE_VIA_PORT] = reference_string(via->v_port);
	field[REFERENCE_VIA_BRANCH] = reference_string(via->v_branch);
	field[REFERENCE_VIA_RPORT] = reference_string(via->v_rport);
	field[REFERENCE_VIA_RECEIVED] = reference_string(via->v_received);
	field[REFERENCE_VIA_MADDR] = reference_string(via->v_maddr);
	for (; via; via = via->v_next)
		count++;
	field[REFERENCE_VIA_COUNT] = reference_number(&s->via_count, count);
}

static void read_fields(struct reference_sofia *s, const sip_t *sip, struct reference_text *field)
{
	field[REFERENCE_METHOD] = reference_string(sip->sip_request->rq_method_name);
	field[REFERENCE_USER] = reference_string(sip->sip_request->rq_url->url_user);
	field[REFERENCE_HOST] = reference_string(sip->sip_request->rq_url->url_host);
	field[REFERENCE_PORT] = reference_string(sip->sip_request->rq_url->url_port);
	field[REFERENCE_FROM_TAG] = reference_string(sip->sip_from->a_tag);
	field[REFERENCE_TO_USER] = reference_string(sip->sip_to->a_url->url_user);
	field[REFERENCE_TO_HOST] = reference_string(sip->sip_to->a_url->url_host);
	field[REFERENCE_TO_TAG] = reference_string(sip->sip_to->a_tag);
	field[REFERENCE_CALL_ID] = reference_string(sip->sip_call_id->i_id);
	field[REFERENCE_CSEQ_NUMBER] = reference_number(&s->cseq, sip->sip_cseq->cs_seq);
	field[REFERENCE_CSEQ_METHOD] = reference_string(sip->sip_cseq->cs_method_name);
	if (sip->sip_via)
		read_via(s, sip->sip_via, field);
}

static const char *fault(const sip_t *sip, int extracted)
{
	if (extracted < 0 || !sip->sip_request)
		return "msg_extract fails";
	if (sip_sanity_check(sip) < 0)
		return "sip_sanity_check fails";
	if (sip->sip_flags & MSG_FLG_ERROR || sip->sip_error)
		return "a header is bad or stands twice";
	return NULL;
}

void reference_sofia_read(
	struct reference_sofia *s, const uint8_t *msg, size_t len, struct reference_reading *out)
{
	const sip_t *sip;
	int extracted;

	if (s->msg)
		msg_destroy(s->msg);
	s->msg = msg_create(sip_default_mclass(), 0);
	if (!s->msg)
		abort();
	fill(s->msg, msg, len);
	extracted = msg_extract(s->msg);
	sip = sip_object(s->msg);
	if (sip && sip->sip_status) {
		out->verdict = REFERENCE_RESPONSE;
		return;
	}
	out->why = sip ? fault(sip, extracted) : "msg_extract gives nothing";
	if (out->why)
		return;
	out->verdict = REFERENCE_REQUEST;
	read_fields(s, sip, out->field);
}
