/* Target: requests that we would answer, read by two parsers that we did not write. A finding is
 * one that either takes for something else, or refuses, and is not known to be wrong (reference.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reference.h"
#include "tests/fuzz/world.h"

const unsigned fuzz_sound = 20;

static struct world *world;
static struct reference *reference;
static unsigned long compared, excused[REFERENCE_EXCUSES];

static void say_compared(void)
{
	fprintf(stderr, "differential: compared %lu\n", compared);
	for (unsigned i = 0; i < REFERENCE_EXCUSES; i++)
		if (excused[i])
			fprintf(stderr, "excused %lu: %s\n", excused[i], reference_excuse_text(i));
}

static void count_excuses(unsigned excuses)
{
	for (unsigned i = 0; i < REFERENCE_EXCUSES; i++)
		excused[i] += excuses >> i & 1;
}

static void print_text(struct reference_text t)
{
	if (!t.at)
		fputs("absent", stderr);
	else
		fprintf(stderr, "\"%.*s\"", (int)t.len, t.at);
}

static void print_differences(const struct reference_finding *f, unsigned parser)
{
	const struct reference_reading *theirs = &f->theirs[parser];
	unsigned left = f->differs[parser] & ~f->excused[parser];

	if (left & REFERENCE_REJECTED)
		fprintf(stderr, "%s refuses it: %s\n", reference_parser_name(parser),
			theirs->why ? theirs->why : "a response");
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++) {
		if (!(left >> i & 1))
			continue;
		fprintf(stderr, "%s: %s is ", reference_parser_name(parser),
			reference_field_name(i));
		print_text(theirs->field[i]);
		fputs(", ours ", stderr);
		print_text(f->ours.field[i]);
		fputc('\n', stderr);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reference_finding f;
	struct nx_packet p;

	if (!world) {
		world = world_create();
		reference = reference_create();
		atexit(say_compared);
	}
	if (len > 65000)
		return 0;
	world_packet(world, data, len, &p);
	fuzz_refused = !world_judge(world, &p);
	if (fuzz_refused)
		return 0;
	compared++;
	if (reference_compare(reference, nx_payload(&p), p.payload_len, &p.sip, &f)) {
		say_compared();
		for (unsigned i = 0; i < REFERENCE_PARSERS; i++)
			print_differences(&f, i);
		fuzz_fail(__FILE__, __LINE__, "differential %#x %#x", f.differs[0] & ~f.excused[0],
			f.differs[1] & ~f.excused[1]);
	}
	count_excuses(f.excuses[0] | f.excuses[1]);
	return 0;
}
