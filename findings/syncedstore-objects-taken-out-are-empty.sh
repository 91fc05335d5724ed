#!/usr/bin/env bash
# SyncedStore: objects that splice takes out of an array are empty.
#
# Versions: @syncedstore/core 0.6.0 with yjs 13.6.33.
# Expected: splice of a shared array returns what it has removed, as that of an array does. A copy of it can be
# added elsewhere.
# Observed: numbers and texts are returned as they were. An object has lost all of its fields, and no error tells
# so. A card that is moved by splice and push is replaced by an empty one, at all replicas.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @syncedstore/core@0.6.0 yjs@13.6.33

cat >"$folder/program.mjs" <<'PROGRAM'
import { syncedStore } from '@syncedstore/core'

const store = syncedStore({ todo: [], done: [] })
const move = () => store.done.push(JSON.parse(JSON.stringify(store.todo.splice(0, 1)[0])))
store.todo.push('text', 7, { title: 'card', place: { row: 1 } })
for (let times = 0; times < 3; times++) move()
console.log(JSON.stringify(store))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
{"todo":[],"done":["text",7,{}]}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
