#!/usr/bin/python3
"""nx_sip_parse beside libosip2 and sofia-sip in the same run: nanoseconds a message over the
messages of the corpora that all three take for requests, and over INVITEs as trunks send them, read
as if never seen and as workers read them, by stencils of their 16 senders; then the cost of each
message of the corpora, also of the worst, by the byte on the wire. --folder adds folders of raw
datagrams. Last lines: `name value`; all as JSON in build/bench/parse.json."""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "torture"))

import sip_corpora  # noqa: E402
from daemon import commit, processor  # noqa: E402


def show(name: str, result: dict) -> None:
    ours = result["nxsip_ns"]
    text = f"{name}: {result['messages']} messages, ns each: nxsip {ours:.0f}"
    for who in ("osip", "sofia"):
        theirs = result[f"{who}_ns"]
        text += f", {who} {theirs:.0f} ({theirs / ours:.1f} times ours)"
    print(text)


def show_worst(name: str, result: dict) -> None:
    print(f"{name}: median {result['median']:.2f}, worst {result['worst']:.2f} "
          f"({result['worst'] / result['median']:.1f} times the median): {result['file']}, "
          f"{result['len']} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/gcc", help="where the bench program is")
    parser.add_argument("--folder", action="append", default=[], help="a folder of raw datagrams")
    args = parser.parse_args()
    root = sip_corpora.root()
    if not root and not args.folder:
        print("skipped: no corpora")
        return
    folders = sip_corpora.folders([*([root] if root else []), *args.folder])

    machine = {"cpu": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
               "commit": commit()}
    print(", ".join(map(str, machine.values())))
    command = [os.path.join(args.build, "tests/bench/parse_bench"), *(str(f.path) for f in folders)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    result = json.loads(done.stdout)
    show("corpora", result["corpora"])
    show("INVITEs", result["invites"])
    show("INVITEs by stencil", result["invites_by_stencil"])
    wire, sip = result["cycles_a_byte_on_the_wire"], result["cycles_a_byte_of_sip"]
    show_worst(f"cycles a byte on the wire, {result['messages']} messages", wire)
    show_worst("cycles a byte of SIP alone", sip)

    corpora, invites, cut = (result[name] for name in ("corpora", "invites", "invites_by_stencil"))
    summary = {
        "parse_ns": corpora["nxsip_ns"],
        "parse_vs_osip": round(corpora["osip_ns"] / corpora["nxsip_ns"], 1),
        "parse_vs_sofia": round(corpora["sofia_ns"] / corpora["nxsip_ns"], 1),
        "parse_invite_ns": invites["nxsip_ns"],
        "parse_invite_vs_osip": round(invites["osip_ns"] / invites["nxsip_ns"], 1),
        "parse_invite_vs_sofia": round(invites["sofia_ns"] / invites["nxsip_ns"], 1),
        "parse_stencil_ns": cut["nxsip_ns"],
        "parse_stencil_vs_osip": round(cut["osip_ns"] / cut["nxsip_ns"], 1),
        "parse_stencil_vs_sofia": round(cut["sofia_ns"] / cut["nxsip_ns"], 1),
        "parse_worst_vs_median": round(wire["worst"] / wire["median"], 2),
    }
    directory = Path("build/bench")
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, **summary, "runs": result}, indent=1)
    (directory / "parse.json").write_text(text + "\n")
    for name, value in summary.items():
        print(name, value)


if __name__ == "__main__":
    main()
