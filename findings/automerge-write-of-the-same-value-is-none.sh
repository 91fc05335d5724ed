#!/usr/bin/env bash
# Automerge: a write of the value that is already there has no effect, and loses to a deletion.
#
# Version: @automerge/automerge 3.5.0.
# Expected: of a concurrent write and deletion the write wins, whatever value it writes.
# Observed: the write wins if its value is a new one. A write of the same value makes no change at all,
# so that the deletion wins. A client that renewed a key before its deletion elsewhere loses it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @automerge/automerge@3.5.0

cat >"$folder/program.mjs" <<'PROGRAM'
import * as A from '@automerge/automerge'

const base = A.from({ k: 1 }, { actor: '00' })
for (const value of [2, 1]) {
  const writer = A.change(A.clone(base, { actor: '01' }), (d) => { d.k = value })
  const deleter = A.change(A.clone(base, { actor: '02' }), (d) => { delete d.k })
  console.log(`set to ${value}, deleted elsewhere:`, JSON.stringify(A.merge(writer, deleter)))
}
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
set to 2, deleted elsewhere: {"k":2}
set to 1, deleted elsewhere: {}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
