/* The engine's core: its life, publication, and the one way by which records change.
 *
 * A change is written to a store transaction and the records are read back from it: what is in
 * memory is what the store holds, by construction, and the policy is built before the commit, so
 * that a policy that cannot be built (memory, an expression) undoes the change instead of leaving
 * the store ahead of what is in force. The cost is reading all small records on each change. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "control/server/engine_internal.h"
#include "nxsip/rcu.h"

#define ACK_HOLD_NS ((uint64_t)32 * 1000000000u) /* 64*T1: as long as our ACKs may come */

uint64_t nx_engine_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void nx_engine_say(struct nx_engine *e, const char *fmt, ...)
{
	char line[1400];
	va_list ap;

	if (!e->log)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	e->log(e->log_arg, line);
}

int nx_engine_idle(const struct nx_engine *e, struct nx_error *err)
{
	const struct nx_writer_info *w = nx_engine_writer(e);

	if (!w)
		return NX_OK;
	return nx_fail(err, NX_ERR_BUSY, "%s (%s, since %" PRIu64 " s): try again when it is done",
		w->what, w->client, (nx_engine_now_ns() - w->since_ns) / 1000000000u);
}

/* ---- publication ---- */

static bool has_class(const struct nx_config *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_classes; i++) {
		if (strcmp(c->classes[i].class.name, name) == 0)
			return true;
	}
	return false;
}

/* A class that went from the file while the daemon was down must neither keep it from starting nor
 * keep every later change from being made: its sources are left out of the policy. */
static uint32_t kept_sources(
	const struct nx_config *c, const struct nx_store_records *r, struct nx_source_def *kept)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_sources; i++) {
		if (has_class(c, r->sources[i].class))
			kept[n++] = r->sources[i];
	}
	return n;
}

static void say_lost_classes(struct nx_engine *e)
{
	for (uint32_t i = 0; i < e->records.n_sources; i++) {
		const struct nx_source_def *s = &e->records.sources[i];
		char prefix[56];

		if (has_class(e->config, s->class))
			continue;
		nx_prefix_format(&s->prefix, prefix);
		nx_engine_say(e,
			"source %s: the configuration has no class %s: left out; add the class, "
			"or set or delete the source",
			prefix, s->class);
	}
}

int nx_engine_build(struct nx_engine *e, const struct nx_config *config,
	const struct nx_store_records *records, struct nx_policy **out, struct nx_error *err)
{
	struct nx_policy_input in = {
		.config = config,
		.domains = records->domains,
		.n_domains = records->n_domains,
		.ranges = records->ranges,
		.n_ranges = records->n_ranges,
		.rules = records->rules,
		.n_rules = records->n_rules,
		.sources = records->sources,
		.n_sources = records->n_sources,
		.n_workers = e->n_workers,
		.bypass = records->meta.bypass,
		.shadow = records->meta.shadow,
		.bypass_ack_until_ns = e->bypass_ack_until_ns,
		.version = e->policy_version + 1,
	};
	struct nx_source_def *kept = calloc(records->n_sources + 1, sizeof(*kept));
	int rc;

	if (!kept)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for a policy");
	if (!*e->slot) /* without a policy everything passed unseen */
		nx_engine_hold_answers(e);
	in.settle_until_ns = e->settle_until_ns;
	in.recall = &e->recall;
	if (config == e->config) { /* a reload is refused instead: someone is there to read why */
		in.sources = kept;
		in.n_sources = kept_sources(config, records, kept);
	}
	nx_tag_key_init(&in.tag_key[0], 0, records->meta.tag_key);
	rc = nx_policy_build(&in, out, err);
	if (rc == NX_OK)
		e->policy_version++;
	free(kept);
	return rc;
}

void nx_engine_republish(struct nx_engine *e)
{
	struct nx_policy *p = NULL;
	struct nx_error err = {""};

	if (nx_engine_build(e, e->config, &e->records, &p, &err) != NX_OK)
		nx_engine_say(e,
			"no policy could be built (%s): every request passes until the next "
			"change or reload",
			err.text);
	nx_engine_publish(e, p);
}

/* ---- changes of records ---- */

static bool has_domain(const struct nx_store_records *r, uint32_t id)
{
	for (uint32_t i = 0; i < r->n_domains; i++) {
		if (r->domains[i].id == id)
			return true;
	}
	return false;
}

/* Hands the tables over to next, whose domains begin without. A new domain has no users: it gets an
 * empty table. */
