#!/usr/bin/env bash
# crdts (PyPI): concurrent increments at two replicas count once.
#
# Version: crdts 0.0.4.
# Expected: Counter, which only grows, and PNCounter add up the increments of all replicas, as the
# counters of these names in the literature do: 1 and 1 make 2.
# Observed: an update carries the total of its replica, and a replica keeps the greater of two totals.
# The replicas converge on 1; with 10 and 1 they converge on 10.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check crdts==0.0.4

seen=$(cd "$folder" && "$folder/venv/bin/python" - <<'PROGRAM'
from crdts import Counter, PNCounter, ScalarClock

def pair(kind, one, two, increase):
    clock = ScalarClock(uuid=b"one counter")
    a, b = kind(clock=clock), kind(clock=ScalarClock(uuid=clock.uuid))
    from_a, from_b = increase(a, one), increase(b, two)
    b.update(from_a)
    a.update(from_b)
    return a.read(), b.read()

print("Counter 1 + 1:", pair(Counter, 1, 1, lambda counter, amount: counter.increase(amount)))
print("Counter 10 + 1:", pair(Counter, 10, 1, lambda counter, amount: counter.increase(amount)))
print("PNCounter 1 + 1:", pair(PNCounter, 1, 1, lambda counter, amount: counter.increase(amount)))
PROGRAM
)
expected=$(cat <<'EXPECTED'
Counter 1 + 1: (1, 1)
Counter 10 + 1: (10, 10)
PNCounter 1 + 1: (1, 1)
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
