#!/usr/bin/env bash
# Yjs: a client that deletes its own value of a map's key also removes a value that it has never seen.
#
# Version: yjs 13.6.33.
# Expected: a deletion concerns what its client has seen. If two clients write one key concurrently and one of
# them deletes its own value again, the value of the other is left, whoever wins among values.
# Observed: if the deleting client has the higher id, the key is gone at both after the exchange, though nobody
# deleted the value that the other wrote. With the ids the other way round it stays. Ids are random numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yjs@13.6.33

cat >"$folder/program.mjs" <<'PROGRAM'
import * as Y from 'yjs'

function exchange(keeperId, deleterId) {
  const keeper = new Y.Doc()
  keeper.clientID = keeperId
  keeper.getMap('m').set('k', 'kept')
  const deleter = new Y.Doc()
  deleter.clientID = deleterId
  deleter.getMap('m').set('k', 'own')
  deleter.getMap('m').delete('k')
  const updates = [keeper, deleter].map((doc) => Y.encodeStateAsUpdate(doc))
  Y.applyUpdate(deleter, updates[0])
  Y.applyUpdate(keeper, updates[1])
  return `${JSON.stringify(keeper.getMap('m'))} ${JSON.stringify(deleter.getMap('m'))}`
}
console.log('the deleting client has the higher id:', exchange(1, 2))
console.log('it has the lower id:', exchange(2, 1))
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
the deleting client has the higher id: {} {}
it has the lower id: {"k":"kept"} {"k":"kept"}
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
