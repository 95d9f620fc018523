"""The corpora through the core, judged by others: what `make torture` counts, as tests; RFC 4475
and RFC 5118 message by message; and that what judges can find a fault."""

import re

import pytest
import sip_corpora
import sip_replies
import sip_rfc
import sip_torture
import sip_valid

INVITE = (
    b"INVITE sip:nobody@example.net SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1;rport;x=[::1]"
    b", SIP/2.0/UDP b.example\r\n"
    b"Max-Forwards: 70\r\nFrom: <sip:a@example.org>;tag=1\r\nTo: <sip:nobody@example.net>\r\n"
    b"Call-ID: 1@a.example\r\nCSeq: 1 INVITE\r\nContact: <sip:a@a.example>\r\n"
    b"User-Agent: a telephone with a name that is long enough for the reply to fit\r\n"
    b"Content-Length: 0\r\n\r\n"
)


# libosip2 refuses an empty password in the Request-URI, which RFC 3261 25.1 allows.
REFUSED_BY_ONE = {"sip-uri-0355.sip", "sip-uri-0577.sip"}


@pytest.fixture(scope="module")
def build(request):
    where = request.config.builds["build"]
    for program in ("sip_torture", "sip_replies"):
        if not (where / "tests/torture" / program).exists():
            pytest.fail(f"{where}/tests/torture/{program} is not there: make build-torture")
    return where


@pytest.fixture(scope="module")
def folders():
    root = sip_corpora.root()
    if not root:
        pytest.skip("skipped: no corpora")
    return sip_corpora.folders([root])


@pytest.fixture(scope="module")
def run(build, folders):
    return sip_torture.torture(build, folders)


def in_folder(run, name):
    return [m for m in run.messages if m.folder == name]


def test_nothing_crashes_differs_grows_or_is_refused(run, folders, capsys):
    with capsys.disabled():
        print()
        sums = sip_torture.show(run, folders)
    assert sums["requests"] > 1400 and sums["answered"] > 400
    assert {sums[k] for k in ("crashes", "disagreements", "longer", "rejected")} == {0}
    assert run.deaths == []
    assert {m.file for m in run.messages if m.against} <= REFUSED_BY_ONE


@pytest.mark.parametrize("corpus", sip_rfc.DECIDED)
def test_the_rfcs_messages(run, folders, corpus, capsys):
    """Every file meets the RFC's expectation, or passes untouched for the reason given."""
    (folder,) = [f for f in folders if f.name == corpus]
    expectations, decided = folder.expectations(), sip_rfc.DECIDED[corpus]
    messages = {m.file: m for m in in_folder(run, corpus)}
    assert messages.keys() == decided.keys() == expectations.keys()
    got = {f: "404" if m.is_answered else m.reason for f, m in messages.items()}
    with capsys.disabled():
        print(f"\n{corpus}: message | the RFC expects | nxsip | why")
        for file, (kind, text) in expectations.items():
            print(f"    {file} | {kind}: {text} | {got[file]} | {decided[file][1]}")
    assert got == {file: outcome for file, (outcome, _) in decided.items()}


def test_valid_requests_for_unknown_users_are_answered(run, folders):
    figures = [sip_valid.figure(in_folder(run, f.name), f) for f in folders]
    figure = sip_valid.summed(figures)
    assert figure.total > 350 and figure.share >= 0.95
    assert figure.unanswered.keys() <= {"reply-size", "bad-value"}, "a class that is not read"


# ---- a folder that is no corpus, and what must be told


@pytest.fixture
def own(tmp_path):
    (tmp_path / "invite").write_bytes(INVITE)
    (tmp_path / "as-text").write_bytes(INVITE.replace(b"\r\n", b"\n"))
    (tmp_path / "response").write_bytes(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\n\r\n")
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "longest").write_bytes(b"A" * 65472)
    (tmp_path / "too-long").write_bytes(b"A" * 70000)
    return sip_corpora.folders([tmp_path])


