#!/usr/bin/env bash
# delta-crdts: in the remove-wins set the addition wins.
#
# Version: delta-crdts 0.10.3.
# Expected: in the set `rwlwwset`, which the README calls Remove-Wins-Last-Write-Wins Set, the later operation
# decides, and the removal if both have the same time.
# Observed: with equal times the element is there, at both replicas. A later removal removes it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund delta-crdts@0.10.3

cat >"$folder/program.js" <<'PROGRAM'
const Set = require('delta-crdts')('rwlwwset')

for (const [added, removed] of [[1, 1], [1, 2]]) {
  const a = Set('a')
  const b = Set('b')
  const addition = a.add(added, 'x')
  const removal = b.remove(removed, 'x')
  a.apply(removal)
  b.apply(addition)
  console.log('added at', added, 'removed at', removed, 'there:', a.value().has('x'), b.value().has('x'))
}
PROGRAM
seen=$(node "$folder/program.js")
expected=$(cat <<'EXPECTED'
added at 1 removed at 1 there: true true
added at 1 removed at 2 there: false false
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
