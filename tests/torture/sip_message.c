/* See sip_message.h. */
#include "tests/torture/sip_message.h"

#include <stdlib.h>

#include "dataplane/core/reply.h"
#include "tests/torture/sip_box.h"
#include "tests/unit/frame.h"

void sip_pages_init(struct sip_pages *at)
{
	guard_init(&at->in);
	guard_init(&at->out);
	at->pipeline = aligned_alloc(64, sizeof(*at->pipeline));
	if (!at->pipeline)
		abort();
	nx_pipeline_init(at->pipeline, 0, (const uint8_t[NX_PIPELINE_KEYS][16]){{1}, {2}, {3}});
}

void sip_pages_fini(struct sip_pages *at)
{
	guard_fini(&at->in);
	guard_fini(&at->out);
	free(at->pipeline);
}

/* What a worker makes of an answerable packet (shell/worker.c): the reply, or nothing. Its room
 * ends where the request would; with more room, it is written first and measured then, and is the
 * same. */
static void answer(struct sip_pages *at, const struct nx_policy *policy, struct nx_packet *p,
	struct sip_outcome *o)
{
	char tag[1][NX_TO_TAG_LEN];
	const struct nx_packet *one = p;
	struct nx_reply_options options = {
		.policy = policy,
		.tag = tag[0],
		.reason_header = policy->reason_header && p->sip.method == NX_M_INVITE &&
				 p->key.kind == NX_KEY_NUMBER,
		.mtu = UINT16_MAX,
	};
	uint8_t *room = (uint8_t *)(uintptr_t)guard_tail(&at->out, o->request, p->frame_len);
	static uint8_t roomy[3 * UINT16_MAX];
	struct nx_reply_peer peer = {0};

	options.peer = &peer;
	nx_reply_tags(&policy->tag_key[0], &one, 1, tag);
	o->reply_len =
		nx_reply_build(p, nx_reason_info(p->reason)->verdict, &options, room, p->frame_len);
	if (nx_reply_build(p, nx_reason_info(p->reason)->verdict, &options, roomy, sizeof(roomy)) !=
			o->reply_len ||
		memcmp(roomy, room, o->reply_len) != 0)
		abort();
	if (o->reply_len == 0) {
		p->reason = NX_R_REPLY_SIZE;
		return;
	}
	memcpy(o->reply, room, o->reply_len);
	o->reply_off = (uint16_t)frame_check(o->reply, o->reply_len, p->l3_off, p->is_v6);
}

static void judge(struct sip_pages *at, const struct nx_policy *policy, const uint8_t *frame,
	struct sip_outcome *o)
{
	struct nx_packet p = {.frame = frame, .frame_len = o->request_len};
	struct nx_packet *burst[1] = {&p};
	enum nx_verdict verdict;

	nx_pipeline_judge(at->pipeline, policy, UINT64_MAX, burst, 1);
	if (memcmp(frame, o->request, o->request_len) != 0)
		abort();
	verdict = nx_reason_info(p.reason)->verdict;
	o->reply_len = 0;
	if (verdict == NX_404 || verdict == NX_604)
		answer(at, policy, &p, o);
	o->reason = p.reason;
}

void sip_message_judge(struct sip_pages *at, const struct nx_policy *policy, bool v6,
	const uint8_t *msg, size_t len, struct sip_outcome *out)
{
	static struct sip_outcome other;
	struct frame_spec spec = {
		.v6 = v6,
		.src = v6 ? SIP_BOX_FROM_V6 : SIP_BOX_FROM_V4,
		.dst = v6 ? SIP_BOX_V6 : SIP_BOX_V4,
	};

	out->request_len = (uint32_t)frame_build(out->request, &spec, msg, len);
	judge(at, policy, guard_tail(&at->in, out->request, out->request_len), out);
	other.request_len = out->request_len;
	memcpy(other.request, out->request, out->request_len);
	judge(at, policy, guard_head(&at->in, out->request, out->request_len), &other);
	if (other.reason != out->reason || other.reply_len != out->reply_len ||
		memcmp(other.reply, out->reply, out->reply_len) != 0)
		abort();
}
