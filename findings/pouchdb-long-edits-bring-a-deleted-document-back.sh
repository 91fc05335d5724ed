#!/usr/bin/env bash
# PouchDB: 1,000 edits between two synchronizations are a conflict, and the deletion of the document brings its old
# value back.
#
# Versions: pouchdb 9.0.0 with pouchdb-adapter-memory 9.0.0, from npm.
# Expected: a conflict needs two writers. A document that one replica alone edits, however often, and then deletes,
# is gone at both after they have synchronized.
# Observed: a document keeps its last 1,000 revisions (revs_limit). After 999 edits all is well. After 1,000 the
# revision that the other side has is no longer among them, so that it stays there as a conflict, and comes back to the
# only writer. Once the document is deleted, both have the value from before all of the edits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pouchdb@9.0.0 pouchdb-adapter-memory@9.0.0

cat >"$folder/program.cjs" <<'PROGRAM'
const PouchDB = require('pouchdb')
PouchDB.plugin(require('pouchdb-adapter-memory'))

async function show(when, replicas) {
  const values = []
  for (const replica of replicas) {
    const read = replica.get('x', { conflicts: true })
    values.push(await read.then(
      (document) => `value ${document.value}, conflicts ${document._conflicts?.length ?? 0}`,
      (error) => error.reason))
  }
  console.log(`${when}:`, values.join(' | '))
}

async function run(edits) {
  const [writer, other] = ['writer', 'other'].map((name) => new PouchDB(name + edits, { adapter: 'memory' }))
  let { rev } = await writer.put({ _id: 'x', value: 0 })
  await writer.sync(other)
  for (let value = 1; value <= edits; value += 1) {
    rev = (await writer.put({ _id: 'x', _rev: rev, value })).rev
  }
  await writer.sync(other)
  await show(`${edits} edits`, [writer, other])
  await writer.remove('x', rev)
  await writer.sync(other)
  await show('deleted', [writer, other])
}

run(999).then(() => run(1000))
PROGRAM
seen=$(node "$folder/program.cjs")
expected=$(cat <<'EXPECTED'
999 edits: value 999, conflicts 0 | value 999, conflicts 0
deleted: deleted | deleted
1000 edits: value 1000, conflicts 1 | value 1000, conflicts 1
deleted: value 0, conflicts 0 | value 0, conflicts 0
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
