#!/usr/bin/env bash
# TinyBase: two stores with an array in a cell have unequal hashes for good, though they are equal.
#
# Version: tinybase 10.0.1.
# Expected: two mergeable stores with the same contents and stamps have the same hashes, by which they find out
# what to send each other. The doc says that unequal hashes mean unequal contents.
# Observed: after a merge it is so if the cell holds a number. If it holds an array or an object, contents and
# stamps are the same, and the hashes are not, however often the stores are merged.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tinybase@10.0.1

cat >"$folder/program.mjs" <<'PROGRAM'
import { createMergeableStore } from 'tinybase'

let time = 1700000000000
// The contents with the stamps of all cells, and without the hashes.
const stamped = (store) =>
  JSON.stringify(Object.values(store.getMergeableContent()[0][0]).map(([rows]) =>
    Object.values(rows).map(([cells]) => Object.values(cells).map(([cell, stamp]) => [cell, stamp]))))

for (const cell of [1, [1], { is: 1 }]) {
  const a = createMergeableStore('a', () => time++)
  const b = createMergeableStore('b', () => time++)
  a.setCell('table', 'row', 'cell', cell)
  for (let times = 0; times < 3; times++) a.merge(b)
  console.log(JSON.stringify(cell), 'same contents and stamps:', stamped(a) === stamped(b),
    'same hashes:', String(a.getMergeableContentHashes()) === String(b.getMergeableContentHashes()))
}
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
1 same contents and stamps: true same hashes: true
[1] same contents and stamps: true same hashes: false
{"is":1} same contents and stamps: true same hashes: false
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
