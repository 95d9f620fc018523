/* Which way the SIP parser goes: chosen once, before main, by what the processor has, and never
 * written again. A pointer rather than an ifunc, which sanitizers and static linking do not like.
 * The grammar is in sip_message.h. */
#include "dataplane/core/sip_path.h"

static const struct nx_sip_path paths[NX_SIP_PATHS] = {
	{nx_sip_parse_plain, nx_sip_fits_plain},
	{nx_sip_parse_avx2, nx_sip_fits_avx2},
	{nx_sip_parse_avx512, nx_sip_fits_avx512},
};

struct nx_sip_path nx_sip_best = {.parse = nx_sip_parse_plain};

const struct nx_sip_path *nx_sip_path(unsigned i)
{
	bool bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

	switch (i) {
	case 0:
		return &paths[i];
	case 1:
		return bmi && __builtin_cpu_supports("avx2") ? &paths[i] : NULL;
	case 2:
		return bmi && __builtin_cpu_supports("avx512bw") &&
				       __builtin_cpu_supports("avx512vl") &&
				       __builtin_cpu_supports("avx512vbmi")
			       ? &paths[i]
			       : NULL;
	default:
		return NULL;
	}
}

__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	for (unsigned i = 1; i < NX_SIP_PATHS; i++)
		if (nx_sip_path(i))
			nx_sip_best = *nx_sip_path(i);
}

unsigned nx_sip_parse(const uint8_t *msg, size_t len, struct nx_sip *sip, uint16_t *err_off)
{
	return nx_sip_best.parse(msg, len, sip, err_off);
}
