/* What a datagram is that does not begin with a sound request line. */
#ifndef NX_CORE_SIP_START_H
#define NX_CORE_SIP_START_H

#include <stddef.h>
#include <stdint.h>

/* nx_sip_start_reason tells keepalives, responses, other protocols and broken requests apart.
 * In:     msg: len bytes that have no sound request line.
 * Return: KEEPALIVE, RESPONSE, NOT_SIP, BAD_VERSION, BAD_LINE_END, NO_HEADER_END or
 *         BAD_REQUEST_LINE.
 * Thread: any; no state. */
unsigned nx_sip_start_reason(const uint8_t *msg, size_t len);

#endif
