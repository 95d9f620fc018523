/* Memory for the user table's shards: the one place that decides where shards lie. */
#ifndef NX_CONTROL_USERS_MEM_H
#define NX_CONTROL_USERS_MEM_H

#include <stddef.h>

/* nx_users_mem_alloc returns size zeroed bytes aligned to 64, or NULL. */
void *nx_users_mem_alloc(size_t size);
void nx_users_mem_free(void *mem, size_t size);

#endif
