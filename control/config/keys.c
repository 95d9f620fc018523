/* THE TABLE: every key of the configuration file, with its type, range, default and meaning, once.
 * bind.c reads files by it, frees and compares by it, and the reference is printed from it, so that
 * what is documented is what is read. Sections stand in the order in which they are read: plans
 * before what names them. */
#include "control/config/internal.h"
#include "nxsip/protocol.h"

#define FIELD(s, f) .off = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)
#define COUNT(s, n) .count_off = offsetof(struct s, n), .count_size = sizeof(((struct s *)0)->n)
#define FIXED(s, f, n)                                                                    \
	.off = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f[0]), COUNT(s, n), \
	.list_max = sizeof(((struct s *)0)->f) / sizeof(((struct s *)0)->f[0])
#define GROWN(s, f, n, most)                                                            \
	.off = offsetof(struct s, f), .size = sizeof(*((struct s *)0)->f), COUNT(s, n), \
	.grown = true, .list_max = (most)
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define WORDS(...)                     \
	.words = (const char *const[]) \
	{                              \
		__VA_ARGS__, NULL      \
	}
#define REQUIRED .flags = NX_KEY_REQUIRED

/* Words stand in the order of their enum. */
/* clang-format off */
const struct nx_key_row nx_keys[] = {
{"box", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "The box itself."},
{"box.name", NX_V_NAME, FIELD(nx_config, box.name),
	.doc = "Name of the box in status and metrics. Default: the host name."},
{"box.settle", NX_V_UINT, FIELD(nx_config, box.settle_s), RANGE(0, 3600), .def = "32",
	.doc = "Seconds for which nothing is answered, after a start, after bypass, and after a reload "
	       "that changes what is judged: calls that were passed unseen go on. 0: answer at once."},

{"eal", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "DPDK's environment."},
{"eal.hugepages", NX_V_WORD, FIELD(nx_config, box.hugepages), WORDS("auto", "on", "off"),
	.def = "auto", .doc = "Huge pages for packet buffers; auto uses them where there are enough."},
{"eal.memory", NX_V_UINT, FIELD(nx_config, box.memory_mib), RANGE(64, 1048576), .def = "512",
	.doc = "Memory for packet buffers, in MiB. The user table is not part of it."},
{"eal.file_prefix", NX_V_NAME, FIELD(nx_config, box.file_prefix), .def = "nxsip",
	.doc = "Keeps two DPDK processes on one machine apart."},
{"eal.args", NX_V_STRING, FIXED(nx_config, box.eal_args, box.n_eal_args), RANGE(1, 1024),
	.doc = "Further arguments, given to EAL as they are."},

{"workers", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "Which processor cores do the work."},
{"workers.control_core", NX_V_UINT, FIELD(nx_config, box.control_core), RANGE(0, 1023), .def = "0",
	.doc = "Core of the control thread."},
{"workers.cores", NX_V_UINT, FIXED(nx_config, box.worker_core, box.n_workers), RANGE(0, 1023),
	REQUIRED, .doc = "One worker runs on each; none may be the control core."},
{"workers.idle", NX_V_WORD, FIELD(nx_config, box.idle), WORDS("busy", "adaptive"),
	.def = "adaptive", .doc = "busy polls always; adaptive sleeps while no traffic comes."},
{"workers.start", NX_V_WORD, FIELD(nx_config, box.start), WORDS("at-once", "when-loaded"),
	.def = "at-once",
	.doc = "at-once passes traffic while the user tables are read at start; when-loaded opens the "
	       "ports only then, for boxes that a bypass switch stands in for."},
{"workers.user_tables", NX_V_WORD, FIELD(nx_config, box.user_tables), WORDS("one", "per-node"),
	.def = "one",
	.doc = "Copies of the user tables: one, in memory of the NUMA node that has most workers; or one "
	       "for each node that has any, so that no worker reads remote memory, for as many times "
	       "the memory. Where a node has none left, another's is taken."},

{"ports", NX_V_MAP, FIXED(nx_config, box.pair, box.n_pairs),
	.flags = NX_KEY_REQUIRED | NX_KEY_RESTART,
	.doc = "Pairs of ports: what enters by one and passes leaves by the other."},
{"ports[].name", NX_V_NAME, FIELD(nx_pair_config, name), REQUIRED, .doc = "Name of the pair."},
{"ports[].access", NX_V_DEVICE, FIELD(nx_pair_config, access), REQUIRED,
	.doc = "The port towards the network."},
{"ports[].core", NX_V_DEVICE, FIELD(nx_pair_config, core), REQUIRED,
	.doc = "The port towards the SBC."},
{"ports[].mtu", NX_V_UINT, FIELD(nx_pair_config, mtu), RANGE(576, 9600), .def = "1500",
	.doc = "Largest IP packet, in bytes, on both ports."},

{"queues", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "Queues and buffers of every port."},
{"queues.rx_descriptors", NX_V_UINT, FIELD(nx_config, box.rx_descriptors), RANGE(64, 8192),
	.def = "1024", .doc = "Receive ring of each queue."},
{"queues.tx_descriptors", NX_V_UINT, FIELD(nx_config, box.tx_descriptors), RANGE(64, 8192),
	.def = "1024", .doc = "Transmit ring of each queue."},
{"queues.mempool", NX_V_UINT, FIELD(nx_config, box.mempool_size), RANGE(0, 16777216), .def = "0",
	.doc = "Packet buffers of a pair; 0 computes them from queues and descriptors."},

{"socket", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "The control socket."},
{"socket.path", NX_V_PATH, FIELD(nx_config, socket_path), RANGE(2, 107),
	.def = NX_SOCKET_DEFAULT, .doc = "Where nxsipctl finds the daemon; mode 0660."},
{"socket.group", NX_V_GROUP, FIELD(nx_config, socket_group), RANGE(1, 32),
	.doc = "Group that may use the socket. Default: the daemon's."},

{"store", NX_V_MAP, .flags = NX_KEY_RESTART, .doc = "The durable tables."},
{"store.path", NX_V_PATH, FIELD(nx_config, store_path), RANGE(2, 4000), .def = "/var/lib/nxsip",
	.doc = "Directory of the database; made where it is missing."},
{"store.map", NX_V_UINT, FIELD(nx_config, store_map_mib), RANGE(16, 4194304), .def = "1024",
	.doc = "Address space for the database at the start, in MiB; it grows by itself."},

{"reply", NX_V_MAP, .doc = "What the replies carry."},
{"reply.server", NX_V_TEXT, FIELD(nx_config, server), .def = "",
	.doc = "Value of the Server header; empty: none."},
{"reply.reason", NX_V_BOOL, FIELD(nx_config, reason_header), .def = "on",
	.doc = "Reason header (Q.850 cause 1) on replies to INVITE for numbers."},
{"reply.tag_keys", NX_V_MAP, FIXED(nx_config, tag_key, n_tag_keys),
	.doc = "Keys of the To tags, shared by a fleet. The first signs, both verify; keep the old one "
	       "32 s in a rotation. Default: the store's own."},
{"reply.tag_keys[].id", NX_V_UINT, FIELD(nx_tag_key, id), RANGE(0, 15), REQUIRED,
	.doc = "Written into the tag: says which key signed."},
{"reply.tag_keys[].key", NX_V_TAG_KEY, .off = 0, .size = sizeof(struct nx_tag_key), REQUIRED,
	.doc = "The key; make one with: openssl rand -hex 16."},

{"emergency", NX_V_DIGITS, FIXED(nx_config, emergency.number, emergency.n), RANGE(2, 15),
	.flags = NX_KEY_NONEMPTY | NX_KEY_JUDGES,
	.def = "112 911 999 000 100 101 102 103 104 106 107 108 110 111 113 114 115 117 118 119 120 "
	       "122 123 133 144 190 191 192 193 15 17 18",
	.doc = "Numbers that always pass: as they are, after a prefix of the plan, after a country "
	       "code. A list given here replaces the default."},

{"plans", NX_V_MAP, GROWN(nx_config, plans, n_plans, 256),
	.flags = NX_KEY_NAMED | NX_KEY_JUDGES,
	.doc = "Number plans: how a trunk writes numbers. What a plan cannot turn into one global "
	       "number passes."},
{"plans.NAME", NX_V_NAME, FIELD(nx_plan, name), .doc = "The plan's name, by which services and "
	"source classes refer to it."},
{"plans.NAME.country_code", NX_V_DIGITS, FIELD(nx_plan, country_code), RANGE(0, 3), .def = "",
	.doc = "Put before national numbers; empty: national numbers pass."},
{"plans.NAME.international", NX_V_DIGITS, FIXED(nx_plan, international, n_international),
	RANGE(1, NX_PLAN_PREFIX_MAX), .doc = "Prefixes before a country code, such as 00."},
{"plans.NAME.national", NX_V_DIGITS, FIXED(nx_plan, national, n_national),
	RANGE(1, NX_PLAN_PREFIX_MAX), .doc = "Prefixes before a national number, such as 0."},
{"plans.NAME.carrier", NX_V_DIGITS, FIXED(nx_plan, carrier, n_carrier),
	RANGE(1, NX_PLAN_PREFIX_MAX), .doc = "Prefixes that choose a carrier; taken off first."},
{"plans.NAME.strip", NX_V_UINT, FIELD(nx_plan, strip), RANGE(0, 15), .def = "0",
	.doc = "Digits to take off the front before any prefix."},
{"plans.NAME.bare", NX_V_WORD, FIELD(nx_plan, bare), WORDS("pass", "national", "global"),
	.def = "pass", .doc = "What digits with none of the prefixes are."},
{"plans.NAME.min_digits", NX_V_UINT, FIELD(nx_plan, min_digits), RANGE(1, 15), .def = "7",
	.doc = "Shorter global numbers pass: they may be emergency or service numbers."},
{"plans.NAME.max_digits", NX_V_UINT, FIELD(nx_plan, max_digits), RANGE(1, 15), .def = "15",
	.doc = "Longer ones pass."},
{"plans.NAME.routing_numbers", NX_V_DIGITS, FIXED(nx_plan, routing, n_routing),
	RANGE(1, NX_PLAN_PREFIX_MAX),
	.doc = "Routing numbers (rn, RFC 4694) that are ours, country code first, without +: the "
	       "called number is judged. With any other rn it passes."},

{"services", NX_V_MAP, GROWN(nx_config, services, n_services, 1024), .flags = NX_KEY_JUDGES,
	.doc = "What is judged: requests from an access port to these addresses. All else passes."},
{"services[].name", NX_V_NAME, FIELD(nx_service_config, name), REQUIRED,
	.doc = "Name of the service."},
{"services[].addresses", NX_V_ADDR, GROWN(nx_service_config, addrs, n_addrs, 1024), REQUIRED,
	.doc = "Addresses of the SBC."},
{"services[].ports", NX_V_UINT, GROWN(nx_service_config, ports, n_ports, 64), RANGE(1, 65535),
	.flags = NX_KEY_NONEMPTY, .def = "5060", .doc = "UDP ports of the SBC."},
{"services[].vlans", NX_V_VLAN, GROWN(nx_service_config, vlans, n_vlans, 256),
	.flags = NX_KEY_NONEMPTY, .def = "none", .doc = "Outermost VLANs; none is untagged."},
{"services[].kind", NX_V_WORD, FIELD(nx_service_config, kind), WORDS("phone", "names"), REQUIRED,
	.doc = "phone: users that are all digits are telephone numbers."},
{"services[].direction", NX_V_WORD, FIELD(nx_service_config, originating),
	WORDS("terminating", "originating"), .def = "terminating",
	.doc = "terminating is judged; originating passes: its subscribers dial the world."},
{"services[].plan", NX_V_PLAN, FIELD(nx_service_config, plan), .def = "",
	.doc = "Number plan. Default: none, so that only global numbers (+) are judged."},
{"services[].hosts", NX_V_MAP, GROWN(nx_service_config, hosts, n_hosts, 4096),
	.doc = "Hosts of the Request-URI and the domain that each means; other hosts pass. Required "
	       "for terminating services."},
{"services[].hosts[].host", NX_V_HOST, FIELD(nx_host_config, host), REQUIRED,
	.doc = "A name, *.name, an IP address, or any."},
{"services[].hosts[].domain", NX_V_DOMAIN, FIELD(nx_host_config, domain), REQUIRED,
	.doc = "The domain in the store; one the store lacks passes."},

{"sources", NX_V_MAP, FIXED(nx_config, classes, n_classes), .flags = NX_KEY_JUDGES,
	.doc = "Source classes, by the sender's address; the longest prefix wins. The class "
	       "`default` is every address that no prefix covers."},
{"sources[].class", NX_V_NAME, FIELD(nx_class_config, class.name), REQUIRED,
	.doc = "Name of the class."},
{"sources[].trust", NX_V_WORD, FIELD(nx_class_config, class.trust),
	WORDS("public", "peer", "trusted"), .def = "",
	.doc = "How far its senders are trusted. Required, but for `default`, which is public."},
{"sources[].prefixes", NX_V_PREFIX, GROWN(nx_class_config, prefixes, n_prefixes, 65536),
	.doc = "Addresses and networks; more can be added with nxsipctl. Not for `default`."},
{"sources[].answer", NX_V_WORD, FIELD(nx_class_config, class.answer),
	WORDS("pass", "answer", "drop"), .def = "",
	.doc = "What becomes of what would be answered; only public classes choose. Default: pass "
	       "(trusted and peer: answer)."},
{"sources[].604", NX_V_BOOL, FIELD(nx_class_config, class.may_604), .def = "off",
	.doc = "Whether 604 may be given; else 404."},
{"sources[].symmetric", NX_V_WORD, FIELD(nx_class_config, class.symmetric),
	WORDS("rfc", "always", "pass"), .def = "",
	.doc = "Reply port without rport: rfc takes Via's, always the source's, pass passes where the "
	       "two differ. Default: rfc (public: pass)."},
{"sources[].options", NX_V_WORD, FIELD(nx_class_config, class.options_as_invite),
	WORDS("pass", "as-invite"), .def = "pass", .doc = "Whether OPTIONS is judged as INVITE is."},
{"sources[].register", NX_V_WORD, FIELD(nx_class_config, class.register_answer),
	WORDS("pass", "answer"), .def = "pass",
	.doc = "Whether REGISTER for a user that does not exist gets 404."},
{"sources[].unanswerable", NX_V_WORD, FIELD(nx_class_config, unanswerable),
	WORDS("pass", "limit", "drop"), .def = "pass",
	.doc = "What becomes of malformed requests; limit passes unanswerable_rate of them."},
{"sources[].unanswerable_rate", NX_V_UINT, FIELD(nx_class_config, unanswerable_rate),
	RANGE(1, 10000), .def = "10",
	.doc = "With unanswerable: limit, how many a second of each sender (IPv6: /64) pass a worker; "
	       "the rest is dropped."},
{"sources[].dialog_rate", NX_V_UINT, FIELD(nx_class_config, class.dialog_rate), RANGE(0, 10000),
	.def = "0",
	.doc = "How many requests a second of each sender (IPv6: /64) that are in a dialog, or aimed at "
	       "one, pass a worker; the rest is dropped. 0: all pass. Only for public classes."},
{"sources[].plan", NX_V_PLAN, FIELD(nx_class_config, plan), .def = "",
	.doc = "Number plan of these senders, in place of the service's."},
{.path = NULL},
};
/* clang-format on */

