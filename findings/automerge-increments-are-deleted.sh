#!/usr/bin/env bash
# Automerge: an increment does not protect a counter from a concurrent deletion, although a write does.
#
# Version: @automerge/automerge 3.5.0.
# Expected: an increment is a change to the key like any other. Concurrent with a deletion elsewhere, it
# keeps the key alive, as a `set` does.
# Observed: the counter is gone, and so is the increment made without knowledge of the deletion.
# A new counter that is written concurrently stays.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @automerge/automerge@3.5.0

cat >"$folder/program.mjs" <<'PROGRAM'
import * as A from '@automerge/automerge'

const base = A.change(A.init({ actor: '00' }), (d) => { d.n = new A.Counter(1) })
const deleter = A.change(A.clone(base, { actor: '02' }), (d) => { delete d.n })
const incremented = A.change(A.clone(base, { actor: '01' }), (d) => { d.n.increment(5) })
const written = A.change(A.clone(base, { actor: '01' }), (d) => { d.n = new A.Counter(6) })
console.log('incremented:', JSON.stringify(A.merge(incremented, A.clone(deleter, { actor: '03' }))))
console.log('written:', JSON.stringify(A.merge(written, A.clone(deleter, { actor: '04' }))))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
incremented: {}
written: {"n":6}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
