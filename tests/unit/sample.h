/* Sample messages: a typical trunk's INVITE with SDP, about 740 bytes, and a small builder that
 * tests vary header by header. */
#ifndef NX_TEST_SAMPLE_H
#define NX_TEST_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_MAX 2048

struct sample {
	char text[SAMPLE_MAX];
	size_t len;
};

/* sample_invite writes INVITE sip:<user>@sbc.example.net with SDP; seed varies tags, Call-ID,
 * branch and caller. The same arguments give the same bytes. */
void sample_invite(struct sample *s, const char *user, unsigned seed);

/* sample_request writes a minimal sound request for method and Request-URI: Via, Max-Forwards,
 * From, To, Call-ID, CSeq, in this order, then the extra header lines (each ended by CRLF; may be
 * "") and the empty line. No body. */
void sample_request(struct sample *s, const char *method, const char *uri, const char *extra);

/* sample_replace puts `to` in place of the first `from` in the message; aborts where there is
 * none, so that a test cannot silently test nothing. */
void sample_replace(struct sample *s, const char *from, const char *to);

#endif
