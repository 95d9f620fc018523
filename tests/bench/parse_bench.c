/* Nanoseconds a message of nx_sip_parse, beside libosip2 and sofia-sip in the same run, over the
 * messages of the folders given that all three take for a request, and over our own INVITEs, these
 * also as workers read them, by stencils of their senders; then what every single message costs by
 * the byte, whatever it is. Prints one JSON object.
 *   parse_bench FOLDER...
 *
 * The references are used as lean as they allow: libosip2 with memory from one block that is never
 * freed but as a whole, and no trace; sofia-sip from its own memory homes, without a copy of the
 * message and without the sanity check. */
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su.h>

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <x86intrin.h>

#include "dataplane/core/sip_stencil.h"
#include "nxsip/verdict.h"
#include "tests/bench/bench.h"
#include "tests/torture/sip_files.h"
#include "tests/torture/sip_quiet.h"
#include "tests/unit/sample.h"

#define INVITES      1000
#define SENDERS      16
#define SAMPLE_HOSTS 254 /* after so many seeds, a sample is of the same host again */
#define MESSAGES_MAX 100000
#define PASS_NS      20000000 /* a pass is repeated until it lasts so long */
#define BLOCK_LEN    (16u << 20)
#define ALIGNMENT    16
#define WIRE_HEADERS 42 /* Ethernet, IPv4, UDP: what a message never comes without */
#define ROUNDS       64 /* of one message, to drown what the clock itself takes */

struct message {
	const struct sip_folder *folder; /* NULL: an INVITE of ours */
	const char *name;
	const uint8_t *text;
	size_t len;
	uint32_t sender;
};

struct set {
	struct message *m;
	size_t n;
};

/* A parser takes a message, or not. */
typedef bool (*parser)(const struct message *m);

/* ---- nxsip ---- */

static bool parse_nxsip(const struct message *m)
{
	struct nx_sip sip;

	return nx_sip_parse(m->text, m->len, &sip, NULL) == NX_R_UNDECIDED;
}

static bool read_nxsip(const struct message *m)
{
	static struct nx_sip_stencils stencils;
	const struct nx_uri *ruri;
	struct nx_sip sip;

	return nx_sip_read(&stencils, m->sender, m->text, m->len, &sip, &ruri) == NX_R_UNDECIDED;
}

/* ---- libosip2; its hooks have no argument for a context ---- */

static struct {
	uint8_t *at;
	size_t used;
} block;

static void *block_alloc(size_t size)
{
	const size_t need = ALIGNMENT + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint8_t *p = block.at + block.used;

	if (need > BLOCK_LEN - block.used)
		return NULL;
	block.used += need;
	memcpy(p, &size, sizeof(size));
	return p + ALIGNMENT;
}

static void *block_realloc(void *old, size_t size)
{
	void *p = block_alloc(size);
	size_t had;

	if (!old || !p)
		return p;
	memcpy(&had, (uint8_t *)old - ALIGNMENT, sizeof(had));
	return memcpy(p, old, had < size ? had : size);
}

static void block_free(void *p)
{
	(void)p;
}

static void osip_begin(void)
{
	block.at = huge_alloc(BLOCK_LEN);
	osip_set_allocators(block_alloc, block_realloc, block_free);
	parser_init();
	sip_quiet();
}

static bool parse_osip(const struct message *m)
{
	osip_message_t *sip;

	block.used = 0;
	return osip_message_init(&sip) == OSIP_SUCCESS &&
	       osip_message_parse(sip, (const char *)m->text, m->len) == OSIP_SUCCESS &&
	       MSG_IS_REQUEST(sip);
}

/* ---- sofia-sip ---- */

static bool parse_sofia(const struct message *m)
{
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	msg_iovec_t iov[8];
	issize_t n = msg_recv_iovec(msg, iov, 8, (usize_t)m->len, 1);
	size_t off = 0;
	bool taken;

	for (issize_t i = 0; i < n && off < m->len; i++) {
		size_t part = iov[i].mv_len < m->len - off ? iov[i].mv_len : m->len - off;

		memcpy(iov[i].mv_base, m->text + off, part);
		off += part;
	}
	msg_recv_commit(msg, (usize_t)m->len, 1);
	taken = msg_extract(msg) > 0 && sip_object(msg)->sip_request;
	msg_destroy(msg);
	return taken;
}

/* ---- over a set ---- */

static double pass_ns(parser parse, const struct set *set, uint64_t rounds)
{
	uint64_t begin = cpu_ns(), taken = 0;

	for (uint64_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < set->n; i++)
			taken += parse(&set->m[i]);
	if (taken != rounds * set->n)
		die("a message was taken once, and not again");
	return (double)(cpu_ns() - begin) / (double)(rounds * set->n);
}

