/* What a byte may be part of (RFC 3261 section 25.1): one table, a bit a class. */
#ifndef NX_CORE_SIP_CLASS_H
#define NX_CORE_SIP_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#define NX_SIP_TOKEN  0x01u
#define NX_SIP_WORD   0x02u /* of a Call-ID */
#define NX_SIP_URI    0x04u /* printable, without white space, quotes and angle brackets */
#define NX_SIP_ADDR   0x08u /* of a URI that stands without <>: URI without , ; ? */
#define NX_SIP_QDTEXT 0x10u /* of a quoted string, without '"' and '\'; white space and folding */
#define NX_SIP_HOST   0x20u /* host names and IPv4; not IPv6 */
#define NX_SIP_IPV6   0x40u /* between the brackets */
#define NX_SIP_VALUE  0x80u /* of a Via parameter: token or host, IPv6 with or without brackets */

#define NX_SIP_BREAKS 0x0e /* NUL, LF and CR are below; so are a few that are allowed */

extern const uint8_t nx_sip_breaks[64]; /* all NX_SIP_BREAKS */

extern const uint8_t nx_sip_class[256];

/* The same for ASCII, a table a class (that of class 1u << i is the i-th): the upper bit says that
 * the byte is of the class; */
extern const uint8_t nx_sip_members[8][128];

/* and by halves of a byte: bit h of [i][l] says that the byte with upper half h and lower half l is
 * of the class. */
extern const uint8_t nx_sip_class_halves[8][16];

static inline bool nx_sip_is_lws(uint8_t byte)
{
	return byte <= ' ' && 1ull << byte & (1ull << ' ' | 1u << '\t' | 1u << '\r' | 1u << '\n');
}

static inline bool nx_sip_is_letter(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26;
}

#endif
