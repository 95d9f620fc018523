/* Datagrams without a sound request line (rules 13 and 15): off the hot path, told apart for the
 * counters' sake, since all of them pass. RFC 3261 sections 7.1 and 18.3; keepalives: RFC 5626
 * section 4.4 and RFC 8489 section 5 (STUN), with the length check for RFC 3489's, which has no
 * cookie. */
#include "dataplane/core/sip_start.h"

#include <stdbool.h>
#include <string.h>

#include "dataplane/core/sip_class.h"
#include "nxsip/verdict.h"

#define STUN_HEADER_LEN 20

static size_t be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static bool is_stun(const uint8_t *msg, size_t len)
{
	static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

	if (len < STUN_HEADER_LEN || msg[0] > 3)
		return false;
	return memcmp(msg + 4, cookie, sizeof(cookie)) == 0 ||
	       be16(msg + 2) == len - STUN_HEADER_LEN;
}

static bool is_keepalive(const uint8_t *msg, size_t len)
{
	static const uint8_t zeros[4];
	size_t i = 0;

	while (i < len && (msg[i] == '\r' || msg[i] == '\n'))
		i++;
	return i == len || (len == sizeof(zeros) && memcmp(msg, zeros, len) == 0) ||
	       is_stun(msg, len);
}

static bool is_sip_slash(const uint8_t *p, size_t len)
{
	return len >= 4 && (p[0] | 0x20) == 's' && (p[1] | 0x20) == 'i' && (p[2] | 0x20) == 'p' &&
	       p[3] == '/';
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static size_t line_len(const uint8_t *msg, size_t len)
{
	size_t i = 0;

	while (i < len && msg[i] != '\r' && msg[i] != '\n' && msg[i] != 0)
		i++;
	return i;
}

/* find_version gives the offset of the last word of a line that reads like `token ... SIP/n`, and
 * its end; 0: it does not. */
static size_t find_version(const uint8_t *line, size_t len, size_t *end)
{
	size_t method = 0, start;

	while (method < len && nx_sip_class[line[method]] & NX_SIP_TOKEN)
		method++;
	while (len && is_blank(line[len - 1]))
		len--;
	*end = len;
	for (start = len; start > method && !is_blank(line[start - 1]); start--)
		;
	if (method == 0 || start <= method || !is_blank(line[method]) ||
		!is_sip_slash(line + start, len - start) || len - start < 5 ||
		(uint8_t)(line[start + 4] - '0') > 9)
		return 0;
	return start;
}

unsigned nx_sip_start_reason(const uint8_t *msg, size_t len)
{
	size_t eol = line_len(msg, len);
	size_t version, version_end;

	if (is_keepalive(msg, len))
		return NX_R_KEEPALIVE;
	if (is_sip_slash(msg, len))
		return NX_R_RESPONSE;
	if (eol == 0)
		return msg[0] ? NX_R_BAD_REQUEST_LINE : NX_R_NOT_SIP;
	version = find_version(msg, eol, &version_end);
	if (!version)
		return NX_R_NOT_SIP;
	if (version_end - version != 7 || memcmp(msg + version, "SIP/2.0", 7) != 0)
		return NX_R_BAD_VERSION;
	if (eol == len)
		return NX_R_NO_HEADER_END;
	if (len - eol < 2 || msg[eol] != '\r' || msg[eol + 1] != '\n')
		return NX_R_BAD_LINE_END;
	return NX_R_BAD_REQUEST_LINE;
}
