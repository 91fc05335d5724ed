#!/usr/bin/env bash
# uuid7 (PyPI): its version 7 UUIDs are dated some 180 years ahead, and sort behind those of all others.
#
# Versions: uuid7 0.1.0, compared with uuid6 2025.0.1, both from PyPI.
# Expected: UUIDs of version 7 sort by the time of their creation, whoever creates them: the first 48 bits are
# milliseconds since 1970 (RFC 9562).
# Observed: uuid7 follows an early draft, with 36 bits of seconds and then a fraction, under the same version number.
# Read as the RFC says, its time is 4.096 times the present. A record that another library makes later sorts before
# it, and last-writer-wins by such stamps lets the older write win.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uuid7==0.1.0 uuid6==2025.0.1

cat >"$folder/program.py" <<'PROGRAM'
import time

import uuid6
import uuid_extensions

first = uuid_extensions.uuid7()
time.sleep(1.1)
second = uuid6.uuid7()
for name, stamp in ("uuid7", first), ("uuid6", second):
    seconds = (stamp.int >> 80) / 1000
    print(f"{name}: version {stamp.version}, variant {stamp.variant!r}, {seconds / time.time():.3f} times the present")
print("the later one sorts behind:", str(second) > str(first))
PROGRAM
seen=$("$folder/venv/bin/python" "$folder/program.py")
expected=$(cat <<'EXPECTED'
uuid7: version 7, variant 'specified in RFC 4122', 4.096 times the present
uuid6: version 7, variant 'specified in RFC 4122', 1.000 times the present
the later one sorts behind: False
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
