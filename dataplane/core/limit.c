/* Rates by the generic cell rate algorithm (ITU-T I.371): a sender's slot holds the moment at which
 * its account is empty again. Each admission moves that moment on by one interval; who would be
 * more than a second ahead of the clock is refused, and pays nothing for it. A moment that has
 * passed is an empty account, so nothing has to be swept.
 *
 *   slot:  [63..40] hash bits of the sender    [39..0] moment, in units of 1,024 ns
 *
 * A sender without a slot takes the one of its line that owes least, always: whoever loses it had
 * done the least of eight, and begins again with an empty account. So a flood of new senders never
 * has anyone refused, and drives out of a line first those that are no heavy senders either. The
 * line is chosen by SipHash: nobody can tell who shares it.
 * Moments wrap after 13 days; one that is not within the next second is taken as passed.
 * Left out: what a network larger than IPv6's /64 sends together, and senders' shares of a common
 * limit: spoofed addresses defeat both. */
#include "dataplane/core/limit.h"

#include <string.h>

#include "dataplane/core/siphash.h"

#define MOMENT ((UINT64_C(1) << 40) - 1)
#define SENDER (~MOMENT)
#define SECOND (UINT64_C(1000000000) >> 10) /* in units of a moment */

_Static_assert((NX_LIMIT_LINES & (NX_LIMIT_LINES - 1)) == 0, "a line is found by masking");
_Static_assert(NX_LIMIT_LINES - 1 <= MOMENT, "line and slot come from different bits of a hash");

void nx_limit_init(struct nx_limit *l, const uint8_t key[16])
{
	memset(l, 0, sizeof(*l));
	memcpy(l->key, key, sizeof(l->key));
}

/* The account's hash. The second word's first byte is zero in every sender: what is limited. */
static uint64_t hash_of(
	const struct nx_limit *l, const struct nx_addr *sender, enum nx_limit_of what)
{
	uint64_t network = nx_siphash_le64(sender->b);
	uint64_t host = nx_addr_is_v4(sender) ? nx_siphash_le64(sender->b + 8) : 0;

	return nx_siphash_16(l->key, network, host | (uint64_t)what);
}

/* How far the slot's account is ahead of the clock. */
static uint64_t ahead(uint64_t slot, uint64_t now)
{
	uint64_t d = (slot - now) & MOMENT;

	return d <= SECOND ? d : 0;
}

bool nx_limit_admit(struct nx_limit *l, const struct nx_addr *sender, enum nx_limit_of what,
	uint32_t per_second, uint64_t now_ns)
{
	const uint64_t now = now_ns >> 10;
	uint64_t hash, owes, least = UINT64_MAX, *line, *slot = NULL;

	if (per_second == 0)
		return true;
	hash = hash_of(l, sender, what);
	line = l->slot[hash & (NX_LIMIT_LINES - 1)];
	for (unsigned i = 0; i < NX_LIMIT_SLOTS; i++) {
		const bool own = ((line[i] ^ hash) & SENDER) == 0;

		owes = ahead(line[i], now);
		if (own || owes < least) {
			slot = &line[i];
			least = owes;
		}
		if (own)
			break;
	}
	owes = (*slot ^ hash) & SENDER ? 0 : least;
	owes += SECOND / per_second;
	if (owes > SECOND)
		return false;
	*slot = (hash & SENDER) | ((now + owes) & MOMENT);
	return true;
}
