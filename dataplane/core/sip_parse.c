/* Which way the SIP parser goes: chosen once, before main, by what the processor has, and never
 * written again. A pointer rather than an ifunc, which sanitizers and static linking do not like.
 * The grammar is in sip_message.h. */
#include <string.h>

#include "dataplane/core/sip_path.h"

/* Texts are only looked for where a line may end: one that begins with another byte fits nowhere.
 */
#define FITS_NOWHERE .text = {0xff}, .counts = {0xff}

const struct nx_sip_habit nx_sip_no_habit = {
	.kind = {[0 ... NX_SIP_HABIT_KINDS - 1] = {.line = {{FITS_NOWHERE, .last = true}}}}};

static nx_sip_parse_fn *parse = nx_sip_parse_plain;

nx_sip_parse_fn *nx_sip_path(unsigned i)
{
	bool bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

	switch (i) {
	case 0:
		return nx_sip_parse_plain;
	case 1:
		return bmi && __builtin_cpu_supports("avx2") ? nx_sip_parse_avx2 : NULL;
	case 2:
		return bmi && __builtin_cpu_supports("avx512bw") &&
				       __builtin_cpu_supports("avx512vl") &&
				       __builtin_cpu_supports("avx512vbmi")
			       ? nx_sip_parse_avx512
			       : NULL;
	default:
		return NULL;
	}
}

__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	for (unsigned i = 0; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			parse = nx_sip_path(i);
}

unsigned nx_sip_parse(const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off)
{
	return nx_sip_parse_by(NULL, msg, len, sip, err_off);
}

unsigned nx_sip_parse_by(struct nx_sip_habit *habit, const uint8_t *msg, size_t len,
	struct nx_sip *sip, uint16_t *err_off)
{
	if (!habit)
		habit = (struct nx_sip_habit *)&nx_sip_no_habit;
	return parse(habit, msg, len, sip, err_off);
}

void nx_sip_habit_init(struct nx_sip_habit *habit)
{
	memset(habit, 0, sizeof(*habit));
	for (unsigned k = 0; k < NX_SIP_HABIT_KINDS; k++) {
		struct nx_sip_habit_kind *kind = &habit->kind[k];

		for (unsigned i = 0; i <= NX_SIP_HABIT_LINES; i++)
			kind->line[i] = (struct nx_sip_habit_line){FITS_NOWHERE};
		kind->line[NX_SIP_HABIT_LINES].last = true;
		kind->via.counts[0] = 0xff; /* no value begins with NUL */
	}
}
