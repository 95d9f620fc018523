/* Scanning for the SIP parser: a cursor over one value, runs of a byte class, and line ends.
 * Two things make the steps short. A line is looked at only once its end is known, and at least
 * LINE_MARGIN bytes of message follow from there, or the headers could not end: so a step may look
 * at the byte it stands on without asking where the value ends, as what ends a value, white space
 * or CR, is no byte a step is looking for. And no class but that of quoted text has white space or
 * CR: so a run ends with the value at the latest.
 * Time goes by as the cursor waits for what it has just looked at. So blocks are read where it is
 * already known that the cursor will pass: from the message's beginning on for line ends, at the
 * beginning of a value for what is in it. All steps within that block are shifts of its masks.
 * For inclusion by sip_message.h and its parts only. */
#ifndef NX_CORE_SIP_SCAN_H
#define NX_CORE_SIP_SCAN_H

#include "dataplane/core/sip_block.h"

/* Bytes from the CR of a line to the end of the message: CRLF and, at the least, the empty line. */
#define LINE_MARGIN 4

#define WORD_LEN 8  /* of is_word */
#define NAME_LEN 16 /* of a header, so much is compared as words */

/* Where a value's parsing stands: msg <= p <= end <= limit. */
struct cursor {
	const uint8_t *p;
	const uint8_t *end;   /* of the value: white space or CR stands there */
	const uint8_t *limit; /* of the message */
	const uint8_t *msg;   /* spans count from here */
	uintptr_t whole;   /* up to here, a block or a name can be read whole, with LINE_MARGIN */
	const uint8_t *at; /* the block that was opened last */
	block v;
	uint64_t no_token; /* its bytes that are not of NX_SIP_TOKEN, which is asked for most */
};

static always_inline struct cursor cursor_on(const uint8_t *msg, size_t len)
{
	const size_t most = BLOCK > NAME_LEN ? BLOCK : NAME_LEN;
	const size_t whole = most + LINE_MARGIN;
	struct cursor c; /* v and no_token come with open_block */

	c.p = c.msg = c.at = msg;
	c.end = c.limit = msg + len;
	c.whole = (uintptr_t)msg + len - whole;
	return c;
};

static always_inline struct nx_span span(
	const struct cursor *c, const uint8_t *from, const uint8_t *to)
{
	uint32_t both = (uint32_t)(from - c->msg) | (uint32_t)(to - from) << 16;
	struct nx_span s;

	memcpy(&s, &both, sizeof(s)); /* one store, where the compiler would make two */
	return s;
}

static always_inline bool is_whole(const struct cursor *c, const uint8_t *p)
{
	return likely((uintptr_t)p <= c->whole);
}

/* block_at gives the block at p <= limit, filled up with zeros where the message ends. */
static always_inline block block_at(const uint8_t *p, const uint8_t *limit)
{
	size_t left = (size_t)(limit - p);

	return left >= BLOCK ? block_load(p) : block_part(p, left);
}

/* ---- runs ---- */

/* run_on is for runs that reach beyond their first block, or begin where it is not whole. */
static slow_path const uint8_t *run_on(const uint8_t *p, const uint8_t *limit, unsigned class)
{
	for (;; p += BLOCK) {
		uint64_t stops = block_stops(block_at(p, limit), class);

		if (stops)
			return p + __builtin_ctzll(stops);
	}
}

/* open_block makes the block at the cursor the one that runs are looked up in. */
static always_inline void open_block(struct cursor *c)
{
	c->at = c->p;
	c->v = is_whole(c, c->p) ? block_load(c->p) : block_at(c->p, c->limit);
	c->no_token = block_stops(c->v, NX_SIP_TOKEN);
}

/* run_end returns the first byte at or after p that is not of the class, at most limit; p is not
 * before the block that was opened last. */
static always_inline const uint8_t *run_end(
	const struct cursor *c, const uint8_t *p, unsigned class)
{
	size_t off = (size_t)(p - c->at);

	if (likely(off < BLOCK)) {
		uint64_t stops = class == NX_SIP_TOKEN ? c->no_token : block_stops(c->v, class);

		stops >>= off;
		if (likely(stops))
			return p + __builtin_ctzll(stops);
	}
	return run_on(p, c->limit, class);
}

