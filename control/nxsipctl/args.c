/* Parsing is driven by each command's parameter list. Options may stand anywhere after the command;
 * what is wrong is said with the command's own usage line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/nxsipctl/args.h"
#include "nxsip/protocol.h"

static void usage_line(FILE *out, const struct nx_command *c)
{
	(void)fprintf(out, "nxsipctl %s", c->name);
	for (const struct nx_param *p = c->params; p->type != NX_P_END; p++) {
		bool required = p->rules & NX_P_REQUIRED;
		const char *what = p->type == NX_P_ON_OFF ? "on|off" : p->name;

		(void)fprintf(out, required ? " " : " [");
		if (p->flag)
			(void)fprintf(out, "%s", p->flag);
		if (p->type == NX_P_TEXT || p->type == NX_P_NUMBER || p->type == NX_P_ON_OFF) {
			if (p->flag)
				(void)fputc(' ', out);
			for (; *what; what++)
				(void)fputc(*what >= 'a' && *what <= 'z' && p->type != NX_P_ON_OFF
						    ? *what - 'a' + 'A'
						    : *what,
					out);
		}
		(void)fprintf(out, required ? "" : "]");
	}
	(void)fputc('\n', out);
}

static void help_command(FILE *out, const struct nx_command *c)
{
	(void)fprintf(out, "%s\n\n  ", c->summary);
	usage_line(out, c);
	if (c->params[0].type != NX_P_END)
		(void)fputc('\n', out);
	for (const struct nx_param *p = c->params; p->type != NX_P_END; p++) {
		char upper[32];
		size_t i = 0;

		for (; i < sizeof(upper) - 1 && p->name[i]; i++)
			upper[i] = p->name[i] >= 'a' && p->name[i] <= 'z'
					   ? (char)(p->name[i] - 'a' + 'A')
					   : p->name[i];
		upper[i] = '\0';
		(void)fprintf(out, "  %-22s %s\n",
			p->flag                  ? p->flag
			: p->type == NX_P_ON_OFF ? "on|off"
						 : upper,
			p->doc);
	}
	if (c->detail)
		(void)fprintf(out, "\n%s\n", c->detail);
}

static void help_overview(FILE *out)
{
	(void)fputs("nxsipctl [--socket PATH] [--json] COMMAND ...\n\n", out);
	for (const struct nx_command *c = nx_commands; c->name; c++)
		(void)fprintf(out, "  %-14s %s\n", c->name, c->summary);
	(void)fputs("  help COMMAND   a command's arguments\n"
		    "\n"
		    "  --socket PATH  the daemon's control socket (default " NX_SOCKET_DEFAULT ",\n"
		    "                 or NXSIP_SOCKET in the environment)\n"
		    "  --json         print the answer as JSON\n"
		    "  --version      print the version\n"
		    "\n"
		    "Exit status: 0 done; 1 the daemon refused, or failed; 2 wrong usage; 3 the "
		    "daemon\n"
		    "cannot be reached; 4 cancelled.\n",
		out);
}

void nx_help(FILE *out, const struct nx_command *command)
{
	if (command)
		help_command(out, command);
	else
		help_overview(out);
}

__attribute__((format(printf, 2, 3))) static enum nx_args_result wrong(
	const struct nx_command *command, const char *fmt, ...)
{
	va_list ap;

	(void)fputs("nxsipctl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (command) {
		(void)fputs("\nusage: ", stderr);
		usage_line(stderr, command);
	} else {
		(void)fputs("\n`nxsipctl help` lists the commands\n", stderr);
	}
	return NX_ARGS_WRONG;
}

/* Finds the command that the words begin with; *used is how many words name it. */
static const struct nx_command *find_command(int argc, char **argv, int *used)
{
	for (const struct nx_command *c = nx_commands; c->name; c++) {
		const char *space = strchr(c->name, ' ');
		size_t first = space ? (size_t)(space - c->name) : strlen(c->name);

		if (argc < 1 || strlen(argv[0]) != first || memcmp(argv[0], c->name, first) != 0)
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
			continue;
		*used = space ? 2 : 1;
		return c;
	}
	return NULL;
}

static enum nx_args_result no_command(int argc, char **argv)
{
	size_t len = argc > 0 ? strlen(argv[0]) : 0;
	bool begun = false;

	for (const struct nx_command *c = nx_commands; c->name && len; c++) {
		if (strncmp(c->name, argv[0], len) != 0 || c->name[len] != ' ')
			continue;
		(void)fprintf(stderr, begun ? "|%s" : "nxsipctl: %s",
			begun ? c->name + len + 1 : c->name);
		begun = true;
	}
	if (begun) {
		(void)fprintf(stderr, " ...: `%s` needs one of these after it\n", argv[0]);
		return NX_ARGS_WRONG;
	}
	return wrong(NULL, "no command '%s'", argc > 0 ? argv[0] : "");
}

static enum nx_args_result set(struct nx_call *call, const struct nx_param *p, json_t *value)
{
	json_t *to = p->rules & NX_P_LOCAL ? call->local : call->params;