void nx_key_prefix(const struct nx_key_row *row, char out[NX_AT_MAX])
{
	const char *items = row->flags & NX_KEY_NAMED ? ".NAME" : row->list_max ? "[]" : "";

	(void)snprintf(out, NX_AT_MAX, "%s%s.", row->path, items);
}

const struct nx_key_row *nx_key_child(const char *prefix, const struct nx_key_row *after)
{
	size_t n = strlen(prefix);

	for (const struct nx_key_row *row = after ? after + 1 : nx_keys; row->path; row++)
		if (strncmp(row->path, prefix, n) == 0 && !strpbrk(row->path + n, ".["))
			return row;
	return NULL;
}

uint32_t nx_key_count(const struct nx_key_row *row, const void *record)
{
	const char *at = (const char *)record + row->count_off;
	uint8_t narrow;
	uint32_t wide;

	memcpy(&narrow, at, sizeof(narrow));
	if (row->count_size == sizeof(narrow))
		return narrow;
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

void *nx_key_element(const struct nx_key_row *row, const void *record, uint32_t index)
{
	char *field = (char *)(uintptr_t)record + row->off;
	void *elements = field;

	if (row->grown)
		memcpy(&elements, field, sizeof(elements));
	return index ? (char *)elements + (size_t)index * row->size : elements; /* none: NULL */
}

bool nx_key_owns_text(const struct nx_key_row *row)
{
	switch (row->type) {
	case NX_V_STRING:
	case NX_V_GROUP:
	case NX_V_PATH:
	case NX_V_HOST:
	case NX_V_DOMAIN:
		return true;
	default:
		return false;
	}
}

/* ---- the reference ---- */

static bool needs_restart(const struct nx_key_row *row)
{
	size_t n = strcspn(row->path, ".[");

	for (const struct nx_key_row *top = nx_keys; top->path; top++)
		if (strncmp(top->path, row->path, n) == 0 && top->path[n] == 0)
			return top->flags & NX_KEY_RESTART;
	return false;
}

static void print_list(FILE *out, const char *words)
{
	(void)fputs("`[", out);
	for (; *words; words++)
		(void)fprintf(out, *words == ' ' ? ",%c" : "%c", *words);
	(void)fputs("]`", out);
}

static void print_default(FILE *out, const struct nx_key_row *row)
{
	if (row->flags & NX_KEY_REQUIRED)
		(void)fputs("required", out);
	else if (row->list_max && row->type != NX_V_MAP)
		print_list(out, row->def ? row->def : "");
	else if (row->def && *row->def)
		(void)fprintf(out, "`%s`", row->def);
}

void nx_config_reference(FILE *out)
{
	char type[256];

	(void)fputs(
		"| key | value | default | meaning | changed by |\n|---|---|---|---|---|\n", out);
	for (const struct nx_key_row *row = nx_keys; row->path; row++) {
		nx_value_type(row, type, sizeof(type));
		(void)fprintf(out, "| `%s` | %s | ", row->path, type);
		print_default(out, row);
		(void)fprintf(
			out, " | %s | %s |\n", row->doc, needs_restart(row) ? "restart" : "reload");
	}
}
