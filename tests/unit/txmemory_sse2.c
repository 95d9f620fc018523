/* The transaction memory as a machine without AVX-512 has it. */
#define NX_NH_SSE2
#define nx_txmemory_init     txmemory_init_sse2
#define nx_txmemory_apply    txmemory_apply_sse2
#define nx_txmemory_remember txmemory_remember_sse2
#define nx_txmemory_ids      txmemory_ids_sse2
#define nx_txmemory_flush    txmemory_flush_sse2
#define nx_txmemory_put      txmemory_put_sse2
#define nx_txmemory_get      txmemory_get_sse2
#include "dataplane/core/txmemory.c"
