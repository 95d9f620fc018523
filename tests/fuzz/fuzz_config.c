/* Target: configuration files. One that is taken makes a policy; of one that is refused, every
 * fault is told in a line of its own, fit for a terminal. */
#include <stdlib.h>
#include <string.h>

#include "control/config/config.h"
#include "control/policy/policy.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input_file.h"

static void check_faults(const struct nx_config_errors *e, const char *path)
{
	fuzz_require(e->n > 0, "refused without a reason");
	for (uint32_t i = 0; i < e->n; i++) {
		const char *line = e->line[i];

		for (const char *c = line; *c; c++)
			fuzz_require(
				(uint8_t)*c >= 0x20 && *c != 0x7f, "a control byte in a fault");
		if (i + 1 < e->n) /* the last may count those that are left out */
			fuzz_require(strncmp(line, path, strlen(path)) == 0,
				"a fault without its place: %s", line);
	}
}

static void check_taken(struct nx_config *c)
{
	struct nx_policy_input in = {.config = c, .n_workers = 1};
	struct nx_policy *policy = NULL;
	struct nx_error err = {""};
	int rc = nx_policy_build(&in, &policy, &err);

	fuzz_require(rc == 0, "taken, and yet no policy: %s", err.text);
	nx_policy_free(policy);
	nx_config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct input_file file = {.fd = -1};
	struct nx_config_errors errors;
	struct nx_config *config;

	if (file.fd < 0)
		input_file_open(&file);
	input_file_fill(&file, data, len);
	if (nx_config_load(file.path, &config, &errors) == 0) {
		check_taken(config);
	} else {
		fuzz_require(!config, "refused, and yet there");
		check_faults(&errors, file.path);
	}
	nx_config_errors_free(&errors);
	return 0;
}
