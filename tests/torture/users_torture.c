/* The user table under readers and a writer for as long as one likes.
 *   users_torture [SECONDS [READERS [REPLICAS]]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/torture/churn.h"

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 60;
	unsigned readers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	unsigned replicas = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	uint64_t seed = (uint64_t)time(NULL);
	struct nx_churn r;

	if (seconds <= 0 || readers < 1 || readers > 16 || replicas < 1 || replicas > 16) {
		fprintf(stderr,
			"usage: users_torture [SECONDS [READERS [REPLICAS]]], at most 16 each\n");
		return 2;
	}
	nx_churn(seconds, seed, readers, replicas, &r);
	printf("seed %llu: %llu rounds, %llu changes, %llu answers: %llu wrong, %llu torn bursts, "
	       "%llu failures\n",
		(unsigned long long)seed, (unsigned long long)r.rounds,
		(unsigned long long)r.changes, (unsigned long long)r.probes,
		(unsigned long long)r.wrong, (unsigned long long)r.torn,
		(unsigned long long)r.failed);
	return r.wrong || r.torn || r.failed;
}
