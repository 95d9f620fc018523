/* A SIP message as the mutator holds it: lines, the request line first; a folded line is one line.
 */
#ifndef NX_FUZZ_SIP_MESSAGE_H
#define NX_FUZZ_SIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_LINES_MAX 192
#define MESSAGE_TEXT_MAX  (1u << 18) /* bytes of all changed lines */

struct line {
	const uint8_t *at;
	size_t len; /* without its CRLF */
};

struct message {
	struct line line[MESSAGE_LINES_MAX];
	unsigned n;
	const uint8_t *body;
	size_t body_len;
};

/* message_begin gives all room back; message_room takes some of it, until then. Return: NULL where
 * there is no more. */
void message_begin(void);
uint8_t *message_room(size_t len);

/* Lines lie in data. message_join writes at most max bytes and returns how many. */
void message_split(struct message *m, const uint8_t *data, size_t len);
size_t message_join(const struct message *m, uint8_t *out, size_t max);

/* message_put writes behind the `used` bytes what fits, and returns how many there are then. */
size_t message_put(uint8_t *out, size_t used, size_t max, const void *bytes, size_t len);

void message_insert(struct message *m, unsigned at, struct line l);
struct line message_take(struct message *m, unsigned at);

/* Index of any header; of any that has this name. 0: none. */
unsigned message_some(const struct message *m);
unsigned message_find(const struct message *m, const char *name, const char *compact);

/* line_edit puts `with` in the place of `cut` bytes of the line at `at`. */
void line_edit(struct line *l, size_t at, size_t cut, const void *with, size_t len);
void line_edit_text(struct line *l, size_t at, size_t cut, const char *with);

/* line_value_at: the value begins behind the colon; 0: no colon. */
size_t line_value_at(const struct line *l);
size_t line_name_len(const struct line *l);
bool line_is_named(const struct line *l, const char *name, const char *compact);

static inline bool line_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

#endif
