/* Ports. What a NIC can do is asked, used where it is there, and said at start-up in plain words;
 * what it lacks is done in software (checksums) or refused with the remedy (queues, RSS). */
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/core/packet.h"
#include "dataplane/shell/eal.h"
#include "dataplane/shell/ports.h"

/* Bytes of a frame beyond its MTU: Ethernet header and two VLAN tags. */
#define L2_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * 4)
#define POOL_MIN    16384
#define POOL_CACHE  256
#define RSS_WANTED                                                                        \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP |        \
		RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | \
		RTE_ETH_RSS_NONFRAG_IPV6_UDP | RTE_ETH_RSS_NONFRAG_IPV6_TCP)
#define RSS_NEEDED (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

static const char *side_name(const struct nx_port *port)
{
	return port->core_side ? "core" : "access";
}

static int port_find(struct nx_port *port, struct nx_error *err)
{
	size_t len = strcspn(port->device, ",");
	char name[sizeof(port->name)];

	(void)snprintf(name, sizeof(name), "%.*s", (int)len, port->device);
	if (rte_eth_dev_get_port_by_name(name, &port->id) == 0) {
		(void)rte_eth_dev_get_name_by_port(port->id, port->name);
		return 0;
	}
	if (port->pci)
		return nx_fail(err, NX_ERR_PORT,
			"pair %s, %s: no port for PCI device %s: it is absent, or not bound to a "
			"user-space "
			"driver (dpdk-devbind.py --bind=vfio-pci %s)",
			port->pair->name, side_name(port), name, name);
	return nx_fail(err, NX_ERR_PORT,
		"pair %s, %s: the virtual device %s did not start (EAL's messages are above)",
		port->pair->name, side_name(port), port->device);
}

/* One RX and one TX queue a worker, and RSS to spread over them where a NIC has more than one. */
static int check_queues(struct nx_port *port, const struct rte_eth_dev_info *info,
	uint32_t n_workers, struct nx_error *err)
{
	uint16_t rx = info->max_rx_queues, tx = info->max_tx_queues, most = rx < tx ? rx : tx;

	if (most < n_workers)
		return nx_fail(err, NX_ERR_PORT,
			"pair %s, %s: %s (%s) has %u queue pair%s, but %u workers need one each: "
			"list at "
			"most %u core%s under workers.cores%s",
			port->pair->name, side_name(port), port->name, info->driver_name, most,
			most == 1 ? "" : "s", n_workers, most, most == 1 ? "" : "s",
			port->pci ? ""
				  : ", or give the virtual device more queues in its arguments");
	if (port->pci && n_workers > 1 && (info->flow_type_rss_offloads & RSS_NEEDED) != RSS_NEEDED)
		return nx_fail(err, NX_ERR_PORT,
			"pair %s, %s: %s (%s) cannot spread UDP over queues by addresses and ports "
			"(RSS): "
			"use one worker, or another NIC",
			port->pair->name, side_name(port), port->name, info->driver_name);
	return 0;
}

