#!/usr/bin/env bash
# python-can: each pass through a .trc log moves all frames to the next bus.
#
# Version: python-can 4.6.1, from PyPI.
# Expected: a log that is read and written again has each frame on the bus where it was recorded, as the formats asc,
# blf and log have.
# Observed: the writer of trc adds 1, because that format counts from 1, and its reader does not subtract it. can0
# comes back as can1, and can1 as can2. A second copy moves them once more. A replay sends the frames to the wrong
# bus.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-can==4.6.1
cd "$folder"

cat >program.py <<'PROGRAM'
import can


def copy(source, target):
    with can.LogReader(source) as reader, can.Logger(target) as writer:
        for frame in reader:
            writer(frame)


def buses(name):
    with can.LogReader(name) as reader:
        return [frame.channel for frame in reader]


with open("start.log", "w") as file:
    file.write("(1700000000.000000) can0 123#01\n(1700000001.000000) can1 123#02\n")
for kind in "asc", "blf", "trc":
    copy("start.log", f"copy.{kind}")
    copy(f"copy.{kind}", f"{kind}.log")
    print(f"log, {kind}, log:", *buses("start.log"), "->", *buses(f"{kind}.log"))
copy("copy.trc", "second.trc")
copy("second.trc", "second.log")
print("log, trc, trc, log:", *buses("start.log"), "->", *buses("second.log"))
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
log, asc, log: can0 can1 -> can0 can1
log, blf, log: can0 can1 -> can0 can1
log, trc, log: can0 can1 -> can1 can2
log, trc, trc, log: can0 can1 -> can2 can3
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
