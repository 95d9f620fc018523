/* The box as a whole: shadow, bypass, reload, shutdown, ports and services. */
#include "control/server/rpc.h"

#include <string.h>

#include "control/server/log.h"

/* ---- switches ---- */

static int switched(struct nx_call *call, int ret, uint64_t version, bool deferred)
{
	if (nx_call_done(call, ret, version) == 0 && deferred)
		(void)json_object_set_new(call->result, "deferred", json_true());
	return ret;
}

static int shadow(struct nx_call *call)
{
	const char *domain = nx_call_string(call, "domain");
	bool on = nx_call_bool(call, "on"), deferred = false;
	const struct nx_domain_change change = {.shadow = &on};
	uint64_t version = 0;
	int ret = domain ? nx_engine_domain_set(
				   call->server->engine, domain, &change, &version, &call->err)
			 : nx_engine_shadow_box(
				   call->server->engine, on, &deferred, &version, &call->err);

	return switched(call, ret, version, deferred);
}

static int bypass(struct nx_call *call)
{
	bool deferred = false;
	uint64_t version = 0;
	int ret = nx_engine_bypass(
		call->server->engine, nx_call_bool(call, "on"), &deferred, &version, &call->err);

	return switched(call, ret, version, deferred);
}

/* ---- reload ---- */

static int refuse_config(const char *path, const struct nx_config_errors *errors,
	json_t **error_data, struct nx_error *err)
{
	json_t *lines = json_array();

	for (uint32_t i = 0; i < errors->n; i++)
		(void)json_array_append_new(
			lines, nx_json_text(errors->line[i], strlen(errors->line[i])));
	*error_data = json_pack("{s:o}", "errors", lines);
	return nx_fail(err, NX_ERR_INVALID, "%s has %u fault%s; the first: %s", path, errors->n,
		errors->n == 1 ? "" : "s", errors->n ? errors->line[0] : "unknown");
}

static json_t *names(const char *const *name, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(name[i]));
	return list;
}

int nx_rpc_reload(struct nx_server *s, json_t **result, json_t **error_data, struct nx_error *err)
{
	static const char *const applied[] = {"reply", "emergency", "plans", "services", "sources"};
	const char *path = nx_engine_config(s->engine)->path;
	const char *restart[16];
	struct nx_config_errors errors = {0};
	struct nx_config *next = NULL;
	uint64_t version = 0;
	uint32_t n_restart;
	int ret = nx_config_load(path, &next, &errors);

	if (ret)
		ret = refuse_config(path, &errors, error_data, err);
	nx_config_errors_free(&errors);
	if (ret)
		return ret;
	n_restart = nx_config_box_diff(nx_engine_boot_config(s->engine), next, restart,
		sizeof(restart) / sizeof(restart[0]));
	ret = nx_engine_reload(s->engine, next, &version, err);
	if (ret) {
		nx_config_free(next);
		return ret;
	}
	for (uint32_t i = 0; i < n_restart; i++)
		nx_log(NX_LOG_WARNING, "reload: the change of \"%s\" needs a restart", restart[i]);
	*result = json_pack("{s:I, s:o, s:o}", "version", (json_int_t)version, "applied",
		names(applied, sizeof(applied) / sizeof(applied[0])), "needs_restart",
		names(restart, n_restart));
	return 0;
}

static int reload(struct nx_call *call)
{
	return nx_rpc_reload(call->server, &call->result, &call->error_data, &call->err);
}

/* The answer is sent before the loop looks at the stop. */
static int shutdown_box(struct nx_call *call)
{
	call->result = json_object();
	nx_server_stop(call->server);
	return 0;
}

/* ---- ports ---- */

static json_t *offloads(const struct nx_port_info *p)
{
	const char *name[4];
	size_t n = 0;

	if (p->rx_ip_csum)
		name[n++] = "rx-ip-csum";
	if (p->rx_udp_csum)
		name[n++] = "rx-udp-csum";
	if (p->tx_ip_csum)
		name[n++] = "tx-ip-csum";
	if (p->tx_udp_csum)
		name[n++] = "tx-udp-csum";
	return names(name, n);
}