static void choose_offloads(
	struct nx_port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	uint64_t rx = info->rx_offload_capa, tx = info->tx_offload_capa;

	port->rx_ip_csum = rx & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	port->rx_udp_csum = rx & RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	port->tx_ip_csum = tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	port->tx_udp_csum = tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	port->tx_multi_segs = tx & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	conf->rxmode.offloads = rx & (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM |
					     RTE_ETH_RX_OFFLOAD_SCATTER);
	conf->txmode.offloads = tx & (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
					     RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
}

static int port_failed(const struct nx_port *port, const char *what, int rc, struct nx_error *err)
{
	return nx_fail(err, NX_ERR_PORT, "pair %s, %s: %s: %s: %s", port->pair->name,
		side_name(port), port->name, what, rte_strerror(-rc));
}

static int set_up_queues(struct nx_port *port, const struct nx_box_config *box,
	const struct rte_eth_dev_info *info, struct nx_error *err)
{
	uint16_t rx = (uint16_t)box->rx_descriptors, tx = (uint16_t)box->tx_descriptors;
	unsigned socket = (unsigned)rte_eth_dev_socket_id(port->id);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);

	for (uint16_t q = 0; rc == 0 && q < port->queues; q++) {
		struct rte_eth_rxconf rxconf = info->default_rxconf;
		struct rte_eth_txconf txconf = info->default_txconf;

		rc = rte_eth_rx_queue_setup(port->id, q, rx, socket, &rxconf, port->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(port->id, q, tx, socket, &txconf);
	}
	return rc == 0 ? 0 : port_failed(port, "queues cannot be set up", rc, err);
}

/* Some virtual ports know no MTU, promiscuous mode or multicast filter: they carry everything. */
static bool is_refusal(int rc)
{
	return rc != 0 && rc != -ENOTSUP && rc != -ENOSYS;
}

static int port_start(struct nx_port *port, const struct nx_box_config *box, struct nx_error *err)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_info_get(port->id, &info);

	if (rc != 0)
		return port_failed(port, "it does not describe itself", rc, err);
	rc = check_queues(port, &info, box->n_workers, err);
	if (rc != 0)
		return rc;
	choose_offloads(port, &info, &conf);
	port->rss = port->pci && box->n_workers > 1;
	if (port->rss) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & RSS_WANTED;
	}
	if (info.max_mtu && port->mtu > info.max_mtu)
		return nx_fail(err, NX_ERR_PORT,
			"pair %s, %s: %s carries at most MTU %u, ports.mtu is %u: lower it",
			port->pair->name, side_name(port), port->name, info.max_mtu, port->mtu);
	conf.rxmode.mtu = port->mtu;
	rc = rte_eth_dev_configure(port->id, port->queues, port->queues, &conf);
	if (rc != 0)
		return port_failed(port, "it cannot be configured", rc, err);
	rc = set_up_queues(port, box, &info, err);
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_set_mtu(port->id, port->mtu);
	if (is_refusal(rc))
		return port_failed(port, "the MTU cannot be set", rc, err);
	rc = rte_eth_dev_start(port->id);
	if (rc != 0)
		return port_failed(port, "it does not start", rc, err);
	rc = rte_eth_promiscuous_enable(port->id);
	if (is_refusal(rc))
		return port_failed(port, "promiscuous mode is needed and refused", rc, err);
	(void)rte_eth_allmulticast_enable(port->id);
	return 0;
}

/* Bytes an mbuf must hold. A whole frame, unless both ports of the pair can scatter and gather. */
static uint16_t data_room(const struct nx_port *pair)
{
	uint32_t room = RTE_MBUF_DEFAULT_DATAROOM;

	for (int side = 0; side < 2; side++) {
		struct rte_eth_dev_info info;

		if (rte_eth_dev_info_get(pair[side].id, &info) == 0 &&
			(info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) &&
			(info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS))
			continue;
		room = RTE_MAX(room, pair[side].frame_max);
	}
	return (uint16_t)(RTE_PKTMBUF_HEADROOM + room);
}

static int pool_create(
	const struct nx_box_config *box, struct nx_port *pair, unsigned index, struct nx_error *err)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t n = box->mempool_size;
	struct rte_mempool *pool;

	if (n == 0) {
		n = 2 * box->n_workers *
		    (box->rx_descriptors + box->tx_descriptors + NX_BURST_MAX + POOL_CACHE);
		n = rte_align32pow2(RTE_MAX(n, (uint32_t)POOL_MIN)) - 1;
	}
	(void)snprintf(name, sizeof(name), "pair%u", index);
	pool = rte_pktmbuf_pool_create(name, n, n >= 4 * POOL_CACHE ? POOL_CACHE : 0, 0,
		data_room(pair), rte_eth_dev_socket_id(pair->id));
	if (!pool)
		return nx_fail(err, NX_ERR_NOMEM,
			"pair %s: no memory for %u packet buffers of %u bytes: raise eal.memory "
			"(%u MiB) "
			"or lower queues.mempool",
			pair->pair->name, n, data_room(pair), box->memory_mib);
	pair[0].pool = pair[1].pool = pool;
	return 0;
}

static void report(const struct nx_port *port, void (*log)(const char *line))
{
	struct nx_port_info info;
	char line[512], numa[32] = "no NUMA node";

	nx_port_describe(port, &info);
	if (info.numa_node >= 0)
		(void)snprintf(numa, sizeof(numa), "NUMA node %d", info.numa_node);
	(void)snprintf(line, sizeof(line),
		"port %s: %s side of pair %s, driver %s, %u queue pair%s%s, MTU %u, checksums "
		"checked by "
		"%s and made by %s, %s, link %s",
		info.name, info.side, info.pair, info.driver, info.queues,
		info.queues == 1 ? "" : "s",
		info.rss           ? " spread by RSS"
		: port->pci        ? ""
		: info.queues == 1 ? ""
				   : " (virtual: no RSS)",
		info.mtu, info.rx_udp_csum ? "the port" : "software",
		info.tx_udp_csum ? "the port" : "software", numa, info.link_up ? "up" : "down");
	log(line);
}

