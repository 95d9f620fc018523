/* hello, status, stats: what the daemon is and what it has counted. Counters are summed over the
 * workers while they run on: each is whole, the sum is of about now. */
#include "control/server/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nxsip/protocol.h"

#define NS_PER_S 1000000000u

struct totals {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, tx_replies;
	uint64_t reason[NX_CLASS_MAX][NX_REASON_COUNT];
};

static void sum_workers(const struct nx_server *s, struct totals *t)
{
	*t = (struct totals){0};
	for (unsigned w = 0; w < s->dp.workers(s->dp.dp); w++) {
		const struct nx_worker_stats *stats = s->dp.stats(s->dp.dp, w);

		t->rx_packets += nx_counted(&stats->rx_packets);
		t->rx_bytes += nx_counted(&stats->rx_bytes);
		t->tx_packets += nx_counted(&stats->tx_packets);
		t->tx_bytes += nx_counted(&stats->tx_bytes);
		t->tx_replies += nx_counted(&stats->tx_replies);
		for (unsigned c = 0; c < NX_CLASS_MAX; c++)
			for (unsigned r = 0; r < NX_REASON_COUNT; r++)
				t->reason[c][r] += nx_counted(&stats->reason[c][r]);
	}
}

static uint64_t reason_total(const struct totals *t, unsigned reason)
{
	uint64_t n = 0;

	for (unsigned c = 0; c < NX_CLASS_MAX; c++)
		n += t->reason[c][reason];
	return n;
}

static int hello(struct nx_call *call)
{
	uint32_t spoken = nx_call_u32(call, "protocol", 0);

	if (spoken != NX_PROTOCOL)
		return nx_fail(&call->err, NX_ERR_UNSUPPORTED,
			"protocol %u is not spoken here, %d is: use an nxsipctl of version %s",
			spoken, NX_PROTOCOL, NX_VERSION);
	call->result = json_pack("{s:i, s:s, s:s}", "protocol", NX_PROTOCOL, "version", NX_VERSION,
		"name", nx_engine_boot_config(call->server->engine)->box.name);
	return 0;
}

json_t *nx_rpc_digest(struct nx_digest d)
{
	char text[NX_DIGEST_TEXT];

	nx_digest_text(d, text);
	return json_string(text);
}

static json_t *domain(const struct nx_engine *e, uint32_t i, const struct nx_tally *tally)
{
	const struct nx_domain_def *d = &nx_engine_records(e)->domains[i];
	struct nx_domain_info info;

	nx_engine_domain_info(e, i, &info);
	return json_pack("{s:s, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:o, s:s?}", "name",
		d->name, "authoritative", d->authoritative, "complete", d->complete, "shadow",
		d->shadow, "ready", info.ready, "known", (json_int_t)info.known, "gone",
		(json_int_t)info.gone, "head", (json_int_t)info.head, "bytes",
		(json_int_t)info.bytes, "digest",
		tally ? nx_rpc_digest(tally->digest) : json_null(), "fault", info.fault);
}

/* NULL: the store cannot be read, or no memory; to be freed. */
static struct nx_tally *tallies(const struct nx_engine *e, uint64_t *version, struct nx_error *err)
{
	struct nx_tally *t = calloc(nx_engine_records(e)->n_domains + (size_t)1, sizeof(*t));

	if (t && nx_engine_tallies(e, t, version, err) == 0)
		return t;
	free(t);
	return NULL;
}

json_t *nx_rpc_domains(const struct nx_engine *e, json_t **whole)
{
	const struct nx_store_records *records = nx_engine_records(e);
	struct nx_tally *tally = tallies(e, NULL, NULL);
	json_t *list = json_array();

	for (uint32_t i = 0; i < records->n_domains; i++)
		(void)json_array_append_new(list, domain(e, i, tally ? &tally[i] : NULL));
	if (whole)
		*whole = tally ? nx_rpc_digest(nx_digest_whole(records, tally)) : json_null();
	free(tally);
	return list;
}

