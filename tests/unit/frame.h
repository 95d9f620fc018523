/* Frames for tests: Ethernet, tags, IPv4 or IPv6 and UDP around a payload, written and checked by
 * code that shares nothing with the data plane. */
#ifndef TESTS_UNIT_FRAME_H
#define TESTS_UNIT_FRAME_H

#include "dataplane/core/packet.h"
#include "tests/unit/guard.h"

#define FRAME_MAX 4096

struct frame_spec {
	bool v6;
	const char *src, *dst; /* NULL: 198.51.100.7 and 192.0.2.10, 2001:db8::7 and 2001:db8::10 */
	uint16_t sport, dport; /* 0: 5060 */
	uint8_t tos;           /* IPv4 TOS, IPv6 traffic class */
	uint16_t tpid[3], tci[3]; /* tags, outermost first; tpid 0 ends them */
	const uint8_t *options;   /* IPv4, a multiple of 4 bytes */
	size_t options_len;
	uint8_t next; /* first extension header; 0 with no ext: UDP */
	const uint8_t *ext;
	size_t ext_len;
	bool no_udp_csum;
};

/* frame_csum is RFC 1071 by the letter: 16 bits at a time, network order. */
uint16_t frame_csum(uint32_t sum, const uint8_t *data, size_t len);

/* frame_build writes a frame of at most FRAME_MAX bytes and returns its length. */
size_t frame_build(uint8_t *out, const struct frame_spec *s, const void *payload, size_t len);

/* frame_fix_ipv4 writes the header checksum of the IPv4 header at ip anew. */
void frame_fix_ipv4(uint8_t *ip);

/* frame_check asserts a sound reply frame, lengths and checksums, and returns where its payload
 * begins. */
size_t frame_check(const uint8_t *frame, size_t len, size_t l3_off, bool v6);

/* A request with its own frame, decoded and parsed; fails the test where either refuses it. */
struct request {
	struct nx_packet p;
	uint8_t frame[FRAME_MAX];
};

void request_make(struct request *r, const struct frame_spec *s, const char *sip);

/* request_guard moves the frame to where the byte behind it cannot be read. */
void request_guard(struct request *r, struct guard *g);

#endif
