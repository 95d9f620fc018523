/* Route header values: may a request that carries them be judged here (rule 9)? */
#ifndef NX_CORE_ROUTE_H
#define NX_CORE_ROUTE_H

#include "dataplane/core/packet.h"

/* nx_route_is_own says whether every Route value of p is `<sip:ADDRESS>` with ADDRESS one of the
 * services' own, no user part, and no parameter but lr and transport.  Thread: any. */
bool nx_route_is_own(const struct nx_policy *policy, const struct nx_packet *p);

#endif
