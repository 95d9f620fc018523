/* Every command of nxsipctl, in one table. */
#include "control/nxsipctl/command.h"

/* clang-format off */
#define DOMAIN   {NX_P_TEXT, "domain", "--domain", NULL, NX_P_REQUIRED, "the domain, as in `domain list`"}
#define OF_DOMAIN {NX_P_TEXT, "domain", "--domain", NULL, 0, "only this domain"}
#define NAME     {NX_P_TEXT, "name", NULL, NULL, NX_P_REQUIRED, "the domain's name"}
#define USER     {NX_P_TEXT, "user", NULL, NULL, NX_P_REQUIRED, \
	"a number in global form (+44 20 7946 0000) or a name"}
#define DIGITS   {NX_P_FLAG, "digits_are_names", "--digits-are-names", NULL, 0, \
	"bare digits are names here, not numbers without their +"}
#define RANGE    {NX_P_TEXT, "prefix", NULL, NULL, NX_P_REQUIRED, "the leading digits, with +: +4420794"}
#define PREFIX   {NX_P_TEXT, "prefix", NULL, NULL, NX_P_REQUIRED, "an address or prefix: 203.0.113.0/24"}
#define RULE_ID  {NX_P_NUMBER, "id", NULL, NULL, NX_P_REQUIRED, "the rule's number, as in `rule list`"}
#define AUTHORITY {NX_P_FLAG, "authoritative", "--authoritative", NULL, 0, \
	"gone users of this domain exist nowhere: 604 may be given"}
#define COMPLETE {NX_P_FLAG, "complete", "--complete", NULL, 0, \
	"a name that is not in the table does not exist: 404"}
#define SHADOW   {NX_P_FLAG, "shadow", "--shadow", NULL, 0, "count what would be answered, and pass"}
#define MIN(req) {NX_P_NUMBER, "min", "--min", NULL, req, "digits of the shortest number, without +"}
#define MAX(req) {NX_P_NUMBER, "max", "--max", NULL, req, "digits of the longest number, without +"}
#define FILE_IN  {NX_P_TEXT, "file", NULL, NULL, NX_P_REQUIRED | NX_P_LOCAL, "the file"}
#define MERGE    {NX_P_CONST, "mode", "--merge", "merge", 0, "add to the domain's users, or change them"}
#define REPLACE  {NX_P_CONST, "mode", "--replace", "replace", 0, \
	"the file is all there is: others are deleted"}
#define SKIP_BAD {NX_P_FLAG, "skip_bad", "--skip-bad", NULL, 0, \
	"leave rows out that are no users, and list them"}
#define EXPECT   {NX_P_NUMBER, "expect", "--expect", NULL, 0, \
	"refuse unless the domain then has so many users"}
#define MAX_SHRINK {NX_P_NUMBER, "max_shrink", "--max-shrink", NULL, 0, \
	"percent of its users that the domain may lose (--replace: 10)"}
#define FORCE    {NX_P_FLAG, "force", "--force", NULL, 0, "however many users the domain loses"}
#define ON_OFF   {NX_P_ON_OFF, "on", NULL, NULL, NX_P_REQUIRED, "on or off"}
#define VERDICT(req) {NX_P_TEXT, "verdict", "--verdict", NULL, req, "pass, 404, 604 or drop"}
#define PRIORITY {NX_P_NUMBER, "priority", "--priority", NULL, 0, "lower is tried first (default 100)"}

