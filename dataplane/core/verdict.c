/* The only decider: "the verdict, in order" of the design, rule by rule. Each step either names a
 * reason or leaves the packet to the next. Whatever is not plainly wrong passes: a 404 that should
 * not have been sent kills a real call. */
#include "dataplane/core/verdict.h"

#include "dataplane/core/bytes.h"
#include "dataplane/core/reply.h"
#include "dataplane/core/route.h"
#include "dataplane/core/uri.h"

/* Ports of protocols that answer whatever reaches them: a reply sent there would start a loop or
 * an amplification (rule 12). */
static bool is_reflector(uint16_t port)
{
	switch (port) {
	case 0:
	case 7:
	case 9:
	case 17:
	case 19:
	case 53:
	case 69:
	case 123:
	case 161:
	case 389:
	case 1900:
	case 5353:
	case 11211:
		return true;
	default:
		return false;
	}
}

void nx_verdict_admit(const struct nx_policy *policy, uint64_t now_ns, struct nx_packet *p)
{
	p->service = nx_policy_service(policy, p->vlan, &p->dst, p->dst_port);
	p->class = 0;
	p->own_source = false;
	if (p->service < 0) {
		p->admitted = NX_R_NOT_SERVICE;
		return;
	}
	p->class = (uint8_t)nx_policy_class(policy, &p->src);
	p->own_source = nx_policy_is_own(policy, &p->src);
	if (policy->services[p->service].originating)
		p->admitted = NX_R_ORIGINATING;
	else if (policy->bypass && now_ns >= policy->bypass_ack_until_ns)
		p->admitted = NX_R_BYPASS;
	else if (p->own_source)
		p->admitted = NX_R_SELF_SOURCE;
	else if (is_reflector(p->src_port))
		p->admitted = NX_R_REFLECTION;
	else
		p->admitted = NX_R_UNDECIDED;
}

/* Facts that the next stages have nothing to say to: the request passes for one of them. */
#define HOLDS                                                                             \
	(NX_SIP_TO_TAG | NX_SIP_DIALOG_HEADER | NX_SIP_VIA_MADDR | NX_SIP_PROXY_REQUIRE | \
		NX_SIP_MAX_FORWARDS_0 | EMERGENCY)
#define EMERGENCY (NX_SIP_RESOURCE_PRIORITY | NX_SIP_PRIORITY_EMERGENCY | NX_SIP_PSAP_CALLBACK)

/* Rules 3 to 9: is this request ours to answer? */
static unsigned check_method(const struct nx_class *class, const struct nx_sip *sip)
{
	switch (sip->method) {
	case NX_M_INVITE:
	case NX_M_MESSAGE:
	case NX_M_SUBSCRIBE:
	case NX_M_PUBLISH:
	case NX_M_REFER:
		return NX_R_UNDECIDED;
	case NX_M_CANCEL:
		return NX_R_CANCEL;
	case NX_M_REGISTER:
		return class->register_answer ? NX_R_UNDECIDED : NX_R_REGISTER;
	case NX_M_OPTIONS:
		return class->options_as_invite ? NX_R_UNDECIDED : NX_R_OPTIONS;
	default:
		return NX_R_METHOD;
	}
}

/* The first that holds is the reason. */
static unsigned check_flags(const struct nx_sip *sip)
{
	if (sip->flags & NX_SIP_TO_TAG)
		return NX_R_IN_DIALOG;
	if (sip->flags & NX_SIP_DIALOG_HEADER)
		return NX_R_DIALOG_TARGET;
	if (!(sip->flags & NX_SIP_VIA_UDP))
		return NX_R_VIA_TRANSPORT;
	if (sip->flags & NX_SIP_VIA_MADDR)
		return NX_R_VIA_MADDR;
	if (sip->flags & NX_SIP_PROXY_REQUIRE)
		return NX_R_PROXY_REQUIRE;
	if (sip->flags & NX_SIP_MAX_FORWARDS_0)
		return NX_R_MAX_FORWARDS;
	return NX_R_UNDECIDED;
}

static unsigned check_request(
	const struct nx_policy *policy, const struct nx_class *class, const struct nx_packet *p)
{
	const struct nx_sip *sip = &p->sip;
	unsigned reason = check_method(class, sip);

	if (reason == NX_R_UNDECIDED)
		reason = check_flags(sip);
	if (reason != NX_R_UNDECIDED)
		return reason;
	if (sip->n_route && !nx_route_is_own(policy, p))
		return NX_R_ROUTE;
	return sip->flags & EMERGENCY ? NX_R_EMERGENCY : NX_R_UNDECIDED;
}

