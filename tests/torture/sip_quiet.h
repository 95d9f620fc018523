/* libosip2 traces its errors to standard output, whatever levels are disabled; our programs print
 * tables there. */
#ifndef NX_TORTURE_SIP_QUIET_H
#define NX_TORTURE_SIP_QUIET_H

/* sip_quiet ends the trace for the whole process. */
void sip_quiet(void);

#endif
