/* The SIP parser over the corpora: RFC 4475 and RFC 5118 file by file against what the RFCs say,
 * every prefix of their messages, and all other files for equal results on all paths. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nxsip/verdict.h"
#include "tests/unit/sip_check.h"

#define UDP NX_SIP_VIA_UDP

/* What becomes of each file. Requests that the RFC calls invalid and that are undecided here are
 * so because the fault lies where the parser does not look; the note says who does. */
struct file {
	const char *name;
	unsigned reason;
	uint32_t flags;
	const char *note;
};

/* clang-format off */
static const struct file rfc4475[] = {
	{"wsinv.dat", NX_R_UNDECIDED, UDP | NX_SIP_TO_TAG, NULL},
	{"intmeth.dat", NX_R_BAD_LINE_END, 0, "valid, but a NUL among the headers (rule 15)"},
	{"esc01.dat", NX_R_UNDECIDED, UDP, NULL},
	{"escnull.dat", NX_R_UNDECIDED, UDP, NULL},
	{"esc02.dat", NX_R_UNDECIDED, 0, NULL},
	{"lwsdisp.dat", NX_R_UNDECIDED, UDP, NULL},
	{"longreq.dat", NX_R_UNDECIDED, 0, NULL},
	{"dblreq.dat", NX_R_UNDECIDED, UDP, NULL},
	{"semiuri.dat", NX_R_UNDECIDED, UDP, NULL},
	{"transports.dat", NX_R_UNDECIDED, UDP, NULL},
	{"mpart01.dat", NX_R_UNDECIDED, UDP | NX_SIP_RPORT, NULL},
	{"unreason.dat", NX_R_RESPONSE, 0, NULL},
	{"noreason.dat", NX_R_RESPONSE, 0, NULL},
	{"badinv01.dat", NX_R_BAD_VIA, UDP, NULL},
	{"clerr.dat", NX_R_CONTENT_LENGTH, UDP, NULL},
	{"ncl.dat", NX_R_BAD_VALUE, UDP, NULL},
	{"scalar02.dat", NX_R_BAD_VALUE, 0, NULL},
	{"scalarlg.dat", NX_R_RESPONSE, 0, NULL},
	{"quotbal.dat", NX_R_BAD_VALUE, 0, NULL},
	{"ltgtruri.dat", NX_R_BAD_REQUEST_LINE, 0, NULL},
	{"lwsruri.dat", NX_R_BAD_REQUEST_LINE, 0, NULL},
	{"lwsstart.dat", NX_R_BAD_REQUEST_LINE, 0, NULL},
	{"trws.dat", NX_R_BAD_REQUEST_LINE, 0, NULL},
	{"escruri.dat", NX_R_UNDECIDED, UDP, "headers in the Request-URI: dialog-target"},
	{"baddate.dat", NX_R_UNDECIDED, UDP, "the RFC lets Date be ignored"},
	{"regbadct.dat", NX_R_UNDECIDED, UDP, "a REGISTER; Contact is its registrar's business"},
	{"badaspec.dat", NX_R_BAD_VALUE, UDP, NULL},
	{"baddn.dat", NX_R_BAD_VALUE, UDP, NULL},
	{"badvers.dat", NX_R_BAD_VERSION, 0, NULL},
	{"mismatch01.dat", NX_R_CSEQ_METHOD, 0, NULL},
	{"mismatch02.dat", NX_R_CSEQ_METHOD, 0, NULL},
	{"bigcode.dat", NX_R_RESPONSE, 0, NULL},
	{"badbranch.dat", NX_R_UNDECIDED, UDP, "a request of RFC 2543 (rule 14)"},
	{"insuf.dat", NX_R_MISSING_HEADER, UDP, NULL},
	{"unkscm.dat", NX_R_UNDECIDED, 0, NULL},
	{"novelsc.dat", NX_R_UNDECIDED, 0, NULL},
	{"unksm2.dat", NX_R_UNDECIDED, UDP, NULL},
	{"bext01.dat", NX_R_UNDECIDED, NX_SIP_PROXY_REQUIRE, NULL},
	{"invut.dat", NX_R_UNDECIDED, UDP, NULL},
	{"regaut01.dat", NX_R_UNDECIDED, 0, NULL},
	{"multi01.dat", NX_R_REPEATED_HEADER, UDP, NULL},
	{"mcl01.dat", NX_R_REPEATED_HEADER, UDP, NULL},
	{"bcast.dat", NX_R_RESPONSE, 0, NULL},
	{"zeromf.dat", NX_R_UNDECIDED, UDP | NX_SIP_MAX_FORWARDS_0, NULL},
	{"cparam01.dat", NX_R_UNDECIDED, UDP, NULL},
	{"cparam02.dat", NX_R_UNDECIDED, UDP, NULL},
	{"regescrt.dat", NX_R_UNDECIDED, UDP, NULL},
	{"sdp01.dat", NX_R_UNDECIDED, UDP, NULL},
	{"inv2543.dat", NX_R_UNDECIDED, UDP, NULL},
};

