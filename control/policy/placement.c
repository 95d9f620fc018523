/* The workers' NUMA nodes, and where user tables lie for them: see placement.h.
 *
 * The kernel is asked, not EAL: with workers.start when-loaded tables are built before EAL is up. A
 * worker whose core no node claims is no reason for a replica; it reads the first. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "control/policy/placement.h"

/* How many workers each node has. */
struct census {
	unsigned workers[NX_NODES_MAX];
	int node_of[NX_WORKER_MAX]; /* of each worker, or NX_NODE_ANY */
	unsigned n_nodes;           /* that have any */
};

/* A list of nodes for a person. */
struct node_list {
	char text[512];
	size_t len;
};

static int node_of_core(const char *sys_nodes, uint32_t core)
{
	char path[PATH_MAX];

	for (int node = 0; node < NX_NODES_MAX; node++) {
		(void)snprintf(path, sizeof(path), "%s/node%d/cpu%u", sys_nodes, node, core);
		if (access(path, F_OK) == 0)
			return node;
	}
	return NX_NODE_ANY;
}

static struct census count(const struct nx_box_config *box, const char *sys_nodes)
{
	struct census c = {.n_nodes = 0};

	for (unsigned w = 0; w < box->n_workers; w++) {
		int node = node_of_core(sys_nodes, box->worker_core[w]);

		c.node_of[w] = node;
		if (node != NX_NODE_ANY)
			c.n_nodes += c.workers[node]++ == 0;
	}
	return c;
}

/* The node with most workers, of equals the first; NX_NODE_ANY where none has any. */
static int busiest(const struct census *c)
{
	int best = NX_NODE_ANY;

	for (int node = 0; node < NX_NODES_MAX; node++)
		if (c->workers[node] > (best == NX_NODE_ANY ? 0 : c->workers[best]))
			best = node;
	return best;
}

static void per_node(const struct census *c, unsigned n_workers, struct nx_placement *out)
{
	out->n_replicas = 0;
	for (int node = 0; node < NX_NODES_MAX; node++) {
		if (c->workers[node] == 0)
			continue;
		for (unsigned w = 0; w < n_workers; w++)
			if (c->node_of[w] == node)
				out->replica_of[w] = (uint8_t)out->n_replicas;
		out->node[out->n_replicas++] = node;
	}
}

static void list_node(struct node_list *l, int node)
{
	l->len += (size_t)snprintf(
		l->text + l->len, sizeof(l->text) - l->len, "%s%d", l->len ? ", " : "", node);
}

static void tell_one(const struct census *c, int node, void (*log)(const char *line))
{
	struct node_list others = {.len = 0};
	char line[1024];

	if (node == NX_NODE_ANY) {
		log("user tables: one copy, in any memory (the kernel tells of no NUMA nodes)");
		return;
	}
	(void)snprintf(
		line, sizeof(line), "user tables: one copy, in memory of NUMA node %d", node);
	log(line);
	if (c->n_nodes == 1)
		return;
	for (int other = 0; other < NX_NODES_MAX; other++)
		if (c->workers[other] && other != node)
			list_node(&others, other);
	(void)snprintf(line, sizeof(line),
		"user tables: the workers on NUMA nodes other than %d (%s) read remote memory, "
		"which is slower: workers.user_tables: per-node gives each node a copy of its own, "
		"for %u times the memory",
		node, others.text, c->n_nodes);
	log(line);
}

static void tell_many(const struct nx_placement *p, void (*log)(const char *line))
{
	struct node_list nodes = {.len = 0};
	char line[1024];

	for (unsigned i = 0; i < p->n_replicas; i++)
		list_node(&nodes, p->node[i]);
	(void)snprintf(line, sizeof(line),
		"user tables: %u copies, in memory of NUMA nodes %s: each worker reads its own "
		"node's",
		p->n_replicas, nodes.text);
	log(line);
}

void nx_placement_choose(const struct nx_box_config *box, const char *sys_nodes,
	void (*log)(const char *line), struct nx_placement *out)
{
	struct census c = count(box, sys_nodes);

	*out = (struct nx_placement){.n_replicas = 1, .node = {busiest(&c)}};
	if (c.n_nodes > 1 && box->user_tables == NX_TABLES_PER_NODE) {
		per_node(&c, box->n_workers, out);
		tell_many(out, log);
	} else {
		tell_one(&c, out->node[0], log);
	}
}
