"""A service of names (rules 26, 30, 31): users are compared byte for byte after one decoding,
without password and URI parameters; hosts by value. 404 only in a domain that is complete."""

from frames import *


def call(n, user, host="example.org", rest="", scheme="sip"):
    return udp(invite(n, uri(user, host, rest, scheme)))


def uri(user, host="example.org", rest="", scheme="sip"):
    return f"{scheme}:{user}@{host}{rest}"


def nobody(n, tag, *where, **fields):
    return unknown(n, tag, uri(*where, **fields), why="unknown-name", reason=False)


FRAMES = [
    # users
    access(call(1, "alice"), passes("known")),
    access(call(2, "bob"), nobody(2, "nx1078d6d0cb508095c75874e3d6", "bob")),
    access(call(3, "Alice"), nobody(3, "nx1029aefb6299848d58b6fec9f7", "Alice")),
    access(call(4, "%61lic%65"), passes("known")),
    access(call(5, "%41lice"), nobody(5, "nx104114806f3de623955e89d3e6", "%41lice")),
    access(call(6, "alice:secret"), passes("known")),
    access(call(7, "alice%3asecret"), nobody(7, "nx106cf5a159e238d0f60436365c", "alice%3asecret")),
    access(call(8, "alice", rest=";transport=udp"), passes("known")),
    access(call(9, "alice;x=y"), nobody(9, "nx1041233eace1b2ef3ef48df1f2", "alice;x=y")),
    access(call(10, "carol;day=tuesday"), passes("known")),
    access(call(11, "alice%00"), nobody(11, "nx102d5a6b3dc18829f7ac403e10", "alice%00")),
    access(call(12, "alice%00bob"), nobody(12, "nx10d78b0ea1b90f56988aa149cd", "alice%00bob")),
    access(call(13, "dave?$=+&,/"), passes("known")),
    access(call(14, "J%C3%BCrgen"), passes("known")),
    access(call(15, "alice%2561"), nobody(15, "nx10e7d317b87be20c1d6d82dd93", "alice%2561")),
    access(call(16, "alice", scheme="sips"), passes("known")),
    access(
        call(17, "bob", scheme="sips"),
        nobody(17, "nx10fa1749a2f393b3dfdd2c3749", "bob", scheme="sips"),
    ),
    access(call(18, "1001"), passes("known")),
    access(call(19, "1002"), nobody(19, "nx1058fd9382017ce79dc8f4c105", "1002")),
    access(call(20, "x" * 120), nobody(20, "nx10bef3f915ff19e1c7cf2d56a5", "x" * 120)),
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
            reply(604, 28, "<sip:eve@example.org>", "nx10363efadb5a33dd7a2cc11b94", reason=False),
        ),
    ),
    # hosts
    access(
        call(29, "bob", "EXAMPLE.org."),
        nobody(29, "nx1058c724992aa2d7c5eb6e051d", "bob", "EXAMPLE.org."),
    ),
    access(call(30, "alice", "pbx.example.org"), passes("known")),
    access(
        call(31, "bob", "a.b.example.org"),
        nobody(31, "nx10c53986fdca7d8c6e8a653fdf", "bob", "a.b.example.org"),
    ),
    access(
        call(32, "bob", "192.0.2.10"),
        nobody(32, "nx10d9f6f0ad4046054253b75634", "bob", "192.0.2.10"),
    ),
    access(
        call(33, "bob", "192.0.2.10:5060"),
        nobody(33, "nx10460a12b08e5328bb39950246", "bob", "192.0.2.10:5060"),
    ),
    access(
        call(34, "bob", "[2001:DB8:0:0::10]"),
        nobody(34, "nx1094e51ff7d13ad1c8a1abaffd", "bob", "[2001:DB8:0:0::10]"),
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
            "nx10b63e4d7e585417d5455ff020",
            uri("bob"),
            why="unknown-name",
            method="MESSAGE",
            reason=False,
        ),
    ),
]
