/* What control asks of the data plane: start it, stop it, look at it, and let it explain itself.
 * Implemented in dataplane/shell (ports and workers) and dataplane/core (explain). */
#ifndef NXSIP_DATAPLANE_H
#define NXSIP_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "nxsip/error.h"
#include "nxsip/policy.h"
#include "nxsip/stats.h"

#define NX_PAIR_MAX     16
#define NX_EAL_ARGS_MAX 32
#define NX_DEVICE_MAX   256

enum nx_hugepages { NX_HUGE_AUTO, NX_HUGE_ON, NX_HUGE_OFF };
enum nx_idle { NX_IDLE_BUSY, NX_IDLE_ADAPTIVE };
enum nx_start { NX_START_AT_ONCE, NX_START_WHEN_LOADED };
enum nx_user_tables { NX_TABLES_ONE, NX_TABLES_PER_NODE };

/* A pair of ports: what enters one and passes leaves by the other. */
struct nx_pair_config {
	char name[NX_NAME_MAX];
	char access[NX_DEVICE_MAX]; /* PCI address, or a DPDK virtual device with its arguments */
	char core[NX_DEVICE_MAX];
	uint16_t mtu;
};

/* The box: what needs a restart to change. */
struct nx_box_config {
	char name[64];
	uint32_t settle_s; /* control's to honour: how long nothing is answered (rule 28) */
	uint8_t hugepages; /* enum nx_hugepages */
	uint32_t memory_mib;
	char file_prefix[32];
	char *eal_args[NX_EAL_ARGS_MAX]; /* passed to EAL as they are */
	uint32_t n_eal_args;
	uint32_t control_core;
	uint32_t worker_core[NX_WORKER_MAX];
	uint32_t n_workers;
	uint8_t idle;        /* enum nx_idle */
	uint8_t start;       /* enum nx_start: control's to honour */
	uint8_t user_tables; /* enum nx_user_tables: control's to honour */
	uint32_t rx_descriptors, tx_descriptors;
	uint32_t mempool_size; /* mbufs a pair; 0: computed from queues and descriptors */
	struct nx_pair_config pair[NX_PAIR_MAX];
	uint32_t n_pairs;
};

struct nx_port_info {
	char name[64]; /* DPDK's device name */
	char pair[NX_NAME_MAX];
	const char *side; /* "access" or "core" */
	char driver[32];
	uint8_t mac[6];
	uint16_t queues;
	uint16_t mtu;
	int numa_node; /* -1: none */
	bool link_up;
	uint32_t link_mbps; /* 0: unknown */
	bool rss;           /* required on PCI ports; false: queue pairs of a virtual port */
	bool rx_ip_csum, rx_udp_csum, tx_ip_csum, tx_udp_csum; /* done by the port, else by us */
	uint64_t rx_packets, tx_packets, rx_missed, rx_errors, tx_errors, rx_nombuf;
};

struct nx_dp;

/* nx_dp_start initialises EAL, ports, queues and mempools and launches the workers.
 * Thread: main, which becomes EAL's main lcore; once a process.
 * In:     policy: the published pointer, outlives the data plane; *policy may be NULL: pass.
 *         log: called from the main thread only, with the start-up report, a line at a time.
 * Error:  NX_ERR_PORT, NX_ERR_NOMEM, NX_ERR_INVALID with the remedy in err. */
int nx_dp_start(const struct nx_box_config *box, struct nx_policy **policy,
	void (*log)(const char *line), struct nx_dp **dp, struct nx_error *err);

/* nx_dp_stop ends the workers, stops and closes the ports, and cleans EAL up.  Thread: main. */
void nx_dp_stop(struct nx_dp *dp);

/* nx_dp_watch_links logs each change of link state since the last call.  Thread: main, on a timer.
 */
void nx_dp_watch_links(struct nx_dp *dp, void (*log)(const char *line));

unsigned nx_dp_workers(const struct nx_dp *dp);
const struct nx_worker_stats *nx_dp_stats(const struct nx_dp *dp, unsigned worker);
uint32_t nx_dp_worker_core(const struct nx_dp *dp, unsigned worker);
unsigned nx_dp_ports(const struct nx_dp *dp);
/* nx_dp_port reads a port's state and counters.  Thread: main. */
void nx_dp_port(const struct nx_dp *dp, unsigned port, struct nx_port_info *info);

/* ---- explain: the verdict on a made-up request, by the workers' own code ---- */

struct nx_explain_query {
	const char *uri; /* Request-URI, as a caller would send it */
	size_t uri_len;
	const char *method;    /* NULL: INVITE */
	int32_t service;       /* index into policy services */
	struct nx_addr source; /* the caller's address */
};

struct nx_explanation {
	uint8_t verdict; /* enum nx_verdict */
	uint8_t reason;  /* enum nx_reason */
	uint8_t step;    /* of "the verdict, in order", 1..10 */
	int32_t domain;  /* index, -1: not reached */
	uint32_t source_class;
	uint8_t user_state; /* enum nx_user_state; absent where not looked up */
	int32_t rule;       /* rank of the rule that decided, -1 */
	int32_t range;      /* index of the domain's range that covers the number, -1 */
	bool has_key;
	struct nx_key key;
};

/* nx_explain builds a request for the URI, runs it through the pipeline and says what came out.
 * Thread: control, inside an RCU read section or as the only writer.
 * Error: NX_ERR_TOO_LONG where the URI does not fit a datagram. */
int nx_explain(
	const struct nx_policy *p, const struct nx_explain_query *q, struct nx_explanation *out);

/* ---- the same of a number alone: which plan reads it, how, and what key it makes ---- */

#define NX_DIALLED_MAX 63 /* longer strings of digits are no numbers */

struct nx_number_query {
	const char *number; /* as dialled; visual separators and spaces allowed */
	size_t len;
	int32_t service;
	struct nx_addr source;
};

struct nx_number_explanation {
	uint32_t source_class;
	const struct nx_plan *plan;       /* of the policy */
	bool plan_of_class;               /* the source class's, else the service's */
	char dialled[NX_DIALLED_MAX + 1]; /* '+' and digits; empty: it is no number */
	struct nx_plan_reading reading;   /* of dialled, where it is not empty */
	uint8_t reason;                   /* why it passes, or NX_R_UNDECIDED: key is set */
	struct nx_key key;
};

/* nx_explain_number tells what key a number of a Request-URI makes on a service, from a source.
 * Thread: control. */
void nx_explain_number(const struct nx_policy *p, const struct nx_number_query *q,
	struct nx_number_explanation *out);

#endif
