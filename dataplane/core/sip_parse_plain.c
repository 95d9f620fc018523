/* The SIP parser for machines without vector instructions beyond the baseline. */
#define NX_SIP_PARSE nx_sip_parse_plain
#define NX_SIP_FITS  nx_sip_fits_plain
#include "dataplane/core/sip_fits.h"
#include "dataplane/core/sip_message.h"
