/* The habit of a sender: who sends many requests writes the same headers in the same order and the
 * same spelling. So lines are kept by their number, as the bytes from the CRLF before them to their
 * values and as what these were proven to be. Where the next message has the same bytes, one
 * comparison says that the line before has ended and is not folded, that this one has a sound name,
 * and which shape its value should have. Any other line, and a value of another shape, is left to
 * the shapes and the grammar. So a habit decides how fast a message is read, never what is made of
 * it: only what header_of has judged comes in.
 * For inclusion by sip_message.h only. */
#ifndef NX_CORE_SIP_HABIT_H
#define NX_CORE_SIP_HABIT_H

#include "dataplane/core/sip.h"
#include "dataplane/core/sip_header.h"
#include "dataplane/core/sip_shape.h"

/* X(kind, header, how its value is read): what a line with a shape may be known as. Its text ends
 * where the shape begins. */
/* clang-format off */
#define HABIT_SHAPES(X)                                                                    \
	X(VIA, VIA, habit_via(&s.habit->via, sip, msg, w.p, w.eol)) /* "SIP/2.0/UDP " */   \
	X(FROM, FROM, shape_from(sip, msg, w.p, w.eol))                                    \
	X(FROM_SIP, FROM, shape_from_sip(sip, msg, w.p - 5, w.p, w.eol)) /* "<sip:" */     \
	X(FROM_QUOTED, FROM, shape_from_quoted(sip, msg, w.p, w.eol)) /* "\"" */           \
	X(TO, TO, shape_to(sip, msg, w.p, w.eol))                                          \
	X(TO_SIP, TO, shape_to_sip(sip, msg, w.p - 5, w.p, w.eol))                         \
	X(TO_QUOTED, TO, shape_to_quoted(sip, msg, w.p, w.eol))                            \
	X(CALL_ID, CALL_ID, shape_call_id(sip, msg, w.p, w.eol))                           \
	X(CSEQ, CSEQ, shape_cseq(sip, msg, w.p, w.eol))                                    \
	X(MAX_FORWARDS, MAX_FORWARDS, shape_max_forwards(sip, msg, w.p, w.eol))            \
	X(CONTENT_LENGTH, CONTENT_LENGTH, shape_content_length(&s.content_length, msg, w.p, w.eol))
/* clang-format on */

enum habit_kind {
	HABIT_NONE,
	HABIT_END,     /* the empty line: CRLF CRLF */
	HABIT_ANY,     /* a header that nobody asks for */
	HABIT_VIA_ROW, /* a Via after the first */
#define HABIT_ENUM(kind, header, shape) HABIT_##kind,
	HABIT_SHAPES(HABIT_ENUM)
#undef HABIT_ENUM
};

/* habit_for takes the part for requests of the kind that begins so: what tells INVITE, OPTIONS and
 * MESSAGE, the requests inside dialogs, and the others apart is two bits of the first letter. */
static always_inline struct nx_sip_habit_kind *habit_for(struct nx_sip_habit *habit, uint8_t first)
{
	return &habit->kind[first >> 3 & (NX_SIP_HABIT_KINDS - 1)];
}

/* ---- learning ---- */

#define LEARN_EVERY 8 /* messages that are not as the habit has it; a power of two */

/* FITS bytes from FITS - n on: 0xff for the first n. */
static const uint8_t first_counts[2 * FITS] = {[0 ... FITS - 1] = 0xff};

/* habit_put keeps n bytes from the CR at cr on, where a block can be read. */
static always_inline void habit_put(
	struct nx_sip_habit_line *line, const uint8_t *cr, size_t n, enum habit_kind kind)
{
	memcpy(line->text, cr, sizeof(line->text));
	memcpy(line->counts, first_counts + FITS - n, FITS);
	line->len = (uint8_t)n;
	line->kind = (uint8_t)kind;
}

#define begins(p, text) (memcmp(p, text, sizeof(text) - 1) == 0)

/* habit_is_to_learn says whether to learn from where lines were not as the habit has them: now and
 * then, so that those who write now so, now otherwise cost little more than without a habit. */
static inline bool habit_is_to_learn(struct nx_sip_habit_kind *habit)
{
	return habit->missed++ % LEARN_EVERY == 0;
}

/* habit_learn keeps the line at name, which was found sound; a block can be read there. */
static slow_path void habit_learn(
	struct nx_sip_habit_line *line, const uint8_t *name, const struct nx_sip *sip)
{
	static const uint8_t kinds[] = {
		[HEADER_OTHER] = HABIT_ANY,
		[HEADER_VIA] = HABIT_VIA,
		[HEADER_FROM] = HABIT_FROM,
		[HEADER_TO] = HABIT_TO,
		[HEADER_CALL_ID] = HABIT_CALL_ID,
		[HEADER_CSEQ] = HABIT_CSEQ,
		[HEADER_MAX_FORWARDS] = HABIT_MAX_FORWARDS,
		[HEADER_CONTENT_LENGTH] = HABIT_CONTENT_LENGTH,
		[HEADER_PRIORITY] = HABIT_NONE,
	};
	block v = block_load(name);
	size_t n = first_of(block_stops(v, NX_SIP_TOKEN));
	const uint8_t *value = name + n + 2;
	unsigned kind;

