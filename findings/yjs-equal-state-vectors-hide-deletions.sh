#!/usr/bin/env bash
# Yjs: two documents with equal state vectors may have different contents.
#
# Version: yjs 13.6.33.
# Expected: a state vector describes the content of a replica. Replicas with equal vectors have converged,
# so that a test may compare vectors instead of contents.
# Observed: a deletion does not advance the vector. The replica that deleted a key and the one that still
# holds it have the same vector, byte for byte. Yet the update that carries the deletion is not empty.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yjs@13.6.33

cat >"$folder/program.mjs" <<'PROGRAM'
import * as Y from 'yjs'

const one = new Y.Doc()
one.clientID = 1
one.getMap('m').set('k', 'v')
const two = new Y.Doc()
Y.applyUpdate(two, Y.encodeStateAsUpdate(one))
one.getMap('m').delete('k')

const vector = (doc) => Buffer.from(Y.encodeStateVector(doc)).toString('hex')
console.log('vectors are equal:', vector(one) === vector(two))
console.log(JSON.stringify(one.getMap('m')), JSON.stringify(two.getMap('m')))
Y.applyUpdate(two, Y.encodeStateAsUpdate(one, Y.encodeStateVector(two)))
console.log(JSON.stringify(one.getMap('m')), JSON.stringify(two.getMap('m')))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
vectors are equal: true
{} {"k":"v"}
{} {}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