/* What nearly all requests are, and check_request has nothing against: an INVITE that none of the
 * facts holds, over UDP and without a Route. */
static inline bool is_usual(const struct nx_sip *sip)
{
	return sip->method == NX_M_INVITE && sip->n_route == 0 &&
	       (sip->flags & (HOLDS | NX_SIP_VIA_UDP)) == NX_SIP_VIA_UDP;
}

/* The domain that a URI's host names on this service; a tel URI names no host, so only `any`
 * serves it. */
static int32_t uri_domain(
	const struct nx_service *service, const uint8_t *msg, const struct nx_uri *uri)
{
	if (uri->scheme == NX_URI_TEL)
		return service->hosts.any_domain;
	return nx_hosts_find(service, msg + uri->host.off, uri->host.len, uri->port);
}

/* Who is asked for at a URI: domain and key (rules 10, 11, 30 to 34). */
static inline __attribute__((always_inline)) unsigned identify(const struct nx_policy *policy,
	const struct nx_packet *p, const struct nx_uri *uri, int32_t *domain, struct nx_key *key)
{
	const struct nx_service *service = &policy->services[p->service];
	const struct nx_class *class = &policy->classes[p->class];
	const uint8_t *msg = nx_payload(p);
	unsigned reason = nx_key_from_uri(msg, uri, service->kind,
		class->plan ? class->plan : service->plan, &policy->emergency, key);

	if (reason != NX_R_UNDECIDED)
		return reason;
	*domain = uri_domain(service, msg, uri);
	return *domain < 0 ? NX_R_HOST : NX_R_UNDECIDED;
}

/* A REGISTER names its user in To and its domain in the Request-URI (rule 7, 10.2): both must lead
 * to the same domain. */
static out_of_line unsigned identify_register(const struct nx_policy *policy, struct nx_packet *p)
{
	const struct nx_service *service = &policy->services[p->service];
	const uint8_t *msg = nx_payload(p);
	struct nx_uri ruri, to;
	unsigned reason = nx_uri_parse(msg, p->sip.ruri, &ruri);

	if (reason != NX_R_UNDECIDED)
		return reason;
	if (ruri.has_user || ruri.scheme == NX_URI_TEL)
		return NX_R_REGISTER;
	reason = nx_uri_parse(msg, p->sip.to_uri, &to);
	if (reason == NX_R_UNDECIDED)
		reason = identify(policy, p, &to, &p->domain, &p->key);
	if (reason != NX_R_UNDECIDED)
		return reason;
	return uri_domain(service, msg, &ruri) == p->domain ? NX_R_UNDECIDED : NX_R_HOST;
}

/* ruri: the Request-URI where it is known, or NULL. */
static inline unsigned identify_user(
	const struct nx_policy *policy, struct nx_packet *p, const struct nx_uri *ruri)
{
	struct nx_uri uri;
	unsigned reason;

	if (!ruri) {
		reason = nx_uri_parse(nx_payload(p), p->sip.ruri, &uri);
		if (reason != NX_R_UNDECIDED)
			return reason;
		ruri = &uri;
	}
	return identify(policy, p, ruri, &p->domain, &p->key);
}

/* What the parser says of a first fragment (rule 36): a body may go on in later ones, up to UDP's
 * length; headers that do leave nothing to decide by. */
static unsigned of_fragment(const struct nx_packet *p, unsigned reason)
{
	uint32_t later_len = (uint32_t)p->frag.total - p->frag.len;
	uint32_t body_len = p->payload_len - p->sip.header_len + later_len;

	if (reason == NX_R_CONTENT_LENGTH && p->sip.content_length <= body_len)
		return NX_R_UNDECIDED;
	return nx_reason_is_unanswerable(reason) ? NX_R_FRAGMENT : reason;
}

/* Steps 1 to 3 for what was parsed with `parsed`: is it ours, absorbed, or to pass? */
static out_of_line unsigned judge_request(
	const struct nx_policy *policy, const struct nx_packet *p, unsigned parsed)
{
	const struct nx_class *class = &policy->classes[p->class];

	if (p->is_fragment)
		parsed = of_fragment(p, parsed);
	if (parsed == NX_R_UNDECIDED && p->sip.method == NX_M_ACK)
		return nx_reply_owns(policy->tag_key, p) ? NX_R_ACK_ABSORBED
		       : policy->bypass                  ? NX_R_BYPASS
							 : NX_R_ACK_UNMATCHED;
	if (policy->bypass)
		return NX_R_BYPASS;
	if (nx_reason_is_unanswerable(parsed) && class->unanswerable_drop)
		return policy->shadow ? NX_R_SHADOW_DROP : NX_R_UNANSWERABLE_DROP;
	return parsed == NX_R_UNDECIDED ? check_request(policy, class, p) : parsed;
}

