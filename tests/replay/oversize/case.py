"""Ports with an MTU of 1500. A frame with two VLAN tags fits; one that is longer is judged all
the same (it arrives in several buffers), and dropped where it would have passed. A reply over
the MTU is not sent."""

from frames import *

C_TAG, S_TAG = 0x8100, 0x88A8


LONG_NAME = f'"{1400 * "x"}" <{NOBODY}>'

FRAMES = [
    access(long_invite(1, KNOWN, 1500), passes("known")),
    access(
        behind(long_invite(2, KNOWN, 1500), (S_TAG, 0, 100), (C_TAG, 0, 100)),
        passes("not-service"),
    ),
    access(
        behind(long_invite(3, KNOWN, 1501), (S_TAG, 0, 100), (C_TAG, 0, 100)),
        dropped("tx-oversize"),
    ),
    access(long_invite(4, KNOWN, 2100), dropped("tx-oversize")),
    access(long_invite(5, KNOWN, 4000), dropped("tx-oversize")),
    access(long_invite(6, NOBODY, 1500), unknown(6, "nx1082808bf2d582098d56d6d67f")),
    access(long_invite(7, NOBODY, 2100), unknown(7, "nx104b7d93cb7b3c960c0ef181fd")),
    access(long_invite(8, NOBODY, 9000), unknown(8, "nx105f27ba889539390ae57723f2")),
    access(long_invite(9, NOBODY, 4000, to=LONG_NAME), dropped("tx-oversize")),
    core(long_invite(10, KNOWN, 1500, SBC, CARRIER), passes("from-core")),
    core(long_invite(11, KNOWN, 4000, SBC, CARRIER), dropped("tx-oversize")),
]
