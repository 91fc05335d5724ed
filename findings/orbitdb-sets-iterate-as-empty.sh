#!/usr/bin/env bash
# crdts (of OrbitDB): its sets are instances of Set, but iterate as empty.
#
# Version: crdts 0.2.0.
# Expected: a class that extends Set can be spread, counted and copied like any Set.
# Observed: has() and values() find the element, but size is 0, and spreading, forEach and new Set(…)
# find nothing. A digest made by iterating is the same for every content.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund crdts@0.2.0

cat >"$folder/program.mjs" <<'PROGRAM'
import { ORSet } from 'crdts'

const set = new ORSet()
set.add('x', 1)
let visited = 0
set.forEach(() => { visited += 1 })
console.log('is a Set:', set instanceof Set, 'has x:', set.has('x'), 'values:', [...set.values()].length)
console.log('size:', set.size, 'spread:', [...set].length, 'forEach:', visited, 'copy:', new Set(set).size)
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
is a Set: true has x: true values: 1
size: 0 spread: 0 forEach: 0 copy: 0
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