static json_t *port_to_json(const struct nx_port_info *p)
{
	char mac[18];

	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0], p->mac[1],
		p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:I, s:b, s:o, s:I, s:I, "
			 "s:I, s:I, s:I, s:I}",
		"name", p->name, "pair", p->pair, "side", p->side, "driver", p->driver, "mac", mac,
		"queues", p->queues, "mtu", p->mtu, "numa_node", p->numa_node, "link_up",
		p->link_up, "link_mbps", (json_int_t)p->link_mbps, "rss", p->rss, "offloads",
		offloads(p), "rx_packets", (json_int_t)p->rx_packets, "tx_packets",
		(json_int_t)p->tx_packets, "rx_missed", (json_int_t)p->rx_missed, "rx_errors",
		(json_int_t)p->rx_errors, "tx_errors", (json_int_t)p->tx_errors, "rx_nombuf",
		(json_int_t)p->rx_nombuf);
}

static int ports(struct nx_call *call)
{
	const struct nx_server_dataplane *dp = &call->server->dp;
	json_t *list = json_array();

	for (unsigned i = 0; i < dp->ports(dp->dp); i++) {
		struct nx_port_info info;

		dp->port(dp->dp, i, &info);
		(void)json_array_append_new(list, port_to_json(&info));
	}
	call->result = json_pack("{s:o}", "ports", list);
	return 0;
}

/* ---- services ---- */

static json_t *service_to_json(const struct nx_config *config, const struct nx_service_config *s)
{
	json_t *vlans = json_array(), *addrs = json_array(), *udp = json_array();
	json_t *hosts = json_array();

	for (uint32_t i = 0; i < s->n_vlans; i++)
		(void)json_array_append_new(vlans,
			s->vlans[i] == NX_VLAN_NONE ? json_null() : json_integer(s->vlans[i]));
	for (uint32_t i = 0; i < s->n_addrs; i++) {
		char text[48];

		nx_addr_format(&s->addrs[i], text);
		(void)json_array_append_new(addrs, json_string(text));
	}
	for (uint32_t i = 0; i < s->n_ports; i++)
		(void)json_array_append_new(udp, json_integer(s->ports[i]));
	for (uint32_t i = 0; i < s->n_hosts; i++)
		(void)json_array_append_new(hosts, json_pack("{s:s, s:s}", "host", s->hosts[i].host,
							   "domain", s->hosts[i].domain));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s?}", "name", s->name, "kind",
		s->kind == NX_SERVICE_PHONE ? "phone" : "names", "direction",
		s->originating ? "originating" : "terminating", "vlan", vlans, "addresses", addrs,
		"ports", udp, "hosts", hosts, "plan",
		s->plan >= 0 ? config->plans[s->plan].name : NULL);
}

static int service_list(struct nx_call *call)
{
	const struct nx_config *config = nx_engine_config(call->server->engine);
	json_t *list = json_array();

	for (uint32_t i = 0; i < config->n_services; i++)
		(void)json_array_append_new(list, service_to_json(config, &config->services[i]));
	call->result = json_pack("{s:o}", "services", list);
	return 0;
}

const struct nx_method nx_rpc_box[] = {
	{"shadow", shadow, NX_CHANGES | NX_URGENT, {NX_FLAG("on", true), NX_TEXT("domain", false)}},
	{"bypass", bypass, NX_CHANGES | NX_URGENT, {NX_FLAG("on", true)}},
	{"reload", reload, NX_CHANGES, {{0}}},
	{"shutdown", shutdown_box, NX_CHANGES | NX_AT_ONCE, {{0}}},
	{"ports", ports, 0, {{0}}},
	{"service.list", service_list, 0, {{0}}},
	{0},
};
