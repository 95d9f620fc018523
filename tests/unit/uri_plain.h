/* nx_uri_parse, built without what skips ahead, and without AVX-512: all must read every URI alike.
 */
#ifndef NX_TEST_URI_PLAIN_H
#define NX_TEST_URI_PLAIN_H

#include "dataplane/core/uri.h"

unsigned uri_parse_plain(const uint8_t *msg, struct nx_span span, struct nx_uri *out);
unsigned uri_parse_sse2(const uint8_t *msg, struct nx_span span, struct nx_uri *out);

#endif
