/* Sample messages. */
#include "tests/unit/sample.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void append(struct sample *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(s->text) - s->len)
		abort();
	s->len += (size_t)n;
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 4;
}

void sample_invite(struct sample *s, const char *user, unsigned seed)
{
	uint32_t r = seed;
	unsigned host = seed % 254 + 1;
	unsigned caller = next(&r) % 90000000 + 10000000;
	struct sample sdp = {.len = 0};

	append(&sdp, "v=0\r\no=- %u %u IN IP4 192.0.2.%u\r\ns=-\r\n", next(&r), next(&r), host);
	append(&sdp, "c=IN IP4 192.0.2.%u\r\nt=0 0\r\n", host);
	append(&sdp, "m=audio %u RTP/AVP 8 0 101\r\n", next(&r) % 20000 + 10000);
	append(&sdp, "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n");
	append(&sdp, "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n");

	s->len = 0;
	append(s, "INVITE sip:%s@sbc.example.net SIP/2.0\r\n", user);
	append(s, "Via: SIP/2.0/UDP 192.0.2.%u:5060;branch=z9hG4bK%08x%08x;rport\r\n", host,
		next(&r), next(&r));
	append(s, "Max-Forwards: 70\r\n");
	append(s, "From: \"Caller\" <sip:+4420%u@carrier.example.org>;tag=%08x\r\n", caller,
		next(&r));
	append(s, "To: <sip:%s@sbc.example.net>\r\n", user);
	append(s, "Call-ID: %08x-%08x@192.0.2.%u\r\n", next(&r), next(&r), host);
	append(s, "CSeq: %u INVITE\r\n", next(&r) % 1000 + 1);
	append(s, "Contact: <sip:+4420%u@192.0.2.%u:5060>\r\n", caller, host);
	append(s, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n");
	append(s, "Supported: timer, 100rel\r\nUser-Agent: sample/1.0\r\n");
	append(s, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n", sdp.len);
	append(s, "%s", sdp.text);
}

void sample_request(struct sample *s, const char *method, const char *uri, const char *extra)
{
	s->len = 0;
	append(s, "%s %s SIP/2.0\r\n", method, uri);
	append(s, "Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKsample1;rport\r\n");
	append(s, "Max-Forwards: 70\r\n");
	append(s, "From: <sip:caller@example.org>;tag=fromtag1\r\n");
	append(s, "To: <sip:callee@example.net>\r\n");
	append(s, "Call-ID: sample1@192.0.2.1\r\n");
	append(s, "CSeq: 1 %s\r\n", method);
	append(s, "%s\r\n", extra);
}

void sample_replace(struct sample *s, const char *from, const char *to)
{
	char *at = memmem(s->text, s->len, from, strlen(from));
	size_t tail;

	if (!at || s->len - strlen(from) + strlen(to) >= sizeof(s->text))
		abort();
	tail = s->len - (size_t)(at - s->text) - strlen(from);
	memmove(at + strlen(to), at + strlen(from), tail);
	memcpy(at, to, strlen(to));
	s->len = s->len - strlen(from) + strlen(to);
	s->text[s->len] = 0;
}