static int digest(struct nx_call *call)
{
	const struct nx_engine *e = call->server->engine;
	const struct nx_store_records *records = nx_engine_records(e);
	const char *name = nx_call_string(call, "domain");
	const struct nx_domain_def *only = name ? nx_engine_domain_find(e, name) : NULL;
	struct nx_error err = {"no memory"};
	json_t *list = json_array();
	struct nx_tally *tally;
	uint64_t version, count = 0;

	if (name && !only) {
		json_decref(list);
		return nx_fail(&call->err, NX_ERR_NOT_FOUND, "there is no domain \"%.253s\"", name);
	}
	if (!(tally = tallies(e, &version, &err))) {
		json_decref(list);
		return nx_fail(&call->err, NX_ERR_IO, "the digests cannot be read: %s", err.text);
	}
	for (uint32_t i = 0; i < records->n_domains; i++) {
		count += tally[i].count;
		if (!only || only == &records->domains[i])
			(void)json_array_append_new(
				list, json_pack("{s:s, s:I, s:o}", "name", records->domains[i].name,
					      "count", (json_int_t)tally[i].count, "digest",
					      nx_rpc_digest(tally[i].digest)));
	}
	call->result = json_pack("{s:I, s:I, s:o, s:o}", "version", (json_int_t)version, "count",
		(json_int_t)count, "digest", nx_rpc_digest(nx_digest_whole(records, tally)),
		"domains", list);
	free(tally);
	return 0;
}

/* Who holds the grace period up: workers whose loop has not turned since the last sample. */
static json_t *stall(const struct nx_server *s)
{
	uint64_t stall_ns = nx_engine_stall_ns(s->engine);
	json_t *workers;

	if (stall_ns == 0)
		return json_null();
	workers = json_array();
	for (unsigned w = 0; w < s->dp.workers(s->dp.dp) && w < NX_WORKER_MAX; w++)
		if (nx_counted(&s->dp.stats(s->dp.dp, w)->loops) == s->idle[w].loops)
			(void)json_array_append_new(workers, json_integer((json_int_t)w));
	return json_pack(
		"{s:I, s:o}", "since_s", (json_int_t)(stall_ns / NS_PER_S), "workers", workers);
}

static json_t *writer(const struct nx_engine *e)
{
	const struct nx_writer_info *w = nx_engine_writer(e);

	if (!w)
		return json_null();
	return json_pack("{s:s, s:I, s:o}", "client", w->client, "since_s",
		(json_int_t)((nx_now_ns() - w->since_ns) / NS_PER_S), "what",
		nx_json_text(w->what, strlen(w->what)));
}

static json_t *worker_status(const struct nx_server *s)
{
	json_t *list = json_array();

	for (unsigned w = 0; w < s->dp.workers(s->dp.dp); w++)
		(void)json_array_append_new(
			list, json_pack("{s:i, s:I, s:I, s:i}", "worker", (int)w, "core",
				      (json_int_t)s->dp.worker_core(s->dp.dp, w), "rx_packets",
				      (json_int_t)nx_counted(&s->dp.stats(s->dp.dp, w)->rx_packets),
				      "idle_percent", (int)s->idle[w].percent));
	return list;
}

static json_t *verdict_totals(const struct totals *t)
{
	uint64_t count[NX_VERDICT_COUNT] = {0};
	json_t *verdicts = json_object();

	for (unsigned r = 0; r < NX_REASON_COUNT; r++)
		count[nx_reason_info(r)->verdict] += reason_total(t, r);
	for (unsigned v = 0; v < NX_VERDICT_COUNT; v++)
		(void)json_object_set_new(verdicts, nx_verdict_name((enum nx_verdict)v),
			json_integer((json_int_t)count[v]));
	return verdicts;
}

static int status(struct nx_call *call)
{
	const struct nx_server *s = call->server;
	const struct nx_store_meta *meta = &nx_engine_records(s->engine)->meta;
	const struct nx_policy *policy = nx_engine_policy(s->engine);
	json_t *whole, *domains = nx_rpc_domains(s->engine, &whole);
	struct totals t;

	sum_workers(s, &t);
	call->result = json_pack(
		"{s:s, s:s, s:i, s:I, s:s, s:i, s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", nx_engine_boot_config(s->engine)->box.name, "version", NX_VERSION, "pid",
		(int)getpid(), "uptime_s", (json_int_t)((nx_now_ns() - s->started_ns) / NS_PER_S),
		"state", nx_engine_loading(s->engine) ? "loading" : "serving", "settling_s",
		(int)nx_engine_settling_s(s->engine), "bypass", meta->bypass, "shadow",
		meta->shadow, "policy_version", (json_int_t)(policy ? policy->version : 0),
		"data_version", (json_int_t)meta->version, "digest", whole, "writer",
		writer(s->engine), "stall", stall(s), "workers", worker_status(s), "domains",
		domains, "verdicts", verdict_totals(&t));
	return 0;
}