	if (n > HEADER_LEN_MAX || !begins(name + n, ": "))
		return;
	kind = kinds[header_of(v, name, n)];
	if (kind == HABIT_VIA && sip->n_via > 1)
		kind = HABIT_VIA_ROW;
	else if (kind == HABIT_VIA && begins(value, "SIP/2.0/UDP "))
		value += 12;
	else if (kind == HABIT_VIA)
		return;
	if (kind == HABIT_FROM || kind == HABIT_TO) {
		if (begins(value, "<sip:")) {
			kind += HABIT_FROM_SIP - HABIT_FROM;
			value += 5;
		} else if (*value == '"') {
			kind += HABIT_FROM_QUOTED - HABIT_FROM;
			value++;
		}
	}
	n = (size_t)(value - name) + 2;
	if (kind != HABIT_NONE && n <= sizeof(line->text))
		habit_put(line, name - 2, n, kind);
}

static slow_path void habit_learn_end(struct nx_sip_habit_line *line)
{
	static const uint8_t end[FITS] = "\r\n\r\n";

	habit_put(line, end, 4, HABIT_END);
}

/* habit_fits: the CR at cr ends a line, and the line behind it is as kept. */
static always_inline bool habit_fits(const struct nx_sip_habit_line *line, const uint8_t *cr)
{
	return likely(block_fits(cr, (const uint8_t *)line, line->counts));
}

/* ---- the sent-by of the first Via, which is mostly a sender's own ---- */

/* habit_learn_via keeps host [:port] ;branch= at p, as the shape read it. */
static slow_path void habit_learn_via(
	struct nx_sip_habit_via *via, const uint8_t *p, const struct nx_sip *sip)
{
	size_t n = sip->sent_by.len + BRANCH;

	if (n > sizeof(via->text) || !begins(p + sip->sent_by.len, ";branch="))
		return;
	memcpy(via->text, p, FITS);
	memcpy(via->counts, first_counts + FITS - n, FITS);
	via->host_len = sip->sent_host.len;
	via->sent_by_len = sip->sent_by.len;
	via->port = sip->sent_port;
}

/* habit_via is shape_via_udp where the sent-by may be known. */
static always_inline bool habit_via(
	struct nx_sip_habit_via *via, struct nx_sip *sip, const uint8_t *msg, size_t p, size_t eol)
{
	size_t sent_by_len = via->sent_by_len;

	if (unlikely(!block_fits(msg + p, via->text, via->counts))) {
		if (!shape_via_udp(sip, msg, p, eol))
			return false;
		habit_learn_via(via, msg + p, sip);
		return true;
	}
	put_span(&sip->sent_host, p, p + via->host_len);
	put_span(&sip->sent_by, p, p + sent_by_len);
	sip->sent_port = via->port;
	return shape_branch(sip, msg, p - VIA_UDP, p + sent_by_len + BRANCH, eol, 0);
}

/* ---- lines ---- */

/* Where the reading stands, in offsets into the message. */
struct habit_walk {
	const uint8_t *msg;
	struct nx_sip_habit_line *line; /* known to stand here */
	size_t p;                       /* its value, when read */
	size_t eol;                     /* its end; before habit_end that of the line before */
	size_t at;                      /* a block, and the line ends ahead in it */
	uint64_t starts;
};

/* habit_near_end is habit_open for a block that not all lines may end in. */
static slow_path uint64_t habit_near_end(const uint8_t *msg, size_t at, size_t len)
{
	size_t beyond = at + ALL_WHOLE - len;

	return beyond < BLOCK ? block_starts(msg + at) & (~0ull >> beyond) : 0;
}

/* habit_open finds the line ends of the block at w->at that are not too near to the message's. */
static always_inline bool habit_open(const struct parser *s, struct habit_walk *w)
{
	if (unlikely((ptrdiff_t)w->at > s->far)) {
		w->starts = habit_near_end(w->msg, w->at, s->len);
		return w->starts;
	}
	w->starts = block_starts(w->msg + w->at);
	return true;
}

/* habit_end finds where the line ends, which is proven by the next line if that is known. */
static always_inline bool habit_end(const struct parser *s, struct habit_walk *w)
{
	size_t n;

	if (unlikely(!first_in(w->starts, &n))) {
		do {
			w->at += BLOCK;
			if (!habit_open(s, w))
				return false;
		} while (unlikely(!w->starts));
		n = first_of(w->starts);
	}
	w->eol = w->at + n;
	w->starts &= w->starts - 1;
	return habit_fits(w->line + 1, w->msg + w->eol);
}

#endif
