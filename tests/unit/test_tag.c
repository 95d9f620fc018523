/* The To tag (rule 20): what the MAC covers and what it does not, and that the ACK finds it. */
#include "dataplane/core/reply.h"
#include "dataplane/core/siphash.h"
#include "tests/unit/frame.h"
#include "tests/unit/tag_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <xxhash.h>
#include <cmocka.h>

#define MAC_TEXT 96 /* bytes digested at a time */
#define MAC_END  20 /* prefix, id and MAC: what is verified */

/* What a message of these tests is made of; NULL: the usual. */
struct fields {
	const char *method, *ruri, *sent_by, *branch, *from_tag, *to_tag, *call_id, *cseq;
};

static const struct fields invite = {0};

static const char * or (const char *text, const char *usual)
{
	return text ? text : usual;
}

static void message(struct request *r, const struct fields *f)
{
	char text[FRAME_MAX - 100];
	const char *method = or (f->method, "INVITE");

	(void)snprintf(text, sizeof(text),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s;branch=%s\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"A\" <sip:a@example.org>;tag=%s\r\n"
		"To: <sip:+442079460000@example.net>%s%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %s %s\r\n\r\n",
		method, or (f->ruri, "sip:+442079460000@192.0.2.10"),
		or (f->sent_by, "198.51.100.7:5060"), or (f->branch, "z9hG4bK776asdhds"),
		or (f->from_tag, "1928301774"), f->to_tag ? ";tag=" : "", or (f->to_tag, ""),
		or (f->call_id, "a84b4c76e66710@pc33.example.org"), or (f->cseq, "314159"), method);
	request_make(r, &(struct frame_spec){0}, text);
}

static struct nx_tag_key key_of(uint8_t id, uint8_t seed)
{
	struct nx_tag_key key = {.id = id, .present = true};

	for (unsigned i = 0; i < sizeof(key.k); i++)
		key.k[i] = (uint8_t)(seed + 17 * i);
	for (unsigned i = 0; i < sizeof(key.secret); i++)
		key.secret[i] = (uint8_t)(seed ^ (i * 29 + (i * i) / 7));
	return key;
}

struct tag {
	char text[NX_TO_TAG_LEN + 1];
};

static void tag_one(const struct nx_tag_key *key, const struct nx_packet *p, char *tag)
{
	char plain[1][NX_TO_TAG_LEN], sse2[1][NX_TO_TAG_LEN];

	nx_reply_tags(key, &p, 1, (char(*)[NX_TO_TAG_LEN])tag);
	tags_plain(key, &p, 1, plain);
	tags_sse2(key, &p, 1, sse2);
	assert_memory_equal(tag, plain[0], NX_TO_TAG_LEN);
	assert_memory_equal(tag, sse2[0], NX_TO_TAG_LEN);
}

static struct tag tag_of(const struct nx_tag_key *key, const struct fields *f)
{
	struct request r;
	struct tag t = {.text = {0}};

	message(&r, f);
	tag_one(key, &r.p, t.text);
	assert_int_equal(t.text[NX_TO_TAG_LEN], 0);
	return t;
}

static bool owns(const struct nx_tag_key key[2], const struct fields *ack)
{
	struct request r;
	bool owned;

	message(&r, ack);
	owned = nx_reply_owns(key, &r.p);
	assert_int_equal(owns_plain(key, &r.p), owned);
	assert_int_equal(owns_sse2(key, &r.p), owned);
	return owned;
}

static struct fields ack_with(const char *to_tag)
{
	return (struct fields){.method = "ACK", .to_tag = to_tag};
}

/* The MAC's text, byte by byte. */
struct written {
	const struct nx_tag_key *key;
	uint8_t text[MAC_TEXT];
	size_t n;
};

static void write_byte(struct written *w, char c)
{
	if (w->n == MAC_TEXT) {
		XXH128_hash_t d = XXH3_128bits_withSecret(
			w->text, MAC_TEXT, w->key->secret, NX_USERS_SECRET_LEN);

		XXH128_canonicalFromHash((XXH128_canonical_t *)w->text, d);
		w->n = sizeof(XXH128_canonical_t);
	}
	w->text[w->n++] = (uint8_t)c;
}

static void write_text(struct written *w, const char *text, size_t len, size_t fill)
{
	for (size_t i = 0; i < len; i++)
		write_byte(w, text[i]);
	for (bool more = fill != 0; more; more = w->n % fill != 0)
		write_byte(w, 0);
}

