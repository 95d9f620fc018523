/* Datagrams in fragments (rule 36): what became of the first fragment becomes of the later ones.
 *
 * A first fragment is judged like a whole datagram where every needed header is in it: the parser
 * finds the empty line that ends the headers. Its later fragments, which hold no UDP header, end
 * here if it was answered, absorbed or dropped, else they pass. Nothing is held back or put
 * together, so the order of arrival decides:
 *
 *   - A later fragment that comes before its first passes, and then the first passes too: a reply
 *     to it would leave the SBC with half a datagram until its reassembly gives up.
 *   - A second first fragment (a duplicate, an overlap with other content, or the id used anew) is
 *     judged for itself. Where one passes, all that follows passes: nobody can have another's
 *     datagram ended by a forged first fragment for longer than until the real one comes. Where one
 *     has passed, no other of that datagram is answered.
 *   - Later fragments that overlap each other follow alike, whatever they hold; what to make of
 *     them is the receiver's affair (RFC 5722).
 *   - Once as many bytes have come as UDP's length says, the datagram is forgotten, so that the
 * next one may have its id: with 16 bits they come round within seconds. Duplicates after that
 * pass, alone, as does what comes more than 30 s after its first: to a receiver these are fragments
 *     of nothing.
 *
 * Only sound packets (rule 2): a first fragment must have a good IPv4 header checksum, a length
 * that is a multiple of 8 and a UDP length beyond it. Its UDP checksum covers bytes that are not
 * there, and cannot be verified. It is taken as IPv4's checksum 0, "none", is: nothing is known
 * against it; rule 36 asks for no more, and a sender of large INVITEs would otherwise never be
 * answered. A checksum of 0 over IPv6 is wrong and passes. Content-Length is held against UDP's
 * length, not against the fragment (rule 17).
 *
 * How: a hash table of fixed size, keyed by SipHash, of addresses, id and VLAN, four datagrams a
 * cache line. A datagram takes a slot until it is whole or 30 s old. Where four are taken, a
 * newcomer that ended takes the place of the oldest that passed, else of the oldest that ended; one
 * that passed takes only that of another that passed, else none: so the fragments that anybody can
 * make cannot push out what a judged request has put there, and whatever is pushed out or finds no
 * place passes. The keyed hash keeps the choice of the bucket from the sender.
 *
 * RFC 791 section 3.2, RFC 8200 section 4.5, RFC 6864. */
#ifndef NX_CORE_FRAGMENT_H
#define NX_CORE_FRAGMENT_H

#include "nxsip/addr.h"

#define NX_FRAGMENT_LIFE_NS UINT64_C(30000000000) /* as long as Linux keeps an incomplete one */
#define NX_FRAGMENT_SLOTS   4                     /* of a bucket */
#define NX_FRAGMENT_BUCKETS (1u << 12)            /* 256 KiB: 16,384 incomplete datagrams */

/* A fragment of a UDP datagram, as its headers have it. */
struct nx_fragment {
	struct nx_addr src, dst;
	uint32_t id;    /* IPv4: 16 bits, IPv6: 32 */
	uint16_t vlan;  /* outermost id, or NX_VLAN_NONE */
	uint16_t off;   /* bytes of the IP payload before it; 0: the first */
	uint16_t len;   /* bytes of the IP payload in it (IPv6: behind the fragment header) */
	uint16_t total; /* first: bytes of the whole IP payload, as UDP's length has it, > len */
};

/* All zero: free. */
struct nx_fragment_slot {
	uint64_t key;
	uint32_t tick;    /* of its first fragment, or of the earliest later one */
	uint16_t missing; /* bytes yet to come, modulo 2^16; before the first: minus those seen */
	uint8_t fate;
	bool has_first;
};

struct nx_fragment_bucket {
	_Alignas(64) struct nx_fragment_slot slot[NX_FRAGMENT_SLOTS];
};
_Static_assert(sizeof(struct nx_fragment_bucket) == 64, "a bucket is one cache line");

/* One worker's; nobody else reads or writes it. */
struct nx_fragments {
	uint8_t key[16];
	struct nx_fragment_bucket *bucket;
	uint32_t mask; /* buckets - 1 */
};

/* nx_fragments_init makes an empty memory in the caller's buckets, which outlive it and are all
 * zero; n: a power of two.  key: 16 random bytes, secret, the worker's own. */
void nx_fragments_init(struct nx_fragments *m, const uint8_t key[16],
	struct nx_fragment_bucket *bucket, uint32_t n);

/* nx_fragments_follow takes a datagram's fragments in the order of arrival and says of each whether
 * it ends here; else it passes.
 * Thread: the worker; no allocation, no system call.
 * In:     ends: a first fragment's own verdict is not pass; a later one's is not asked for.
 *         now_ns: CLOCK_MONOTONIC, never less than before.
 * A first fragment that was to end, and after all passes (no buffer for the reply), is given once
 * more with ends false: what comes after it passes too. */
bool nx_fragments_follow(
	struct nx_fragments *m, const struct nx_fragment *f, bool ends, uint64_t now_ns);

#endif
