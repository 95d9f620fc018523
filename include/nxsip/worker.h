/* How many workers there may be. They are known by their index, 0 to n - 1; NX_WORKER_MAX itself
 * stands for control, where it asks what a worker asks (explain). */
#ifndef NXSIP_WORKER_H
#define NXSIP_WORKER_H

#define NX_WORKER_MAX 64

#endif