static json_t *reason_counts(const struct totals *t)
{
	json_t *reasons = json_object();

	for (unsigned r = 0; r < NX_REASON_COUNT; r++) {
		const struct nx_reason_info *info = nx_reason_info(r);

		(void)json_object_set_new(reasons, info->name,
			json_pack("{s:s, s:I}", "verdict", nx_verdict_name(info->verdict), "count",
				(json_int_t)reason_total(t, r)));
	}
	return reasons;
}

/* A class that a reload has taken away keeps its counts, under its number. */
static void class_name(const struct nx_config *config, unsigned c, char out[NX_NAME_MAX])
{
	if (c < config->n_classes)
		(void)snprintf(out, NX_NAME_MAX, "%s", config->classes[c].class.name);
	else
		(void)snprintf(out, NX_NAME_MAX, "class-%u", c);
}

static json_t *class_counts(const struct nx_server *s, const struct totals *t)
{
	json_t *classes = json_object();

	for (unsigned c = 0; c < NX_CLASS_MAX; c++) {
		json_t *counts = json_object();
		char name[NX_NAME_MAX];

		for (unsigned r = 0; r < NX_REASON_COUNT; r++)
			if (t->reason[c][r] > 0)
				(void)json_object_set_new(counts, nx_reason_info(r)->name,
					json_integer((json_int_t)t->reason[c][r]));
		class_name(nx_engine_config(s->engine), c, name);
		if (json_object_size(counts) > 0)
			(void)json_object_set(classes, name, counts);
		json_decref(counts);
	}
	return classes;
}

static json_t *worker_counts(const struct nx_server *s)
{
	json_t *list = json_array();

	for (unsigned w = 0; w < s->dp.workers(s->dp.dp); w++) {
		const struct nx_worker_stats *stats = s->dp.stats(s->dp.dp, w);

		(void)json_array_append_new(
			list, json_pack("{s:i, s:I, s:I, s:I}", "worker", (int)w, "core",
				      (json_int_t)s->dp.worker_core(s->dp.dp, w), "rx_packets",
				      (json_int_t)nx_counted(&stats->rx_packets), "tx_packets",
				      (json_int_t)nx_counted(&stats->tx_packets)));
	}
	return list;
}

static int stats(struct nx_call *call)
{
	const struct nx_server *s = call->server;
	struct totals t;

	sum_workers(s, &t);
	call->result = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "monotonic_ns",
		(json_int_t)nx_now_ns(), "rx_packets", (json_int_t)t.rx_packets, "rx_bytes",
		(json_int_t)t.rx_bytes, "tx_packets", (json_int_t)t.tx_packets, "tx_bytes",
		(json_int_t)t.tx_bytes, "tx_replies", (json_int_t)t.tx_replies, "reasons",
		reason_counts(&t), "classes", class_counts(s, &t), "workers", worker_counts(s));
	return 0;
}

void nx_rpc_sample_idle(struct nx_server *s)
{
	for (unsigned w = 0; w < s->dp.workers(s->dp.dp) && w < NX_WORKER_MAX; w++) {
		const struct nx_worker_stats *now = s->dp.stats(s->dp.dp, w);
		struct nx_idle_sample *last = &s->idle[w];
		uint64_t idle = nx_counted(&now->idle_loops), loops = nx_counted(&now->loops);
		uint64_t idle_since = idle - last->idle_loops, since = loops - last->loops;

		if (since > 0)
			last->percent =
				idle_since < since ? (unsigned)(100 * idle_since / since) : 100;
		last->loops = loops;
		last->idle_loops = idle;
	}
}

const struct nx_method nx_rpc_status[] = {
	{"hello", hello, 0, {NX_INT("protocol", true, 0, UINT32_MAX)}},
	{"status", status, 0, {{0}}},
	{"digest", digest, 0, {NX_TEXT("domain", false)}},
	{"stats", stats, 0, {{0}}},
	{0},
};
