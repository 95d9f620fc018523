/* The policy under which whatever may be answered is answered, and packets for it. */
#include "tests/fuzz/world.h"

#include <stdlib.h>

#include "control/policy/policy.h"
#include "dataplane/core/pipeline.h"
#include "nxsip/verdict.h"

#define CLASSES  4
#define VLAN     100
#define L2_LEN   14u
#define TAG_LEN  4u
#define UDP_LEN  8u
#define V4_LEN   20u
#define V6_LEN   40u
#define SIP_PORT 5060

static const struct nx_addr service_addr[2] = {
	{{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 10}},
	{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x10}},
};

/* Sources of class c: 198.51.100.c and 2001:db8:1::c. Class 0 takes all others too. */
static const uint8_t source_v4[3] = {198, 51, 100};
static const uint8_t source_v6[15] = {0x20, 0x01, 0x0d, 0xb8, 0, 1};

static void class_init(struct nx_class_config *c, unsigned n, struct nx_prefix prefix[2])
{
	static const uint8_t symmetric[CLASSES] = {
		NX_SYM_RFC, NX_SYM_ALWAYS, NX_SYM_PASS, NX_SYM_RFC};

	*c = (struct nx_class_config){
		.class = {.name = {"dabc"[n]},
			.trust = n == 0 ? NX_TRUST_PUBLIC : NX_TRUST_PEER,
			.answer = NX_ANSWER_ANSWER,
			.symmetric = symmetric[n],
			.may_604 = n != 3,
			.options_as_invite = true,
			.register_answer = true},
		.plan = -1,
	};
	if (n == 0)
		return;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint8_t *b = prefix[v6].addr.b;

		prefix[v6] = (struct nx_prefix){service_addr[0], 128};
		memcpy(b + (v6 ? 0 : 12), v6 ? source_v6 : source_v4, v6 ? 15 : 3);
		b[15] = (uint8_t)n;
	}
	c->prefixes = prefix;
	c->n_prefixes = 2;
}

static void gone(struct nx_users *users, const char *key)
{
	enum nx_user_state old;

	if (nx_users_set(users, nx_users_hash(users, key, strlen(key)), NX_USER_GONE, &old) != 0)
		abort();
}

static struct nx_policy *build(struct nx_users *users)
{
	static uint16_t untagged = NX_VLAN_NONE, vlan = VLAN, port = SIP_PORT;
	static char any_host[] = "any", any_domain[] = "example.net";
	static struct nx_host_config any = {any_host, any_domain};
	static struct nx_service_config services[2];
	static struct nx_config config = {
		.reason_header = true, .server = "nxsip", .services = services, .n_services = 2};
	static struct nx_range_def ranges[9];
	static struct nx_prefix prefixes[CLASSES][2];
	struct nx_domain_def domain = {.id = 1,
		.name = "example.net",
		.authoritative = true,
		.complete = true,
		.users = users};
	struct nx_policy_input in = {.config = &config,
		.domains = &domain,
		.n_domains = 1,
		.ranges = ranges,
		.n_ranges = 9,
		.n_workers = 1};
	static const uint8_t k[16] = "a key for tests";
	struct nx_policy *policy;
	struct nx_error err;

	for (unsigned i = 0; i < 2; i++)
		services[i] = (struct nx_service_config){.name = {"pn"[i]},
			.vlans = i ? &vlan : &untagged,
			.n_vlans = 1,
			.addrs = (struct nx_addr *)(uintptr_t)service_addr,
			.n_addrs = 2,
			.ports = &port,
			.n_ports = 1,
			.kind = i ? NX_SERVICE_NAMES : NX_SERVICE_PHONE,
			.hosts = &any,
			.n_hosts = 1,
			.plan = -1};
	for (unsigned i = 0; i < 9; i++)
		ranges[i] = (struct nx_range_def){1, {{'+', (char)('1' + i)}, 7, 15}};
	for (unsigned i = 0; i < CLASSES; i++)
		class_init(&config.classes[i], i, prefixes[i]);
	config.n_classes = CLASSES;
	nx_tag_key_init(&in.tag_key[0], 7, k);
	if (nx_policy_build(&in, &policy, &err) != 0)
		abort();
	return policy;
}

