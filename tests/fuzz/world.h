/* A policy under which whatever may be answered at all is answered, and packets for it: what the
 * targets behind the SIP parser share. Its services are at 192.0.2.10 and 2001:db8::10, port 5060:
 * untagged for telephone numbers, on VLAN 100 for names. Every host and every number and name is
 * theirs, and nobody has any; example.net's "gone" and +441632960000 are gone for good. */
#ifndef NX_FUZZ_WORLD_H
#define NX_FUZZ_WORLD_H

#include "dataplane/core/packet.h"
#include "tests/unit/guard.h"

#define WORLD_FRAME_MAX GUARD_MAX /* more bytes than a frame with the largest payload has */

struct world {
	struct nx_policy *policy;
	struct nx_users *users;
	struct nx_pipeline *pipeline;
	struct guard guard;
	uint8_t *end; /* WORLD_FRAME_MAX bytes lie before it: a frame ends there */
};

/* world_create aborts where it cannot. */
struct world *world_create(void);
void world_destroy(struct world *w);

/* world_packet puts a frame around the payload, in w, and p on it, with checksums that count as
 * right. IP version, VLAN, ports, source class and DSCP follow from the payload, so that one input
 * is always one packet, and a set of inputs sees all kinds. Nothing readable lies behind the frame.
 * In: len <= 65000. */
void world_packet(struct world *w, const uint8_t *payload, size_t len, struct nx_packet *p);

/* world_packet_by does so, and all but the payload follows from dice. */
void world_packet_by(
	struct world *w, uint32_t dice, const uint8_t *payload, size_t len, struct nx_packet *p);

/* world_judge runs one packet through the pipeline.  Return: whether it would be answered. */
bool world_judge(const struct world *w, struct nx_packet *p);

/* world_reply checks the reply to a packet that would be answered: a sound frame, never longer than
 * the request, that our own parser reads as it reads the request; the same again for a
 * retransmission; and its ACK is known as ours. Fails by fuzz_fail. */
void world_reply(const struct world *w, const struct nx_packet *p);

#endif
