/* Every message of the folders given, put to a box in UDP over IPv4 (where its user is unknown) and
 * over IPv6 (where its user is gone), and to the reference parsers. Prints a table, a row a
 * message, of which sip_torture.py makes the account.
 *
 *   sip_torture [-o PREFIX] FOLDER...
 *
 * With -o, requests that are answered go to PREFIX-requests.pcap, and their replies, in the same
 * order, to PREFIX-replies.pcap.
 *
 * The messages of a folder are run in a child that says before each step which message it has at
 * hand and who works on it. One that dies, or takes seconds, is named, and the next child goes on
 * behind it; where a reference died, on the same message without that reference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/reference.h"
#include "tests/torture/sip_box.h"
#include "tests/torture/sip_files.h"
#include "tests/torture/sip_message.h"
#include "tests/torture/sip_quiet.h"

#define HANGS_S  10        /* for one message: milliseconds without sanitizers */
#define SHOWN    60        /* bytes of a value in the table */
#define BUFFER   (1 << 20) /* more than a message's rows and frames: flushed whole or not at all */
#define REJECTED REFERENCE_REJECTED

enum at_work { CORE, OSIP, SOFIA };

static const char *const work_name[] = {"nxsip", "osip", "sofia"};

/* Which message a child has at hand: shared with the parent, which outlives it. */
struct progress {
	size_t file;
	enum at_work at_work;
};

struct run {
	struct sip_folder folder;
	struct progress *at;
	unsigned skip;            /* 1 << parser: it died of the message at hand */
	FILE *requests, *replies; /* captures, or NULL */
	struct nx_policy *unknown, *gone;
	struct sip_pages pages;
	struct guard head;
	struct reference *reference;
};

/* ---- captures: classic pcap, Ethernet ---- */

static void put_words(FILE *f, const uint32_t *word, size_t n)
{
	if (fwrite(word, sizeof(*word), n, f) != n)
		exit(2);
}