/* ---- steps over a value ---- */

/* at: any byte but white space. */
static always_inline bool at(const struct cursor *c, uint8_t byte)
{
	return *c->p == byte;
}

static always_inline bool take(struct cursor *c, uint8_t byte)
{
	if (!at(c, byte))
		return false;
	c->p++;
	return true;
}

/* at_class, skip_some: any class but NX_SIP_QDTEXT. skip_some says whether there was one byte at
 * least. */
static always_inline bool at_class(const struct cursor *c, unsigned class)
{
	return nx_sip_class[*c->p] & class;
}

static always_inline bool skip_some(struct cursor *c, unsigned class)
{
	const uint8_t *from = c->p;

	c->p = run_end(c, from, class);
	return c->p > from;
}

static slow_path const uint8_t *lws_end(const uint8_t *p, const uint8_t *end)
{
	while (p < end && nx_sip_is_lws(*p))
		p++;
	return p;
}

/* skip_lws moves over linear white space, in most places none or one space. A CRLF inside a value
 * is always a folding: the search for line ends has seen to it. */
static always_inline bool skip_lws(struct cursor *c)
{
	const uint8_t *from = c->p;

	if (likely(*from > ' ') || from >= c->end)
		return false;
	c->p += *from == ' ';
	if (unlikely(*c->p <= ' '))
		c->p = lws_end(c->p, c->end);
	return c->p > from;
}

/* skip_quoted moves over a quoted string that begins here. */
static always_inline bool skip_quoted(struct cursor *c)
{
	const uint8_t *p = c->p + 1;

	for (;; p += 2) {
		p = run_end(c, p, NX_SIP_QDTEXT);
		c->p = p < c->end ? p : c->end;
		if (c->p == c->end || (*p != '\\' && *p != '"'))
			return false;
		if (*p == '"')
			break;
		if (c->end - p < 2 || p[1] >= 0x80 || p[1] == '\r' || p[1] == '\n')
			return false;
	}
	c->p++;
	return true;
}

/* ---- words: a few bytes as one number ---- */

static always_inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static always_inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static always_inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* pack makes a number of n bytes, 2 to 8, by two loads that may overlap: a copy into a wider
 * variable would be read back before it is whole. */
static always_inline uint64_t pack(const uint8_t *p, size_t n)
{
	return n < 4 ? (uint64_t)load16(p + n - 2) << 32 | load16(p)
		     : (uint64_t)load32(p + n - 4) << 32 | load32(p);
}

/* The bit that tells small letters from capitals. */
static const uint8_t word_case[WORD_LEN] = {0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20};

/* is_word compares from .. to, tokens, with a literal of 2 to 8 lower-case letters, in any case. */
#define is_word(from, to, word)                                                       \
	((size_t)((to) - (from)) == sizeof(word) - 1 &&                               \
		(pack(from, sizeof(word) - 1) | pack(word_case, sizeof(word) - 1)) == \
			pack((const uint8_t *)(word), sizeof(word) - 1))

/* same_bytes compares two texts of n bytes. */
static always_inline bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
	if (likely(n - 4 <= WORD_LEN - 4))
		return load32(a) == load32(b) && load32(a + n - 4) == load32(b + n - 4);
	return memcmp(a, b, n) == 0;
}

/* same_text compares from .. to with a lower-case text of any length, in any case. */
static inline bool same_text(const uint8_t *from, const uint8_t *to, const char *text)
{
	for (; from < to && *text; from++, text++)
		if ((uint8_t)*text != (nx_sip_is_letter(*from) ? *from | 0x20 : *from))
			return false;
	return from == to && !*text;
}

/* ---- numbers ---- */

struct number {
	const uint8_t *end; /* behind the last digit */
	uint32_t value;     /* UINT32_MAX where there are too many */
};

static slow_path struct number read_number(const uint8_t *p, const uint8_t *end)
{
	uint64_t v = 0;

	for (; p < end && (uint8_t)(*p - '0') <= 9; p++)
		if (v < UINT32_MAX)
			v = v * 10 + (uint8_t)(*p - '0');
	return (struct number){p, v < UINT32_MAX ? (uint32_t)v : UINT32_MAX};
}