static const struct file rfc5118[] = {
	{"ipv6-good.sip", NX_R_UNDECIDED, UDP, NULL},
	{"ipv6-bad.sip", NX_R_UNDECIDED, UDP, "IPv6 without brackets in the Request-URI: bad-uri"},
	{"port-ambiguous.sip", NX_R_UNDECIDED, UDP, NULL},
	{"port-unambiguous.sip", NX_R_UNDECIDED, UDP, NULL},
	{"via-received-param-with-delim.sip", NX_R_UNDECIDED, UDP | NX_SIP_TO_TAG, NULL},
	{"via-received-param-no-delim.sip", NX_R_UNDECIDED, UDP, NULL},
	{"ipv6-in-sdp.sip", NX_R_UNDECIDED, UDP, NULL},
	{"mult-ip-in-header.sip", NX_R_UNDECIDED, UDP | NX_SIP_TO_TAG, NULL},
	{"mult-ip-in-sdp.sip", NX_R_UNDECIDED, UDP, NULL},
	{"ipv4-mapped-ipv6.sip", NX_R_UNDECIDED, UDP, NULL},
	{"ipv6-bug-abnf-3-colons.sip", NX_R_UNDECIDED, UDP, NULL},
	{"ipv6-correct-abnf-2-colons.sip", NX_R_UNDECIDED, UDP, NULL},
};
/* clang-format on */

static uint8_t text[65535];

static const char *root(void)
{
	const char *dir = getenv("NX_CORPORA");

	return dir ? dir : "../shared/corpora";
}

static void corpus_dir(const char *corpus, char *dir, size_t size)
{
	snprintf(dir, size, "%s/%s/raw", root(), corpus);
}

static size_t read_file(const char *dir, const char *name)
{
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	return len;
}

/* Skips the test where there are no corpora at all; one that is missing among others fails. */
static void need_corpora(void)
{
	DIR *d = opendir(root());

	if (!d) {
		print_message("skipped: no corpora\n");
		skip();
	}
	closedir(d);
}

static void check_files(const char *corpus, const struct file *files, size_t n)
{
	char dir[1024];
	size_t seen = 0;
	DIR *d;

	need_corpora();
	corpus_dir(corpus, dir, sizeof(dir));
	d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		seen += e->d_name[0] != '.';
	closedir(d);
	assert_int_equal(seen, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = read_file(dir, files[i].name);
		unsigned reason = check_parse(text, len);

		if (reason != files[i].reason || checked.flags != files[i].flags)
			print_error("%s: %s, flags %#x\n", files[i].name, sip_check_reason(reason),
				checked.flags);
		assert_int_equal(reason, files[i].reason);
		assert_int_equal(checked.flags, files[i].flags);
	}
}

static void rfc_4475_file_by_file(void **state)
{
	(void)state;
	check_files("rfc4475", rfc4475, sizeof(rfc4475) / sizeof(rfc4475[0]));
}

static void rfc_5118_file_by_file(void **state)
{
	(void)state;
	check_files("rfc5118", rfc5118, sizeof(rfc5118) / sizeof(rfc5118[0]));
}

/* The RFC's own verdicts, from EXPECT.tsv: nothing invalid is answerable unless a note above says
 * why, and nothing valid is refused unless one does. */