static inline unsigned parse(
	struct nx_sip_stencils *stencils, struct nx_packet *p, const struct nx_uri **ruri)
{
	uint32_t sender;

	*ruri = NULL;
	if (!stencils)
		return nx_sip_parse(nx_payload(p), p->payload_len, &p->sip, NULL);
	memcpy(&sender, p->src.b + sizeof(p->src.b) - sizeof(sender), sizeof(sender));
	return nx_sip_read(stencils, sender, nx_payload(p), p->payload_len, &p->sip, ruri);
}

void nx_verdict_ask(
	const struct nx_policy *policy, struct nx_sip_stencils *stencils, struct nx_packet *p)
{
	const struct nx_uri *ruri;
	unsigned reason = parse(stencils, p, &ruri);

	if (reason != NX_R_UNDECIDED || policy->bypass || !is_usual(&p->sip))
		reason = judge_request(policy, p, reason);
	if (reason == NX_R_UNDECIDED)
		reason = p->sip.method == NX_M_REGISTER ? identify_register(policy, p)
							: identify_user(policy, p, ruri);
	if (reason != NX_R_UNDECIDED) {
		p->reason = (uint8_t)reason;
		return;
	}
	p->has_key = true;
	if (!policy->domains[p->domain].users)
		p->reason = NX_R_NO_TABLE;
}

static inline const struct nx_users *users_of(
	const struct nx_policy *policy, unsigned worker, const struct nx_packet *p)
{
	return nx_users_near(policy->domains[p->domain].users, worker);
}

void nx_verdict_look_up(
	const struct nx_policy *policy, unsigned worker, struct nx_packet *const pkts[], unsigned n)
{
	struct nx_users_query q[NX_BURST_MAX];

	for (unsigned i = 0; i < n; i++) {
		q[i].table = users_of(policy, worker, pkts[i]);
		q[i].key = pkts[i]->key.text;
		q[i].len = pkts[i]->key.len;
	}
	nx_users_look_up(q, n);
	for (unsigned i = 0; i < n; i++)
		pkts[i]->user_state = (uint8_t)q[i].state;
}

/* A longer number is known where a head number begins it (rule 35). */
static bool under_head(const struct nx_policy *policy, unsigned worker, const struct nx_packet *p)
{
	const struct nx_domain *domain = &policy->domains[p->domain];
	const struct nx_users *users = users_of(policy, worker, p);
	const struct nx_key *key = &p->key;

	if (!domain->has_heads || key->kind != NX_KEY_NUMBER)
		return false;
	for (size_t len = key->len - 1u; len > 1; len--)
		if (nx_users_probe(users, nx_users_hash(users, key->text, len)) == NX_USER_HEAD)
			return true;
	return false;
}

/* Was the request visibly retargeted on its way (rule 27)? Then a 604 would also end branches that
 * were never ours. To and Request-URI agree where they are equivalent as URIs, or where both lead
 * to the same user of the same domain. */
static out_of_line bool retargeted(const struct nx_policy *policy, const struct nx_packet *p)
{
	const uint8_t *msg = nx_payload(p);
	struct nx_uri ruri, to;
	struct nx_key key;
	int32_t domain;

	if (p->sip.flags & NX_SIP_RETARGET_HEADER)
		return true;
	if (nx_uri_parse(msg, p->sip.to_uri, &to) == NX_R_UNDECIDED &&
		identify(policy, p, &to, &domain, &key) == NX_R_UNDECIDED && domain == p->domain &&
		key.len == p->key.len && memcmp(key.text, p->key.text, key.len) == 0)
		return false;
	return nx_uri_parse(msg, p->sip.ruri, &ruri) != NX_R_UNDECIDED ||
	       nx_uri_parse(msg, p->sip.to_uri, &to) != NX_R_UNDECIDED ||
	       !nx_uri_equivalent(msg, &ruri, &to);
}

/* 604 needs the domain's authority, the source class's leave, and a request that was not
 * retargeted; OPTIONS and REGISTER never get one (rules 7, 8, 27). */