static uint64_t mac_of(const struct nx_tag_key *key, const char *from_folded, const char *call_id)
{
	struct written w = {.key = key};
	uint8_t in[16];
	XXH128_hash_t d;

	write_text(&w, "\x2f\xcb\x04\0", 4, 0); /* 314159 */
	write_text(&w, from_folded, strlen(from_folded), 32);
	write_text(&w, call_id, strlen(call_id), 0);
	while (w.n < MAC_TEXT)
		write_byte(&w, 0);
	d = XXH3_128bits_withSecret(w.text, MAC_TEXT, key->secret, NX_USERS_SECRET_LEN);
	memcpy(in, &d.low64, 8);
	memcpy(in + 8, &d.high64, 8);
	return nx_siphash(key->k, in, sizeof(in));
}

/* NH of a value with its part of the secret. */
static uint64_t nh_of(const struct nx_tag_key *key, const char *value, unsigned part)
{
	uint32_t m[16] = {0}, k[16];
	uint64_t sum = 0, longer;

	if (strlen(value) <= sizeof(m)) {
		memcpy(m, value, strlen(value));
	} else {
		longer = XXH3_64bits_withSecret(
			value, strlen(value), key->secret, NX_USERS_SECRET_LEN);
		memcpy(m, &longer, sizeof(longer));
	}
	memcpy(k, key->secret + part * sizeof(k), sizeof(k));
	for (unsigned i = 0; i < 16; i += 2)
		sum += (uint64_t)(uint32_t)(m[i] + k[i]) * (uint32_t)(m[i + 1] + k[i + 1]);
	return sum;
}

static void expect_tag(
	const struct nx_tag_key *key, const struct fields *f, const char *from_folded)
{
	uint64_t sum =
		nh_of(key, f->branch, 0) + nh_of(key, f->sent_by, 1) + nh_of(key, f->ruri, 2);
	uint64_t hash = (sum ^ sum >> 37) * 0x165667919e3779f9;
	char want[NX_TO_TAG_LEN + 1];

	(void)snprintf(want, sizeof(want), "nx1b%016llx%08x",
		(unsigned long long)mac_of(key, from_folded, f->call_id), (unsigned)(hash >> 32));
	assert_string_equal(tag_of(key, f).text, want);
}

/* The definition, written out: the fleet depends on it, so a change of it is a change of prefix. */
static void rule_20_tag_is_as_documented(void **state)
{
	const struct nx_tag_key key = key_of(0xb, 3);
	const struct fields usual = {.call_id = "a84b4c76e66710@pc33.example.org",
		.from_tag = "A73kszLFL_`~",
		.branch = "z9hG4bK776asdhds",
		.sent_by = "198.51.100.7:5060",
		.ruri = "sip:+442079460000@192.0.2.10"};
	const struct fields full = {.call_id = "0123456789abcdef0123456789abcdef",
		.from_tag = "GHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz0123456789ab",
		.branch = "z9hG4bK-0123456789abcdef01234567",
		.sent_by = "pc33",
		.ruri = "sip:+442079460000@a-host-of-a-long-name.example.org:5060;user=phone"};
	const struct fields brimful = {
		.call_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		.from_tag = "0123456789abcdef0123456789A",
		.branch = "z9hG4bK-0123456789abcdef0123456789abcdef0123456789abcdef01234567",
		.sent_by = "h23456789012345678901234567890123456789012345678901234.test:5060",
		.ruri = "sip:+442079460000@a-host-of-a-long-name.example:5060;user=phone"};
	const struct fields overfull = {
		.call_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
		.from_tag = "0123456789abcdef0123456789aB",
		.branch = "z9hG4bK-0123456789abcdef0123456789abcdef0123456789abcdef012345678",
		.sent_by = "h234567890123456789012345678901234567890123456789012345.test:5060",
		.ruri = "sip:+442079460000@a-host-of-a-long-name.example1.example:5060;lr"};

	(void)state;
	expect_tag(&key, &usual, "a73kszlfl_`~");
	expect_tag(&key, &brimful, "0123456789abcdef0123456789a");
	expect_tag(&key, &overfull, "0123456789abcdef0123456789ab");
	expect_tag(&key, &full,
		"ghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789ab");
}

static void rule_20_ack_for_our_reply_is_owned(void **state)
{
	struct nx_tag_key key[2] = {key_of(1, 1)};
	struct tag t = tag_of(&key[0], &invite);
	struct fields ack = ack_with(t.text);

	(void)state;
	assert_true(owns(key, &ack));
}