static int carry_tables(struct nx_engine *e, struct nx_store_records *next, struct nx_error *err)
{
	for (uint32_t i = 0; i < next->n_domains; i++) {
		struct nx_domain_def *d = &next->domains[i];
		const struct nx_domain_def *old = nx_engine_domain(e, d->id);

		if (old) {
			d->users = old->users;
			d->has_heads = old->has_heads;
		} else if (nx_users_create(0, next->meta.users_secret, e->placement, &d->users) !=
			   NX_OK) {
			return nx_fail(err, NX_ERR_NOMEM, "no memory for the table of %s", d->name);
		}
	}
	return NX_OK;
}

/* Calls back with the tables that a has and b has not. */
static void lost_tables(struct nx_engine *e, const struct nx_store_records *a,
	const struct nx_store_records *b, void (*lost)(struct nx_engine *e, struct nx_users *t))
{
	for (uint32_t i = 0; i < a->n_domains; i++) {
		if (!has_domain(b, a->domains[i].id))
			lost(e, a->domains[i].users);
	}
}

static void free_table(struct nx_engine *e, struct nx_users *t)
{
	(void)e;
	nx_users_destroy(t);
}

static int change_once(
	struct nx_engine *e, nx_change_fn fn, void *arg, uint64_t *version, struct nx_error *err)
{
	struct nx_store_records next = {0};
	struct nx_policy *policy = NULL;
	struct nx_store_txn *t;
	int rc = nx_store_begin(e->store, &t, err);

	if (rc != NX_OK)
		return rc;
	if ((rc = fn(t, arg, err)) != NX_OK)
		goto fail;
	if ((rc = nx_store_txn_read_all(t, &next, err)) != NX_OK)
		goto fail;
	if ((rc = carry_tables(e, &next, err)) != NX_OK)
		goto fail;
	if ((rc = nx_engine_build(e, e->config, &next, &policy, err)) != NX_OK)
		goto fail;
	rc = nx_store_commit(t, &next.meta.version, err);
	t = NULL;
	if (rc != NX_OK)
		goto fail;
	nx_engine_publish(e, policy);
	lost_tables(e, &e->records, &next, nx_engine_discard_table);
	nx_store_records_fini(&e->records);
	e->records = next;
	if (version)
		*version = next.meta.version;
	return NX_OK;
fail:
	nx_store_abort(t);
	nx_policy_free(policy);
	lost_tables(e, &next, &e->records, free_table);
	nx_store_records_fini(&next);
	return rc;
}

static int change_now(
	struct nx_engine *e, nx_change_fn fn, void *arg, uint64_t *version, struct nx_error *err)
{
	int rc = change_once(e, fn, arg, version, err);

	if (rc == NX_ERR_FULL) /* the map grows at the next beginning */
		rc = change_once(e, fn, arg, version, err);
	return rc;
}

int nx_engine_change(
	struct nx_engine *e, nx_change_fn fn, void *arg, uint64_t *version, struct nx_error *err)
{
	int rc = nx_engine_ready(e, err);

	return rc == NX_OK ? change_now(e, fn, arg, version, err) : rc;
}

void nx_engine_fault(struct nx_engine *e, uint32_t domain, const char *why)
{
	struct nx_fault *f = e->faults, *end = e->faults + e->n_faults;

	while (f < end && f->domain != domain)
		f++;
	if (!why && f < end) {
		*f = end[-1];
		e->n_faults--;
	}
	if (!why)
		return;
	if (f == end) {
		f = realloc(e->faults, (e->n_faults + 1) * sizeof(*f));
		if (!f)
			return; /* the log has it */
		e->faults = f;
		f += e->n_faults++;
	}
	f->domain = domain;
	(void)snprintf(f->text, sizeof(f->text), "%s", why);
}

static const char *fault_of(const struct nx_engine *e, uint32_t domain)
{
	for (uint32_t i = 0; i < e->n_faults; i++) {
		if (e->faults[i].domain == domain)
			return e->faults[i].text;
	}
	return NULL;
}

void nx_engine_drop_table(struct nx_engine *e, uint32_t domain, const char *why)
{
	struct nx_domain_def *d = nx_engine_domain(e, domain);
	struct nx_users *old;
	struct nx_error err;

	if (!d)
		return;
	nx_engine_say(
		e, "domain %s: %s: its requests pass until its table is built anew", d->name, why);
	nx_engine_fault(e, domain, why);
	old = d->users;
	d->users = NULL;
	nx_engine_republish(e);
	nx_engine_discard_table(e, old);
	if (nx_engine_load_tables_start(e, &err) != NX_OK)
		nx_engine_say(e, "domain %s: its table is not built: %s", d->name, err.text);
}

/* ---- life ---- */

