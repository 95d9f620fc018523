/* The URI parser of machines without AVX-512. */
#define NX_URI_SSE2
#define nx_uri_parse         uri_parse_sse2
#define nx_uri_parse_address uri_parse_address_sse2
#define nx_uri_equivalent    uri_equivalent_sse2
#include "dataplane/core/uri.c"
