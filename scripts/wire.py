"""What was on the wire: SIP over UDP as it crossed an interface of a network namespace, with the
kernel's time stamps and VLAN tags.  A packet socket is opened inside the namespace by a short-lived
thread (setns is a matter of threads) and read from outside it.

Left out: TCP, IP fragments and IPv6 extension headers; SIP is what goes from or to the given UDP
ports."""

import ctypes
import os
import select
import socket
import struct
import threading
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000  # linux/sched.h
ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_AUXDATA = 263, 8
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
VLAN_TYPES = (0x8100, 0x88A8)

_libc = ctypes.CDLL(None, use_errno=True)


def socket_in(netns, family, kind, proto=0):
    """A socket that belongs to the named network namespace, whoever uses it."""
    made = []

    def enter():
        try:
            with open(f"/run/netns/{netns}", "rb") as ns:
                if _libc.setns(ns.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {netns}")
            made.append(socket.socket(family, kind, proto))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


@dataclass(frozen=True)
class Message:
    """One SIP message as it crossed an interface."""

    time_ns: int
    where: str  # the capture's name
    outgoing: bool  # sent by that namespace, else received
    vlans: tuple  # VLAN ids, outermost first
    source: tuple  # (address, port)
    target: tuple
    payload: bytes

    @property
    def first_line(self):
        return self.payload.split(b"\r\n", 1)[0].decode("utf-8", "replace")

    @property
    def is_request(self):
        return not self.payload.startswith(b"SIP/")

    @property
    def method(self):
        """The request's method, or None."""
        return self.first_line.split(" ", 1)[0] if self.is_request else None

    @property
    def status(self):
        """The response's status code, or 0."""
        return 0 if self.is_request else int(self.first_line.split(" ")[1])

    def header(self, name):
        """The first value of a header written in full, or ''."""
        head = self.payload.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
        for line in head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return ""

    @property
    def call_id(self):
        return self.header("Call-ID")


def udp_in_frame(frame):
    """(VLAN ids, source, target, payload) of a frame that holds whole UDP over IP, else None."""
    vlans, at, ethertype = [], 14, int.from_bytes(frame[12:14], "big")
    while ethertype in VLAN_TYPES and len(frame) >= at + 4:
        tci, ethertype = struct.unpack_from("!HH", frame, at)
        vlans.append(tci & 0xFFF)
        at += 4
    if ethertype == 0x0800 and len(frame) >= at + 20:
        fragment, proto = int.from_bytes(frame[at + 6 : at + 8], "big"), frame[at + 9]
        family, addresses, size = socket.AF_INET, at + 12, 4
        udp = at + (frame[at] & 15) * 4
        if fragment & 0x3FFF:
            return None
    elif ethertype == 0x86DD and len(frame) >= at + 40:
        proto, family, addresses, size = frame[at + 6], socket.AF_INET6, at + 8, 16
        udp = at + 40
    else:
        return None
    if proto != socket.IPPROTO_UDP or len(frame) < udp + 8:
        return None
    sport, dport, length = struct.unpack_from("!HHH", frame, udp)
    source, target = (
        socket.inet_ntop(family, frame[i : i + size]) for i in (addresses, addresses + size)
    )
    return tuple(vlans), (source, sport), (target, dport), frame[udp + 8 : udp + length]


class Capture(threading.Thread):
    """Records the SIP messages that cross one interface, from construction to stop(), which takes
    what is still to be read.

    messages grows while the thread runs; a reader may copy it at any time."""

    def __init__(self, name, netns, interface, ports=(5060,)):
        super().__init__(daemon=True)
        self.capture_name, self.ports, self.messages = name, frozenset(ports), []
        self.sock = socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.bind((interface, ETH_P_ALL))
        self.stop_read, self.stop_write = os.pipe()
        self.start()

    def run(self):
        while True:
            ready, _, _ = select.select([self.sock, self.stop_read], [], [])
            if self.sock not in ready:  # asked to stop, and everything is read
                return
            try:
                self._take(*self.sock.recvmsg(65536, 256, socket.MSG_DONTWAIT))
            except BlockingIOError:
                continue
            except OSError:  # the namespace or the interface has gone
                return

    def _take(self, frame, ancillary, _flags, address):
        udp = udp_in_frame(frame)
        if udp is None or self.ports.isdisjoint((udp[1][1], udp[2][1])):
            return
        vlans, source, target, payload = udp
        time_ns = 0
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, ns = struct.unpack("qq", data[:16])
                time_ns = seconds * 1_000_000_000 + ns
            elif (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, tci = struct.unpack("=I12xH", data[:18])
                if status & TP_STATUS_VLAN_VALID:  # the kernel took the outermost tag off
                    vlans = (tci & 0xFFF, *vlans)
        if payload.strip():
            outgoing = address[2] == PACKET_OUTGOING
            self.messages.append(
                Message(time_ns, self.capture_name, outgoing, vlans, source, target, payload)
            )

    def of_call(self, call_id):
        """The messages of one call so far, in order."""
        return [m for m in list(self.messages) if m.call_id == call_id]

    def stop(self):
        if self.is_alive():
            os.write(self.stop_write, b"x")
            self.join()
        for end in (self.stop_read, self.stop_write):
            os.close(end)
        self.sock.close()
