"""The replies that the replay cases expect, judged by others as those to the corpora are."""

from pathlib import Path

import pcap
import pytest
import sip_replies

TESTS = Path(__file__).resolve().parents[1]
CASES = sorted(path.parent for path in (TESTS / "replay").glob("*/case.py"))


def datagrams(name, directory):
    """[(case, frame, source, payload)] of the UDP in every case's capture of that name, whatever is
    around it."""
    packets = [(case.name, frame) for case in CASES for frame in pcap.load(case / name)]
    together = directory / name
    together.write_bytes(pcap.dump([frame for _, frame in packets]))
    fields = ("udp.payload", "ip.src", "ipv6.src", "udp.srcport")
    rows = sip_replies.tshark_rows(together, fields, "-o", "ip.defragment:FALSE")
    return [
        (case, frame, (v4 or v6, int(port)), bytes.fromhex(payload))
        for (case, frame), (payload, v4, v6, port) in zip(packets, rows, strict=True)
        if payload and "," not in port
    ]


def transaction(message):
    """What a reply has in common with its request alone."""
    found = sip_replies.headers(message)
    branch = found[b"via"][0].partition(b"branch=")[2].partition(b";")[0]
    return found[b"call-id"][0], found[b"cseq"][0], found[b"from"][0], branch.strip()


def is_ours(payload):
    return payload.startswith(sip_replies.STATUS_LINES) and b";tag=nx1" in payload


@pytest.fixture(scope="module")
def replies(tmp_path_factory):
    """[(case, request's frame, reply's frame, Exchange)] of all replies of ours."""
    directory, asked, found = tmp_path_factory.mktemp("captures"), {}, []
    for case, frame, source, payload in datagrams("access.pcap", directory):
        if {b"via", b"call-id", b"cseq", b"from"} <= sip_replies.headers(payload).keys():
            asked.setdefault((case, *transaction(payload)), []).append((frame, source, payload))
    for case, frame, _, payload in datagrams("expect-access.pcap", directory):
        if not is_ours(payload):
            continue
        fits = [  # where a transaction comes from several places, the reply is for one of them
            (case, request, frame, sip_replies.Exchange(text, payload, source))
            for request, source, text in asked[case, *transaction(payload)]
        ]
        found.append(min(fits, key=lambda fit: len(list(sip_replies.byte_faults(fit[3])))))
    assert len(found) > 100
    return found


def test_they_are_sound(request, replies):
    build = request.config.builds["build"]
    faults, judged = sip_replies.faults(build, [exchange for *_, exchange in replies])
    assert {replies[i][0]: what for i, what in faults.items()} == {}
    assert all(n > 0.9 * len(replies) for n in judged.values()), judged


def test_tshark_finds_them_sound(replies, tmp_path):
    captures = [tmp_path / "requests.pcap", tmp_path / "replies.pcap"]
    for i, path in enumerate(captures, start=1):
        path.write_bytes(pcap.dump([reply[i] for reply in replies]))
    faults = sip_replies.tshark_faults(*captures)
    assert {replies[i][0]: what for i, what in faults.items()} == {}
