/* The plain path of the URI parser: the table of classes, no bits. */
#define NX_URI_PLAIN
#define nx_uri_parse         uri_parse_plain
#define nx_uri_parse_address uri_parse_address_plain
#include "dataplane/core/uri.c"
