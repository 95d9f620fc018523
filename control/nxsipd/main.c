/* nxsipd's arguments. Exit status: 0 stopped as asked, 1 failed at run time, 2 usage or
 * configuration. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/config/config.h"
#include "control/nxsipd/daemon.h"
#include "control/server/log.h"
#include "nxsip/protocol.h"

enum { EXIT_RUN = 1, EXIT_USAGE = 2 };

static void print_help(FILE *out)
{
	(void)fputs(
		"usage: nxsipd [-c FILE] [--check]\n"
		"\n"
		"  -c, --config FILE      configuration file (default " NX_CONFIG_DEFAULT ")\n"
		"      --check            check the file, tell every fault in it, and exit\n"
		"      --config-reference print every key of the file as a Markdown table\n"
		"      --version          print the version\n"
		"      --help             print this\n"
		"\n"
		"exit status: 0 stopped as asked, 1 failed at run time, 2 usage or configuration\n",
		out);
}

static void print_summary(const struct nx_config *c)
{
	uint32_t terminating = 0, prefixes = 0;

	for (uint32_t i = 0; i < c->n_services; i++)
		terminating += !c->services[i].originating;
	for (uint32_t i = 0; i < c->n_classes; i++)
		prefixes += c->classes[i].n_prefixes;
	(void)printf("%s: ok\n", c->path);
	(void)printf("box %s: workers %u, pairs of ports %u\n", c->box.name, c->box.n_workers,
		c->box.n_pairs);
	(void)printf("services %u (judged: %u), plans %u, source classes %u with %u prefixes\n",
		c->n_services, terminating, c->n_plans, c->n_classes, prefixes);
}

/* load gives the configuration, or NULL after telling what is wrong with it. */
static struct nx_config *load(const char *path, bool check)
{
	struct nx_config *config;
	struct nx_config_errors errors;

	(void)nx_config_load(path, &config, &errors);
	for (uint32_t i = 0; i < errors.n; i++) {
		if (check)
			(void)fprintf(stderr, "%s\n", errors.line[i]);
		else
			nx_log(NX_LOG_ERROR, "%s", errors.line[i]);
	}
	nx_config_errors_free(&errors);
	return config;
}

static int run(const char *path, bool check)
{
	struct nx_config *config = load(path, check);

	if (!config)
		return EXIT_USAGE;
	if (check) {
		print_summary(config);
		nx_config_free(config);
		return EXIT_SUCCESS;
	}
	nx_log(NX_LOG_INFO, "version " NX_VERSION ", configuration %s", config->path);
	return nx_daemon_run(config) ? EXIT_RUN : EXIT_SUCCESS;
}

static int usage_error(void)
{
	(void)fputs("nxsipd: try nxsipd --help\n", stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"config-reference", no_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NX_CONFIG_DEFAULT;
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'r':
			nx_config_reference(stdout);
			return EXIT_SUCCESS;
		case 'v':
			(void)puts("nxsipd " NX_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			print_help(stdout);
			return EXIT_SUCCESS;
		default:
			return usage_error();
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "nxsipd: \"%s\" is no option; a file is given by -c FILE\n",
			argv[optind]);
		return usage_error();
	}
	return run(path, check);
}
