#!/usr/bin/env bash
# Loro: replicas of a counter that have the same changes show different totals.
#
# Version: loro-crdt 1.17.1.
# Expected: three replicas add 0.1, 0.2 and 0.3 and exchange it. With equal versions they show the same
# total, whatever its rounding is, as the changes have one order at all of them.
# Observed: the total is the sum in the order of arrival. One of them shows 0.6, the others 0.6000000000000001, for
# good. A snapshot carries the total, so that new replicas take over the difference.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund loro-crdt@1.17.1

cat >"$folder/program.mjs" <<'PROGRAM'
import { LoroDoc } from 'loro-crdt'

const docs = [1, 2, 3].map((peer) => {
  const doc = new LoroDoc()
  doc.setPeerId(String(peer))
  doc.getCounter('total').increment(peer / 10)
  doc.commit()
  return doc
})
const updates = docs.map((doc) => doc.export({ mode: 'update' }))
// Each replica gets the updates of the two others, beginning with the one that follows it.
docs.forEach((doc, at) => [1, 2].forEach((step) => doc.import(updates[(at + step) % 3])))
const total = (doc) => doc.getCounter('total').value
const version = (doc) => JSON.stringify([...doc.version().toJSON()].sort())

console.log('versions equal:', docs.every((doc) => version(doc) === version(docs[0])))
console.log('totals:', docs.map(total).join(' '))
docs[1].import(docs[0].export({ mode: 'snapshot' }))
console.log('second, after the snapshot of the first:', total(docs[1]))
const fresh = new LoroDoc()
fresh.import(docs[1].export({ mode: 'snapshot' }))
console.log('new replica, with the snapshot of the second:', total(fresh))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
versions equal: true
totals: 0.6000000000000001 0.6 0.6000000000000001
second, after the snapshot of the first: 0.6
new replica, with the snapshot of the second: 0.6
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