/* The median of the passes, the parsers in turns. */
static void show_set(const char *name, const struct set *set, parser ours)
{
	const parser parse[] = {ours, parse_osip, parse_sofia};
	static const char *const who[] = {"nxsip", "osip", "sofia"};
	double ns[3][PASSES];
	uint64_t rounds[3];

	for (int k = 0; k < 3; k++)
		rounds[k] = (uint64_t)(PASS_NS / (pass_ns(parse[k], set, 1) * (double)set->n)) + 1;
	for (int pass = 0; pass < PASSES; pass++)
		for (int k = 0; k < 3; k++)
			ns[k][pass] = pass_ns(parse[k], set, rounds[k]);
	printf("\"%s\": {\"messages\": %zu", name, set->n);
	for (int k = 0; k < 3; k++) {
		qsort(ns[k], PASSES, sizeof(ns[k][0]), by_value);
		printf(", \"%s_ns\": %.1f", who[k], ns[k][PASSES / 2]);
	}
	printf("}, ");
}

/* ---- each message alone ---- */

static double cycles_of(const struct message *m)
{
	uint64_t begin = __rdtsc();

	for (int r = 0; r < ROUNDS; r++)
		parse_nxsip(m);
	return (double)(__rdtsc() - begin) / ROUNDS;
}

/* What the messages cost by the byte, with so many bytes around each. */
static void show_worst(const char *name, const struct set *all, const double *cycles, size_t around)
{
	double *each = calloc(all->n, sizeof(*each));
	size_t worst = 0;
	double most = 0;

	if (!each)
		die("no memory");
	for (size_t i = 0; i < all->n; i++) {
		each[i] = cycles[i] / (double)(all->m[i].len + around);
		worst = each[i] > most ? i : worst;
		most = each[worst];
	}
	qsort(each, all->n, sizeof(*each), by_value);
	printf("\"%s\": {\"median\": %.3f, \"worst\": %.3f, \"file\": \"%s/%s\", \"len\": %zu}",
		name, each[all->n / 2], most, all->m[worst].folder->path, all->m[worst].name,
		all->m[worst].len);
	free(each);
}

/* The least of passes over all messages: what else runs on the machine only adds. */
static void show_each(const struct set *all)
{
	double *cycles = calloc(all->n, sizeof(*cycles));

	if (!cycles)
		die("no memory");
	for (int pass = 0; pass < 3 * PASSES; pass++) {
		for (size_t i = 0; i < all->n; i++) {
			double now = cycles_of(&all->m[i]);

			cycles[i] = pass == 0 || now < cycles[i] ? now : cycles[i];
		}
	}
	show_worst("cycles_a_byte_on_the_wire", all, cycles, WIRE_HEADERS);
	printf(", ");
	show_worst("cycles_a_byte_of_sip", all, cycles, 0);
	free(cycles);
}

/* ---- messages ---- */

static void add_folder(struct set *all, const char *path)
{
	struct sip_folder *folder = malloc(sizeof(*folder));

	if (!folder)
		die("no memory");
	sip_folder_read(folder, path);
	for (size_t i = 0; i < folder->n && all->n < MESSAGES_MAX; i++) {
		const struct sip_file *f = &folder->file[i];

		if (f->len > 0)
			all->m[all->n++] = (struct message){folder, f->name, f->text, f->len, 0};
	}
}

static void add_invites(struct set *invites)
{
	struct sample *s = calloc(INVITES, sizeof(*s));
	char user[16];

	if (!s)
		die("no memory");
	for (unsigned i = 0; i < INVITES; i++) {
		unsigned seed = i / SENDERS * SAMPLE_HOSTS + i % SENDERS;

		snprintf(user, sizeof(user), "+4420%08u", 70000000 + i);
		sample_invite(&s[i], user, seed);
		invites->m[invites->n++] = (struct message){
			NULL, "INVITE", (const uint8_t *)s[i].text, s[i].len, i % SENDERS};
	}
}

/* The messages that all three take. */
static void choose(const struct set *all, struct set *taken)
{
	for (size_t i = 0; i < all->n; i++)
		if (parse_nxsip(&all->m[i]) && parse_osip(&all->m[i]) && parse_sofia(&all->m[i]))
			taken->m[taken->n++] = all->m[i];
}

static void set_init(struct set *s)
{
	s->m = calloc(MESSAGES_MAX, sizeof(*s->m));
	if (!s->m)
		die("no memory");
}

int main(int argc, char **argv)
{
	static struct set all, taken, invites;

	set_init(&all);
	set_init(&taken);
	set_init(&invites);
	osip_begin();
	su_init();
	for (int i = 1; i < argc; i++)
		add_folder(&all, argv[i]);
	add_invites(&invites);
	choose(&all, &taken);
	if (taken.n == 0)
		die("usage: parse_bench FOLDER..., with requests in them");
	printf("{\"messages\": %zu, ", all.n);
	show_set("corpora", &taken, parse_nxsip);
	show_set("invites", &invites, parse_nxsip);
	show_set("invites_by_stencil", &invites, read_nxsip);
	show_each(&all);
	printf("}\n");
	return 0;
}
