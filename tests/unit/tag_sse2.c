/* The To tag as a machine without AVX-512 makes it. */
#define NX_NH_SSE2
#define nx_reply_tags     tags_sse2
#define nx_reply_owns     owns_sse2
#define nx_tag_digest_any tag_digest_any_sse2
#include "dataplane/core/tag.c"
