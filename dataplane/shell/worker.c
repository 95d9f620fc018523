/* The poll loop: receive a burst, judge it, send what passes by the other port and replies by the
 * port of arrival, quiescent state; no lock, no allocation but mbufs, no system call but the sleep
 * of an idle adaptive worker.
 * A packet's reason is counted after its transmission was tried, so that a full ring is a reason
 * like any other and the reasons always add up to the packets received. */
#include <sys/random.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/core/pipeline.h"
#include "dataplane/core/reply.h"
#include "dataplane/shell/attach.h"
#include "dataplane/shell/poison.h"
#include "dataplane/shell/worker.h"
#include "nxsip/rcu.h"

#define IDLE_POLLS   20000 /* empty loops before an adaptive worker sleeps: some ms */
#define SLEEP_MIN_NS 20000L
#define SLEEP_MAX_NS 400000L /* the most that an idle worker adds to a packet's way */
#define TX_TRIES     8       /* calls into a full transmit ring before a packet is given up */

/* Packets on their way to one port. */
struct tx_batch {
	unsigned n;
	struct rte_mbuf *m[NX_BURST_MAX];
	uint8_t reason[NX_BURST_MAX], source[NX_BURST_MAX]; /* source class */
};

struct nx_worker *nx_worker_create(unsigned index, unsigned lcore)
{
	int socket = (int)rte_lcore_to_socket_id(lcore);
	struct nx_worker *w = rte_zmalloc_socket("worker", sizeof(*w), 64, socket);
	uint8_t *linear, key[NX_PIPELINE_KEYS][16];

	if (!w)
		return NULL;
	if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
		rte_free(w);
		return NULL;
	}
	nx_pipeline_init(&w->pipeline, index, key);
	linear = rte_malloc_socket("linear", NX_BURST_MAX * NX_FRAME_MAX, 64, socket);
	if (!linear) {
		rte_free(w);
		return NULL;
	}
	for (unsigned i = 0; i < NX_BURST_MAX; i++)
		w->linear[i] = linear + i * NX_FRAME_MAX;
	w->index = index;
	w->lcore = lcore;
	return w;
}

void nx_worker_destroy(struct nx_worker *w)
{
	if (!w)
		return;
	rte_free(w->linear[0]);
	rte_free(w);
}

static void count(struct nx_worker *w, unsigned source, unsigned reason)
{
	nx_count(&w->stats.reason[source][reason], 1);
}

static void queue(struct tx_batch *batch, struct rte_mbuf *m, const struct nx_packet *p)
{
	batch->m[batch->n] = m;
	batch->source[batch->n] = p->class;
	batch->reason[batch->n++] = p->reason;
}

/* Queues a frame that passes.  Return: false where the port could not send it whole. */
static bool queue_pass(const struct nx_port *out, struct tx_batch *batch, struct rte_mbuf *m,
	const struct nx_packet *p)
{
	if (m->pkt_len > out->frame_max ||
		(m->nb_segs > 1 && !out->tx_multi_segs && rte_pktmbuf_linearize(m) != 0))
		return false;
	queue(batch, m, p);
	return true;
}

/* Where a reply is written: behind its request, in the same buffer, where a reply of the request's
 * length, which none exceeds, has room and the buffer is ours alone; else in a fresh one.
 * Return: the mbuf, NULL where none is free.  Out: *off, from the buffer's start. */
static inline struct rte_mbuf *reply_buffer(
	const struct nx_port *port, struct rte_mbuf *m, uint16_t *off)
{
	uint32_t behind = RTE_ALIGN_CEIL((uint32_t)m->data_off + m->data_len, RTE_CACHE_LINE_SIZE);
	struct rte_mbuf *fresh;

	if (likely(behind + m->pkt_len <= m->buf_len && m->nb_segs == 1 && RTE_MBUF_DIRECT(m) &&
		    rte_mbuf_refcnt_read(m) == 1)) {
		*off = (uint16_t)behind;
		return m;
	}
	fresh = rte_pktmbuf_alloc(port->pool);
	if (fresh)
		*off = fresh->data_off;
	return fresh;
}

/* Builds the reply to p, which m brought.
 * Return: the mbuf that holds it, m or a fresh one. NULL where there is none: p->reason says why it
 * passes (rules 22, 23), and m is as it was. */
