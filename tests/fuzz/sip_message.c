/* See sip_message.h. */
#include "tests/fuzz/sip_message.h"

#include <string.h>
#include <strings.h>

#include "tests/fuzz/sip_values.h"

/* Where changed lines are written. */
static uint8_t text[MESSAGE_TEXT_MAX];
static size_t text_used;

void message_begin(void)
{
	text_used = 0;
}

uint8_t *message_room(size_t len)
{
	uint8_t *room = text + text_used;

	if (len > sizeof(text) - text_used)
		return NULL;
	text_used += len;
	return room;
}

void message_split(struct message *m, const uint8_t *data, size_t len)
{
	size_t from = 0;

	m->n = 0;
	for (const uint8_t *cr = data; m->n < MESSAGE_LINES_MAX - 2; cr++) {
		size_t i;

		cr = memchr(cr, '\r', (size_t)(data + len - cr));
		if (!cr)
			break;
		i = (size_t)(cr - data);
		if (i + 1 >= len || data[i + 1] != '\n')
			continue;
		if (i == from) {
			from = i + 2;
			break;
		}
		if (i + 2 < len && line_is_blank(data[i + 2]))
			continue;
		m->line[m->n++] = (struct line){data + from, i - from};
		from = i + 2;
	}
	m->body = data + from;
	m->body_len = len - from;
}

size_t message_put(uint8_t *out, size_t used, size_t max, const void *bytes, size_t len)
{
	if (len > max - used)
		len = max - used;
	memcpy(out + used, bytes, len);
	return used + len;
}

size_t message_join(const struct message *m, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < m->n; i++) {
		n = message_put(out, n, max, m->line[i].at, m->line[i].len);
		n = message_put(out, n, max, "\r\n", 2);
	}
	n = message_put(out, n, max, "\r\n", 2);
	return message_put(out, n, max, m->body, m->body_len);
}

void line_edit(struct line *l, size_t at, size_t cut, const void *with, size_t len)
{
	const size_t room = l->len + len;
	uint8_t *to;
	size_t n;

	if (at > l->len || cut > l->len - at || !(to = message_room(room)))
		return;
	n = message_put(to, 0, room, l->at, at);
	n = message_put(to, n, room, with, len);
	n = message_put(to, n, room, l->at + at + cut, l->len - at - cut);
	*l = (struct line){to, n};
}

void line_edit_text(struct line *l, size_t at, size_t cut, const char *with)
{
	line_edit(l, at, cut, with, strlen(with));
}

void message_insert(struct message *m, unsigned at, struct line l)
{
	if (m->n == MESSAGE_LINES_MAX)
		return;
	memmove(m->line + at + 1, m->line + at, (m->n - at) * sizeof(l));
	m->line[at] = l;
	m->n++;
}

struct line message_take(struct message *m, unsigned at)
{
	struct line l = m->line[at];

	m->n--;
	memmove(m->line + at, m->line + at + 1, (m->n - at) * sizeof(l));
	return l;
}

unsigned message_some(const struct message *m)
{
	return m->n > 1 ? 1 + sip_roll(m->n - 1) : 0;
}

size_t line_value_at(const struct line *l)
{
	const uint8_t *colon = memchr(l->at, ':', l->len);

	return colon ? (size_t)(colon - l->at) + 1 : 0;
}

size_t line_name_len(const struct line *l)
{
	size_t n = 0;

	while (n < l->len && l->at[n] != ':' && !line_is_blank(l->at[n]))
		n++;
	return n;
}

bool line_is_named(const struct line *l, const char *name, const char *compact)
{
	size_t n = line_name_len(l);

	return (n == strlen(name) && strncasecmp((const char *)l->at, name, n) == 0) ||
	       (n == strlen(compact) && strncasecmp((const char *)l->at, compact, n) == 0);
}

unsigned message_find(const struct message *m, const char *name, const char *compact)
{
	unsigned start = message_some(m);

	for (unsigned k = 0; start && k + 1 < m->n; k++) {
		unsigned i = 1 + (start - 1 + k) % (m->n - 1);

		if (line_is_named(&m->line[i], name, compact))
			return i;
	}
	return 0;
}