static FILE *capture_open(const char *prefix, const char *what)
{
	static const uint32_t header[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s-%s.pcap", prefix, what);
	f = fopen(path, "wbe");
	if (!f) {
		perror(path);
		exit(2);
	}
	setvbuf(f, NULL, _IOFBF, BUFFER);
	put_words(f, header, 6);
	return f;
}

static void capture_put(FILE *f, const uint8_t *frame, uint32_t len)
{
	const uint32_t record[] = {0, 0, len, len};

	if (!f)
		return;
	put_words(f, record, 4);
	if (fwrite(frame, 1, len, f) != len)
		exit(2);
}

/* ---- the table ---- */

static void print_text(struct reference_text t)
{
	if (!t.at) {
		printf("none");
		return;
	}
	putchar('"');
	for (size_t i = 0; i < t.len && i < SHOWN; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	printf(t.len > SHOWN ? "...\"" : "\"");
}

static void print_fields(unsigned set)
{
	const char *comma = "";

	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++) {
		if (set >> i & 1) {
			printf("%s%s", comma, reference_field_name((enum reference_field)i));
			comma = ",";
		}
	}
	printf("%s\t", set & REJECTED ? "rejected" : set ? "" : "-");
}

/* One reference: what it makes of the message, the fields that it reads otherwise than we do, those
 * of them that are a finding, and the reasons why the others are none. */
static void print_reading(const struct reference_reading *theirs, bool died,
	const struct reference_finding *f, unsigned parser)
{
	static const char *const verdict[] = {"rejects", "request", "response"};
	const char *semicolon = "";

	printf("%s\t", died ? "died" : verdict[theirs->verdict]);
	print_fields(f->differs[parser]);
	print_fields(f->differs[parser] & ~f->excused[parser]);
	for (unsigned i = 0; i < REFERENCE_EXCUSES; i++) {
		if (f->excuses[parser] >> i & 1) {
			printf("%s%s", semicolon, reference_excuse_text((enum reference_excuse)i));
			semicolon = "; ";
		}
	}
	printf("\t");
}

/* The values that are read differently: ours, then theirs. */
static void print_values(const struct reference_finding *f, unsigned set)
{
	for (unsigned i = 0; i < REFERENCE_FIELD_COUNT; i++) {
		if (!(set >> i & 1))
			continue;
		printf("%s: ", reference_field_name((enum reference_field)i));
		print_text(f->ours.field[i]);
		for (unsigned k = 0; k < REFERENCE_PARSERS; k++) {
			printf(", %s ", reference_parser_name((enum reference_parser)k));
			print_text(f->theirs[k].field[i]);
		}
		printf("; ");
	}
}

/* ---- one message ---- */

static void put_to_box(struct run *r, bool v6, const struct sip_file *m, struct sip_outcome *o)
{
	sip_message_judge(&r->pages, v6 ? r->gone : r->unknown, v6, m->text, m->len, o);
	if (o->reply_len > 0) {
		capture_put(r->requests, o->request, o->request_len);
		capture_put(r->replies, o->reply, o->reply_len);
	}
	printf("%s\t%u\t", nx_reason_info(o->reason)->name,
		o->reply_len ? o->reply_len - o->reply_off : 0);
}

/* What the references make of it, and where they differ from us and from each other.
 * sip: our reading; NULL: the message is not answerable. */
static void put_to_references(struct run *r, const struct sip_file *m, const struct nx_sip *sip)
{
	struct reference_reading theirs[REFERENCE_PARSERS] = {0};
	struct reference_finding f = {0};
	unsigned left = 0, between;

	for (unsigned k = 0; k < REFERENCE_PARSERS; k++) {
		r->at->at_work = OSIP + k;
		if (!(r->skip >> k & 1))
			reference_read(r->reference, (enum reference_parser)k, m->text, m->len,
				&theirs[k]);
	}
	between = r->skip ? 0 : reference_differences(&theirs[0], &theirs[1]);
	if (sip && !r->skip)
		reference_compare(r->reference, m->text, m->len, sip, &f);
	for (unsigned k = 0; k < REFERENCE_PARSERS; k++) {
		print_reading(&theirs[k], r->skip >> k & 1, &f, k);
		left |= f.differs[k] & ~f.excused[k];
	}
	print_fields(between);
	print_values(&f, left);
	printf("\n");
}

static void print_name(const struct run *r, const struct sip_file *m)
{
	printf("%s\t%s\t%s\t", r->folder.path, m->name, m->made_crlf ? "crlf" : "as-is");
}

static void put(struct run *r, const struct sip_file *m)
{
	static struct sip_outcome over_v4, over_v6;
	struct nx_sip sip;
	unsigned parsed;

	r->at->at_work = CORE;
	alarm(HANGS_S);
	print_name(r, m);
	printf("%zu\t", m->len);
	parsed = nx_sip_parse(guard_head(&r->head, m->text, m->len), m->len, &sip, NULL);
	printf("%s\t", parsed == NX_R_UNDECIDED ? "answerable" : nx_reason_info(parsed)->name);
	put_to_box(r, false, m, &over_v4);
	put_to_box(r, true, m, &over_v6);
	put_to_references(r, m, parsed == NX_R_UNDECIDED ? &sip : NULL);
	alarm(0);
}

/* ---- folders, each in a child ---- */

static void flush(struct run *r)
{
	if (fflush(stdout) || (r->requests && (fflush(r->requests) || fflush(r->replies))))
		exit(2);
}

_Noreturn static void child(struct run *r)
{
	for (; r->at->file < r->folder.n; r->at->file++, r->skip = 0) {
		put(r, &r->folder.file[r->at->file]);
		flush(r);
	}
	_exit(0);
}

/* A child died: tells of it in a row, and where the next one goes on. What the dead one had not
 * flushed of its own row died with it. */
static void bury(struct run *r, int status)
{
	struct progress *at = r->at;
	char how[32];

	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "exit-%d", WEXITSTATUS(status));
	print_name(r, &r->folder.file[at->file]);
	printf("crash\t%s\t%s\n", work_name[at->at_work], how);
	if (at->at_work != CORE) {
		r->skip |= 1u << (at->at_work - OSIP);
		return;
	}
	r->skip = 0;
	at->file++;
}

static void run_folder(struct run *r, const char *path)
{
	bool done = false;

	sip_folder_read(&r->folder, path);
	*r->at = (struct progress){0};
	while (!done) {
		int status;
		pid_t pid;

		flush(r);
		pid = fork();
		if (pid == 0)
			child(r);
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("fork");
			exit(2);
		}
		done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (!done)
			bury(r, status);
	}
	sip_folder_free(&r->folder);
}

int main(int argc, char **argv)
{
	static struct run r;
	const char *prefix = NULL;
	int option;

	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o')
			return 2;
		prefix = optarg;
	}
	setvbuf(stdout, NULL, _IOFBF, BUFFER);
	r.at = mmap(NULL, sizeof(*r.at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r.at == MAP_FAILED)
		return 2;
	if (prefix) {
		r.requests = capture_open(prefix, "requests");
		r.replies = capture_open(prefix, "replies");
	}
	r.unknown = sip_box_create(false);
	r.gone = sip_box_create(true);
	sip_pages_init(&r.pages);
	guard_init(&r.head);
	r.reference = reference_create();
	sip_quiet();
	for (int i = optind; i < argc; i++)
		run_folder(&r, argv[i]);
	flush(&r);
	reference_destroy(r.reference);
	guard_fini(&r.head);
	sip_pages_fini(&r.pages);
	sip_box_destroy(r.unknown);
	sip_box_destroy(r.gone);
	return 0;
}