static void check_classes(const char *corpus, const struct file *files, size_t n)
{
	char path[1024], row[1024], name[256], class[64];
	size_t rows = 0;
	FILE *f;

	need_corpora();
	snprintf(path, sizeof(path), "%s/%s/EXPECT.tsv", root(), corpus);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(row, sizeof(row), f)) {
		if (sscanf(row, "%255s %*s %63s", name, class) != 2)
			continue;
		for (size_t i = 0; i < n; i++) {
			bool undecided = files[i].reason == NX_R_UNDECIDED;

			if (strcmp(files[i].name, name) != 0)
				continue;
			rows++;
			if (strcmp(class, "invalid") == 0)
				assert_true(!undecided || files[i].note);
			if (strcmp(class, "valid") == 0)
				assert_true(undecided || files[i].note);
			if (strstr(class, "response"))
				assert_int_equal(files[i].reason, NX_R_RESPONSE);
		}
	}
	fclose(f);
	assert_int_equal(rows, n);
}

static void the_rfcs_verdicts_are_met(void **state)
{
	(void)state;
	check_classes("rfc4475", rfc4475, sizeof(rfc4475) / sizeof(rfc4475[0]));
	check_classes("rfc5118", rfc5118, sizeof(rfc5118) / sizeof(rfc5118[0]));
}

/* No message is answerable before its empty line, nor with less body than it announces. */
static void every_prefix(void **state)
{
	char dir[1024];

	(void)state;
	need_corpora();
	corpus_dir("rfc4475", dir, sizeof(dir));
	for (size_t i = 0; i < sizeof(rfc4475) / sizeof(rfc4475[0]); i++) {
		size_t len = read_file(dir, rfc4475[i].name);
		const char *end = memmem(text, len, "\r\n\r\n", 4);
		size_t header_len = end ? (size_t)(end - (const char *)text) + 4 : len + 1;

		for (size_t cut = 0; cut < len && cut < header_len; cut++)
			assert_int_not_equal(check_parse(text, cut), NX_R_UNDECIDED);
	}
}

/* Files as they are, and with their LF line ends turned into CRLF, since many corpora store LF. */
static size_t to_crlf(size_t len)
{
	static uint8_t copy[sizeof(text)];
	size_t n = 0;

	for (size_t i = 0; i < len && n + 2 < sizeof(copy); i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			copy[n++] = '\r';
		copy[n++] = text[i];
	}
	memcpy(text, copy, n);
	return n;
}

static void all_paths_agree_on(const char *corpus, size_t at_least_answerable)
{
	char dir[1024];
	size_t answerable = 0;
	DIR *d;

	need_corpora();
	corpus_dir(corpus, dir, sizeof(dir));
	d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		size_t len;

		if (e->d_name[0] == '.')
			continue;
		len = read_file(dir, e->d_name);
		check_parse(text, len);
		len = to_crlf(len);
		answerable += check_parse(text, len) == NX_R_UNDECIDED;
		for (size_t cut = len; cut > len / 2; cut -= cut / 16 + 1)
			check_parse(text, cut);
	}
	closedir(d);
	assert_in_range(answerable, at_least_answerable, SIZE_MAX);
}

static void abnf_generated(void **state)
{
	(void)state;
	all_paths_agree_on("abnf-generated", 600);
}

static void jain_sip_torture(void **state)
{
	(void)state;
	all_paths_agree_on("jain-sip-torture", 180);
}

static void kamailio_test_sip(void **state)
{
	(void)state;
	all_paths_agree_on("kamailio-test-sip", 15);
}

static void pjsip_fuzz_seeds(void **state)
{
	(void)state;
	all_paths_agree_on("pjsip-fuzz-seeds", 8);
}

static void sofia_sip_tests(void **state)
{
	(void)state;
	all_paths_agree_on("sofia-sip-tests", 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_4475_file_by_file),
		cmocka_unit_test(rfc_5118_file_by_file),
		cmocka_unit_test(the_rfcs_verdicts_are_met),
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(abnf_generated),
		cmocka_unit_test(jain_sip_torture),
		cmocka_unit_test(kamailio_test_sip),
		cmocka_unit_test(pjsip_fuzz_seeds),
		cmocka_unit_test(sofia_sip_tests),
	};

	return cmocka_run_group_tests_name(
		"sip_corpora", tests, sip_check_setup, sip_check_teardown);
}
