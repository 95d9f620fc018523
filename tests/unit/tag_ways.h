/* nx_reply_tags and nx_reply_owns, built for less than this machine may have: all make the same. */
#ifndef NX_TEST_TAG_WAYS_H
#define NX_TEST_TAG_WAYS_H

#include "dataplane/core/reply.h"

void tags_plain(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN]);
bool owns_plain(const struct nx_tag_key key[2], const struct nx_packet *p);
void tags_sse2(const struct nx_tag_key *key, const struct nx_packet *const p[], unsigned n,
	char tag[][NX_TO_TAG_LEN]);
bool owns_sse2(const struct nx_tag_key key[2], const struct nx_packet *p);

#endif
