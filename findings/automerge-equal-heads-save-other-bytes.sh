#!/usr/bin/env bash
# Automerge: two replicas with the same heads save different bytes.
#
# Version: @automerge/automerge 3.5.0.
# Expected: a document is the set of its changes. Replicas with equal heads and equal contents save the
# same file, so that a test or a content-addressed store may compare its hashes.
# Observed: the file depends on the order in which the changes arrived. The two files have the same
# length and differ. A file that is loaded and saved again keeps its order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @automerge/automerge@3.5.0

cat >"$folder/program.mjs" <<'PROGRAM'
import * as A from '@automerge/automerge'

const base = A.from({ keys: {} }, { actor: '00' })
const change = (doc, key) => A.change(doc, { time: 0 }, (d) => { d.keys[key] = 1 })
const one = change(A.clone(base, { actor: '01' }), 'x')
const two = change(A.clone(base, { actor: '02' }), 'y')
const left = A.merge(A.clone(one), two)
const right = A.merge(A.clone(two), one)

const bytes = (doc) => Buffer.from(A.save(doc)).toString('hex')
console.log('heads are equal:', A.getHeads(left).join() === A.getHeads(right).join())
console.log('contents are equal:', A.equals(left, right))
console.log('files are equal:', bytes(left) === bytes(right))
console.log('after loading:', bytes(A.load(A.save(left))) === bytes(A.load(A.save(right))))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
heads are equal: true
contents are equal: true
files are equal: false
after loading: false
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
