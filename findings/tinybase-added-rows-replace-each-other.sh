#!/usr/bin/env bash
# TinyBase: rows that two replicas add while apart have the same id, and one of them is lost.
#
# Version: tinybase 10.0.1.
# Expected: addRow of a mergeable store returns a unique id, as its doc says. Two stores that add a row each
# have two rows after merging.
# Observed: each store counts its own rows from 0. Both ids are 0, and the later row replaces the earlier cell by
# cell, also with `reuseRowIds` false. If the rows have different columns, one row with the cells of both is left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tinybase@10.0.1

cat >"$folder/program.mjs" <<'PROGRAM'
import { createMergeableStore } from 'tinybase'

let time = 1700000000000
const meet = (first, second, reuse) => {
  const a = createMergeableStore('a', () => time++)
  const b = createMergeableStore('b', () => time++)
  const ids = [a.addRow('pets', first, reuse), b.addRow('pets', second, reuse)]
  a.merge(b)
  console.log('ids', ids.join(' '), JSON.stringify(a.getTable('pets')), JSON.stringify(b.getTable('pets')))
}
meet({ name: 'Rex' }, { name: 'Tom' }, true)
meet({ name: 'Rex' }, { name: 'Tom' }, false)
meet({ dog: 'Rex' }, { cat: 'Tom' }, true)
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
ids 0 0 {"0":{"name":"Tom"}} {"0":{"name":"Tom"}}
ids 0 0 {"0":{"name":"Tom"}} {"0":{"name":"Tom"}}
ids 0 0 {"0":{"dog":"Rex","cat":"Tom"}} {"0":{"cat":"Tom","dog":"Rex"}}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
