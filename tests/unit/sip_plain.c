/* The plain path of the SIP parser. */
#define NX_SIP_PLAIN
#define nx_sip_parse sip_parse_plain
#include "dataplane/core/sip_parse.c"
#include "tests/unit/sip_plain.h"
