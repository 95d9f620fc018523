/* What load, diff and dump share. */
#ifndef NX_CTL_BULK_H
#define NX_CTL_BULK_H

#include "control/nxsipctl/command.h"

/* nx_bulk_call makes the command's call with the file, shows its progress on a terminal, and
 * reports an error.  Return: an exit code; NX_EXIT_OK: *result is the caller's. */
int nx_bulk_call(struct nx_call *call, struct nx_client *client, int fd, json_t **result);

/* nx_print_differences shows the first users that a diff names, and how many more there are. */
void nx_print_differences(const json_t *diff);

#endif
