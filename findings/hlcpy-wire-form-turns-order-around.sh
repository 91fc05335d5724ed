#!/usr/bin/env bash
# hlcpy: two hybrid logical clocks can swap their order when they are written as bytes.
#
# Version: hlcpy 0.0.2.
# Expected: the byte form is coarser (milliseconds instead of nanoseconds). It may turn an order into a
# tie, and it never makes a time later.
# Observed: the clock compares nanoseconds and then the counter; the bytes keep milliseconds and the
# counter. Of two stamps within one millisecond, the later one, whose counter was reset, becomes the
# earlier. Milliseconds are rounded up, so that a stamp can also come back from the future.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hlcpy==0.0.2

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
from hlcpy import HLC

earlier, later = HLC(1_000_001, 3), HLC(1_000_002, 0)
print("before:", earlier < later)
earlier, later = (HLC.from_bytes(stamp.to_bytes()) for stamp in (earlier, later))
print("after:", earlier < later, "turned around:", later < earlier)
print("nanoseconds gained:", earlier.nanos - 1_000_001)
PROGRAM
)
expected=$(cat <<'EXPECTED'
before: True
after: False turned around: True
nanoseconds gained: 999999
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
