/* A box that answers as much as a configuration can make it answer, for messages from anywhere: one
 * service on every UDP port, for any host; its sender trusted, OPTIONS and REGISTER judged too;
 * every name and number declared complete, and no user in the table; no emergency number listed. */
#ifndef NX_TORTURE_SIP_BOX_H
#define NX_TORTURE_SIP_BOX_H

#include "nxsip/policy.h"

#define SIP_BOX_V4      "192.0.2.10"
#define SIP_BOX_V6      "2001:db8::10"
#define SIP_BOX_FROM_V4 "198.51.100.7" /* the trusted sender */
#define SIP_BOX_FROM_V6 "2001:db8::7"

/* sip_box_create builds the policy by control/policy; ends the program where it cannot.
 * gone: a rule calls every user gone for good, so that 604 is answered where it may be; else 404.
 */
struct nx_policy *sip_box_create(bool gone);
void sip_box_destroy(struct nx_policy *policy);

#endif
