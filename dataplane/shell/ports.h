/* The ports of the box: DPDK ethernet devices in pairs, one RX and one TX queue a worker. */
#ifndef NX_SHELL_PORTS_H
#define NX_SHELL_PORTS_H

#include <rte_mempool.h>

#include "nxsip/dataplane.h"

struct nx_port {
	uint16_t id;   /* DPDK's */
	uint16_t peer; /* index of the pair's other port */
	bool core_side;
	const struct nx_pair_config *pair;
	const char *device; /* as configured */
	char name[64];      /* DPDK's device name */
	uint16_t queues;
	uint16_t mtu;
	uint32_t frame_max; /* longest frame it sends, bytes: MTU, Ethernet header and two tags */
	bool pci, rss;
	bool rx_ip_csum, rx_udp_csum, tx_ip_csum, tx_udp_csum;
	bool tx_multi_segs;
	bool link_up;             /* as last reported; main thread */
	struct rte_mempool *pool; /* the pair's: buffers to receive into, and for replies */
};

/* nx_ports_open finds, configures and starts every port of the box: port 2i is pair i's access
 * side, port 2i + 1 its core side.  Thread: main, after nx_eal_init.
 * Error: NX_ERR_PORT with the port, what it cannot do and the remedy; nothing is left started. */
int nx_ports_open(const struct nx_box_config *box, void (*log)(const char *line),
	struct nx_port *ports, struct nx_error *err);
void nx_ports_close(struct nx_port *ports, unsigned n);

/* nx_ports_watch logs every change of link state since it was last called.  Thread: main. */
void nx_ports_watch(struct nx_port *ports, unsigned n, void (*log)(const char *line));

void nx_port_describe(const struct nx_port *port, struct nx_port_info *info);

#endif