int nx_engine_create(struct nx_config *config, unsigned n_workers,
	const struct nx_placement *placement, struct nx_policy **policy_slot, nx_engine_log_cb log,
	void *log_arg, struct nx_engine **out, struct nx_error *err)
{
	struct nx_engine *e = calloc(1, sizeof(*e));
	struct nx_policy *policy;
	int rc;

	*out = NULL;
	if (!e)
		return nx_fail(err, NX_ERR_NOMEM, "no memory");
	e->n_workers = n_workers;
	e->placement = placement;
	e->slot = policy_slot;
	e->log = log;
	e->log_arg = log_arg;
	e->config = e->boot_config = config;
	e->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->event_fd < 0) {
		rc = nx_fail(err, NX_ERR_NOMEM, "eventfd: out of descriptors");
		goto fail;
	}
	if (!(e->grace = nx_grace_create(e->event_fd))) {
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory or thread for grace periods");
		goto fail;
	}
	rc = nx_store_open(config->store_path, config->store_map_mib, &e->store, err);
	if (rc != NX_OK)
		goto fail;
	if ((rc = nx_store_read_all(e->store, &e->records, err)) != NX_OK)
		goto fail;
	say_lost_classes(e);
	if (e->records.meta.bypass)
		e->bypass_ack_until_ns = nx_engine_now_ns() + ACK_HOLD_NS;
	if ((rc = nx_engine_build(e, config, &e->records, &policy, err)) != NX_OK)
		goto fail;
	atomic_init(&e->recall.until_ns, e->settle_until_ns); /* 0, or UINT64_MAX */
	rcu_register_thread();
	nx_rcu_offline();
	rcu_assign_pointer(*e->slot, policy);
	*out = e;
	return NX_OK;
fail:
	nx_store_records_fini(&e->records);
	nx_store_close(e->store);
	nx_grace_destroy(e->grace);
	if (e->event_fd >= 0)
		close(e->event_fd);
	free(e);
	return rc;
}

void nx_engine_destroy(struct nx_engine *e)
{
	if (!e)
		return;
	nx_engine_job_end(e);
	nx_engine_txn_close(e);
	nx_engine_publish(e, NULL);
	nx_grace_destroy(e->grace);
	for (uint32_t i = 0; i < e->n_litter; i++) {
		nx_policy_free(e->litter[i].policy);
		nx_users_destroy(e->litter[i].table);
	}
	for (uint32_t i = 0; i < e->records.n_domains; i++)
		nx_users_destroy(e->records.domains[i].users);
	nx_store_records_fini(&e->records);
	nx_store_close(e->store);
	free(e->faults);
	nx_load_result_fini(&e->result);
	if (e->config != e->boot_config)
		nx_config_free(e->config);
	nx_config_free(e->boot_config);
	close(e->event_fd);
	rcu_unregister_thread();
	free(e);
}

/* ---- reading ---- */

const struct nx_config *nx_engine_config(const struct nx_engine *e)
{
	return e->config;
}

const struct nx_config *nx_engine_boot_config(const struct nx_engine *e)
{
	return e->boot_config;
}

const struct nx_policy *nx_engine_policy(const struct nx_engine *e)
{
	return *e->slot;
}

const struct nx_store_records *nx_engine_records(const struct nx_engine *e)
{
	return &e->records;
}

bool nx_engine_loading(const struct nx_engine *e)
{
	return e->job && e->job->task;
}

const struct nx_writer_info *nx_engine_writer(const struct nx_engine *e)
{
	return e->job ? &e->job->holder : e->txn ? &e->txn->holder : NULL;
}

struct nx_domain_def *nx_engine_domain(struct nx_engine *e, uint32_t id)
{
	for (uint32_t i = 0; i < e->records.n_domains; i++) {
		if (e->records.domains[i].id == id)
			return &e->records.domains[i];
	}
	return NULL;
}

const struct nx_domain_def *nx_engine_domain_by_id(const struct nx_engine *e, uint32_t id)
{
	return nx_engine_domain((struct nx_engine *)(uintptr_t)e, id);
}

const struct nx_domain_def *nx_engine_domain_find(const struct nx_engine *e, const char *name)
{
	const struct nx_domain_def *d;

	return nx_engine_domain_named(e, name, &d, NULL) == NX_OK ? d : NULL;
}

int nx_engine_domain_named(const struct nx_engine *e, const char *name,
	const struct nx_domain_def **out, struct nx_error *err)
{
	char folded[NX_DOMAIN_NAME_MAX];
	int rc = nx_domain_name_fold(name, folded, err);

	if (rc != NX_OK)
		return rc;
	for (uint32_t i = 0; i < e->records.n_domains; i++) {
		if (strcmp(e->records.domains[i].name, folded) == 0) {
			*out = &e->records.domains[i];
			return NX_OK;
		}
	}
	return nx_fail(err, NX_ERR_NOT_FOUND, "no domain %s: add it first (domain add %s)", folded,
		folded);
}