static inline struct rte_mbuf *reply_make(struct nx_worker *w, const struct nx_port *port,
	const struct nx_reply_options *options, struct nx_packet *p, struct rte_mbuf *m)
{
	uint16_t off;
	struct rte_mbuf *to = reply_buffer(port, m, &off);
	uint32_t len;

	if (!to) {
		nx_pipeline_give_up(&w->pipeline, w->now_ns, p, NX_R_NO_BUFFER);
		return NULL;
	}
	nx_unpoison_from(to, off);
	len = nx_reply_build(p, nx_reason_info(p->reason)->verdict, options,
		(uint8_t *)to->buf_addr + off, (uint32_t)to->buf_len - off);
	if (unlikely(len == 0)) {
		nx_pipeline_give_up(&w->pipeline, w->now_ns, p, NX_R_REPLY_SIZE);
		if (to != m)
			rte_pktmbuf_free(to);
		return NULL;
	}
	to->data_off = off;
	to->data_len = (uint16_t)len;
	to->pkt_len = len;
	to->ol_flags = 0;
	if (port->tx_ip_csum || port->tx_udp_csum) {
		to->tx_offload = rte_mbuf_tx_offload(
			p->l3_off, (uint64_t)(nx_reply_l4_off(p) - p->l3_off), 0, 0, 0, 0, 0);
		to->ol_flags = (p->is_v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
			       (port->tx_ip_csum && !p->is_v6 ? RTE_MBUF_F_TX_IP_CKSUM : 0) |
			       (port->tx_udp_csum ? RTE_MBUF_F_TX_UDP_CKSUM : 0);
	}
	return to;
}

static bool is_answered(const struct nx_packet *p)
{
	enum nx_verdict verdict = nx_reason_info(p->reason)->verdict;

	return verdict == NX_404 || verdict == NX_604;
}

/* Makes the replies of a burst that came in m.  Out: reply[i], NULL where packet i is not answered.
 */
static void make_replies(struct nx_worker *w, const struct nx_policy *policy,
	const struct nx_port *port, struct rte_mbuf *const m[], unsigned n,
	struct rte_mbuf *reply[])
{
	const struct nx_packet *answered[NX_BURST_MAX];
	char tag[NX_BURST_MAX][NX_TO_TAG_LEN];
	struct nx_reply_peer peer;
	struct nx_reply_options options = {
		.policy = policy,
		.peer = &peer,
		.hw_ip_csum = port->tx_ip_csum,
		.hw_udp_csum = port->tx_udp_csum,
		.mtu = port->mtu,
	};
	unsigned wanted = 0;

	for (unsigned i = 0; i < n; i++) {
		reply[i] = NULL;
		if (is_answered(&w->packet[i]))
			answered[wanted++] = &w->packet[i];
	}
	if (wanted == 0)
		return;
	nx_reply_tags(&policy->tag_key[0], answered, wanted, tag);
	peer.like = NULL;
	for (unsigned i = 0; i < wanted; i++) {
		unsigned at = (unsigned)(answered[i] - w->packet);
		struct nx_packet *p = &w->packet[at];

		options.tag = tag[i];
		options.reason_header =
			p->sip.method == NX_M_INVITE && p->key.kind == NX_KEY_NUMBER;
		reply[at] = reply_make(w, port, &options, p, m[at]);
	}
}

/* Packets of one reason, as a batch mostly holds them, are counted at once. */
static inline void count_sent(struct nx_worker *w, const struct tx_batch *batch, unsigned sent)
{
	for (unsigned i = 0, j; i < sent; i = j) {
		const unsigned source = batch->source[i], reason = batch->reason[i];

		for (j = i + 1; j < sent; j++)
			if (batch->source[j] != source || batch->reason[j] != reason)
				break;
		nx_count(&w->stats.reason[source][reason], j - i);
	}
}

/* Sends a batch, counts what became of each packet, and leaves the batch empty. */
static void transmit(
	struct nx_worker *w, const struct nx_port *port, struct tx_batch *batch, bool replies)
{
	uint64_t bytes = 0;
	unsigned sent = 0;

	for (unsigned i = 0; i < batch->n; i++)
		bytes += batch->m[i]->pkt_len;
	for (unsigned tries = 0; sent < batch->n && tries < TX_TRIES; tries++)
		sent += rte_eth_tx_burst(
			port->id, (uint16_t)w->index, batch->m + sent, (uint16_t)(batch->n - sent));
	count_sent(w, batch, sent);
	for (unsigned i = sent; i < batch->n; i++) {
		bytes -= batch->m[i]->pkt_len;
		count(w, batch->source[i], NX_R_TX_FULL);
		rte_pktmbuf_free(batch->m[i]);
	}
	nx_count(&w->stats.tx_packets, sent);
	nx_count(&w->stats.tx_bytes, bytes);
	if (replies)
		nx_count(&w->stats.tx_replies, sent);
}

/* Carries the verdicts of a burst out. */
static void dispatch(struct nx_worker *w, const struct nx_policy *policy, struct nx_port *port,
	struct rte_mbuf **m, unsigned n)
{
	const struct nx_port *peer = &w->ports[port->peer];
	struct tx_batch pass, replies;
	struct rte_mbuf *reply[NX_BURST_MAX], *done[NX_BURST_MAX];
	unsigned n_done = 0;

	pass.n = replies.n = 0;
	make_replies(w, policy, port, m, n, reply);
	for (unsigned i = 0; i < n; i++) {
		const struct nx_packet *p = &w->packet[i];

		nx_unpoison(m[i]);
		if (reply[i]) {
			queue(&replies, reply[i], p);
			if (reply[i] == m[i])
				continue;
		} else if (nx_reason_info(p->reason)->verdict != NX_PASS) {
			count(w, p->class, p->reason);
		} else if (!queue_pass(peer, &pass, m[i], p)) {
			count(w, p->class, NX_R_TX_OVERSIZE);
		} else {
			continue;
		}
		done[n_done++] = m[i];
	}
	if (n_done)
		rte_pktmbuf_free_bulk(done, n_done);
	if (pass.n)
		transmit(w, peer, &pass, false);
	if (replies.n)
		transmit(w, port, &replies, true);
}

/* Nothing here needs time finer than the kernel's tick, which costs no reading of a counter. */
static uint64_t coarse_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static unsigned poll_port(struct nx_worker *w, struct nx_port *port, const struct nx_policy *policy)
{
	struct rte_mbuf *m[NX_BURST_MAX];
	struct nx_packet *pkts[NX_BURST_MAX];
	unsigned n = rte_eth_rx_burst(port->id, (uint16_t)w->index, m, NX_BURST_MAX);
	uint64_t bytes = 0;

	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	for (unsigned i = 0; i < n; i++) {
		nx_poison(m[i]);
		nx_attach(&w->packet[i], m[i], port->core_side, w->linear[i]);
		bytes += m[i]->pkt_len;
		pkts[i] = &w->packet[i];
	}
	nx_count(&w->stats.rx_packets, n);
	nx_count(&w->stats.rx_bytes, bytes);
	w->now_ns = coarse_now_ns();
	nx_pipeline_judge(&w->pipeline, policy, w->now_ns, pkts, n);
	dispatch(w, policy, port, m, n);
	return n;
}

/* Sleeps with RCU offline, so that no grace period waits for an idle worker. */
static void nap(struct nx_worker *w, long *sleep_ns)
{
	struct timespec ts = {.tv_nsec = *sleep_ns};

	nx_rcu_offline();
	(void)nanosleep(&ts, NULL);
	nx_rcu_online();
	*sleep_ns = RTE_MIN(2 * *sleep_ns, SLEEP_MAX_NS);
	nx_count(&w->stats.sleeps, 1);
}

int nx_worker_run(void *arg)
{
	struct nx_worker *w = arg;
	unsigned idle = 0;
	long sleep_ns = SLEEP_MIN_NS;

	rcu_register_thread();
	while (!atomic_load_explicit(w->stop, memory_order_relaxed)) {
		const struct nx_policy *policy = rcu_dereference(*w->policy);
		unsigned received = 0;

		for (unsigned i = 0; i < w->n_ports; i++)
			received += poll_port(w, &w->ports[i], policy);
		nx_rcu_quiescent();
		nx_count(&w->stats.loops, 1);
		if (received) {
			idle = 0;
			sleep_ns = SLEEP_MIN_NS;
			continue;
		}
		nx_count(&w->stats.idle_loops, 1);
		if (w->adaptive && ++idle > IDLE_POLLS)
			nap(w, &sleep_ns);
	}
	rcu_unregister_thread();
	return 0;
}
