/* DPDK's environment abstraction layer: the arguments it needs, from the box's configuration. */
#ifndef NX_SHELL_EAL_H
#define NX_SHELL_EAL_H

#include "nxsip/dataplane.h"

struct nx_eal; /* EAL's arguments: it keeps pointers into them */

/* nx_eal_init starts EAL with the calling thread as main lcore on box->control_core.
 * Error: NX_ERR_INVALID with EAL's reason and the remedy. */
int nx_eal_init(const struct nx_box_config *box, bool *hugepages, struct nx_eal **eal,
	struct nx_error *err);

/* nx_eal_fini cleans EAL up and frees its arguments.  Thread: main, once the ports are closed. */
void nx_eal_fini(struct nx_eal *eal);

/* nx_eal_is_pci says whether a device is named by its PCI address ([domain:]bus:device.function);
 * anything else is a virtual device with its arguments. */
bool nx_eal_is_pci(const char *device);

#endif
