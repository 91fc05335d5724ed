#!/usr/bin/env bash
# Yjs: undo takes back what another client wrote, if its update was applied as the README shows.
#
# Version: yjs 13.6.33.
# Expected: UndoManager is for the changes of its own client. A text that came from another one by
# `Y.applyUpdate(doc, update)` is not on its stack.
# Observed: it is, and undo removes it before what the user wrote last. Changes without an origin are the ones that
# are recorded, and an update that is applied without the third argument, which may be left out, has none. In a map,
# undo puts back the own value that another client has replaced. With any third argument undo leaves both alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yjs@13.6.33

cat >"$folder/program.mjs" <<'PROGRAM'
import * as Y from 'yjs'

const meet = (origin, kind, own, others) => {
  const a = new Y.Doc()
  const b = new Y.Doc()
  a.clientID = 1
  b.clientID = 2
  const undo = new Y.UndoManager(kind(a), { captureTimeout: 0 })
  own(kind(a))
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a), ...origin)
  others(kind(b))
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b), ...origin)
  undo.undo()
  return JSON.stringify(kind(a))
}
for (const origin of [[], ['network']]) {
  console.log(origin.length ? 'with an origin:' : 'without an origin:',
    meet(origin, (doc) => doc.getText('text'), (text) => text.insert(0, 'own '), (text) => text.insert(4, 'other')),
    meet(origin, (doc) => doc.getMap('map'), (map) => map.set('key', 'own'), (map) => map.set('key', 'other')))
}
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
without an origin: "own " {"key":"own"}
with an origin: "other" {"key":"other"}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