	if (!value)
		return wrong(call->command, "%s: no valid UTF-8", p->flag ? p->flag : p->name);
	if (json_object_get(to, p->name)) {
		json_decref(value);
		return wrong(call->command, "%s is given twice, or contradicts another option",
			p->flag ? p->flag : p->name);
	}
	(void)json_object_set_new(to, p->name, value);
	return NX_ARGS_CALL;
}

static enum nx_args_result set_text(
	struct nx_call *call, const struct nx_param *p, const char *text)
{
	char *end;
	long long n;

	switch (p->type) {
	case NX_P_NUMBER:
		errno = 0;
		n = strtoll(text, &end, 10);
		if (*end || end == text || errno || n < 0)
			return wrong(call->command, "%s takes a whole number, not '%s'",
				p->flag ? p->flag : p->name, text);
		return set(call, p, json_integer(n));
	case NX_P_ON_OFF:
		if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
			return wrong(call->command, "on or off, not '%s'", text);
		return set(call, p, json_boolean(strcmp(text, "on") == 0));
	default:
		return set(call, p, json_string(text));
	}
}

/* One option: --flag VALUE, --flag=VALUE, --flag, --no-flag.  *i moves over its value. */
static enum nx_args_result option(struct nx_call *call, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) : strlen(word);

	for (const struct nx_param *p = call->command->params; p->type != NX_P_END; p++) {
		bool no = p->flag && strncmp(word, "--no-", 5) == 0 &&
			  strcmp(word + 5, p->flag + 2) == 0;

		if (!p->flag ||
			(!no && (strlen(p->flag) != len || memcmp(p->flag, word, len) != 0)))
			continue;
		if (p->type == NX_P_FLAG && !eq)
			return set(call, p, json_boolean(!no));
		if (p->type == NX_P_CONST && !eq && !no)
			return set(call, p, json_string(p->value));
		if (p->type == NX_P_FLAG || p->type == NX_P_CONST || no)
			return wrong(call->command, "%s takes no value", p->flag);
		if (!eq && *i + 1 >= argc)
			return wrong(call->command, "%s needs a value", p->flag);
		return set_text(call, p, eq ? eq + 1 : argv[++*i]);
	}
	return wrong(call->command, "no option '%s' here", word);
}

static enum nx_args_result command_args(struct nx_call *call, int argc, char **argv)
{
	const struct nx_param *next = call->command->params;
	enum nx_args_result result = NX_ARGS_CALL;
	bool options = true;

	for (int i = 0; result == NX_ARGS_CALL && i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			continue;
		}
		if (options && strncmp(argv[i], "--", 2) == 0) {
			result = option(call, argc, argv, &i);
			continue;
		}
		while (next->type != NX_P_END && next->flag)
			next++;
		if (next->type == NX_P_END)
			return wrong(call->command, "'%s' is one word too many", argv[i]);
		result = set_text(call, next++, argv[i]);
	}
	for (const struct nx_param *p = call->command->params;
		result == NX_ARGS_CALL && p->type != NX_P_END; p++) {
		const json_t *in = p->rules & NX_P_LOCAL ? call->local : call->params;

		if ((p->rules & NX_P_REQUIRED) && !json_object_get(in, p->name))
			return wrong(call->command, "%s is missing",
				p->flag                  ? p->flag
				: p->type == NX_P_ON_OFF ? "on or off"
							 : p->name);
	}
	return result;
}

/* Takes --socket, --json, --help and --version out of the words, wherever they stand.
 * Return: how many words are left. */
static int global_options(int argc, char **argv, struct nx_call *call, bool *help, bool *version)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			call->json = true;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			*help = true;
		else if (strcmp(argv[i], "--version") == 0)
			*version = true;
		else if (strncmp(argv[i], "--socket=", 9) == 0)
			call->socket = argv[i] + 9;
		else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			call->socket = argv[++i];
		else
			argv[n++] = argv[i];
	}
	return n;
}

enum nx_args_result nx_args_parse(int argc, char **argv, struct nx_call *call)
{
	const char *from_env = getenv("NXSIP_SOCKET");
	bool help = false, version = false;
	int used = 0;

	*call = (struct nx_call){.socket = from_env ? from_env : NX_SOCKET_DEFAULT,
		.params = json_object(),
		.local = json_object()};
	argv++;
	argc = global_options(argc - 1, argv, call, &help, &version);
	if (version) {
		(void)printf("nxsipctl %s\n", NX_VERSION);
		return NX_ARGS_DONE;
	}
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		help = true;
		argv++;
		argc--;
	}
	if (argc == 0) {
		nx_help(help ? stdout : stderr, NULL);
		return help ? NX_ARGS_DONE : NX_ARGS_WRONG;
	}
	call->command = find_command(argc, argv, &used);
	if (!call->command)
		return no_command(argc, argv);
	if (help) {
		nx_help(stdout, call->command);
		return NX_ARGS_DONE;
	}
	return command_args(call, argc - used, argv + used);
}
