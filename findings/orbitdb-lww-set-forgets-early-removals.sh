#!/usr/bin/env bash
# crdts (of OrbitDB): a removal that arrives before an earlier addition is forgotten.
#
# Version: crdts 0.2.0.
# Expected: in a last-writer-wins set the tags decide, and not the order of arrival. An element that is
# added at 1 and removed at 2 is removed.
# Observed: a replica that receives the removal first holds the element for ever, and passes it on by
# merging. A replica that receives it last does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund crdts@0.2.0

cat >"$folder/program.mjs" <<'PROGRAM'
import { LWWSet } from 'crdts'

const inOrder = new LWWSet()
inOrder.add('x', 1)
inOrder.remove('x', 2)
const swapped = new LWWSet()
swapped.remove('x', 2)
swapped.add('x', 1)
console.log('added, removed:', [...inOrder.values()].length)
console.log('removed, added:', [...swapped.values()].length)
PROGRAM
seen=$(node "$folder/program.mjs")
expected=$(cat <<'EXPECTED'
added, removed: 0
removed, added: 1
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
