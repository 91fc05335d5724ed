#!/usr/bin/env bash
# Loro: undo of a write to a map also removes what another peer has written to the key since.
#
# Version: loro-crdt 1.17.1.
# Expected: undo cannot revert changes made by other peers, as its doc says. If another peer has seen the value and
# replaced it, nothing is left to undo. In a text, undo removes the own letters only.
# Observed: the key gets the value that it had before the own write, or is gone, at all peers. It is the same with
# an element of a movable list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund loro-crdt@1.17.1

cat >"$folder/program.mjs" <<'PROGRAM'
import { LoroDoc, UndoManager } from 'loro-crdt'

const send = (from, to) => to.import(from.export({ mode: 'update' }))
const show = (name, kind, before, own, others) => {
  const a = new LoroDoc()
  const b = new LoroDoc()
  a.setPeerId('1')
  b.setPeerId('2')
  before(kind(a))
  a.commit()
  send(a, b)
  const undo = new UndoManager(a, { mergeInterval: 0 })
  own(kind(a))
  a.commit()
  send(a, b)
  others(kind(b))
  b.commit()
  send(b, a)
  const met = JSON.stringify(a.toJSON())
  undo.undo()
  send(a, b)
  console.log(name + ':', met, 'after undo:', JSON.stringify(a.toJSON()), JSON.stringify(b.toJSON()))
}
const none = () => {}
show('text', (doc) => doc.getText('t'), none, (text) => text.insert(0, 'own '), (text) => text.insert(4, 'other'))
show('map, new key', (doc) => doc.getMap('m'), none, (map) => map.set('k', 'own'), (map) => map.set('k', 'other'))
show('map', (doc) => doc.getMap('m'), (map) => map.set('k', 'old'), (map) => map.set('k', 'own'),
  (map) => map.set('k', 'other'))
show('list', (doc) => doc.getMovableList('l'), (list) => list.push('old'), (list) => list.set(0, 'own'),
  (list) => list.set(0, 'other'))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
text: {"t":"own other"} after undo: {"t":"other"} {"t":"other"}
map, new key: {"m":{"k":"other"}} after undo: {"m":{}} {"m":{}}
map: {"m":{"k":"other"}} after undo: {"m":{"k":"old"}} {"m":{"k":"old"}}
list: {"l":["other"]} after undo: {"l":["old"]} {"l":["old"]}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
