/* The To tag as any machine makes it. */
#define NX_NH_PLAIN
#define nx_reply_tags     tags_plain
#define nx_reply_owns     owns_plain
#define nx_tag_digest_any tag_digest_any_plain
#include "dataplane/core/tag.c"
