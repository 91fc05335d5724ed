#!/usr/bin/env bash
# crdt-merge: an element that is removed from its observed-remove set is there again after the next merge.
#
# Version: crdt-merge 0.11.0 (PyPI).
# Expected: a removal concerns the additions that its replica has seen, and reaches the others by merging. Only an
# addition that is concurrent with it keeps the element, as the doc of ORSet says.
# Observed: no trace of the removal is kept. Merging with a replica that has not heard of it, in whatever order, puts
# the element back, and a removal takes effect only if all replicas make it before they merge.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check crdt-merge==0.11.0

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
from crdt_merge import ORSet

a = ORSet()
a.add("x")
b = ORSet().merge(a)
a.remove("x")
print("removed:", sorted(a.value))
print("merged:", sorted(a.merge(b).value), sorted(b.merge(a).value))
b.remove("x")
print("removed at both, merged:", sorted(a.merge(b).value))
PROGRAM
)
expected=$(cat <<'EXPECTED'
removed: []
merged: ['x'] ['x']
removed at both, merged: []
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
