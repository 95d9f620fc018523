/* Target: the pipeline on datagrams for a service, and the reply to what would be answered. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

const unsigned fuzz_sound = 4;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world *world;
	struct nx_packet p;

	if (!world)
		world = world_create();
	if (len > 65000)
		return 0;
	world_packet(world, data, len, &p);
	fuzz_refused = !world_judge(world, &p);
	if (!fuzz_refused)
		world_reply(world, &p);
	return 0;
}