void nx_engine_domain_info(const struct nx_engine *e, uint32_t i, struct nx_domain_info *out)
{
	const struct nx_domain_def *d = &e->records.domains[i];
	uint64_t count[4] = {0};

	if (e->job && !e->job->taken && e->job->domain == d->id) {
		*out = e->job->before; /* the loader may be writing the table */
		return;
	}
	*out = (struct nx_domain_info){.ready = d->users != NULL, .fault = fault_of(e, d->id)};
	if (!d->users) {
		(void)nx_store_user_count(e->store, d->id, &out->known, NULL);
		return;
	}
	nx_users_counts(d->users, count);
	out->known = count[NX_USER_KNOWN];
	out->gone = count[NX_USER_GONE];
	out->head = count[NX_USER_HEAD];
	out->bytes = nx_users_bytes(d->users);
}

int nx_engine_tallies(
	const struct nx_engine *e, struct nx_tally *out, uint64_t *version, struct nx_error *err)
{
	return nx_store_tallies(
		e->store, e->records.domains, e->records.n_domains, out, version, err);
}

int nx_engine_explain(struct nx_engine *e, const struct nx_explain_query *q,
	struct nx_explanation *out, struct nx_error *err)
{
	int rc;

	if (!*e->slot)
		return nx_fail(err, NX_ERR_BUSY,
			"no policy is in force: every request passes until the next change");
	nx_rcu_online(); /* the loader may retire parts of a table */
	rc = nx_explain(*e->slot, q, out);
	nx_rcu_offline();
	return rc == NX_OK ? rc : nx_fail(err, rc, "the URI does not fit a datagram");
}

/* ---- switches and configuration ---- */

static int store_flags(struct nx_store_txn *t, void *arg, struct nx_error *err)
{
	const struct nx_store_meta *flags = arg;
	struct nx_store_meta m;
	int rc = nx_store_meta_get(t, &m, err);

	if (rc != NX_OK)
		return rc;
	m.bypass = flags->bypass;
	m.shadow = flags->shadow;
	return nx_store_meta_put(t, &m, err);
}

/* Neither bulk work nor a worker that stands still must keep an operator from the switches. */
static int set_flags(struct nx_engine *e, const struct nx_store_meta *flags, bool *deferred,
	uint64_t *version, struct nx_error *err)
{
	bool held = nx_engine_writer(e) != NULL;
	struct nx_store_records next = e->records;
	struct nx_policy *policy;
	int rc;

	if (deferred)
		*deferred = held;
	if (flags->bypass == e->records.meta.bypass && flags->shadow == e->records.meta.shadow) {
		if (version)
			*version = flags->version;
		return NX_OK;
	}
	if (!nx_engine_has_room(e))
		return nx_engine_stalled(e, err);
	if (!held)
		return change_now(e, store_flags, (void *)(uintptr_t)flags, version, err);
	next.meta = *flags;
	if ((rc = nx_engine_build(e, e->config, &next, &policy, err)) != NX_OK)
		return rc;
	nx_engine_publish(e, policy);
	e->records.meta = *flags;
	e->flags_deferred = true;
	if (version)
		*version = e->records.meta.version;
	return NX_OK;
}

int nx_engine_bypass(
	struct nx_engine *e, bool on, bool *deferred, uint64_t *version, struct nx_error *err)
{
	struct nx_store_meta flags = e->records.meta;

	if (on && !flags.bypass)
		e->bypass_ack_until_ns = nx_engine_now_ns() + ACK_HOLD_NS;
	if (!on && flags.bypass)
		nx_engine_hold_answers(e);
	flags.bypass = on;
	return set_flags(e, &flags, deferred, version, err);
}

int nx_engine_shadow_box(
	struct nx_engine *e, bool on, bool *deferred, uint64_t *version, struct nx_error *err)
{
	struct nx_store_meta flags = e->records.meta;

	flags.shadow = on;
	return set_flags(e, &flags, deferred, version, err);
}

int nx_engine_reload(
	struct nx_engine *e, struct nx_config *next, uint64_t *policy_version, struct nx_error *err)
{
	const uint64_t settle_until_ns = e->settle_until_ns;
	struct nx_policy *policy;
	int rc = nx_engine_ready(e, err);

	if (rc != NX_OK)
		return rc;
	if (!nx_config_judges_alike(e->config, next))
		nx_engine_hold_answers(e);
	if ((rc = nx_engine_build(e, next, &e->records, &policy, err)) != NX_OK) {
		e->settle_until_ns = settle_until_ns;
		return rc;
	}
	nx_engine_publish(e, policy);
	if (e->config != e->boot_config)
		nx_config_free(e->config);
	e->config = next;
	if (policy_version)
		*policy_version = e->policy_version;
	if (nx_engine_load_tables_start(e, err) != NX_OK)
		nx_engine_say(e, "tables are not built: %s", err ? err->text : "no thread");
	return NX_OK;
}
