/* The control socket under bad input, each with the exact sentence a client or
 * the log sees: lines that are no request, too long, halved or never read;
 * descriptors where none belong; too many clients; and a socket path that is
 * not ours to take. */
#include "tests/unit/daemon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/server/listen.h"
#include "nxsip/protocol.h"

static void says(struct client *c, const char *line)
{
	char *got = client_line(c);

	assert_non_null(got);
	assert_string_equal(got, line);
	free(got);
}

static void send_text(struct client *c, const char *text)
{
	client_send(c, text, strlen(text), NULL, 0);
}

#define REFUSAL(id, code, message, name)                                                         \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" message \
	"\",\"data\":{\"name\":\"" name "\"}}}"

#define HELLO                                                             \
	"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"hello\",\"params\":{" \
	"\"protocol\":1}}\n"

static void still_answers(struct client *c)
{
	char *got;

	send_text(c, HELLO);
	got = client_line(c);
	assert_non_null(got);
	assert_non_null(strstr(got, "\"id\":9,\"result\":{\"protocol\":1"));
	free(got);
}

/* ---- lines ---- */

static void bad_lines_are_told_and_survived(void **state)
{
	static const char nul[] = "{\"jsonrpc\":\"2.0\",\0}\n";
	struct client c;
	char *got;

	client_open(*state, &c);
	send_text(&c, "hello\n");
	says(&c, REFUSAL("null", "-32700", "not JSON, at byte 5: '[' or '{' expected near 'hello'",
			 "parse-error"));
	send_text(&c, "\n");
	says(&c, REFUSAL("null", "-32700",
			 "not JSON, at byte 0: '[' or '{' expected near end of file",
			 "parse-error"));
	client_send(&c, nul, sizeof(nul) - 1, NULL, 0);
	got = client_line(&c);
	assert_non_null(strstr(got, "\"code\":-32700"));
	free(got);
	send_text(&c, "{\"method\":\"\xff\xfe\"}\n");
	got = client_line(&c);
	assert_non_null(strstr(got, "unable to decode byte 0xff"));
	free(got);
	send_text(&c, "[" HELLO);
	got = client_line(&c);
	assert_non_null(strstr(got, "\"code\":-32700"));
	free(got);
	send_text(&c, "[{}]\n");
	says(&c, REFUSAL("null", "-32600",
			 "batches are not supported: send one request object a line",
			 "invalid-request"));
	send_text(&c, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"user.ad\"}\n");
	says(&c, REFUSAL("\"x\"", "-32601", "unknown method \\\"user.ad\\\"", "unknown-method"));
	send_text(&c, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"user.add\",\"params\":"
		      "{\"domain\":\"d\"}}\n");
	says(&c, REFUSAL("3", "-32602", "user.add: parameter \\\"user\\\" is missing",
			 "invalid-params"));
	still_answers(&c);
	client_close(&c);
}

static void lines_may_come_in_pieces_and_together(void **state)
{
	struct client c;

	client_open(*state, &c);
	for (const char *s = HELLO; *s; s++)
		client_send(&c, s, 1, NULL, 0);
	free(client_line(&c));
	send_text(&c, HELLO HELLO HELLO);
	for (int i = 0; i < 3; i++) {
		char *got = client_line(&c);

		assert_non_null(strstr(got, "\"result\""));
		free(got);
	}
	still_answers(&c);
	client_close(&c);
}

static void the_longest_line_is_taken_and_one_more_byte_closes(void **state)
{
	static char line[NX_LINE_MAX + 1];
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"";
	struct client c;
	char *got;

	memset(line, 'x', sizeof(line));
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + NX_LINE_MAX - 3, "\"}\n", 3);
	client_open(*state, &c);
	client_send(&c, line, NX_LINE_MAX, NULL, 0);
	got = client_line(&c);
	assert_non_null(strstr(got, "unknown method \\\"xxx"));
	free(got);
	still_answers(&c);

	memset(line + NX_LINE_MAX - 3, 'x', 3);
	client_send(&c, line, NX_LINE_MAX, NULL, 0);
	says(&c, REFUSAL("null", "-32600", "a line is at most 262144 bytes long: closing",
			 "invalid-request"));
	assert_null(client_line(&c));
	client_close(&c);
	daemon_logged(*state, "sent a line of over 262144 bytes: closed");
}

static void half_a_line_then_close_is_ignored(void **state)
{
	struct client c, other;

	client_open(*state, &c);
	send_text(&c, "{\"jsonrpc\":\"2.0\",");
	client_close(&c);
	daemon_logged(*state, "closed in the middle of a line: its 17 bytes are ignored");
	client_open(*state, &other);
	still_answers(&other);
	client_close(&other);
}

static void a_client_that_only_ends_its_own_side_gets_its_answers(void **state)
{
	struct client c;

	client_open(*state, &c);
	send_text(&c, HELLO HELLO);
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	for (int i = 0; i < 2; i++) {
		char *got = client_line(&c);

		assert_non_null(got);
		free(got);
	}
	assert_null(client_line(&c));
	client_close(&c);
}

