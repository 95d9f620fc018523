/* Loading a configuration file: read the tree, bind it by the table, check it, and hand over either
 * a whole configuration or every fault that was found. */
#include "control/config/internal.h"

#include <stdlib.h>

static int load(const char *path, struct nx_config *c, struct nx_faults *faults)
{
	struct nx_binder binder = {.config = c, .faults = faults};
	struct nx_node *root;
	int rc = nx_yaml_read(path, &root, faults);

	if (rc)
		return rc;
	nx_bind(&binder, root);
	nx_check(c, root, faults);
	nx_node_free(root);
	return faults->total ? NX_ERR_INVALID : NX_OK;
}

int nx_config_load(const char *path, struct nx_config **out, struct nx_config_errors *errors)
{
	struct nx_config *c = calloc(1, sizeof(*c));
	struct nx_faults *faults = calloc(1, sizeof(*faults));
	int rc = NX_ERR_NOMEM;

	*out = NULL;
	*errors = (struct nx_config_errors){0};
	if (c)
		c->path = strdup(path);
	if (c && c->path && faults) {
		faults->path = path;
		rc = load(path, c, faults);
		nx_faults_move(faults, errors);
	}
	free(faults);
	if (rc)
		nx_config_free(c);
	else
		*out = c;
	return rc;
}

void nx_config_free(struct nx_config *c)
{
	if (!c)
		return;
	nx_bind_free(c);
	free(c->path);
	free(c);
}

void nx_config_errors_free(struct nx_config_errors *e)
{
	for (uint32_t i = 0; i < e->n; i++)
		free(e->line[i]);
	free(e->line);
	*e = (struct nx_config_errors){0};
}
