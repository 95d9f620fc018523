/* Our replies as libosip2 and sofia-sip read them; sip_replies.py asks. From stdin, for each reply:
 *   the request's values that a reply repeats, under a plain request line,
 *   the reply's headers, under the same request line, since both check a request's headers far more
 *   closely than a response's,
 *   the reply,
 * each a length of 4 bytes (the machine's order) and so many bytes. To stdout a line each, a column
 * a reference: "" where it takes the reply for a response and reads what it repeats as it read that
 * in the request; else its findings; "abstains" where it refuses the request's own values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/reference.h"
#include "tests/torture/sip_quiet.h"

#define DATAGRAM_MAX 65535
#define BIT(field)   (1u << REFERENCE_##field)

/* What a reply has from its request. The top Via's received and rport are written by us. */
#define REPEATED                                                                         \
	(BIT(FROM_TAG) | BIT(TO_USER) | BIT(TO_HOST) | BIT(CALL_ID) | BIT(CSEQ_NUMBER) | \
		BIT(CSEQ_METHOD) | BIT(VIA_COUNT) | BIT(VIA_HOST) | BIT(VIA_PORT) |      \
		BIT(VIA_BRANCH) | BIT(VIA_MADDR))

enum part { REQUEST, HEADERS, REPLY, PARTS };

struct datagram {
	uint32_t len;
	uint8_t text[DATAGRAM_MAX];
};

/* A reading in memory of its own, since the next one takes the texts away. */
struct kept {
	struct reference_reading reading;
	char text[REFERENCE_FIELD_COUNT][DATAGRAM_MAX];
};

static bool read_datagram(struct datagram *d)
{
	return fread(&d->len, sizeof(d->len), 1, stdin) == 1 && d->len <= DATAGRAM_MAX &&
	       fread(d->text, 1, d->len, stdin) == d->len;
}

static void keep(struct kept *k)
{
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++) {
		struct reference_text *t = &k->reading.field[i];

		if (t->at)
			t->at = memcpy(k->text[i], t->at, t->len);
	}
}

static void judge(struct reference *r, enum reference_parser parser, const struct datagram d[PARTS])
{
	static struct kept asked;
	struct reference_reading answer;
	unsigned differs;

	reference_read(r, parser, d[REQUEST].text, d[REQUEST].len, &asked.reading);
	if (asked.reading.verdict != REFERENCE_REQUEST) {
		printf("abstains");
		return;
	}
	keep(&asked);
	reference_read(r, parser, d[REPLY].text, d[REPLY].len, &answer);
	if (answer.verdict != REFERENCE_RESPONSE)
		printf("takes it for no response; ");
	reference_read(r, parser, d[HEADERS].text, d[HEADERS].len, &answer);
	if (answer.verdict != REFERENCE_REQUEST) {
		printf("refuses its headers: %s; ", answer.why);
		return;
	}
	if (!answer.field[REFERENCE_TO_TAG].at)
		printf("sees no To tag; ");
	differs = reference_differences(&asked.reading, &answer) & REPEATED;
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++)
		if (differs >> i & 1)
			printf("reads another %s; ", reference_field_name((enum reference_field)i));
}

int main(void)
{
	static struct datagram d[PARTS];
	struct reference *r = reference_create();

	sip_quiet();
	while (read_datagram(&d[REQUEST])) {
		if (!read_datagram(&d[HEADERS]) || !read_datagram(&d[REPLY])) {
			fprintf(stderr, "the input ends inside a reply\n");
			return 2;
		}
		judge(r, REFERENCE_OSIP, d);
		printf("\t");
		judge(r, REFERENCE_SOFIA, d);
		printf("\n");
	}
	reference_destroy(r);
	return 0;
}