static bool may_604(const struct nx_policy *policy, const struct nx_packet *p)
{
	return policy->domains[p->domain].authoritative && policy->classes[p->class].may_604 &&
	       p->sip.method != NX_M_OPTIONS && p->sip.method != NX_M_REGISTER &&
	       !retargeted(policy, p);
}

/* Step 6: the first rule that matches. */
static unsigned by_rule(const struct nx_policy *policy, unsigned worker, struct nx_packet *p)
{
	if (!policy->rules)
		return NX_R_UNDECIDED;
	p->rule = nx_rules_match(policy->rules, worker, p->domain, &p->key);
	if (p->rule == NX_RULE_FAILED)
		return NX_R_RULE_FAILED;
	if (p->rule == NX_RULE_NONE)
		return NX_R_UNDECIDED;
	switch (policy->rules->rules[p->rule].verdict) {
	case NX_404:
		return NX_R_RULE_404;
	case NX_604:
		return may_604(policy, p) ? NX_R_RULE_604 : NX_R_RULE_404;
	case NX_DROP:
		return NX_R_RULE_DROP;
	default:
		return NX_R_RULE_PASS;
	}
}

/* Step 7: a stranger is answered only inside what is declared complete (rule 26). */
static unsigned by_completeness(const struct nx_domain *domain, struct nx_packet *p)
{
	const struct nx_range *range;
	uint32_t i;

	if (p->key.kind == NX_KEY_NAME)
		return domain->complete_names ? NX_R_UNKNOWN_NAME : NX_R_OPEN;
	i = nx_ivmap_find(&domain->range_map, nx_digits_key(p->key.text + 1, p->key.len - 1u));
	if (i == NX_IVMAP_NONE)
		return NX_R_OPEN;
	p->range = (int32_t)i;
	range = &domain->ranges[i];
	if (p->key.len - 1u < range->min_len)
		return NX_R_OVERLAP;
	return p->key.len - 1u > range->max_len ? NX_R_OPEN : NX_R_UNKNOWN_NUMBER;
}

/* Steps 5 to 7: what the data say. */
static unsigned by_data(const struct nx_policy *policy, unsigned worker, struct nx_packet *p)
{
	unsigned reason;

	if (p->user_state == NX_USER_GONE)
		return may_604(policy, p) ? NX_R_GONE_604 : NX_R_GONE_404;
	if (p->user_state != NX_USER_ABSENT || under_head(policy, worker, p))
		return NX_R_KNOWN;
	reason = by_rule(policy, worker, p);
	return reason != NX_R_UNDECIDED ? reason : by_completeness(&policy->domains[p->domain], p);
}

/* Step 9: what would be done is only counted. */
static unsigned in_shadow(
	const struct nx_policy *policy, const struct nx_packet *p, enum nx_verdict verdict)
{
	bool shadow = policy->shadow || policy->domains[p->domain].shadow ||
		      (p->rule >= 0 && policy->rules->rules[p->rule].shadow);

	if (!shadow)
		return NX_R_UNDECIDED;
	return verdict == NX_604    ? NX_R_SHADOW_604
	       : verdict == NX_DROP ? NX_R_SHADOW_DROP
				    : NX_R_SHADOW_404;
}

/* Step 10, and where the reply would go (rules 12 and 22). */
static unsigned by_source(const struct nx_class *class, const struct nx_packet *p)
{
	uint16_t port;

	if (class->trust == NX_TRUST_PUBLIC && class->answer != NX_ANSWER_ANSWER)
		return class->answer == NX_ANSWER_DROP ? NX_R_PUBLIC_DROP : NX_R_PUBLIC_PASS;
	port = nx_reply_dest_port(p, class);
	if (port == 0)
		return NX_R_SYMMETRIC;
	if (port != p->src_port && is_reflector(port)) /* src_port: nx_verdict_admit's */
		return NX_R_REFLECTION;
	return NX_R_UNDECIDED;
}

void nx_verdict_decide(const struct nx_policy *policy, unsigned worker, struct nx_packet *p)
{
	unsigned reason = by_data(policy, worker, p), override;
	enum nx_verdict verdict = nx_reason_info(reason)->verdict;

	if (verdict != NX_PASS) {
		override = in_shadow(policy, p, verdict);
		if (override == NX_R_UNDECIDED && verdict != NX_DROP)
			override = by_source(&policy->classes[p->class], p);
		if (override != NX_R_UNDECIDED)
			reason = override;
		else if (p->sip.method == NX_M_REGISTER && verdict == NX_404)
			reason = NX_R_REGISTER_404;
	}
	p->reason = (uint8_t)reason;
}