static void port_init(struct nx_port *port, const struct nx_box_config *box, unsigned index)
{
	const struct nx_pair_config *pair = &box->pair[index / 2];

	memset(port, 0, sizeof(*port));
	port->id = RTE_MAX_ETHPORTS;
	port->peer = (uint16_t)(index ^ 1);
	port->core_side = index % 2;
	port->pair = pair;
	port->device = port->core_side ? pair->core : pair->access;
	port->pci = nx_eal_is_pci(port->device);
	port->queues = (uint16_t)box->n_workers;
	port->mtu = pair->mtu;
	port->frame_max = (uint32_t)pair->mtu + L2_OVERHEAD;
}

/* A replayed capture (net_pcap, infinite_rx) keeps one buffer a packet; where none is left over,
 * it delivers nothing and says nothing. */
static int check_pool(const struct nx_port *pair, uint32_t n_workers, struct nx_error *err)
{
	unsigned left = rte_mempool_avail_count(pair->pool), need = n_workers * 4 * NX_BURST_MAX;

	if (left >= need)
		return 0;
	return nx_fail(err, NX_ERR_NOMEM,
		"pair %s: the ports took all but %u of %u packet buffers: raise queues.mempool by "
		"%u",
		pair->pair->name, left, pair->pool->size, need - left);
}

int nx_ports_open(const struct nx_box_config *box, void (*log)(const char *line),
	struct nx_port *ports, struct nx_error *err)
{
	unsigned n = 2 * box->n_pairs;
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		port_init(&ports[i], box, i);
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = port_find(&ports[i], err);
	for (unsigned i = 0; rc == 0 && i < box->n_pairs; i++) {
		rc = pool_create(box, &ports[2 * i], i, err);
		for (unsigned side = 0; rc == 0 && side < 2; side++)
			rc = port_start(&ports[2 * i + side], box, err);
		if (rc == 0)
			rc = check_pool(&ports[2 * i], box->n_workers, err);
	}
	if (rc != 0) {
		nx_ports_close(ports, n);
		return rc;
	}
	for (unsigned i = 0; i < n; i++) {
		struct rte_eth_link link;

		ports[i].link_up =
			rte_eth_link_get_nowait(ports[i].id, &link) == 0 && link.link_status;
		report(&ports[i], log);
	}
	return 0;
}

void nx_ports_close(struct nx_port *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (ports[i].id == RTE_MAX_ETHPORTS)
			continue;
		(void)rte_eth_dev_stop(ports[i].id);
		(void)rte_eth_dev_close(ports[i].id);
	}
	for (unsigned i = 0; i < n; i += 2)
		rte_mempool_free(ports[i].pool);
}

void nx_ports_watch(struct nx_port *ports, unsigned n, void (*log)(const char *line))
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_eth_link link;
		char line[128];

		if (rte_eth_link_get_nowait(ports[i].id, &link) != 0 ||
			(bool)link.link_status == ports[i].link_up)
			continue;
		ports[i].link_up = link.link_status;
		(void)snprintf(line, sizeof(line), "port %s: link %s", ports[i].name,
			ports[i].link_up ? "up" : "down");
		log(line);
	}
}

void nx_port_describe(const struct nx_port *port, struct nx_port_info *info)
{
	struct rte_eth_dev_info dev;
	struct rte_eth_link link = {0};
	struct rte_eth_stats stats = {0};
	struct rte_ether_addr mac = {0};

	memset(info, 0, sizeof(*info));
	(void)snprintf(info->name, sizeof(info->name), "%s", port->name);
	(void)snprintf(info->pair, sizeof(info->pair), "%s", port->pair->name);
	info->side = side_name(port);
	if (rte_eth_dev_info_get(port->id, &dev) == 0)
		(void)snprintf(info->driver, sizeof(info->driver), "%s", dev.driver_name);
	(void)rte_eth_macaddr_get(port->id, &mac);
	memcpy(info->mac, mac.addr_bytes, sizeof(info->mac));
	info->queues = port->queues;
	info->mtu = port->mtu;
	info->numa_node = rte_eth_dev_socket_id(port->id);
	(void)rte_eth_link_get_nowait(port->id, &link);
	info->link_up = link.link_status;
	info->link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	info->rss = port->rss;
	info->rx_ip_csum = port->rx_ip_csum;
	info->rx_udp_csum = port->rx_udp_csum;
	info->tx_ip_csum = port->tx_ip_csum;
	info->tx_udp_csum = port->tx_udp_csum;
	(void)rte_eth_stats_get(port->id, &stats);
	info->rx_packets = stats.ipackets;
	info->tx_packets = stats.opackets;
	info->rx_missed = stats.imissed;
	info->rx_errors = stats.ierrors;
	info->tx_errors = stats.oerrors;
	info->rx_nombuf = stats.rx_nombuf;
}