const struct nx_command nx_commands[] = {
	{"status", "status", "what the daemon does, its workers and domains", NULL,
		{{0}}, nx_print_status, NULL},
	{"stats", "stats", "packets by reason: rates and totals",
		"The rates are those of the interval; --json prints one reading of all counters.",
		{{NX_P_NUMBER, "interval", "--interval", NULL, NX_P_LOCAL, "seconds (default 1)"},
		 {NX_P_FLAG, "watch", "--watch", NULL, NX_P_LOCAL, "go on until Ctrl-C"},
		 {NX_P_FLAG, "by_class", "--by-class", NULL, NX_P_LOCAL, "split by source class"},
		 {NX_P_FLAG, "all", "--all", NULL, NX_P_LOCAL, "also reasons never seen"}},
		NULL, nx_run_stats},
	{"ports", "ports", "the ports, what they do, and their counters", NULL,
		{{0}}, nx_print_ports, NULL},
	{"service list", "service.list", "the services, as the configuration has them", NULL,
		{{0}}, nx_print_services, NULL},

	{"domain add", "domain.add", "add a domain", NULL,
		{NAME, AUTHORITY, COMPLETE, SHADOW}, NULL, NULL},
	{"domain set", "domain.set", "change a domain's properties",
		"Properties that are not named stay as they are; --no-complete and so on take one away.",
		{NAME, AUTHORITY, COMPLETE, SHADOW}, NULL, NULL},
	{"domain del", "domain.del", "delete a domain, its ranges and rules", NULL,
		{NAME, {NX_P_FLAG, "force", "--force", NULL, 0, "also where it has users"}}, NULL, NULL},
	{"domain list", "domain.list", "the domains and how many users each has", NULL,
		{{0}}, nx_print_domains, NULL},

	{"digest", "digest", "version, number of users and digest, by domain",
		"The digest is equal wherever the data are equal, whatever their history: compare nodes by\n"
		"it. A domain's is that of its users and their states; that of all data also takes in the\n"
		"domains' properties, ranges, rules and source prefixes.",
		{OF_DOMAIN}, nx_print_digest, NULL},

	{"range add", "range.add", "declare a number range complete: its strangers get 404", NULL,
		{RANGE, DOMAIN, MIN(NX_P_REQUIRED), MAX(NX_P_REQUIRED)}, NULL, NULL},
	{"range set", "range.set", "change how long a range's numbers are", NULL,
		{RANGE, DOMAIN, MIN(0), MAX(0)}, NULL, NULL},
	{"range del", "range.del", "no longer declare a range complete", NULL,
		{RANGE, DOMAIN}, NULL, NULL},
	{"range list", "range.list", "the ranges declared complete", NULL,
		{OF_DOMAIN}, nx_print_ranges, NULL},

	{"source add", "source.add", "put an address or prefix into a source class",
		"The classes themselves are in the configuration file. A prefix added here wins over an\n"
		"equal one of the file and survives restarts.",
		{PREFIX, {NX_P_TEXT, "class", "--class", NULL, NX_P_REQUIRED, "a class of the file"}},
		NULL, NULL},
	{"source set", "source.set", "move a prefix to another source class", NULL,
		{PREFIX, {NX_P_TEXT, "class", "--class", NULL, NX_P_REQUIRED, "a class of the file"}},
		NULL, NULL},
	{"source del", "source.del", "take a prefix out that was added here", NULL,
		{PREFIX}, NULL, NULL},
	{"source list", "source.list", "the source classes and their prefixes", NULL,
		{{0}}, nx_print_sources, NULL},

	{"rule add", "rule.add", "judge users that are in no table by a pattern",
		"EXPRESSION is a Hyperscan expression (PCRE syntax) on the canonical key, for example\n"
		"'^\\+4487[0-9]{8}$'. 604 needs the domain's authority and the source class's leave, and\n"
		"is given as 404 where they are missing.",
		{{NX_P_TEXT, "expression", NULL, NULL, NX_P_REQUIRED, "the expression, quoted"},
		 VERDICT(NX_P_REQUIRED), PRIORITY,
		 {NX_P_TEXT, "domain", "--domain", NULL, 0, "only this domain (default: every one)"}, SHADOW},
		nx_print_rule_id, NULL},
	{"rule set", "rule.set", "change a rule", NULL,
		{RULE_ID, {NX_P_TEXT, "expression", "--expression", NULL, 0, "another expression"},
		 VERDICT(0), PRIORITY, SHADOW}, NULL, NULL},
	{"rule del", "rule.del", "delete a rule", NULL, {RULE_ID}, NULL, NULL},
	{"rule list", "rule.list", "the rules, in the order they are tried", NULL,
		{{0}}, nx_print_rules, NULL},

	{"user add", "user.add", "a user exists: calls reach the SBC from now on", NULL,
		{USER, DOMAIN, {NX_P_FLAG, "head", "--head", NULL, 0,
			"a head number: longer numbers that begin with it exist too"}, DIGITS},
		nx_print_change, NULL},
	{"user gone", "user.gone", "a user is gone for good, everywhere: 604",
		"Needs a domain that is authoritative. Ported-out, quarantined or ceased numbers are not\n"
		"gone: delete those.",
		{USER, DOMAIN, DIGITS}, nx_print_change, NULL},
	{"user del", "user.del", "a user is in the table no more", NULL,
		{USER, DOMAIN, DIGITS}, nx_print_change, NULL},
	{"user get", "user.get", "a user's state", NULL, {USER, DOMAIN, DIGITS}, nx_print_user, NULL},
	{"user list", "user.list", "users in order, a page at a time", NULL,
		{DOMAIN, {NX_P_TEXT, "prefix", "--prefix", NULL, 0, "only users that begin so"},
		 {NX_P_NUMBER, "limit", "--limit", NULL, 0, "at most so many (default 100)"},
		 {NX_P_TEXT, "after", "--after", NULL, 0, "the next page: what the last one named"}},
		nx_print_users, NULL},
	{"load", "load", "load users from a CSV file, all or nothing",
		"FILE has a line a user: `user[,state]`, state known (default), gone or head; a header line\n"
		"`user,state` is allowed. It may be compressed by gzip or zstd. Calls go on being judged by\n"
		"the old table until the new one is complete. Ctrl-C leaves everything as it was.",
		{FILE_IN, DOMAIN, MERGE, REPLACE, SKIP_BAD, DIGITS, EXPECT, MAX_SHRINK, FORCE},
		NULL, nx_run_load},
	{"apply", "commit", "change users by a list, all or nothing",
		"FILE (- : standard input) has a line a user: `user[,state]`, state known (default), gone,\n"
		"head or absent, which deletes. --replace: the list is all there is. The list is gathered\n"
		"in memory, up to some ten million numbers; for more, and for compressed files, use load.\n"
		"Others who want to change something are told that it is busy meanwhile.",
		{{NX_P_TEXT, "file", NULL, NULL, NX_P_REQUIRED | NX_P_LOCAL, "the file, or -"}, DOMAIN,
		 {NX_P_FLAG, "replace", "--replace", NULL, NX_P_LOCAL, "delete whoever is not in the list"},
		 {NX_P_FLAG, "dry_run", "--dry-run", NULL, NX_P_LOCAL, "say what would change, and change nothing"},
		 EXPECT, MAX_SHRINK, FORCE,
		 {NX_P_NUMBER, "base", "--base", NULL, 0, "refuse unless the data have this version"},
		 {NX_P_FLAG, "digits_are_names", "--digits-are-names", NULL, NX_P_LOCAL,
			"bare digits are names here, not numbers without their +"}},
		NULL, nx_run_apply},
	{"diff", "load.diff", "what a load of the file would change; nothing is changed",
		"Counts, and the first users concerned. Nobody waits for it.",
		{FILE_IN, DOMAIN, MERGE, REPLACE, SKIP_BAD, DIGITS}, NULL, nx_run_diff},
	{"dump", "dump", "write a domain's users as CSV, as `load` reads it",
		"To FILE, which is replaced once all is written, or to standard output. The users are those\n"
		"of one moment, in order; load --replace of them gives data of the same digest.",
		{{NX_P_TEXT, "file", NULL, NULL, NX_P_LOCAL, "the file (default: standard output)"}, DOMAIN},
		NULL, nx_run_dump},

	{"explain", "explain", "what becomes of a request for URI, and which step decides", NULL,
		{{NX_P_TEXT, "uri", NULL, NULL, NX_P_REQUIRED, "the Request-URI: sip:+442079460000@192.0.2.10"},
		 {NX_P_TEXT, "from", "--from", NULL, 0, "the caller's address (default: one of no class)"},
		 {NX_P_TEXT, "service", "--service", NULL, 0, "the service it reaches (default: the first)"},
		 {NX_P_TEXT, "method", "--method", NULL, 0, "default INVITE"}},
		nx_print_explanation, NULL},
	{"plan test", "plan.test", "how a trunk's number is read, and what key it makes",
		"NUMBER as the trunk sends it. The plan is the source class's, else the service's. A number\n"
		"that no key is made of passes, whatever the tables hold.",
		{{NX_P_TEXT, "number", NULL, NULL, NX_P_REQUIRED, "the number: 02079460000"},
		 {NX_P_TEXT, "from", "--from", NULL, 0, "the caller's address (default: one of no class)"},
		 {NX_P_TEXT, "service", "--service", NULL, 0, "the service it reaches (default: the first)"}},
		nx_print_plan_test, NULL},
	{"shadow", "shadow", "on: count what would be answered, and pass everything", NULL,
		{ON_OFF, {NX_P_TEXT, "domain", "--domain", NULL, 0, "only this domain (default: the box)"}},
		NULL, NULL},
	{"bypass", "bypass", "on: the box is a wire", NULL, {ON_OFF}, NULL, NULL},
	{"reload", "reload", "read the configuration file again and apply it", NULL,
		{{0}}, nx_print_reload, NULL},
	{"shutdown", "shutdown", "end the daemon", NULL, {{0}}, NULL, NULL},
	{0},
};
/* clang-format on */
