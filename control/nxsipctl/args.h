/* The command line: from words to a call, by the command table; and the help made from it. */
#ifndef NX_CTL_ARGS_H
#define NX_CTL_ARGS_H

#include "control/nxsipctl/command.h"

enum nx_args_result { NX_ARGS_CALL, NX_ARGS_DONE, NX_ARGS_WRONG };

/* nx_args_parse reads the command line into *call (params and local are the caller's to decref).
 * NX_ARGS_DONE: it was help or the version, and is printed. NX_ARGS_WRONG: said on stderr. */
enum nx_args_result nx_args_parse(int argc, char **argv, struct nx_call *call);

/* nx_help prints the overview (command NULL) or one command's help. */
void nx_help(FILE *out, const struct nx_command *command);

#endif
