/* Readers under a user table that never rests: they check every answer against what was ever true
 * while they looked, each in its own replica. */
#ifndef NX_TEST_CHURN_H
#define NX_TEST_CHURN_H

#include <stdint.h>

struct nx_churn {
	uint64_t probes;
	uint64_t wrong;  /* answers that were true at no time during the look */
	uint64_t torn;   /* bursts judged by two versions of a table that was replaced whole */
	uint64_t rounds; /* of growing, shrinking and replacing */
	uint64_t changes;
	uint64_t failed; /* calls of the table that failed, counts that were not the truth's */
};

/* nx_churn runs for so many seconds, and one round at least, on the given readers and a writer,
 * over tables of so many replicas, which the readers share out among them. */
void nx_churn(
	double seconds, uint64_t seed, unsigned readers, unsigned replicas, struct nx_churn *out);

#endif
