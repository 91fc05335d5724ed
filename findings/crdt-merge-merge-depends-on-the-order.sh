#!/usr/bin/env bash
# crdt-merge: rows that are merged in another order give another result, if one of them has an empty field.
#
# Version: crdt-merge 0.11.0 (PyPI).
# Expected: the merge is deterministic and independent of the order, as its doc says, and the later row wins.
# Observed: an empty field (None) of a later row loses to the value of an earlier one. The row takes the later time
# all the same, so that the old value has become a new one, and wins over a value that was written after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check crdt-merge==0.11.0

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
from crdt_merge import merge

old = [{"id": 7, "state": "up", "_ts": 1}]
cleared = [{"id": 7, "state": None, "_ts": 3}]
new = [{"id": 7, "state": "down", "_ts": 2}]


def both(first, second):
    return merge(first, second, key="id", timestamp_col="_ts")


def show(rows):
    return " ".join(f"{row['state']} at {row['_ts']}" for row in rows)


print("old and cleared:", show(both(old, cleared)))
print("old and cleared, then new:", show(both(both(old, cleared), new)))
print("cleared and new, then old:", show(both(both(cleared, new), old)))
PROGRAM
)
expected=$(cat <<'EXPECTED'
old and cleared: up at 3
old and cleared, then new: up at 3
cleared and new, then old: down at 3
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
