"""Capture files: classic pcap, Ethernet; times are ignored, only the packets count."""

import struct

HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGIC, MAGIC_NS = 0xA1B2C3D4, 0xA1B23C4D  # times in microseconds, in nanoseconds
VERSION, SNAPLEN, ETHERNET = (2, 4), 262144, 1


def dump(frames):
    """The bytes of a capture; packet n is of microsecond n."""
    parts = [HEADER.pack(MAGIC, *VERSION, 0, 0, SNAPLEN, ETHERNET)]
    for n, frame in enumerate(frames):
        parts += [RECORD.pack(0, n, len(frame), len(frame)), frame]
    return b"".join(parts)


def load(path):
    """The packets of a capture, each whole."""
    data = path.read_bytes()
    magic, *_, link = HEADER.unpack_from(data)
    if magic not in (MAGIC, MAGIC_NS) or link != ETHERNET:
        raise ValueError(f"{path}: not a little-endian Ethernet pcap file")
    frames, at = [], HEADER.size
    while at < len(data):
        _, _, captured, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        if captured != length or at + captured > len(data):
            raise ValueError(f"{path}: packet {len(frames)} is cut short")
        frames.append(data[at : at + captured])
        at += captured
    return frames