/* skip_number reads digits; *value stays at UINT32_MAX where there are too many. Up to seven are
 * read as one word: moved to its upper end, added in pairs, pairs of pairs, and these two. */
static always_inline bool skip_number(struct cursor *c, uint32_t *value)
{
	const uint64_t each = 0x0101010101010101;
	const uint8_t *from = c->p;
	struct number n;

	if (is_whole(c, from)) {
		uint64_t v = load64(from) ^ each * '0'; /* digits become 0 to 9 */
		uint64_t others = (((v & each * 0x7f) + each * (0x7f - 9)) | v) & each * 0x80;

		if (likely(others)) {
			unsigned len8 = (unsigned)__builtin_ctzll(others) & ~7u;

			v = len8 ? v << (64 - len8) : 0;
			v = (v * (1 + (10 << 8))) >> 8 & 0x00ff00ff00ff00ff;
			v = (v * (1 + (100 << 16))) >> 16 & 0x0000ffff0000ffff;
			*value = (uint32_t)((v * (1 + (10000ull << 32))) >> 32);
			c->p = from + len8 / 8;
			return len8 != 0;
		}
	}
	n = read_number(from, c->end);
	c->p = n.end;
	*value = n.value;
	return c->p > from;
}

/* ---- line ends ---- */

enum line_end { LINE_CRLF, LINE_BAD, LINE_NONE };

struct line {
	const uint8_t *eol; /* its CR, or where it went wrong */
	enum line_end end;
};

static always_inline bool at_crlf(const uint8_t *p)
{
	return load16(p) == ('\r' | '\n' << 8);
}

/* break_at judges the byte at p, which may end a line. */
static always_inline struct line break_at(const uint8_t *p, const uint8_t *limit)
{
	size_t left = (size_t)(limit - p);

	if (left >= 2 && at_crlf(p)) {
		if (left >= LINE_MARGIN)
			return (struct line){p, LINE_CRLF};
		p += 2;
		left -= 2;
	}
	return (struct line){p, left && (*p == '\r' || *p == '\n' || !*p) ? LINE_BAD : LINE_NONE};
}

static slow_path struct line line_at_slow(const uint8_t *from, const uint8_t *limit)
{
	for (; from < limit; from += BLOCK) {
		uint64_t breaks = block_breaks(block_at(from, limit));

		for (; breaks; breaks &= breaks - 1) {
			const uint8_t *p = from + __builtin_ctzll(breaks);
			struct line line = break_at(p, limit);

			if (line.end != LINE_NONE || limit - p < LINE_MARGIN)
				return line;
		}
	}
	return (struct line){limit, LINE_NONE};
}

/* Where the runs of breaks begin that are still ahead in one block; none where the block is not
 * whole. Two lines end in two runs, as a byte stands between them; the last one and the empty line
 * after it in one. */
struct breaks {
	const uint8_t *at;
	uint64_t starts;
};

/* breaks_from: p is behind the first byte of the message. */
static always_inline struct breaks breaks_from(const struct cursor *c, const uint8_t *p)
{
	return (struct breaks){p, is_whole(c, p) ? block_starts(p) : 0};
}

/* line_at finds the first CRLF at or after `from`, which is behind a line end, that has
 * LINE_MARGIN. LINE_BAD: a bare CR, a bare LF or a NUL comes first. LINE_NONE: neither comes. */
static always_inline struct line line_at(
	struct breaks *b, const struct cursor *c, const uint8_t *from)
{
	struct line line;

	while (!b->starts && is_whole(c, b->at + BLOCK)) {
		b->at += BLOCK;
		b->starts = block_starts(b->at);
	}
	if (likely(b->starts) && likely(*from >= NX_SIP_BREAKS)) {
		const uint8_t *p = b->at + __builtin_ctzll(b->starts);

		if (likely(at_crlf(p))) {
			b->starts &= b->starts - 1;
			return (struct line){p, LINE_CRLF};
		}
	}
	line = line_at_slow(from, c->limit);
	if (line.end == LINE_CRLF)
		*b = breaks_from(c, line.eol + 2);
	return line;
}

#endif
