/* The byte classes of RFC 3261 section 25.1. */
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
const uint8_t nx_sip_class[256] = {
	['\t'] = Q, ['\n'] = Q, ['\r'] = Q, [' '] = Q,
	['0' ... '9'] = IN_TOKEN | H | X,
	['A' ... 'F'] = IN_TOKEN | H | X,
	['G' ... 'Z'] = IN_TOKEN | H,
	['a' ... 'f'] = IN_TOKEN | H | X,
	['g' ... 'z'] = IN_TOKEN | H,
	['.'] = IN_TOKEN | H | X,
	['-'] = IN_TOKEN | H,
	['!'] = IN_TOKEN, ['%'] = IN_TOKEN, ['*'] = IN_TOKEN, ['_'] = IN_TOKEN, ['+'] = IN_TOKEN,
	['`'] = IN_TOKEN, ['\''] = IN_TOKEN, ['~'] = IN_TOKEN,
	[':'] = W | U | A | Q | X | V,
	['['] = W | U | A | Q | V, [']'] = W | U | A | Q | V,
	['('] = W | U | A | Q, [')'] = W | U | A | Q, ['/'] = W | U | A | Q,
	['{'] = W | U | A | Q, ['}'] = W | U | A | Q,
	['\\'] = W | U | A,
	['?'] = W | U | Q,
	['"'] = W,
	['<'] = W | Q, ['>'] = W | Q,
	[','] = U | Q, [';'] = U | Q,
	['#'] = U | A | Q, ['$'] = U | A | Q, ['&'] = U | A | Q, ['='] = U | A | Q,
	['@'] = U | A | Q, ['^'] = U | A | Q, ['|'] = U | A | Q,
	[0x80 ... 0xff] = Q,
};
/* clang-format on */