struct world *world_create(void)
{
	static const uint8_t secret[NX_USERS_SECRET_LEN] = {1};
	static const uint8_t key[NX_PIPELINE_KEYS][16] = {{2}, {3}, {4}};
	struct world *w = malloc(sizeof(*w));

	if (!w || !(w->pipeline = aligned_alloc(64, sizeof(*w->pipeline))) ||
		nx_users_create(16, secret, NULL, &w->users) != 0)
		abort();
	guard_init(&w->guard);
	w->end = w->guard.end;
	gone(w->users, "gone");
	gone(w->users, "+441632960000");
	w->policy = build(w->users);
	nx_pipeline_init(w->pipeline, 0, key);
	return w;
}

void world_destroy(struct world *w)
{
	nx_policy_free(w->policy);
	nx_users_destroy(w->users);
	guard_fini(&w->guard);
	free(w->pipeline);
	free(w);
}

/* ---- packets ---- */

static uint8_t *put16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	return (uint8_t *)memcpy(at, bytes, len) + len;
}

/* What the packet is like, drawn from the payload. */
static uint32_t draw(const uint8_t *payload, size_t len)
{
	uint32_t h = (uint32_t)len * 0x9e3779b1u;

	for (size_t i = 0; i < len; i += 1 + len / 64)
		h = (h ^ payload[i]) * 0x01000193u;
	return h ^ h >> 15;
}

static uint8_t *put_ip(uint8_t *at, bool v6, uint32_t dice, size_t udp_len)
{
	uint8_t class = dice & 3, tos = (uint8_t)(dice >> 2);

	if (v6) {
		at = put16(at, 0x6000u | (unsigned)tos << 4);
		at = put16(put16(at, 0), udp_len);
		*at++ = 17;
		*at++ = 60;
		at = put(at, source_v6, 15);
		*at++ = class;
		return put(at, service_addr[1].b, 16);
	}
	*at++ = 0x45;
	*at++ = tos;
	at = put16(put16(put16(at, V4_LEN + udp_len), dice >> 16), 0);
	*at++ = 60;
	*at++ = 17;
	at = put(put16(at, 0), source_v4, 3);
	*at++ = class;
	return put(at, service_addr[0].b + 12, 4);
}

void world_packet(struct world *w, const uint8_t *payload, size_t len, struct nx_packet *p)
{
	world_packet_by(w, draw(payload, len), payload, len, p);
}

void world_packet_by(
	struct world *w, uint32_t dice, const uint8_t *payload, size_t len, struct nx_packet *p)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	bool v6 = dice >> 12 & 1, tagged = dice >> 13 & 1;
	size_t head_len = L2_LEN + (tagged ? TAG_LEN : 0u) + (v6 ? V6_LEN : V4_LEN) + UDP_LEN;
	uint8_t *frame = w->end - head_len - len;
	uint8_t *at = put(frame, macs, sizeof(macs));

	if (tagged)
		at = put16(put16(at, 0x8100), (dice >> 16 & 0xe000) | VLAN);
	at = put16(at, v6 ? 0x86dd : 0x0800);
	at = put_ip(at, v6, dice, UDP_LEN + len);
	at = put16(put16(at, dice >> 14 & 1 ? SIP_PORT : 5062), SIP_PORT);
	at = put16(put16(at, UDP_LEN + len), 0xffff);
	at = put(at, payload, len);
	*p = (struct nx_packet){
		.frame = frame,
		.frame_len = (uint32_t)(at - frame),
		.ip_csum = NX_CSUM_GOOD,
		.udp_csum = NX_CSUM_GOOD,
	};
}

bool world_judge(const struct world *w, struct nx_packet *p)
{
	enum nx_verdict verdict;

	nx_pipeline_judge(w->pipeline, w->policy, 0, &p, 1);
	verdict = nx_reason_info(p->reason)->verdict;
	return verdict == NX_404 || verdict == NX_604;
}
