/* The SIP parser once more, compiled without vector instructions, to be laid beside nx_sip_parse.
 */
#ifndef NX_TEST_SIP_PLAIN_H
#define NX_TEST_SIP_PLAIN_H

#include "dataplane/core/sip.h"

unsigned sip_parse_plain(const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off);

#endif
