#!/usr/bin/env bash
# crdts (of OrbitDB): isEqual of two counters is false after they have converged.
#
# Version: crdts 0.2.0.
# Expected: isEqual is true if two replicas have the same content, so that a test may wait for it after
# merging.
# Observed: the names of the replicas are compared as well, so that two replicas of one counter are
# never equal. The sets of the same package compare only their contents.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund crdts@0.2.0

cat >"$folder/program.mjs" <<'PROGRAM'
import { GCounter, GSet, PNCounter } from 'crdts'

for (const Kind of [GCounter, PNCounter]) {
  const [a, b] = [new Kind('a'), new Kind('b')]
  a.increment(1)
  b.increment(2)
  a.merge(b)
  b.merge(a)
  console.log(Kind.name, a.value, b.value, 'equal:', a.isEqual(b))
}
const [a, b] = [new GSet(), new GSet()]
a.add('x')
b.add('y')
a.merge(b)
b.merge(a)
console.log('GSet', [...a.values()].sort().join(), [...b.values()].sort().join(), 'equal:', a.isEqual(b))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
GCounter 3 3 equal: false
PNCounter 3 3 equal: false
GSet x,y x,y equal: true
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
