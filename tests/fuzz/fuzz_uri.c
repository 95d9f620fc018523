/* Target: URIs and the keys made of them. The first byte chooses service and plan; then one URI, or
 * two with a line feed between them. Both ways of the URI parser agree; canonicalising twice is
 * once; the key of a URI is the key of the row that names the same user. */
#include <stdio.h>
#include <string.h>

#include "dataplane/core/uri.h"
#include "nxsip/verdict.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/uri_plain.h"

static struct nx_plan plans[4];
static struct nx_emergency emergency;

static struct nx_digits digits(const char *text)
{
	struct nx_digits d = {.len = (uint8_t)strlen(text)};

	memcpy(d.d, text, d.len);
	return d;
}

/* None; a British trunk's; an American one's; one that strips and takes bare digits as global. */
static void make_plans(void)
{
	for (unsigned i = 0; i < 4; i++)
		nx_plan_defaults(&plans[i]);
	plans[1].country_code = digits("44");
	plans[1].international[plans[1].n_international++] = digits("00");
	plans[1].national[plans[1].n_national++] = digits("0");
	plans[1].carrier[plans[1].n_carrier++] = digits("1477");
	plans[2].country_code = digits("1");
	plans[2].international[plans[2].n_international++] = digits("011");
	plans[2].national[plans[2].n_national++] = digits("1");
	plans[2].bare = NX_BARE_NATIONAL;
	plans[3].strip = 2;
	plans[3].bare = NX_BARE_GLOBAL;
	for (unsigned i = 0; i < 4; i++)
		nx_plan_index(&plans[i]);
	emergency.number[emergency.n++] = digits("112");
	emergency.number[emergency.n++] = digits("999");
	emergency.number[emergency.n++] = digits("116117");
	nx_emergency_index(&emergency);
}

static void inside(struct nx_span s, struct nx_span whole)
{
	if (s.off)
		fuzz_require(s.off >= whole.off && s.off + s.len <= whole.off + whole.len,
			"a part lies outside the URI");
}

static unsigned parse(const uint8_t *msg, struct nx_span span, struct nx_uri *uri)
{
	struct nx_uri plain;
	unsigned reason;

	memset(uri, 0, sizeof(*uri));
	memset(&plain, 0, sizeof(plain));
	reason = nx_uri_parse(msg, span, uri);
	fuzz_require(uri_parse_plain(msg, span, &plain) == reason, "the two ways give two reasons");
	if (reason != NX_R_UNDECIDED)
		return reason;
	fuzz_require(memcmp(uri, &plain, sizeof(plain)) == 0, "the two ways read two URIs");
	inside(uri->user, span);
	inside(uri->host, span);
	inside(uri->phone_context, span);
	fuzz_require(uri->has_user == (uri->user.len > 0), "has_user against the user");
	fuzz_require(!uri->has_user || uri->dialled <= uri->user.len, "more dialled than there is");
	fuzz_require(nx_uri_equivalent(msg, uri, uri), "a URI is not equivalent to itself");
	return reason;
}

/* The URI that stands for a key, as an operator would write it: every byte of a name escaped. */
static struct nx_span uri_of(const struct nx_key *key, char *out, size_t cap)
{
	int n = snprintf(out, cap, "-sip:");

	for (unsigned i = 0; i < key->len; i++)
		n += snprintf(out + n, cap - (size_t)n,
			key->kind == NX_KEY_NUMBER ? "%c" : "%%%02x", key->text[i]);
	n += snprintf(out + n, cap - (size_t)n, "@example.net");
	return (struct nx_span){1, (uint16_t)(n - 1)};
}

static void same_key(const struct nx_key *a, const struct nx_key *b, const char *what)
{
	fuzz_require(
		a->kind == b->kind && a->len == b->len && memcmp(a->text, b->text, a->len) == 0,
		"%s makes another key", what);
}

static void check_key(
	const struct nx_key *key, enum nx_service_kind kind, const struct nx_plan *plan)
{
	char text[16 + 3 * NX_KEY_MAX + 16];
	struct nx_span span = uri_of(key, text, sizeof(text));
	struct nx_key again;
	struct nx_uri uri;
	unsigned reason = parse((const uint8_t *)text, span, &uri);

	fuzz_require(key->len && key->len <= NX_KEY_MAX, "a key of no length or too long");
	fuzz_require((key->kind == NX_KEY_NUMBER) == (key->text[0] == '+'), "the kind is wrong");
	fuzz_require(reason == NX_R_UNDECIDED, "the URI of a key is refused");
	reason = nx_key_from_uri((const uint8_t *)text, &uri, kind, plan, &emergency, &again);
	fuzz_require(reason == NX_R_UNDECIDED, "the URI of a key has no key: %s",
		nx_reason_info(reason)->name);
	same_key(key, &again, "canonicalising again");
	if (nx_key_from_row((const char *)key->text, key->len, true, &again) == NX_ROW_OK)
		same_key(key, &again, "the row");
	else
		fuzz_require(key->kind == NX_KEY_NAME, "no row can be this number");
}

static void check_pair(const uint8_t *msg, struct nx_span a, struct nx_span b)
{
	struct nx_uri x, y;
	bool same;

	if (parse(msg, a, &x) != NX_R_UNDECIDED || parse(msg, b, &y) != NX_R_UNDECIDED)
		return;
	same = nx_uri_equivalent(msg, &x, &y);
	fuzz_require(same == nx_uri_equivalent(msg, &y, &x), "equivalence is not symmetric");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *feed;
	struct nx_span span;
	struct nx_uri uri;
	struct nx_key key;

	if (!emergency.n)
		make_plans();
	if (len < 2 || len > UINT16_MAX)
		return 0;
	feed = memchr(data + 1, '\n', len - 1);
	span = (struct nx_span){1, (uint16_t)((feed ? (size_t)(feed - data) : len) - 1)};
	if (parse(data, span, &uri) == NX_R_UNDECIDED) {
		enum nx_service_kind kind = data[0] & 1 ? NX_SERVICE_NAMES : NX_SERVICE_PHONE;
		const struct nx_plan *plan = &plans[data[0] >> 1 & 3];

		if (nx_key_from_uri(data, &uri, kind, plan, &emergency, &key) == NX_R_UNDECIDED)
			check_key(&key, kind, plan);
	}
	if (feed)
		check_pair(data, span,
			(struct nx_span){
				(uint16_t)(feed + 1 - data), (uint16_t)(data + len - feed - 1)});
	return 0;
}