static void a_client_that_never_reads_is_closed(void **state)
{
	static const char ask[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stats\"}\n";
	struct daemon *d = *state;
	struct client c, other;
	int sent = 0;

	client_open(d, &c);
	client_open(d, &other);
	for (; sent < 100000; sent++) {
		if (send(c.fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) < 0)
			break;
		nx_server_step(d->server);
	}
	assert_in_range(sent, 100, 99999);
	daemon_logged(d, "bytes unread: closed");
	still_answers(&other);
	client_close(&other);
	client_close(&c);
}

static void too_many_clients_are_turned_away(void **state)
{
	static struct client c[NX_CLIENTS_MAX + 1];
	unsigned n = sizeof(c) / sizeof(c[0]);

	for (unsigned i = 0; i < n; i++) {
		client_open(*state, &c[i]);
		free(c[i].in);
		c[i].in = malloc(4096);
		daemon_step(*state);
	}
	says(&c[n - 1], REFUSAL("null", "-5", "256 clients are connected already: try again later",
				"busy"));
	assert_null(client_line(&c[n - 1]));
	daemon_logged(*state, "turned away: 256 clients are connected");
	client_close(&c[0]);
	client_close(&c[n - 1]);
	client_open(*state, &c[0]);
	still_answers(&c[0]);
	for (unsigned i = 0; i < n - 1; i++)
		client_close(&c[i]);
}

/* ---- descriptors ---- */

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void descriptors_where_none_belong_are_closed(void **state)
{
	static const char load[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"load\",\"params\":"
				   "{\"domain\":\"d\",\"mode\":\"merge\"}}\n";
	int fds[8];
	struct client c;
	unsigned before;

	client_open(*state, &c);
	still_answers(&c);
	for (unsigned i = 0; i < 8; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	before = open_fds();

	client_send(&c, HELLO, strlen(HELLO), fds, 1);
	says(&c, REFUSAL("9", "-32602", "hello takes no descriptor: what came with it was closed",
			 "invalid-params"));
	client_send(&c, "nonsense\n", 9, fds, 2);
	free(client_line(&c));
	client_send(&c, load, sizeof(load) - 1, NULL, 0);
	says(&c, REFUSAL("2", "-32602",
			 "load needs the descriptor of a file, passed with its line "
			 "(SCM_RIGHTS)",
			 "invalid-params"));
	for (unsigned n = 2; n <= 8; n += 2) {
		client_send(&c, load, sizeof(load) - 1, fds, n);
		says(&c, REFUSAL("2", "-32602",
				 "load takes one descriptor, and several came: all were closed",
				 "invalid-params"));
	}
	/* many, each with one byte of a line, and a line that is never completed */
	for (unsigned i = 0; i < 20; i++)
		client_send(&c, "x", 1, fds, 1);
	assert_in_range(open_fds(), before, before + 4);
	client_send(&c, "\n", 1, NULL, 0);
	free(client_line(&c));
	assert_int_equal(open_fds(), before);
	client_send(&c, "{", 1, fds, 3);
	client_close(&c);
	assert_int_equal(open_fds(), before - 2); /* the client's two ends */
	for (unsigned i = 0; i < 8; i++)
		(void)close(fds[i]);
}

/* A descriptor belongs to the line that holds the last byte sent with it. */
static void a_descriptor_finds_its_line(void **state)
{
	static const char load[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"load\",\"params\":"
				   "{\"domain\":\"none.example\",\"mode\":\"merge\"}}\n";
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct client c;
	char both[512];

	client_open(*state, &c);
	/* a line before it in the same message */
	(void)snprintf(both, sizeof(both), "%s%s", HELLO, load);
	client_send(&c, both, strlen(both), &fd, 1);
	for (int round = 0; round < 2; round++) {
		json_t *answer;
		char *line;

		while ((line = client_line(&c)) && strstr(line, "\"id\":9"))
			free(line);
		answer = json_loads(line, 0, NULL);
		free(line);
		assert_int_equal(json_integer_value(
					 json_object_get(json_object_get(answer, "error"), "code")),
			NX_ERR_NOT_FOUND);
		json_decref(answer);
		if (round > 0)
			break;
		/* with the first byte of a line, whose rest comes later */
		client_send(&c, load, 1, &fd, 1);
		client_send(&c, load + 1, sizeof(load) - 2, NULL, 0);
	}
	still_answers(&c);
	client_close(&c);
	(void)close(fd);
}

/* ---- the socket's path ---- */

struct place {
	char dir[64], path[96];
};

static int make_place(void **state)
{
	static struct place p;

	strcpy(p.dir, "/tmp/nxsip-test-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	(void)snprintf(p.path, sizeof(p.path), "%s/s", p.dir);
	*state = &p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	return rmdir(p->dir);
}

static void the_socket_has_its_mode_and_is_removed(void **state)
{
	struct place *p = *state;
	struct nx_listener l;
	struct nx_error err;
	struct stat st;
	mode_t old = umask(077);

	assert_int_equal(nx_listen(p->path, NULL, &l, &err), 0);
	(void)umask(old);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	nx_listen_close(&l);
	assert_int_equal(stat(p->path, &st), -1);
}

static void only_our_own_socket_is_removed(void **state)
{
	struct place *p = *state;
	struct nx_listener l, other;
	struct nx_error err;
	struct stat st;

	assert_int_equal(nx_listen(p->path, NULL, &l, &err), 0);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(nx_listen(p->path, NULL, &other, &err), 0);
	nx_listen_close(&l);
	assert_int_equal(stat(p->path, &st), 0);
	nx_listen_close(&other);
	assert_int_equal(stat(p->path, &st), -1);
}

static void a_busy_socket_is_refused_and_a_stale_one_replaced(void **state)
{
	struct place *p = *state;
	struct nx_listener l, other;
	struct nx_error err;
	char text[256];

	assert_int_equal(nx_listen(p->path, NULL, &l, &err), 0);
	assert_int_equal(nx_listen(p->path, NULL, &other, &err), NX_ERR_BUSY);
	(void)snprintf(text, sizeof(text), "another nxsipd (pid %d) listens on %s", (int)getpid(),
		p->path);
	assert_string_equal(err.text, text);
	nx_listen_close(&other); /* harmless after an error */
	(void)close(l.fd);       /* as a daemon that died leaves it */
	assert_int_equal(nx_listen(p->path, NULL, &other, &err), 0);
	nx_listen_close(&other);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	struct place *p = *state;
	struct nx_listener l;
	struct nx_error err;
	char text[256];
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);

	(void)close(fd);
	assert_int_equal(nx_listen(p->path, NULL, &l, &err), NX_ERR_INVALID);
	(void)snprintf(text, sizeof(text),
		"control socket: %s exists and is not a socket: remove it, or "
		"name another path",
		p->path);
	assert_string_equal(err.text, text);
	assert_int_equal(unlink(p->path), 0);
}

static void a_path_that_cannot_be_is_refused(void **state)
{
	struct place *p = *state;
	struct nx_listener l;
	struct nx_error err;
	char path[256], text[512];

	memset(path, 'x', 108);
	path[0] = '/';
	path[108] = '\0';
	assert_int_equal(nx_listen(path, NULL, &l, &err), NX_ERR_TOO_LONG);
	(void)snprintf(text, sizeof(text),
		"control socket: the path is 108 bytes long, and a socket's "
		"is at most 107: %s",
		path);
	assert_string_equal(err.text, text);

	(void)snprintf(path, sizeof(path), "%s/a/b/s", p->dir);
	assert_int_equal(nx_listen(path, NULL, &l, &err), NX_ERR_IO);
	(void)snprintf(text, sizeof(text),
		"control socket: cannot make the directory %s/a/b: No such "
		"file or directory",
		p->dir);
	assert_string_equal(err.text, text);

	assert_int_equal(nx_listen(p->path, "no-such-group", &l, &err), NX_ERR_INVALID);
	assert_string_equal(err.text, "control socket: there is no group \"no-such-group\": "
				      "create it (groupadd --system "
				      "no-such-group) or name another");
}

static void a_missing_directory_is_made(void **state)
{
	struct place *p = *state;
	struct nx_listener l;
	struct nx_error err;
	struct stat st;
	char path[128], dir[96];
	mode_t old = umask(022);

	(void)snprintf(dir, sizeof(dir), "%s/run", p->dir);
	(void)snprintf(path, sizeof(path), "%s/s", dir);
	assert_int_equal(nx_listen(path, NULL, &l, &err), 0);
	(void)umask(old);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	nx_listen_close(&l);
	assert_int_equal(rmdir(dir), 0);
}

#define WITH_DAEMON(f) cmocka_unit_test_setup_teardown(f, daemon_start, daemon_stop)
#define WITH_PLACE(f)  cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(bad_lines_are_told_and_survived),
		WITH_DAEMON(lines_may_come_in_pieces_and_together),
		WITH_DAEMON(the_longest_line_is_taken_and_one_more_byte_closes),
		WITH_DAEMON(half_a_line_then_close_is_ignored),
		WITH_DAEMON(a_client_that_only_ends_its_own_side_gets_its_answers),
		WITH_DAEMON(a_client_that_never_reads_is_closed),
		WITH_DAEMON(too_many_clients_are_turned_away),
		WITH_DAEMON(descriptors_where_none_belong_are_closed),
		WITH_DAEMON(a_descriptor_finds_its_line),
		WITH_PLACE(the_socket_has_its_mode_and_is_removed),
		WITH_PLACE(only_our_own_socket_is_removed),
		WITH_PLACE(a_busy_socket_is_refused_and_a_stale_one_replaced),
		WITH_PLACE(what_is_no_socket_is_left_alone),
		WITH_PLACE(a_path_that_cannot_be_is_refused),
		WITH_PLACE(a_missing_directory_is_made),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