def test_any_folder_will_do(build, own, capfd):
    run = sip_torture.torture(build, own)
    assert sorted((m.file, m.form, m.parsed) for m in run.messages) == [
        ("as-text", "as-is", "bad-line-end"),
        ("as-text", "crlf", "answerable"),
        ("empty", "as-is", "keepalive"),
        ("invite", "as-is", "answerable"),
        ("longest", "as-is", "not-sip"),
        ("noise", "as-is", "not-sip"),
        ("response", "as-is", "response"),
    ]
    assert [m.ways[0][0] for m in run.messages if m.is_answered] == ["unknown-name"] * 2
    assert [m.ways[1][0] for m in run.messages if m.is_answered] == ["rule-604"] * 2
    assert "too-long: left out" in capfd.readouterr().err
    sums = sip_torture.show(run, own)
    assert sums == dict(requests=3, answered=2, passed=1, crashes=0, disagreements=0, longer=0,
                        rejected=0)


def test_folders_of_one_name_are_told_apart(tmp_path):
    for where in ("a/raw", "b/same", "c/same"):
        (tmp_path / where).mkdir(parents=True)
        (tmp_path / where / "message").write_bytes(INVITE)
    found = sip_corpora.folders([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    assert [f.name for f in found] == ["a", str(tmp_path / "b/same"), str(tmp_path / "c/same")]


def test_a_crash_is_counted_and_named(own):
    path = own[0].path
    rows = ("invite\tas-is\tcrash\tnxsip\tSIGSEGV", "noise\tas-is\tcrash\tosip\tSIGSEGV")
    run = sip_torture.read_table("".join(f"{path}\t{row}\n" for row in rows), own)
    assert run.crashes == [f"{own[0].name}/invite: nxsip SIGSEGV"]
    assert run.deaths == [f"{own[0].name}/noise: osip SIGSEGV"]
    assert sip_torture.counts(run, run.messages, run.crashes)["crashes"] == 1


REPLY = (
    b"SIP/2.0 404 Not Found\r\n"
    b"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1;rport=5060;received=198.51.100.7"
    b';x=[::1], SIP/2.0/UDP b.example\r\n'
    b"From: <sip:a@example.org>;tag=1\r\n"
    b"To: <sip:nobody@example.net>;tag=nx10123456789abcdef012345678\r\n"
    b"Call-ID: 1@a.example\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)
WRONG = {
    b"404 Not Found": b"486 Busy Here",
    b"branch=z9hG4bK1": b"branch=z9hG4bK2",
    b"rport=5060": b"rport=5061",
    b";received=198.51.100.7": b"",
    b"received=198.51.100.7": b"received=198.51.100.8",
    b"x=[::1]": b"x=[::2]",
    b", SIP/2.0/UDP b.example": b"",
    b";tag=1\r\n": b";tag=2\r\n",
    b";tag=nx10123456789abcdef012345678": b"",
    b"1@a.example": b"1@b.example",
    b"1 INVITE": b"2 INVITE",
    b"Content-Length: 0\r\n": b"",
    b"0\r\n\r\n": b"0\r\n\r\nbody",
    b"CSeq:": b"Contact: <sip:a@example.org>\r\nCSeq:",
    b"Call-ID:": b"User-Agent: " + b"x" * 300 + b"\r\nCall-ID:",
}


def test_a_sound_reply_is_sound(build):
    exchange = sip_replies.Exchange(INVITE, REPLY, ("198.51.100.7", 5060))
    found, judged = sip_replies.faults(build, [exchange])
    assert found == {} and judged == {"libosip2": 1, "sofia-sip": 1}


def name(good):
    return re.sub(r"\W+", "-", good.decode()).strip("-")


@pytest.mark.parametrize("good", WRONG, ids=name)
def test_a_wrong_reply_is_told(good):
    assert good in REPLY
    wrong = REPLY.replace(good, WRONG[good], 1)
    exchange = sip_replies.Exchange(INVITE, wrong, ("198.51.100.7", 5060))
    assert list(sip_replies.byte_faults(exchange))


@pytest.mark.parametrize(
    "good, bad",
    [
        (b"SIP/2.0 404", b"SIP/3.0"),
        (b"1 INVITE", b"1 MESSAGE"),
        (b"1@a.example", b""),
        (b";tag=nx1", b";x="),
    ],
)
def test_the_references_tell_too(build, good, bad):
    wrong = REPLY.replace(good, bad, 1)
    exchange = sip_replies.Exchange(INVITE, wrong, ("198.51.100.7", 5060))
    assert sip_replies.read_by_references(build, [exchange]) != [["", ""]]