static void rule_20_devices_may_rewrite_uri_branch_and_case(void **state)
{
	struct nx_tag_key key[2] = {key_of(1, 1)};
	struct fields sent = {.from_tag = "aBcDeF-9", .call_id = "Call@Example.ORG"};
	struct tag t = tag_of(&key[0], &sent);
	struct fields ack = {.method = "ACK",
		.to_tag = t.text,
		.from_tag = "ABCDEF-9",
		.call_id = sent.call_id,
		.ruri = "sip:someone@198.51.100.99:5090;transport=udp",
		.sent_by = "alg.example.com",
		.branch = "z9hG4bKrewritten"};

	(void)state;
	assert_true(owns(key, &ack));
	for (char *c = t.text; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	assert_true(owns(key, &ack));
}

static void rule_20_not_another_transaction(void **state)
{
	struct nx_tag_key key[2] = {key_of(1, 1)};
	struct tag t = tag_of(&key[0], &invite);
	const struct fields others[] = {
		{.method = "ACK", .to_tag = t.text, .cseq = "314160"},
		{.method = "ACK", .to_tag = t.text, .from_tag = "1928301775"},
		{.method = "ACK", .to_tag = t.text, .call_id = "A84b4c76e66710@pc33.example.org"},
		{.method = "ACK", .to_tag = t.text, .call_id = "a84b4c76e66710"},
		{.method = "ACK"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(owns(key, &others[i]));
}

static void rule_20_not_a_forged_tag(void **state)
{
	static const char *const strangers[] = {"nx1", "a6c85cf", "nx11",
		"nx110000000000000000deadbeef", "nx12000000000000000000000000"};
	struct nx_tag_key key[2] = {key_of(1, 1)};
	struct tag t = tag_of(&key[0], &invite);
	char longer[NX_TO_TAG_LEN + 2];

	(void)state;
	for (unsigned at = 0; at < MAC_END; at++) {
		struct tag forged = t;
		struct fields ack = ack_with(forged.text);

		forged.text[at] = forged.text[at] == '0' ? '1' : '0';
		assert_false(owns(key, &ack));
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct fields ack = ack_with(strangers[i]);

		assert_false(owns(key, &ack));
	}
	(void)snprintf(longer, sizeof(longer), "%s0", t.text);
	assert_false(owns(key, &(struct fields){.method = "ACK", .to_tag = longer}));
	longer[NX_TO_TAG_LEN - 1] = '\0';
	assert_false(owns(key, &(struct fields){.method = "ACK", .to_tag = longer}));
}

static void rule_20_two_keys_live_during_a_rotation(void **state)
{
	struct nx_tag_key old = key_of(1, 1), new = key_of(2, 2), same_id = key_of(1, 9);
	struct nx_tag_key during[2] = {new, old}, after[2] = {new}, before[2] = {old};
	struct nx_tag_key namesakes[2] = {same_id, old}, none[2] = {old, new};
	struct tag by_old = tag_of(&old, &invite), by_new = tag_of(&new, &invite);
	struct fields old_ack = ack_with(by_old.text), new_ack = ack_with(by_new.text);

	(void)state;
	assert_true(owns(during, &old_ack));
	assert_true(owns(during, &new_ack));
	assert_true(owns(namesakes, &old_ack));
	assert_false(owns(after, &old_ack));
	assert_true(owns(after, &new_ack));
	assert_false(owns(before, &new_ack));
	none[0].present = none[1].present = false;
	assert_false(owns(none, &old_ack));
}

/* Neither MAC nor hash may take bytes of one field for bytes of the next. */
static void rule_20_fields_do_not_run_together(void **state)
{
	struct nx_tag_key key = key_of(1, 1);
	struct tag a = tag_of(&key, &(struct fields){.call_id = "aabb", .from_tag = "cc"});
	struct tag b = tag_of(&key, &(struct fields){.call_id = "aab", .from_tag = "bcc"});
	struct tag c = tag_of(&key, &(struct fields){.branch = "z9hG4bKa1", .sent_by = "2.test"});
	struct tag d = tag_of(&key, &(struct fields){.branch = "z9hG4bKa", .sent_by = "12.test"});

	(void)state;
	assert_memory_not_equal(a.text, b.text, MAC_END);
	assert_memory_equal(c.text, d.text, MAC_END);
	assert_string_not_equal(c.text, d.text);
}

static void rule_20_branches_of_a_fork_get_their_own_tags(void **state)
{
	struct nx_tag_key key = key_of(1, 1);
	struct tag a = tag_of(&key, &invite);
	const struct fields forks[] = {{.branch = "z9hG4bKother"}, {.sent_by = "198.51.100.8"},
		{.ruri = "sip:+442079460001@192.0.2.10"}};

	(void)state;
	assert_string_equal(a.text, tag_of(&key, &invite).text);
	for (size_t i = 0; i < sizeof(forks) / sizeof(forks[0]); i++) {
		struct tag b = tag_of(&key, &forks[i]);

		assert_memory_equal(a.text, b.text, MAC_END);
		assert_string_not_equal(a.text, b.text);
	}
}

/* However many are made at once, each is what it is alone. */
static void rule_25_tags_do_not_depend_on_the_burst(void **state)
{
	enum { MOST = 32 };
	const struct nx_tag_key key = key_of(4, 9);
	static struct request r[MOST];
	const struct nx_packet *p[MOST];
	char alone[MOST][NX_TO_TAG_LEN], tag[MOST][NX_TO_TAG_LEN];

	(void)state;
	for (unsigned i = 0; i < MOST; i++) {
		char call_id[16];

		(void)snprintf(call_id, sizeof(call_id), "call-%u", i);
		message(&r[i], &(struct fields){.call_id = call_id});
		p[i] = &r[i].p;
		tag_one(&key, p[i], alone[i]);
	}
	for (unsigned n = 1; n <= MOST; n++) {
		memset(tag, 0, sizeof(tag));
		nx_reply_tags(&key, p, n, tag);
		assert_memory_equal(tag, alone, n * sizeof(tag[0]));
		for (unsigned i = n * NX_TO_TAG_LEN; i < sizeof(tag); i++)
			assert_int_equal(((const char *)tag)[i], 0);
	}
}

/* Values longer than the buffer: every byte counts, the case of the From tag still does not. */
static void rule_20_long_values_count_whole(void **state)
{
	enum { LONG = 700 };
	struct nx_tag_key key = key_of(1, 1);
	char call_id[LONG + 1], from_tag[LONG + 1], upper[LONG + 1];
	struct fields f = {.call_id = call_id, .from_tag = from_tag};
	struct tag whole;

	(void)state;
	memset(call_id, 'x', LONG);
	memset(from_tag, 'y', LONG);
	memset(upper, 'Y', LONG);
	call_id[LONG] = from_tag[LONG] = upper[LONG] = '\0';
	whole = tag_of(&key, &f);
	for (unsigned at = 0; at < LONG; at++) {
		call_id[at] = 'X';
		assert_memory_not_equal(tag_of(&key, &f).text, whole.text, MAC_END);
		call_id[at] = 'x';
		from_tag[at] = 'z';
		assert_memory_not_equal(tag_of(&key, &f).text, whole.text, MAC_END);
		from_tag[at] = 'y';
	}
	f.from_tag = upper;
	assert_memory_equal(tag_of(&key, &f).text, whole.text, MAC_END);
}

static void rule_20_any_length_is_its_own(void **state)
{
	enum { LONG = 400 };
	struct nx_tag_key key[2] = {key_of(1, 1)};
	char call_id[LONG + 1] = "", previous[NX_TO_TAG_LEN + 1] = "";

	(void)state;
	for (unsigned n = 0; n < LONG; n++) {
		struct fields f = {.call_id = call_id};
		struct tag t;

		call_id[n] = 'a';
		t = tag_of(&key[0], &f);
		assert_string_not_equal(t.text, previous);
		memcpy(previous, t.text, sizeof(previous));
		f.method = "ACK";
		f.to_tag = t.text;
		assert_true(owns(key, &f));
	}
}

/* The From tag at the very end of the frame, of any length around the width of its place; and the
 * Request-URI as close to its beginning as can be. */
static void nothing_is_read_beside_the_frame(void **state)
{
	static const char head[] = "INVITE sip:a@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n"
				   "To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
				   "From: <sip:a@h>;tag=";
	const struct nx_tag_key key = key_of(1, 1);
	struct guard g;

	(void)state;
	guard_init(&g);
	for (int n = 1; n < 200; n++) {
		char text[512], plain[NX_TO_TAG_LEN], guarded[NX_TO_TAG_LEN];
		struct request r;

		(void)snprintf(text, sizeof(text), "%s%0*d\r\n\r\n", head, n, n);
		request_make(&r, &(struct frame_spec){0}, text);
		tag_one(&key, &r.p, plain);
		request_guard(&r, &g);
		tag_one(&key, &r.p, guarded);
		assert_memory_equal(plain, guarded, sizeof(plain));
		r.p.frame = guard_head(&g, r.p.frame, r.p.frame_len);
		tag_one(&key, &r.p, guarded);
		assert_memory_equal(plain, guarded, sizeof(plain));
	}
	guard_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_20_tag_is_as_documented),
		cmocka_unit_test(rule_20_ack_for_our_reply_is_owned),
		cmocka_unit_test(rule_20_devices_may_rewrite_uri_branch_and_case),
		cmocka_unit_test(rule_20_not_another_transaction),
		cmocka_unit_test(rule_20_not_a_forged_tag),
		cmocka_unit_test(rule_20_two_keys_live_during_a_rotation),
		cmocka_unit_test(rule_20_fields_do_not_run_together),
		cmocka_unit_test(rule_20_branches_of_a_fork_get_their_own_tags),
		cmocka_unit_test(rule_25_tags_do_not_depend_on_the_burst),
		cmocka_unit_test(rule_20_long_values_count_whole),
		cmocka_unit_test(rule_20_any_length_is_its_own),
		cmocka_unit_test(nothing_is_read_beside_the_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
