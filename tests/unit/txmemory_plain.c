/* The transaction memory as any machine has it. */
#define NX_NH_PLAIN
#define nx_txmemory_init     txmemory_init_plain
#define nx_txmemory_apply    txmemory_apply_plain
#define nx_txmemory_remember txmemory_remember_plain
#define nx_txmemory_ids      txmemory_ids_plain
#define nx_txmemory_flush    txmemory_flush_plain
#define nx_txmemory_put      txmemory_put_plain
#define nx_txmemory_get      txmemory_get_plain
#include "dataplane/core/txmemory.c"
