/* EAL start-up. Hugepages are used where enough are free (auto), and `--in-memory` then keeps no
 * file of them behind, even after a kill; without hugepages EAL takes ordinary memory
 * (`--no-huge`), which it refuses to combine with `--in-memory`. Only the devices that are named
 * are probed. */
#include <dirent.h>
#include <regex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "dataplane/shell/eal.h"

#define ARGS_MAX (32 + 2 * NX_EAL_ARGS_MAX + 4 * NX_PAIR_MAX)

struct nx_eal {
	char *v[ARGS_MAX];
	char *given[ARGS_MAX]; /* v as EAL got it: it moves and replaces entries */
	int n;
	bool failed; /* out of memory or of places */
};

__attribute__((format(printf, 2, 3))) static void add(struct nx_eal *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (a->n >= ARGS_MAX - 1 || vasprintf(&a->v[a->n], fmt, ap) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(ap);
}

bool nx_eal_is_pci(const char *device)
{
	regex_t re;
	bool match;

	if (regcomp(&re, "^([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7](,.*)?$",
		    REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	match = regexec(&re, device, 0, NULL, 0) == 0;
	regfree(&re);
	return match;
}

/* Free hugepages of every size, in MiB. */
static uint64_t hugepages_free_mib(void)
{
	static const char base[] = "/sys/kernel/mm/hugepages";
	DIR *dir = opendir(base);
	struct dirent *entry;
	uint64_t mib = 0;

	while (dir && (entry = readdir(dir))) {
		char path[512];
		unsigned long kib, pages = 0;
		FILE *f;

		if (sscanf(entry->d_name, "hugepages-%lukB", &kib) != 1)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/free_hugepages", base, entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%lu", &pages) == 1)
			mib += pages * kib / 1024;
		(void)fclose(f);
	}
	if (dir)
		(void)closedir(dir);
	return mib;
}

static int choose_memory(const struct nx_box_config *box, bool *huge, struct nx_error *err)
{
	uint64_t free_mib = hugepages_free_mib();

	*huge = box->hugepages == NX_HUGE_ON ||
		(box->hugepages == NX_HUGE_AUTO && free_mib >= box->memory_mib);
	if (*huge && free_mib < box->memory_mib)
		return nx_fail(err, NX_ERR_INVALID,
			"eal.hugepages is on and eal.memory %u MiB, but only %lu MiB of hugepages "
			"are "
			"free: reserve more (echo N > /sys/kernel/mm/hugepages/hugepages-2048kB/"
			"nr_hugepages) or set eal.hugepages: auto",
			box->memory_mib, (unsigned long)free_mib);
	return 0;
}

/* EAL's own word on a core that is not there is a hundred lines long. */
static int check_core(uint32_t core, const char *key, struct nx_error *err)
{
	cpu_set_t mine;

	CPU_ZERO(&mine);
	if (sched_getaffinity(0, sizeof(mine), &mine) != 0 ||
		(core < CPU_SETSIZE && CPU_ISSET(core, &mine)))
		return 0;
	return nx_fail(err, NX_ERR_INVALID,
		"%s: core %u is not there, or not for this process (it may use %d cores: "
		"taskset -cp %d)",
		key, core, CPU_COUNT(&mine), (int)getpid());
}

static int check_cores(const struct nx_box_config *box, struct nx_error *err)
{
	int rc = check_core(box->control_core, "workers.control_core", err);

	for (uint32_t i = 0; rc == 0 && i < box->n_workers; i++)
		rc = check_core(box->worker_core[i], "workers.cores", err);
	return rc;
}

static void add_devices(struct nx_eal *a, const struct nx_box_config *box)
{
	bool any_pci = false;

	for (uint32_t i = 0; i < box->n_pairs; i++) {
		const char *device[2] = {box->pair[i].access, box->pair[i].core};

		for (int side = 0; side < 2; side++) {
			bool pci = nx_eal_is_pci(device[side]);

			add(a, pci ? "--allow=%s" : "--vdev=%s", device[side]);
			any_pci |= pci;
		}
	}
	if (!any_pci)
		add(a, "--no-pci");
}

static void add_cores(struct nx_eal *a, const struct nx_box_config *box)
{
	add(a, "--main-lcore=%u", box->control_core);
	add(a, "-l");
	add(a, "%u", box->control_core);
	for (uint32_t i = 0; i < box->n_workers && !a->failed; i++) {
		char *list = a->v[--a->n];

		add(a, "%s,%u", list, box->worker_core[i]);
		free(list);
	}
}

static void add_all(struct nx_eal *a, const struct nx_box_config *box, bool huge)
{
	add(a, "nxsipd");
	add_cores(a, box);
	add(a, "--file-prefix=%s", box->file_prefix);
	add(a, "-m");
	add(a, "%u", box->memory_mib);
	add(a, huge ? "--in-memory" : "--no-huge");
	if (!huge)
		add(a, "--no-shconf");
	add(a, "--no-telemetry");
	add(a, "--log-level=*:warning");
	add_devices(a, box);
	for (uint32_t i = 0; i < box->n_eal_args; i++)
		add(a, "%s", box->eal_args[i]);
}

static void args_free(struct nx_eal *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a);
}

int nx_eal_init(
	const struct nx_box_config *box, bool *huge, struct nx_eal **eal, struct nx_error *err)
{
	struct nx_eal *a;
	int rc = check_cores(box, err);

	if (rc == 0)
		rc = choose_memory(box, huge, err);
	if (rc != 0)
		return rc;
	a = calloc(1, sizeof(*a));
	if (!a)
		return nx_fail(err, NX_ERR_NOMEM, "no memory for EAL's arguments");
	add_all(a, box, *huge);
	memcpy(a->given, a->v, sizeof(a->given));
	if (a->failed) {
		rc = nx_fail(err, NX_ERR_INVALID, "too many EAL arguments, or no memory for them");
	} else if (rte_eal_init(a->n, a->given) < 0) {
		rc = nx_fail(err, NX_ERR_INVALID,
			"EAL did not start: %s (its own messages are above; check eal.*, workers.* "
			"against `lscpu`, and the devices under ports)",
			rte_strerror(rte_errno));
	}
	if (rc != 0)
		args_free(a);
	else
		*eal = a;
	return rc;
}

void nx_eal_fini(struct nx_eal *eal)
{
	(void)rte_eal_cleanup();
	args_free(eal);
}
