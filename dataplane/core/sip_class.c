/* The byte classes of RFC 3261 section 25.1, from one list, in the shapes that the instruction sets
 * want them in. Only the halves of bytes are no expression of the list that C could compute, and
 * are written out; tests lay them beside the others. */
#include "dataplane/core/sip_class.h"

#define T NX_SIP_TOKEN
#define W NX_SIP_WORD
#define U NX_SIP_URI
#define A NX_SIP_ADDR
#define Q NX_SIP_QDTEXT
#define H NX_SIP_HOST
#define X NX_SIP_IPV6
#define V NX_SIP_VALUE

#define IN_TOKEN (T | W | U | A | Q | V)

/* clang-format off */

/* F(first byte, last byte, classes, argument): ASCII */
#define CLASSES(F, k) \
	F('\t', '\t', Q, k) F('\n', '\n', Q, k) F('\r', '\r', Q, k) F(' ', ' ', Q, k) \
	F('0', '9', IN_TOKEN | H | X, k) \
	F('A', 'F', IN_TOKEN | H | X, k) \
	F('G', 'Z', IN_TOKEN | H, k) \
	F('a', 'f', IN_TOKEN | H | X, k) \
	F('g', 'z', IN_TOKEN | H, k) \
	F('.', '.', IN_TOKEN | H | X, k) \
	F('-', '-', IN_TOKEN | H, k) \
	F('!', '!', IN_TOKEN, k) F('%', '%', IN_TOKEN, k) F('*', '*', IN_TOKEN, k) \
	F('_', '_', IN_TOKEN, k) F('+', '+', IN_TOKEN, k) F('`', '`', IN_TOKEN, k) \
	F('\'', '\'', IN_TOKEN, k) F('~', '~', IN_TOKEN, k) \
	F(':', ':', W | U | A | Q | X | V, k) \
	F('[', '[', W | U | A | Q | V, k) F(']', ']', W | U | A | Q | V, k) \
	F('(', ')', W | U | A | Q, k) F('/', '/', W | U | A | Q, k) \
	F('{', '{', W | U | A | Q, k) F('}', '}', W | U | A | Q, k) \
	F('\\', '\\', W | U | A, k) \
	F('?', '?', W | U | Q, k) \
	F('"', '"', W, k) \
	F('<', '<', W | Q, k) F('>', '>', W | Q, k) \
	F(',', ',', U | Q, k) F(';', ';', U | Q, k) \
	F('#', '$', U | A | Q, k) F('&', '&', U | A | Q, k) F('=', '=', U | A | Q, k) \
	F('@', '@', U | A | Q, k) F('^', '^', U | A | Q, k) F('|', '|', U | A | Q, k)

#define CLASS(first, last, classes, k)  [first ... last] = (classes),
#define MEMBER(first, last, classes, k) [first ... last] = (classes) & (k) ? 0x80 : 0,

_Alignas(64) const uint8_t nx_sip_breaks[64] = {[0 ... 63] = NX_SIP_BREAKS};

const uint8_t nx_sip_class[256] = {CLASSES(CLASS, 0) [0x80 ... 0xff] = Q};

_Alignas(64) const uint8_t nx_sip_members[8][128] = {
	{CLASSES(MEMBER, T)}, {CLASSES(MEMBER, W)}, {CLASSES(MEMBER, U)}, {CLASSES(MEMBER, A)},
	{CLASSES(MEMBER, Q)}, {CLASSES(MEMBER, H)}, {CLASSES(MEMBER, X)}, {CLASSES(MEMBER, V)},
};

const uint8_t nx_sip_class_halves[8][16] = {
	/* T */ {0xe8, 0xfc, 0xf8, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xf8, 0xf8, 0xf4, 0x54, 0x50, 0x54, 0xd4, 0x70},
	/* W */ {0xe8, 0xfc, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0x78, 0xf4, 0xdc, 0x7c},
	/* U */ {0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0xfc, 0xf4, 0x7c},
	/* A */ {0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0xf0, 0xfc, 0xf4, 0x74},
	/* Q */ {0xfc, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfd, 0xfd, 0xfc, 0xdc, 0xfd, 0xfc, 0x7c},
	/* H */ {0xa8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x50, 0x54, 0x54, 0x50},
	/* X */ {0x08, 0x58, 0x58, 0x58, 0x58, 0x58, 0x58, 0x08, 0x08, 0x08, 0x08, 0x00, 0x00, 0x00, 0x04, 0x00},
	/* V */ {0xe8, 0xfc, 0xf8, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xf8, 0xf8, 0xfc, 0x74, 0x50, 0x74, 0xd4, 0x70},
};
/* clang-format on */
