#!/usr/bin/env bash
# pycrdt: an integer in a shared map is read as a float, unless it is 2**53 or more.
#
# Version: pycrdt 0.14.13.
# Expected: a Python int is read as an int, at least at the replica that set it.
# Observed: 1 is read as 1.0, and 2**53 - 1 as a float. 2**53 is an int again, so that a counter changes
# its type as it grows. Text made of the values differs from the writer's text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pycrdt==0.14.13

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
from pycrdt import Doc, Map

doc = Doc()
doc["m"] = shared = Map()
for name, value in (("one", 1), ("below", 2**53 - 1), ("at", 2**53)):
    shared[name] = value
    print(name, repr(value), "is read as", repr(shared[name]))
PROGRAM
)
expected=$(cat <<'EXPECTED'
one 1 is read as 1.0
below 9007199254740991 is read as 9007199254740991.0
at 9007199254740992 is read as 9007199254740992
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
