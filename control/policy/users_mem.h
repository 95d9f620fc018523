/* Memory for the user table's shards: address space whose front is backed, on huge pages where the
 * machine has any. One thread at a time. */
#ifndef NX_CONTROL_USERS_MEM_H
#define NX_CONTROL_USERS_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NX_NODE_ANY  (-1)
#define NX_NODES_MAX 64 /* nodes beyond cannot be asked for */

struct nx_mem {
	char *base;
	size_t reserved; /* bytes of address space */
	size_t backed;   /* of them from base on: readable, writable, and what the mapping costs */
	size_t zero;     /* from here to backed no byte was ever handed out */
	size_t giant;    /* the first bytes, on 1 GiB pages */
	int node;        /* NUMA node that is preferred, or NX_NODE_ANY */
};

/* nx_mem_reserve takes address space for so many bytes; it costs nothing yet.
 * Error: NX_ERR_NOMEM. */
int nx_mem_reserve(struct nx_mem *m, size_t bytes, int node);
void nx_mem_release(struct nx_mem *m);

/* nx_mem_back sees to it that the first `bytes` are backed.
 * Error: NX_ERR_NOMEM: beyond what is reserved, or the machine has not so much left. */
int nx_mem_back(struct nx_mem *m, size_t bytes);

/* nx_mem_trim gives back what lies behind the first `bytes`, in whole pages. */
void nx_mem_trim(struct nx_mem *m, size_t bytes);

/* nx_mem_available: bytes that the machine could still hand out without swapping, its pool of huge
 * pages included. */
uint64_t nx_mem_available(void);

/* nx_mem_has says whether the machine has so many bytes left; for few it is not asked. */
bool nx_mem_has(uint64_t bytes);

#endif
