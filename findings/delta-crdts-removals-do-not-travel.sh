#!/usr/bin/env bash
# delta-crdts: the delta of a removal from the add-wins set removes nothing elsewhere.
#
# Version: delta-crdts 0.10.3.
# Expected: a mutator returns a delta, and a replica that applies it has the change, as the README shows. An
# element that is removed at one replica is gone at the one that gets the delta.
# Observed: it stays in the set `aworset`, without an error, until the whole state is sent. In the remove-wins set
# `rworset` the delta removes it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund delta-crdts@0.10.3

cat >"$folder/program.js" <<'PROGRAM'
const types = require('delta-crdts')

for (const type of ['aworset', 'rworset']) {
  const a = types(type)('a')
  const b = types(type)('b')
  b.apply(a.add('x'))
  a.apply(b.remove('x'))
  console.log(type, 'delta:', [...a.value()].length, [...b.value()].length)
  a.apply(b.state())
  console.log(type, 'state:', [...a.value()].length, [...b.value()].length)
}
PROGRAM
seen=$(node "$folder/program.js")
expected=$(cat <<'EXPECTED'
aworset delta: 1 0
aworset state: 0 0
rworset delta: 0 0
rworset state: 0 0
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
