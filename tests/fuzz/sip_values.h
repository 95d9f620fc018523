/* Headers whose values are what their grammar allows (RFC 3261 25.1): most of them odd, hardly any
 * wrong. For the mutator, and drawn by its dice. */
#ifndef NX_FUZZ_SIP_VALUES_H
#define NX_FUZZ_SIP_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_VALUE_MAX 1024 /* bytes that any of them writes at most */

/* sip_roll returns a number below sides, which is not 0; the mutator's. */
uint32_t sip_roll(uint32_t sides);

/* Each writes a text to `to` and returns its length: a line without its CRLF, or part of one. */
typedef size_t sip_value(char *to);

sip_value sip_uri_value; /* a Request-URI */
sip_value sip_from_line, sip_to_line, sip_via_line, sip_call_id_line, sip_max_forwards_line;
sip_value sip_other_line;   /* a header that decides nothing */
sip_value sip_param_value;  /* ";name=value" */
sip_value sip_number_value; /* of CSeq */

#endif
