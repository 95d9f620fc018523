"""A service of names (rules 26, 30, 31): users are compared byte for byte after one decoding,
without password and URI parameters; hosts by value. 404 only in a domain that is complete."""

from frames import *

RULES = (
    "rule_26_strangers_in_a_complete_domain",
    "rule_26_not_in_another",
    "rule_30_hosts_of_the_service",
    "rule_30_not_other_hosts",
    "rule_31_one_user_in_any_dress",
    "rule_31_not_another_user",
    "rule_24_not_for_names",
    "rule_11_no_user",
)


def call(n, user, host="example.org", rest="", scheme="sip"):
    return udp(invite(n, uri(user, host, rest, scheme)))


def uri(user, host="example.org", rest="", scheme="sip"):
    return f"{scheme}:{user}@{host}{rest}"


def nobody(n, tag, *where, **fields):
    return unknown(n, tag, uri(*where, **fields), why="unknown-name", reason=False)


FRAMES = [
    # users
    access(call(1, "alice"), passes("known")),
    access(call(2, "bob"), nobody(2, "nx1047705ab2502c2db67e2e8d7f", "bob")),
    access(call(3, "Alice"), nobody(3, "nx10697b3ce40151a57d31b5e94b", "Alice")),
    access(call(4, "%61lic%65"), passes("known")),
    access(call(5, "%41lice"), nobody(5, "nx102f2586da8df6c6aae5e1d280", "%41lice")),
    access(call(6, "alice:secret"), passes("known")),
    access(call(7, "alice%3asecret"), nobody(7, "nx104b7d93cb7b3c960c24839975", "alice%3asecret")),
    access(call(8, "alice", rest=";transport=udp"), passes("known")),
    access(call(9, "alice;x=y"), nobody(9, "nx1057b2d972a63410683a11f38f", "alice;x=y")),
    access(call(10, "carol;day=tuesday"), passes("known")),
    access(call(11, "alice%00"), nobody(11, "nx10b296359df23fdbe3b8e82d75", "alice%00")),
    access(call(12, "alice%00bob"), nobody(12, "nx102b958ac084585e9b278d3759", "alice%00bob")),
    access(call(13, "dave?$=+&,/"), passes("known")),
    access(call(14, "J%C3%BCrgen"), passes("known")),
    access(call(15, "alice%2561"), nobody(15, "nx104df151288e69dc210f81c008", "alice%2561")),
    access(call(16, "alice", scheme="sips"), passes("known")),
    access(
        call(17, "bob", scheme="sips"),
        nobody(17, "nx108aa3e39dcdee95f2f4d10c4b", "bob", scheme="sips"),
    ),
    access(call(18, "1001"), passes("known")),
    access(call(19, "1002"), nobody(19, "nx10f0281173ac5207c1aaa4b924", "1002")),
    access(call(20, "x" * 120), nobody(20, "nx10a4533682439ab90bbb5f7ef0", "x" * 120)),
    access(call(21, "x" * 121), passes("bad-uri")),
    access(call(22, "112"), passes("emergency")),
    access(call(23, "+442079460002"), passes("open")),
    access(call(24, "bob", rest=";user=phone"), passes("not-number")),
    access(call(25, "bob", rest=";user=dialstring"), passes("not-number")),
    access(udp(invite(26, "sip:example.org")), passes("no-user")),
    access(udp(invite(27, "sip:@example.org")), passes("no-user")),
    # gone
    access(
        call(28, "eve"),
        answered(
            "gone-604",
            reply(604, 28, "<sip:eve@example.org>", "nx10e89c19da689a8606cb42b12d", reason=False),
        ),
    ),
    # hosts
    access(
        call(29, "bob", "EXAMPLE.org."),
        nobody(29, "nx10bdcdf3424b87f12a184d41a0", "bob", "EXAMPLE.org."),
    ),
    access(call(30, "alice", "pbx.example.org"), passes("known")),
    access(
        call(31, "bob", "a.b.example.org"),
        nobody(31, "nx1000c707087069f1443b843eba", "bob", "a.b.example.org"),
    ),
    access(
        call(32, "bob", "192.0.2.10"),
        nobody(32, "nx1025f7e291c8c3e5ac13373ef4", "bob", "192.0.2.10"),
    ),
    access(
        call(33, "bob", "192.0.2.10:5060"),
        nobody(33, "nx10f0ad29b29ce6e7dbb8949737", "bob", "192.0.2.10:5060"),
    ),
    access(
        call(34, "bob", "[2001:DB8:0:0::10]"),
        nobody(34, "nx10696f754b001f9f2510fffb6c", "bob", "[2001:DB8:0:0::10]"),
    ),
    access(call(35, "bob", "192.0.2.10:5061"), passes("host")),
    access(call(36, "bob", "192.0.2.11"), passes("host")),
    access(call(37, "bob", "notexample.org"), passes("host")),
    access(call(38, "bob", "example.com"), passes("host")),
    access(call(39, "bob", "example.org.example.com"), passes("host")),
    # a domain that is not complete, and one that is configured but not in the store
    access(call(40, "alice", "example.net"), passes("known")),
    access(call(41, "bob", "example.net"), passes("open")),
    access(call(42, "bob", "missing.example"), passes("host")),
    # other methods are about names as well
    access(
        udp(request(43, "MESSAGE", uri("bob"))),
        unknown(
            43,
            "nx10aeb580c1eb4e1d02b4d62820",
            uri("bob"),
            why="unknown-name",
            method="MESSAGE",
            reason=False,
        ),
    ),
]
