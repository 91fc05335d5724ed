#!/usr/bin/env bash
# dpkt, scapy and python-pcapng: three readers of pcapng do not agree on the time of a packet.
#
# Versions: dpkt 1.9.8, scapy 2.8.0, python-pcapng 2.1.1, from PyPI.
# Expected: a pcapng file gives each interface its own unit of time, and perhaps an offset (if_tsresol, if_tsoffset).
# mergecap writes such a file for captures of different units. A reader applies the values of the packet's interface.
# Observed: dpkt applies the unit of the first interface to all, so that packets of a second one that counts
# nanoseconds are 1,000 times later, behind all others. scapy and python-pcapng do not add the offset, so that
# packets are in 1970. No error, no warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dpkt==1.9.8 scapy==2.8.0 python-pcapng==2.1.1
cd "$folder"

cat >"$folder/program.py" <<'PROGRAM'
import logging
import struct

logging.disable()

import dpkt
import pcapng
from pcapng.blocks import EnhancedPacket
from scapy.utils import rdpcap

START = 1_700_000_000
FRAME = bytes(12) + b"\x88\xb5" + bytes(46)
END = struct.pack("<HH", 0, 0)


def block(kind, body):
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def interface(digits, offset=0):
    """An Ethernet interface that counts 10 to the power of -`digits` seconds from `offset`."""
    options = struct.pack("<HHB3x", 9, 1, digits)
    if offset:
        options += struct.pack("<HHq", 14, 8, offset)
    return block(1, struct.pack("<HHI", 1, 0, 65535) + options + END)


def packet(number, ticks):
    return block(6, struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(FRAME), len(FRAME)) + FRAME)


def write(name, *blocks):
    with open(name, "wb") as file:
        file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + b"".join(blocks))


def by_dpkt(name):
    with open(name, "rb") as file:
        return [int(time) for time, _ in dpkt.pcapng.Reader(file)]


def by_scapy(name):
    return [int(one.time) for one in rdpcap(name)]


def by_python_pcapng(name):
    with open(name, "rb") as file:
        return [int(one.timestamp) for one in pcapng.FileScanner(file) if isinstance(one, EnhancedPacket)]


write("units", interface(6), interface(9),
      packet(0, START * 10**6), packet(1, (START + 1) * 10**9), packet(0, (START + 2) * 10**6))
write("offset", interface(6, START), packet(0, 0), packet(0, 10**6))
for name in "units", "offset":
    for reader, read in ("dpkt", by_dpkt), ("scapy", by_scapy), ("python-pcapng", by_python_pcapng):
        print(f"{name}, {reader}:", *read(name))
PROGRAM
seen=$("$folder/venv/bin/python" "$folder/program.py")
expected=$(cat <<'EXPECTED'
units, dpkt: 1700000000 1700000001000 1700000002
units, scapy: 1700000000 1700000001 1700000002
units, python-pcapng: 1700000000 1700000001 1700000002
offset, dpkt: 1700000000 1700000001
offset, scapy: 0 1
offset, python-pcapng: 0 1
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
